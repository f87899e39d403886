//! The address of a survey's page, which a survey shows outside of websites (rest.md §6.2).

use std::collections::HashMap;

use ::store::{Conn, sql};
use edge::Result;
use types::{AccountId, ContentType, ConversationId};

use crate::BaseUrl;
use crate::message::Message;

/// What a survey asks that says nothing itself.
pub const QUESTION: &str = "How would you rate this conversation?";

/// The address of the page of a conversation's survey.
pub fn to(base_url: &str, uuid: &str) -> String {
    format!("{base_url}/survey/responses/{uuid}")
}

/// The addresses of the surveys among some messages.
#[derive(Debug, Default)]
pub struct Links(HashMap<ConversationId, String>);

impl Links {
    /// One statement if there is a survey among `messages`, else none.
    pub fn load(conn: &mut Conn<'_>, account: AccountId, messages: &[Message], base_url: &BaseUrl) -> Result<Self> {
        let surveys = messages.iter().filter(|message| message.content_type == ContentType::InputCsat);
        let ids: Vec<ConversationId> = surveys.map(|message| message.conversation_id).collect();
        if ids.is_empty() {
            return Ok(Self::default());
        }
        let rows: Vec<(ConversationId, String)> = conn.query(
            sql!(
                "SELECT c.id, c.uuid FROM conversations c
                 JOIN inboxes i ON i.id = c.inbox_id
                 JOIN channels ch ON ch.id = i.channel_id
                 WHERE c.account_id = $1 AND c.id = ANY($2) AND ch.kind <> 'Channel::WebWidget'"
            ),
            (account, &ids),
        )?;
        Ok(Self(rows.into_iter().map(|(id, uuid)| (id, to(base_url, &uuid))).collect()))
    }

    /// The text of `message` as answers carry it: that of a survey outside of a website ends with the address.
    pub fn text_of(&self, message: &Message) -> Option<String> {
        let link = self.0.get(&message.conversation_id).filter(|_| message.content_type == ContentType::InputCsat);
        let Some(link) = link else { return message.content.clone() };
        let question = message.content.as_deref().filter(|content| !content.trim().is_empty()).unwrap_or(QUESTION);
        Some(format!("{question} {link}"))
    }
}
