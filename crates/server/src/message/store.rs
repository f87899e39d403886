//! The SQL of messages.

use edge::Result;
use store::{Conn, Tx, params, sql};
use types::{
    AccountId, ContentType, ConversationId, InboxId, Json, MessageId, MessageStatus, MessageType, Timestamp, UserId,
};

use super::{Message, Sender};
use crate::report::tally::{self, Place, Step};

/// The columns of [`Message`], of the table alias `m`. Who is being deleted has sent nothing.
macro_rules! columns {
    () => {
        "m.id, m.account_id, m.conversation_id, m.inbox_id, m.message_type, m.content_type, m.content,
         m.content_attributes, m.private, m.status, m.source_id,
         CASE WHEN m.user_id NOT IN (SELECT gone.id FROM users gone WHERE gone.deleting_at IS NOT NULL)
              THEN m.user_id END AS user_id, m.contact_id, m.agent_bot_id, m.additional_attributes, m.created_at,
         m.updated_at"
    };
}

/// A message to be stored.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// Who it comes from.
    pub message_type: MessageType,
    /// What its content is.
    pub content_type: ContentType,
    /// The text.
    pub content: Option<String>,
    /// Items and other parts of the content.
    pub content_attributes: Json,
    /// A note that the contact never sees.
    pub private: bool,
    /// Its id in the channel.
    pub source_id: Option<String>,
    /// Who sends it.
    pub sender: Sender,
    /// Campaign and template.
    pub additional_attributes: Json,
}

/// Stores a message of the conversation.
pub fn insert(
    tx: &mut Tx<'_>,
    account: AccountId,
    conversation: ConversationId,
    inbox: InboxId,
    new: &NewMessage,
) -> Result<Message> {
    let (user, contact, bot) = match new.sender {
        Sender::None => (None, None, None),
        Sender::User(user) => (Some(user), None, None),
        Sender::Contact(contact) => (None, Some(contact), None),
        Sender::Bot(bot) => (None, None, Some(bot)),
    };
    let now = tx.now();
    let place = Place { account_id: account, inbox_id: inbox, agent_id: user, at: now };
    tally::add(tx, place, Step::message(new.message_type));
    Ok(tx.query_one(
        sql!(
            "INSERT INTO messages (account_id, conversation_id, inbox_id, message_type, content_type, content,
                 content_attributes, private, status, source_id, user_id, contact_id, agent_bot_id,
                 additional_attributes, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'sent', $9, $10, $11, $12, $13, $14, $14)
             RETURNING id, account_id, conversation_id, inbox_id, message_type, content_type, content,
                 content_attributes, private, status, source_id, user_id, contact_id, agent_bot_id,
                 additional_attributes, created_at, updated_at"
        ),
        params![
            account,
            conversation,
            inbox,
            new.message_type,
            new.content_type,
            new.content,
            new.content_attributes,
            new.private,
            new.source_id,
            user,
            contact,
            bot,
            new.additional_attributes,
            now,
        ],
    )?)
}

/// Stores other items, answers and parts of a message's content.
pub(super) fn update_attributes(tx: &mut Tx<'_>, account: AccountId, id: MessageId, attributes: &Json) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!("UPDATE messages SET content_attributes = $3, updated_at = $4 WHERE account_id = $1 AND id = $2"),
        (account, id, attributes, now),
    )?;
    Ok(())
}

/// Stores how far a message has come, with the parts of its content that say more.
pub(super) fn update_status(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: MessageId,
    status: MessageStatus,
    attributes: &Json,
) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!(
            "UPDATE messages SET status = $3, content_attributes = $4, updated_at = $5 WHERE account_id = $1 AND id = $2"
        ),
        (account, id, status, attributes, now),
    )?;
    Ok(())
}

/// Puts `content` in the place of all that the message says.
pub(super) fn blank(tx: &mut Tx<'_>, account: AccountId, id: MessageId, content: &str) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!(
            "UPDATE messages SET content = $3, content_type = 'text', content_attributes = '{\"deleted\":true}',
                    updated_at = $4
             WHERE account_id = $1 AND id = $2"
        ),
        (account, id, content, now),
    )?;
    Ok(())
}

/// How many messages the contact has written after `mark`.
pub fn count_incoming_after(
    conn: &mut Conn<'_>,
    account: AccountId,
    conversation: ConversationId,
    mark: Timestamp,
) -> Result<i64> {
    let (count,): (i64,) = conn.query_one(
        sql!(
            "SELECT COUNT(*) FROM messages
             WHERE account_id = $1 AND conversation_id = $2 AND message_type = 'incoming' AND created_at > $3"
        ),
        (account, conversation, mark),
    )?;
    Ok(count)
}

/// The messages with these ids, oldest first.
pub fn list_by_ids(conn: &mut Conn<'_>, account: AccountId, ids: &[MessageId]) -> Result<Vec<Message>> {
    Ok(conn.query(
        sql!("SELECT ", columns!(), " FROM messages m WHERE m.account_id = $1 AND m.id = ANY($2) ORDER BY m.id"),
        (account, ids),
    )?)
}

