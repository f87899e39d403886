//! The Public API as a channel: its settings, as stored and as requests change them.

use edge::Problem;
use edge::field::Maybe;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use types::Json;

use crate::inbox::body::ChannelBody;
use crate::inbox::draft::set_optional_text;
use crate::text::is_web_address;

/// Longest address of a webhook, in characters (rest.md §5.13).
const MAX_WEBHOOK_URL: usize = 2_048;

/// The settings of an API channel.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ApiSettings {
    /// What is told of the inbox's messages; empty: nobody.
    pub webhook_url: Option<String>,
    /// Free, but for `agent_reply_time_window`, in hours.
    pub additional_attributes: Map<String, Value>,
    /// The key that signs deliveries to the webhook; a secret.
    pub secret: String,
}

impl ApiSettings {
    pub(super) fn apply(&mut self, body: &ChannelBody) {
        set_optional_text(&mut self.webhook_url, &body.webhook_url);
        match &body.additional_attributes {
            Maybe::Absent => {}
            Maybe::Null => self.additional_attributes.clear(),
            Maybe::Value(attributes) => self.additional_attributes.extend(attributes.0.clone()),
        }
    }

    pub(super) fn check(&self, problems: &mut Vec<Problem>) {
        if let Some(url) = self.webhook_url.as_deref().filter(|url| !url.is_empty()) {
            if url.chars().count() > MAX_WEBHOOK_URL {
                problems.push(Problem::new("webhook_url", "is too long"));
            } else if !is_web_address(url) {
                problems.push(Problem::new("webhook_url", "is not a web address"));
            }
        }
        let window = self.additional_attributes.get("agent_reply_time_window");
        if window.is_some_and(|window| !is_blank(window) && hours(window).is_none()) {
            problems.push(Problem::new("agent_reply_time_window", "must be greater than 0"));
        }
    }
}

/// The answering window of an API channel in hours, if it has one: a positive number or its text (rest.md §6.6).
pub fn reply_window_hours(settings: &Json) -> Option<f64> {
    let settings: ApiSettings = settings.read();
    settings.additional_attributes.get("agent_reply_time_window").and_then(hours)
}

fn hours(value: &Value) -> Option<f64> {
    let hours = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    (hours > 0.0 && hours.is_finite()).then_some(hours)
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}
