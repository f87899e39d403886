//! Conversations put together for answers: a fixed number of statements for any number of them.

use std::collections::HashMap;

use edge::Result;
use store::{Conn, sql};
use types::{AccountId, ChannelKind, ConversationId, Json, MessageId, Timestamp, UserId};

use super::wire::{ConversationJson, ConversationMeta};
use super::{Conversation, store as rows};
use crate::BaseUrl;
use crate::access::{Member, MemberOrBot};
use crate::agent;
use crate::contact::{self, Contact};
use crate::inbox::channel;
use crate::label;
use crate::message::beside::Beside;
use crate::message::sender::Presence;
use crate::message::wire::{MessageContactInboxJson, MessageConversationJson, MessageEventJson};
use crate::message::{self, Message};
use crate::team;

/// Unread messages that a conversation shows at most.
const RECENT_MESSAGES: usize = 10;

/// Who looks, and when: decides `is_member` of teams and whether an answering window is open.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// The account.
    pub account_id: AccountId,
    /// The user; bots have none.
    pub user_id: Option<UserId>,
    /// The time of the answer.
    pub now: Timestamp,
    /// Where people reach the server.
    pub base_url: BaseUrl,
}

impl Viewer {
    /// A member or a bot.
    pub fn new(caller: &MemberOrBot, now: Timestamp, base_url: &BaseUrl) -> Self {
        let user_id = caller.member().map(|member| member.user_id);
        Self { account_id: caller.account_id(), user_id, now, base_url: base_url.clone() }
    }

    /// A member.
    pub fn member(member: &Member, now: Timestamp, base_url: &BaseUrl) -> Self {
        let user_id = Some(member.user_id);
        Self { account_id: member.account_id, user_id, now, base_url: base_url.clone() }
    }
}

store::row! {
    /// What stands around a conversation in other tables.
    pub(super) struct Surroundings {
        pub id: ConversationId,
        pub source_id: String,
        pub hmac_verified: bool,
        pub channel_kind: ChannelKind,
        pub channel_settings: Json,
        pub recent_messages: Option<String>,
        pub last_non_activity_message: Option<MessageId>,
    }
}

/// The conversations as answers carry them, in their order.
pub fn load(conn: &mut Conn<'_>, viewer: &Viewer, conversations: Vec<Conversation>) -> Result<Vec<ConversationJson>> {
    if conversations.is_empty() {
        return Ok(Vec::new());
    }
    let account = viewer.account_id;
    let ids: Vec<ConversationId> = conversations.iter().map(|conversation| conversation.id).collect();
    let mut around = find_surroundings(conn, account, &ids)?;
    let contact_ids = conversations.iter().map(|conversation| conversation.contact_id).collect();
    let mut contacts: HashMap<_, Contact> = contact::store::list_by_ids(conn, account, contact_ids)?
        .into_iter()
        .map(|contact| (contact.id, contact))
        .collect();
    let messages = Messages::load(conn, viewer, &conversations, &around)?;
    let assignee_ids = conversations.iter().filter_map(|conversation| conversation.assignee_id).collect();
    let assignees = agent::store::list_by_ids(conn, account, assignee_ids)?;
    let team_ids: Vec<_> = conversations.iter().filter_map(|conversation| conversation.team_id).collect();
    let teams = team::store::list_by_ids(conn, account, viewer.user_id, &team_ids)?;
    let mut labels = label::store::list_of_conversations(conn, account, &ids)?;
    let windows = ReplyWindows::load(conn, viewer, &around)?;

    let mut out = Vec::with_capacity(conversations.len());
    for conversation in conversations {
        let Some(surroundings) = around.remove(&conversation.id) else { continue };
        let Some(contact) = contacts.get_mut(&conversation.contact_id) else { continue };
        let assignee = conversation.assignee_id.and_then(|id| assignees.iter().find(|agent| agent.id == id));
        let team = conversation.team_id.and_then(|id| teams.iter().find(|team| team.id == id));
        let meta = ConversationMeta {
            sender: contact.to_json(&viewer.base_url, viewer.now),
            channel: surroundings.channel_kind,
            assignee: assignee.map(|agent| agent.to_json(account, &viewer.base_url)),
            assignee_type: assignee.map(|_| "User"),
            team: team.cloned(),
            hmac_verified: surroundings.hmac_verified,
        };
        let labels = labels.remove(&conversation.id).unwrap_or_default();
        let can_reply = windows.is_open(&surroundings);
        out.push(put_together(conversation, meta, labels, can_reply, &surroundings, &messages));
    }
    Ok(out)
}

