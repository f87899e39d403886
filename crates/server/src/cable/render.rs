//! Which event is heard by whom, and its message (realtime.md §2.4).

use std::collections::HashMap;

use edge::Result;
use realtime::{Hub, Message};
use serde::Serialize;
use serde_json::{Value, json};
use store::{Conn, Stamps};
use types::{AccountId, ContactId, ConversationId, InboxId, MessageId};

use super::scope;
use crate::BaseUrl;
use crate::account::stamp;
use crate::conversation::push::{FoundMessage, MessagePush, Pushes, find_message};
use crate::conversation::view::Viewer;
use crate::events::log::Logged;
use crate::events::{Changes, Event};
use crate::message::sender;

/// Something to be heard: the name and data that clients know, and the streams that hear it.
#[derive(Debug)]
pub struct Hearing {
    /// As clients know it.
    pub name: &'static str,
    /// JSON.
    pub data: String,
    /// Who hears it.
    pub streams: Vec<String>,
}

/// An event whose turn it is.
#[derive(Debug)]
pub struct Delivery {
    /// Its number in the log.
    pub seq: i64,
    /// Its message with the streams that hear it; `None`: nobody here does.
    pub message: Option<(Message, Vec<String>)>,
}

/// Who of this process may hear something, so that nothing is made for nobody.
pub enum Listeners<'a> {
    /// Everybody in the rooms.
    Hub(&'a Hub),
    /// One stream, to which the log is replayed.
    Stream(&'a str),
}

impl Listeners<'_> {
    fn hear(&self, account: AccountId, streams: &[String]) -> bool {
        match self {
            Self::Hub(hub) => hub.is_heard(account, streams),
            Self::Stream(own) => streams.iter().any(|stream| stream == own),
        }
    }
}

/// Makes messages of events: what several of them need is looked up once.
pub struct Renderer<'a> {
    viewer: Viewer,
    listeners: Listeners<'a>,
    pushes: Pushes,
    viewers: HashMap<InboxId, Vec<String>>,
}

/// Who hears of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Audience {
    /// Members who see it.
    Team,
    /// They and the contact.
    TeamAndContact,
}

impl<'a> Renderer<'a> {
    /// For events of the account, as they are shown at this moment.
    pub fn new(conn: &Conn<'_>, account: AccountId, base_url: &BaseUrl, listeners: Listeners<'a>) -> Self {
        let viewer = Viewer { account_id: account, user_id: None, now: conn.now(), base_url: base_url.clone() };
        Self { viewer, listeners, pushes: Pushes::default(), viewers: HashMap::new() }
    }

    /// The message of an event, if somebody here hears it.
    pub fn render(&mut self, conn: &mut Conn<'_>, logged: &Logged) -> Result<Delivery> {
        let hearing = match &logged.event {
            Some(event) => self.hearing(conn, logged, event)?,
            None => None,
        };
        let message = hearing.map(|heard| (Message::new(heard.name, &heard.data, Some(logged.seq)), heard.streams));
        Ok(Delivery { seq: logged.seq, message })
    }

    /// Who hears what: a new event does not compile until somebody has decided.
    fn hearing(&mut self, conn: &mut Conn<'_>, logged: &Logged, event: &Event) -> Result<Option<Hearing>> {
        use Audience::{Team, TeamAndContact};
        match event {
            Event::MessageCreated(conversation, message, echo_id) => {
                let add = |push: &mut MessagePush| push.echo_id.clone_from(echo_id);
                self.message(conn, logged, "message.created", TeamAndContact, (*conversation, *message), add)
            }
            Event::MessageUpdated(conversation, message, changes) => {
                let add = |push: &mut MessagePush| push.previous_changes = Some(changes.as_map().clone());
                self.message(conn, logged, "message.updated", TeamAndContact, (*conversation, *message), add)
            }
            Event::FirstReplyCreated(conversation, message, echo_id) => {
                let add = |push: &mut MessagePush| push.echo_id.clone_from(echo_id);
                self.message(conn, logged, "first.reply.created", Team, (*conversation, *message), add)
            }
            Event::ConversationCreated(id) => {
                self.conversation(conn, logged, "conversation.created", TeamAndContact, *id)
            }
            Event::ConversationUpdated(id, _) => {
                self.conversation(conn, logged, "conversation.updated", TeamAndContact, *id)
            }
            Event::ConversationStatusChanged(id, ..) => {
                self.conversation(conn, logged, "conversation.status_changed", TeamAndContact, *id)
            }
            Event::ConversationRead(id) => self.conversation(conn, logged, "conversation.read", Team, *id),
            Event::ConversationContactChanged(id, _) => {
                self.conversation(conn, logged, "conversation.contact_changed", Team, *id)
            }
            Event::AssigneeChanged(id, _) => self.conversation(conn, logged, "assignee.changed", Team, *id),
            Event::TeamChanged(id, _) => self.conversation(conn, logged, "team.changed", Team, *id),
            Event::ConversationMentioned(id, user) => {
                let mentioned = scope::member(conn, self.viewer.account_id, *user)?;
                let heard = self.conversation(conn, logged, "conversation.mentioned", Team, *id)?;
                Ok(heard.map(|heard| {
                    let streams = heard.streams.into_iter().filter(|stream| mentioned.contains(stream)).collect();
                    Hearing { streams, ..heard }
                }))
            }
            Event::ContactCreated(id) => self.contact(conn, logged, "contact.created", *id),
            Event::ContactUpdated(id, _) => self.contact(conn, logged, "contact.updated", *id),
            Event::ContactMerged(id, _) => {
                let streams = scope::sessions(conn, self.viewer.account_id, *id)?;
                self.contact_for(conn, logged, "contact.merged", *id, streams)
            }
            Event::ContactDeleted(_, record) => {
                let streams = scope::members(conn, self.viewer.account_id)?;
                self.data(conn, logged, "contact.deleted", streams, |_| Ok(Some(deleted_contact(&record.read()))))
            }
            Event::InboxCreated(_)
            | Event::InboxUpdated(..)
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
            | Event::AgentRemoved(_) => self.stale_caches(conn, logged),
            Event::AgentUpdated(_, changes) => self.role_changed(conn, logged, changes),
            Event::AccountCreated
            | Event::AccountUpdated(_)
            | Event::AgentAdded(_)
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
            | Event::WebhookDeleted(_) => Ok(None),
        }
    }

