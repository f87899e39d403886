//! From when to when: `since` ≤ t < `until`, in seconds (decisions §2).

use edge::field::Text;
use edge::{Error, Result};
use types::Timestamp;

/// A span of time; a missing bound is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Range {
    /// The first second.
    pub since: Option<i64>,
    /// The second after the last.
    pub until: Option<i64>,
}

/// Later seconds cannot be counted in microseconds.
const LAST: i64 = 253_402_300_799;

impl Range {
    /// Reads epoch seconds; blank is missing, fractions are cut off.
    pub fn read(since: Option<&Text>, until: Option<&Text>) -> Result<Self> {
        Ok(Self { since: seconds("since", since)?, until: seconds("until", until)? })
    }

    /// The span of equal length that ends where this one begins; `None` when a bound is missing.
    pub fn previous(self) -> Option<Self> {
        let (since, until) = (self.since?, self.until?);
        Some(Self { since: Some(since - (until - since)), until: Some(since) })
    }

    /// Its bounds as times of rows.
    pub fn times(self) -> (Option<Timestamp>, Option<Timestamp>) {
        let time = |seconds: Option<i64>| seconds.map(Timestamp::from_epoch_seconds);
        (time(self.since), time(self.until))
    }
}

fn seconds(field: &str, given: Option<&Text>) -> Result<Option<i64>> {
    let Some(text) = given.map(|text| text.0.trim()).filter(|text| !text.is_empty()) else { return Ok(None) };
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    let fraction = text.split_once('.').is_none_or(|(_, rest)| rest.bytes().all(|digit| digit.is_ascii_digit()));
    let seconds = whole.parse().ok().filter(|seconds: &i64| fraction && (-LAST..=LAST).contains(seconds));
    seconds.map(Some).ok_or_else(|| Error::Refused(format!("{field} must be a number of seconds")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<i64>, String> {
        seconds("since", Some(&Text(text.into()))).map_err(|error| error.to_string())
    }

    #[test]
    fn bounds_are_seconds_whose_fractions_are_cut_off() {
        assert_eq!(read("1640995200"), Ok(Some(1_640_995_200)));
        assert_eq!(read(" 1640995200.9 "), Ok(Some(1_640_995_200)));
        assert_eq!(read("-1"), Ok(Some(-1)));
        assert_eq!(read(""), Ok(None));
        for bad in ["soon", "1.x", "9e9", "9223372036854775807", "-9223372036854775808"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_span_before_is_as_long() {
        let range = Range { since: Some(100), until: Some(130) };
        assert_eq!(range.previous(), Some(Range { since: Some(70), until: Some(100) }));
        assert_eq!(Range { until: None, ..range }.previous(), None);
    }
}
