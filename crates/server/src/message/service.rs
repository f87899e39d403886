//! The rules of messages: what a new one does to its conversation (rest.md §6.3, semantics §2.4).

use ::store::Tx;
use edge::Result;
use serde_json::{Map, Value};
use types::{AccountId, ContentType, ConversationId, Json, MessageId, MessageStatus, MessageType, Status};

use super::store::NewMessage;
use super::{Message, Sender, mention, store, template};
use crate::conversation::change::{self, Change};
use crate::conversation::{self, Conversation};
use crate::events::{Actor, Changes, Event, record};
use crate::{contact, inbox, reporting, team};

/// Writes a message into a locked conversation and gives both as they are afterwards.
///
/// In this order: the message is stored; a resolved or snoozed conversation reopens when its contact writes; the
/// conversation's times and counts follow; the first public answer of a person is noted; what the server says to a
/// contact by itself follows.
pub fn create(
    tx: &mut Tx<'_>,
    conversation: &mut Conversation,
    new: &NewMessage,
    actor: &Actor,
    echo_id: Option<&str>,
) -> Result<Message> {
    let account = conversation.account_id;
    let message = store::insert(tx, account, conversation.id, conversation.inbox_id, new)?;
    if new.message_type == MessageType::Incoming {
        reopen(tx, conversation, new.sender, actor)?;
    }
    let is_first_reply = follow(tx, conversation, &message)?;
    let echo_id = echo_id.map(str::to_owned);
    record(tx, account, actor, &Event::MessageCreated(conversation.id, message.id, echo_id.clone()));
    if is_first_reply {
        record(tx, account, actor, &Event::FirstReplyCreated(conversation.id, message.id, echo_id));
    }
    if message.message_type == MessageType::Incoming {
        template::follow(tx, conversation, &message)?;
    }
    if let Sender::Contact(contact_id) = new.sender {
        contact::service::touch(tx, account, contact_id, actor)?;
    }
    if message.private {
        note_mentions(tx, conversation, &message, actor)?;
    }
    Ok(message)
}

/// Notes under `key` what the contact of a locked conversation answered to a message; the same answer again changes
/// nothing.
pub fn note_answer(
    tx: &mut Tx<'_>,
    conversation: &Conversation,
    message: &Message,
    key: &str,
    answer: Value,
) -> Result<()> {
    let mut attributes: Map<String, Value> = message.content_attributes.read();
    if attributes.get(key) == Some(&answer) {
        return Ok(());
    }
    attributes.insert(key.to_owned(), answer);
    let account = conversation.account_id;
    let after = Json::of(&attributes);
    store::update_attributes(tx, account, message.id, &after)?;
    let changes = Changes::default().with("content_attributes", &message.content_attributes, &after);
    let actor = Actor::Contact { id: conversation.contact_id };
    record(tx, account, &actor, &Event::MessageUpdated(conversation.id, message.id, changes));
    Ok(())
}

/// Makes at most `limit` messages read that the contact has seen; tells whether there may be more.
pub fn mark_read(tx: &mut Tx<'_>, account: AccountId, conversation: ConversationId, limit: i64) -> Result<bool> {
    let Some(conversation) = conversation::store::lock(tx, account, conversation)? else { return Ok(false) };
    let actor = Actor::Contact { id: conversation.contact_id };
    let read = store::mark_read(tx, account, conversation.id, limit)?;
    for (id, before) in &read {
        let changes = Changes::default().with("status", before, &MessageStatus::Read);
        record(tx, account, &actor, &Event::MessageUpdated(conversation.id, *id, changes));
    }
    Ok(i64::try_from(read.len()).is_ok_and(|count| count == limit))
}

/// Notes that a message that the team sent did not arrive, and why; one that is known to have failed stays as it is.
pub fn fail(tx: &mut Tx<'_>, conversation: &Conversation, id: MessageId, reason: &str) -> Result<()> {
    let account = conversation.account_id;
    let found = store::list_by_ids(tx, account, &[id])?.pop().filter(|found| found.conversation_id == conversation.id);
    let Some(message) = found else { return Ok(()) };
    let is_sent = message.message_type == MessageType::Outgoing && !message.private;
    if !is_sent || message.status == MessageStatus::Failed {
        return Ok(());
    }
    let mut attributes: Map<String, Value> = message.content_attributes.read();
    attributes.insert("external_error".to_owned(), Value::String(reason.to_owned()));
    let after = Json::of(&attributes);
    store::update_status(tx, account, id, MessageStatus::Failed, &after)?;
    let changes = Changes::default().with("status", &message.status, &MessageStatus::Failed).with(
        "content_attributes",
        &message.content_attributes,
        &after,
    );
    record(tx, account, &Actor::System, &Event::MessageUpdated(conversation.id, id, changes));
    Ok(())
}

