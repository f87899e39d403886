//! What was done outside of any account, and deletions inside of one: kept apart from the event log, and never
//! trimmed.

use edge::Result;
use serde_json::Value;
use store::{Tx, sql};
use types::{AccountId, Json};

use crate::events::Actor;

/// Notes that the operator did `action` (`noun.past_participle`) to what the ids in `subject` name.
pub fn record(tx: &mut Tx<'_>, action: &str, subject: &Value) -> Result<()> {
    record_by(tx, &Actor::Operator, action, subject)
}

/// The same of somebody else, such as a user who changes its own password.
pub fn record_by(tx: &mut Tx<'_>, actor: &Actor, action: &str, subject: &Value) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!("INSERT INTO audit_log (actor, action, subject, changes, created_at) VALUES ($1, $2, $3, $4, $5)"),
        (actor.label(), action, Json::of(subject), Json::object(), now),
    )?;
    Ok(())
}

/// Notes that `actor` did `action` in the account; it goes with the account.
pub fn record_in(tx: &mut Tx<'_>, account: AccountId, actor: &Actor, action: &str, subject: &Value) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!(
            "INSERT INTO audit_log (account_id, actor, action, subject, changes, created_at)
             VALUES ($1, $2, $3, $4, $5, $6)"
        ),
        (account, actor.label(), action, Json::of(subject), Json::object(), now),
    )?;
    Ok(())
}
