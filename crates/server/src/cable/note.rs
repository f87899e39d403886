//! What sockets hear of that stands in no log.

use edge::Result;
use realtime::Message;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::Conn;
use types::{AccountId, AgentBotId, ContactInboxId, ConversationId, UserId};

use super::render::Hearing;
use super::scope;
use crate::conversation::push::Pushes;
use crate::conversation::view::Viewer;
use crate::message::sender;
use crate::{App, BaseUrl};

/// A short word to all processes; it is kept nowhere.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// Somebody types.
    Typing(Typing),
    /// A key hears nothing any more: its sockets are closed.
    KeyChanged {
        /// The key.
        key: String,
    },
}

/// Somebody types, or has stopped.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Typing {
    /// The account.
    pub account_id: AccountId,
    /// Where.
    pub conversation_id: ConversationId,
    /// Who.
    pub typist: Typist,
    /// Whether it is going on.
    pub is_on: bool,
    /// A private note, of which the contact is not told.
    pub is_private: bool,
}

/// Who types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Typist {
    /// A member of the team.
    User(UserId),
    /// A bot.
    Bot(AgentBotId),
    /// A contact, by its session.
    Contact(ContactInboxId),
}

impl Note {
    /// As it is told.
    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("ids and texts")
    }

    /// What was told; `None` when another version told it.
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// Tells the sockets of this process and the other processes that somebody types.
pub async fn typing(app: &App, typing: Typing) -> Result<()> {
    app.store.tell_others(Note::Typing(typing).text());
    typing_here(app, typing).await
}

/// Tells the sockets of this process: members that see the conversation and its contact; not the typist.
pub(super) async fn typing_here(app: &App, typing: Typing) -> Result<()> {
    if app.cable.hub.cursor(typing.account_id).is_none() {
        return Ok(());
    }
    let base_url = app.settings.base_url.clone();
    let heard = app.store.read(move |conn| render_typing(conn, &base_url, typing)).await?;
    if let Some(heard) = heard {
        let message = Message::new(heard.name, &heard.data, None);
        app.cable.hub.send(typing.account_id, &message, &heard.streams);
    }
    Ok(())
}

fn render_typing(conn: &mut Conn<'_>, base_url: &BaseUrl, typing: Typing) -> Result<Option<Hearing>> {
    let Typing { account_id: account, conversation_id: conversation, typist, is_on, is_private } = typing;
    let viewer = Viewer { account_id: account, user_id: None, now: conn.now(), base_url: base_url.clone() };
    let mut pushes = Pushes::default();
    let Some((row, push)) = pushes.conversation(conn, &viewer, conversation)? else { return Ok(None) };
    let mut streams = scope::viewers(conn, account, row.inbox_id)?;
    if !is_private {
        streams.push(push.contact_inbox.pubsub_token.clone());
    }
    let (who, performer, own) = match typist {
        Typist::User(id) => {
            let user = json!(sender::find_user(conn, account, id, base_url)?);
            (user.clone(), Some(user), scope::key_of_user(conn, id)?)
        }
        Typist::Bot(id) => (json!(sender::find_bot(conn, id, base_url)?), None, None),
        Typist::Contact(session) => (json!(push.meta.sender), None, scope::key_of_session(conn, account, session)?),
    };
    streams.retain(|stream| own.as_ref() != Some(stream));
    let mut data = json!({ "conversation": push, "user": who, "is_private": is_private, "account_id": account });
    if let Some(performer) = performer {
        data["performer"] = performer;
    }
    let name = if is_on { "conversation.typing_on" } else { "conversation.typing_off" };
    Ok(Some(Hearing { name, data: Value::to_string(&data), streams }))
}