/// Makes `limit` messages read that were sent to the contact before it looked; gives them, with the status that each had.
pub fn mark_read(
    tx: &mut Tx<'_>,
    account: AccountId,
    conversation: ConversationId,
    limit: i64,
) -> Result<Vec<(MessageId, MessageStatus)>> {
    let seen: Vec<(MessageId, MessageStatus)> = tx.query(
        sql!(
            "SELECT m.id, m.status FROM messages m
             JOIN conversations c ON c.id = m.conversation_id
             WHERE m.account_id = $1 AND m.conversation_id = $2 AND m.message_type IN ('outgoing', 'template')
               AND NOT m.private AND m.status IN ('sent', 'delivered') AND m.created_at <= c.contact_last_seen_at
             ORDER BY m.id LIMIT $3"
        ),
        (account, conversation, limit),
    )?;
    let ids: Vec<MessageId> = seen.iter().map(|(id, _)| *id).collect();
    let now = tx.now();
    tx.execute(
        sql!("UPDATE messages SET status = 'read', updated_at = $3 WHERE account_id = $1 AND id = ANY($2)"),
        (account, ids, now),
    )?;
    Ok(seen)
}

/// Which messages a page leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kinds {
    /// None.
    All,
    /// Private notes and activity messages: what the contact may see.
    WithoutInternal,
}

/// The newest `limit` messages with an id below `before`, newest first.
pub fn list_before(
    conn: &mut Conn<'_>,
    account: AccountId,
    conversation: ConversationId,
    before: i64,
    kinds: Kinds,
    limit: i64,
) -> Result<Vec<Message>> {
    let params = (account, conversation, before, limit);
    Ok(match kinds {
        Kinds::All => conn.query(
            sql!(
                "SELECT ",
                columns!(),
                " FROM messages m WHERE m.account_id = $1 AND m.conversation_id = $2 AND m.id < $3
                  ORDER BY m.id DESC LIMIT $4"
            ),
            params,
        ),
        Kinds::WithoutInternal => conn.query(
            sql!(
                "SELECT ",
                columns!(),
                " FROM messages m WHERE m.account_id = $1 AND m.conversation_id = $2 AND m.id < $3
                  AND NOT m.private AND m.message_type <> 'activity' ORDER BY m.id DESC LIMIT $4"
            ),
            params,
        ),
    }?)
}

/// The oldest `limit` messages with `after` ≤ id < `before` (`after` excluded when `before` is open), oldest first.
pub fn list_from(
    conn: &mut Conn<'_>,
    account: AccountId,
    conversation: ConversationId,
    range: std::ops::Range<i64>,
    kinds: Kinds,
    limit: i64,
) -> Result<Vec<Message>> {
    let params = (account, conversation, range.start, range.end, kinds == Kinds::WithoutInternal, limit);
    Ok(conn.query(
        sql!(
            "SELECT ",
            columns!(),
            " FROM messages m WHERE m.account_id = $1 AND m.conversation_id = $2 AND m.id >= $3 AND m.id < $4
              AND NOT (CAST($5 AS BOOLEAN) AND (m.private OR m.message_type = 'activity'))
              ORDER BY m.id LIMIT $6"
        ),
        params,
    )?)
}

/// Every message of these conversations that the contact may see, oldest first.
pub fn list_public(conn: &mut Conn<'_>, account: AccountId, ids: &[ConversationId]) -> Result<Vec<Message>> {
    Ok(conn.query(
        sql!(
            "SELECT ",
            columns!(),
            " FROM messages m WHERE m.account_id = $1 AND m.conversation_id = ANY($2)
              AND NOT m.private AND m.message_type <> 'activity' ORDER BY m.id"
        ),
        (account, ids),
    )?)
}

/// Whether the conversation has this message.
pub fn exists(conn: &mut Conn<'_>, account: AccountId, conversation: ConversationId, id: MessageId) -> Result<bool> {
    let row: Option<(MessageId,)> = conn.query_opt(
        sql!("SELECT id FROM messages WHERE account_id = $1 AND conversation_id = $2 AND id = $3"),
        (account, conversation, id),
    )?;
    Ok(row.is_some())
}

/// The names of the inbox and of the account.
pub fn find_names(conn: &mut Conn<'_>, account: AccountId, inbox: InboxId) -> Result<(String, String)> {
    Ok(conn.query_one(
        sql!(
            "SELECT i.name, a.name FROM inboxes i JOIN accounts a ON a.id = i.account_id
              WHERE i.account_id = $1 AND i.id = $2"
        ),
        (account, inbox),
    )?)
}

/// Notes that `user` was mentioned in the conversation; again moves the time.
pub fn upsert_mention(tx: &mut Tx<'_>, account: AccountId, conversation: ConversationId, user: UserId) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!(
            "INSERT INTO mentions (account_id, user_id, conversation_id, mentioned_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (account_id, user_id, conversation_id) DO UPDATE SET mentioned_at = excluded.mentioned_at"
        ),
        (account, user, conversation, now),
    )?;
    Ok(())
}
