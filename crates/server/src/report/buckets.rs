//! The parts of time that a series has: hours, days, weeks from Sunday, months and years at a fixed offset from UTC.

use std::collections::BTreeMap;

use edge::{Error, Result};
use jiff::civil::Date;

use super::Figure;
use super::range::Range;
use crate::filter::read::epoch_day;

/// Most buckets of an answer.
const MOST: usize = 10_000;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// The length of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A week, from Sunday.
    Week,
    /// A month.
    Month,
    /// A year.
    Year,
}

impl Group {
    /// The length of this name; a blank one is a day.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "hour" => Self::Hour,
            "" | "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            "year" => Self::Year,
            _ => return None,
        })
    }
}

/// Buckets of one length, in local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buckets {
    /// Their length.
    pub group: Group,
    /// Seconds that local time is ahead of UTC.
    pub offset: i64,
}

impl Buckets {
    /// Seconds of what the database counts by: buckets are whole hours or whole days.
    pub fn unit(self) -> i64 {
        if self.group == Group::Hour { HOUR } else { DAY }
    }

    /// The bucket of the unit that begins `units` after the epoch, local time: its start in epoch seconds.
    pub fn start_of_unit(self, units: i64) -> i64 {
        if self.group == Group::Hour {
            return units * HOUR - self.offset;
        }
        self.start_of_day(day(units))
    }

    /// The bucket that `seconds` is in.
    pub fn start_of(self, seconds: i64) -> i64 {
        self.start_of_unit((seconds + self.offset).div_euclid(self.unit()))
    }

    fn start_of_day(self, day: Date) -> i64 {
        let first = match self.group {
            Group::Hour | Group::Day => day,
            Group::Week => {
                let since_sunday = i64::from(day.weekday().to_sunday_zero_offset());
                day.saturating_sub(jiff::Span::new().days(since_sunday))
            }
            Group::Month => day.first_of_month(),
            Group::Year => day.first_of_year(),
        };
        epoch_day(first) * DAY - self.offset
    }

    /// The bucket after the one that begins at `start`.
    fn after(self, start: i64) -> i64 {
        // Somewhere in the next one, whatever the length of this one.
        let steps = match self.group {
            Group::Hour => return start + HOUR,
            Group::Day => return start + DAY,
            Group::Week => return start + 7 * DAY,
            Group::Month => 31,
            Group::Year => 366,
        };
        self.start_of(start + steps * DAY)
    }

    /// One figure for each bucket of `range`, in order. Where a bound is missing those from the first to the last that have
    /// something; a range that ends before it begins has one, with nothing.
    pub fn fill(self, range: Range, found: &BTreeMap<i64, Figure>) -> Result<Vec<(i64, Figure)>> {
        let ends = match (range.since, range.until) {
            (Some(since), Some(until)) => Some((self.start_of(since), self.start_of(until.saturating_sub(1)))),
            _ => found.first_key_value().zip(found.last_key_value()).map(|((first, _), (last, _))| (*first, *last)),
        };
        let Some((first, last)) = ends else { return Ok(Vec::new()) };
        let mut all = Vec::new();
        let mut start = first;
        loop {
            all.push((start, found.get(&start).copied().unwrap_or_default()));
            start = self.after(start);
            if start > last {
                return Ok(all);
            }
            if all.len() == MOST {
                return Err(Error::Refused(format!("the range has more than {MOST} parts: use a longer group_by")));
            }
        }
    }
}

/// The day that begins `days` after 1970-01-01.
fn day(days: i64) -> Date {
    const EPOCH: Date = Date::constant(1970, 1, 1);
    EPOCH.saturating_add(jiff::Span::new().days(days.clamp(-700_000, 2_900_000)))
}

/// Local time ahead of UTC, in seconds, of what clients give in hours: where no zone has it, and where it is no number,
/// UTC (rest.md §5.17).
pub fn offset(hours: &str) -> i64 {
    /// In quarters of an hour: the zones that are no whole hours from UTC.
    const BETWEEN: [i64; 13] = [-38, -14, -10, 14, 18, 22, 23, 26, 35, 38, 42, 51, 55];
    let Ok(hours) = hours.trim().parse::<f64>() else { return 0 };
    let quarters = hours * 4.0;
    if quarters.fract() != 0.0 || quarters.abs() > 56.0 {
        return 0;
    }
    #[expect(clippy::cast_possible_truncation, reason = "it is whole, and at most 56")]
    let quarters = quarters as i64;
    let is_known = (quarters % 4 == 0 && quarters >= -48) || BETWEEN.contains(&quarters);
    if is_known { quarters * 900 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2024-02-29 22:30:00 UTC, a Thursday.
    const LATE: i64 = 1_709_245_800;

    fn start(group: Group, offset: i64) -> String {
        let start = Buckets { group, offset }.start_of(LATE);
        jiff::Timestamp::from_second(start).unwrap().to_string()
    }

    #[test]
    fn buckets_begin_in_local_time() {
        assert_eq!(start(Group::Hour, 19_800), "2024-02-29T22:30:00Z");
        assert_eq!(start(Group::Day, 0), "2024-02-29T00:00:00Z");
        assert_eq!(start(Group::Day, 2 * HOUR), "2024-02-29T22:00:00Z");
        assert_eq!(start(Group::Week, 0), "2024-02-25T00:00:00Z");
        assert_eq!(start(Group::Month, 0), "2024-02-01T00:00:00Z");
        assert_eq!(start(Group::Month, 2 * HOUR), "2024-02-29T22:00:00Z");
        assert_eq!(start(Group::Year, -8 * HOUR), "2024-01-01T08:00:00Z");
    }

    #[test]
    fn a_range_has_every_bucket_that_it_touches() {
        let figure = Figure { count: 1, sum: 0.0 };
        let count = |group, since: i64, until: i64| {
            let range = Range { since: Some(since), until: Some(until) };
            Buckets { group, offset: 0 }.fill(range, &BTreeMap::from([(LATE, figure)])).map(|all| all.len()).ok()
        };
        let midnight = LATE - 22 * HOUR - 1_800;
        assert_eq!(count(Group::Day, midnight, midnight + DAY), Some(1));
        assert_eq!(count(Group::Day, midnight, midnight + DAY + 1), Some(2));
        assert_eq!(count(Group::Day, LATE, LATE), Some(1));
        assert_eq!(count(Group::Day, LATE, LATE - 9 * DAY), Some(1));
        assert_eq!(count(Group::Month, midnight, midnight + 366 * DAY), Some(13));
        assert_eq!(count(Group::Year, midnight, midnight + 366 * DAY), Some(2));
        assert_eq!(count(Group::Hour, 0, 10_001 * HOUR), None);
    }

    #[test]
    fn without_a_bound_the_buckets_reach_from_the_first_to_the_last_with_data() {
        let days = Buckets { group: Group::Day, offset: 0 };
        let figure = Figure { count: 2, sum: 0.0 };
        let found = BTreeMap::from([(0, figure), (2 * DAY, figure)]);
        let all = days.fill(Range { since: Some(0), until: None }, &found).unwrap();
        assert_eq!(all, [(0, figure), (DAY, Figure::default()), (2 * DAY, figure)]);
        assert_eq!(days.fill(Range::default(), &BTreeMap::new()).unwrap(), []);
    }

    #[test]
    fn offsets_are_those_of_zones() {
        assert_eq!(["5.5", "-8", "12.75", "0", "14"].map(offset), [19_800, -28_800, 45_900, 0, 50_400]);
        assert_eq!(["99", "5.3", "x", "", "-13", "NaN", "0.5"].map(offset), [0; 7]);
    }
}
