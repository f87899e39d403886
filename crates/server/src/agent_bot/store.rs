//! The SQL of agent bots.

use edge::Result;
use store::{Conn, Tx, sql};
use types::{AccountId, AgentBotId, InboxId, PlatformAppId, Timestamp};

use super::{AgentBot, Draft};
use crate::file::avatar;

/// Selects [`AgentBot`] from bots `b` and their keys, without those that are being deleted.
macro_rules! select {
    ($more:literal) => {
        sql!(
            "SELECT b.id, b.account_id, b.name, b.description, b.outgoing_url, b.bot_type, b.bot_config,
                    t.token AS access_token, b.secret, b.previous_secret, b.previous_secret_until, ",
            avatar!("b"),
            " FROM agent_bots b JOIN access_tokens t ON t.agent_bot_id = b.id
              WHERE b.deleting_at IS NULL AND ",
            $more
        )
    };
}

/// The bot.
pub fn find(conn: &mut Conn<'_>, id: AgentBotId) -> Result<Option<AgentBot>> {
    Ok(conn.query_opt(select!("b.id = $1"), (id,))?)
}

/// The bot, if the account may use it: its own, or one of the whole installation.
pub fn find_usable(conn: &mut Conn<'_>, account: AccountId, id: AgentBotId) -> Result<Option<AgentBot>> {
    Ok(conn.query_opt(select!("(b.account_id = $1 OR b.account_id IS NULL) AND b.id = $2"), (account, id))?)
}

/// The bots that the account may use, by id: its own, and those of the whole installation.
pub fn list_usable(conn: &mut Conn<'_>, account: AccountId) -> Result<Vec<AgentBot>> {
    Ok(conn.query(select!("(b.account_id = $1 OR b.account_id IS NULL) ORDER BY b.id"), (account,))?)
}

/// The bots that were granted to the app, by id.
pub fn list_granted(conn: &mut Conn<'_>, app: PlatformAppId) -> Result<Vec<AgentBot>> {
    Ok(conn.query(
        select!("b.id IN (SELECT agent_bot_id FROM platform_app_grants WHERE platform_app_id = $1) ORDER BY b.id"),
        (app,),
    )?)
}

/// Whether the account may use the bot: its own, or one of the whole installation.
pub fn is_usable(conn: &mut Conn<'_>, account: AccountId, bot: AgentBotId) -> Result<bool> {
    let row: Option<(AgentBotId,)> = conn.query_opt(
        sql!(
            "SELECT id FROM agent_bots
             WHERE (account_id = $1 OR account_id IS NULL) AND id = $2 AND deleting_at IS NULL"
        ),
        (account, bot),
    )?;
    Ok(row.is_some())
}

/// The same; the bot cannot be removed before the end of the transaction.
pub fn hold_usable(tx: &mut Tx<'_>, account: AccountId, bot: AgentBotId) -> Result<bool> {
    let row: Option<(AgentBotId,)> = tx.query_opt(
        sql!(
            "SELECT id FROM agent_bots
             WHERE (account_id = $1 OR account_id IS NULL) AND id = $2 AND deleting_at IS NULL FOR KEY SHARE"
        ),
        (account, bot),
    )?;
    Ok(row.is_some())
}

/// The bot, locked until the end of the transaction.
pub(super) fn lock(tx: &mut Tx<'_>, id: AgentBotId) -> Result<Option<AgentBot>> {
    let row: Option<(AgentBotId,)> =
        tx.query_opt(sql!("SELECT id FROM agent_bots WHERE id = $1 AND deleting_at IS NULL FOR UPDATE"), (id,))?;
    if row.is_some() { find(tx, id) } else { Ok(None) }
}

/// Stores a bot, its API key and the secret that signs what it is told.
pub(super) fn insert(tx: &mut Tx<'_>, draft: &Draft, token: &str, secret: &str) -> Result<AgentBotId> {
    let now = tx.now();
    let (id,): (AgentBotId,) = tx.query_one(
        sql!(
            "INSERT INTO agent_bots (account_id, name, description, outgoing_url, bot_type, bot_config, secret,
                 created_at, updated_at)
             VALUES ($1, $2, $3, $4, 'webhook', $5, $6, $7, $7) RETURNING id"
        ),
        (
            draft.account_id,
            draft.name.as_deref(),
            draft.description.as_deref(),
            draft.outgoing_url.as_deref(),
            &draft.bot_config,
            secret,
            now,
        ),
    )?;
    tx.execute(
        sql!("INSERT INTO access_tokens (token, agent_bot_id, created_at) VALUES ($1, $2, $3)"),
        (token, id, now),
    )?;
    Ok(id)
}

/// Writes back what may change.
pub(super) fn update(tx: &mut Tx<'_>, id: AgentBotId, draft: &Draft) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!(
            "UPDATE agent_bots SET account_id = $2, name = $3, description = $4, outgoing_url = $5, bot_config = $6,
                 updated_at = $7
             WHERE id = $1"
        ),
        (
            id,
            draft.account_id,
            draft.name.as_deref(),
            draft.description.as_deref(),
            draft.outgoing_url.as_deref(),
            &draft.bot_config,
            now,
        ),
    )?;
    Ok(())
}

/// Gives the bot another API key.
pub(super) fn update_token(tx: &mut Tx<'_>, id: AgentBotId, token: &str) -> Result<()> {
    let now = tx.now();
    tx.execute(sql!("UPDATE access_tokens SET token = $2, created_at = $3 WHERE agent_bot_id = $1"), (id, token, now))?;
    Ok(())
}

/// Gives the bot another secret; the one before is good until `until`.
pub(super) fn replace_secret(tx: &mut Tx<'_>, id: AgentBotId, secret: &str, until: Timestamp) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!(
            "UPDATE agent_bots SET previous_secret = secret, previous_secret_until = $3, secret = $2, updated_at = $4
             WHERE id = $1"
        ),
        (id, secret, until, now),
    )?;
    Ok(())
}

/// Disconnects the bot from the inboxes of every account but `kept`; gives those that it was connected to.
pub(super) fn disconnect(
    tx: &mut Tx<'_>,
    id: AgentBotId,
    kept: Option<AccountId>,
) -> Result<Vec<(AccountId, InboxId)>> {
    Ok(tx.query(
        sql!(
            "DELETE FROM agent_bot_inboxes
             WHERE agent_bot_id = $1 AND (CAST($2 AS BIGINT) IS NULL OR account_id <> $2)
             RETURNING account_id, inbox_id"
        ),
        (id, kept),
    )?)
}

/// Hides the bot, and takes its API key and what was granted of it.
pub(super) fn hide(tx: &mut Tx<'_>, id: AgentBotId) -> Result<()> {
    let now = tx.now();
    tx.execute(sql!("UPDATE agent_bots SET deleting_at = $2 WHERE id = $1"), (id, now))?;
    tx.execute(sql!("DELETE FROM access_tokens WHERE agent_bot_id = $1"), (id,))?;
    tx.execute(sql!("DELETE FROM platform_app_grants WHERE agent_bot_id = $1"), (id,))?;
    Ok(())
}
