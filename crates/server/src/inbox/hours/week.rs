//! A week of opening hours as the clock on the wall shows it.

use jiff::Timestamp as Moment;
use jiff::tz::{Offset, TimeZone};
use types::Timestamp;

use super::WorkingDay;

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_MINUTE: i64 = 60 * MICROS_PER_SECOND;
const MINUTES_PER_DAY: i64 = 24 * 60;
const MICROS_PER_WEEK: i64 = 7 * MINUTES_PER_DAY * MICROS_PER_MINUTE;
/// The first Sunday after the Unix epoch, which was a Thursday.
const FIRST_SUNDAY: i64 = 3 * MINUTES_PER_DAY * MICROS_PER_MINUTE;

/// When an inbox opens and closes, in minutes of the week from Sunday's midnight; in order, without overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Week(Vec<(i64, i64)>);

impl Week {
    /// The week of one inbox.
    pub fn of(days: &[WorkingDay]) -> Self {
        let mut slots: Vec<(i64, i64)> = days.iter().filter_map(slot).collect();
        slots.sort_unstable();
        Self(slots)
    }

    /// Whether the clock shows an opening hour: both the minute in which it opens and that in which it closes count.
    pub fn is_open(&self, zone: &TimeZone, at: Timestamp) -> bool {
        let at = moment(at);
        let minute = on_the_wall(at, zone.to_offset(at)).rem_euclid(MICROS_PER_WEEK) / MICROS_PER_MINUTE;
        self.0.iter().any(|(open, close)| (*open..=*close).contains(&minute))
    }

    /// Seconds between `start` and `end` in which the clock showed an opening hour, from the beginning of its first
    /// minute to the beginning of its last. Hours that the clock skips do not count, those that it shows twice count
    /// twice.
    #[expect(clippy::cast_precision_loss, reason = "microseconds of a few thousand years fit 57 bits")]
    pub fn seconds_open(&self, zone: &TimeZone, start: Timestamp, end: Timestamp) -> f64 {
        let (mut from, end) = (moment(start), moment(end));
        if from >= end || self.0.is_empty() {
            return 0.0;
        }
        let mut micros = 0;
        let mut offset = zone.to_offset(from);
        for change in zone.following(from).take_while(|change| change.timestamp() < end) {
            micros += self.micros_between(from, change.timestamp(), offset);
            (from, offset) = (change.timestamp(), change.offset());
        }
        micros += self.micros_between(from, end, offset);
        micros as f64 / MICROS_PER_SECOND as f64
    }

    /// The open time while the clock was not changed.
    fn micros_between(&self, from: Moment, to: Moment, offset: Offset) -> i64 {
        self.micros_until(on_the_wall(to, offset)) - self.micros_until(on_the_wall(from, offset))
    }

    /// The open time since the first Sunday.
    fn micros_until(&self, at: i64) -> i64 {
        let (weeks, rest) = (at.div_euclid(MICROS_PER_WEEK), at.rem_euclid(MICROS_PER_WEEK));
        let slots = self.0.iter().map(|(open, close)| (open * MICROS_PER_MINUTE, close * MICROS_PER_MINUTE));
        slots.map(|(open, close)| weeks * (close - open) + (rest.min(close) - open).max(0)).sum()
    }
}

/// When the day of `at` began: at midnight, or when the clock skips it, at the first moment after it.
pub fn start_of_day(zone: &TimeZone, at: Timestamp) -> Timestamp {
    let began = zone.to_datetime(moment(at)).date().to_zoned(zone.clone());
    began.map_or(at, |began| Timestamp::from_micros(began.timestamp().as_microsecond()))
}

/// The row in minutes of the week, if it is a time at all.
fn slot(day: &WorkingDay) -> Option<(i64, i64)> {
    if day.closed_all_day || !(0..7).contains(&day.day_of_week) {
        return None;
    }
    let midnight = day.day_of_week * MINUTES_PER_DAY;
    let (open, close) = if day.open_all_day {
        (0, MINUTES_PER_DAY - 1)
    } else {
        (minute(day.open_hour, day.open_minutes)?, minute(day.close_hour, day.close_minutes)?)
    };
    (open < close).then_some((midnight + open, midnight + close))
}

fn minute(hour: Option<i64>, minutes: Option<i64>) -> Option<i64> {
    let (hour, minutes) = (hour?, minutes.unwrap_or(0));
    ((0..24).contains(&hour) && (0..60).contains(&minutes)).then_some(hour * 60 + minutes)
}

/// Microseconds that a clock with this offset has gone since the first Sunday.
fn on_the_wall(at: Moment, offset: Offset) -> i64 {
    at.as_microsecond() + i64::from(offset.seconds()) * MICROS_PER_SECOND - FIRST_SUNDAY
}

/// The moment, or the end of the calendar's range.
fn moment(at: Timestamp) -> Moment {
    let end = if at.as_micros() < 0 { Moment::MIN } else { Moment::MAX };
    Moment::from_microsecond(at.as_micros()).unwrap_or(end)
}
