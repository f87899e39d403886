//! Channels: what can be set of each kind (rest.md §5.13), as it is stored and as requests change it.

use std::str::FromStr;

use edge::Problem;
use edge::field::{Maybe, Texts};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};
use types::{ChannelKind, Json, ReplyTime};

use super::Inbox;
use super::body::ChannelBody;
use super::draft::{blank, set_flag, set_optional_text, set_text};
use crate::events::Changes;
use crate::text::is_web_address;
use crate::{contact, token};

/// What a widget may offer, in the order of answers; the first three are on by default.
pub const FEATURE_FLAGS: [&str; 5] =
    ["attachments", "emoji_picker", "end_conversation", "use_inbox_avatar_for_bot", "allow_mobile_webview"];

/// Longest address of a webhook, in characters (rest.md §5.13).
const MAX_WEBHOOK_URL: usize = 2_048;

/// Settings that are shown to nobody but administrators.
const SECRETS: [&str; 3] = ["secret", "imap_password", "smtp_password"];

/// The keys of a field of the form before a chat; others are dropped (rest.md §5.13).
const PRE_CHAT_FIELD_KEYS: [&str; 11] = [
    "field_type",
    "label",
    "placeholder",
    "name",
    "type",
    "values",
    "required",
    "enabled",
    "locale",
    "regex_pattern",
    "regex_cue",
];

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

/// The settings of a website channel.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct WebsiteSettings {
    /// The website.
    pub website_url: String,
    /// A CSS colour.
    pub widget_color: String,
    /// The heading of the widget.
    pub welcome_title: Option<String>,
    /// The line below it.
    pub welcome_tagline: Option<String>,
    /// The answering time that the widget promises.
    #[serde(deserialize_with = "by_name")]
    pub reply_time: ReplyTime,
    /// Whether the widget asks with a form before a chat begins.
    pub pre_chat_form_enabled: bool,
    /// The form.
    pub pre_chat_form_options: Map<String, Value>,
    /// Whether answers go by mail to contacts who have left.
    pub continuity_via_email: bool,
    /// Those of [`FEATURE_FLAGS`] that are on, in that order.
    pub selected_feature_flags: Vec<String>,
    /// Where the widget may run, with commas; empty: everywhere.
    pub allowed_domains: String,
}

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

