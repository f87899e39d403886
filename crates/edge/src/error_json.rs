//! The form of error bodies, for the published document (rest.md §1.8).

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// An error. Which keys there are follows its kind; texts are for people and may change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = error)]
pub struct ErrorJson {
    /// What went wrong: not found, not allowed, refused by a rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub error: Option<ErrorText>,
    /// No credential was sent, or signing in and out failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub errors: Option<Vec<String>>,
    /// All that is wrong with a record, joined by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub message: Option<String>,
    /// The fields that are wrong, each once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub attributes: Option<Vec<String>>,
    /// The status again, where the platform and the public API answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub status: Option<u16>,
    /// False, where signing in and out fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub success: Option<bool>,
    /// Why nobody can sign in, for programs: `user_not_confirmed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub error_code: Option<String>,
    /// Where to go on, where a link from a mail does not work.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub redirect_url: Option<String>,
    /// Names an internal error in the server's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub request_id: Option<String>,
}

/// A sentence, or for automation rules the sentences of each field that is wrong.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = error_text)]
pub enum ErrorText {
    /// What went wrong.
    Text(String),
    /// A list of sentences for each field.
    #[schema(value_type = Object)]
    ByField(Map<String, Value>),
}
