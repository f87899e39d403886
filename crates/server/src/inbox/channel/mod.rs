//! Channels: what can be set of each kind (rest.md §5.13), as it is stored and as requests change it.

mod api;
mod email;
mod website;

use edge::Problem;
use serde_json::{Map, Value};
use types::{ChannelKind, Json};

pub use api::{ApiSettings, reply_window_hours};
pub use email::EmailSettings;
pub use website::{FEATURE_FLAGS, WebsiteSettings};

use super::Inbox;
use super::body::ChannelBody;
use super::draft::{blank, set_flag, set_text};
use crate::events::Changes;
use crate::{contact, token};

/// Settings that are shown to nobody but administrators.
const SECRETS: [&str; 3] = ["secret", "imap_password", "smtp_password"];

/// A channel before it is stored.
#[derive(Debug, Clone)]
pub enum Channel {
    /// Chat on a website.
    Website {
        /// Whether contacts must prove their identity.
        hmac_mandatory: bool,
        /// Its settings.
        settings: WebsiteSettings,
    },
    /// The Public API.
    Api {
        /// Whether contacts must prove their identity.
        hmac_mandatory: bool,
        /// Its settings.
        settings: ApiSettings,
    },
    /// E-mail.
    Email {
        /// The address, in lower case; unique in the installation.
        email: String,
        /// Where mail for it may be forwarded to.
        forward_to_email: String,
        /// Its settings.
        settings: EmailSettings,
    },
}

impl Channel {
    /// A channel of the kind that requests call `word`, with nothing set; `None` for kinds that cannot be made.
    pub fn of_type(word: &str, inbound_mail_domain: &str) -> Option<Self> {
        match word {
            "web_widget" => Some(Self::website("")),
            "api" => Some(Self::api()),
            "email" => Some(Self::email("", inbound_mail_domain)),
            _ => None,
        }
    }

    /// The chat of a website.
    pub fn website(website_url: &str) -> Self {
        let settings = WebsiteSettings { website_url: website_url.to_owned(), ..WebsiteSettings::default() };
        Self::Website { hmac_mandatory: false, settings }
    }

    /// The Public API.
    pub fn api() -> Self {
        Self::Api { hmac_mandatory: false, settings: ApiSettings { secret: token::random(), ..ApiSettings::default() } }
    }

    /// An e-mail address; `inbound_mail_domain` is where forwarded mail arrives.
    pub fn email(address: &str, inbound_mail_domain: &str) -> Self {
        Self::Email {
            email: address.trim().to_lowercase(),
            forward_to_email: format!("{}@{inbound_mail_domain}", token::random_hex(32)),
            settings: EmailSettings::default(),
        }
    }

    /// Which kind it is.
    pub const fn kind(&self) -> ChannelKind {
        match self {
            Self::Website { .. } => ChannelKind::WebWidget,
            Self::Api { .. } => ChannelKind::Api,
            Self::Email { .. } => ChannelKind::Email,
        }
    }

    /// Whether contacts must prove their identity.
    pub const fn is_hmac_mandatory(&self) -> bool {
        match self {
            Self::Website { hmac_mandatory, .. } | Self::Api { hmac_mandatory, .. } => *hmac_mandatory,
            Self::Email { .. } => false,
        }
    }

    /// What is stored beside the columns.
    pub fn settings(&self) -> Json {
        match self {
            Self::Website { settings, .. } => Json::of(settings),
            Self::Api { settings, .. } => Json::of(settings),
            Self::Email { settings, .. } => Json::of(settings),
        }
    }

    /// What is stored of the channel of `inbox`.
    pub fn of(inbox: &Inbox) -> Self {
        match inbox.channel_kind {
            ChannelKind::WebWidget => {
                Self::Website { hmac_mandatory: inbox.hmac_mandatory, settings: inbox.channel_settings.read() }
            }
            ChannelKind::Api => {
                Self::Api { hmac_mandatory: inbox.hmac_mandatory, settings: inbox.channel_settings.read() }
            }
            ChannelKind::Email => Self::Email {
                email: inbox.email.clone().unwrap_or_default(),
                forward_to_email: inbox.forward_to_email.clone().unwrap_or_default(),
                settings: inbox.channel_settings.read(),
            },
        }
    }

    /// `changes` with what is different in `other`; of secrets only that they are.
    pub fn changes_to(&self, other: &Self, changes: Changes) -> Changes {
        let address = |channel: &Self| match channel {
            Self::Email { email, .. } => Some(email.clone()),
            Self::Website { .. } | Self::Api { .. } => None,
        };
        let changes = changes.with("hmac_mandatory", &self.is_hmac_mandatory(), &other.is_hmac_mandatory()).with(
            "email",
            &address(self),
            &address(other),
        );
        let before: Map<String, Value> = self.settings().read();
        let after: Map<String, Value> = other.settings().read();
        after.iter().fold(changes, |changes, (key, value)| {
            let old = before.get(key).unwrap_or(&Value::Null);
            if SECRETS.contains(&key.as_str()) {
                changes.with_secret(key, old != value)
            } else {
                changes.with(key, old, value)
            }
        })
    }

    /// Takes over what `body` says: absent keeps, null clears (decisions §3).
    pub fn apply(&mut self, body: &ChannelBody, problems: &mut Vec<Problem>) {
        match self {
            Self::Website { hmac_mandatory, settings } => {
                set_flag(hmac_mandatory, body.hmac_mandatory, false);
                settings.apply(body, problems);
            }
            Self::Api { hmac_mandatory, settings } => {
                set_flag(hmac_mandatory, body.hmac_mandatory, false);
                settings.apply(body);
            }
            Self::Email { email, settings, .. } => {
                set_text(email, &body.email, "");
                *email = email.trim().to_lowercase();
                settings.apply(body, problems);
            }
        }
    }

