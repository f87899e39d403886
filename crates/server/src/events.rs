//! What can happen in an account. Everything that hears of a change hears of it through the event log.

use serde_json::{Map, Value, json};
use types::{
    AccountId, AgentBotId, AutomationRuleId, CannedResponseId, ContactId, ConversationId, CustomFilterId, InboxId,
    IntegrationHookId, Json, MessageId, Status, TeamId, UserId, WebhookId,
};

use store::{NewEvent, Tx};

use crate::account::stamp;

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A member of the team.
    User {
        /// The user.
        id: UserId,
        /// Name shown to others.
        name: String,
    },
    /// A bot.
    Bot {
        /// The bot.
        id: AgentBotId,
    },
    /// A contact.
    Contact {
        /// The contact.
        id: ContactId,
    },
    /// A platform app or the operator.
    Operator,
    /// The server by itself: a time that came.
    System,
}

impl Actor {
    /// As it stands in the log.
    pub fn label(&self) -> String {
        match self {
            Self::User { id, .. } => format!("user:{id}"),
            Self::Bot { id } => format!("agent_bot:{id}"),
            Self::Contact { id } => format!("contact:{id}"),
            Self::Operator => "operator".into(),
            Self::System => "system".into(),
        }
    }

    /// The name of the user who acts; only what users do leaves an activity message (semantics §2.8).
    pub fn user_name(&self) -> Option<&str> {
        match self {
            Self::User { name, .. } => Some(name),
            _ => None,
        }
    }
}

impl From<&crate::access::Member> for Actor {
    fn from(member: &crate::access::Member) -> Self {
        Self::User { id: member.user_id, name: member.name.clone() }
    }
}

impl From<&crate::access::MemberOrBot> for Actor {
    fn from(caller: &crate::access::MemberOrBot) -> Self {
        match caller {
            crate::access::MemberOrBot::Member(member) => member.into(),
            crate::access::MemberOrBot::Bot(bot) => Self::Bot { id: bot.id },
        }
    }
}

