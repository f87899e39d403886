//! The SQL of automation rules.

use edge::Result;
use store::{Conn, Tx, params, sql};
use types::{AccountId, AutomationEvent, AutomationRuleId, Json};

use super::{AutomationRule, Draft};

/// The columns of [`AutomationRule`].
macro_rules! columns {
    () => {
        "id, account_id, name, description, event_name, active, conditions, actions, created_at, updated_at"
    };
}

/// All rules of the account, by id.
pub fn list(conn: &mut Conn<'_>, account: AccountId) -> Result<Vec<AutomationRule>> {
    Ok(conn
        .query(sql!("SELECT ", columns!(), " FROM automation_rules WHERE account_id = $1 ORDER BY id"), (account,))?)
}

/// The rule.
pub fn find(conn: &mut Conn<'_>, account: AccountId, id: AutomationRuleId) -> Result<Option<AutomationRule>> {
    Ok(conn.query_opt(
        sql!("SELECT ", columns!(), " FROM automation_rules WHERE account_id = $1 AND id = $2"),
        (account, id),
    )?)
}

/// The rule, locked until the end of the transaction.
pub(super) fn lock(tx: &mut Tx<'_>, account: AccountId, id: AutomationRuleId) -> Result<Option<AutomationRule>> {
    Ok(tx.query_opt(
        sql!("SELECT ", columns!(), " FROM automation_rules WHERE account_id = $1 AND id = $2 FOR UPDATE"),
        (account, id),
    )?)
}

/// Stores a rule.
pub(super) fn insert(
    tx: &mut Tx<'_>,
    account: AccountId,
    draft: &Draft,
    event: AutomationEvent,
) -> Result<AutomationRule> {
    let now = tx.now();
    Ok(tx.query_one(
        sql!(
            "INSERT INTO automation_rules (account_id, name, description, event_name, active, conditions, actions,
                 created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) RETURNING ",
            columns!()
        ),
        params![
            account,
            draft.name,
            draft.description,
            event,
            draft.active,
            Json::of(&draft.conditions),
            Json::of(&draft.actions),
            now,
        ],
    )?)
}

/// Writes back what may change.
pub(super) fn update(tx: &mut Tx<'_>, rule: &AutomationRule) -> Result<()> {
    tx.execute(
        sql!(
            "UPDATE automation_rules SET name = $3, description = $4, event_name = $5, active = $6, conditions = $7,
                 actions = $8, updated_at = $9
             WHERE account_id = $1 AND id = $2"
        ),
        params![
            rule.account_id,
            rule.id,
            rule.name,
            rule.description,
            rule.event_name,
            rule.active,
            rule.conditions,
            rule.actions,
            rule.updated_at,
        ],
    )?;
    Ok(())
}

/// Removes a locked rule.
pub(super) fn delete(tx: &mut Tx<'_>, account: AccountId, id: AutomationRuleId) -> Result<()> {
    tx.execute(sql!("DELETE FROM automation_rules WHERE account_id = $1 AND id = $2"), (account, id))?;
    Ok(())
}
