//! Integrations: a catalogue of apps, and what an account has connected of them (rest.md §5.14). Connections are kept;
//! nothing is done with them yet.

pub mod catalogue;
pub mod routes;
pub mod service;
pub mod store;
#[cfg(test)]
mod tests;
pub mod wire;

use types::{AccountId, InboxId, IntegrationHookId, Json, Timestamp};

use self::catalogue::IntegrationApp;

/// The most bytes that the JSON of a hook's settings may have.
const MAX_SETTINGS: usize = 16_384;

// Holds secrets: not to be printed.
::store::row! {
    /// An app that an account has connected.
    #[derive(Clone)]
    pub struct Hook {
        /// Its id.
        pub id: IntegrationHookId,
        /// The account.
        pub account_id: AccountId,
        /// The app's name in the catalogue.
        pub app: String,
        /// The inbox that the app works in; `None`: the app works for the whole account.
        pub inbox_id: Option<InboxId>,
        /// Whether the app is told of what happens.
        pub is_enabled: bool,
        /// What was set; keys of other systems among it.
        pub settings: Json,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it last changed.
        pub updated_at: Timestamp,
        /// The name of the inbox.
        pub inbox_name: Option<String>,
    }
}

// Holds secrets: not to be printed.
/// A hook to be made.
#[derive(Clone)]
pub struct NewHook {
    /// The app.
    pub app: &'static IntegrationApp,
    /// The inbox that the app is to work in.
    pub inbox_id: Option<InboxId>,
    /// What there is to set.
    pub draft: Draft,
}

// Holds secrets: not to be printed.
/// What there is to set.
#[derive(Clone, PartialEq, Eq)]
pub struct Draft {
    /// Whether the app is told of what happens.
    pub is_enabled: bool,
    /// What the app needs to know.
    pub settings: Json,
}

impl Default for Draft {
    /// Enabled, as today's clients expect it (rest.md §5.14).
    fn default() -> Self {
        Self { is_enabled: true, settings: Json::object() }
    }
}
