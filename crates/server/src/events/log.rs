//! Reading the log.

use edge::Result;
use store::{Conn, sql};
use tracing::warn;
use types::{AccountId, Json, Timestamp, UserId};

use super::event::{Event, Row};

/// An event as it stands in the log.
#[derive(Debug, Clone)]
pub struct Logged {
    /// Its number in the account's log.
    pub seq: i64,
    /// Its id, for everybody who hears of it.
    pub id: String,
    /// Who did it, see [`super::Actor::label`].
    pub actor: String,
    /// When.
    pub created_at: Timestamp,
    /// What; `None` when it is of a version that knows more.
    pub event: Option<Event>,
}

impl Logged {
    /// The user who did it.
    pub fn user(&self) -> Option<UserId> {
        self.actor.strip_prefix("user:")?.parse().ok().map(UserId::new)
    }
}

store::row! {
    struct LoggedRow {
        seq: i64,
        id: String,
        name: String,
        actor: String,
        subject: Json,
        changes: Json,
        created_at: Timestamp,
    }
}

/// At most `limit` events after the number `after`, in their order.
pub fn read_after(conn: &mut Conn<'_>, account: AccountId, after: i64, limit: i64) -> Result<Vec<Logged>> {
    let rows: Vec<LoggedRow> = conn.query(
        sql!(
            "SELECT seq, id, name, actor, subject, changes, created_at FROM events
             WHERE account_id = $1 AND seq > $2 ORDER BY seq LIMIT $3"
        ),
        (account, after, limit),
    )?;
    Ok(rows.into_iter().map(LoggedRow::into_logged).collect())
}

/// The number of the last event; 0 when there is none.
pub fn head(conn: &mut Conn<'_>, account: AccountId) -> Result<i64> {
    let row: Option<(i64,)> =
        conn.query_opt(sql!("SELECT event_seq FROM account_counters WHERE account_id = $1"), (account,))?;
    Ok(row.map_or(0, |(seq,)| seq))
}

/// The numbers of the last events of these accounts.
pub fn heads(conn: &mut Conn<'_>, accounts: &[AccountId]) -> Result<Vec<(AccountId, i64)>> {
    Ok(conn.query(sql!("SELECT account_id, event_seq FROM account_counters WHERE account_id = ANY($1)"), (accounts,))?)
}

/// Whether every event after the number `after` is still there: what is older than the log is kept is not.
pub fn reaches_back_to(conn: &mut Conn<'_>, account: AccountId, after: i64) -> Result<bool> {
    let last = head(conn, account)?;
    if after >= last {
        return Ok(after == last);
    }
    let next: Option<(i64,)> =
        conn.query_opt(sql!("SELECT seq FROM events WHERE account_id = $1 AND seq = $2"), (account, after + 1))?;
    Ok(next.is_some())
}

impl LoggedRow {
    fn into_logged(self) -> Logged {
        let row = Row { subject: self.subject.read(), changes: self.changes.read() };
        let event = Event::of_row(&self.name, &row);
        if event.is_none() {
            warn!(name = self.name, seq = self.seq, "the log has an event that this version does not know");
        }
        Logged { seq: self.seq, id: self.id, actor: self.actor, created_at: self.created_at, event }
    }
}
