//! What is told by HTTP: payloads as webhooks and bots get them (realtime.md §3.4, §3.5).
//!
//! Contacts have the keys of both eras.

use ::store::Conn;
use edge::Result;
use serde::Serialize;
use serde_json::{Map, Value, json};
use types::{
    AccountId, AgentBotId, ContactId, ContentType, ConversationId, InboxId, Json, MessageId, Timestamp, UserId,
};

use crate::conversation::push::{ConversationPush, FoundMessage, Pushes, find_message};
use crate::conversation::view::Viewer;
use crate::inbox::wire::WorkingHoursJson;
use crate::message::attachment::AttachmentJson;
use crate::message::sender::{self, BotSender, ContactSender, SenderJson};
use crate::{BaseUrl, account, inbox, user};

/// An account or an inbox in a payload.
#[derive(Debug, Clone, Serialize)]
pub struct Named<Id> {
    id: Id,
    name: String,
}

/// Whoever acts, in a payload.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum Person {
    User { id: UserId, name: String, email: String, r#type: &'static str },
    Bot { id: AgentBotId, name: Option<String>, r#type: &'static str },
    Contact(Box<ContactPayload>),
}

#[derive(Debug, Clone, Serialize)]
struct ContactPayload {
    #[serde(flatten)]
    contact: ContactSender,
    avatar: String,
    account: Named<AccountId>,
}

#[derive(Debug, Serialize)]
struct ConversationPayload<'a> {
    #[serde(flatten)]
    conversation: &'a ConversationPush,
    account: &'a Named<AccountId>,
}

#[derive(Debug, Serialize)]
struct MessagePayload<'a> {
    id: MessageId,
    content: Option<String>,
    content_type: ContentType,
    content_attributes: Json,
    /// `incoming`, `outgoing` or `template`.
    message_type: types::MessageType,
    private: bool,
    created_at: Timestamp,
    source_id: Option<String>,
    additional_attributes: Json,
    sender: Option<Person>,
    account: &'a Named<AccountId>,
    inbox: Named<InboxId>,
    conversation: ConversationPayload<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attachments: Option<Vec<AttachmentJson>>,
}

/// A payload without the event's name, and what it is about.
#[derive(Debug, Clone)]
pub struct Payload {
    /// Its keys.
    pub keys: Map<String, Value>,
    /// The inbox that it happened in, if it was one.
    pub inbox_id: Option<InboxId>,
    /// The conversation that it happened in, if it was one.
    pub conversation_id: Option<ConversationId>,
    /// The message that it is about.
    pub message_id: Option<MessageId>,
}

impl Payload {
    /// The bytes that are sent for `event`.
    pub fn body(&self, event: &str, changed: Option<&Value>) -> String {
        let mut keys = self.keys.clone();
        keys.insert("event".into(), json!(event));
        if let Some(changed) = changed {
            keys.insert("changed_attributes".into(), changed.clone());
        }
        Value::Object(keys).to_string()
    }
}

/// Makes payloads of one account: what several need is looked up once.
pub struct Payloads {
    viewer: Viewer,
    account: Named<AccountId>,
    pushes: Pushes,
}

impl Payloads {
    /// Of things as they are at this moment; `None`: the account is gone.
    pub fn new(conn: &mut Conn<'_>, account: AccountId, base_url: &BaseUrl) -> Result<Option<Self>> {
        let Some(found) = account::store::find(conn, account)? else { return Ok(None) };
        let viewer = Viewer { account_id: account, user_id: None, now: conn.now(), base_url: base_url.clone() };
        Ok(Some(Self { viewer, account: Named { id: account, name: found.name }, pushes: Pushes::default() }))
    }

    /// A message that is told of: people and bots write them, not the desk itself (decisions §4). `None` for others and
    /// for what is gone.
    pub fn message(
        &mut self,
        conn: &mut Conn<'_>,
        conversation: ConversationId,
        id: MessageId,
    ) -> Result<Option<Payload>> {
        let Some(found) = find_message(conn, &self.viewer, conversation, id)? else { return Ok(None) };
        if !matches!(found.message.message_type, types::MessageType::Incoming | types::MessageType::Outgoing) {
            return Ok(None);
        }
        let Some(inbox) = inbox::store::find(conn, self.viewer.account_id, found.message.inbox_id)? else {
            return Ok(None);
        };
        let FoundMessage { message, push, .. } = found;
        let sender = match push.message.sender {
            Some(sender) => self.person(conn, sender)?,
            None => None,
        };
        let Some(conversation_push) = self.find_conversation(conn, conversation)? else { return Ok(None) };
        let payload = MessagePayload {
            id: message.id,
            content: push.message.content.as_deref().map(normalised),
            content_type: message.content_type,
            content_attributes: message.content_attributes,
            message_type: message.message_type,
            private: message.private,
            created_at: message.created_at,
            source_id: message.source_id,
            additional_attributes: message.additional_attributes,
            sender,
            account: &self.account,
            inbox: Named { id: inbox.id, name: inbox.name },
            conversation: ConversationPayload { conversation: &conversation_push, account: &self.account },
            attachments: push.message.attachments,
        };
        Ok(Some(Payload {
            keys: keys_of(&payload),
            inbox_id: Some(message.inbox_id),
            conversation_id: Some(conversation),
            message_id: Some(message.id),
        }))
    }

