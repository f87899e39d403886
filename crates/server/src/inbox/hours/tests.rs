//! Opening hours against the calendar, against a clock that is read minute by minute, and as clients change them.

use std::sync::Arc;
use std::time::Duration;

use ::store::Store;
use ::store::testing::{Engine, TestDatabase, db_test};
use edge::Error;
use http::Method;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;
use types::{AccountId, InboxId, SystemClock, Timestamp};

use super::draft::{self, WorkingDayBody};
use super::week::Week;
use super::{WorkingDay, zone};
use crate::MIGRATIONS;
use crate::testing::{START, TestApp};

const HOUR: f64 = 3_600.0;

fn at(text: &str) -> Timestamp {
    Timestamp::parse_iso(text).unwrap()
}

/// A row that is open from one time to another, each in minutes of the day.
fn open(day_of_week: i64, from: i64, to: i64) -> WorkingDay {
    WorkingDay {
        inbox_id: InboxId::new(1),
        day_of_week,
        closed_all_day: false,
        open_all_day: false,
        open_hour: Some(from / 60),
        open_minutes: Some(from % 60),
        close_hour: Some(to / 60),
        close_minutes: Some(to % 60),
    }
}

fn closed(day_of_week: i64) -> WorkingDay {
    WorkingDay { closed_all_day: true, ..open(day_of_week, 540, 1020) }
}

fn all_day(day_of_week: i64) -> WorkingDay {
    WorkingDay { open_all_day: true, open_hour: None, close_hour: None, ..open(day_of_week, 0, 1) }
}

/// Monday to Friday, 9 to 17.
fn office() -> Vec<WorkingDay> {
    (0..7).map(|day| if (1..6).contains(&day) { open(day, 540, 1020) } else { closed(day) }).collect()
}

/// Each day, 9 to 12 and 13 to 17.
fn with_lunch() -> Vec<WorkingDay> {
    (0..7).flat_map(|day| [open(day, 540, 720), open(day, 780, 1020)]).collect()
}

fn always() -> Vec<WorkingDay> {
    (0..7).map(all_day).collect()
}

#[track_caller]
fn check(days: &[WorkingDay], zone_name: &str, start: &str, end: &str, seconds: f64) {
    let found = Week::of(days).seconds_open(&zone(zone_name), at(start), at(end));
    assert!((found - seconds).abs() < 1e-6, "{found} instead of {seconds}");
}

#[track_caller]
fn check_open(days: &[WorkingDay], zone_name: &str, times: &[(&str, bool)]) {
    for (time, is_open) in times {
        assert_eq!(Week::of(days).is_open(&zone(zone_name), at(time)), *is_open, "{time}");
    }
}

#[test]
fn only_opening_hours_count_in_the_zone_of_the_inbox() {
    // 2026-01-05 is a Monday.
    check(&office(), "UTC", "2026-01-05T08:00:00Z", "2026-01-05T10:00:00Z", HOUR);
    check(&office(), "Europe/Berlin", "2026-01-05T08:00:00Z", "2026-01-05T10:00:00Z", 2.0 * HOUR);
    check(&office(), "UTC", "2026-01-05T10:00:00Z", "2026-01-05T10:00:01.5Z", 1.5);
    check(&office(), "UTC", "2026-01-05T18:00:00Z", "2026-01-06T08:00:00Z", 0.0);
    check(&office(), "UTC", "2026-01-02T16:00:00Z", "2026-01-05T10:00:00Z", 2.0 * HOUR);
    check(&office(), "UTC", "2026-01-05T00:00:00Z", "2026-01-12T00:00:00Z", 40.0 * HOUR);
    check(&with_lunch(), "UTC", "2026-01-05T11:30:00Z", "2026-01-05T13:15:00Z", 0.75 * HOUR);
    check(&with_lunch(), "UTC", "2026-01-05T00:00:00Z", "2026-01-12T00:00:00Z", 49.0 * HOUR);
    check(&with_lunch(), "Asia/Kathmandu", "2026-01-05T06:00:00Z", "2026-01-05T08:00:00Z", HOUR);
}

