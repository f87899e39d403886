//! Messages: what is said in a conversation, by the contact, the team, a bot or the system.

pub mod attachment;
pub mod beside;
pub mod content;
pub mod deletion;
pub mod draft;
mod liquid;
mod mention;
pub mod page;
pub mod routes;
pub mod sender;
pub mod service;
pub mod store;
pub mod template;
#[cfg(test)]
mod tests;
mod variables;
pub mod wire;

use types::{
    AccountId, AgentBotId, ContactId, ContentType, ConversationId, InboxId, Json, MessageId, MessageStatus,
    MessageType, SenderType, Timestamp, UserId,
};

::store::row! {
    /// One message of a conversation.
    #[derive(Debug, Clone)]
    pub struct Message {
        /// Grows with time over the whole installation; the cursor of lists.
        pub id: MessageId,
        /// The account.
        pub account_id: AccountId,
        /// The conversation.
        pub conversation_id: ConversationId,
        /// The inbox.
        pub inbox_id: InboxId,
        /// Who it comes from.
        pub message_type: MessageType,
        /// What its content is.
        pub content_type: ContentType,
        /// The text; some content types have none.
        pub content: Option<String>,
        /// Items, answers and other parts of the content (rest.md §6.2).
        pub content_attributes: Json,
        /// A note that the contact never sees.
        pub private: bool,
        /// How far it has come.
        pub status: MessageStatus,
        /// Its id in the channel.
        pub source_id: Option<String>,
        /// The user who sent it.
        pub user_id: Option<UserId>,
        /// The contact who sent it.
        pub contact_id: Option<ContactId>,
        /// The bot that sent it.
        pub agent_bot_id: Option<AgentBotId>,
        /// Campaign and template of a message.
        pub additional_attributes: Json,
        /// When it was written.
        pub created_at: Timestamp,
        /// When it last changed.
        pub updated_at: Timestamp,
    }
}

/// Who sends a message; activity messages have no sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// Nobody.
    None,
    /// A user.
    User(UserId),
    /// The contact.
    Contact(ContactId),
    /// A bot.
    Bot(AgentBotId),
}

impl Message {
    /// Whether the contact may see it.
    pub fn is_public(&self) -> bool {
        !self.private && self.message_type != MessageType::Activity
    }

    /// Who sent it.
    pub fn sender(&self) -> Sender {
        match (self.user_id, self.contact_id, self.agent_bot_id) {
            (Some(user), _, _) => Sender::User(user),
            (_, Some(contact), _) => Sender::Contact(contact),
            (_, _, Some(bot)) => Sender::Bot(bot),
            (None, None, None) => Sender::None,
        }
    }
}

impl Sender {
    /// The sender's kind and id, as answers carry them.
    pub fn kind_and_id(self) -> Option<(SenderType, i64)> {
        match self {
            Self::None => None,
            Self::User(user) => Some((SenderType::User, user.get())),
            Self::Contact(contact) => Some((SenderType::Contact, contact.get())),
            Self::Bot(bot) => Some((SenderType::AgentBot, bot.get())),
        }
    }
}
