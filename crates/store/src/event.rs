//! The append-only log: one per account, numbered without gaps.

use std::collections::{BTreeMap, BTreeSet};

use types::{AccountId, Json, Timestamp};
use uuid::Uuid;

use crate::{Error, Result, Tx, sql, stamp};

/// An event to be recorded. Its number, id and time are given when the transaction ends.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// The account in whose log it stands.
    pub account_id: AccountId,
    /// `noun.past_participle`.
    pub name: &'static str,
    /// Who did it: `user:7`, `contact:3`, `agent_bot:2`, `system`.
    pub actor: String,
    /// The event that led to this one, when a rule or a bot acted.
    pub cause_id: Option<Uuid>,
    /// Ids of what it is about: `{"conversation_id": 12}`.
    pub subject: Json,
    /// What changed: `{"status": ["open", "resolved"]}`, or what must not drift.
    pub changes: Json,
    /// The kinds of things that are not as they were: their stamps move, see [`crate::Stamps`].
    pub stamps: &'static [&'static str],
}

/// Numbers `events` and writes them. The accounts' counter rows are locked from here to the commit only.
pub(crate) fn append(tx: &mut Tx<'_>, events: &[NewEvent]) -> Result<()> {
    let mut by_account: BTreeMap<AccountId, Vec<&NewEvent>> = BTreeMap::new();
    for event in events {
        by_account.entry(event.account_id).or_default().push(event);
    }
    let now = tx.now();
    for (account, events) in by_account {
        let count = i64::try_from(events.len()).expect("a transaction's events fit memory");
        let last = reserve(tx, account, count)?;
        for (seq, event) in (last - count + 1..).zip(&events) {
            tx.execute(
                sql!(
                    "INSERT INTO events (account_id, seq, id, name, actor, cause, subject, changes, created_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
                ),
                (
                    account,
                    seq,
                    new_id(now).to_string(),
                    event.name,
                    event.actor.as_str(),
                    event.cause_id.map(|id| id.to_string()),
                    &event.subject,
                    &event.changes,
                    now,
                ),
            )?;
        }
        // One after the other, since the account's counter row is locked.
        for name in events.iter().flat_map(|event| event.stamps).collect::<BTreeSet<_>>() {
            stamp::advance(tx, account, name)?;
        }
    }
    Ok(())
}

/// Takes the account's next `count` numbers; gives the last of them. Fails when the account is being deleted or gone.
fn reserve(tx: &mut Tx<'_>, account: AccountId, count: i64) -> Result<i64> {
    let taken: Result<Option<(i64,)>> = tx.query_opt(
        sql!(
            "INSERT INTO account_counters (account_id, event_seq) VALUES ($1, $2)
             ON CONFLICT (account_id) DO UPDATE SET event_seq = account_counters.event_seq + excluded.event_seq
             WHERE NOT account_counters.is_closed
             RETURNING event_seq"
        ),
        (account, count),
    );
    match taken {
        Ok(Some((last,))) => Ok(last),
        Ok(None) | Err(Error::Constraint(_)) => Err(Error::LogClosed),
        Err(error) => Err(error),
    }
}

/// Lets the account's log take no event any more; transactions that record one wait for this one and then fail.
pub(crate) fn close(tx: &mut Tx<'_>, account: AccountId) -> Result<()> {
    tx.execute(
        sql!(
            "INSERT INTO account_counters (account_id, event_seq, is_closed) VALUES ($1, 0, TRUE)
             ON CONFLICT (account_id) DO UPDATE SET is_closed = TRUE"
        ),
        (account,),
    )?;
    Ok(())
}

/// An id that sorts by `now`, to the millisecond.
fn new_id(now: Timestamp) -> Uuid {
    let micros = u64::try_from(now.as_micros()).unwrap_or_default();
    let nanos = u32::try_from(micros % 1_000_000 * 1_000).expect("less than a second");
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, micros / 1_000_000, nanos))
}