/// The settings of an e-mail channel.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "switches of the contract")]
pub struct EmailSettings {
    /// Whether mail is fetched by IMAP.
    pub imap_enabled: bool,
    /// IMAP user.
    pub imap_login: String,
    /// IMAP password; a secret.
    pub imap_password: String,
    /// IMAP host.
    pub imap_address: String,
    /// IMAP port, 0 if not set.
    pub imap_port: i64,
    /// Whether IMAP speaks TLS.
    pub imap_enable_ssl: bool,
    /// How IMAP signs in.
    pub imap_authentication: String,
    /// Whether mail is sent by SMTP.
    pub smtp_enabled: bool,
    /// SMTP user.
    pub smtp_login: String,
    /// SMTP password; a secret.
    pub smtp_password: String,
    /// SMTP host.
    pub smtp_address: String,
    /// SMTP port, 0 if not set.
    pub smtp_port: i64,
    /// The name that the server says to the SMTP host.
    pub smtp_domain: String,
    /// Whether SMTP turns to TLS when the host offers it.
    pub smtp_enable_starttls_auto: bool,
    /// Whether SMTP begins with TLS.
    pub smtp_enable_ssl_tls: bool,
    /// How the host's certificate is checked.
    pub smtp_openssl_verify_mode: String,
    /// How SMTP signs in.
    pub smtp_authentication: String,
    /// `google` or `microsoft` when the mailbox is theirs.
    pub provider: Option<String>,
    /// Whether the address may be used for sending.
    pub verified_for_sending: bool,
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
            Self::Website { settings, .. } => {
                if settings.website_url.trim().is_empty() {
                    problems.push(blank("website_url"));
                }
                if settings.widget_color.trim().is_empty() {
                    problems.push(blank("widget_color"));
                }
            }
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

impl Default for WebsiteSettings {
    fn default() -> Self {
        Self {
            website_url: String::new(),
            widget_color: "#1f93ff".into(),
            welcome_title: None,
            welcome_tagline: None,
            reply_time: ReplyTime::InAFewMinutes,
            pre_chat_form_enabled: false,
            pre_chat_form_options: with_fields(Map::new()),
            continuity_via_email: true,
            selected_feature_flags: default_flags(),
            allowed_domains: String::new(),
        }
    }
}

impl WebsiteSettings {
    fn apply(&mut self, body: &ChannelBody, problems: &mut Vec<Problem>) {
        set_text(&mut self.website_url, &body.website_url, "");
        set_text(&mut self.widget_color, &body.widget_color, "");
        set_optional_text(&mut self.welcome_title, &body.welcome_title);
        set_optional_text(&mut self.welcome_tagline, &body.welcome_tagline);
        set_flag(&mut self.pre_chat_form_enabled, body.pre_chat_form_enabled, false);
        set_flag(&mut self.continuity_via_email, body.continuity_via_email, true);
        set_text(&mut self.allowed_domains, &body.allowed_domains, "");
        match &body.reply_time {
            Maybe::Absent => {}
            Maybe::Null => self.reply_time = ReplyTime::InAFewMinutes,
            Maybe::Value(word) => match word.as_str().parse() {
                Ok(reply_time) => self.reply_time = reply_time,
                Err(_) => problems.push(Problem::new("reply_time", "is not included in the list")),
            },
        }
        match &body.selected_feature_flags {
            Maybe::Absent => {}
            Maybe::Null => self.selected_feature_flags.clear(),
            Maybe::Value(Texts(names)) => self.set_flags(names, problems),
        }
        match &body.pre_chat_form_options {
            Maybe::Absent => {}
            Maybe::Null => self.pre_chat_form_options = with_fields(Map::new()),
            Maybe::Value(options) => match read_form(&options.0) {
                Some(form) => self.pre_chat_form_options = with_fields(form),
                None => problems.push(Problem::new("pre_chat_form_options", "must have a list of fields")),
            },
        }
    }

    fn set_flags(&mut self, names: &[String], problems: &mut Vec<Problem>) {
        if names.iter().any(|name| !FEATURE_FLAGS.contains(&name.as_str())) {
            problems.push(Problem::new("selected_feature_flags", "has a name that is not included in the list"));
            return;
        }
        let chosen = FEATURE_FLAGS.iter().filter(|flag| names.iter().any(|name| name == *flag));
        self.selected_feature_flags = chosen.map(ToString::to_string).collect();
    }
}

impl ApiSettings {
    fn apply(&mut self, body: &ChannelBody) {
        set_optional_text(&mut self.webhook_url, &body.webhook_url);
        match &body.additional_attributes {
            Maybe::Absent => {}
            Maybe::Null => self.additional_attributes.clear(),
            Maybe::Value(attributes) => self.additional_attributes.extend(attributes.0.clone()),
        }
    }