#[test]
fn nothing_counts_backwards_or_when_no_day_is_open() {
    let never: Vec<_> = (0..7).map(closed).collect();
    check(&office(), "UTC", "2026-01-05T12:00:00Z", "2026-01-05T10:00:00Z", 0.0);
    check(&office(), "UTC", "2026-01-05T12:00:00Z", "2026-01-05T12:00:00Z", 0.0);
    check(&never, "UTC", "2026-01-05T00:00:00Z", "2027-01-05T00:00:00Z", 0.0);
    check(&[], "UTC", "2026-01-05T00:00:00Z", "2027-01-05T00:00:00Z", 0.0);
    check_open(&never, "UTC", &[("2026-01-05T12:00:00Z", false)]);
    check_open(&[], "UTC", &[("2026-01-05T12:00:00Z", false)]);
}

#[test]
fn the_minutes_of_opening_and_closing_are_open() {
    let times = [
        ("2026-01-05T08:59:59.999999Z", false),
        ("2026-01-05T09:00:00Z", true),
        ("2026-01-05T12:00:59.999999Z", true),
        ("2026-01-05T12:01:00Z", false),
        ("2026-01-05T12:59:59Z", false),
        ("2026-01-05T13:00:00Z", true),
        ("2026-01-05T17:00:59Z", true),
        ("2026-01-05T17:01:00Z", false),
    ];
    check_open(&with_lunch(), "UTC", &times);
    check_open(&office(), "UTC", &[("2026-01-04T12:00:00Z", false), ("2026-01-10T12:00:00Z", false)]);
    check_open(&office(), "Pacific/Auckland", &[("2026-01-04T20:00:00Z", true), ("2026-01-04T19:59:59Z", false)]);
}

#[test]
fn a_day_open_all_day_is_open_to_its_last_second_but_its_last_minute_is_not_counted() {
    check(&always(), "UTC", "2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z", 24.0 * HOUR - 60.0);
    check_open(&always(), "UTC", &[("2026-01-05T00:00:00Z", true), ("2026-01-05T23:59:59.999Z", true)]);
}