    fn message(
        &mut self,
        conn: &mut Conn<'_>,
        logged: &Logged,
        name: &'static str,
        audience: Audience,
        (conversation, message): (ConversationId, MessageId),
        add: impl FnOnce(&mut MessagePush),
    ) -> Result<Option<Hearing>> {
        let viewer = self.viewer.clone();
        let Some(FoundMessage { conversation, mut push, .. }) = find_message(conn, &viewer, conversation, message)?
        else {
            return Ok(None);
        };
        let mut streams = self.viewers(conn, conversation.inbox_id)?;
        if audience == Audience::TeamAndContact && push.is_public() {
            streams.extend(scope::contact(conn, viewer.account_id, conversation.contact_inbox_id)?);
        }
        add(&mut push);
        self.data(conn, logged, name, streams, |_| Ok(Some(json_of(&push))))
    }

    fn conversation(
        &mut self,
        conn: &mut Conn<'_>,
        logged: &Logged,
        name: &'static str,
        audience: Audience,
        id: ConversationId,
    ) -> Result<Option<Hearing>> {
        let viewer = self.viewer.clone();
        let Some((row, push)) = self.pushes.conversation(conn, &viewer, id)? else { return Ok(None) };
        let (inbox, session, data) = (row.inbox_id, row.contact_inbox_id, json_of(push));
        let mut streams = self.viewers(conn, inbox)?;
        if audience == Audience::TeamAndContact {
            streams.extend(scope::contact(conn, viewer.account_id, session)?);
        }
        self.data(conn, logged, name, streams, |_| Ok(Some(data)))
    }

    fn contact(
        &self,
        conn: &mut Conn<'_>,
        logged: &Logged,
        name: &'static str,
        id: ContactId,
    ) -> Result<Option<Hearing>> {
        let streams = scope::members(conn, self.viewer.account_id)?;
        self.contact_for(conn, logged, name, id, streams)
    }

    fn contact_for(
        &self,
        conn: &mut Conn<'_>,
        logged: &Logged,
        name: &'static str,
        id: ContactId,
        streams: Vec<String>,
    ) -> Result<Option<Hearing>> {
        let (account, base_url) = (self.viewer.account_id, &self.viewer.base_url);
        self.data(conn, logged, name, streams, |conn| {
            Ok(sender::find_contact(conn, account, id, base_url)?.as_ref().map(json_of))
        })
    }

    /// Members load again what their clients keep of inboxes, teams and labels.
    fn stale_caches(&self, conn: &mut Conn<'_>, logged: &Logged) -> Result<Option<Hearing>> {
        let account = self.viewer.account_id;
        let streams = scope::members(conn, account)?;
        self.data(conn, logged, "account.cache_invalidated", streams, |conn| {
            let stamps = Stamps::load(conn, account)?;
            let second = |name| stamps.second(name).to_string();
            let keys = json!({
                "label": second(stamp::LABEL), "inbox": second(stamp::INBOX), "team": second(stamp::TEAM)
            });
            Ok(Some(json!({ "cache_keys": keys })))
        })
    }

    /// Another role shows other inboxes.
    fn role_changed(&self, conn: &mut Conn<'_>, logged: &Logged, changes: &Changes) -> Result<Option<Hearing>> {
        if changes.contains("role") { self.stale_caches(conn, logged) } else { Ok(None) }
    }

    /// What is heard, with what every event says: its account, and the user who did it.
    fn data(
        &self,
        conn: &mut Conn<'_>,
        logged: &Logged,
        name: &'static str,
        streams: Vec<String>,
        make: impl FnOnce(&mut Conn<'_>) -> Result<Option<Value>>,
    ) -> Result<Option<Hearing>> {
        let account = self.viewer.account_id;
        if !self.listeners.hear(account, &streams) {
            return Ok(None);
        }
        let Some(mut data) = make(conn)? else { return Ok(None) };
        data["account_id"] = json!(account);
        if let Some(user) = logged.user()
            && let Some(performer) = sender::find_user(conn, account, user, &self.viewer.base_url)?
        {
            data["performer"] = json_of(&performer);
        }
        Ok(Some(Hearing { name, data: data.to_string(), streams }))
    }

    fn viewers(&mut self, conn: &mut Conn<'_>, inbox: InboxId) -> Result<Vec<String>> {
        if let Some(known) = self.viewers.get(&inbox) {
            return Ok(known.clone());
        }
        let found = scope::viewers(conn, self.viewer.account_id, inbox)?;
        self.viewers.insert(inbox, found.clone());
        Ok(found)
    }
}

/// A contact as it was when it was deleted, in the form of events. Its picture is gone.
fn deleted_contact(record: &Value) -> Value {
    let mut data = json!({ "type": "contact", "thumbnail": "" });
    for key in
        ["id", "name", "email", "phone_number", "identifier", "additional_attributes", "custom_attributes", "blocked"]
    {
        data[key] = record[key].clone();
    }
    data
}

fn json_of<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("maps with text keys and plain values always serialise")
}