    /// A conversation; `None` when it is gone.
    pub fn conversation(&mut self, conn: &mut Conn<'_>, id: ConversationId) -> Result<Option<Payload>> {
        let Some(push) = self.find_conversation(conn, id)? else { return Ok(None) };
        Ok(Some(Payload {
            keys: keys_of(&ConversationPayload { conversation: &push, account: &self.account }),
            inbox_id: Some(push.inbox_id),
            conversation_id: Some(id),
            message_id: None,
        }))
    }

    /// A contact; `None` when it is gone.
    pub fn contact(&self, conn: &mut Conn<'_>, id: ContactId) -> Result<Option<Payload>> {
        let found = sender::find_contact(conn, self.viewer.account_id, id, &self.viewer.base_url)?;
        let keys = found.map(|contact| keys_of(&self.contact_payload(contact)));
        Ok(keys.map(|keys| Payload { keys, inbox_id: None, conversation_id: None, message_id: None }))
    }

    /// An inbox; `None` when it is gone. What its channel signs with is nobody's business.
    pub fn inbox(&self, conn: &mut Conn<'_>, id: InboxId) -> Result<Option<Payload>> {
        let Some(found) = inbox::store::find(conn, self.viewer.account_id, id)? else { return Ok(None) };
        let hours = inbox::hours::list(conn, self.viewer.account_id, &[id])?;
        let hours: Vec<WorkingHoursJson> = hours.into_iter().map(WorkingHoursJson::from).collect();
        let keys = json!({
            "id": found.id,
            "name": found.name,
            "allow_messages_after_resolved": found.allow_messages_after_resolved,
            "lock_to_single_conversation": found.lock_to_single_conversation,
            "auto_assignment_config": found.auto_assignment_config,
            "enable_auto_assignment": found.enable_auto_assignment,
            "enable_email_collect": found.enable_email_collect,
            "greeting_enabled": found.greeting_enabled,
            "greeting_message": found.greeting_message,
            "csat_survey_enabled": found.csat_survey_enabled,
            "business_name": found.business_name,
            "sender_name_type": found.sender_name_type,
            "timezone": found.timezone,
            "out_of_office_message": found.out_of_office_message,
            "working_hours_enabled": found.working_hours_enabled,
            "working_hours": hours,
            "created_at": found.created_at,
            "updated_at": found.updated_at,
            "channel": { "id": found.channel_id, "account_id": found.account_id, "channel_type": found.channel_kind },
            "account": self.account,
        });
        Ok(Some(Payload { keys: keys_of(&keys), inbox_id: None, conversation_id: None, message_id: None }))
    }

    /// Somebody who types in a conversation.
    pub fn typing(
        &mut self,
        conn: &mut Conn<'_>,
        conversation: ConversationId,
        typist: SenderJson,
        is_private: bool,
    ) -> Result<Option<Payload>> {
        let Some(user) = self.person(conn, typist)? else { return Ok(None) };
        let Some(push) = self.find_conversation(conn, conversation)? else { return Ok(None) };
        let conversation_payload = ConversationPayload { conversation: &push, account: &self.account };
        let keys = json!({ "user": user, "conversation": conversation_payload, "is_private": is_private });
        Ok(Some(Payload {
            keys: keys_of(&keys),
            inbox_id: Some(push.inbox_id),
            conversation_id: Some(conversation),
            message_id: None,
        }))
    }

    fn find_conversation(&mut self, conn: &mut Conn<'_>, id: ConversationId) -> Result<Option<ConversationPush>> {
        let viewer = self.viewer.clone();
        let found = self.pushes.conversation(conn, &viewer, id)?;
        Ok(found.map(|(_, push)| {
            let mut push = push.clone();
            for message in &mut push.messages {
                message.content = message.content.as_deref().map(normalised);
            }
            push
        }))
    }

    fn person(&self, conn: &mut Conn<'_>, sender: SenderJson) -> Result<Option<Person>> {
        Ok(match sender {
            SenderJson::User(found) => user::store::find(conn, found.id)?.map(|user| Person::User {
                id: user.id,
                name: user.name,
                email: user.email,
                r#type: "user",
            }),
            SenderJson::Bot(BotSender { id, name, r#type, .. }) => Some(Person::Bot { id, name, r#type }),
            SenderJson::Contact(contact) => Some(Person::Contact(Box::new(self.contact_payload(contact)))),
        })
    }

    fn contact_payload(&self, contact: ContactSender) -> ContactPayload {
        ContactPayload { avatar: contact.thumbnail.clone(), contact, account: self.account.clone() }
    }
}

/// A text as webhooks get it: without the backslashes that keep a line's end, and without empty lines after it.
fn normalised(text: &str) -> String {
    text.replace("\\\r\n", "\r\n").replace("\\\n", "\n").trim_end_matches(['\r', '\n']).to_owned()
}

fn keys_of<T: Serialize>(value: &T) -> Map<String, Value> {
    match serde_json::to_value(value).expect("maps with text keys and plain values always serialise") {
        Value::Object(keys) => keys,
        other => Map::from_iter([("value".to_owned(), other)]),
    }
}
