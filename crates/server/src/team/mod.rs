//! Teams: groups of members that conversations are given to.

pub mod members;
pub mod routes;
pub mod service;
pub mod store;
#[cfg(test)]
mod tests;
pub mod wire;

use edge::Problem;
use types::{AccountId, TeamId, Timestamp};

use crate::conversation::wire::TeamRecordJson;
use crate::text;

/// Longest name, in characters.
const MAX_NAME: usize = 255;
/// Longest description, in characters.
const MAX_DESCRIPTION: usize = 20_000;

::store::row! {
    /// A group of members that conversations are given to.
    #[derive(Debug, Clone)]
    pub struct Team {
        /// Team id.
        pub id: TeamId,
        /// The account.
        pub account_id: AccountId,
        /// Name, lower case.
        pub name: String,
        /// What it is for.
        pub description: Option<String>,
        /// Whether a conversation given to the team goes to one of its members.
        pub allow_auto_assign: bool,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it last changed.
        pub updated_at: Timestamp,
    }
}

/// What there is to set of a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Name, lower case.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whether a conversation given to the team goes to one of its members.
    pub allow_auto_assign: bool,
}

impl Default for Draft {
    fn default() -> Self {
        Self { name: String::new(), description: None, allow_auto_assign: true }
    }
}

impl Draft {
    /// Everything that is wrong with it.
    pub fn problems(&self) -> Vec<Problem> {
        let description = self.description.as_deref().unwrap_or_default();
        let found = [
            text::required_problem("name", &self.name, MAX_NAME),
            text::too_long_problem("description", description, MAX_DESCRIPTION),
        ];
        found.into_iter().flatten().collect()
    }
}

impl Team {
    /// What there is to set of it.
    pub fn to_draft(&self) -> Draft {
        Draft {
            name: self.name.clone(),
            description: self.description.clone(),
            allow_auto_assign: self.allow_auto_assign,
        }
    }

    /// The team as it is stored (rest.md §4.10).
    pub fn into_record(self) -> TeamRecordJson {
        TeamRecordJson {
            id: self.id,
            name: self.name,
            description: self.description,
            allow_auto_assign: self.allow_auto_assign,
            account_id: self.account_id,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}
