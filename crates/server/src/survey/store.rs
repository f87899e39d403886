//! The SQL of surveys.

use edge::Result;
use store::{Conn, Tx, sql};
use types::{AccountId, ChannelKind, ConversationId, InboxId, Json, MessageId, Timestamp};

use super::SurveyAnswer;
use crate::conversation::Conversation;

store::row! {
    /// How an inbox asks.
    pub struct Asking {
        /// Whether it asks at all.
        pub csat_survey_enabled: bool,
        /// How.
        pub csat_config: Json,
        /// The transport.
        pub channel_kind: ChannelKind,
        /// What else there is to set of it.
        pub channel_settings: Json,
    }
}

store::row! {
    /// A conversation that has a survey.
    #[derive(Debug)]
    pub struct Surveyed {
        /// The account.
        pub account_id: AccountId,
        /// The conversation.
        pub conversation_id: ConversationId,
        /// The survey.
        pub message_id: MessageId,
        /// The inbox.
        pub inbox_id: InboxId,
        /// The account's language.
        pub locale: String,
    }
}

/// How the inbox asks.
pub fn find_asking(conn: &mut Conn<'_>, account: AccountId, inbox: InboxId) -> Result<Option<Asking>> {
    Ok(conn.query_opt(
        sql!(
            "SELECT i.csat_survey_enabled, i.csat_config, ch.kind AS channel_kind, ch.settings AS channel_settings
             FROM inboxes i JOIN channels ch ON ch.id = i.channel_id WHERE i.account_id = $1 AND i.id = $2"
        ),
        (account, inbox),
    )?)
}

/// The last survey of the conversation with this unguessable id; accounts that are not active have none.
pub fn find_surveyed(conn: &mut Conn<'_>, uuid: &str) -> Result<Option<Surveyed>> {
    Ok(conn.query_opt(
        sql!(
            "SELECT c.account_id, c.id AS conversation_id, m.id AS message_id, c.inbox_id, a.locale
             FROM conversations c
             JOIN accounts a ON a.id = c.account_id
             JOIN inboxes i ON i.id = c.inbox_id
             JOIN contacts ct ON ct.id = c.contact_id
             JOIN messages m ON m.account_id = c.account_id AND m.conversation_id = c.id
             WHERE c.uuid = $1 AND a.status = 'active' AND a.deleting_at IS NULL AND i.deleting_at IS NULL
               AND ct.deleting_at IS NULL AND m.content_type = 'input_csat'
             ORDER BY m.id DESC LIMIT 1"
        ),
        (uuid,),
    )?)
}

/// Whether the conversation has been asked about.
pub fn has_survey(conn: &mut Conn<'_>, account: AccountId, conversation: ConversationId) -> Result<bool> {
    let row: Option<(MessageId,)> = conn.query_opt(
        sql!(
            "SELECT id FROM messages
             WHERE account_id = $1 AND conversation_id = $2 AND content_type = 'input_csat'
             ORDER BY id LIMIT 1"
        ),
        (account, conversation),
    )?;
    Ok(row.is_some())
}

/// When the contact last wrote.
pub fn find_last_incoming(conn: &mut Conn<'_>, conversation: &Conversation) -> Result<Option<Timestamp>> {
    let row: Option<(Timestamp,)> = conn.query_opt(
        sql!(
            "SELECT created_at FROM messages
             WHERE account_id = $1 AND conversation_id = $2 AND message_type = 'incoming' ORDER BY id DESC LIMIT 1"
        ),
        (conversation.account_id, conversation.id),
    )?;
    Ok(row.map(|(at,)| at))
}

/// The answer to a survey.
pub fn find_answer(conn: &mut Conn<'_>, account: AccountId, message: MessageId) -> Result<Option<SurveyAnswer>> {
    Ok(conn.query_opt(
        sql!(
            "SELECT id, account_id, conversation_id, message_id, contact_id, assigned_agent_id, rating,
                    feedback_message, csat_review_notes, review_notes_updated_at, review_notes_updated_by_id,
                    created_at, updated_at
             FROM csat_survey_responses WHERE account_id = $1 AND message_id = $2"
        ),
        (account, message),
    )?)
}

/// Stores an answer; a second one takes the place of the first, whose assignee stays.
pub fn upsert_answer(
    tx: &mut Tx<'_>,
    conversation: &Conversation,
    message: MessageId,
    rating: i64,
    feedback: Option<&str>,
) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!(
            "INSERT INTO csat_survey_responses (account_id, conversation_id, message_id, contact_id, assigned_agent_id,
                 rating, feedback_message, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
             ON CONFLICT (message_id) DO UPDATE
             SET rating = excluded.rating, feedback_message = excluded.feedback_message,
                 updated_at = excluded.updated_at"
        ),
        (
            conversation.account_id,
            conversation.id,
            message,
            conversation.contact_id,
            conversation.assignee_id,
            rating,
            feedback,
            now,
        ),
    )?;
    Ok(())
}
