//! Filters as the wire has them (rest.md §5.9, semantics §5.1).

use edge::field::Text;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A filter: its conditions under `payload`, or the bare list of them.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = filter_payload)]
pub struct FilterBody {
    /// The conditions; an empty list finds everything.
    #[schema(value_type = Vec<FilterCondition>)]
    pub payload: Option<Value>,
    /// A bare list of them.
    #[serde(rename = "_json")]
    #[schema(ignore)]
    pub bare: Option<Value>,
    /// From 1.
    #[schema(ignore)]
    pub page: Option<Text>,
    /// Keys joined by commas, `-` in front for descending; of contacts only.
    #[schema(ignore)]
    pub sort: Option<Text>,
    /// `true` by default; of contacts only.
    #[schema(ignore)]
    pub include_contact_inboxes: Option<Text>,
}

impl edge::Shape for FilterBody {}

impl FilterBody {
    /// The conditions as sent.
    pub fn conditions(&self) -> Option<&Value> {
        self.payload.as_ref().or(self.bare.as_ref())
    }
}

/// A condition, as documented; [`super::read`] reads it.
#[derive(Debug, ToSchema)]
#[schema(as = filter_condition)]
#[expect(dead_code, reason = "only documents what `read` takes apart by hand, to name what is wrong")]
pub struct FilterCondition {
    /// The key of a standard or a custom attribute.
    attribute_key: String,
    /// `equal_to`, `not_equal_to`, `contains`, `does_not_contain`, `starts_with`, `is_present`, `is_not_present`,
    /// `is_greater_than`, `is_less_than` or `days_before`; which ones an attribute has depends on its type.
    filter_operator: String,
    /// What to compare with: any of them. Not needed by `is_present` and `is_not_present`.
    #[schema(value_type = Vec<String>)]
    values: Value,
    /// `AND` or `OR`, between this condition and the next one; null or empty on the last.
    query_operator: Option<String>,
}
