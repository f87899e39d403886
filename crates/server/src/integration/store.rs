//! The SQL of integrations.

use edge::Result;
use store::{Conn, Tx, params, sql};
use types::{AccountId, InboxId, IntegrationHookId};

use super::{Draft, Hook};

/// The columns of [`Hook`].
macro_rules! columns {
    () => {
        "id, account_id, app, inbox_id, is_enabled, settings, created_at, updated_at,
         (SELECT i.name FROM inboxes i
          WHERE i.account_id = integration_hooks.account_id AND i.id = integration_hooks.inbox_id) AS inbox_name"
    };
}

/// What the account has connected, by id.
pub fn list(conn: &mut Conn<'_>, account: AccountId) -> Result<Vec<Hook>> {
    Ok(conn
        .query(sql!("SELECT ", columns!(), " FROM integration_hooks WHERE account_id = $1 ORDER BY id"), (account,))?)
}

/// What the account has connected of one app, by id.
pub fn list_of_app(conn: &mut Conn<'_>, account: AccountId, app: &str) -> Result<Vec<Hook>> {
    Ok(conn.query(
        sql!("SELECT ", columns!(), " FROM integration_hooks WHERE account_id = $1 AND app = $2 ORDER BY id"),
        (account, app),
    )?)
}

/// Whether the account has connected the app.
pub(super) fn is_connected(conn: &mut Conn<'_>, account: AccountId, app: &str) -> Result<bool> {
    let row: Option<(IntegrationHookId,)> = conn.query_opt(
        sql!("SELECT id FROM integration_hooks WHERE account_id = $1 AND app = $2 LIMIT 1"),
        (account, app),
    )?;
    Ok(row.is_some())
}

/// The hook, locked until the end of the transaction.
pub(super) fn lock(tx: &mut Tx<'_>, account: AccountId, id: IntegrationHookId) -> Result<Option<Hook>> {
    Ok(tx.query_opt(
        sql!("SELECT ", columns!(), " FROM integration_hooks WHERE account_id = $1 AND id = $2 FOR UPDATE"),
        (account, id),
    )?)
}

/// Stores a hook.
pub(super) fn insert(
    tx: &mut Tx<'_>,
    account: AccountId,
    app: &str,
    inbox: Option<InboxId>,
    draft: &Draft,
) -> Result<Hook> {
    let now = tx.now();
    Ok(tx.query_one(
        sql!(
            "INSERT INTO integration_hooks (account_id, app, inbox_id, is_enabled, settings, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING ",
            columns!()
        ),
        params![account, app, inbox, draft.is_enabled, draft.settings, now],
    )?)
}

/// Writes back what may change.
pub(super) fn update(tx: &mut Tx<'_>, hook: &Hook) -> Result<()> {
    tx.execute(
        sql!(
            "UPDATE integration_hooks SET is_enabled = $3, settings = $4, updated_at = $5
             WHERE account_id = $1 AND id = $2"
        ),
        params![hook.account_id, hook.id, hook.is_enabled, hook.settings, hook.updated_at],
    )?;
    Ok(())
}

/// Removes it; false when it is not there.
pub(super) fn delete(tx: &mut Tx<'_>, account: AccountId, id: IntegrationHookId) -> Result<bool> {
    Ok(tx.execute(sql!("DELETE FROM integration_hooks WHERE account_id = $1 AND id = $2"), (account, id))? > 0)
}

/// Removes those of the inbox.
pub(super) fn delete_of_inbox(tx: &mut Tx<'_>, account: AccountId, inbox: InboxId) -> Result<Vec<IntegrationHookId>> {
    let gone: Vec<(IntegrationHookId,)> = tx.query(
        sql!("DELETE FROM integration_hooks WHERE account_id = $1 AND inbox_id = $2 RETURNING id"),
        (account, inbox),
    )?;
    let mut ids: Vec<IntegrationHookId> = gone.into_iter().map(|(id,)| id).collect();
    ids.sort_unstable();
    Ok(ids)
}
