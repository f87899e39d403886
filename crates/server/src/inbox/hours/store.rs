//! The SQL of opening hours.

use edge::Result;
use store::{Conn, Tx, sql};
use types::{AccountId, InboxId};

use super::draft::Day;

store::row! {
    /// One time at which an inbox is open on one day of the week; or that it is closed on it.
    #[derive(Debug, Clone)]
    pub struct WorkingDay {
        /// The inbox.
        pub inbox_id: InboxId,
        /// 0 is Sunday.
        pub day_of_week: i64,
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
}

/// The opening hours of inboxes, by inbox, day and time.
pub fn list(conn: &mut Conn<'_>, account: AccountId, inboxes: &[InboxId]) -> Result<Vec<WorkingDay>> {
    Ok(conn.query(
        sql!(
            "SELECT inbox_id, day_of_week, closed_all_day, open_all_day, open_hour, open_minutes, close_hour,
                    close_minutes
             FROM working_hours WHERE account_id = $1 AND inbox_id = ANY($2) ORDER BY inbox_id, day_of_week, slot"
        ),
        (account, inboxes),
    )?)
}

/// The name of the time zone of an inbox whose hours count.
pub fn find_zone(conn: &mut Conn<'_>, account: AccountId, inbox: InboxId) -> Result<Option<String>> {
    let row: Option<(String,)> = conn.query_opt(
        sql!("SELECT timezone FROM inboxes WHERE account_id = $1 AND id = $2 AND working_hours_enabled"),
        (account, inbox),
    )?;
    Ok(row.map(|(zone,)| zone))
}

/// Stores the opening hours of a new inbox: Monday to Friday, 9 to 17 (rest.md §6.9).
pub fn insert_defaults(tx: &mut Tx<'_>, account: AccountId, inbox: InboxId) -> Result<()> {
    tx.execute(
        sql!(
            "INSERT INTO working_hours (account_id, inbox_id, day_of_week, slot, closed_all_day, open_all_day,
                 open_hour, open_minutes, close_hour, close_minutes)
             VALUES ($1, $2, 0, 0, TRUE, FALSE, NULL, NULL, NULL, NULL),
                    ($1, $2, 1, 0, FALSE, FALSE, 9, 0, 17, 0),
                    ($1, $2, 2, 0, FALSE, FALSE, 9, 0, 17, 0),
                    ($1, $2, 3, 0, FALSE, FALSE, 9, 0, 17, 0),
                    ($1, $2, 4, 0, FALSE, FALSE, 9, 0, 17, 0),
                    ($1, $2, 5, 0, FALSE, FALSE, 9, 0, 17, 0),
                    ($1, $2, 6, 0, TRUE, FALSE, NULL, NULL, NULL, NULL)"
        ),
        (account, inbox),
    )?;
    Ok(())
}

/// Stores `days` instead of what their days of the week had.
pub fn replace(tx: &mut Tx<'_>, account: AccountId, inbox: InboxId, days: &[Day]) -> Result<()> {
    let mut named: Vec<i64> = days.iter().map(|day| day.day_of_week).collect();
    named.dedup();
    tx.execute(
        sql!("DELETE FROM working_hours WHERE account_id = $1 AND inbox_id = $2 AND day_of_week = ANY($3)"),
        (account, inbox, &named),
    )?;
    for day in days {
        tx.execute(
            sql!(
                "INSERT INTO working_hours (account_id, inbox_id, day_of_week, slot, closed_all_day, open_all_day,
                     open_hour, open_minutes, close_hour, close_minutes)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
            ),
            (
                account,
                inbox,
                day.day_of_week,
                day.slot,
                day.closed_all_day,
                day.open_all_day,
                day.open_hour,
                day.open_minutes,
                day.close_hour,
                day.close_minutes,
            ),
        )?;
    }
    Ok(())
}