/// Something that happened. The ids name what it is about; the rest is what must not drift.
#[derive(Debug, Clone)]
pub enum Event {
    /// An account was made.
    AccountCreated,
    /// An account's name, language, addresses, features, limits, attributes or status changed.
    AccountUpdated(Changes),
    /// A user became a member.
    AgentAdded(UserId),
    /// A member's role or availability changed.
    AgentUpdated(UserId, Changes),
    /// A user is no member any more.
    AgentRemoved(UserId),
    /// An inbox was made.
    InboxCreated(InboxId),
    /// An inbox, its channel or its opening hours changed.
    InboxUpdated(InboxId, Changes),
    /// An inbox was deleted, with all its conversations.
    InboxDeleted(InboxId),
    /// A member was added to an inbox.
    InboxMemberAdded(InboxId, UserId),
    /// A member was taken out of an inbox.
    InboxMemberRemoved(InboxId, UserId),
    /// A bot of the account was made.
    AgentBotCreated(AgentBotId),
    /// A bot of the account changed.
    AgentBotUpdated(AgentBotId, Changes),
    /// A bot of the account got another API key.
    AgentBotTokenReset(AgentBotId),
    /// A bot of the account was removed.
    AgentBotDeleted(AgentBotId),
    /// An inbox got a bot.
    AgentBotConnected(InboxId, AgentBotId),
    /// An inbox lost its bot.
    AgentBotDisconnected(InboxId, AgentBotId),
    /// A canned response was made.
    CannedResponseCreated(CannedResponseId),
    /// A canned response changed.
    CannedResponseUpdated(CannedResponseId),
    /// A canned response was removed.
    CannedResponseDeleted(CannedResponseId),
    /// A member kept a filter.
    CustomFilterCreated(CustomFilterId),
    /// A filter changed.
    CustomFilterUpdated(CustomFilterId),
    /// A filter was removed.
    CustomFilterDeleted(CustomFilterId),
    /// An app was connected.
    IntegrationHookCreated(IntegrationHookId),
    /// A connection was set up otherwise, or switched on or off; what was set is secret.
    IntegrationHookUpdated(IntegrationHookId, Changes),
    /// An app was disconnected, by itself or with its inbox.
    IntegrationHookDeleted(IntegrationHookId),
    /// An automation rule was made.
    AutomationRuleCreated(AutomationRuleId),
    /// An automation rule changed.
    AutomationRuleUpdated(AutomationRuleId, Changes),
    /// An automation rule was removed.
    AutomationRuleDeleted(AutomationRuleId),
    /// A webhook was made.
    WebhookCreated(WebhookId),
    /// A webhook's address, name, inbox or events changed.
    WebhookUpdated(WebhookId, Changes),
    /// A webhook was removed, by itself or with its inbox.
    WebhookDeleted(WebhookId),
    /// A team was made.
    TeamCreated(TeamId),
    /// A team's name, description or assignment changed.
    TeamUpdated(TeamId, Changes),
    /// A team was removed; its conversations have none.
    TeamDeleted(TeamId),
    /// A member was added to a team.
    TeamMemberAdded(TeamId, UserId),
    /// A member was taken out of a team.
    TeamMemberRemoved(TeamId, UserId),
    /// A contact was made.
    ContactCreated(ContactId),
    /// A contact changed, its last activity included.
    ContactUpdated(ContactId, Changes),
    /// A contact took another one over: first the one that survives, then the other.
    ContactMerged(ContactId, ContactId),
    /// A contact was deleted. With it what it was: its row is on its way out.
    ContactDeleted(ContactId, Json),
    /// A conversation was made.
    ConversationCreated(ConversationId),
    /// Team, assignee, status, snooze, attributes, labels or priority of a conversation changed.
    ConversationUpdated(ConversationId, Changes),
    /// A conversation's status changed.
    ConversationStatusChanged(ConversationId, Status, Status),
    /// A conversation's assignee changed after its creation.
    AssigneeChanged(ConversationId, Option<UserId>, Option<UserId>),
    /// A conversation's team changed after its creation.
    TeamChanged(ConversationId, Option<TeamId>, Option<TeamId>),
    /// A user was mentioned in a private note.
    ConversationMentioned(ConversationId, UserId),
    /// A message was written. `echo_id` is what the client called it; it is stored nowhere else.
    MessageCreated(ConversationId, MessageId, Option<String>),
    /// A message changed: it was answered, deleted or delivered.
    MessageUpdated(ConversationId, MessageId),
    /// The first public answer of a person in a conversation.
    FirstReplyCreated(ConversationId, MessageId),
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

    /// Whether `attribute` changed.
    pub fn contains(&self, attribute: &str) -> bool {
        self.0.contains_key(attribute)
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Event {
    /// `noun.past_participle`, stored in the log: never reuse a name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::AccountCreated => "account.created",
            Self::AccountUpdated(_) => "account.updated",
            Self::AgentAdded(_) => "agent.added",
            Self::AgentUpdated(..) => "agent.updated",
            Self::AgentRemoved(_) => "agent.removed",
            Self::InboxCreated(_) => "inbox.created",
            Self::InboxUpdated(..) => "inbox.updated",
            Self::InboxDeleted(_) => "inbox.deleted",
            Self::InboxMemberAdded(..) => "inbox_member.added",
            Self::InboxMemberRemoved(..) => "inbox_member.removed",
            Self::AgentBotCreated(_) => "agent_bot.created",
            Self::AgentBotUpdated(..) => "agent_bot.updated",
            Self::AgentBotTokenReset(_) => "agent_bot.token_reset",
            Self::AgentBotDeleted(_) => "agent_bot.deleted",
            Self::AgentBotConnected(..) => "agent_bot.connected",
            Self::AgentBotDisconnected(..) => "agent_bot.disconnected",
            Self::CannedResponseCreated(_) => "canned_response.created",
            Self::CannedResponseUpdated(_) => "canned_response.updated",
            Self::CannedResponseDeleted(_) => "canned_response.deleted",
            Self::CustomFilterCreated(_) => "custom_filter.created",
            Self::CustomFilterUpdated(_) => "custom_filter.updated",
            Self::CustomFilterDeleted(_) => "custom_filter.deleted",
            Self::IntegrationHookCreated(_) => "integration_hook.created",
            Self::IntegrationHookUpdated(..) => "integration_hook.updated",
            Self::IntegrationHookDeleted(_) => "integration_hook.deleted",
            Self::AutomationRuleCreated(_) => "automation_rule.created",
            Self::AutomationRuleUpdated(..) => "automation_rule.updated",
            Self::AutomationRuleDeleted(_) => "automation_rule.deleted",
            Self::WebhookCreated(_) => "webhook.created",
            Self::WebhookUpdated(..) => "webhook.updated",
            Self::WebhookDeleted(_) => "webhook.deleted",
            Self::TeamCreated(_) => "team.created",
            Self::TeamUpdated(..) => "team.updated",
            Self::TeamDeleted(_) => "team.deleted",
            Self::TeamMemberAdded(..) => "team_member.added",
            Self::TeamMemberRemoved(..) => "team_member.removed",
            Self::ContactCreated(_) => "contact.created",
            Self::ContactUpdated(..) => "contact.updated",
            Self::ContactMerged(..) => "contact.merged",
            Self::ContactDeleted(..) => "contact.deleted",
            Self::ConversationCreated(_) => "conversation.created",
            Self::ConversationUpdated(..) => "conversation.updated",
            Self::ConversationStatusChanged(..) => "conversation.status_changed",
            Self::AssigneeChanged(..) => "assignee.changed",
            Self::TeamChanged(..) => "team.changed",
            Self::ConversationMentioned(..) => "conversation.mentioned",
            Self::MessageCreated(..) => "message.created",
            Self::MessageUpdated(..) => "message.updated",
            Self::FirstReplyCreated(..) => "first_reply.created",
        }
    }

