//! The secrets that sign deliveries to webhooks, bots and API inboxes (realtime.md §3.3), and how they are changed.

use std::fmt;
use std::time::Duration;

use types::Timestamp;

/// How long the secret before stays good after a change: receivers have a day to learn the new one, and can check what
/// comes with either meanwhile. A second change within the day ends the first one's.
pub const OVERLAP: Duration = Duration::from_hours(24);

/// When a secret that is changed `now` ceases to be good.
pub fn overlap_until(now: Timestamp) -> Timestamp {
    now.plus(OVERLAP)
}

/// What signs the deliveries to one receiver; never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecrets {
    current: String,
    previous: Option<(String, Timestamp)>,
}

impl SigningSecrets {
    /// The secret of now, and the one before with the end of its time, if there was one.
    pub fn new(current: &str, previous: Option<&str>, until: Option<Timestamp>) -> Self {
        Self { current: current.to_owned(), previous: previous.map(str::to_owned).zip(until) }
    }

    /// Those that are good at `now`: the secret of now first, then the one before until its time is over. None when the
    /// receiver has no secret; then nothing is signed.
    pub fn valid_at(&self, now: Timestamp) -> Vec<&str> {
        let previous = self.previous.as_ref().filter(|(_, until)| now < *until).map(|(secret, _)| secret);
        [Some(&self.current), previous].into_iter().flatten().map(String::as_str).filter(|it| !it.is_empty()).collect()
    }
}

impl fmt::Debug for SigningSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use types::Timestamp;

    use super::{OVERLAP, SigningSecrets, overlap_until};

    #[test]
    fn the_secret_before_is_good_until_its_time_is_over() {
        let changed = Timestamp::from_epoch_seconds(1_700_000_000);
        let until = overlap_until(changed);
        let secrets = SigningSecrets::new("new", Some("old"), Some(until));
        assert_eq!(secrets.valid_at(changed), ["new", "old"]);
        assert_eq!(secrets.valid_at(Timestamp::from_micros(until.as_micros() - 1)), ["new", "old"]);
        assert_eq!(secrets.valid_at(until), ["new"]);
        assert_eq!(until.since(changed), OVERLAP);
    }

    #[test]
    fn a_secret_that_was_never_changed_is_alone_and_none_signs_nothing() {
        let now = Timestamp::from_epoch_seconds(1_700_000_000);
        assert_eq!(SigningSecrets::new("only", None, None).valid_at(now), ["only"]);
        assert!(SigningSecrets::new("", None, None).valid_at(now).is_empty());
        assert_eq!(SigningSecrets::new("new", Some(""), Some(overlap_until(now))).valid_at(now), ["new"]);
    }

    #[test]
    fn secrets_are_not_shown() {
        let secrets = SigningSecrets::new("new", Some("old"), Some(Timestamp::from_epoch_seconds(0)));
        assert_eq!(format!("{secrets:?}"), "***");
    }
}
