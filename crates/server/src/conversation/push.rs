//! Conversations and messages as events carry them (realtime.md §2.2).

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use edge::Result;
use serde::Serialize;
use serde_json::{Map, Value};
use store::{Conn, sql};
use types::{
    AccountId, ChannelKind, ContactId, ContactInboxId, ConversationId, InboxId, Json, MessageId, MessageType, Priority,
    Status, TeamId, Timestamp,
};

use super::view::{self, Messages, ReplyWindows, Viewer};
use super::{Conversation, store as rows};
use crate::message::Message;
use crate::message::sender::{self, ContactSender, UserSender};
use crate::message::wire::MessageEventJson;
use crate::{label, team};

/// A conversation in an event.
#[derive(Debug, Clone, Serialize)]
pub struct ConversationPush {
    /// The conversation's number in the account.
    pub id: i64,
    /// The account.
    pub account_id: AccountId,
    /// The inbox.
    pub inbox_id: InboxId,
    /// Kind of the inbox's channel.
    pub channel: ChannelKind,
    /// Where it stands.
    pub status: Status,
    /// Whether the channel's answering window is open.
    pub can_reply: bool,
    /// Free attributes set by channels.
    pub additional_attributes: Json,
    /// Free attributes set by the team.
    pub custom_attributes: Json,
    /// The contact's session.
    pub contact_inbox: ContactInboxPush,
    /// The newest message that the contact may see, if there is one.
    pub messages: Vec<MessageEventJson>,
    /// Contact, assignee and team.
    pub meta: ConversationPushMeta,
    /// ISO text.
    pub snoozed_until: Option<Timestamp>,
    /// Messages of the contact that no agent has read.
    pub unread_count: i64,
    /// Epoch seconds, 0 if never.
    pub agent_last_seen_at: i64,
    /// Epoch seconds, 0 if never.
    pub contact_last_seen_at: i64,
    /// Last activity, epoch seconds.
    pub timestamp: i64,
    /// Label names.
    pub labels: Vec<String>,
    /// Epoch seconds.
    pub last_activity_at: i64,
    /// Epoch seconds.
    pub created_at: i64,
    /// Epoch seconds with fraction.
    pub updated_at: f64,
    /// ISO text.
    pub first_reply_created_at: Option<Timestamp>,
    /// Epoch seconds, 0 when nobody waits.
    pub waiting_since: i64,
    /// How urgent it is.
    pub priority: Option<Priority>,
}

store::row! {
    /// A contact's session in an event: the whole row.
    #[derive(Debug, Clone, Serialize)]
    pub struct ContactInboxPush {
        /// Database id.
        pub id: ContactInboxId,
        /// The contact.
        pub contact_id: ContactId,
        /// The inbox.
        pub inbox_id: InboxId,
        /// Its id in the inbox.
        pub source_id: String,
        /// ISO text.
        pub created_at: Timestamp,
        /// ISO text.
        pub updated_at: Timestamp,
        /// The session has proved its identity.
        pub hmac_verified: bool,
        /// Key of the contact's socket.
        pub pubsub_token: String,
    }
}

/// The people around a conversation.
#[derive(Debug, Clone, Serialize)]
pub struct ConversationPushMeta {
    /// The contact.
    pub sender: Option<ContactSender>,
    /// Who answers.
    pub assignee: Option<UserSender>,
    /// `User`, or null.
    pub assignee_type: Option<&'static str>,
    /// The team that answers.
    pub team: Option<TeamPush>,
    /// Whether the contact's session has proved its identity.
    pub hmac_verified: bool,
}

/// A team in an event.
#[derive(Debug, Clone, Serialize)]
pub struct TeamPush {
    /// The team.
    pub id: TeamId,
    /// Its name.
    pub name: String,
}

/// A message in an event.
#[derive(Debug, Clone, Serialize)]
pub struct MessagePush {
    /// What every form of a message has.
    #[serde(flatten)]
    pub message: MessageEventJson,
    /// Always empty: nothing reads moods out of messages.
    pub sentiment: Json,
    /// What the client called the message; only when it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub echo_id: Option<String>,
    /// Attributes with their values before and after; only when it changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_changes: Option<Map<String, Value>>,
}

impl MessagePush {
    /// Whether the contact may see it.
    pub fn is_public(&self) -> bool {
        !self.message.private && self.message.message_type != MessageType::Activity.number()
    }
}

/// Conversations as events carry them; `None` for what nobody sees any more.
#[derive(Debug, Default)]
pub struct Pushes(HashMap<ConversationId, Option<Loaded>>);

#[derive(Debug)]
struct Loaded {
    conversation: Conversation,
    push: ConversationPush,
}

impl Pushes {
    /// The conversation, looked up once.
    pub fn conversation(
        &mut self,
        conn: &mut Conn<'_>,
        viewer: &Viewer,
        id: ConversationId,
    ) -> Result<Option<(&Conversation, &ConversationPush)>> {
        let loaded = match self.0.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(load(conn, viewer, id)?),
        };
        Ok(loaded.as_ref().map(|loaded| (&loaded.conversation, &loaded.push)))
    }
}

