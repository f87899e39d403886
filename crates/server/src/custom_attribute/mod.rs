//! Custom attributes: what accounts add to contacts and conversations (rest.md §5.11). A definition says how an attribute
//! is shown and compared; it does not restrict what may be stored.

pub mod routes;
pub mod service;
pub mod store;
#[cfg(test)]
mod tests;
pub mod wire;

use edge::Problem;
use types::{AccountId, AttributeModel, AttributeType, CustomAttributeId, Json, Timestamp};

use crate::text;

/// Longest name, key and cue, in characters.
const MAX_TEXT: usize = 255;
/// Longest description and pattern, in characters.
const MAX_LONG_TEXT: usize = 5_000;
/// Most choices of a list.
const MOST_VALUES: usize = 1_000;

/// Keys of conversations that mean something already (semantics §5.2).
const CONVERSATION_KEYS: [&str; 13] = [
    "status",
    "priority",
    "assignee_id",
    "inbox_id",
    "team_id",
    "display_id",
    "campaign_id",
    "labels",
    "browser_language",
    "country_code",
    "referer",
    "created_at",
    "last_activity_at",
];
/// Keys of contacts that mean something already.
const CONTACT_KEYS: [&str; 11] = [
    "name",
    "email",
    "phone_number",
    "identifier",
    "country_code",
    "city",
    "company_name",
    "created_at",
    "last_activity_at",
    "referer",
    "blocked",
];
/// Keys of companies that mean something already.
const COMPANY_KEYS: [&str; 7] =
    ["name", "domain", "description", "contacts_count", "created_at", "updated_at", "last_activity_at"];

::store::row! {
    /// The definition of a custom attribute.
    #[derive(Debug, Clone)]
    pub struct CustomAttribute {
        /// Its id.
        pub id: CustomAttributeId,
        /// The account.
        pub account_id: AccountId,
        /// What has it.
        pub attribute_model: AttributeModel,
        /// The key in `custom_attributes`; unique in account and model.
        pub attribute_key: String,
        /// What people read.
        pub attribute_display_name: String,
        /// How it is shown and compared.
        pub attribute_display_type: AttributeType,
        /// What it is for.
        pub attribute_description: Option<String>,
        /// The choices of a list.
        pub attribute_values: Json,
        /// A number that clients propose.
        pub default_value: Option<i64>,
        /// What clients check a text with.
        pub regex_pattern: Option<String>,
        /// What clients say when the pattern does not match.
        pub regex_cue: Option<String>,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it last changed.
        pub updated_at: Timestamp,
    }
}

/// What there is to set of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What has it.
    pub model: AttributeModel,
    /// The key in `custom_attributes`.
    pub key: String,
    /// What people read.
    pub name: String,
    /// How it is shown and compared.
    pub kind: AttributeType,
    /// What it is for.
    pub description: Option<String>,
    /// The choices of a list.
    pub values: Vec<String>,
    /// A number that clients propose.
    pub default_value: Option<i64>,
    /// What clients check a text with.
    pub regex_pattern: Option<String>,
    /// What clients say when the pattern does not match.
    pub regex_cue: Option<String>,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            model: AttributeModel::Conversation,
            key: String::new(),
            name: String::new(),
            kind: AttributeType::Text,
            description: None,
            values: Vec::new(),
            default_value: None,
            regex_pattern: None,
            regex_cue: None,
        }
    }
}

impl CustomAttribute {
    /// What there is to set of it.
    pub fn to_draft(&self) -> Draft {
        Draft {
            model: self.attribute_model,
            key: self.attribute_key.clone(),
            name: self.attribute_display_name.clone(),
            kind: self.attribute_display_type,
            description: self.attribute_description.clone(),
            values: self.attribute_values.read(),
            default_value: self.default_value,
            regex_pattern: self.regex_pattern.clone(),
            regex_cue: self.regex_cue.clone(),
        }
    }
}

impl Draft {
    /// Everything that is wrong with it. `before` is what it was: a key that was taken before keys had rules may stay.
    pub fn problems(&self, before: Option<&Self>) -> Vec<Problem> {
        let mut problems = Vec::new();
        problems.extend(text::required_problem("attribute_display_name", &self.name, MAX_TEXT));
        problems.extend(text::required_problem("attribute_key", &self.key, MAX_TEXT));
        let is_new = before.is_none_or(|before| (&before.key, before.model) != (&self.key, self.model));
        if problems.is_empty() && is_new {
            problems.extend(key_problem(self.model, &self.key));
        }
        for (field, given, most) in [
            ("attribute_description", &self.description, MAX_LONG_TEXT),
            ("regex_pattern", &self.regex_pattern, MAX_LONG_TEXT),
            ("regex_cue", &self.regex_cue, MAX_TEXT),
        ] {
            problems.extend(given.as_deref().and_then(|given| text::too_long_problem(field, given, most)));
        }
        if self.values.len() > MOST_VALUES {
            problems.push(Problem::new("attribute_values", &format!("has more than {MOST_VALUES} items")));
        }
        problems
            .extend(self.values.iter().find_map(|value| text::too_long_problem("attribute_values", value, MAX_TEXT)));
        problems
    }
}

fn key_problem(model: AttributeModel, key: &str) -> Option<Problem> {
    let standard: &[&str] = match model {
        AttributeModel::Conversation => &CONVERSATION_KEYS,
        AttributeModel::Contact => &CONTACT_KEYS,
        AttributeModel::Company => &COMPANY_KEYS,
    };
    if standard.contains(&key) {
        return Some(Problem::new("attribute_key", "is the key of a standard attribute"));
    }
    let is_plain = key.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '-'));
    (!is_plain).then(|| Problem::new("attribute_key", "may have letters, digits, `_`, `.` and `-` only"))
}
