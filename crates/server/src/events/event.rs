//! What can happen in an account, in one list.

use serde::Serialize;
use serde_json::{Map, Value, json};
use types::{
    AgentBotId, AutomationRuleId, CannedResponseId, ContactId, ConversationId, CustomAttributeId, CustomFilterId, Id,
    InboxId, IntegrationHookId, Json, LabelId, MessageId, Status, TeamId, UserId, WebhookId,
};

use crate::account::stamp;

/// An event's row: what it is about, and what must not drift.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub subject: Map<String, Value>,
    pub changes: Map<String, Value>,
}

/// What an event is made of: it goes into the row and comes back from it.
trait Part: Sized {
    fn put(&self, key: &str, row: &mut Row);
    fn read(key: &str, row: &Row) -> Option<Self>;
}

macro_rules! events {
    ($($(#[$doc:meta])+ $event:ident $(($($key:ident: $part:ty),+))? = $name:literal,)+) => {
        /// Something that happened. The ids name what it is about; the rest is what must not drift.
        #[derive(Debug, Clone)]
        pub enum Event {
            $($(#[$doc])+ $event $(($($part),+))?,)+
        }

        impl Event {
            /// `noun.past_participle`, stored in the log: never reuse a name.
            pub fn name(&self) -> &'static str {
                match self {
                    $(events!(@any $event $(($($part),+))?) => $name,)+
                }
            }

            pub(super) fn row(&self) -> Row {
                let mut row = Row::default();
                match self {
                    $(Self::$event $(($($key),+))? => { $($($key.put(stringify!($key), &mut row);)+)? })+
                }
                row
            }

            /// The event of a row; `None` when this version knows no such one.
            pub(super) fn of_row(name: &str, row: &Row) -> Option<Self> {
                match name {
                    $($name => Some(Self::$event $(($(<$part as Part>::read(stringify!($key), row)?),+))?),)+
                    _ => None,
                }
            }
        }
    };
    (@any $event:ident) => { Self::$event };
    (@any $event:ident ($($part:ty),+)) => { Self::$event(..) };
}

events! {
    /// An account was made.
    AccountCreated = "account.created",
    /// An account's name, language, addresses, features, limits, attributes or status changed.
    AccountUpdated(changes: Changes) = "account.updated",
    /// A user became a member.
    AgentAdded(user_id: UserId) = "agent.added",
    /// A member's role or availability changed.
    AgentUpdated(user_id: UserId, changes: Changes) = "agent.updated",
    /// A user is no member any more.
    AgentRemoved(user_id: UserId) = "agent.removed",
    /// An inbox was made.
    InboxCreated(inbox_id: InboxId) = "inbox.created",
    /// An inbox, its channel or its opening hours changed.
    InboxUpdated(inbox_id: InboxId, changes: Changes) = "inbox.updated",
    /// An inbox was deleted, with all its conversations.
    InboxDeleted(inbox_id: InboxId) = "inbox.deleted",
    /// A member was added to an inbox.
    InboxMemberAdded(inbox_id: InboxId, user_id: UserId) = "inbox_member.added",
    /// A member was taken out of an inbox.
    InboxMemberRemoved(inbox_id: InboxId, user_id: UserId) = "inbox_member.removed",
    /// A bot of the account was made.
    AgentBotCreated(agent_bot_id: AgentBotId) = "agent_bot.created",
    /// A bot of the account changed.
    AgentBotUpdated(agent_bot_id: AgentBotId, changes: Changes) = "agent_bot.updated",
    /// A bot of the account got another API key.
    AgentBotTokenReset(agent_bot_id: AgentBotId) = "agent_bot.token_reset",
    /// A bot of the account was removed.
    AgentBotDeleted(agent_bot_id: AgentBotId) = "agent_bot.deleted",
    /// An inbox got a bot.
    AgentBotConnected(inbox_id: InboxId, agent_bot_id: AgentBotId) = "agent_bot.connected",
    /// An inbox lost its bot.
    AgentBotDisconnected(inbox_id: InboxId, agent_bot_id: AgentBotId) = "agent_bot.disconnected",
    /// A canned response was made.
    CannedResponseCreated(canned_response_id: CannedResponseId) = "canned_response.created",
    /// A canned response changed.
    CannedResponseUpdated(canned_response_id: CannedResponseId) = "canned_response.updated",
    /// A canned response was removed.
    CannedResponseDeleted(canned_response_id: CannedResponseId) = "canned_response.deleted",
    /// A custom attribute was defined.
    CustomAttributeCreated(custom_attribute_id: CustomAttributeId) = "custom_attribute.created",
    /// The definition of a custom attribute changed.
    CustomAttributeUpdated(custom_attribute_id: CustomAttributeId) = "custom_attribute.updated",
    /// The definition of a custom attribute was removed.
    CustomAttributeDeleted(custom_attribute_id: CustomAttributeId) = "custom_attribute.deleted",
    /// A label of the account was made.
    LabelCreated(label_id: LabelId) = "label.created",
    /// A label of the account changed.
    LabelUpdated(label_id: LabelId) = "label.updated",
    /// A label of the account was removed.
    LabelDeleted(label_id: LabelId) = "label.deleted",
    /// A member kept a filter.
    CustomFilterCreated(custom_filter_id: CustomFilterId) = "custom_filter.created",
    /// A filter changed.
    CustomFilterUpdated(custom_filter_id: CustomFilterId) = "custom_filter.updated",
    /// A filter was removed.
    CustomFilterDeleted(custom_filter_id: CustomFilterId) = "custom_filter.deleted",
    /// An app was connected.
    IntegrationHookCreated(integration_hook_id: IntegrationHookId) = "integration_hook.created",
    /// A connection was set up otherwise, or switched on or off; what was set is secret.
    IntegrationHookUpdated(integration_hook_id: IntegrationHookId, changes: Changes) = "integration_hook.updated",
    /// An app was disconnected, by itself or with its inbox.
    IntegrationHookDeleted(integration_hook_id: IntegrationHookId) = "integration_hook.deleted",
    /// An automation rule was made.
    AutomationRuleCreated(automation_rule_id: AutomationRuleId) = "automation_rule.created",
    /// An automation rule changed.
    AutomationRuleUpdated(automation_rule_id: AutomationRuleId, changes: Changes) = "automation_rule.updated",
    /// An automation rule was removed.
    AutomationRuleDeleted(automation_rule_id: AutomationRuleId) = "automation_rule.deleted",
    /// A webhook was made.
    WebhookCreated(webhook_id: WebhookId) = "webhook.created",
    /// A webhook's address, name, inbox, events or secret changed.
    WebhookUpdated(webhook_id: WebhookId, changes: Changes) = "webhook.updated",
    /// A webhook was removed, by itself or with its inbox.
    WebhookDeleted(webhook_id: WebhookId) = "webhook.deleted",
    /// A team was made.
    TeamCreated(team_id: TeamId) = "team.created",
    /// A team's name, description or assignment changed.
    TeamUpdated(team_id: TeamId, changes: Changes) = "team.updated",
    /// A team was removed; its conversations have none.
    TeamDeleted(team_id: TeamId) = "team.deleted",
    /// A member was added to a team.
    TeamMemberAdded(team_id: TeamId, user_id: UserId) = "team_member.added",
    /// A member was taken out of a team.
    TeamMemberRemoved(team_id: TeamId, user_id: UserId) = "team_member.removed",
    /// A contact was made.
    ContactCreated(contact_id: ContactId) = "contact.created",
    /// A contact changed, its last activity included.
    ContactUpdated(contact_id: ContactId, changes: Changes) = "contact.updated",
    /// A contact took another one over: first the one that survives, then the other.
    ContactMerged(contact_id: ContactId, merged_contact_id: ContactId) = "contact.merged",
    /// A contact was deleted. With it what it was: its row is on its way out.
    ContactDeleted(contact_id: ContactId, contact: Json) = "contact.deleted",
    /// A conversation was made.
    ConversationCreated(conversation_id: ConversationId) = "conversation.created",
    /// Team, assignee, status, snooze, attributes, labels or priority of a conversation changed.
    ConversationUpdated(conversation_id: ConversationId, changes: Changes) = "conversation.updated",
    /// A conversation's status changed, and with it until when it is snoozed.
    ConversationStatusChanged(conversation_id: ConversationId, status: Moved<Status>, changes: Changes) =
        "conversation.status_changed",
    /// The contact of a conversation has read it.
    ConversationRead(conversation_id: ConversationId) = "conversation.read",
    /// A conversation went to another contact, with which its own was merged.
    ConversationContactChanged(conversation_id: ConversationId, contact_id: Moved<ContactId>) =
        "conversation.contact_changed",
    /// A conversation's assignee changed after its creation.
    AssigneeChanged(conversation_id: ConversationId, assignee_id: Moved<Option<UserId>>) = "assignee.changed",
    /// A conversation's team changed after its creation.
    TeamChanged(conversation_id: ConversationId, team_id: Moved<Option<TeamId>>) = "team.changed",
    /// A user was mentioned in a private note.
    ConversationMentioned(conversation_id: ConversationId, user_id: UserId) = "conversation.mentioned",
    /// A message was written. `echo_id` is what the client called it; it is stored nowhere else.
    MessageCreated(conversation_id: ConversationId, message_id: MessageId, echo_id: Option<String>) = "message.created",
    /// A message changed: it was answered, deleted or delivered.
    MessageUpdated(conversation_id: ConversationId, message_id: MessageId, changes: Changes) = "message.updated",
    /// The first public answer of a person in a conversation; `echo_id` as of the message.
    FirstReplyCreated(conversation_id: ConversationId, message_id: MessageId, echo_id: Option<String>) = "first_reply.created",
}

/// Attributes that changed, each with its value before and after.
#[derive(Debug, Clone, Default)]
pub struct Changes(Map<String, Value>);

impl Changes {
    /// Notes that `attribute` went from `before` to `after`, if it did.
    #[must_use]
    pub fn with<T: serde::Serialize + PartialEq>(mut self, attribute: &str, before: &T, after: &T) -> Self {
        if before != after {
            self.0.insert(attribute.to_owned(), json!([before, after]));
        }
        self
    }

    /// Notes that a secret `has_changed`, without its values.
    #[must_use]
    pub fn with_secret(mut self, attribute: &str, has_changed: bool) -> Self {
        if has_changed {
            self.0.insert(attribute.to_owned(), json!([null, null]));
        }
        self
    }

    /// The changes of these attributes alone.
    #[must_use]
    pub fn only(&self, attributes: &[&str]) -> Self {
        let wanted = self.0.iter().filter(|(attribute, _)| attributes.contains(&attribute.as_str()));
        Self(wanted.map(|(attribute, moved)| (attribute.clone(), moved.clone())).collect())
    }

    /// The attributes, each with its value before and after.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Whether `attribute` changed.
    pub fn contains(&self, attribute: &str) -> bool {
        self.0.contains_key(attribute)
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Something that was one value and is another one now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved<T> {
    /// What it was.
    pub before: T,
    /// What it is.
    pub after: T,
}

impl<Of> Part for Id<Of> {
    fn put(&self, key: &str, row: &mut Row) {
        row.subject.insert(key.to_owned(), json!(self));
    }

    fn read(key: &str, row: &Row) -> Option<Self> {
        row.subject.get(key)?.as_i64().map(Self::new)
    }
}

impl Part for Changes {
    fn put(&self, _: &str, row: &mut Row) {
        row.changes.extend(self.0.clone());
    }

    fn read(_: &str, row: &Row) -> Option<Self> {
        Some(Self(row.changes.clone()))
    }
}

impl<T: Stored> Part for Moved<T> {
    fn put(&self, key: &str, row: &mut Row) {
        row.changes.insert(key.to_owned(), json!([self.before, self.after]));
    }

    fn read(key: &str, row: &Row) -> Option<Self> {
        let [before, after] = row.changes.get(key)?.as_array()?.as_slice() else { return None };
        Some(Self { before: T::of_value(before)?, after: T::of_value(after)? })
    }
}

impl Part for Json {
    fn put(&self, key: &str, row: &mut Row) {
        row.changes.insert(key.to_owned(), self.read());
    }

    fn read(key: &str, row: &Row) -> Option<Self> {
        row.changes.get(key).map(Self::of)
    }
}

impl Part for Option<String> {
    fn put(&self, key: &str, row: &mut Row) {
        if let Some(text) = self {
            row.changes.insert(key.to_owned(), json!(text));
        }
    }

    fn read(key: &str, row: &Row) -> Option<Self> {
        Some(row.changes.get(key).and_then(Value::as_str).map(str::to_owned))
    }
}

/// A value that comes back from the row.
trait Stored: Serialize + Sized {
    fn of_value(value: &Value) -> Option<Self>;
}

impl Stored for Status {
    fn of_value(value: &Value) -> Option<Self> {
        value.as_str()?.parse().ok()
    }
}

impl<Of> Stored for Id<Of> {
    fn of_value(value: &Value) -> Option<Self> {
        value.as_i64().map(Self::new)
    }
}

impl<T: Stored> Stored for Option<T> {
    fn of_value(value: &Value) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::of_value(value).map(Some) }
    }
}

impl Event {
    /// The lists of a client that are not as they were: who compares cache keys loads them again (superset §2). Inboxes
    /// and teams are shown by who is in them, so that who leaves the account or gets another role counts too.
    pub(super) fn stamps(&self) -> &'static [&'static str] {
        match self {
            Self::InboxCreated(_)
            | Self::InboxUpdated(..)
            | Self::InboxDeleted(_)
            | Self::InboxMemberAdded(..)
            | Self::InboxMemberRemoved(..) => &[stamp::INBOX],
            Self::TeamCreated(_)
            | Self::TeamUpdated(..)
            | Self::TeamDeleted(_)
            | Self::TeamMemberAdded(..)
            | Self::TeamMemberRemoved(..) => &[stamp::TEAM],
            Self::LabelCreated(_) | Self::LabelUpdated(_) | Self::LabelDeleted(_) => &[stamp::LABEL],
            Self::AgentRemoved(_) => &[stamp::INBOX, stamp::TEAM],
            Self::AgentUpdated(_, changes) if changes.contains("role") => &[stamp::INBOX],
            Self::AgentUpdated(..)
            | Self::AgentAdded(_)
            | Self::AccountCreated
            | Self::AccountUpdated(_)
            | Self::AgentBotCreated(_)
            | Self::AgentBotUpdated(..)
            | Self::AgentBotTokenReset(_)
            | Self::AgentBotDeleted(_)
            | Self::AgentBotConnected(..)
            | Self::AgentBotDisconnected(..)
            | Self::CannedResponseCreated(_)
            | Self::CannedResponseUpdated(_)
            | Self::CannedResponseDeleted(_)
            | Self::CustomAttributeCreated(_)
            | Self::CustomAttributeUpdated(_)
            | Self::CustomAttributeDeleted(_)
            | Self::CustomFilterCreated(_)
            | Self::CustomFilterUpdated(_)
            | Self::CustomFilterDeleted(_)
            | Self::IntegrationHookCreated(_)
            | Self::IntegrationHookUpdated(..)
            | Self::IntegrationHookDeleted(_)
            | Self::AutomationRuleCreated(_)
            | Self::AutomationRuleUpdated(..)
            | Self::AutomationRuleDeleted(_)
            | Self::WebhookCreated(_)
            | Self::WebhookUpdated(..)
            | Self::WebhookDeleted(_)
            | Self::ContactCreated(_)
            | Self::ContactUpdated(..)
            | Self::ContactDeleted(..)
            | Self::ContactMerged(..)
            | Self::ConversationCreated(_)
            | Self::ConversationUpdated(..)
            | Self::ConversationStatusChanged(..)
            | Self::ConversationRead(_)
            | Self::ConversationContactChanged(..)
            | Self::AssigneeChanged(..)
            | Self::TeamChanged(..)
            | Self::ConversationMentioned(..)
            | Self::MessageCreated(..)
            | Self::MessageUpdated(..)
            | Self::FirstReplyCreated(..) => &[],
        }
    }
}