#[test]
fn days_on_which_clocks_change_are_shorter_or_longer() {
    // In Berlin the clock skips 2:00-3:00 on 2026-03-29 and repeats it on 2026-10-25.
    let minute = 60.0;
    let berlin = "Europe/Berlin";
    check(&always(), berlin, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", 23.0 * HOUR - minute);
    check(&always(), berlin, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", 25.0 * HOUR - minute);
    // Office hours stay 9 to 17 on both sides of the change.
    check(&office(), berlin, "2026-03-27T08:00:00Z", "2026-03-27T16:00:00Z", 8.0 * HOUR);
    check(&office(), berlin, "2026-03-30T07:00:00Z", "2026-03-30T15:00:00Z", 8.0 * HOUR);
    check(&office(), berlin, "2026-03-27T16:00:00Z", "2026-03-30T08:00:00Z", HOUR);
}

#[test]
fn an_hour_that_the_clock_skips_is_never_open() {
    let berlin = "Europe/Berlin";
    let (whole, into, out_of) = ([open(0, 120, 180)], [open(0, 60, 150)], [open(0, 150, 240)]);
    let night = |days: &[WorkingDay], hours: f64| {
        check(days, berlin, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", hours * HOUR);
    };
    night(&whole, 0.0);
    night(&into, 1.0);
    night(&out_of, 1.0);
    // 1:59:59 is followed by 3:00:00: closing at three includes that minute.
    check_open(&whole, berlin, &[("2026-03-29T00:59:59Z", false), ("2026-03-29T01:00:00Z", true)]);
    check_open(&whole, berlin, &[("2026-03-29T01:01:00Z", false)]);
}

#[test]
fn an_hour_that_the_clock_shows_twice_is_open_twice() {
    let berlin = "Europe/Berlin";
    let (whole, half) = ([open(0, 120, 180)], [open(0, 60, 150)]);
    check(&whole, berlin, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", 2.0 * HOUR);
    check(&half, berlin, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", 2.0 * HOUR);
    let times = [
        ("2026-10-25T00:29:00Z", true),
        ("2026-10-25T00:31:00Z", false),
        ("2026-10-25T01:00:00Z", true),
        ("2026-10-25T01:30:59Z", true),
        ("2026-10-25T01:31:00Z", false),
    ];
    check_open(&half, berlin, &times);
}

#[test]
fn a_zone_may_skip_a_day_or_half_an_hour() {
    // Samoa went from Thursday 2011-12-29 to Saturday 2011-12-31; Lord Howe moves its clocks by 30 minutes.
    check(&[all_day(5)], "Pacific/Apia", "2011-12-26T00:00:00Z", "2012-01-02T00:00:00Z", 0.0);
    check(&[open(0, 60, 180)], "Australia/Lord_Howe", "2026-10-03T12:00:00Z", "2026-10-04T12:00:00Z", 1.5 * HOUR);
    check(&[open(0, 60, 180)], "Australia/Lord_Howe", "2026-04-04T12:00:00Z", "2026-04-05T12:00:00Z", 2.5 * HOUR);
}

#[test]
fn centuries_are_right_too() {
    let years = |from: &str, to: &str| Week::of(&office()).seconds_open(&TimeZone::UTC, at(from), at(to));
    let whole = years("1826-01-02T10:00:00Z", "2026-01-05T12:00:00Z");
    let parts =
        (1826..2026).map(|year| years(&format!("{year}-01-02T10:00:00Z"), &format!("{}-01-02T10:00:00Z", year + 1)));
    let parts = parts.sum::<f64>() + years("2026-01-02T10:00:00Z", "2026-01-05T12:00:00Z");
    assert!((whole - parts).abs() < 1e-3, "{whole} and {parts}");
    let (first, last) = (Timestamp::from_micros(i64::MIN), Timestamp::from_micros(i64::MAX));
    assert!(Week::of(&office()).seconds_open(&zone("Europe/Berlin"), first, last) > whole);
}

#[test]
fn a_row_without_times_in_their_order_is_closed() {
    let cut = |row: WorkingDay| WorkingDay { open_hour: None, ..row };
    for row in [open(1, 1020, 540), open(1, 540, 540), open(1, 540, 1440), cut(open(1, 540, 1020)), open(9, 540, 1020)]
    {
        assert_eq!(Week::of(std::slice::from_ref(&row)), Week::of(&[]), "{row:?}");
    }
}

/// Zones with whole hours, halves and quarters, with and without clock changes, and with odd ones.
const ZONES: [&str; 12] = [
    "UTC",
    "Europe/Berlin",
    "Europe/Dublin",
    "America/New_York",
    "America/St_Johns",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
];

/// Up to three times a day for each day of a week.
fn weeks() -> impl Strategy<Value = Vec<WorkingDay>> {
    let day = prop_oneof![
        1 => Just(vec![]),
        1 => Just(vec![(-1, -1)]),
        4 => prop::collection::btree_set(0_i64..1440, 2..=6).prop_map(|marks| {
            let marks: Vec<i64> = marks.into_iter().collect();
            marks.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
        }),
    ];
    prop::collection::vec(day, 7).prop_map(|days| {
        let rows = (0..).zip(days).flat_map(|(day, times)| {
            times.into_iter().map(move |(from, to)| if from < 0 { all_day(day) } else { open(day, from, to) })
        });
        rows.collect()
    })
}

/// The clock on the wall: day of the week and minute of the day.
fn wall(zone: &TimeZone, minute: i64) -> (i64, i64) {
    let time = zone.to_datetime(jiff::Timestamp::from_second(minute * 60).unwrap());
    (i64::from(time.weekday().to_sunday_zero_offset()), i64::from(time.hour()) * 60 + i64::from(time.minute()))
}

/// Whether a row covers a minute of the wall clock; the closing minute counts if `with_last`.
fn covers(row: &WorkingDay, (day, minute): (i64, i64), with_last: bool) -> bool {
    let time = |hour: Option<i64>, minutes: Option<i64>| hour.unwrap() * 60 + minutes.unwrap();
    let (from, to) = if row.open_all_day {
        (0, 1439)
    } else {
        (time(row.open_hour, row.open_minutes), time(row.close_hour, row.close_minutes))
    };
    row.day_of_week == day && from <= minute && (minute < to || (with_last && minute == to))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hours_are_what_a_clock_shows_that_is_read_every_minute(
        week in weeks(),
        zone_name in prop::sample::select(&ZONES[..]),
        // Minutes since 1970: from 2000 to 2040.
        start in 15_778_080_i64..36_816_480,
        minutes in 0_i64..4_320,
    ) {
        let zone = zone(zone_name);
        let hours = Week::of(&week);
        let time = |minute: i64| Timestamp::from_micros(minute * 60_000_000);
        let mut seconds = 0.0;
        for minute in start..start + minutes {
            let clock = wall(&zone, minute);
            if week.iter().any(|row| covers(row, clock, false)) {
                seconds += 60.0;
            }
            let is_open = week.iter().any(|row| covers(row, clock, true));
            prop_assert_eq!(hours.is_open(&zone, time(minute)), is_open, "minute {}", minute);
        }
        let found = hours.seconds_open(&zone, time(start), time(start + minutes));
        prop_assert!((found - seconds).abs() < 1e-6, "{} instead of {}", found, seconds);
    }
}

fn read(bodies: &Value, stored: &[WorkingDay]) -> Result<Vec<Value>, Vec<String>> {
    let bodies: Vec<WorkingDayBody> = serde_json::from_value(bodies.clone()).unwrap();
    match draft::read(&bodies, stored) {
        Ok(days) => {
            let row = |day: &draft::Day| {
                json!([day.day_of_week, day.slot, day.open_hour, day.open_minutes, day.close_hour, day.close_minutes])
            };
            Ok(days.iter().map(row).collect())
        }
        Err(Error::Invalid(problems)) => Err(problems.into_iter().map(|problem| problem.field).collect()),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn the_times_of_one_day_are_kept_in_their_order() {
    let bodies = json!([
        {"day_of_week": 2, "open_hour": 13, "open_minutes": 0, "close_hour": 17, "close_minutes": 0},
        {"day_of_week": 1, "closed_all_day": true},
        {"day_of_week": "2", "open_hour": "9", "open_minutes": 30, "close_hour": 13, "close_minutes": 0},
    ]);
    let rows = read(&bodies, &office()).unwrap();
    assert_eq!(rows, [json!([1, 0, 9, 0, 17, 0]), json!([2, 0, 9, 30, 13, 0]), json!([2, 1, 13, 0, 17, 0])]);
}

#[test]
fn what_is_absent_stays_when_the_day_opens_once() {
    assert_eq!(read(&json!([{"day_of_week": 1, "open_hour": 8}]), &office()), Ok(vec![json!([1, 0, 8, 0, 17, 0])]));
    let all_day = json!([{"day_of_week": 0, "closed_all_day": false, "open_all_day": true}]);
    assert_eq!(read(&all_day, &office()), Ok(vec![json!([0, 0, 0, 0, 23, 59])]));
    assert_eq!(read(&json!([{"day_of_week": 1, "open_hour": 8}]), &with_lunch()).unwrap_err().len(), 3);
}

#[test]
fn wrong_hours_are_refused_with_their_field() {
    let with = |more: Value| {
        let mut day =
            json!({"day_of_week": 1, "open_hour": 9, "open_minutes": 0, "close_hour": 17, "close_minutes": 0});
        day.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        day
    };
    for (days, field) in [
        (json!([{}]), "day_of_week"),
        (json!([with(json!({"day_of_week": 7}))]), "day_of_week"),
        (json!([with(json!({"day_of_week": -1}))]), "day_of_week"),
        (json!([with(json!({"open_hour": 24}))]), "open_hour"),
        (json!([with(json!({"open_hour": null}))]), "open_hour"),
        (json!([with(json!({"open_minutes": 60}))]), "open_minutes"),
        (json!([with(json!({"close_hour": -1}))]), "close_hour"),
        (json!([with(json!({"close_minutes": null}))]), "close_minutes"),
        (json!([with(json!({"close_hour": 9}))]), "close_hour"),
        (json!([with(json!({"open_hour": 22, "close_hour": 6}))]), "close_hour"),
        (json!([with(json!({"closed_all_day": true, "open_all_day": true}))]), "open_all_day"),
        (json!([with(json!({})), with(json!({"open_hour": 16, "close_hour": 18}))]), "working_hours"),
        (json!([with(json!({})), with(json!({}))]), "working_hours"),
        (json!([with(json!({})), with(json!({"closed_all_day": true}))]), "working_hours"),
        (json!([with(json!({})), with(json!({"open_all_day": true}))]), "working_hours"),
    ] {
        assert_eq!(read(&days, &office()), Err(vec![field.to_owned()]), "{days}");
    }
    let many: Vec<Value> = (0..25)
        .map(|minute| with(json!({"open_minutes": minute, "close_hour": 9, "close_minutes": minute + 1})))
        .collect();
    assert_eq!(read(&json!(many), &office()), Err(vec!["working_hours".to_owned()]));
}

#[db_test]
async fn hours_from_before_days_had_several_times_are_kept(engine: Engine) {
    let split = MIGRATIONS.iter().position(|migration| migration.name == "0045_working_slots.sql").unwrap();
    let database =
        spawn_blocking(move || TestDatabase::new(engine, &MIGRATIONS[..split], Arc::new(SystemClock))).await.unwrap();
    let old = database.open();
    for text in [
        "INSERT INTO accounts (id, name, locale, settings_flags, feature_flags, limits, custom_attributes, status,
             created_at, updated_at)
         VALUES (1, 'Desk', 'en', 0, 0, '{}', '{}', 'active', 0, 0) RETURNING 1",
        "INSERT INTO channels (id, account_id, kind, hmac_mandatory, settings, created_at, updated_at)
         VALUES (1, 1, 'Channel::Api', FALSE, '{}', 0, 0) RETURNING 1",
        "INSERT INTO inboxes (id, account_id, channel_id, name, greeting_enabled, working_hours_enabled, timezone,
             enable_email_collect, csat_survey_enabled, csat_config, enable_auto_assignment, auto_assignment_config,
             allow_messages_after_resolved, lock_to_single_conversation, sender_name_type, created_at, updated_at)
         VALUES (1, 1, 1, 'Desk', FALSE, TRUE, 'UTC', FALSE, FALSE, '{}', FALSE, '{}', FALSE, FALSE, 'friendly', 0, 0)
         RETURNING 1",
        "INSERT INTO working_hours (account_id, inbox_id, day_of_week, closed_all_day, open_all_day, open_hour,
             open_minutes, close_hour, close_minutes)
         VALUES (1, 1, 3, FALSE, FALSE, 8, 30, 16, 15), (1, 1, 0, TRUE, FALSE, NULL, NULL, NULL, NULL) RETURNING 1",
    ] {
        let done: Result<Vec<(i64,)>, ::store::Error> = old.write(move |tx| tx.query_built(text, &[])).await;
        done.unwrap();
    }
    drop(old);
    let options = database.options.clone();
    spawn_blocking(move || Store::migrate(&options, MIGRATIONS)).await.unwrap().unwrap();

    let (account, inbox) = (AccountId::new(1), InboxId::new(1));
    let rows = database.open().read(move |conn| super::list(conn, account, &[inbox])).await.unwrap();
    let rows: Vec<_> =
        rows.iter().map(|row| (row.day_of_week, row.closed_all_day, row.open_hour, row.close_minutes)).collect();
    assert_eq!(rows, [(0, true, None, None), (3, false, Some(8), Some(15))]);
}

#[db_test]
async fn an_inbox_shows_all_times_of_a_day_in_their_order_and_counts_them(app: TestApp) {
    let account = app.account().await;
    let administrator = app.administrator(account).await;
    let inbox = app.api_inbox(&administrator).await;
    let path = administrator.path(&format!("inboxes/{inbox}"));
    let slot = |from: i64, to: i64| json!({"day_of_week": 1, "open_hour": from, "open_minutes": 0, "close_hour": to, "close_minutes": 0});
    let change = async |body: Value| {
        let answer = app.call(Method::PATCH, &path, Some(&administrator.token), Some(&body)).await;
        let hours = answer.expect(200).json()["working_hours"].as_array().unwrap().clone();
        hours.iter().map(|row| (row["day_of_week"].clone(), row["open_hour"].clone())).collect::<Vec<_>>()
    };
    let split =
        change(json!({"working_hours_enabled": true, "working_hours": [slot(13, 17), slot(9, 12), slot(7, 8)]})).await;
    assert_eq!(split.len(), 9);
    assert_eq!(split[1..4], [(json!(1), json!(7)), (json!(1), json!(9)), (json!(1), json!(13))]);
    // The clock of the tests begins on a Monday at ten.
    let (start, end) = (START, START.plus(Duration::from_hours(4)));
    let counted = app.app.store.read(move |conn| super::seconds_open(conn, account, inbox, start, end)).await.unwrap();
    assert!((counted - 3.0 * HOUR).abs() < 1e-6, "{counted}");
    let body = json!({"working_hours": [slot(9, 12), slot(11, 14)]});
    app.call(Method::PATCH, &path, Some(&administrator.token), Some(&body)).await.expect(422);
    let whole = change(json!({"working_hours": [slot(10, 11)]})).await;
    assert_eq!((whole.len(), &whole[1]), (7, &(json!(1), json!(10))));
}