    /// What is wrong with it.
    pub fn check(&self, problems: &mut Vec<Problem>) {
        match self {
            Self::Website { settings, .. } => settings.check(problems),
            Self::Api { settings, .. } => settings.check(problems),
            Self::Email { email, settings, .. } => {
                if email.is_empty() {
                    problems.push(blank("email"));
                } else if !contact::is_email(email) {
                    problems.push(Problem::new("email", "is not an e-mail address"));
                }
                settings.check(problems);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use types::Json;

    use super::{Channel, WebsiteSettings, reply_window_hours};
    use crate::inbox::body::ChannelBody;

    fn body(value: Value) -> ChannelBody {
        serde_json::from_value(value).unwrap()
    }

    /// The fields that are wrong after `value` was taken over.
    fn problems(mut channel: Channel, value: Value) -> Vec<String> {
        let mut problems = Vec::new();
        channel.apply(&body(value), &mut problems);
        channel.check(&mut problems);
        problems.into_iter().map(|problem| problem.field).collect()
    }

    #[test]
    fn the_reply_window_is_a_positive_number_or_its_text() {
        let window = |window: Value| {
            reply_window_hours(&Json::of(&json!({"additional_attributes": {"agent_reply_time_window": window}})))
        };
        assert_eq!(window(json!(24)), Some(24.0));
        assert_eq!(window(json!("1.5")), Some(1.5));
        for none in [json!(null), json!(""), json!("soon"), json!(0), json!(-1), json!([1]), json!("inf")] {
            assert_eq!(window(none.clone()), None, "{none}");
        }
        assert_eq!(reply_window_hours(&Json::object()), None);
    }

    #[test]
    fn settings_are_read_as_they_were_stored() {
        let mut channel = Channel::website("https://shop.example");
        let given = body(json!({"reply_time": "in_a_day", "selected_feature_flags": ["emoji_picker", "attachments"]}));
        let mut problems = Vec::new();
        channel.apply(&given, &mut problems);
        assert!(problems.is_empty());
        let Value::Object(stored) = channel.settings().read::<Value>() else { panic!("an object") };
        assert_eq!(stored["reply_time"], "in_a_day");
        assert_eq!(stored["selected_feature_flags"], json!(["attachments", "emoji_picker"]));
        let read: WebsiteSettings = channel.settings().read();
        assert_eq!(Json::of(&read), channel.settings());
    }

    #[test]
    fn a_form_keeps_its_fields_or_gets_the_usual_ones() {
        let form = |given: Value| {
            let mut channel = Channel::website("https://shop.example");
            let mut problems = Vec::new();
            channel.apply(&body(json!({ "pre_chat_form_options": given })), &mut problems);
            assert!(problems.is_empty());
            channel.settings().read::<Value>()["pre_chat_form_options"].clone()
        };
        let usual = form(json!({"pre_chat_message": "Hi"}));
        assert_eq!(usual["pre_chat_message"], "Hi");
        assert_eq!(usual["pre_chat_fields"][0]["name"], "emailAddress");
        let own = form(json!({"pre_chat_fields": [{"name": "plan", "enabled": "true", "required": "0", "x": 1}]}));
        assert_eq!(own, json!({"pre_chat_fields": [{"name": "plan", "enabled": true, "required": false}]}));
    }

    #[test]
    fn what_a_channel_cannot_have_is_named() {
        let site = || Channel::website("https://shop.example");
        assert!(problems(site(), json!({})).is_empty());
        assert_eq!(problems(Channel::website(""), json!({})), ["website_url"]);
        assert_eq!(problems(site(), json!({"widget_color": null})), ["widget_color"]);
        assert_eq!(problems(site(), json!({"reply_time": "never"})), ["reply_time"]);
        assert_eq!(problems(site(), json!({"selected_feature_flags": ["x"]})), ["selected_feature_flags"]);
        assert_eq!(
            problems(site(), json!({"pre_chat_form_options": {"pre_chat_fields": [1]}})),
            ["pre_chat_form_options"]
        );
        let window = |hours: Value| json!({"additional_attributes": {"agent_reply_time_window": hours}});
        assert_eq!(problems(Channel::api(), window(json!("-1"))), ["agent_reply_time_window"]);
        assert!(problems(Channel::api(), window(json!(""))).is_empty());
        assert!(problems(Channel::api(), json!({"webhook_url": ""})).is_empty());
        assert_eq!(problems(Channel::api(), json!({"webhook_url": "ftp://x"})), ["webhook_url"]);
        assert_eq!(problems(Channel::email("", "in.example"), json!({})), ["email"]);
        assert_eq!(problems(Channel::email("", "in.example"), json!({"email": "a b@c"})), ["email"]);
        assert_eq!(problems(Channel::email("a@b", "in.example"), json!({"smtp_port": 70_000})), ["smtp_port"]);
    }

    #[test]
    fn attributes_of_an_api_channel_are_merged_and_null_clears_them() {
        let mut channel = Channel::api();
        let mut problems = Vec::new();
        for given in [json!({"a": 1}), json!({"b": 2})] {
            channel.apply(&body(json!({ "additional_attributes": given })), &mut problems);
        }
        let attributes = |channel: &Channel| channel.settings().read::<Value>()["additional_attributes"].clone();
        assert_eq!(attributes(&channel), json!({"a": 1, "b": 2}));
        channel.apply(&body(json!({"additional_attributes": null})), &mut problems);
        assert_eq!(attributes(&channel), json!({}));
    }
}
