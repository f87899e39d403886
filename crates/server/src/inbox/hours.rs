//! Opening hours of an inbox (rest.md §6.9).

use edge::Result;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp as Moment, ToSpan};
use store::{Conn, sql};
use types::{AccountId, InboxId, Timestamp};

/// Days that are looked at one by one; beyond them whole weeks count as if no clock was ever changed.
const MAX_DAYS: i32 = 3_660;

const SECONDS_PER_MINUTE: i64 = 60;
const MICROS_PER_SECOND: f64 = 1_000_000.0;

/// Seconds of the time from `start` to `end` in which the inbox was open; 0 when its hours do not count.
///
/// Follows the inbox's time zone, clock changes included; a day that is open all day has 23 h 59 min
/// (semantics §7.1).
pub fn seconds_open(
    conn: &mut Conn<'_>,
    account: AccountId,
    inbox: InboxId,
    start: Timestamp,
    end: Timestamp,
) -> Result<f64> {
    let rows: Vec<DayRow> = conn.query(
        sql!(
            "SELECT i.timezone, w.day_of_week, w.open_all_day, w.open_hour, w.open_minutes, w.close_hour,
                    w.close_minutes
             FROM inboxes i
             JOIN working_hours w ON w.account_id = i.account_id AND w.inbox_id = i.id
             WHERE i.account_id = $1 AND i.id = $2 AND i.working_hours_enabled AND NOT w.closed_all_day"
        ),
        (account, inbox),
    )?;
    let Some(first) = rows.first() else { return Ok(0.0) };
    // A zone that the machine's database has lost is better than no figure at all.
    let zone = TimeZone::get(&first.timezone).unwrap_or(TimeZone::UTC);
    Ok(Week::of(&rows).seconds_open(&zone, start, end))
}

store::row! {
    /// One day of the week that is not closed.
    struct DayRow {
        timezone: String,
        day_of_week: i64,
        open_all_day: bool,
        open_hour: Option<i64>,
        open_minutes: Option<i64>,
        close_hour: Option<i64>,
        close_minutes: Option<i64>,
    }
}

/// Opening and closing time of each day, from Sunday; `None` is closed.
struct Week([Option<(Time, Time)>; 7]);

impl DayRow {
    fn window(&self) -> Option<(Time, Time)> {
        if self.open_all_day {
            return Some((Time::midnight(), time(Some(23), Some(59))?));
        }
        let window = (time(self.open_hour, self.open_minutes)?, time(self.close_hour, self.close_minutes)?);
        (window.0 < window.1).then_some(window)
    }
}

fn time(hour: Option<i64>, minutes: Option<i64>) -> Option<Time> {
    Time::new(i8::try_from(hour?).ok()?, i8::try_from(minutes.unwrap_or(0)).ok()?, 0, 0).ok()
}

impl Week {
    fn of(rows: &[DayRow]) -> Self {
        let mut days = [None; 7];
        for row in rows {
            if let Some(day) = usize::try_from(row.day_of_week).ok().and_then(|day| days.get_mut(day)) {
                *day = row.window();
            }
        }
        Self(days)
    }

    /// Seconds of one week without clock changes.
    fn seconds(&self) -> i64 {
        let minutes = |time: Time| i64::from(time.hour()) * 60 + i64::from(time.minute());
        self.0.iter().flatten().map(|(open, close)| (minutes(*close) - minutes(*open)) * SECONDS_PER_MINUTE).sum()
    }

    #[expect(clippy::cast_precision_loss, reason = "microseconds of a few thousand years fit 57 bits")]
    fn seconds_open(&self, zone: &TimeZone, start: Timestamp, end: Timestamp) -> f64 {
        let (start, end) = (moment(start), moment(end));
        if start >= end || self.0.iter().all(Option::is_none) {
            return 0.0;
        }
        let (mut date, last) = (zone.to_datetime(start).date(), zone.to_datetime(end).date());
        let mut micros = self.micros_of_day(zone, date, start, end);
        let mut seconds = 0;
        let beyond = days_between(date, last) - MAX_DAYS;
        if beyond > 0 {
            let weeks = beyond / 7;
            seconds = self.seconds() * i64::from(weeks);
            date = later(date, (weeks * 7).days());
        }
        while date < last {
            date = later(date, 1.day());
            micros += self.micros_of_day(zone, date, start, end);
        }
        seconds as f64 + micros as f64 / MICROS_PER_SECOND
    }

    /// Microseconds of the day's window that lie between `start` and `end`.
    fn micros_of_day(&self, zone: &TimeZone, date: Date, start: Moment, end: Moment) -> i64 {
        let day = usize::try_from(date.weekday().to_sunday_zero_offset()).unwrap_or(0);
        let Some((open, close)) = self.0[day] else { return 0 };
        let (Ok(open), Ok(close)) =
            (zone.to_timestamp(date.to_datetime(open)), zone.to_timestamp(date.to_datetime(close)))
        else {
            return 0;
        };
        (close.min(end).as_microsecond() - open.max(start).as_microsecond()).max(0)
    }
}

/// The moment, or the end of the calendar's range.
fn moment(at: Timestamp) -> Moment {
    let end = if at.as_micros() < 0 { Moment::MIN } else { Moment::MAX };
    Moment::from_microsecond(at.as_micros()).unwrap_or(end)
}

