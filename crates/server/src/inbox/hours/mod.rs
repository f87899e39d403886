//! Opening hours of an inbox (rest.md §6.9): what is stored, when it is open, and for how long it was.

pub mod draft;
mod store;
#[cfg(test)]
mod tests;
mod week;

use ::store::Conn;
use edge::Result;
use jiff::tz::TimeZone;
use types::{AccountId, InboxId, Timestamp};

pub use store::{WorkingDay, insert_defaults, list};
use week::Week;

/// Replaces the hours of the days that `days` names; the others stay. It is for an inbox that is locked.
pub use store::replace;

/// Seconds of the time from `start` to `end` in which the inbox was open; 0 when its hours do not count.
///
/// Follows the clocks of the inbox's time zone, their changes included; a day that is open all day has 23 h 59 min
/// (semantics §7.1).
pub fn seconds_open(
    conn: &mut Conn<'_>,
    account: AccountId,
    inbox: InboxId,
    start: Timestamp,
    end: Timestamp,
) -> Result<f64> {
    let Some((zone, week)) = load(conn, account, inbox)? else { return Ok(0.0) };
    Ok(week.seconds_open(&zone, start, end))
}

/// Whether the inbox is closed at `at` because its hours count and this is none of them (semantics §10.6).
pub fn is_closed(conn: &mut Conn<'_>, account: AccountId, inbox: InboxId, at: Timestamp) -> Result<bool> {
    Ok(load(conn, account, inbox)?.is_some_and(|(zone, week)| !week.is_open(&zone, at)))
}

/// The zone and the hours of an inbox whose hours count.
fn load(conn: &mut Conn<'_>, account: AccountId, inbox: InboxId) -> Result<Option<(TimeZone, Week)>> {
    let Some(name) = store::find_zone(conn, account, inbox)? else { return Ok(None) };
    let days = store::list(conn, account, &[inbox])?;
    Ok(Some((zone(&name), Week::of(&days))))
}

/// When the day of `at` began by the calendar of this zone.
pub fn start_of_day(zone_name: &str, at: Timestamp) -> Timestamp {
    week::start_of_day(&zone(zone_name), at)
}

/// The zone of this name. One that the tz database has lost is UTC, which is better than no hours at all.
fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}
