//! The SQL of inboxes.

use edge::{Error, Result};
use store::{Conn, Tx, params, sql};
use types::{AccountId, AgentBotId, ChannelId, ChannelKind, InboxId, Json, Timestamp, UserId};

use super::Inbox;
use super::channel::Channel;
use super::draft::Draft;
use crate::file::avatar;
use crate::token;

/// Selects [`Inbox`] from inboxes `i` and their channels `ch`, without those that are being deleted.
macro_rules! select {
    ($($more:literal),*) => {
        sql!(
            "SELECT i.id, i.account_id, i.channel_id, i.name, i.email_address, i.greeting_enabled, i.greeting_message,
                    i.working_hours_enabled, i.out_of_office_message, i.timezone, i.enable_email_collect,
                    i.csat_survey_enabled, i.csat_config, i.enable_auto_assignment, i.auto_assignment_config,
                    i.allow_messages_after_resolved, i.lock_to_single_conversation, i.sender_name_type,
                    i.business_name, i.created_at, i.updated_at, ch.kind AS channel_kind, ch.identifier,
                    ch.website_token, ch.hmac_token, ch.hmac_mandatory, ch.email, ch.forward_to_email,
                    ch.settings AS channel_settings, ch.previous_secret, ch.previous_secret_until, ",
            avatar!("i"),
            " FROM inboxes i JOIN channels ch ON ch.id = i.channel_id ",
            $($more),*
        )
    };
}

/// The inbox with this id.
pub fn find(conn: &mut Conn<'_>, account: AccountId, id: InboxId) -> Result<Option<Inbox>> {
    Ok(conn.query_opt(select!("WHERE i.account_id = $1 AND i.id = $2 AND i.deleting_at IS NULL"), (account, id))?)
}

/// The inbox, locked until the end of the transaction: the first thing every change does. What is made below it need
/// not wait.
pub fn lock(tx: &mut Tx<'_>, account: AccountId, id: InboxId) -> Result<Option<Inbox>> {
    let row: Option<(InboxId,)> = tx.query_opt(
        sql!("SELECT id FROM inboxes WHERE account_id = $1 AND id = $2 AND deleting_at IS NULL FOR NO KEY UPDATE"),
        (account, id),
    )?;
    if row.is_some() { find(tx, account, id) } else { Ok(None) }
}

/// The API inbox that the Public API calls `identifier`, if its account is active (rest.md §2.5).
pub fn find_by_identifier(conn: &mut Conn<'_>, identifier: &str) -> Result<Option<Inbox>> {
    Ok(conn.query_opt(
        select!(
            "JOIN accounts a ON a.id = i.account_id
             WHERE ch.identifier = $1 AND ch.kind = 'Channel::Api' AND i.deleting_at IS NULL AND a.status = 'active'
               AND a.deleting_at IS NULL"
        ),
        (identifier,),
    )?)
}

/// Keeps the inbox from being deleted until the end of the transaction; false when it is already. Whatever is made
/// below it is made after this.
pub fn hold(tx: &mut Tx<'_>, account: AccountId, id: InboxId) -> Result<bool> {
    let held: Option<(InboxId,)> = tx.query_opt(
        sql!("SELECT id FROM inboxes WHERE account_id = $1 AND id = $2 AND deleting_at IS NULL FOR KEY SHARE"),
        (account, id),
    )?;
    Ok(held.is_some())
}

/// Locks the inbox against everything until the end of the transaction, those that make something below it included;
/// gives its channel.
pub(super) fn lock_to_delete(tx: &mut Tx<'_>, account: AccountId, id: InboxId) -> Result<Option<ChannelId>> {
    let row: Option<(ChannelId,)> = tx.query_opt(
        sql!("SELECT channel_id FROM inboxes WHERE account_id = $1 AND id = $2 AND deleting_at IS NULL FOR UPDATE"),
        (account, id),
    )?;
    Ok(row.map(|(channel,)| channel))
}

