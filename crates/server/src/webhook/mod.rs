//! Webhooks: addresses that an account wants to be told at (rest.md §5.20). They are kept; nothing is sent yet.

pub mod routes;
pub mod service;
pub mod store;
#[cfg(test)]
mod tests;
pub mod wire;

use edge::Problem;
use types::{AccountId, InboxId, Json, Timestamp, WebhookEvent, WebhookId};

use crate::signing_secret::SigningSecrets;
use crate::text;

/// Longest name, in characters.
const MAX_NAME: usize = 255;
/// Longest address, in characters (semantics §10.4).
const MAX_URL: usize = 2_048;

/// What a new webhook hears of if nothing is said (recorded; decisions §4).
const DEFAULT: [WebhookEvent; 6] = [
    WebhookEvent::ConversationStatusChanged,
    WebhookEvent::ConversationUpdated,
    WebhookEvent::ConversationCreated,
    WebhookEvent::MessageCreated,
    WebhookEvent::MessageUpdated,
    WebhookEvent::WebwidgetTriggered,
];

// Holds a secret: not to be printed.
::store::row! {
    /// An address that an account wants to be told at.
    #[derive(Clone)]
    pub struct Webhook {
        /// Its id.
        pub id: WebhookId,
        /// The account.
        pub account_id: AccountId,
        /// The inbox that it is about; `None`: all.
        pub inbox_id: Option<InboxId>,
        /// What people call it.
        pub name: Option<String>,
        /// The address; unique in the account.
        pub url: String,
        /// Names of what it hears of.
        pub subscriptions: Json,
        /// Signs what is sent.
        pub secret: String,
        /// What signed before.
        pub previous_secret: Option<String>,
        /// Until when that is good too.
        pub previous_secret_until: Option<Timestamp>,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it last changed.
        pub updated_at: Timestamp,
        /// The name of the inbox.
        pub inbox_name: Option<String>,
    }
}

/// What there is to set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The inbox that it is about; `None`: all.
    pub inbox_id: Option<InboxId>,
    /// What people call it.
    pub name: Option<String>,
    /// The address.
    pub url: String,
    /// Names of what it hears of, each once.
    pub subscriptions: Vec<String>,
}

impl Webhook {
    /// What there is to set of it.
    pub fn to_draft(&self) -> Draft {
        Draft {
            inbox_id: self.inbox_id,
            name: self.name.clone(),
            url: self.url.clone(),
            subscriptions: self.subscriptions.read(),
        }
    }

    /// What signs what is sent.
    pub fn signing_secrets(&self) -> SigningSecrets {
        SigningSecrets::new(&self.secret, self.previous_secret.as_deref(), self.previous_secret_until)
    }

    /// What it hears of.
    pub fn events(&self) -> Vec<WebhookEvent> {
        self.subscriptions.read::<Vec<String>>().iter().filter_map(|name| name.parse().ok()).collect()
    }
}

impl Draft {
    /// A webhook without address.
    pub fn new() -> Self {
        let subscriptions = DEFAULT.iter().map(|event| event.as_str().to_owned()).collect();
        Self { inbox_id: None, name: None, url: String::new(), subscriptions }
    }

    /// Everything that is wrong with it.
    pub fn problems(&self) -> Vec<Problem> {
        let is_heard = |name: &String| name.parse::<WebhookEvent>().is_ok();
        let subscriptions = if self.subscriptions.is_empty() {
            Some("can't be empty")
        } else {
            (!self.subscriptions.iter().all(is_heard)).then_some("is not included in the list")
        };
        let name = self.name.as_deref().and_then(|name| text::too_long_problem("name", name, MAX_NAME));
        let found = [name, self.url_problem(), subscriptions.map(|problem| Problem::new("subscriptions", problem))];
        found.into_iter().flatten().collect()
    }

    fn url_problem(&self) -> Option<Problem> {
        if !text::is_web_address(&self.url) {
            return Some(Problem::new("url", "must begin with http:// or https://"));
        }
        text::too_long_problem("url", &self.url, MAX_URL)
    }
}

impl Default for Draft {
    fn default() -> Self {
        Self::new()
    }
}
