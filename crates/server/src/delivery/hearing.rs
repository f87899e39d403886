//! Who is told of which event by HTTP (realtime.md §3.5, §4.2).

use std::collections::{BTreeMap, HashMap, HashSet};

use ::store::{Conn, Tx};
use edge::Result;
use serde_json::Value;
use types::{
    AccountId, AgentBotId, ContactId, ConversationId, EndpointKind, InboxId, MessageId, Status, Timestamp,
    WebhookEvent, WebhookId,
};

use super::changed::{changed_attributes, told_change};
use super::payload::{Payload, Payloads};
use super::{NewDelivery, Recipient, store};
use crate::App;
use crate::dispatch::{Effect, Listener};
use crate::events::Event;
use crate::events::log::Logged;
use crate::webhook::{self, Webhook};

/// Renders deliveries of what happens, once for each that is told of it.
pub struct Scribe {
    app: App,
}

impl Scribe {
    /// For the accounts of `app`.
    pub fn new(app: &App) -> Self {
        Self { app: app.clone() }
    }
}

impl Listener for Scribe {
    fn name(&self) -> &'static str {
        "deliveries"
    }

    fn hear(&self, conn: &mut Conn<'_>, account: AccountId, events: &[Logged]) -> Result<Option<Effect>> {
        let recipients = Recipients::load(conn, account)?;
        if recipients.is_empty() {
            return Ok(None);
        }
        let Some(mut payloads) = Payloads::new(conn, account, &self.app.settings.base_url)? else { return Ok(None) };
        let mut deliveries: BTreeMap<Recipient, Vec<NewDelivery>> = BTreeMap::new();
        for logged in events {
            let Some(event) = &logged.event else { continue };
            for (part, told) in tell(event).into_iter().enumerate() {
                if !recipients.may_hear(&told) {
                    continue;
                }
                let Some(payload) = told.about.payload(conn, &mut payloads)? else { continue };
                for recipient in recipients.of(&told, &payload, logged.created_at) {
                    let delivery = NewDelivery {
                        event_key: logged.id.clone(),
                        part: i64::try_from(part).unwrap_or_default(),
                        event: told.event,
                        lane: told.about.lane(),
                        body: payload.body(told.event, told.changed.as_ref()),
                        conversation_id: payload.conversation_id,
                        message_id: payload.message_id,
                    };
                    deliveries.entry(recipient).or_default().push(delivery);
                }
            }
        }
        if deliveries.is_empty() {
            return Ok(None);
        }
        Ok(Some(Box::new(move |tx: &mut Tx<'_>| {
            for (recipient, deliveries) in &deliveries {
                store::enqueue(tx, account, *recipient, deliveries)?;
            }
            Ok(())
        })))
    }
}

/// One thing that is told.
pub struct Told {
    /// Its name for the receiver.
    pub event: &'static str,
    about: About,
    /// The key `changed_attributes`, if there is one.
    changed: Option<Value>,
    to: To,
}

impl Told {
    /// What a webhook of the account subscribes to in order to hear of it; `None`: it hears of it never.
    pub fn subscription(&self) -> Option<WebhookEvent> {
        self.to.subscription()
    }

    /// The bytes that are sent; `None` when what it is about is gone, or none of those that are told of.
    pub fn body(&self, conn: &mut Conn<'_>, payloads: &mut Payloads) -> Result<Option<String>> {
        let payload = self.about.payload(conn, payloads)?;
        Ok(payload.map(|payload| payload.body(self.event, self.changed.as_ref())))
    }
}

/// Whom something is for.
#[derive(Clone, Copy)]
enum To {
    /// Webhooks of the account that want it.
    Account(WebhookEvent),
    /// They, and the webhook of its API inbox.
    AccountAndInbox(WebhookEvent),
    /// They, and the bot of its inbox.
    AccountInboxAndBot(WebhookEvent),
    /// The bot of its inbox alone.
    Bot,
}

impl To {
    fn subscription(self) -> Option<WebhookEvent> {
        match self {
            Self::Account(event) | Self::AccountAndInbox(event) | Self::AccountInboxAndBot(event) => Some(event),
            Self::Bot => None,
        }
    }

    fn is_for_inbox(self) -> bool {
        matches!(self, Self::AccountAndInbox(_) | Self::AccountInboxAndBot(_))
    }

