//! The SQL of conversations.

use edge::Result;
use store::{Conn, Tx, params, sql};
use types::{AccountId, ContactId, ContactInboxId, ConversationId, InboxId, Json, Status, TeamId, Timestamp, UserId};

use super::Conversation;
use super::list::UNPAGED;

/// The columns of [`Conversation`], of the table alias `c`. Who is being deleted is assigned to nothing.
macro_rules! columns {
    () => {
        "c.id, c.account_id, c.display_id, c.uuid, c.inbox_id, c.contact_id, c.contact_inbox_id,
         CASE WHEN c.assignee_id NOT IN (SELECT gone.id FROM users gone WHERE gone.deleting_at IS NOT NULL)
              THEN c.assignee_id END AS assignee_id, c.team_id, c.status, c.priority, c.muted, c.additional_attributes, c.custom_attributes, c.snoozed_until,
         c.waiting_since, c.first_reply_created_at, c.agent_last_seen_at, c.assignee_last_seen_at,
         c.contact_last_seen_at, c.unread_count, c.last_activity_at, c.created_at, c.updated_at"
    };
}
pub(super) use columns;

/// A conversation to be stored.
pub struct NewConversation {
    /// The inbox.
    pub inbox_id: InboxId,
    /// The contact.
    pub contact_id: ContactId,
    /// The contact's identity in the inbox.
    pub contact_inbox_id: ContactInboxId,
    /// Where it starts.
    pub status: Status,
    /// The user who answers.
    pub assignee_id: Option<UserId>,
    /// The team that answers.
    pub team_id: Option<TeamId>,
    /// Free attributes set by channels.
    pub additional_attributes: Json,
    /// Free attributes set by the team.
    pub custom_attributes: Json,
    /// Only with [`Status::Snoozed`].
    pub snoozed_until: Option<Timestamp>,
}

/// The conversation with this number.
pub fn find(conn: &mut Conn<'_>, account: AccountId, display_id: i64) -> Result<Option<Conversation>> {
    Ok(conn.query_opt(
        sql!(
            "SELECT ",
            columns!(),
            " FROM conversations c JOIN contacts k ON k.id = c.contact_id JOIN inboxes i ON i.id = c.inbox_id
              WHERE c.account_id = $1 AND c.display_id = $2 AND k.deleting_at IS NULL AND i.deleting_at IS NULL"
        ),
        (account, display_id),
    )?)
}

/// The conversations with these ids that anybody sees.
pub fn list_by_ids(conn: &mut Conn<'_>, account: AccountId, ids: &[ConversationId]) -> Result<Vec<Conversation>> {
    Ok(conn.query(
        sql!(
            "SELECT ",
            columns!(),
            " FROM conversations c JOIN contacts k ON k.id = c.contact_id JOIN inboxes i ON i.id = c.inbox_id
              WHERE c.account_id = $1 AND c.id = ANY($2) AND k.deleting_at IS NULL AND i.deleting_at IS NULL"
        ),
        (account, ids),
    )?)
}

/// The conversation, locked until the end of the transaction: the first thing every change does.
///
/// Its contact and its inbox cannot be deleted meanwhile; with one that is being deleted there is no conversation.
pub fn lock(tx: &mut Tx<'_>, account: AccountId, id: ConversationId) -> Result<Option<Conversation>> {
    // Whoever waited for a merge of its contact waited beside the contact of before; the second look takes the other.
    Ok(match lock_once(tx, account, id)? {
        Some(locked) => Some(locked),
        None => lock_once(tx, account, id)?,
    })
}

fn lock_once(tx: &mut Tx<'_>, account: AccountId, id: ConversationId) -> Result<Option<Conversation>> {
    Ok(tx.query_opt(
        sql!(
            "SELECT ",
            columns!(),
            " FROM conversations c JOIN contacts k ON k.id = c.contact_id JOIN inboxes i ON i.id = c.inbox_id
              WHERE c.account_id = $1 AND c.id = $2 AND k.deleting_at IS NULL AND i.deleting_at IS NULL
              FOR UPDATE OF c FOR KEY SHARE OF k, i"
        ),
        (account, id),
    )?)
}

