//! What contacts send and see (rest.md §5.21–§5.23).

use edge::field::{Object, Text, Texts};
use serde::{Deserialize, Serialize};
use types::{ContactId, ContentType, InboxId, Json, MessageId, Status, Timestamp};
use utoipa::ToSchema;

use crate::contact::wire::ContactRecordJson;
use crate::conversation::Conversation;
use crate::inbox::wire::WorkingHoursJson;
use crate::message::Message;
use crate::message::attachment::AttachmentJson;
use crate::message::beside::Beside;
use crate::message::sender::SenderJson;

/// A contact, as it sees itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = public_contact)]
pub struct PublicContactJson {
    /// The session's id; whoever knows it acts as the contact.
    pub source_id: String,
    /// Key of the session's socket.
    pub pubsub_token: String,
    /// Contact id.
    pub id: ContactId,
    /// Name.
    pub name: Option<String>,
    /// E-mail address, lower case.
    pub email: Option<String>,
    /// E.164 with `+`.
    pub phone_number: Option<String>,
}

/// A contact to be made, or found by what it has in common with a known one.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = public_contact_create_update_payload)]
pub struct NewPublicContactBody {
    /// The session's id; a new UUID by default.
    pub source_id: Option<Text>,
    /// The customer's own id.
    pub identifier: Option<Text>,
    /// Proof of identity: hex HMAC-SHA256 of `identifier`.
    pub identifier_hash: Option<Text>,
    /// E-mail address.
    pub email: Option<Text>,
    /// Name; made up when missing.
    pub name: Option<Text>,
    /// E.164 with `+`.
    pub phone_number: Option<Text>,
    /// Where a picture is fetched from in the background, `http` or `https`.
    pub avatar_url: Option<Text>,
    /// Free attributes.
    pub custom_attributes: Option<Object>,
}

impl edge::Shape for NewPublicContactBody {}

/// What a contact tells of itself; blank values are ignored.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = public_contact_update)]
pub struct PublicContactBody {
    /// The customer's own id, for the proof of identity; it is not changed.
    pub identifier: Option<Text>,
    /// Proof of identity: hex HMAC-SHA256 of `identifier`.
    pub identifier_hash: Option<Text>,
    /// E-mail address; another contact's merges the two.
    pub email: Option<Text>,
    /// Name.
    pub name: Option<Text>,
    /// E.164 with `+`; another contact's merges the two.
    pub phone_number: Option<Text>,
    /// Where a picture is fetched from in the background, `http` or `https`; not for a contact that has one.
    pub avatar_url: Option<Text>,
    /// Free attributes, laid over the old ones key by key.
    pub custom_attributes: Option<Object>,
}

impl edge::Shape for PublicContactBody {}

/// An inbox, as its contacts see it (rest.md §5.21).
#[expect(clippy::struct_excessive_bools, reason = "switches of the contract")]
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = public_inbox)]
pub struct PublicInboxJson {
    /// Names the inbox in addresses.
    pub identifier: String,
    /// Whether contacts must prove their identity.
    pub identity_validation_enabled: bool,
    /// The inbox's name.
    pub name: String,
    /// Time zone of the opening hours, as the tz database names it.
    pub timezone: String,
    /// Seven days, from Sunday.
    pub working_hours: Vec<WorkingHoursJson>,
    /// Whether the opening hours count.
    pub working_hours_enabled: bool,
    /// Whether contacts are asked for a rating.
    pub csat_survey_enabled: bool,
    /// Whether new conversations are greeted.
    pub greeting_enabled: bool,
}

/// Proof of identity, in the query of a look-up.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct IdentityQuery {
    /// The customer's own id.
    pub identifier: Option<Text>,
    /// Hex HMAC-SHA256 of `identifier`.
    pub identifier_hash: Option<Text>,
}

impl edge::Shape for IdentityQuery {}

/// A conversation, as its contact sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = public_conversation)]
pub struct PublicConversationJson {
    /// The conversation's number.
    pub id: i64,
    /// Unguessable id for links.
    pub uuid: String,
    /// The inbox.
    pub inbox_id: InboxId,
    /// Epoch seconds, 0 if never.
    pub contact_last_seen_at: i64,
    /// Where it stands.
    pub status: Status,
    /// Epoch seconds, 0 if never.
    pub agent_last_seen_at: i64,
    /// All that the contact may see, oldest first.
    pub messages: Vec<PublicMessageJson>,
    /// The contact.
    pub contact: ContactRecordJson,
}

/// A conversation to be made.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = public_conversation_create)]
pub struct NewPublicConversationBody {
    /// Free attributes; texts up to 1,500 characters.
    pub custom_attributes: Option<Object>,
}

impl edge::Shape for NewPublicConversationBody {}

/// A message, as the contact sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = public_message)]
pub struct PublicMessageJson {
    /// Grows with time; the cursor of `before`.
    pub id: MessageId,
    /// The text.
    pub content: Option<String>,
    /// 0 incoming, 1 outgoing, 3 template.
    pub message_type: i64,
    /// What the content is.
    pub content_type: ContentType,
    /// Items and answers.
    pub content_attributes: Json,
    /// Epoch seconds.
    pub created_at: i64,
    /// The conversation's number.
    pub conversation_id: i64,
    /// Absent when it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub attachments: Option<Vec<AttachmentJson>>,
    /// Absent when it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sender: Option<SenderJson>,
}

/// A message of the contact.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = public_message_create_payload)]
pub struct NewPublicMessageBody {
    /// The text, at most 150,000 characters.
    pub content: Option<Text>,
    /// What the client calls the message; comes back over the socket.
    pub echo_id: Option<Text>,
    /// In multipart bodies files; else signed ids of files that were stored before. At most 15.
    pub attachments: Option<Texts>,
}

impl edge::Shape for NewPublicMessageBody {}

/// Which messages to list.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct PublicMessagesQuery {
    /// Only messages with a smaller id.
    pub before: Option<Text>,
}

impl edge::Shape for PublicMessagesQuery {}

impl PublicMessageJson {
    /// `message` of the conversation with the number `display_id`.
    pub fn new(message: Message, display_id: i64, beside: &Beside) -> Self {
        let (attachments, sender) = (beside.attachments(&message), beside.sender(&message));
        Self {
            id: message.id,
            content: beside.content(&message),
            message_type: message.message_type.number(),
            content_type: message.content_type,
            content_attributes: message.content_attributes,
            created_at: message.created_at.epoch_seconds(),
            conversation_id: display_id,
            attachments,
            sender,
        }
    }
}

impl PublicConversationJson {
    /// `conversation` with the messages that its contact may see.
    pub fn new(conversation: Conversation, messages: Vec<PublicMessageJson>, contact: ContactRecordJson) -> Self {
        let seconds = |time: Option<Timestamp>| time.map_or(0, Timestamp::epoch_seconds);
        Self {
            id: conversation.display_id,
            inbox_id: conversation.inbox_id,
            contact_last_seen_at: seconds(conversation.contact_last_seen_at),
            status: conversation.status,
            agent_last_seen_at: seconds(conversation.agent_last_seen_at),
            messages,
            contact,
            uuid: conversation.uuid,
        }
    }
}
