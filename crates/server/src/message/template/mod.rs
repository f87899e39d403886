//! What the server writes by itself when a contact writes: out of office, greeting, request for an e-mail address
//! (rest.md §6.3, semantics §10.5).

#[cfg(test)]
mod tests;

use std::time::Duration;

use ::store::{Tx, sql};
use edge::{Error, Result};
use serde_json::{Map, Value};
use types::{AccountId, ContentType, ConversationId, Json, MessageType, Status, Timestamp};

use super::store::NewMessage;
use super::variables::{self, Filling};
use super::{Message, Sender, service};
use crate::contact::{self, service::NewContact};
use crate::conversation::Conversation;
use crate::events::Actor;
use crate::inbox::{self, hours};

/// How long after an answer of the team nobody is told that the team is away.
const JUST_ANSWERED: Duration = Duration::from_mins(5);

const EMAIL_PROMPT: &str = "Leave your e-mail address, so that the answer reaches you when you are away";
const EMAIL_QUESTION: &str = "Your e-mail address";

::store::row! {
    /// What an inbox says by itself, and whether it would ask this contact for an e-mail address.
    struct Settings {
        greeting_enabled: bool,
        greeting_message: Option<String>,
        working_hours_enabled: bool,
        out_of_office_message: Option<String>,
        timezone: String,
        asks_for_email: bool,
    }
}

/// Writes the templates that the contact's `message` calls for, in the transaction that stores it.
///
/// None is written while a bot handles the conversation, into one that stays closed for its contact, or as an answer
/// to a mail that was itself sent by a machine (decisions §2).
pub fn follow(tx: &mut Tx<'_>, conversation: &mut Conversation, message: &Message) -> Result<()> {
    let (account, inbox) = (conversation.account_id, conversation.inbox_id);
    let settings = find_settings(tx, conversation)?;
    let out_of_office = text(settings.out_of_office_message).filter(|_| settings.working_hours_enabled);
    let greeting = text(settings.greeting_message).filter(|_| settings.greeting_enabled);
    if out_of_office.is_none() && greeting.is_none() && !settings.asks_for_email {
        return Ok(());
    }
    let stays_closed = matches!(conversation.status, Status::Resolved | Status::Snoozed);
    if stays_closed || message.private || is_from_a_machine(message) {
        return Ok(());
    }
    if conversation.status == Status::Pending && inbox::store::has_active_bot(tx, account, inbox)? {
        return Ok(());
    }
    let now = tx.now();
    if let Some(out_of_office) = out_of_office
        && hours::is_closed(tx, account, inbox, now)?
        && may_say_away(tx, conversation, &settings.timezone, now)?
    {
        write(tx, conversation, &out_of_office)?;
    }
    if let Some(greeting) = greeting
        && !has_been_answered(tx, account, conversation.id)?
    {
        write(tx, conversation, &greeting)?;
    }
    if settings.asks_for_email && !has_been_asked(tx, account, conversation.id)? {
        write(tx, conversation, EMAIL_PROMPT)?;
        write_as(tx, conversation, ContentType::InputEmail, EMAIL_QUESTION, &Map::new())?;
    }
    Ok(())
}

/// Writes a template message of the given type; its variables are filled in (semantics §10.7).
pub fn write_as(
    tx: &mut Tx<'_>,
    conversation: &mut Conversation,
    content_type: ContentType,
    text: &str,
    content_attributes: &Map<String, Value>,
) -> Result<()> {
    let filling = Filling::find(Some(text), None);
    let filled =
        if filling.is_empty() { None } else { filling.content(&variables::load(tx, conversation, Sender::None)?) };
    let new = NewMessage {
        message_type: MessageType::Template,
        content_type,
        content: Some(filled.unwrap_or_else(|| text.to_owned())),
        content_attributes: Json::of(content_attributes),
        private: false,
        source_id: None,
        sender: Sender::None,
        additional_attributes: Json::object(),
    };
    service::create(tx, conversation, &new, &Actor::System, None)?;
    Ok(())
}