/// One conversation as answers carry it.
pub fn load_one(conn: &mut Conn<'_>, viewer: &Viewer, conversation: Conversation) -> Result<ConversationJson> {
    let loaded = load(conn, viewer, vec![conversation])?.into_iter().next();
    loaded.ok_or(edge::Error::NotFound("conversation"))
}

fn put_together(
    conversation: Conversation,
    meta: ConversationMeta,
    labels: Vec<String>,
    can_reply: bool,
    surroundings: &Surroundings,
    messages: &Messages,
) -> ConversationJson {
    let seconds = |time: Option<Timestamp>| time.map_or(0, Timestamp::epoch_seconds);
    let shown = recent_ids(surroundings, &conversation);
    ConversationJson {
        meta,
        id: conversation.display_id,
        messages: shown
            .iter()
            .filter(|id| messages.is_shown(**id, &conversation))
            .filter_map(|id| messages.event_form(*id, &conversation, surroundings))
            .collect(),
        account_id: conversation.account_id,
        agent_last_seen_at: seconds(conversation.agent_last_seen_at),
        assignee_last_seen_at: seconds(conversation.assignee_last_seen_at),
        can_reply,
        contact_last_seen_at: seconds(conversation.contact_last_seen_at),
        inbox_id: conversation.inbox_id,
        labels,
        muted: conversation.muted,
        snoozed_until: conversation.snoozed_until,
        status: conversation.status,
        created_at: conversation.created_at.epoch_seconds(),
        updated_at: conversation.updated_at.epoch_seconds_float(),
        timestamp: conversation.last_activity_at.epoch_seconds(),
        first_reply_created_at: seconds(conversation.first_reply_created_at),
        unread_count: conversation.unread_count,
        last_non_activity_message: surroundings
            .last_non_activity_message
            .and_then(|id| messages.event_form(id, &conversation, surroundings)),
        last_activity_at: conversation.last_activity_at.epoch_seconds(),
        priority: conversation.priority,
        waiting_since: seconds(conversation.waiting_since),
        sla_policy_id: None,
        uuid: conversation.uuid,
        additional_attributes: conversation.additional_attributes,
        custom_attributes: conversation.custom_attributes,
    }
}