    fn is_for_bot(self) -> bool {
        matches!(self, Self::AccountInboxAndBot(_) | Self::Bot)
    }
}

#[derive(Clone, Copy)]
enum About {
    Message(ConversationId, MessageId),
    Conversation(ConversationId),
    Contact(ContactId),
    Inbox(InboxId),
}

impl About {
    /// What is told in order: everything of a conversation, of a contact, of an inbox.
    fn lane(self) -> String {
        match self {
            Self::Message(id, _) | Self::Conversation(id) => format!("conversation {id}"),
            Self::Contact(id) => format!("contact {id}"),
            Self::Inbox(id) => format!("inbox {id}"),
        }
    }

    fn payload(self, conn: &mut Conn<'_>, payloads: &mut Payloads) -> Result<Option<Payload>> {
        match self {
            Self::Message(conversation, id) => payloads.message(conn, conversation, id),
            Self::Conversation(id) => payloads.conversation(conn, id),
            Self::Contact(id) => payloads.contact(conn, id),
            Self::Inbox(id) => payloads.inbox(conn, id),
        }
    }
}

/// What is told of an event: a new event does not compile until somebody has decided.
pub fn tell(event: &Event) -> Vec<Told> {
    use WebhookEvent as Subscription;
    let told = |to: To, about: About, changed: Option<Value>| Told {
        event: to.subscription().map_or("", WebhookEvent::as_str),
        about,
        changed,
        to,
    };
    match event {
        Event::MessageCreated(conversation, message, _) => {
            let about = About::Message(*conversation, *message);
            vec![told(To::AccountInboxAndBot(Subscription::MessageCreated), about, None)]
        }
        Event::MessageUpdated(conversation, message, _) => {
            let about = About::Message(*conversation, *message);
            vec![told(To::AccountInboxAndBot(Subscription::MessageUpdated), about, None)]
        }
        Event::ConversationCreated(id) => {
            vec![told(To::AccountAndInbox(Subscription::ConversationCreated), About::Conversation(*id), None)]
        }
        Event::ConversationStatusChanged(id, status, changes) => {
            let about = About::Conversation(*id);
            let to = To::AccountAndInbox(Subscription::ConversationStatusChanged);
            let attributes = changed_attributes(changes.as_map());
            let updated = told(To::AccountAndInbox(Subscription::ConversationUpdated), about, Some(attributes));
            // Recorded: the first one says null.
            let mut all = vec![told(to, about, Some(Value::Null)), updated];
            let for_bot = match status.after {
                Status::Open => Some("conversation_opened"),
                Status::Resolved => Some("conversation_resolved"),
                Status::Pending | Status::Snoozed => None,
            };
            all.extend(for_bot.map(|event| Told { event, ..told(To::Bot, about, None) }));
            all
        }
        Event::ConversationUpdated(id, changes) => told_change(changes)
            .into_iter()
            .map(|changed| {
                let to = To::AccountAndInbox(Subscription::ConversationUpdated);
                told(to, About::Conversation(*id), Some(changed))
            })
            .collect(),
        Event::ContactCreated(id) => {
            vec![told(To::Account(Subscription::ContactCreated), About::Contact(*id), None)]
        }
        Event::ContactUpdated(id, changes) => {
            let attributes = changed_attributes(changes.as_map());
            vec![told(To::Account(Subscription::ContactUpdated), About::Contact(*id), Some(attributes))]
        }
        Event::InboxCreated(id) => vec![told(To::Account(Subscription::InboxCreated), About::Inbox(*id), None)],
        Event::InboxUpdated(id, changes) => {
            let attributes = changed_attributes(changes.as_map());
            vec![told(To::Account(Subscription::InboxUpdated), About::Inbox(*id), Some(attributes))]
        }
        Event::ConversationRead(_)
        | Event::ConversationContactChanged(..)
        | Event::ConversationMentioned(..)
        | Event::AssigneeChanged(..)
        | Event::TeamChanged(..)
        | Event::FirstReplyCreated(..)
        | Event::ContactMerged(..)
        | Event::ContactDeleted(..)
        | Event::InboxDeleted(_)
        | Event::InboxMemberAdded(..)
        | Event::InboxMemberRemoved(..)
        | Event::TeamCreated(_)
        | Event::TeamUpdated(..)
        | Event::TeamDeleted(_)
        | Event::TeamMemberAdded(..)
        | Event::TeamMemberRemoved(..)
        | Event::LabelCreated(_)
        | Event::LabelUpdated(_)
        | Event::LabelDeleted(_)
        | Event::AgentAdded(_)
        | Event::AgentUpdated(..)
        | Event::AgentRemoved(_)
        | Event::AccountCreated
        | Event::AccountUpdated(_)
        | Event::AgentBotCreated(_)
        | Event::AgentBotUpdated(..)
        | Event::AgentBotTokenReset(_)
        | Event::AgentBotDeleted(_)
        | Event::AgentBotConnected(..)
        | Event::AgentBotDisconnected(..)
        | Event::CannedResponseCreated(_)
        | Event::CannedResponseUpdated(_)
        | Event::CannedResponseDeleted(_)
        | Event::CustomAttributeCreated(_)
        | Event::CustomAttributeUpdated(_)
        | Event::CustomAttributeDeleted(_)
        | Event::CustomFilterCreated(_)
        | Event::CustomFilterUpdated(_)
        | Event::CustomFilterDeleted(_)
        | Event::IntegrationHookCreated(_)
        | Event::IntegrationHookUpdated(..)
        | Event::IntegrationHookDeleted(_)
        | Event::AutomationRuleCreated(_)
        | Event::AutomationRuleUpdated(..)
        | Event::AutomationRuleDeleted(_)
        | Event::WebhookCreated(_)
        | Event::WebhookUpdated(..)
        | Event::WebhookDeleted(_) => Vec::new(),
    }
}

