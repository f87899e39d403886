//! Custom filters: searches that a member keeps for itself, shown as folders and segments (rest.md §5.12).

pub mod routes;
pub mod service;
pub mod store;
#[cfg(test)]
mod tests;
pub mod wire;

use edge::Problem;
use types::{AccountId, CustomFilterId, CustomFilterType, Json, Timestamp, UserId};

use crate::text;

/// Longest name, in characters.
const MAX_NAME: usize = 255;
/// Longest query, in bytes of its JSON: some hundred conditions.
const MAX_QUERY: usize = 16_384;
/// How many filters a member may have in an account (rest.md §5.12).
const MOST: i64 = 1_000;

::store::row! {
    /// A search that a member keeps for itself.
    #[derive(Debug, Clone)]
    pub struct CustomFilter {
        /// Its id.
        pub id: CustomFilterId,
        /// The account.
        pub account_id: AccountId,
        /// Whose it is; nobody else sees it.
        pub user_id: UserId,
        /// What it is called.
        pub name: String,
        /// What it finds.
        pub filter_type: CustomFilterType,
        /// The search, as the client wants it back.
        pub query: Json,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it last changed.
        pub updated_at: Timestamp,
    }
}

/// What there is to set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What it is called.
    pub name: String,
    /// What it finds.
    pub filter_type: CustomFilterType,
    /// The search, as the client wants it back.
    pub query: Json,
}

impl CustomFilter {
    /// What there is to set of it.
    pub fn to_draft(&self) -> Draft {
        Draft { name: self.name.clone(), filter_type: self.filter_type, query: self.query.clone() }
    }
}

impl Draft {
    /// An empty search of that kind, without a name.
    pub fn of(filter_type: CustomFilterType) -> Self {
        Self { name: String::new(), filter_type, query: Json::object() }
    }

    /// Everything that is wrong with it.
    pub fn problems(&self) -> Vec<Problem> {
        let is_too_long = self.query.as_str().len() > MAX_QUERY;
        let query = is_too_long.then(|| Problem::new("query", &format!("is too long (maximum is {MAX_QUERY} bytes)")));
        text::required_problem("name", &self.name, MAX_NAME).into_iter().chain(query).collect()
    }
}