/// The newest conversation of a session.
pub fn find_latest_of_session(
    conn: &mut Conn<'_>,
    account: AccountId,
    session: ContactInboxId,
) -> Result<Option<Conversation>> {
    Ok(conn.query_opt(
        sql!(
            "SELECT ",
            columns!(),
            " FROM conversations c WHERE c.account_id = $1 AND c.contact_inbox_id = $2 ORDER BY c.id DESC LIMIT 1"
        ),
        (account, session),
    )?)
}

/// Stores a conversation under the account's next number.
pub fn insert(tx: &mut Tx<'_>, account: AccountId, new: &NewConversation) -> Result<Conversation> {
    let now = tx.now();
    let (display_id,): (i64,) = tx.query_one(
        sql!(
            "INSERT INTO conversation_numbers (account_id, last_number) VALUES ($1, 1)
             ON CONFLICT (account_id) DO UPDATE SET last_number = conversation_numbers.last_number + 1
             RETURNING last_number"
        ),
        (account,),
    )?;
    let conversation = tx.query_one(
        sql!(
            "INSERT INTO conversations AS c (account_id, display_id, uuid, inbox_id, contact_id, contact_inbox_id,
                 assignee_id, team_id, status, muted, additional_attributes, custom_attributes, snoozed_until,
                 waiting_since, unread_count, last_activity_at, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, FALSE, $10, $11, $12, $13, 0, $13, $13, $13)
             RETURNING ",
            "id, account_id, display_id, uuid, inbox_id, contact_id, contact_inbox_id, assignee_id, team_id, status,
             priority, muted, additional_attributes, custom_attributes, snoozed_until, waiting_since,
             first_reply_created_at, agent_last_seen_at, assignee_last_seen_at, contact_last_seen_at, unread_count,
             last_activity_at, created_at, updated_at"
        ),
        params![
            account,
            display_id,
            uuid::Uuid::new_v4().to_string(),
            new.inbox_id,
            new.contact_id,
            new.contact_inbox_id,
            new.assignee_id,
            new.team_id,
            new.status,
            new.additional_attributes,
            new.custom_attributes,
            new.snoozed_until,
            now,
        ],
    )?;
    Ok(conversation)
}

/// Writes back what a change may touch.
pub fn update(tx: &mut Tx<'_>, conversation: &Conversation) -> Result<()> {
    tx.execute(
        sql!(
            "UPDATE conversations SET status = $3, assignee_id = $4, team_id = $5, snoozed_until = $6,
                 waiting_since = $7, updated_at = $8
             WHERE account_id = $1 AND id = $2"
        ),
        (
            conversation.account_id,
            conversation.id,
            conversation.status,
            conversation.assignee_id,
            conversation.team_id,
            conversation.snoozed_until,
            conversation.waiting_since,
            conversation.updated_at,
        ),
    )?;
    Ok(())
}

/// Writes back what a new message may touch.
pub fn update_after_message(tx: &mut Tx<'_>, conversation: &Conversation) -> Result<()> {
    tx.execute(
        sql!(
            "UPDATE conversations SET last_activity_at = $3, unread_count = $4, waiting_since = $5,
                 first_reply_created_at = $6, updated_at = $7
             WHERE account_id = $1 AND id = $2"
        ),
        (
            conversation.account_id,
            conversation.id,
            conversation.last_activity_at,
            conversation.unread_count,
            conversation.waiting_since,
            conversation.first_reply_created_at,
            conversation.updated_at,
        ),
    )?;
    Ok(())
}

/// Writes back the priority.
pub fn update_priority(tx: &mut Tx<'_>, conversation: &Conversation) -> Result<()> {
    tx.execute(
        sql!("UPDATE conversations SET priority = $3, updated_at = $4 WHERE account_id = $1 AND id = $2"),
        (conversation.account_id, conversation.id, conversation.priority, conversation.updated_at),
    )?;
    Ok(())
}

/// Writes back the free attributes that the team sets.
pub fn update_custom_attributes(tx: &mut Tx<'_>, conversation: &Conversation) -> Result<()> {
    tx.execute(
        sql!("UPDATE conversations SET custom_attributes = $3, updated_at = $4 WHERE account_id = $1 AND id = $2"),
        (conversation.account_id, conversation.id, &conversation.custom_attributes, conversation.updated_at),
    )?;
    Ok(())
}

