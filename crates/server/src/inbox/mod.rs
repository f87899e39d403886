//! Inboxes: the addresses at which contacts reach the team, each with a channel, members and opening hours.

pub mod body;
pub mod bot;
pub mod channel;
pub mod draft;
pub mod hours;
pub mod members;
pub mod pre_chat;
pub mod routes;
pub mod service;
pub mod store;
#[cfg(test)]
mod tests;
pub mod wire;

use channel::Channel;
use types::{AccountId, ChannelId, ChannelKind, InboxId, Json, Timestamp};

use crate::file::Picture;
use crate::signing_secret::SigningSecrets;

// Holds secrets: not to be printed.
::store::row! {
    /// An inbox together with its channel.
    #[derive(Clone)]
    pub struct Inbox {
        /// Its id.
        pub id: InboxId,
        /// The account.
        pub account_id: AccountId,
        /// The row of its channel.
        pub channel_id: ChannelId,
        /// Its name.
        pub name: String,
        /// The mail address that a website inbox answers from.
        pub email_address: Option<String>,
        /// Whether new conversations are greeted.
        pub greeting_enabled: bool,
        /// The greeting.
        pub greeting_message: Option<String>,
        /// Whether the opening hours count.
        pub working_hours_enabled: bool,
        /// The answer outside of the opening hours.
        pub out_of_office_message: Option<String>,
        /// The time zone of the opening hours, as the tz database names it.
        pub timezone: String,
        /// Whether contacts are asked for their e-mail address.
        pub enable_email_collect: bool,
        /// Whether contacts are asked for a rating when a conversation is resolved.
        pub csat_survey_enabled: bool,
        /// How they are asked (rest.md §4.4).
        pub csat_config: Json,
        /// Whether open conversations are given to members in turn.
        pub enable_auto_assignment: bool,
        /// How they are given.
        pub auto_assignment_config: Json,
        /// Whether the widget takes messages in a resolved conversation.
        pub allow_messages_after_resolved: bool,
        /// Whether a contact has one conversation that reopens, instead of a new one each time.
        pub lock_to_single_conversation: bool,
        /// How the sender of mails is named: `friendly` or `professional`.
        pub sender_name_type: String,
        /// The name of the business in mails.
        pub business_name: Option<String>,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it last changed.
        pub updated_at: Timestamp,
        /// The transport.
        pub channel_kind: ChannelKind,
        /// Names an API inbox in the Public API.
        pub identifier: Option<String>,
        /// Names a website inbox in its widget.
        pub website_token: Option<String>,
        /// The key with which contacts' identities are signed; a secret.
        pub hmac_token: Option<String>,
        /// Whether contacts must prove their identity.
        pub hmac_mandatory: bool,
        /// The address of an e-mail inbox.
        pub email: Option<String>,
        /// Where mail for an e-mail inbox may be forwarded to.
        pub forward_to_email: Option<String>,
        /// What else there is to set, as [`channel`] says for each kind.
        pub channel_settings: Json,
        /// What signed an API inbox's deliveries before; a secret.
        pub previous_secret: Option<String>,
        /// Until when that is good too.
        pub previous_secret_until: Option<Timestamp>,
        /// Its picture.
        pub avatar: Option<Picture>,
    }
}

impl Inbox {
    /// What signs the deliveries to the webhook of an API inbox; `None` for other channels.
    pub fn signing_secrets(&self) -> Option<SigningSecrets> {
        match Channel::of(self) {
            Channel::Api { settings, .. } => {
                let previous = self.previous_secret.as_deref();
                Some(SigningSecrets::new(&settings.secret, previous, self.previous_secret_until))
            }
            Channel::Website { .. } | Channel::Email { .. } => None,
        }
    }
}
