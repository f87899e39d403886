//! What answers show beside the columns of messages: senders, attachments, links to surveys.

use edge::Result;
use store::Conn;
use types::AccountId;

use super::Message;
use super::attachment::{AttachmentJson, Attachments};
use super::sender::{Presence, SenderJson, Senders};
use crate::BaseUrl;
use crate::survey::link::Links;

/// Senders, attachments and links of some messages.
#[derive(Debug, Default)]
pub struct Beside {
    senders: Senders,
    attachments: Attachments,
    surveys: Links,
}

impl Beside {
    /// Looks up what belongs to `messages`: at most one statement for each kind of sender, one for attachments and
    /// one for surveys.
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
            surveys: Links::load(conn, account, messages, base_url)?,
        })
    }

    /// The text of `message`.
    pub fn content(&self, message: &Message) -> Option<String> {
        self.surveys.text_of(message)
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
