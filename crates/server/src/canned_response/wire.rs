//! Canned responses as the wire has them (rest.md §4.10, §5.8).

use edge::field::{Maybe, Text};
use serde::{Deserialize, Serialize};
use types::{AccountId, CannedResponseId, Timestamp};
use utoipa::ToSchema;

use super::{CannedResponse, Draft};

/// A canned response as it is stored.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = canned_response)]
pub struct CannedResponseJson {
    /// Its id.
    pub id: CannedResponseId,
    /// The account.
    pub account_id: AccountId,
    /// What members type to find it; unique in the account.
    pub short_code: String,
    /// The text.
    pub content: String,
    /// ISO text.
    pub created_at: Timestamp,
    /// ISO text.
    pub updated_at: Timestamp,
}

impl From<CannedResponse> for CannedResponseJson {
    fn from(canned: CannedResponse) -> Self {
        Self {
            id: canned.id,
            account_id: canned.account_id,
            short_code: canned.short_code,
            content: canned.content,
            created_at: canned.created_at,
            updated_at: canned.updated_at,
        }
    }
}

/// A canned response to be made or changed; at creation both are required.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = canned_response_create_update_payload)]
pub struct CannedResponseBody {
    /// What members type to find it, at most 255 characters; unique in the account.
    #[serde(default)]
    pub short_code: Maybe<Text>,
    /// The text, at most 150,000 characters.
    #[serde(default)]
    pub content: Maybe<Text>,
}

impl edge::Shape for CannedResponseBody {
    const WRAPPER: Option<&'static str> = Some("canned_response");
}

impl CannedResponseBody {
    /// What `before` becomes; null is a blank text.
    pub fn onto(&self, before: Draft) -> Draft {
        let text = |given: &Maybe<Text>| given.clone().or_null(Text::default()).map(String::from);
        Draft {
            short_code: text(&self.short_code).unwrap_or(before.short_code),
            content: text(&self.content).unwrap_or(before.content),
        }
    }
}

/// Which canned responses to list.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct CannedResponseQuery {
    /// Contained in short code or content, in any case.
    pub search: Option<Text>,
}