/// Hides the inbox from every answer.
pub(super) fn set_deleting(tx: &mut Tx<'_>, account: AccountId, id: InboxId) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!("UPDATE inboxes SET deleting_at = $3, updated_at = $3 WHERE account_id = $1 AND id = $2"),
        (account, id, now),
    )?;
    Ok(())
}

/// Lets other inboxes have the mail addresses of these channels.
pub fn free_addresses(tx: &mut Tx<'_>, account: AccountId, channels: &[ChannelId]) -> Result<()> {
    tx.execute(
        sql!(
            "UPDATE channels SET email = NULL, forward_to_email = NULL
             WHERE account_id = $1 AND id = ANY($2) AND email IS NOT NULL"
        ),
        (account, channels),
    )?;
    Ok(())
}

/// Ends the connection of the inbox with its bot.
pub(super) fn disconnect_bot(tx: &mut Tx<'_>, account: AccountId, id: InboxId) -> Result<()> {
    tx.execute(sql!("DELETE FROM agent_bot_inboxes WHERE account_id = $1 AND inbox_id = $2"), (account, id))?;
    Ok(())
}

/// All inboxes of the account, by id.
pub fn list(conn: &mut Conn<'_>, account: AccountId) -> Result<Vec<Inbox>> {
    Ok(conn.query(select!("WHERE i.account_id = $1 AND i.deleting_at IS NULL ORDER BY i.id"), (account,))?)
}

/// Those of `ids` that the account has, by id.
pub fn list_by_ids(conn: &mut Conn<'_>, account: AccountId, ids: &[InboxId]) -> Result<Vec<Inbox>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(conn.query(
        select!("WHERE i.account_id = $1 AND i.id = ANY($2) AND i.deleting_at IS NULL ORDER BY i.id"),
        (account, ids),
    )?)
}

/// The inboxes that the user is a member of, by id.
pub fn list_of_member(conn: &mut Conn<'_>, account: AccountId, user: UserId) -> Result<Vec<Inbox>> {
    Ok(conn.query(
        select!(
            "JOIN inbox_members m ON m.account_id = i.account_id AND m.inbox_id = i.id
             WHERE i.account_id = $1 AND m.user_id = $2 AND i.deleting_at IS NULL ORDER BY i.id"
        ),
        (account, user),
    )?)
}

/// The number of inboxes.
pub fn count(conn: &mut Conn<'_>, account: AccountId) -> Result<i64> {
    let (count,): (i64,) = conn.query_one(
        sql!("SELECT COUNT(*) FROM inboxes i WHERE i.account_id = $1 AND i.deleting_at IS NULL"),
        (account,),
    )?;
    Ok(count)
}

/// The kind of the inbox's channel; without the inbox "not found".
pub fn find_channel_kind(conn: &mut Conn<'_>, account: AccountId, inbox: InboxId) -> Result<ChannelKind> {
    let row: Option<(ChannelKind,)> = conn.query_opt(
        sql!(
            "SELECT ch.kind FROM inboxes i JOIN channels ch ON ch.id = i.channel_id
             WHERE i.account_id = $1 AND i.id = $2 AND i.deleting_at IS NULL"
        ),
        (account, inbox),
    )?;
    row.map(|(kind,)| kind).ok_or(Error::NotFound("inbox"))
}

/// Whether the user is a member of the inbox.
pub fn is_member(conn: &mut Conn<'_>, account: AccountId, inbox: InboxId, user: UserId) -> Result<bool> {
    let row: Option<(UserId,)> = conn.query_opt(
        sql!("SELECT user_id FROM inbox_members WHERE account_id = $1 AND inbox_id = $2 AND user_id = $3"),
        (account, inbox, user),
    )?;
    Ok(row.is_some())
}

