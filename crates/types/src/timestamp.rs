//! The one type for a moment in time.

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::value::{BadValue, FromValue, ToValue, Value, ValueRef};

const MICROS_PER_SECOND: i64 = 1_000_000;

/// A moment, in microseconds since 1970-01-01 UTC; stored as `BIGINT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `micros` microseconds after the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The moment `seconds` seconds after the epoch; far-off values stay at the end of the range.
    pub const fn from_epoch_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(MICROS_PER_SECOND))
    }

    /// Microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, as most of the wire has it (contract rest.md §1.3).
    pub const fn epoch_seconds(self) -> i64 {
        self.0.div_euclid(MICROS_PER_SECOND)
    }

    /// Seconds since the epoch with millisecond fraction (`updated_at` of a conversation).
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this millennium fit 53 bits")]
    pub fn epoch_seconds_float(self) -> f64 {
        self.0.div_euclid(1_000) as f64 / 1_000.0
    }

    /// ISO 8601 in UTC with milliseconds: `2026-03-04T05:06:07.000Z`.
    pub fn iso(self) -> String {
        // Years beyond four digits cannot be written in this form; the range ends where jiff's does.
        let end = if self.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        let moment = jiff::Timestamp::from_microsecond(self.0).unwrap_or(end);
        moment.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    }

    /// Reads ISO 8601 text; without an offset it is UTC.
    pub fn parse_iso(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(moment) = text.parse::<jiff::Timestamp>() {
            return Some(Self(moment.as_microsecond()));
        }
        let local = text.parse::<jiff::civil::DateTime>().ok()?;
        let zoned = local.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Self(zoned.timestamp().as_microsecond()))
    }

    /// Between 0 and 1, different from moment to moment: spreads what would happen at once.
    #[expect(clippy::cast_precision_loss, reason = "below a thousand")]
    pub fn jitter(self) -> f64 {
        self.0.rem_euclid(1_000) as f64 / 1_000.0
    }

    /// The moment `duration` later.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// The moment `duration` earlier.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// The time from `earlier` to this moment; zero if it is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// As ISO text with milliseconds; where the wire wants seconds, the wire type says so.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.iso())
    }
}

impl utoipa::PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        String::schema()
    }
}

impl utoipa::ToSchema for Timestamp {}

impl ToValue for Timestamp {
    fn to_value(&self) -> Value {
        Value::Int(self.0)
    }
}

impl FromValue for Timestamp {
    fn from_value(value: ValueRef<'_>) -> Result<Self, BadValue> {
        i64::from_value(value).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn iso_text_has_three_digits_and_reads_back() {
        let moment = Timestamp::from_micros(1_767_225_655_123_456);
        assert_eq!(moment.iso(), "2026-01-01T00:00:55.123Z");
        assert_eq!(
            Timestamp::parse_iso("2026-01-01T00:00:55.123Z"),
            Some(Timestamp::from_micros(1_767_225_655_123_000))
        );
        assert_eq!(
            Timestamp::parse_iso("2026-01-01T01:00:55+01:00"),
            Some(Timestamp::from_epoch_seconds(1_767_225_655))
        );
        assert_eq!(Timestamp::parse_iso("2026-01-01 00:00:55"), Some(Timestamp::from_epoch_seconds(1_767_225_655)));
        assert_eq!(Timestamp::parse_iso("tomorrow"), None);
    }

    #[test]
    fn moments_before_the_epoch_round_down() {
        assert_eq!(Timestamp::from_micros(-1).epoch_seconds(), -1);
    }
}