/// Notes the address that the contact of a locked conversation left in answer to the question `message`, and makes it
/// the contact's own if it has none (semantics §10.5).
///
/// Anybody may leave any address here: one that is another contact's stays in the message only.
pub fn answer_email(tx: &mut Tx<'_>, conversation: &Conversation, message: &Message, email: &str) -> Result<()> {
    let email = email.trim().to_lowercase();
    if message.content_type != ContentType::InputEmail || !contact::is_email(&email) {
        return Err(Error::invalid("submitted_email", "is not an e-mail address that was asked for"));
    }
    let (account, id) = (conversation.account_id, conversation.contact_id);
    let actor = Actor::Contact { id };
    service::note_answer(tx, conversation, message, "submitted_email", email.as_str().into())?;

    let contact = contact::store::lock(tx, account, id)?.ok_or(Error::NotFound("contact"))?;
    let is_free = contact::store::find_by_identity(tx, account, None, Some(&email), None)?.is_none();
    if is_free && contact.email.as_deref().unwrap_or_default().is_empty() {
        let with_email = |before| NewContact { email: Some(email.clone()), ..before };
        contact::service::update(tx, account, id, with_email, &actor)?;
    }
    Ok(())
}

fn write(tx: &mut Tx<'_>, conversation: &mut Conversation, text: &str) -> Result<()> {
    write_as(tx, conversation, ContentType::Text, text, &Map::new())
}

fn text(message: Option<String>) -> Option<String> {
    message.filter(|message| !message.trim().is_empty())
}

/// Whether a mail program wrote it by itself: answering such mails makes two machines talk for ever.
fn is_from_a_machine(message: &Message) -> bool {
    let attributes: Map<String, Value> = message.content_attributes.read();
    attributes.get("email").and_then(|email| email.get("auto_reply")).is_some_and(|answer| *answer == Value::Bool(true))
}

/// Once a day, by the inbox's calendar, and not just after the team has answered.
fn may_say_away(tx: &mut Tx<'_>, conversation: &Conversation, timezone: &str, now: Timestamp) -> Result<bool> {
    let (account, id) = (conversation.account_id, conversation.id);
    let last = find_last(tx, account, id, MessageType::Template)?;
    if last.is_some_and(|at| at >= hours::start_of_day(timezone, now)) {
        return Ok(false);
    }
    let answered = find_last(tx, account, id, MessageType::Outgoing)?;
    Ok(answered.is_none_or(|at| now.since(at) >= JUST_ANSWERED))
}

fn find_settings(tx: &mut Tx<'_>, conversation: &Conversation) -> Result<Settings> {
    Ok(tx.query_one(
        sql!(
            "SELECT i.greeting_enabled, i.greeting_message, i.working_hours_enabled, i.out_of_office_message, i.timezone,
                    i.enable_email_collect AND ch.kind = 'Channel::WebWidget' AND EXISTS (
                        SELECT 1 FROM contacts c
                        WHERE c.account_id = i.account_id AND c.id = $3 AND (c.email IS NULL OR c.email = '')
                    ) AS asks_for_email
             FROM inboxes i JOIN channels ch ON ch.id = i.channel_id WHERE i.account_id = $1 AND i.id = $2"
        ),
        (conversation.account_id, conversation.inbox_id, conversation.contact_id),
    )?)
}

/// When the last public message of this kind was written.
fn find_last(
    tx: &mut Tx<'_>,
    account: AccountId,
    conversation: ConversationId,
    kind: MessageType,
) -> Result<Option<Timestamp>> {
    let row: Option<(Timestamp,)> = tx.query_opt(
        sql!(
            "SELECT created_at FROM messages
             WHERE account_id = $1 AND conversation_id = $2 AND message_type = $3 AND NOT private
             ORDER BY id DESC LIMIT 1"
        ),
        (account, conversation, kind),
    )?;
    Ok(row.map(|(at,)| at))
}

/// Whether the team, a bot or the server has said anything yet.
fn has_been_answered(tx: &mut Tx<'_>, account: AccountId, conversation: ConversationId) -> Result<bool> {
    let row: Option<(i64,)> = tx.query_opt(
        sql!(
            "SELECT id FROM messages
             WHERE account_id = $1 AND conversation_id = $2 AND message_type IN ('outgoing', 'template')
             ORDER BY id LIMIT 1"
        ),
        (account, conversation),
    )?;
    Ok(row.is_some())
}

/// Whether the contact was asked for an e-mail address in this conversation.
fn has_been_asked(tx: &mut Tx<'_>, account: AccountId, conversation: ConversationId) -> Result<bool> {
    let row: Option<(i64,)> = tx.query_opt(
        sql!(
            "SELECT id FROM messages
             WHERE account_id = $1 AND conversation_id = $2 AND message_type = 'template'
               AND content_type = 'input_email'
             ORDER BY id LIMIT 1"
        ),
        (account, conversation),
    )?;
    Ok(row.is_some())
}
