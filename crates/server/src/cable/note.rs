//! What sockets hear of that stands in no log.

use edge::Result;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::Conn;
use types::{AccountId, AgentBotId, ContactInboxId, ConversationId, UserId};

use super::render::Hearing;
use super::scope;
use crate::BaseUrl;
use crate::conversation::push::Pushes;
use crate::conversation::view::Viewer;
use crate::message::sender;

/// A short word to all processes; it is kept nowhere.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// Somebody writes, or has stopped.
    Typing {
        /// The account.
        account_id: AccountId,
        /// Where.
        conversation_id: ConversationId,
        /// Who.
        typist: Typist,
        /// Whether it is going on.
        is_on: bool,
        /// A private note, of which the contact is not told.
        is_private: bool,
    },
    /// A key hears nothing any more: its sockets are closed.
    KeyChanged {
        /// The key.
        key: String,
    },
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

/// Somebody types: members that see the conversation and its contact hear of it, the typist does not.
pub(super) fn typing(
    conn: &mut Conn<'_>,
    base_url: &BaseUrl,
    account: AccountId,
    conversation: ConversationId,
    (typist, is_on, is_private): (Typist, bool, bool),
) -> Result<Option<Hearing>> {
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
