//! Teams: groups of members that conversations are given to.

pub mod store;
pub mod wire;

use types::{AccountId, TeamId, Timestamp};

use crate::conversation::wire::TeamRecordJson;

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

impl Team {
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
