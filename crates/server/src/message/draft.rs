//! What a client sends to write a message, read and checked.

use ::store::Conn;
use edge::field::{Maybe, Text};
use edge::{Error, Result};
use serde_json::{Map, Value};
use types::{AgentBotId, ChannelKind, ContentType, Json, MessageId, MessageType, UserId};

use super::store::{self, NewMessage};
use super::variables::{self, Filling};
use super::wire::NewMessageBody;
use super::{Sender, content};
use crate::access::MemberOrBot;
use crate::conversation::Conversation;
use crate::{agent_bot, inbox};

/// Key of a template's name and parameters in the additional attributes.
const TEMPLATE_PARAMS: &str = "template_params";

/// A message that a client wants written, checked as far as that goes without the conversation.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What the client calls it.
    pub echo_id: Option<String>,
    message_type: MessageType,
    content_type: ContentType,
    content: Option<String>,
    content_attributes: Map<String, Value>,
    mail_copies: Vec<(&'static str, String)>,
    private: bool,
    bot_id: Option<AgentBotId>,
    source_id: Option<String>,
    additional_attributes: Map<String, Value>,
    filling: Filling,
}

/// Who writes when the message is not the contact's.
#[derive(Debug, Clone, Copy)]
pub enum Author {
    /// A user.
    User(UserId),
    /// A bot.
    Bot(AgentBotId),
}

impl From<&MemberOrBot> for Author {
    fn from(caller: &MemberOrBot) -> Self {
        match caller {
            MemberOrBot::Member(member) => Self::User(member.user_id),
            MemberOrBot::Bot(bot) => Self::Bot(bot.id),
        }
    }
}

/// Reads a body; whatever is wrong with it is 422 with `error` (rest.md §5.15).
pub fn read(body: NewMessageBody) -> Result<Draft> {
    let message_type = word(body.message_type.as_ref(), MessageType::Outgoing, "Message type")?;
    let content_type = word(body.content_type.as_ref(), ContentType::Text, "Content type")?;
    let content = body.content.map(|text| text.0);
    content::check_length(content.as_deref())?;
    let mut content_attributes = body.content_attributes.map(|object| object.0).unwrap_or_default();
    content::check_items(content_type, &content_attributes)?;
    if let Maybe::Value(at) = body.external_created_at {
        content_attributes.insert("external_created_at".into(), at);
    }
    let mut additional_attributes = Map::new();
    if let Some(campaign_id) = body.campaign_id {
        additional_attributes.insert("campaign_id".into(), campaign_id.get().into());
    }
    if let Some(params) = body.template_params {
        if !params.0.get("name").is_some_and(Value::is_string) {
            return Err(Error::Refused("Template params need a name".into()));
        }
        additional_attributes.insert(TEMPLATE_PARAMS.into(), Value::Object(params.0));
    }
    let filling = match message_type {
        MessageType::Outgoing | MessageType::Template => {
            Filling::find(content.as_deref(), additional_attributes.get(TEMPLATE_PARAMS))
        }
        MessageType::Incoming | MessageType::Activity => Filling::default(),
    };
    let copies = [("cc_emails", body.cc_emails), ("bcc_emails", body.bcc_emails), ("to_emails", body.to_emails)];
    let is_bot = body.sender_type.as_ref().is_some_and(|kind| kind.0 == "AgentBot");
    Ok(Draft {
        echo_id: body.echo_id.map(|text| text.0),
        message_type,
        content_type,
        content,
        content_attributes,
        mail_copies: copies.into_iter().filter_map(|(key, text)| text.map(|text| (key, text.0))).collect(),
        private: body.private.is_some_and(|flag| flag.0),
        bot_id: body.sender_id.filter(|_| is_bot).map(|id| AgentBotId::new(id.get())),
        source_id: body.source_id.map(|text| text.0),
        additional_attributes,
        filling,
    })
}

impl Draft {
    /// A plain public text of the contact or the team.
    pub fn text(message_type: MessageType, content: Option<String>, echo_id: Option<String>) -> Result<Self> {
        content::check_length(content.as_deref())?;
        Ok(Self {
            echo_id,
            message_type,
            content_type: ContentType::Text,
            content,
            content_attributes: Map::new(),
            mail_copies: Vec::new(),
            private: false,
            bot_id: None,
            source_id: None,
            additional_attributes: Map::new(),
            filling: Filling::default(),
        })
    }