/// Writes back whether it is muted.
pub fn update_muted(tx: &mut Tx<'_>, conversation: &Conversation) -> Result<()> {
    tx.execute(
        sql!("UPDATE conversations SET muted = $3, updated_at = $4 WHERE account_id = $1 AND id = $2"),
        (conversation.account_id, conversation.id, conversation.muted, conversation.updated_at),
    )?;
    Ok(())
}

/// Writes back up to when the team has read it.
pub fn update_seen(tx: &mut Tx<'_>, conversation: &Conversation) -> Result<()> {
    tx.execute(
        sql!(
            "UPDATE conversations SET agent_last_seen_at = $3, assignee_last_seen_at = $4, unread_count = $5
             WHERE account_id = $1 AND id = $2"
        ),
        (
            conversation.account_id,
            conversation.id,
            conversation.agent_last_seen_at,
            conversation.assignee_last_seen_at,
            conversation.unread_count,
        ),
    )?;
    Ok(())
}

/// Notes that the contact has read the conversation.
pub fn set_seen_by_contact(tx: &mut Tx<'_>, account: AccountId, id: ConversationId) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!("UPDATE conversations SET contact_last_seen_at = $3 WHERE account_id = $1 AND id = $2"),
        (account, id, now),
    )?;
    Ok(())
}

/// The conversations of a session, by number.
pub fn list_of_session(conn: &mut Conn<'_>, account: AccountId, session: ContactInboxId) -> Result<Vec<Conversation>> {
    Ok(conn.query(
        sql!(
            "SELECT ",
            columns!(),
            " FROM conversations c WHERE c.account_id = $1 AND c.contact_inbox_id = $2 ORDER BY c.display_id"
        ),
        (account, session),
    )?)
}

/// The conversations of a contact in inboxes that still exist, by number.
pub fn list_of_contact(conn: &mut Conn<'_>, account: AccountId, contact: ContactId) -> Result<Vec<Conversation>> {
    Ok(conn.query(
        sql!(
            "SELECT ",
            columns!(),
            " FROM conversations c JOIN inboxes i ON i.id = c.inbox_id
              WHERE c.account_id = $1 AND c.contact_id = $2 AND i.deleting_at IS NULL ORDER BY c.display_id"
        ),
        (account, contact),
    )?)
}

/// The conversations of a contact in inboxes that still exist, those with the latest activity first, at most
/// `UNPAGED`; with `only` just those in inboxes that this user is a member of.
pub fn list_recent_of_contact(
    conn: &mut Conn<'_>,
    account: AccountId,
    contact: ContactId,
    only: Option<UserId>,
) -> Result<Vec<Conversation>> {
    Ok(conn.query(
        sql!(
            "SELECT ",
            columns!(),
            " FROM conversations c JOIN inboxes i ON i.id = c.inbox_id
              WHERE c.account_id = $1 AND c.contact_id = $2 AND i.deleting_at IS NULL
                AND (CAST($3 AS BIGINT) IS NULL OR EXISTS (
                    SELECT 1 FROM inbox_members m
                    WHERE m.account_id = c.account_id AND m.inbox_id = c.inbox_id AND m.user_id = $3))
              ORDER BY c.last_activity_at DESC, c.id DESC LIMIT $4"
        ),
        (account, contact, only, UNPAGED),
    )?)
}

/// The accounts in which the user has conversations, by id. From one account to the next in the index, however many
/// conversations there are.
pub fn list_accounts_of_assignee(conn: &mut Conn<'_>, user: UserId) -> Result<Vec<AccountId>> {
    let rows: Vec<(AccountId,)> = conn.query(
        sql!(
            "WITH RECURSIVE a (id) AS (
                 SELECT MIN(account_id) FROM conversations WHERE assignee_id = $1
                 UNION ALL
                 SELECT (SELECT MIN(c.account_id) FROM conversations c WHERE c.assignee_id = $1 AND c.account_id > a.id)
                 FROM a WHERE a.id IS NOT NULL)
             SELECT id FROM a WHERE id IS NOT NULL ORDER BY id"
        ),
        (user,),
    )?;
    Ok(rows.into_iter().map(|(account,)| account).collect())
}