/// Whether the inbox gives open conversations to its members in turn.
pub fn assigns_automatically(conn: &mut Conn<'_>, account: AccountId, inbox: InboxId) -> Result<bool> {
    let row: Option<(bool,)> = conn.query_opt(
        sql!("SELECT enable_auto_assignment FROM inboxes WHERE account_id = $1 AND id = $2"),
        (account, inbox),
    )?;
    Ok(row.is_some_and(|(assigns,)| assigns))
}

/// Whether a contact has one conversation in the inbox that reopens, instead of a new one each time.
pub fn keeps_single_conversation(conn: &mut Conn<'_>, account: AccountId, inbox: InboxId) -> Result<bool> {
    let row: Option<(bool,)> = conn.query_opt(
        sql!("SELECT lock_to_single_conversation FROM inboxes WHERE account_id = $1 AND id = $2"),
        (account, inbox),
    )?;
    Ok(row.is_some_and(|(keeps,)| keeps))
}

/// Whether a bot answers in the inbox before people do.
pub fn has_active_bot(conn: &mut Conn<'_>, account: AccountId, inbox: InboxId) -> Result<bool> {
    let row: Option<(InboxId,)> = conn.query_opt(
        sql!("SELECT inbox_id FROM agent_bot_inboxes WHERE account_id = $1 AND inbox_id = $2 AND status = 'active'"),
        (account, inbox),
    )?;
    Ok(row.is_some())
}

/// The bot that answers in the inbox before people do.
pub fn find_bot(conn: &mut Conn<'_>, account: AccountId, inbox: InboxId) -> Result<Option<AgentBotId>> {
    let row: Option<(AgentBotId,)> = conn.query_opt(
        sql!(
            "SELECT agent_bot_id FROM agent_bot_inboxes WHERE account_id = $1 AND inbox_id = $2 AND status = 'active'"
        ),
        (account, inbox),
    )?;
    Ok(row.map(|(bot,)| bot))
}

/// Connects the inbox with a bot, or with none; gives the one before.
pub fn set_bot(
    tx: &mut Tx<'_>,
    account: AccountId,
    inbox: InboxId,
    bot: Option<AgentBotId>,
) -> Result<Option<AgentBotId>> {
    let before: Option<(AgentBotId,)> = tx.query_opt(
        sql!("DELETE FROM agent_bot_inboxes WHERE account_id = $1 AND inbox_id = $2 RETURNING agent_bot_id"),
        (account, inbox),
    )?;
    let now = tx.now();
    if let Some(bot) = bot {
        tx.execute(
            sql!(
                "INSERT INTO agent_bot_inboxes (account_id, inbox_id, agent_bot_id, status, created_at)
                 VALUES ($1, $2, $3, 'active', $4)"
            ),
            (account, inbox, bot, now),
        )?;
    }
    Ok(before.map(|(before,)| before))
}

/// Whether the member of the table alias `au` sees what is in the inbox `$2`.
macro_rules! sees_inbox {
    () => {
        "au.role = 'administrator' OR EXISTS (
             SELECT 1 FROM inbox_members m
             WHERE m.account_id = au.account_id AND m.inbox_id = $2 AND m.user_id = au.user_id)"
    };
}

/// Those of `users` who see the inbox, by id: its members and the account's administrators.
pub fn filter_viewers(
    conn: &mut Conn<'_>,
    account: AccountId,
    inbox: InboxId,
    users: &[UserId],
) -> Result<Vec<UserId>> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(UserId,)> = conn.query(
        sql!(
            "SELECT au.user_id FROM account_users au
             JOIN users u ON u.id = au.user_id
             WHERE au.account_id = $1 AND au.user_id = ANY($3) AND u.deleting_at IS NULL
               AND (",
            sees_inbox!(),
            ") ORDER BY au.user_id"
        ),
        (account, inbox, users),
    )?;
    Ok(rows.into_iter().map(|(user,)| user).collect())
}

