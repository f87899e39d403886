//! Webhooks as the wire has them (rest.md §5.20).

use edge::field::{Int, Maybe, Text, Texts};
use serde::{Deserialize, Serialize};
use types::{AccountId, InboxId, WebhookEvent, WebhookId};
use utoipa::ToSchema;

use super::{Draft, Webhook};

// Holds a secret: not to be printed.
/// A webhook; only administrators see one.
#[derive(Serialize, ToSchema)]
#[schema(as = webhook)]
pub struct WebhookJson {
    /// Its id.
    pub id: WebhookId,
    /// The address; unique in the account.
    pub url: String,
    /// What people call it.
    pub name: Option<String>,
    /// The account.
    pub account_id: AccountId,
    /// What it hears of.
    pub subscriptions: Vec<WebhookEvent>,
    /// Signs what is sent.
    pub secret: String,
    /// The inbox that it is about; absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub inbox: Option<WebhookInboxJson>,
}

/// The inbox that a webhook is about.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = webhook_inbox)]
pub struct WebhookInboxJson {
    /// Its id.
    pub id: InboxId,
    /// Its name.
    pub name: String,
}

impl From<Webhook> for WebhookJson {
    fn from(webhook: Webhook) -> Self {
        let subscriptions = webhook.events();
        let inbox = webhook.inbox_id.zip(webhook.inbox_name).map(|(id, name)| WebhookInboxJson { id, name });
        Self {
            id: webhook.id,
            url: webhook.url,
            name: webhook.name,
            account_id: webhook.account_id,
            subscriptions,
            secret: webhook.secret,
            inbox,
        }
    }
}

/// A webhook in its wrappers.
#[derive(Serialize, ToSchema)]
#[schema(as = webhook_answer)]
pub struct WebhookAnswer {
    /// What was asked for.
    pub payload: WebhookPayload,
}

/// A webhook in its wrapper.
#[derive(Serialize, ToSchema)]
#[schema(as = webhook_payload)]
pub struct WebhookPayload {
    /// The webhook.
    pub webhook: WebhookJson,
}

impl From<Webhook> for WebhookAnswer {
    fn from(webhook: Webhook) -> Self {
        Self { payload: WebhookPayload { webhook: webhook.into() } }
    }
}

/// All webhooks in their wrappers.
#[derive(Serialize, ToSchema)]
#[schema(as = webhook_list_answer)]
pub struct WebhookListAnswer {
    /// What was asked for.
    pub payload: WebhookListPayload,
}

/// All webhooks in their wrapper.
#[derive(Serialize, ToSchema)]
#[schema(as = webhook_list_payload)]
pub struct WebhookListPayload {
    /// By id.
    pub webhooks: Vec<WebhookJson>,
}

impl From<Vec<Webhook>> for WebhookListAnswer {
    fn from(webhooks: Vec<Webhook>) -> Self {
        Self { payload: WebhookListPayload { webhooks: webhooks.into_iter().map(WebhookJson::from).collect() } }
    }
}

/// A webhook to be made or changed; at creation the address is required.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = webhook_create_update_payload)]
pub struct WebhookBody {
    /// An `http` or `https` address of at most 2,048 characters; unique in the account.
    #[serde(default)]
    pub url: Maybe<Text>,
    /// What people call it, at most 255 characters.
    #[serde(default)]
    pub name: Maybe<Text>,
    /// What it hears of, at least one thing; the first six of the list by default.
    #[serde(default)]
    #[schema(value_type = Vec<WebhookEvent>)]
    pub subscriptions: Maybe<Texts>,
    /// The inbox that it is about; null: all.
    #[serde(default)]
    pub inbox_id: Maybe<Int>,
}

impl edge::Shape for WebhookBody {
    const WRAPPER: Option<&'static str> = Some("webhook");
}

impl WebhookBody {
    /// What `before` becomes; no address and no events are sent as null.
    pub fn onto(&self, before: Draft) -> Draft {
        let url = self.url.clone().or_null(Text::default()).map(|url| url.as_str().trim().to_owned());
        let subscriptions = self.subscriptions.clone().or_null(Texts::default()).map(|Texts(names)| once_each(names));
        Draft {
            inbox_id: self.inbox_id.map(Int::id).or_keep(before.inbox_id),
            name: self.name.clone().map(String::from).or_keep(before.name),
            url: url.unwrap_or(before.url),
            subscriptions: subscriptions.unwrap_or(before.subscriptions),
        }
    }
}

fn once_each(names: Vec<String>) -> Vec<String> {
    let mut once: Vec<String> = Vec::new();
    for name in names {
        if !once.contains(&name) {
            once.push(name);
        }
    }
    once
}
