//! A clock that stands still until a test moves it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use types::{Clock, Timestamp};

/// A clock that a test sets and advances by hand.
#[derive(Debug)]
pub struct FakeClock {
    micros: AtomicI64,
}

impl FakeClock {
    /// A clock standing at `start`.
    pub const fn new(start: Timestamp) -> Self {
        Self { micros: AtomicI64::new(start.as_micros()) }
    }

    /// Moves the clock forward by `duration`.
    pub fn advance(&self, duration: Duration) {
        let micros = i64::try_from(duration.as_micros()).expect("a test does not wait 292,000 years");
        self.micros.fetch_add(micros, Ordering::SeqCst);
    }

    /// Sets the clock to `moment`, also backwards.
    pub fn set(&self, moment: Timestamp) {
        self.micros.store(moment.as_micros(), Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.micros.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fake_clock_moves_only_by_hand() {
        let clock = FakeClock::new(Timestamp::from_micros(5));
        assert_eq!(clock.now().as_micros(), 5);
        clock.advance(Duration::from_millis(2));
        assert_eq!(clock.now().as_micros(), 2_005);
        clock.set(Timestamp::from_micros(1));
        assert_eq!(clock.now().as_micros(), 1);
    }
}
