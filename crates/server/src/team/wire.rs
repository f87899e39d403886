//! Teams as the wire has them (rest.md §4.9).

use serde::Serialize;
use types::{AccountId, TeamId};
use utoipa::ToSchema;

/// A team, as its viewer sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = team)]
pub struct TeamJson {
    /// Team id.
    pub id: TeamId,
    /// Name, lower case.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whether it assigns its members.
    pub allow_auto_assign: bool,
    /// The account.
    pub account_id: AccountId,
    /// Whether the caller is in the team; false for bots.
    pub is_member: bool,
}
