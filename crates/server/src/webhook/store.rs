//! The SQL of webhooks.

use edge::Result;
use store::{Conn, Tx, params, sql};
use types::{AccountId, InboxId, Json, Timestamp, WebhookId};

use super::{Draft, Webhook};
use crate::token;

/// The columns of [`Webhook`].
macro_rules! columns {
    () => {
        "id, account_id, inbox_id, name, url, subscriptions, secret, previous_secret, previous_secret_until, created_at,
         updated_at,
         (SELECT i.name FROM inboxes i WHERE i.account_id = webhooks.account_id AND i.id = webhooks.inbox_id)
             AS inbox_name"
    };
}

/// All webhooks of the account, by id.
pub fn list(conn: &mut Conn<'_>, account: AccountId) -> Result<Vec<Webhook>> {
    Ok(conn.query(sql!("SELECT ", columns!(), " FROM webhooks WHERE account_id = $1 ORDER BY id"), (account,))?)
}

/// The webhook.
pub fn find(conn: &mut Conn<'_>, account: AccountId, id: WebhookId) -> Result<Option<Webhook>> {
    Ok(conn.query_opt(sql!("SELECT ", columns!(), " FROM webhooks WHERE account_id = $1 AND id = $2"), (account, id))?)
}

/// The webhook, locked until the end of the transaction.
pub(super) fn lock(tx: &mut Tx<'_>, account: AccountId, id: WebhookId) -> Result<Option<Webhook>> {
    Ok(tx.query_opt(
        sql!("SELECT ", columns!(), " FROM webhooks WHERE account_id = $1 AND id = $2 FOR UPDATE"),
        (account, id),
    )?)
}

/// Whether another one than `id` has the address.
pub(super) fn is_taken(conn: &mut Conn<'_>, account: AccountId, url: &str, id: WebhookId) -> Result<bool> {
    let row: Option<(WebhookId,)> = conn.query_opt(
        sql!("SELECT id FROM webhooks WHERE account_id = $1 AND url_digest = $2 AND id <> $3"),
        (account, token::digest(url), id),
    )?;
    Ok(row.is_some())
}

/// Stores a webhook; `None` when another one has the address.
pub(super) fn insert(tx: &mut Tx<'_>, account: AccountId, draft: &Draft, secret: &str) -> Result<Option<Webhook>> {
    let now = tx.now();
    Ok(tx.query_opt(
        sql!(
            "INSERT INTO webhooks (account_id, inbox_id, name, url, url_digest, subscriptions, secret, created_at,
                 updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
             ON CONFLICT (account_id, url_digest) DO NOTHING
             RETURNING ",
            columns!()
        ),
        params![
            account,
            draft.inbox_id,
            draft.name,
            draft.url,
            token::digest(&draft.url),
            Json::of(&draft.subscriptions),
            secret,
            now,
        ],
    )?)
}

/// Writes what may change.
pub(super) fn update(tx: &mut Tx<'_>, account: AccountId, id: WebhookId, draft: &Draft) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!(
            "UPDATE webhooks SET inbox_id = $3, name = $4, url = $5, url_digest = $6, subscriptions = $7, updated_at = $8
             WHERE account_id = $1 AND id = $2"
        ),
        params![
            account,
            id,
            draft.inbox_id,
            draft.name,
            draft.url,
            token::digest(&draft.url),
            Json::of(&draft.subscriptions),
            now,
        ],
    )?;
    Ok(())
}

/// Gives it another secret; the one before is good until `until`.
pub(super) fn replace_secret(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: WebhookId,
    secret: &str,
    until: Timestamp,
) -> Result<Option<Webhook>> {
    let now = tx.now();
    Ok(tx.query_opt(
        sql!(
            "UPDATE webhooks SET previous_secret = secret, previous_secret_until = $4, secret = $3, updated_at = $5
             WHERE account_id = $1 AND id = $2
             RETURNING ",
            columns!()
        ),
        (account, id, secret, until, now),
    )?)
}

/// Removes it; false when it is not there.
pub(super) fn delete(tx: &mut Tx<'_>, account: AccountId, id: WebhookId) -> Result<bool> {
    Ok(tx.execute(sql!("DELETE FROM webhooks WHERE account_id = $1 AND id = $2"), (account, id))? > 0)
}

/// Removes those that are about the inbox.
pub(super) fn delete_of_inbox(tx: &mut Tx<'_>, account: AccountId, inbox: InboxId) -> Result<Vec<WebhookId>> {
    let gone: Vec<(WebhookId,)> =
        tx.query(sql!("DELETE FROM webhooks WHERE account_id = $1 AND inbox_id = $2 RETURNING id"), (account, inbox))?;
    let mut ids: Vec<WebhookId> = gone.into_iter().map(|(id,)| id).collect();
    ids.sort_unstable();
    Ok(ids)
}
