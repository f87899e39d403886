//! Canned responses: texts that members keep for answers (rest.md §5.8).

pub mod routes;
pub mod service;
pub mod store;
#[cfg(test)]
mod tests;
pub mod wire;

use edge::Problem;
use types::{AccountId, CannedResponseId, Timestamp};

use crate::text;

/// Longest short code, in characters.
const MAX_SHORT_CODE: usize = 255;
/// Longest content, in characters: that of a message.
const MAX_CONTENT: usize = 150_000;

::store::row! {
    /// A text that members keep for answers.
    #[derive(Debug, Clone)]
    pub struct CannedResponse {
        /// Its id.
        pub id: CannedResponseId,
        /// The account.
        pub account_id: AccountId,
        /// What members type to find it; unique in the account.
        pub short_code: String,
        /// The text.
        pub content: String,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it last changed.
        pub updated_at: Timestamp,
    }
}

/// What there is to set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What members type to find it.
    pub short_code: String,
    /// The text.
    pub content: String,
}

impl CannedResponse {
    /// What there is to set of it.
    pub fn to_draft(&self) -> Draft {
        Draft { short_code: self.short_code.clone(), content: self.content.clone() }
    }
}

impl Draft {
    /// Everything that is wrong with it.
    pub fn problems(&self) -> Vec<Problem> {
        let of = |field, value, most| text::required_problem(field, value, most);
        let found = [of("short_code", &self.short_code, MAX_SHORT_CODE), of("content", &self.content, MAX_CONTENT)];
        found.into_iter().flatten().collect()
    }
}