/// A webhook, what it wants to hear, and since when.
struct Subscriber {
    id: WebhookId,
    events: HashSet<WebhookEvent>,
    since: Timestamp,
}

/// Everybody in an account who is told something by HTTP.
struct Recipients {
    webhooks: Vec<Subscriber>,
    inboxes: HashSet<InboxId>,
    bots: HashMap<InboxId, AgentBotId>,
}

impl Recipients {
    fn load(conn: &mut Conn<'_>, account: AccountId) -> Result<Self> {
        let webhooks = webhook::store::list(conn, account)?;
        let subscriber = |webhook: &Webhook| Subscriber {
            id: webhook.id,
            events: webhook.events().into_iter().collect(),
            since: webhook.created_at,
        };
        Ok(Self {
            webhooks: webhooks.iter().map(subscriber).collect(),
            inboxes: store::list_told_inboxes(conn, account)?,
            bots: store::list_told_bots(conn, account)?,
        })
    }

    fn is_empty(&self) -> bool {
        self.webhooks.is_empty() && self.inboxes.is_empty() && self.bots.is_empty()
    }

    /// Whether it is worth rendering.
    fn may_hear(&self, told: &Told) -> bool {
        told.to.subscription().is_some_and(|event| self.webhooks.iter().any(|webhook| webhook.events.contains(&event)))
            || (told.to.is_for_inbox() && !self.inboxes.is_empty())
            || (told.to.is_for_bot() && !self.bots.is_empty())
    }

    /// Those that are told of something that happened at `at`.
    fn of(&self, told: &Told, payload: &Payload, at: Timestamp) -> Vec<Recipient> {
        let is_wanted = |webhook: &&Subscriber| {
            at >= webhook.since && told.to.subscription().is_some_and(|event| webhook.events.contains(&event))
        };
        let subscribed = self
            .webhooks
            .iter()
            .filter(is_wanted)
            .map(|webhook| Recipient { kind: EndpointKind::Webhook, subject: webhook.id.get() });
        let inbox = payload.inbox_id.filter(|id| told.to.is_for_inbox() && self.inboxes.contains(id));
        let inbox = inbox.map(|id| Recipient { kind: EndpointKind::Inbox, subject: id.get() });
        let bot = payload.inbox_id.filter(|_| told.to.is_for_bot()).and_then(|inbox| self.bots.get(&inbox));
        let bot = bot.map(|id| Recipient { kind: EndpointKind::AgentBot, subject: id.get() });
        subscribed.chain(inbox).chain(bot).collect()
    }
}