/// The members that see what is in the inbox, with the keys of their sockets; nobody when the account is not active.
pub fn list_viewers(conn: &mut Conn<'_>, account: AccountId, inbox: InboxId) -> Result<Vec<(UserId, String)>> {
    Ok(conn.query(
        sql!(
            "SELECT au.user_id, u.pubsub_token FROM account_users au
             JOIN users u ON u.id = au.user_id
             JOIN accounts a ON a.id = au.account_id
             WHERE au.account_id = $1 AND u.deleting_at IS NULL AND a.deleting_at IS NULL AND a.status = 'active'
               AND (",
            sees_inbox!(),
            ") ORDER BY au.user_id"
        ),
        (account, inbox),
    )?)
}

/// Stores a channel with tokens of its own; an e-mail address that another inbox has is refused.
pub fn insert_channel(tx: &mut Tx<'_>, account: AccountId, channel: &Channel) -> Result<ChannelId> {
    let now = tx.now();
    let kind = channel.kind();
    let (email, forward_to_email) = match channel {
        Channel::Email { email, forward_to_email, .. } => (Some(email), Some(forward_to_email)),
        Channel::Website { .. } | Channel::Api { .. } => (None, None),
    };
    let row: Option<(ChannelId,)> = tx.query_opt(
        sql!(
            "INSERT INTO channels (account_id, kind, identifier, website_token, hmac_token, hmac_mandatory, email,
                 forward_to_email, settings, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
             ON CONFLICT (email) DO NOTHING RETURNING id"
        ),
        (
            account,
            kind,
            (kind == ChannelKind::Api).then(token::random),
            (kind == ChannelKind::WebWidget).then(token::random),
            (kind != ChannelKind::Email).then(token::random),
            channel.is_hmac_mandatory(),
            email,
            forward_to_email,
            channel.settings(),
            now,
        ),
    )?;
    row.map(|(id,)| id).ok_or_else(|| Error::invalid("email", "has already been taken"))
}

/// Stores an inbox.
pub fn insert(tx: &mut Tx<'_>, account: AccountId, channel: ChannelId, draft: &Draft) -> Result<InboxId> {
    let now = tx.now();
    let (id,): (InboxId,) = tx.query_one(
        sql!(
            "INSERT INTO inboxes (account_id, channel_id, name, greeting_enabled, greeting_message,
                 working_hours_enabled, out_of_office_message, timezone, enable_email_collect, csat_survey_enabled,
                 csat_config, enable_auto_assignment, auto_assignment_config, allow_messages_after_resolved,
                 lock_to_single_conversation, sender_name_type, business_name, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $18)
             RETURNING id"
        ),
        params![
            account,
            channel,
            draft.name,
            draft.greeting_enabled,
            draft.greeting_message,
            draft.working_hours_enabled,
            draft.out_of_office_message,
            draft.timezone,
            draft.enable_email_collect,
            draft.csat_survey_enabled,
            Json::of(&draft.csat_config),
            draft.enable_auto_assignment,
            Json::object(),
            draft.allow_messages_after_resolved,
            draft.lock_to_single_conversation,
            draft.sender_name_type,
            draft.business_name,
            now,
        ],
    )?;
    Ok(id)
}

