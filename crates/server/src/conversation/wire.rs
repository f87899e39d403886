//! Conversations as the wire has them (rest.md §4.5, §5.10).

use edge::field::{Int, Maybe, Object, Text, Texts, Word};
use serde::{Deserialize, Serialize};
use types::{AccountId, ChannelKind, InboxId, Json, Priority, Status, TeamId, Timestamp};
use utoipa::ToSchema;

use crate::agent::wire::AgentJson;
use crate::contact::wire::ContactJson;
use crate::message::wire::{MessageEventJson, NewMessageBody};
use crate::team::wire::TeamJson;

/// A conversation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = conversation)]
pub struct ConversationJson {
    /// Contact, channel, assignee and team.
    pub meta: ConversationMeta,
    /// The conversation's number in the account.
    pub id: i64,
    /// The newest unread messages, at most ten, else the last one; oldest first.
    pub messages: Vec<MessageEventJson>,
    /// The account.
    pub account_id: AccountId,
    /// Unguessable id for links.
    pub uuid: String,
    /// Free attributes set by channels.
    pub additional_attributes: Json,
    /// Epoch seconds, 0 if never.
    pub agent_last_seen_at: i64,
    /// Epoch seconds, 0 if never.
    pub assignee_last_seen_at: i64,
    /// Whether the channel's answering window is open.
    pub can_reply: bool,
    /// Epoch seconds, 0 if never.
    pub contact_last_seen_at: i64,
    /// Free attributes set by the team.
    pub custom_attributes: Json,
    /// The inbox.
    pub inbox_id: InboxId,
    /// Label names.
    pub labels: Vec<String>,
    /// The contact's messages do not reopen it.
    pub muted: bool,
    /// ISO text.
    pub snoozed_until: Option<Timestamp>,
    /// Where it stands.
    pub status: Status,
    /// Epoch seconds.
    pub created_at: i64,
    /// Epoch seconds with fraction.
    pub updated_at: f64,
    /// Last activity, epoch seconds.
    pub timestamp: i64,
    /// Epoch seconds, 0 if there was none.
    pub first_reply_created_at: i64,
    /// Messages of the contact that no agent has read.
    pub unread_count: i64,
    /// The newest message that is no activity.
    pub last_non_activity_message: Option<MessageEventJson>,
    /// Epoch seconds.
    pub last_activity_at: i64,
    /// How urgent it is.
    pub priority: Option<Priority>,
    /// Epoch seconds, 0 when nobody waits.
    pub waiting_since: i64,
    /// The service level agreement that applies.
    pub sla_policy_id: Option<i64>,
}

/// The people around a conversation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = conversation_meta)]
pub struct ConversationMeta {
    /// The contact.
    pub sender: ContactJson,
    /// Kind of the inbox's channel.
    pub channel: ChannelKind,
    /// Absent when nobody answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub assignee: Option<AgentJson>,
    /// `User`; absent when nobody answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub assignee_type: Option<&'static str>,
    /// Absent when no team answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub team: Option<TeamJson>,
    /// Whether the contact's session has proved its identity.
    pub hmac_verified: bool,
}

/// A page of conversations.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = conversation_list)]
pub struct ConversationListJson {
    /// The page.
    pub data: ConversationPage,
}

/// The conversations of one contact.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = contact_conversations)]
pub struct ContactConversationsJson {
    /// At most 1000, those with the latest activity first.
    pub payload: Vec<ConversationJson>,
}

/// Counts and conversations.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = conversation_page)]
pub struct ConversationPage {
    /// Counts over all pages.
    pub meta: Counts,
    /// At most 25.
    pub payload: Vec<ConversationJson>,
}

/// Counts alone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = conversation_counts)]
pub struct CountsJson {
    /// Counts over all pages.
    pub meta: Counts,
}

/// How many conversations there are before `assignee_type` and paging.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = conversation_count_meta)]
pub struct Counts {
    /// Assigned to the caller.
    pub mine_count: i64,
    /// Assigned to somebody.
    pub assigned_count: i64,
    /// Assigned to nobody.
    pub unassigned_count: i64,
    /// All.
    pub all_count: i64,
}

/// Which conversations to list (rest.md §5.10).
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct ListQuery {
    /// `open` (default), `resolved`, `pending`, `snoozed`, `all`.
    #[serde(default)]
    pub status: Maybe<Text>,
    /// `me`, `unassigned`, `assigned`, `all` (default).
    pub assignee_type: Option<Text>,
    /// Only this inbox.
    #[serde(default)]
    pub inbox_id: Maybe<Text>,
    /// Only this team.
    #[serde(default)]
    pub team_id: Maybe<Text>,
    /// Any of these labels.
    #[serde(default)]
    pub labels: Maybe<Texts>,
    /// With a message that contains this.
    pub q: Option<Text>,
    /// From 1.
    pub page: Option<Text>,
    /// `mention`, `participating`, `unattended`.
    pub conversation_type: Option<Text>,
    /// `unattended`.
    pub reply_status: Option<Text>,
    /// An order of [`super::list::Order`].
    pub sort_by: Option<Text>,
    /// Only of this session.
    pub source_id: Option<Text>,
    /// Only those that changed in the last so many seconds; not paged.
    pub updated_within: Option<Int>,
}

