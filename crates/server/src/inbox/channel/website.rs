//! The chat of a website: its settings, as stored and as requests change them.

use std::str::FromStr;

use edge::Problem;
use edge::field::{Maybe, Texts};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};
use types::ReplyTime;

use crate::inbox::body::ChannelBody;
use crate::inbox::draft::{blank, set_flag, set_optional_text, set_text};

/// What a widget may offer, in the order of answers; the first three are on by default.
pub const FEATURE_FLAGS: [&str; 5] =
    ["attachments", "emoji_picker", "end_conversation", "use_inbox_avatar_for_bot", "allow_mobile_webview"];

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
    pub(super) fn apply(&mut self, body: &ChannelBody, problems: &mut Vec<Problem>) {
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

    pub(super) fn check(&self, problems: &mut Vec<Problem>) {
        if self.website_url.trim().is_empty() {
            problems.push(blank("website_url"));
        }
        if self.widget_color.trim().is_empty() {
            problems.push(blank("widget_color"));
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

fn by_name<'de, D: Deserializer<'de>, T: FromStr>(deserializer: D) -> Result<T, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(|_| serde::de::Error::custom("unknown name"))
}