pub(super) fn find_surroundings(
    conn: &mut Conn<'_>,
    account: AccountId,
    ids: &[ConversationId],
) -> Result<HashMap<ConversationId, Surroundings>> {
    let rows: Vec<Surroundings> = conn.query(
        sql!(
            "SELECT c.id, ci.source_id, ci.hmac_verified, ch.kind AS channel_kind, ch.settings AS channel_settings,
                    (SELECT string_agg(CAST(recent.id AS TEXT), ',') FROM (
                        SELECT m.id FROM messages m
                        WHERE m.account_id = c.account_id AND m.conversation_id = c.id
                        ORDER BY m.id DESC LIMIT 10) recent) AS recent_messages,
                    (SELECT m.id FROM messages m
                     WHERE m.account_id = c.account_id AND m.conversation_id = c.id AND m.message_type <> 'activity'
                     ORDER BY m.id DESC LIMIT 1) AS last_non_activity_message
             FROM conversations c
             JOIN contact_inboxes ci ON ci.id = c.contact_inbox_id
             JOIN inboxes i ON i.id = c.inbox_id
             JOIN channels ch ON ch.id = i.channel_id
             WHERE c.account_id = $1 AND c.id = ANY($2)"
        ),
        (account, ids),
    )?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Oldest first: the last message, or with unread ones those since the agent looked, at most ten.
fn recent_ids(surroundings: &Surroundings, conversation: &Conversation) -> Vec<MessageId> {
    let text = surroundings.recent_messages.as_deref().unwrap_or_default();
    let mut ids: Vec<i64> = text.split(',').filter_map(|id| id.parse().ok()).collect();
    ids.sort_unstable_by(|one, other| other.cmp(one));
    ids.truncate(if conversation.unread_count == 0 { 1 } else { RECENT_MESSAGES });
    ids.reverse();
    ids.into_iter().map(MessageId::new).collect()
}

/// The messages that some conversations show, with what belongs to them.
pub(super) struct Messages {
    rows: HashMap<MessageId, Message>,
    beside: Beside,
}

impl Messages {
    fn load(
        conn: &mut Conn<'_>,
        viewer: &Viewer,
        conversations: &[Conversation],
        around: &HashMap<ConversationId, Surroundings>,
    ) -> Result<Self> {
        let mut ids = Vec::new();
        for conversation in conversations {
            if let Some(surroundings) = around.get(&conversation.id) {
                ids.extend(recent_ids(surroundings, conversation));
                ids.extend(surroundings.last_non_activity_message);
            }
        }
        ids.sort_unstable();
        ids.dedup();
        Self::of(conn, viewer, &ids)
    }

    /// These messages.
    pub(super) fn of(conn: &mut Conn<'_>, viewer: &Viewer, ids: &[MessageId]) -> Result<Self> {
        let account = viewer.account_id;
        let rows = message::store::list_by_ids(conn, account, ids)?;
        let beside = Beside::load(conn, account, &rows, Presence::Shown, &viewer.base_url)?;
        Ok(Self { rows: rows.into_iter().map(|message| (message.id, message)).collect(), beside })
    }

    /// The message itself.
    pub(super) fn get(&self, id: MessageId) -> Option<&Message> {
        self.rows.get(&id)
    }

    /// With unread messages only what came since the agent looked is shown.
    fn is_shown(&self, id: MessageId, conversation: &Conversation) -> bool {
        let seen = conversation.agent_last_seen_at.filter(|_| conversation.unread_count > 0);
        seen.is_none_or(|seen| self.rows.get(&id).is_some_and(|message| message.created_at > seen))
    }

    pub(super) fn event_form(
        &self,
        id: MessageId,
        conversation: &Conversation,
        surroundings: &Surroundings,
    ) -> Option<MessageEventJson> {
        let message = self.rows.get(&id)?;
        let sender_ids = message.sender().kind_and_id();
        Some(MessageEventJson {
            id: message.id,
            content: self.beside.content(message),
            account_id: message.account_id,
            inbox_id: message.inbox_id,
            conversation_id: conversation.display_id,
            message_type: message.message_type.number(),
            created_at: message.created_at.epoch_seconds(),
            updated_at: message.updated_at,
            private: message.private,
            status: message.status,
            source_id: message.source_id.clone(),
            content_type: message.content_type,
            content_attributes: message.content_attributes.clone(),
            sender_type: sender_ids.map(|(kind, _)| kind),
            sender_id: sender_ids.map(|(_, id)| id),
            external_source_ids: Json::object(),
            additional_attributes: message.additional_attributes.clone(),
            processed_message_content: self.beside.content(message),
            conversation: MessageConversationJson {
                assignee_id: conversation.assignee_id,
                unread_count: conversation.unread_count,
                last_activity_at: conversation.last_activity_at.epoch_seconds(),
                contact_inbox: MessageContactInboxJson { source_id: surroundings.source_id.clone() },
            },
            attachments: self.beside.attachments(message),
            sender: self.beside.sender(message),
        })
    }
}

/// Answering windows of API inboxes that have one (rest.md §6.6).
pub(super) struct ReplyWindows {
    now: Timestamp,
    last_incoming: HashMap<ConversationId, Timestamp>,
}

impl ReplyWindows {
    pub(super) fn load(
        conn: &mut Conn<'_>,
        viewer: &Viewer,
        around: &HashMap<ConversationId, Surroundings>,
    ) -> Result<Self> {
        let windowed: Vec<ConversationId> =
            around.values().filter(|row| window_hours(row).is_some()).map(|row| row.id).collect();
        if windowed.is_empty() {
            return Ok(Self { now: viewer.now, last_incoming: HashMap::new() });
        }
        let rows: Vec<(ConversationId, Timestamp)> = conn.query(
            sql!(
                "SELECT conversation_id, MAX(created_at) FROM messages
                 WHERE account_id = $1 AND conversation_id = ANY($2) AND message_type = 'incoming'
                 GROUP BY conversation_id"
            ),
            (viewer.account_id, &windowed),
        )?;
        Ok(Self { now: viewer.now, last_incoming: rows.into_iter().collect() })
    }

    pub(super) fn is_open(&self, surroundings: &Surroundings) -> bool {
        let Some(hours) = window_hours(surroundings) else { return true };
        let Some(last) = self.last_incoming.get(&surroundings.id) else { return false };
        self.now.since(*last).as_secs_f64() < hours * 3600.0
    }
}

fn window_hours(surroundings: &Surroundings) -> Option<f64> {
    match surroundings.channel_kind {
        ChannelKind::Api => channel::reply_window_hours(&surroundings.channel_settings),
        ChannelKind::WebWidget | ChannelKind::Email => None,
    }
}

/// The columns of a conversation, for lists that build their statement.
pub const fn columns() -> &'static str {
    rows::columns!()
}