impl edge::Shape for ListQuery {}

/// A conversation to be made (rest.md §5.10).
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = conversation_create)]
pub struct NewConversationBody {
    /// The contact's session.
    pub source_id: Option<Text>,
    /// With `contact_id`: where to find or make the session.
    pub inbox_id: Option<Int>,
    /// With `inbox_id`: the contact.
    pub contact_id: Option<Int>,
    /// Free attributes; texts up to 1,500 characters.
    pub additional_attributes: Option<Object>,
    /// Free attributes; texts up to 1,500 characters.
    pub custom_attributes: Option<Object>,
    /// `open` by default.
    pub status: Option<Text>,
    /// Who answers.
    pub assignee_id: Option<Int>,
    /// The team that answers.
    pub team_id: Option<Int>,
    /// ISO text; only with status `snoozed`.
    pub snoozed_until: Option<Text>,
    /// The first message.
    pub message: Option<NewMessageBody>,
}

impl edge::Shape for NewConversationBody {}

/// A change of status (rest.md §5.10).
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = conversation_status_toggle)]
pub struct ToggleStatusBody {
    /// `open`, `resolved`, `pending`, `snoozed`; without it open and resolved change places.
    pub status: Option<Text>,
    /// Epoch seconds; with `snoozed`.
    pub snoozed_until: Option<Text>,
}

impl edge::Shape for ToggleStatusBody {}

/// The new status.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = conversation_status)]
pub struct ToggleStatusJson {
    /// Empty.
    pub meta: Json,
    /// What became of it.
    pub payload: ToggleStatusPayload,
}

/// What became of a change of status.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = conversation_status_payload)]
pub struct ToggleStatusPayload {
    /// True.
    pub success: bool,
    /// The conversation's number.
    pub conversation_id: i64,
    /// The status it has now.
    pub current_status: Status,
    /// ISO text.
    pub snoozed_until: Option<Timestamp>,
}

/// An assignment (rest.md §5.10): the key that is there decides; `assignee_id` first.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = conversation_assignment)]
pub struct AssignmentBody {
    /// A user's id; 0, null or unknown: nobody.
    #[schema(value_type = i64)]
    #[serde(default)]
    pub assignee_id: Maybe<Int>,
    /// `User`, or nothing; bots cannot be assigned.
    pub assignee_type: Option<Text>,
    /// A team's id; 0, null or unknown: none.
    #[schema(value_type = i64)]
    #[serde(default)]
    pub team_id: Maybe<Int>,
}

impl edge::Shape for AssignmentBody {}

/// The answer to an assignment.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = conversation_assignee)]
pub enum AssignmentJson {
    /// The assignee.
    Agent(Box<AgentJson>),
    /// The team.
    Team(TeamRecordJson),
}

/// A team as it is stored (rest.md §4.10).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = team_record)]
pub struct TeamRecordJson {
    /// Team id.
    pub id: TeamId,
    /// Name, lower case.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whether it assigns its members.
    pub allow_auto_assign: bool,
    /// The account.
    pub account_id: AccountId,
    /// ISO text.
    pub created_at: Timestamp,
    /// ISO text.
    pub updated_at: Timestamp,
}

/// Labels to be set; they replace the old ones.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = conversation_labels_set)]
pub struct LabelsBody {
    /// Names; an element with commas counts as several.
    pub labels: Option<Texts>,
}

impl edge::Shape for LabelsBody {}

/// The labels of a conversation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = conversation_labels)]
pub struct LabelsJson {
    /// Names.
    pub payload: Vec<String>,
}

/// A priority to be set by its own route (superset §10).
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = conversation_priority)]
pub struct PriorityBody {
    /// `low`, `medium`, `high` or `urgent`; missing, null or empty: none.
    pub priority: Option<Word<Priority>>,
}

impl edge::Shape for PriorityBody {}

/// The same in the query, which counts when the body has none.
pub type PriorityQuery = PriorityBody;

/// What may be changed of a conversation (superset §10).
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = conversation_update)]
pub struct ConversationBody {
    /// `low`, `medium`, `high` or `urgent`; null or empty: none.
    #[serde(default)]
    pub priority: Maybe<Word<Priority>>,
}

impl edge::Shape for ConversationBody {}

/// Free attributes to be set; they replace the old ones.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = conversation_attributes_set)]
pub struct CustomAttributesBody {
    /// Needed; texts up to 1,500 characters. `{}` clears.
    pub custom_attributes: Option<Object>,
}

impl edge::Shape for CustomAttributesBody {}

/// The free attributes of a conversation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = conversation_attributes)]
pub struct CustomAttributesJson {
    /// All of them.
    pub custom_attributes: Json,
}