/// A message with its conversation.
#[derive(Debug, Clone)]
pub struct FoundMessage {
    /// The conversation.
    pub conversation: Conversation,
    /// The message as it is stored.
    pub message: Message,
    /// The message as events carry it.
    pub push: MessagePush,
}

/// A message of a conversation that anybody sees.
pub fn find_message(
    conn: &mut Conn<'_>,
    viewer: &Viewer,
    conversation: ConversationId,
    id: MessageId,
) -> Result<Option<FoundMessage>> {
    let account = viewer.account_id;
    let Some(conversation) = rows::list_by_ids(conn, account, &[conversation])?.pop() else { return Ok(None) };
    let around = view::find_surroundings(conn, account, &[conversation.id])?;
    let messages = Messages::of(conn, viewer, &[id])?;
    let message = messages.get(id).filter(|message| message.conversation_id == conversation.id).cloned();
    let form = around.get(&conversation.id).and_then(|around| messages.event_form(id, &conversation, around));
    Ok(message.zip(form).map(|(message, form)| {
        let push = MessagePush { message: form, sentiment: Json::object(), echo_id: None, previous_changes: None };
        FoundMessage { conversation, message, push }
    }))
}

fn load(conn: &mut Conn<'_>, viewer: &Viewer, id: ConversationId) -> Result<Option<Loaded>> {
    let account = viewer.account_id;
    let Some(conversation) = rows::list_by_ids(conn, account, &[id])?.pop() else { return Ok(None) };
    let around = view::find_surroundings(conn, account, &[id])?;
    let Some(contact_inbox) = find_contact_inbox(conn, account, conversation.contact_inbox_id)? else {
        return Ok(None);
    };
    let windows = ReplyWindows::load(conn, viewer, &around)?;
    let Some(around) = around.get(&id) else { return Ok(None) };
    let last = find_last_public(conn, account, id)?;
    let messages = Messages::of(conn, viewer, last.as_slice())?;
    let assignee = match conversation.assignee_id {
        Some(user) => sender::find_user(conn, account, user, &viewer.base_url)?,
        None => None,
    };
    let team = match conversation.team_id {
        Some(team) => team::store::find(conn, account, team)?.map(|team| TeamPush { id: team.id, name: team.name }),
        None => None,
    };
    let labels = label::store::list_of_conversations(conn, account, &[id])?.remove(&id).unwrap_or_default();
    let seconds = |time: Option<Timestamp>| time.map_or(0, Timestamp::epoch_seconds);
    let push = ConversationPush {
        id: conversation.display_id,
        account_id: account,
        inbox_id: conversation.inbox_id,
        channel: around.channel_kind,
        status: conversation.status,
        can_reply: windows.is_open(around),
        additional_attributes: conversation.additional_attributes.clone(),
        custom_attributes: conversation.custom_attributes.clone(),
        messages: last.and_then(|last| messages.event_form(last, &conversation, around)).into_iter().collect(),
        meta: ConversationPushMeta {
            sender: sender::find_contact(conn, account, conversation.contact_id, &viewer.base_url)?,
            assignee_type: assignee.as_ref().map(|_| "User"),
            assignee,
            team,
            hmac_verified: contact_inbox.hmac_verified,
        },
        contact_inbox,
        snoozed_until: conversation.snoozed_until,
        unread_count: conversation.unread_count,
        agent_last_seen_at: seconds(conversation.agent_last_seen_at),
        contact_last_seen_at: seconds(conversation.contact_last_seen_at),
        timestamp: conversation.last_activity_at.epoch_seconds(),
        labels,
        last_activity_at: conversation.last_activity_at.epoch_seconds(),
        created_at: conversation.created_at.epoch_seconds(),
        updated_at: conversation.updated_at.epoch_seconds_float(),
        first_reply_created_at: conversation.first_reply_created_at,
        waiting_since: seconds(conversation.waiting_since),
        priority: conversation.priority,
    };
    Ok(Some(Loaded { conversation, push }))
}

fn find_contact_inbox(conn: &mut Conn<'_>, account: AccountId, id: ContactInboxId) -> Result<Option<ContactInboxPush>> {
    Ok(conn.query_opt(
        sql!(
            "SELECT id, contact_id, inbox_id, source_id, created_at, updated_at, hmac_verified, pubsub_token
             FROM contact_inboxes WHERE account_id = $1 AND id = $2"
        ),
        (account, id),
    )?)
}

fn find_last_public(conn: &mut Conn<'_>, account: AccountId, id: ConversationId) -> Result<Option<MessageId>> {
    let row: Option<(MessageId,)> = conn.query_opt(
        sql!(
            "SELECT m.id FROM messages m
             WHERE m.account_id = $1 AND m.conversation_id = $2 AND m.message_type <> 'activity' AND NOT m.private
             ORDER BY m.id DESC LIMIT 1"
        ),
        (account, id),
    )?;
    Ok(row.map(|(id,)| id))
}
