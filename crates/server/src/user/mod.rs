//! Users: people who can sign in, members of any number of accounts.

pub mod draft;
pub mod invitation;
pub mod password;
pub mod service;
pub mod store;
#[cfg(test)]
mod tests;
pub mod wire;

use edge::field::Maybe;
use serde_json::{Map, Value};
use types::{AccountId, Availability, Json, Role, Timestamp, UserId};

use crate::account;
use crate::file::Picture;

// Holds secrets: not to be printed.
::store::row! {
    /// A login.
    #[derive(Clone)]
    pub struct User {
        /// The user.
        pub id: UserId,
        /// Full name.
        pub name: String,
        /// Name shown to others, if it is another one.
        pub display_name: Option<String>,
        /// E-mail address, lower case.
        pub email: String,
        /// Whether the address has been confirmed.
        pub confirmed: bool,
        /// Key of its sockets.
        pub pubsub_token: String,
        /// What its messages end with.
        pub message_signature: Option<String>,
        /// Preferences of clients; free form.
        pub ui_settings: Json,
        /// Free attributes set by the operator.
        pub custom_attributes: Json,
        /// Its API key.
        pub access_token: String,
        /// When it was made.
        pub created_at: Timestamp,
        /// Its picture.
        pub avatar: Option<Picture>,
    }
}

::store::row! {
    /// One of a user's accounts, as the user sees it.
    #[derive(Debug, Clone)]
    pub struct Membership {
        /// The account.
        pub account_id: AccountId,
        /// The account's name.
        pub account_name: String,
        /// Whether the account may be used.
        pub status: account::Status,
        /// The account's free attributes.
        pub account_attributes: Json,
        /// When the user last went to it.
        pub active_at: Option<Timestamp>,
        /// What the user may do in it.
        pub role: Role,
        /// Whether the user takes conversations, as chosen.
        pub availability: Availability,
        /// Whether that follows the user's presence.
        pub auto_offline: bool,
        /// Whether the user is there.
        pub is_present: bool,
        /// Who invited the user.
        pub inviter_id: Option<UserId>,
    }
}

/// A user to be made.
#[derive(Clone)]
pub struct NewUser {
    /// Full name.
    pub name: String,
    /// E-mail address; it is trimmed and lower-cased.
    pub email: String,
    /// Name shown to others, if it is another one.
    pub display_name: Option<String>,
    /// What [`password::hash`] made.
    pub password_hash: String,
    /// Free attributes set by the operator.
    pub custom_attributes: Json,
    /// Whether the address counts as confirmed.
    pub confirmed: bool,
}

/// What an update sets; `None` keeps what is there.
#[derive(Clone, Default)]
pub struct UserChange {
    /// Full name.
    pub name: Option<String>,
    /// Name shown to others, or none.
    pub display_name: Maybe<String>,
    /// E-mail address, normal.
    pub email: Option<String>,
    /// What [`password::hash`] made.
    pub password_hash: Option<String>,
    /// Free attributes set by the operator; merged key by key.
    pub custom_attributes: Map<String, Value>,
    /// The free attribute of this name, or none.
    pub phone_number: Maybe<String>,
    /// What its messages end with, or nothing.
    pub message_signature: Maybe<String>,
    /// Preferences of clients; replaces.
    pub ui_settings: Option<Json>,
}

impl User {
    /// The name that others see.
    pub fn available_name(&self) -> &str {
        self.display_name.as_deref().filter(|name| !name.is_empty()).unwrap_or(&self.name)
    }
}

/// The account that the user opened last; those never opened come last, the oldest membership first.
pub fn active(memberships: &[Membership]) -> Option<&Membership> {
    // The first of those that are equal wins, which `max_by_key` alone would not give.
    memberships.iter().rev().max_by_key(|membership| membership.active_at)
}

/// An e-mail address as it is stored and compared.
pub fn normal_email(text: &str) -> String {
    text.trim().to_lowercase()
}