    fn subject(&self, account: AccountId) -> Value {
        match self {
            Self::AccountCreated | Self::AccountUpdated(_) => json!({ "account_id": account }),
            Self::AgentAdded(user) | Self::AgentUpdated(user, _) | Self::AgentRemoved(user) => {
                json!({ "user_id": user })
            }
            Self::InboxCreated(inbox) | Self::InboxUpdated(inbox, _) | Self::InboxDeleted(inbox) => {
                json!({ "inbox_id": inbox })
            }
            Self::InboxMemberAdded(inbox, user) | Self::InboxMemberRemoved(inbox, user) => {
                json!({ "inbox_id": inbox, "user_id": user })
            }
            Self::AgentBotCreated(bot)
            | Self::AgentBotUpdated(bot, _)
            | Self::AgentBotTokenReset(bot)
            | Self::AgentBotDeleted(bot) => json!({ "agent_bot_id": bot }),
            Self::AgentBotConnected(inbox, bot) | Self::AgentBotDisconnected(inbox, bot) => {
                json!({ "inbox_id": inbox, "agent_bot_id": bot })
            }
            Self::CannedResponseCreated(canned)
            | Self::CannedResponseUpdated(canned)
            | Self::CannedResponseDeleted(canned) => json!({ "canned_response_id": canned }),
            Self::CustomFilterCreated(filter)
            | Self::CustomFilterUpdated(filter)
            | Self::CustomFilterDeleted(filter) => json!({ "custom_filter_id": filter }),
            Self::IntegrationHookCreated(hook)
            | Self::IntegrationHookUpdated(hook, _)
            | Self::IntegrationHookDeleted(hook) => json!({ "integration_hook_id": hook }),
            Self::AutomationRuleCreated(rule)
            | Self::AutomationRuleUpdated(rule, _)
            | Self::AutomationRuleDeleted(rule) => json!({ "automation_rule_id": rule }),
            Self::WebhookCreated(webhook) | Self::WebhookUpdated(webhook, _) | Self::WebhookDeleted(webhook) => {
                json!({ "webhook_id": webhook })
            }
            Self::TeamCreated(team) | Self::TeamUpdated(team, _) | Self::TeamDeleted(team) => {
                json!({ "team_id": team })
            }
            Self::TeamMemberAdded(team, user) | Self::TeamMemberRemoved(team, user) => {
                json!({ "team_id": team, "user_id": user })
            }
            Self::ContactCreated(contact) | Self::ContactUpdated(contact, _) | Self::ContactDeleted(contact, _) => {
                json!({ "contact_id": contact })
            }
            Self::ContactMerged(survivor, merged) => json!({ "contact_id": survivor, "merged_contact_id": merged }),
            Self::ConversationCreated(conversation)
            | Self::ConversationUpdated(conversation, _)
            | Self::ConversationStatusChanged(conversation, ..)
            | Self::AssigneeChanged(conversation, ..)
            | Self::TeamChanged(conversation, ..) => json!({ "conversation_id": conversation }),
            Self::ConversationMentioned(conversation, user) => {
                json!({ "conversation_id": conversation, "user_id": user })
            }
            Self::MessageCreated(conversation, message, _)
            | Self::MessageUpdated(conversation, message)
            | Self::FirstReplyCreated(conversation, message) => {
                json!({ "conversation_id": conversation, "message_id": message })
            }
        }
    }