    /// The message as its contact sends it.
    pub fn from_contact(&self, contact: types::ContactId) -> NewMessage {
        NewMessage {
            message_type: self.message_type,
            content_type: self.content_type,
            content: self.content.clone(),
            content_attributes: Json::of(&self.content_attributes),
            private: false,
            source_id: self.source_id.clone(),
            sender: Sender::Contact(contact),
            additional_attributes: Json::of(&self.additional_attributes),
        }
    }

    /// The message as it is stored in `conversation`, checked against its inbox.
    pub fn to_new(&self, conn: &mut Conn<'_>, conversation: &Conversation, author: Author) -> Result<NewMessage> {
        let kind = inbox::store::find_channel_kind(conn, conversation.account_id, conversation.inbox_id)?;
        if self.message_type == MessageType::Incoming && kind != ChannelKind::Api {
            return Err(Error::Refused("Incoming messages are only allowed in API inboxes".into()));
        }
        let mut attributes = self.content_attributes.clone();
        if kind == ChannelKind::Email {
            // Recorded: without copies, both say so.
            for key in ["cc_emails", "bcc_emails"] {
                attributes.entry(key).or_insert(Value::Null);
            }
            for (key, addresses) in &self.mail_copies {
                attributes.insert((*key).into(), split_addresses(addresses)?.into());
            }
        }
        resolve_reply(conn, conversation, &mut attributes)?;
        let sender = self.sender(conn, conversation, author)?;
        let (content, additional_attributes) = self.filled(conn, conversation, sender)?;
        Ok(NewMessage {
            message_type: self.message_type,
            content_type: self.content_type,
            content,
            content_attributes: Json::of(&attributes),
            private: self.private,
            source_id: self.source_id.clone(),
            sender,
            additional_attributes: Json::of(&additional_attributes),
        })
    }

    /// Content and additional attributes with their variables filled in (decisions §3).
    fn filled(
        &self,
        conn: &mut Conn<'_>,
        conversation: &Conversation,
        sender: Sender,
    ) -> Result<(Option<String>, Map<String, Value>)> {
        let (mut content, mut attributes) = (self.content.clone(), self.additional_attributes.clone());
        if self.filling.is_empty() {
            return Ok((content, attributes));
        }
        let variables = variables::load(conn, conversation, sender)?;
        if let Some(filled) = self.filling.content(&variables) {
            content = Some(filled);
        }
        if let Some(params) = attributes.get_mut(TEMPLATE_PARAMS) {
            self.filling.fill_params(params, &variables);
        }
        Ok((content, attributes))
    }

    /// Outgoing messages are the author's, or of a bot that the account may use; all others are the contact's.
    fn sender(&self, conn: &mut Conn<'_>, conversation: &Conversation, author: Author) -> Result<Sender> {
        if self.message_type != MessageType::Outgoing {
            return Ok(Sender::Contact(conversation.contact_id));
        }
        if let Some(bot) = self.bot_id
            && agent_bot::store::is_usable(conn, conversation.account_id, bot)?
        {
            return Ok(Sender::Bot(bot));
        }
        Ok(match author {
            Author::User(user) => Sender::User(user),
            Author::Bot(bot) => Sender::Bot(bot),
        })
    }
}

/// A reply to a message that the conversation does not have replies to nothing (decisions §3).
fn resolve_reply(conn: &mut Conn<'_>, conversation: &Conversation, attributes: &mut Map<String, Value>) -> Result<()> {
    let Some(reply) = attributes.get_mut("in_reply_to") else { return Ok(()) };
    let id = reply.as_i64().or_else(|| reply.as_str().and_then(|text| text.trim().parse().ok()));
    let known = match id {
        Some(id) => store::exists(conn, conversation.account_id, conversation.id, MessageId::new(id))?,
        None => false,
    };
    *reply = if known { Value::from(id) } else { Value::Null };
    Ok(())
}

fn word<T: std::str::FromStr>(text: Option<&Text>, default: T, what: &str) -> Result<T> {
    match text {
        None => Ok(default),
        Some(text) => text.0.parse().map_err(|_| Error::Refused(format!("{what} '{}' is not known", text.0))),
    }
}

fn split_addresses(text: &str) -> Result<Vec<String>> {
    let addresses = text.split(',').map(str::trim).filter(|address| !address.is_empty());
    addresses
        .map(|address| {
            if crate::contact::is_email(address) {
                Ok(address.to_owned())
            } else {
                Err(Error::Refused(format!("'{address}' is not an e-mail address")))
            }
        })
        .collect()
}
