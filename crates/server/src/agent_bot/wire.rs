//! Agent bots as the wire has them (rest.md §4.9, §5.3, §5.5).

use edge::field::{Int, Maybe, Object, Text};
use edge::{Error, Result};
use serde::{Deserialize, Serialize};
use types::{AccountId, AgentBotId, Json};
use utoipa::ToSchema;

use super::{AgentBot, Draft};
use crate::BaseUrl;
use crate::access::Member;

// Holds a secret: not to be printed.
/// A bot as members of an account see it.
#[derive(Serialize, ToSchema)]
#[schema(as = agent_bot)]
pub struct AgentBotJson {
    /// Its id.
    pub id: AgentBotId,
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
    /// The account that owns it; null: every account may use it.
    pub account_id: Option<AccountId>,
    /// Picture, or empty.
    pub thumbnail: String,
    /// Whether no account owns it.
    pub system_bot: bool,
    /// Its API key; administrators see that of the account's own bots.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub access_token: Option<String>,
    /// Signs what it is told; administrators see that of the account's own bots.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub secret: Option<String>,
}

impl AgentBotJson {
    /// As `viewer` sees it.
    pub fn new(bot: AgentBot, viewer: &Member, base_url: &BaseUrl) -> Self {
        let is_shown = viewer.is_administrator() && bot.account_id == Some(viewer.account_id);
        Self {
            id: bot.id,
            name: bot.name,
            description: bot.description,
            outgoing_url: bot.outgoing_url,
            bot_type: bot.bot_type,
            bot_config: bot.bot_config,
            account_id: bot.account_id,
            thumbnail: base_url.of_picture(bot.avatar.as_ref()),
            system_bot: bot.account_id.is_none(),
            access_token: is_shown.then_some(bot.access_token),
            secret: is_shown.then_some(bot.secret),
        }
    }
}

// Holds a secret: not to be printed.
/// A bot as the platform API shows it.
#[derive(Serialize, ToSchema)]
#[schema(as = platform_agent_bot)]
pub struct PlatformAgentBotJson {
    /// Its id.
    pub id: AgentBotId,
    /// Its name.
    pub name: Option<String>,
    /// What it does.
    pub description: Option<String>,
    /// Where it is told of what happens.
    pub outgoing_url: Option<String>,
    /// The account that owns it; null: every account may use it.
    pub account_id: Option<AccountId>,
    /// Its API key.
    pub access_token: String,
}

impl From<AgentBot> for PlatformAgentBotJson {
    fn from(bot: AgentBot) -> Self {
        Self {
            id: bot.id,
            name: bot.name,
            description: bot.description,
            outgoing_url: bot.outgoing_url,
            account_id: bot.account_id,
            access_token: bot.access_token,
        }
    }
}

/// A bot to be made or changed; nothing is required.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = agent_bot_create_update_payload)]
pub struct AgentBotBody {
    /// Its name, at most 255 characters.
    #[serde(default)]
    pub name: Maybe<Text>,
    /// What it does, at most 20,000 characters.
    #[serde(default)]
    pub description: Maybe<Text>,
    /// Where it is told of what happens: empty, or an `http` or `https` address of at most 2,048 characters.
    #[serde(default)]
    pub outgoing_url: Maybe<Text>,
    /// `webhook`, the only type.
    pub bot_type: Option<Text>,
    /// Free settings.
    #[serde(default)]
    pub bot_config: Maybe<Object>,
    /// Where a picture is fetched from in the background, `http` or `https`; ignored beside a file `avatar`.
    pub avatar_url: Option<Text>,
}

impl edge::Shape for AgentBotBody {}

impl AgentBotBody {
    /// What `before` becomes.
    pub fn onto(&self, before: Draft) -> Draft {
        let config = self.bot_config.clone().or_null(Object::default()).map(Object::into_json);
        Draft {
            bot_config: config.unwrap_or(before.bot_config.clone()),
            ..onto(before, &self.name, &self.description, &self.outgoing_url)
        }
    }

    /// Fails for types that no server runs any more (rest.md §5.5).
    pub fn check_type(&self) -> Result<()> {
        match self.bot_type.as_ref().map(Text::as_str) {
            None | Some("" | "webhook") => Ok(()),
            Some(_) => Err(Error::invalid("bot_type", "is not included in the list")),
        }
    }
}

/// A bot to be made or changed by a platform app; nothing is required.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = platform_agent_bot_create_update_payload)]
pub struct PlatformAgentBotBody {
    /// Its name, at most 255 characters.
    #[serde(default)]
    pub name: Maybe<Text>,
    /// What it does, at most 20,000 characters.
    #[serde(default)]
    pub description: Maybe<Text>,
    /// Where it is told of what happens: empty, or an `http` or `https` address of at most 2,048 characters.
    #[serde(default)]
    pub outgoing_url: Maybe<Text>,
    /// The account that owns it, one that the app was granted; null: every account may use it.
    #[serde(default)]
    pub account_id: Maybe<Int>,
    /// Where a picture is fetched from in the background, `http` or `https`; ignored beside a file `avatar`.
    pub avatar_url: Option<Text>,
}

impl edge::Shape for PlatformAgentBotBody {}

impl PlatformAgentBotBody {
    /// What `before` becomes.
    pub fn onto(&self, before: Draft) -> Draft {
        let account_id = self.account_id.map(Int::id).or_keep(before.account_id);
        Draft { account_id, ..onto(before, &self.name, &self.description, &self.outgoing_url) }
    }
}

fn onto(before: Draft, name: &Maybe<Text>, description: &Maybe<Text>, outgoing_url: &Maybe<Text>) -> Draft {
    let text = |given: &Maybe<Text>, before| given.clone().map(String::from).or_keep(before);
    Draft {
        name: text(name, before.name),
        description: text(description, before.description),
        outgoing_url: text(outgoing_url, before.outgoing_url),
        ..before
    }
}