    fn check(&self, problems: &mut Vec<Problem>) {
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

impl Default for EmailSettings {
    fn default() -> Self {
        Self {
            imap_enabled: false,
            imap_login: String::new(),
            imap_password: String::new(),
            imap_address: String::new(),
            imap_port: 0,
            imap_enable_ssl: true,
            imap_authentication: "plain".into(),
            smtp_enabled: false,
            smtp_login: String::new(),
            smtp_password: String::new(),
            smtp_address: String::new(),
            smtp_port: 0,
            smtp_domain: String::new(),
            smtp_enable_starttls_auto: true,
            smtp_enable_ssl_tls: false,
            smtp_openssl_verify_mode: "none".into(),
            smtp_authentication: "login".into(),
            provider: None,
            verified_for_sending: false,
        }
    }
}

impl EmailSettings {
    fn apply(&mut self, body: &ChannelBody, problems: &mut Vec<Problem>) {
        set_flag(&mut self.imap_enabled, body.imap_enabled, false);
        set_text(&mut self.imap_login, &body.imap_login, "");
        set_text(&mut self.imap_password, &body.imap_password, "");
        set_text(&mut self.imap_address, &body.imap_address, "");
        set_flag(&mut self.imap_enable_ssl, body.imap_enable_ssl, true);
        set_text(&mut self.imap_authentication, &body.imap_authentication, "plain");
        set_flag(&mut self.smtp_enabled, body.smtp_enabled, false);
        set_text(&mut self.smtp_login, &body.smtp_login, "");
        set_text(&mut self.smtp_password, &body.smtp_password, "");
        set_text(&mut self.smtp_address, &body.smtp_address, "");
        set_text(&mut self.smtp_domain, &body.smtp_domain, "");
        set_flag(&mut self.smtp_enable_starttls_auto, body.smtp_enable_starttls_auto, true);
        set_flag(&mut self.smtp_enable_ssl_tls, body.smtp_enable_ssl_tls, false);
        set_text(&mut self.smtp_openssl_verify_mode, &body.smtp_openssl_verify_mode, "none");
        set_text(&mut self.smtp_authentication, &body.smtp_authentication, "login");
        set_optional_text(&mut self.provider, &body.provider);
        set_flag(&mut self.verified_for_sending, body.verified_for_sending, false);
        let ports =
            [("imap_port", &mut self.imap_port, body.imap_port), ("smtp_port", &mut self.smtp_port, body.smtp_port)];
        for (field, port, given) in ports {
            match given.map(edge::field::Int::get) {
                Maybe::Absent => {}
                Maybe::Null => *port = 0,
                Maybe::Value(number) if (0..=65_535).contains(&number) => *port = number,
                Maybe::Value(_) => problems.push(Problem::new(field, "must be between 0 and 65535")),
            }
        }
    }

    fn check(&self, problems: &mut Vec<Problem>) {
        if self.provider.as_deref().is_some_and(|provider| !["", "google", "microsoft"].contains(&provider)) {
            problems.push(Problem::new("provider", "is not included in the list"));
        }
    }
}

fn default_flags() -> Vec<String> {
    FEATURE_FLAGS[..3].iter().map(ToString::to_string).collect()
}

/// A form without fields gets the three usual ones, all off; without a text it gets one too (rest.md §5.13).
fn with_fields(mut form: Map<String, Value>) -> Map<String, Value> {
    let has_fields = form.get("pre_chat_fields").and_then(Value::as_array).is_some_and(|fields| !fields.is_empty());
    if has_fields {
        return form;
    }
    form.entry("pre_chat_message").or_insert_with(|| "Tell us a little about yourself before we start.".into());
    let field = |name: &str, kind: &str, label: &str, required: bool| {
        json!({
            "field_type": "standard", "label": label, "name": name, "type": kind,
            "required": required, "enabled": false
        })
    };
    let fields = [
        field("emailAddress", "email", "Email address", true),
        field("fullName", "text", "Full name", false),
        field("phoneNumber", "text", "Phone number", false),
    ];
    form.insert("pre_chat_fields".into(), fields.into());
    form
}

/// The known parts of a form, or `None` if its fields are no list of objects.
fn read_form(options: &Map<String, Value>) -> Option<Map<String, Value>> {
    let mut form = Map::new();
    if let Some(Value::String(message)) = options.get("pre_chat_message") {
        form.insert("pre_chat_message".into(), message.as_str().into());
    }
    match options.get("pre_chat_fields") {
        None | Some(Value::Null) => {}
        Some(Value::String(text)) if text.is_empty() => {}
        Some(Value::Array(fields)) => {
            let fields = fields.iter().map(read_form_field).collect::<Option<Vec<_>>>()?;
            form.insert("pre_chat_fields".into(), fields.into());
        }
        Some(_) => return None,
    }
    Some(form)
}

fn read_form_field(field: &Value) -> Option<Value> {
    let mut known = Map::new();
    for key in PRE_CHAT_FIELD_KEYS {
        if let Some(value) = field.as_object()?.get(key) {
            known.insert(key.into(), if matches!(key, "required" | "enabled") { truth(value) } else { value.clone() });
        }
    }
    Some(known.into())
}

/// A boolean of a form, where everything is text.
fn truth(value: &Value) -> Value {
    edge::field::Flag::deserialize(value).map_or(Value::Bool(false), |flag| Value::Bool(flag.get()))
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn by_name<'de, D: Deserializer<'de>, T: FromStr>(deserializer: D) -> Result<T, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(|_| serde::de::Error::custom("unknown name"))
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
