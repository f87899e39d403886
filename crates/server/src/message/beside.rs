//! What answers show beside the columns of messages: senders and attachments.

use edge::Result;
use store::Conn;
use types::AccountId;

use super::Message;
use super::attachment::{AttachmentJson, Attachments};
use super::sender::{Presence, SenderJson, Senders};
use crate::BaseUrl;

/// Senders and attachments of some messages.
#[derive(Debug, Default)]
pub struct Beside {
    senders: Senders,
    attachments: Attachments,
}

impl Beside {
    /// Looks up what belongs to `messages`: at most one statement for each kind of sender, and one for attachments.
    pub fn load(
        conn: &mut Conn<'_>,
        account: AccountId,
        messages: &[Message],
        presence: Presence,
        base_url: &BaseUrl,
    ) -> Result<Self> {
        Ok(Self {
            senders: Senders::load(conn, account, messages, presence, base_url)?,
            attachments: Attachments::load(conn, account, messages, base_url)?,
        })
    }

    /// The sender of `message`, if it has one that still exists.
    pub fn sender(&self, message: &Message) -> Option<SenderJson> {
        self.senders.of(message)
    }

    /// The attachments of `message`, if it has any.
    pub fn attachments(&self, message: &Message) -> Option<Vec<AttachmentJson>> {
        self.attachments.of(message)
    }
}