/// Writes an activity message: what happened, without sender.
pub fn add_activity(tx: &mut Tx<'_>, conversation: &mut Conversation, actor: &Actor, text: &str) -> Result<()> {
    let new = NewMessage {
        message_type: MessageType::Activity,
        content_type: ContentType::Text,
        content: Some(text.to_owned()),
        content_attributes: Json::object(),
        private: false,
        source_id: None,
        sender: Sender::None,
        additional_attributes: Json::object(),
    };
    create(tx, conversation, &new, actor, None)?;
    Ok(())
}

/// The contact writes: a resolved or snoozed conversation opens; a resolved one with a bot goes to the bot
/// (decisions §2). That of a muted conversation or a blocked contact stays.
///
/// A user who writes in the contact's name is told of in an activity message (semantics §2.8).
fn reopen(tx: &mut Tx<'_>, conversation: &mut Conversation, sender: Sender, actor: &Actor) -> Result<()> {
    let closed = matches!(conversation.status, Status::Resolved | Status::Snoozed);
    let account = conversation.account_id;
    if !closed || conversation.muted || contact::store::is_blocked(tx, account, conversation.contact_id)? {
        return Ok(());
    }
    let to_bot =
        conversation.status == Status::Resolved && inbox::store::has_active_bot(tx, account, conversation.inbox_id)?;
    let status = if to_bot { Status::Pending } else { Status::Open };
    let actor = match (actor, sender) {
        (Actor::User { .. }, _) => actor.clone(),
        (_, Sender::Contact(id)) => Actor::Contact { id },
        _ => Actor::System,
    };
    *conversation =
        change::apply(tx, conversation, Change { status: Some((status, None)), ..Change::default() }, &actor)?;
    Ok(())
}

/// Moves the conversation's times and counts; tells whether this is the first public answer of a person.
fn follow(tx: &mut Tx<'_>, conversation: &mut Conversation, message: &Message) -> Result<bool> {
    let at = message.created_at;
    // What reopening said was written after the message.
    conversation.last_activity_at = conversation.last_activity_at.max(at);
    conversation.updated_at = conversation.updated_at.max(at);
    if message.message_type == MessageType::Incoming {
        conversation.unread_count += 1;
        conversation.waiting_since.get_or_insert(at);
    }
    let mut is_first_reply = false;
    if is_answer_of_a_person(message) {
        if conversation.first_reply_created_at.is_none() {
            is_first_reply = true;
            conversation.first_reply_created_at = Some(at);
            reporting::first_response(tx, conversation, at)?;
        } else if let Some(since) = conversation.waiting_since {
            reporting::reply_time(tx, conversation, since, at)?;
        }
        conversation.waiting_since = None;
    }
    conversation::store::update_after_message(tx, conversation)?;
    Ok(is_first_reply)
}

/// Public answers of people only: private notes, bots, campaigns and automation do not count (decisions §2).
fn is_answer_of_a_person(message: &Message) -> bool {
    message.message_type == MessageType::Outgoing
        && !message.private
        && message.user_id.is_some()
        && !has_key(&message.content_attributes, "automation_rule_id")
        && !has_key(&message.additional_attributes, "campaign_id")
}

fn has_key(json: &Json, key: &str) -> bool {
    json.read::<Map<String, Value>>().contains_key(key)
}

/// Mentioned are members that see the inbox; a team stands for its members; nobody mentions himself.
fn note_mentions(tx: &mut Tx<'_>, conversation: &Conversation, message: &Message, actor: &Actor) -> Result<()> {
    let Some(content) = &message.content else { return Ok(()) };
    let mentions = mention::find(content);
    let account = conversation.account_id;
    let mut users = mentions.users;
    for team in mentions.teams {
        users.extend(team::store::list_member_ids(tx, account, team)?);
    }
    users.sort_unstable();
    users.dedup();
    users.retain(|user| message.user_id != Some(*user));
    for user in inbox::store::filter_viewers(tx, account, conversation.inbox_id, &users)? {
        store::upsert_mention(tx, account, conversation.id, user)?;
        record(tx, account, actor, &Event::ConversationMentioned(conversation.id, user));
    }
    Ok(())
}
