//! Interrupts statements that take too long.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::Result;

/// Virtual-machine steps between two looks at the deadline.
const STEPS: i32 = 10_000;

/// The moment from which a connection's statements are interrupted.
pub(super) struct Deadline {
    begun: Instant,
    /// Milliseconds after `begun`.
    at: Arc<AtomicU64>,
}

impl Deadline {
    /// Watches over `connection`, with no deadline yet.
    pub fn watch(connection: &mut Connection) -> Result<Self> {
        let begun = Instant::now();
        let at = Arc::new(AtomicU64::new(u64::MAX));
        let seen = Arc::clone(&at);
        connection.progress_handler(STEPS, Some(move || millis(begun.elapsed()) > seen.load(Ordering::Relaxed)))?;
        Ok(Self { begun, at })
    }

    /// Statements are interrupted once `budget` has passed.
    pub fn set(&self, budget: Duration) {
        self.at.store(millis(self.begun.elapsed()).saturating_add(millis(budget)), Ordering::Relaxed);
    }

    /// Nothing is interrupted any more, least of all a COMMIT.
    pub fn clear(&self) {
        self.at.store(u64::MAX, Ordering::Relaxed);
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
