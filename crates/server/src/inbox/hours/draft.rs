//! What a client sends to change opening hours, read and checked (rest.md §6.9).

use edge::field::{Flag, Int, Maybe};
use edge::{Error, Problem, Result};
use serde::Deserialize;
use utoipa::ToSchema;

use super::WorkingDay;

/// Most times at which a day may open.
const MAX_SLOTS: usize = 24;

/// One time at which an inbox opens, or that it is closed. What is absent stays as it was, if the day opened once.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = inbox_working_hours_update)]
pub struct WorkingDayBody {
    /// 0 is Sunday; needed. Several objects of one day are its times, such as 9 to 12 and 13 to 17.
    pub day_of_week: Option<Int>,
    /// Closed.
    #[serde(default)]
    pub closed_all_day: Maybe<Flag>,
    /// Open from 0:00 to 23:59, whatever the hours say.
    #[serde(default)]
    pub open_all_day: Maybe<Flag>,
    /// 0 to 23.
    #[serde(default)]
    pub open_hour: Maybe<Int>,
    /// 0 to 59.
    #[serde(default)]
    pub open_minutes: Maybe<Int>,
    /// 0 to 23.
    #[serde(default)]
    pub close_hour: Maybe<Int>,
    /// 0 to 59.
    #[serde(default)]
    pub close_minutes: Maybe<Int>,
}

/// A row to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// 0 is Sunday.
    pub day_of_week: i64,
    /// Its place among the times of its day.
    pub slot: i64,
    /// Closed.
    pub closed_all_day: bool,
    /// Open from 0:00 to 23:59.
    pub open_all_day: bool,
    /// 0 to 23.
    pub open_hour: Option<i64>,
    /// 0 to 59.
    pub open_minutes: Option<i64>,
    /// 0 to 23.
    pub close_hour: Option<i64>,
    /// 0 to 59.
    pub close_minutes: Option<i64>,
}

/// The rows of the days that `bodies` name, in order; `stored` is what the inbox has now.
pub fn read(bodies: &[WorkingDayBody], stored: &[WorkingDay]) -> Result<Vec<Day>> {
    let mut problems = Vec::new();
    let mut days: Vec<Day> = Vec::with_capacity(bodies.len());
    for body in bodies {
        let number = body.day_of_week.map_or(-1, Int::get);
        if !(0..7).contains(&number) {
            problems.push(Problem::new("day_of_week", "must be a day from 0 to 6"));
            continue;
        }
        let is_of_day = |day: &&WorkingDay| day.day_of_week == number;
        let is_one = |count: usize| count == 1;
        let keeps =
            is_one(bodies.iter().filter(|other| other.day_of_week.is_some_and(|day| day.get() == number)).count())
                && is_one(stored.iter().filter(is_of_day).count());
        let before = stored.iter().find(is_of_day).filter(|_| keeps);
        match Day::read(number, body, before) {
            Ok(day) => days.push(day),
            Err(found) => problems.extend(found),
        }
    }
    days.sort_by_key(|day| (day.day_of_week, day.open_hour, day.open_minutes));
    for of_day in days.chunk_by_mut(|a, b| a.day_of_week == b.day_of_week) {
        problems.extend(check_together(of_day));
        for (day, slot) in of_day.iter_mut().zip(0..) {
            day.slot = slot;
        }
    }
    if problems.is_empty() { Ok(days) } else { Err(Error::Invalid(problems)) }
}

impl Day {
    fn read(day_of_week: i64, body: &WorkingDayBody, before: Option<&WorkingDay>) -> Result<Self, Vec<Problem>> {
        let flag = |given: Maybe<Flag>, old: Option<bool>| given.map(Flag::get).or_keep(old).unwrap_or(false);
        let mut day = Self {
            day_of_week,
            slot: 0,
            closed_all_day: flag(body.closed_all_day, before.map(|day| day.closed_all_day)),
            open_all_day: flag(body.open_all_day, before.map(|day| day.open_all_day)),
            open_hour: body.open_hour.map(Int::get).or_keep(before.and_then(|day| day.open_hour)),
            open_minutes: body.open_minutes.map(Int::get).or_keep(before.and_then(|day| day.open_minutes)),
            close_hour: body.close_hour.map(Int::get).or_keep(before.and_then(|day| day.close_hour)),
            close_minutes: body.close_minutes.map(Int::get).or_keep(before.and_then(|day| day.close_minutes)),
        };
        let mut problems = day.range_problems();
        if day.open_all_day {
            if day.closed_all_day {
                problems.push(Problem::new("open_all_day", "cannot be said of a day that is closed"));
            }
            (day.open_hour, day.open_minutes, day.close_hour, day.close_minutes) =
                (Some(0), Some(0), Some(23), Some(59));
        } else if !day.closed_all_day && problems.is_empty() {
            problems.extend(day.time_problems());
        }
        if problems.is_empty() { Ok(day) } else { Err(problems) }
    }

    fn fields(&self) -> [(&'static str, Option<i64>, i64); 4] {
        [
            ("open_hour", self.open_hour, 23),
            ("open_minutes", self.open_minutes, 59),
            ("close_hour", self.close_hour, 23),
            ("close_minutes", self.close_minutes, 59),
        ]
    }

    fn range_problems(&self) -> Vec<Problem> {
        let wrong =
            self.fields().into_iter().filter(|(_, value, most)| value.is_some_and(|it| !(0..=*most).contains(&it)));
        wrong.map(|(field, _, most)| Problem::new(field, &format!("must be a number from 0 to {most}"))).collect()
    }

    fn time_problems(&self) -> Vec<Problem> {
        let missing = self.fields().into_iter().filter(|(_, value, _)| value.is_none());
        let problems: Vec<Problem> = missing.map(|(field, ..)| Problem::new(field, "can't be blank")).collect();
        if problems.is_empty() && self.opens() >= self.closes() {
            return vec![Problem::new("close_hour", "must be later than the opening hour, on the same day")];
        }
        problems
    }

    fn opens(&self) -> (Option<i64>, Option<i64>) {
        (self.open_hour, self.open_minutes)
    }

    fn closes(&self) -> (Option<i64>, Option<i64>) {
        (self.close_hour, self.close_minutes)
    }
}

/// What is wrong among the rows of one day, which are in order.
fn check_together(days: &[Day]) -> Option<Problem> {
    if days.len() > MAX_SLOTS {
        return Some(Problem::new("working_hours", &format!("has more than {MAX_SLOTS} times for one day")));
    }
    if days.len() > 1 && days.iter().any(|day| day.closed_all_day || day.open_all_day) {
        return Some(Problem::new("working_hours", "has other times for a day that is closed or open all day"));
    }
    let overlap = days.windows(2).any(|pair| pair[1].opens() < pair[0].closes());
    overlap.then(|| Problem::new("working_hours", "has times of one day that overlap"))
}
