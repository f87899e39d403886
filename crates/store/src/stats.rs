//! How many statements a request ran and how long they took.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Counts the statements of one request; shared by its closures.
#[derive(Debug, Clone, Default)]
pub struct QueryStats(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    statements: AtomicU64,
    micros: AtomicU64,
}

tokio::task_local! {
    static CURRENT: QueryStats;
}

impl QueryStats {
    /// Runs `future` with its statements counted here.
    pub async fn counting<F: Future>(self, future: F) -> F::Output {
        CURRENT.scope(self, future).await
    }

    /// Statements run so far.
    pub fn statements(&self) -> u64 {
        self.0.statements.load(Ordering::Relaxed)
    }

    /// Time spent in them.
    pub fn elapsed(&self) -> Duration {
        Duration::from_micros(self.0.micros.load(Ordering::Relaxed))
    }

    pub(crate) fn count(&self, elapsed: Duration) {
        self.0.statements.fetch_add(1, Ordering::Relaxed);
        self.0.micros.fetch_add(u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// The counter of the request that is being served, or one that nobody reads.
pub(crate) fn current() -> QueryStats {
    CURRENT.try_with(Clone::clone).unwrap_or_default()
}