    /// The lists of a client that are not as they were: who compares cache keys loads them again (superset §2). Inboxes
    /// and teams are shown by who is in them, so that who leaves the account or gets another role counts too.
    fn stamps(&self) -> &'static [&'static str] {
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
            | Self::AssigneeChanged(..)
            | Self::TeamChanged(..)
            | Self::ConversationMentioned(..)
            | Self::MessageCreated(..)
            | Self::MessageUpdated(..)
            | Self::FirstReplyCreated(..) => &[],
        }
    }

    fn changes(&self) -> Map<String, Value> {
        match self {
            Self::AccountUpdated(changes)
            | Self::AgentUpdated(_, changes)
            | Self::AgentBotUpdated(_, changes)
            | Self::IntegrationHookUpdated(_, changes)
            | Self::AutomationRuleUpdated(_, changes)
            | Self::WebhookUpdated(_, changes)
            | Self::TeamUpdated(_, changes)
            | Self::InboxUpdated(_, changes)
            | Self::ContactUpdated(_, changes)
            | Self::ConversationUpdated(_, changes) => changes.0.clone(),
            Self::ConversationStatusChanged(_, before, after) => Changes::default().with("status", before, after).0,
            Self::AssigneeChanged(_, before, after) => Changes::default().with("assignee_id", before, after).0,
            Self::TeamChanged(_, before, after) => Changes::default().with("team_id", before, after).0,
            Self::ContactDeleted(_, contact) => Map::from_iter([("contact".to_owned(), contact.read())]),
            Self::MessageCreated(_, _, Some(echo_id)) => {
                Map::from_iter([("echo_id".to_owned(), Value::from(echo_id.as_str()))])
            }
            Self::AccountCreated
            | Self::AgentAdded(_)
            | Self::AgentRemoved(_)
            | Self::InboxCreated(_)
            | Self::InboxDeleted(_)
            | Self::InboxMemberAdded(..)
            | Self::InboxMemberRemoved(..)
            | Self::AgentBotCreated(_)
            | Self::AgentBotTokenReset(_)
            | Self::AgentBotDeleted(_)
            | Self::AgentBotConnected(..)
            | Self::AgentBotDisconnected(..)
            | Self::CannedResponseCreated(_)
            | Self::CannedResponseUpdated(_)
            | Self::CannedResponseDeleted(_)
            | Self::CustomFilterCreated(_)
            | Self::CustomFilterUpdated(_)
            | Self::CustomFilterDeleted(_)
            | Self::IntegrationHookCreated(_)
            | Self::IntegrationHookDeleted(_)
            | Self::AutomationRuleCreated(_)
            | Self::AutomationRuleDeleted(_)
            | Self::WebhookCreated(_)
            | Self::WebhookDeleted(_)
            | Self::TeamCreated(_)
            | Self::TeamDeleted(_)
            | Self::TeamMemberAdded(..)
            | Self::TeamMemberRemoved(..)
            | Self::ContactCreated(_)
            | Self::ContactMerged(..)
            | Self::ConversationCreated(_)
            | Self::ConversationMentioned(..)
            | Self::MessageCreated(_, _, None)
            | Self::MessageUpdated(..)
            | Self::FirstReplyCreated(..) => Map::new(),
        }
    }
}

/// Records that `actor` caused `event`; it is committed with the change itself.
pub fn record(tx: &mut Tx<'_>, account: AccountId, actor: &Actor, event: &Event) {
    tx.record(NewEvent {
        account_id: account,
        name: event.name(),
        actor: actor.label(),
        cause_id: None,
        subject: Json::of(&event.subject(account)),
        changes: Json::of(&event.changes()),
        stamps: event.stamps(),
    });
}