fn days_between(first: Date, last: Date) -> i32 {
    first.until(last).map_or(0, |span| span.get_days())
}

fn later(date: Date, span: Span) -> Date {
    date.saturating_add(span)
}

#[cfg(test)]
mod tests {
    use jiff::civil::Time;
    use jiff::tz::TimeZone;
    use types::Timestamp;

    use super::{DayRow, Week};

    const HOUR: f64 = 3_600.0;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_iso(text).unwrap()
    }

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    /// Monday to Friday, 9 to 17.
    fn office() -> Week {
        let window = Some((Time::constant(9, 0, 0, 0), Time::constant(17, 0, 0, 0)));
        Week([None, window, window, window, window, window, None])
    }

    fn always() -> Week {
        Week([Some((Time::midnight(), Time::constant(23, 59, 0, 0))); 7])
    }

    #[track_caller]
    fn check(week: &Week, zone: &TimeZone, start: &str, end: &str, seconds: f64) {
        let found = week.seconds_open(zone, at(start), at(end));
        assert!((found - seconds).abs() < 1e-6, "{found} instead of {seconds}");
    }

    #[test]
    fn only_opening_hours_count_in_the_zone_of_the_inbox() {
        // 2026-01-05 is a Monday.
        check(&office(), &TimeZone::UTC, "2026-01-05T08:00:00Z", "2026-01-05T10:00:00Z", HOUR);
        check(&office(), &berlin(), "2026-01-05T08:00:00Z", "2026-01-05T10:00:00Z", 2.0 * HOUR);
        check(&office(), &TimeZone::UTC, "2026-01-05T10:00:00Z", "2026-01-05T10:00:01.5Z", 1.5);
        check(&office(), &TimeZone::UTC, "2026-01-05T18:00:00Z", "2026-01-06T08:00:00Z", 0.0);
        check(&office(), &TimeZone::UTC, "2026-01-02T16:00:00Z", "2026-01-05T10:00:00Z", 2.0 * HOUR);
        check(&office(), &TimeZone::UTC, "2026-01-05T00:00:00Z", "2026-01-12T00:00:00Z", 40.0 * HOUR);
    }

    #[test]
    fn nothing_counts_backwards_or_when_no_day_is_open() {
        check(&office(), &TimeZone::UTC, "2026-01-05T12:00:00Z", "2026-01-05T10:00:00Z", 0.0);
        check(&office(), &TimeZone::UTC, "2026-01-05T12:00:00Z", "2026-01-05T12:00:00Z", 0.0);
        check(&Week([None; 7]), &TimeZone::UTC, "2026-01-05T00:00:00Z", "2027-01-05T00:00:00Z", 0.0);
    }

    #[test]
    fn a_day_open_all_day_lacks_its_last_minute() {
        check(&always(), &TimeZone::UTC, "2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z", 24.0 * HOUR - 60.0);
    }

    #[test]
    fn days_on_which_clocks_change_are_shorter_or_longer() {
        // In Berlin the clock skips 2:00-3:00 on 2026-03-29 and repeats it on 2026-10-25.
        let minute = 60.0;
        check(&always(), &berlin(), "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", 23.0 * HOUR - minute);
        check(&always(), &berlin(), "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", 25.0 * HOUR - minute);
        // Office hours stay 9 to 17 on both sides of the change.
        check(&office(), &berlin(), "2026-03-27T08:00:00Z", "2026-03-27T16:00:00Z", 8.0 * HOUR);
        check(&office(), &berlin(), "2026-03-30T07:00:00Z", "2026-03-30T15:00:00Z", 8.0 * HOUR);
        check(&office(), &berlin(), "2026-03-27T16:00:00Z", "2026-03-30T08:00:00Z", HOUR);
    }

    #[test]
    fn centuries_cost_no_more_than_years_and_are_still_right() {
        let years = |from: &str, to: &str| office().seconds_open(&TimeZone::UTC, at(from), at(to));
        let whole = years("1826-01-02T10:00:00Z", "2026-01-05T12:00:00Z");
        let parts = (1826..2026)
            .map(|year| years(&format!("{year}-01-02T10:00:00Z"), &format!("{}-01-02T10:00:00Z", year + 1)));
        let parts = parts.sum::<f64>() + years("2026-01-02T10:00:00Z", "2026-01-05T12:00:00Z");
        assert!((whole - parts).abs() < 1e-3, "{whole} and {parts}");
        let forever =
            office().seconds_open(&TimeZone::UTC, Timestamp::from_micros(i64::MIN), Timestamp::from_micros(i64::MAX));
        assert!(forever > whole);
    }

    #[test]
    fn a_day_needs_times_in_their_order() {
        let row = |open: Option<i64>, close: Option<i64>, open_all_day| DayRow {
            timezone: "UTC".into(),
            day_of_week: 1,
            open_all_day,
            open_hour: open,
            open_minutes: Some(30),
            close_hour: close,
            close_minutes: None,
        };
        assert!(row(Some(9), Some(17), false).window().is_some());
        assert!(row(Some(17), Some(9), false).window().is_none());
        assert!(row(Some(9), Some(24), false).window().is_none());
        assert!(row(None, Some(9), false).window().is_none());
        assert_eq!(row(None, None, true).window(), Some((Time::midnight(), Time::constant(23, 59, 0, 0))));
    }
}
