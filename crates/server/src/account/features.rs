//! What is switched on in an account (semantics §1.1).

use serde_json::{Map, Value as JsonValue};
use types::{BadValue, FromValue, Json, ToValue, Value, ValueRef};

/// The names of 4.14, in the order of their bits; an empty name is never told.
const NAMES: [&str; 63] = [
    "inbound_emails",
    "channel_email",
    "channel_facebook",
    "conversation_unread_counts",
    "ip_lookup",
    "disable_branding",
    "email_continuity_on_api_channel",
    "help_center",
    "agent_bots",
    "macros",
    "agent_management",
    "team_management",
    "inbox_management",
    "labels",
    "custom_attributes",
    "automations",
    "canned_responses",
    "integrations",
    "voice_recorder",
    "report_rollup",
    "channel_website",
    "campaigns",
    "reports",
    "crm",
    "auto_resolve_conversations",
    "custom_reply_email",
    "custom_reply_domain",
    "audit_logs",
    "custom_tools",
    "message_reply_to",
    "insert_article_in_reply",
    "inbox_view",
    "sla",
    "help_center_embedding_search",
    "linear_integration",
    "captain_integration",
    "custom_roles",
    "",
    "captain_v1_action_classifier",
    "",
    "shopify_integration",
    "search_with_gin",
    "channel_instagram",
    "crm_integration",
    "channel_voice",
    "notion_integration",
    "captain_integration_v2",
    "whatsapp_embedded_signup",
    "whatsapp_campaign",
    "crm_v2",
    "assignment_v2",
    "captain_document_auto_sync",
    "advanced_search",
    "saml",
    "advanced_search_indexing",
    "reply_mailer_migration",
    "quoted_email_reply",
    "companies",
    "channel_tiktok",
    "csat_review_notes",
    "captain_tasks",
    "conversation_required_attributes",
    "advanced_assignment",
];

/// The bits, from 1, that a new account has.
const ON: [u32; 26] =
    [1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 23, 24, 25, 38, 40, 43, 51, 59, 61];

/// What is switched on: a bit for each name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Features(i64);

impl Features {
    /// Switches the named features on and off; names that nobody knows are ignored.
    #[must_use]
    pub fn with(self, switches: &Map<String, JsonValue>) -> Self {
        let bit = |name: &str| NAMES.iter().position(|known| *known == name && !name.is_empty());
        let known = switches.iter().filter_map(|(name, value)| Some((bit(name)?, is_on(value))));
        Self(known.fold(self.0, |flags, (bit, is_on)| if is_on { flags | 1 << bit } else { flags & !(1 << bit) }))
    }

    /// Name → true, only those that are on.
    pub fn to_json(self) -> Json {
        let on = NAMES.iter().enumerate().filter(|(bit, name)| !name.is_empty() && self.0 >> bit & 1 == 1);
        Json::of(&on.map(|(_, name)| ((*name).to_owned(), JsonValue::Bool(true))).collect::<Map<_, _>>())
    }

    /// The number that 2.10 would show: its 19 features, `channel_twitter` at the bit that 4.14 gave to another.
    ///
    /// `agent_bots` and `macros` were off by default then, so that new accounts show 523407 (recorded).
    pub const fn number_of_2_10(self) -> i64 {
        const CHANNEL_TWITTER: i64 = 1 << 3;
        const AGENT_BOTS: i64 = 1 << 8;
        const MACROS: i64 = 1 << 9;
        self.0 & ((1 << 19) - 1) & !(AGENT_BOTS | MACROS) | CHANNEL_TWITTER
    }
}

impl Default for Features {
    /// What a new account has.
    fn default() -> Self {
        Self(ON.iter().fold(0, |flags, bit| flags | 1 << (bit - 1)))
    }
}

/// As the wire reads booleans, in JSON and in forms.
fn is_on(value: &JsonValue) -> bool {
    serde_json::from_value(value.clone()).is_ok_and(|flag: edge::field::Flag| flag.get())
}

impl ToValue for Features {
    fn to_value(&self) -> Value {
        Value::Int(self.0)
    }
}

impl FromValue for Features {
    fn from_value(value: ValueRef<'_>) -> Result<Self, BadValue> {
        i64::from_value(value).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::Features;

    fn on(features: Features) -> Map<String, Value> {
        features.to_json().read()
    }

    #[test]
    fn a_new_account_shows_the_recorded_number_and_todays_names() {
        let features = Features::default();
        assert_eq!(features.number_of_2_10(), 523_407);
        let names = on(features);
        assert_eq!(names.len(), 24);
        assert!(names.contains_key("macros") && names.contains_key("captain_tasks"));
        assert!(!names.contains_key("conversation_unread_counts") && !names.contains_key(""));
    }

    #[test]
    fn features_are_switched_by_name() {
        let switches = json!({ "help_center": false, "advanced_assignment": "1", "": true, "shoe_size": true });
        let names = on(Features::default().with(switches.as_object().unwrap()));
        assert_eq!(names.len(), 24);
        assert!(names.contains_key("advanced_assignment") && !names.contains_key("help_center"));
    }
}
