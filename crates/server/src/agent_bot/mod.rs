//! Agent bots: programs that answer in inboxes, each of an account or of the whole installation (rest.md §5.3, §5.5).

pub mod platform;
pub mod routes;
pub mod service;
pub mod store;
#[cfg(test)]
mod tests;
pub mod wire;

use edge::Problem;
use types::{AccountId, AgentBotId, Json, Timestamp};

use crate::file::Picture;
use crate::signing_secret::SigningSecrets;
use crate::text;

/// Longest name, in characters.
const MAX_NAME: usize = 255;
/// Longest description, in characters.
const MAX_DESCRIPTION: usize = 20_000;
/// Longest address, in characters (rest.md §5.5).
const MAX_URL: usize = 2_048;

// Holds a secret: not to be printed.
::store::row! {
    /// A program that answers in inboxes.
    #[derive(Clone)]
    pub struct AgentBot {
        /// Its id.
        pub id: AgentBotId,
        /// The account that owns it; `None`: every account may use it.
        pub account_id: Option<AccountId>,
        /// Its name.
        pub name: Option<String>,
        /// What it does.
        pub description: Option<String>,
        /// Where it is told of what happens.
        pub outgoing_url: Option<String>,
        /// `webhook`.
        pub bot_type: String,
        /// Free settings.
        pub bot_config: Json,
        /// Its API key.
        pub access_token: String,
        /// Signs what it is told.
        pub secret: String,
        /// What signed before.
        pub previous_secret: Option<String>,
        /// Until when that is good too.
        pub previous_secret_until: Option<Timestamp>,
        /// Its picture.
        pub avatar: Option<Picture>,
    }
}

/// What there is to set of a bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The account that owns it; `None`: every account may use it.
    pub account_id: Option<AccountId>,
    /// Its name.
    pub name: Option<String>,
    /// What it does.
    pub description: Option<String>,
    /// Where it is told of what happens.
    pub outgoing_url: Option<String>,
    /// Free settings.
    pub bot_config: Json,
}

impl Draft {
    /// Nothing but its owner.
    pub fn of(account_id: Option<AccountId>) -> Self {
        Self { account_id, name: None, description: None, outgoing_url: None, bot_config: Json::object() }
    }

    /// Everything that is wrong with it.
    pub fn problems(&self) -> Vec<Problem> {
        let long = |field, text: &Option<String>, most| {
            text.as_deref().and_then(|text| text::too_long_problem(field, text, most))
        };
        let address = self.outgoing_url.as_deref().unwrap_or_default();
        let is_address = address.is_empty() || text::is_web_address(address);
        let found = [
            long("name", &self.name, MAX_NAME),
            long("description", &self.description, MAX_DESCRIPTION),
            long("outgoing_url", &self.outgoing_url, MAX_URL),
            (!is_address).then(|| Problem::new("outgoing_url", "must be empty or begin with http:// or https://")),
        ];
        found.into_iter().flatten().collect()
    }
}

impl AgentBot {
    /// What there is to set of it.
    pub fn to_draft(&self) -> Draft {
        Draft {
            account_id: self.account_id,
            name: self.name.clone(),
            description: self.description.clone(),
            outgoing_url: self.outgoing_url.clone(),
            bot_config: self.bot_config.clone(),
        }
    }

    /// What signs what it is told.
    pub fn signing_secrets(&self) -> SigningSecrets {
        SigningSecrets::new(&self.secret, self.previous_secret.as_deref(), self.previous_secret_until)
    }
}

#[cfg(test)]
mod draft_tests {
    use super::Draft;

    #[test]
    fn an_address_is_empty_or_of_the_web() {
        let fields = |address: &str| {
            let draft = Draft { outgoing_url: Some(address.into()), ..Draft::of(None) };
            draft.problems().into_iter().map(|problem| problem.field).collect::<Vec<_>>()
        };
        let long = format!("https://bot.example/{}", "x".repeat(2_028));
        for good in ["", "http://127.0.0.1:9/bot", "https://bot.example/hook?x=1", &long] {
            assert!(fields(good).is_empty(), "{good}");
        }
        for bad in ["bot.example", "ftp://bot.example", "javascript:alert(1)", "https://", &format!("{long}x")] {
            assert_eq!(fields(bad), ["outgoing_url"], "{bad}");
        }
    }
}
