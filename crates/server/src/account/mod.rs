//! Accounts: one customer organisation each. Almost every row belongs to one.

pub mod draft;
pub mod features;
pub mod locale;
pub mod own;
pub mod routes;
pub mod service;
pub mod stamp;
pub mod status;
pub mod store;
#[cfg(test)]
mod tests;
pub mod wire;

use edge::field::Maybe;
use serde_json::{Map, Value};
use types::{AccountId, Json, Timestamp};

pub use features::Features;
pub use status::Status;

::store::row! {
    /// One customer organisation.
    #[derive(Debug, Clone)]
    pub struct Account {
        /// The account.
        pub id: AccountId,
        /// Its name, 1 to 255 characters.
        pub name: String,
        /// Code of its language (semantics §1.1).
        pub locale: String,
        /// The domain of its reply addresses.
        pub domain: Option<String>,
        /// Its own sender address.
        pub support_email: Option<String>,
        /// Bit field of 2.10; no bit of it is used.
        pub settings_flags: i64,
        /// What is switched on.
        pub feature_flags: Features,
        /// Days without activity after which conversations are resolved.
        pub auto_resolve_duration: Option<i64>,
        /// How many agents and inboxes it may have; free form.
        pub limits: Json,
        /// Free attributes.
        pub custom_attributes: Json,
        /// What its administrators chose, by name.
        pub settings: Json,
        /// Whether its members may use it.
        pub status: Status,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it last changed.
        pub updated_at: Timestamp,
    }
}

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Its name.
    pub name: String,
    /// Code of its language; what [`locale::find`] gives.
    pub locale: &'static str,
    /// The domain of its reply addresses.
    pub domain: Option<String>,
    /// Its own sender address.
    pub support_email: Option<String>,
    /// What is switched on.
    pub features: Features,
    /// How many agents and inboxes it may have; free form.
    pub limits: Json,
    /// Free attributes set by the operator.
    pub custom_attributes: Json,
    /// Whether its members may use it.
    pub status: Status,
}

/// What an update sets; `None` keeps what is there.
#[derive(Debug, Clone, Default)]
pub struct AccountChange {
    /// Its name.
    pub name: Option<String>,
    /// Code of its language; what [`locale::find`] gives.
    pub locale: Option<&'static str>,
    /// The domain of its reply addresses, or none.
    pub domain: Maybe<String>,
    /// Its own sender address, or none.
    pub support_email: Maybe<String>,
    /// Name → whether it is on.
    pub features: Map<String, Value>,
    /// How many agents and inboxes it may have; replaces.
    pub limits: Option<Json>,
    /// Free attributes; replaces.
    pub custom_attributes: Option<Json>,
    /// Free attributes; merged key by key.
    pub attributes: Map<String, Value>,
    /// What administrators choose; merged key by key.
    pub settings: Map<String, Value>,
    /// Days without activity after which conversations are resolved, or never.
    pub auto_resolve_duration: Maybe<i64>,
    /// Whether its members may use it.
    pub status: Option<Status>,
}

impl Account {
    /// How many of `what` the account may have; `None` without a limit (rest.md §5.1).
    pub fn limit(&self, what: &str) -> Option<i64> {
        let limits: serde_json::Map<String, serde_json::Value> = self.limits.read();
        let limit = limits.get(what)?;
        limit.as_i64().or_else(|| limit.as_str()?.trim().parse().ok())
    }
}

impl Default for NewAccount {
    /// An active account in English with the usual features; still without a name.
    fn default() -> Self {
        Self {
            name: String::new(),
            locale: locale::DEFAULT,
            domain: None,
            support_email: None,
            features: Features::default(),
            limits: Json::object(),
            custom_attributes: Json::object(),
            status: Status::Active,
        }
    }
}