/// Writes back what may change of an inbox and its channel; an e-mail address that another inbox has is refused.
pub fn update(tx: &mut Tx<'_>, inbox: &Inbox, draft: &Draft) -> Result<()> {
    let now = tx.now();
    let email = match &draft.channel {
        Channel::Email { email, .. } => Some(email.as_str()),
        Channel::Website { .. } | Channel::Api { .. } => None,
    };
    let updated = tx.execute(
        sql!(
            "UPDATE channels SET hmac_mandatory = $3, email = $4, settings = $5, updated_at = $6
             WHERE account_id = $1 AND id = $2"
        ),
        (inbox.account_id, inbox.channel_id, draft.channel.is_hmac_mandatory(), email, draft.channel.settings(), now),
    );
    match updated {
        // The address is all that is unique of what may change.
        Err(store::Error::Duplicate(_)) => return Err(Error::invalid("email", "has already been taken")),
        other => other?,
    };
    tx.execute(
        sql!(
            "UPDATE inboxes SET name = $3, greeting_enabled = $4, greeting_message = $5, working_hours_enabled = $6,
                 out_of_office_message = $7, timezone = $8, enable_email_collect = $9, csat_survey_enabled = $10,
                 csat_config = $11, enable_auto_assignment = $12, allow_messages_after_resolved = $13,
                 lock_to_single_conversation = $14, sender_name_type = $15, business_name = $16, updated_at = $17
             WHERE account_id = $1 AND id = $2"
        ),
        params![
            inbox.account_id,
            inbox.id,
            draft.name,
            draft.greeting_enabled,
            draft.greeting_message,
            draft.working_hours_enabled,
            draft.out_of_office_message,
            draft.timezone,
            draft.enable_email_collect,
            draft.csat_survey_enabled,
            Json::of(&draft.csat_config),
            draft.enable_auto_assignment,
            draft.allow_messages_after_resolved,
            draft.lock_to_single_conversation,
            draft.sender_name_type,
            draft.business_name,
            now,
        ],
    )?;
    Ok(())
}

/// Keeps the secret that the inbox's channel had before; it is good until `until`.
pub(super) fn keep_secret(tx: &mut Tx<'_>, inbox: &Inbox, secret: &str, until: Timestamp) -> Result<()> {
    tx.execute(
        sql!("UPDATE channels SET previous_secret = $3, previous_secret_until = $4 WHERE account_id = $1 AND id = $2"),
        (inbox.account_id, inbox.channel_id, secret, until),
    )?;
    Ok(())
}

/// Makes `users` of the account members of the inbox, at `turn` of its queue; gives those who were none.
pub fn insert_members(
    tx: &mut Tx<'_>,
    account: AccountId,
    inbox: InboxId,
    users: &[UserId],
    turn: i64,
) -> Result<Vec<UserId>> {
    let now = tx.now();
    let rows: Vec<(UserId,)> = tx.query(
        sql!(
            "INSERT INTO inbox_members (account_id, inbox_id, user_id, turn, created_at)
             SELECT au.account_id, CAST($2 AS BIGINT), au.user_id, CAST($4 AS BIGINT), CAST($5 AS BIGINT)
             FROM account_users au
             WHERE au.account_id = $1 AND au.user_id = ANY($3)
             ORDER BY au.user_id
             ON CONFLICT (account_id, inbox_id, user_id) DO NOTHING RETURNING user_id"
        ),
        (account, inbox, users, turn, now),
    )?;
    let mut added: Vec<UserId> = rows.into_iter().map(|(user,)| user).collect();
    added.sort_unstable();
    Ok(added)
}

/// The members of the inbox, by id.
pub fn list_member_ids(conn: &mut Conn<'_>, account: AccountId, inbox: InboxId) -> Result<Vec<UserId>> {
    let rows: Vec<(UserId,)> = conn.query(
        sql!("SELECT user_id FROM inbox_members WHERE account_id = $1 AND inbox_id = $2 ORDER BY user_id"),
        (account, inbox),
    )?;
    Ok(rows.into_iter().map(|(user,)| user).collect())
}

/// Ends the membership of `users`; gives those who were members, by id.
pub fn delete_members(tx: &mut Tx<'_>, account: AccountId, inbox: InboxId, users: &[UserId]) -> Result<Vec<UserId>> {
    let rows: Vec<(UserId,)> = tx.query(
        sql!(
            "DELETE FROM inbox_members WHERE account_id = $1 AND inbox_id = $2 AND user_id = ANY($3)
             RETURNING user_id"
        ),
        (account, inbox, users),
    )?;
    let mut removed: Vec<UserId> = rows.into_iter().map(|(user,)| user).collect();
    removed.sort_unstable();
    Ok(removed)
}
