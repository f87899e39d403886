//! Messages as the wire has them (rest.md §4.6, §4.7, §5.15).

use edge::field::{Flag, Int, Maybe, Object, Text, Texts};
use serde::{Deserialize, Serialize};
use types::{AccountId, ContentType, Json, MessageId, MessageStatus, SenderType, Timestamp, UserId};
use utoipa::ToSchema;

use super::Message;
use super::attachment::AttachmentJson;
use super::beside::Beside;
use super::sender::{ContactSender, SenderJson, UserSender};

/// A message in answers to agents.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = message)]
pub struct MessageJson {
    /// Grows with time; the cursor of `before` and `after`.
    pub id: MessageId,
    /// The text.
    pub content: Option<String>,
    /// The inbox.
    pub inbox_id: types::InboxId,
    /// What the client called the message; only in the answer to its creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub echo_id: Option<String>,
    /// The conversation's number.
    pub conversation_id: i64,
    /// 0 incoming, 1 outgoing, 2 activity, 3 template.
    pub message_type: i64,
    /// What the content is.
    pub content_type: ContentType,
    /// How far it has come.
    pub status: MessageStatus,
    /// Items, answers and other parts of the content.
    pub content_attributes: Json,
    /// Epoch seconds.
    pub created_at: i64,
    /// An internal note.
    pub private: bool,
    /// Its id in the channel.
    pub source_id: Option<String>,
    /// Absent when it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub attachments: Option<Vec<AttachmentJson>>,
    /// Absent when it has none: activity and template messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sender: Option<SenderJson>,
}

impl MessageJson {
    /// `message` of the conversation with the number `display_id`.
    pub fn new(message: Message, display_id: i64, beside: &Beside) -> Self {
        let (attachments, sender) = (beside.attachments(&message), beside.sender(&message));
        Self {
            id: message.id,
            content: beside.content(&message),
            inbox_id: message.inbox_id,
            echo_id: None,
            conversation_id: display_id,
            message_type: message.message_type.number(),
            content_type: message.content_type,
            status: message.status,
            content_attributes: message.content_attributes,
            created_at: message.created_at.epoch_seconds(),
            private: message.private,
            source_id: message.source_id,
            attachments,
            sender,
        }
    }
}

/// A message inside a conversation and in events.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = message_event_form)]
pub struct MessageEventJson {
    /// Message id.
    pub id: MessageId,
    /// The text.
    pub content: Option<String>,
    /// The account.
    pub account_id: AccountId,
    /// The inbox.
    pub inbox_id: types::InboxId,
    /// The conversation's number.
    pub conversation_id: i64,
    /// 0 incoming, 1 outgoing, 2 activity, 3 template.
    pub message_type: i64,
    /// Epoch seconds.
    pub created_at: i64,
    /// ISO text.
    pub updated_at: Timestamp,
    /// An internal note.
    pub private: bool,
    /// How far it has come.
    pub status: MessageStatus,
    /// Its id in the channel.
    pub source_id: Option<String>,
    /// What the content is.
    pub content_type: ContentType,
    /// Items, answers and other parts of the content.
    pub content_attributes: Json,
    /// Kind of the sender.
    pub sender_type: Option<SenderType>,
    /// Id of the sender.
    pub sender_id: Option<i64>,
    /// Ids in connected services.
    pub external_source_ids: Json,
    /// Campaign and template.
    pub additional_attributes: Json,
    /// The text without what a mail quotes.
    pub processed_message_content: Option<String>,
    /// What the message's conversation says at that time.
    pub conversation: MessageConversationJson,
    /// Absent when it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub attachments: Option<Vec<AttachmentJson>>,
    /// Absent when it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sender: Option<SenderJson>,
}

/// The conversation inside of a message's event form.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = message_event_form_conversation)]
pub struct MessageConversationJson {
    /// Who answers.
    pub assignee_id: Option<UserId>,
    /// Messages of the contact that no agent has read.
    pub unread_count: i64,
    /// Epoch seconds.
    pub last_activity_at: i64,
    /// The contact's identity in the inbox.
    pub contact_inbox: MessageContactInboxJson,
}

/// The contact's identity inside of a message's event form.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = message_event_form_contact_inbox)]
pub struct MessageContactInboxJson {
    /// Its id in the inbox.
    pub source_id: String,
}

/// A page of messages.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = conversation_messages)]
pub struct MessageListJson {
    /// The conversation's head.
    pub meta: MessageListMeta,
    /// Oldest first.
    pub payload: Vec<MessageJson>,
}

/// The head of a page of messages.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = conversation_messages_meta)]
pub struct MessageListMeta {
    /// Label names.
    pub labels: Vec<String>,
    /// Of the conversation.
    pub additional_attributes: Json,
    /// The contact.
    pub contact: ContactSender,
    /// Absent when nobody answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub assignee: Option<UserSender>,
    /// ISO text.
    pub agent_last_seen_at: Option<Timestamp>,
    /// ISO text.
    pub assignee_last_seen_at: Option<Timestamp>,
}

/// A message to be written (rest.md §5.15); unknown keys are ignored.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = conversation_message_create)]
pub struct NewMessageBody {
    /// The text, at most 150,000 characters.
    pub content: Option<Text>,
    /// `outgoing` (default) or `incoming`; the latter only in API inboxes.
    pub message_type: Option<Text>,
    /// An internal note.
    pub private: Option<Flag>,
    /// What the content is; `text` by default.
    pub content_type: Option<Text>,
    /// Items and other parts of the content.
    pub content_attributes: Option<Object>,
    /// What the client calls the message; sent back, not stored.
    pub echo_id: Option<Text>,
    /// Copies of a mail: addresses separated by commas.
    pub cc_emails: Option<Text>,
    /// Blind copies of a mail: addresses separated by commas.
    pub bcc_emails: Option<Text>,
    /// Receivers of a mail: addresses separated by commas.
    pub to_emails: Option<Text>,
    /// `AgentBot` to write in the name of a bot.
    pub sender_type: Option<Text>,
    /// The bot's id.
    pub sender_id: Option<Int>,
    /// The campaign that the message belongs to.
    pub campaign_id: Option<Int>,
    /// Template of a channel that needs one.
    pub template_params: Option<Object>,
    /// When it was written in another system; free form.
    #[schema(value_type = Object)]
    #[serde(default)]
    pub external_created_at: Maybe<serde_json::Value>,
    /// Its id in the channel.
    pub source_id: Option<Text>,
    /// In multipart bodies files; else signed ids of files that were stored before. At most 15.
    pub attachments: Option<Texts>,
}

impl edge::Shape for NewMessageBody {}

/// Which messages to list.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct MessageListQuery {
    /// Only messages with a smaller id.
    pub before: Option<Text>,
    /// Only messages with a larger id, oldest first.
    pub after: Option<Text>,
    /// Any value that is not blank leaves out private notes and activity messages.
    pub filter_internal_messages: Option<Text>,
}

impl edge::Shape for MessageListQuery {}

/// The messages as answers carry them.
pub fn list(messages: Vec<Message>, display_id: i64, beside: &Beside) -> Vec<MessageJson> {
    messages.into_iter().map(|message| MessageJson::new(message, display_id, beside)).collect()
}
