//! Teams as the wire has them (rest.md §4.9, §5.18, §5.19).

use edge::field::{Flag, Ints, Maybe, Text};
use serde::{Deserialize, Serialize};
use types::{AccountId, TeamId, UserId};
use utoipa::ToSchema;

use super::Draft;

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

/// A team to be made or changed; at creation the name is required.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = team_create_update_payload)]
pub struct TeamBody {
    /// Name, at most 255 characters; kept in lower case, unique in the account.
    #[serde(default)]
    pub name: Maybe<Text>,
    /// What it is for, at most 20,000 characters.
    #[serde(default)]
    pub description: Maybe<Text>,
    /// Whether a conversation given to the team goes to one of its members; `true` by default.
    pub allow_auto_assign: Option<Flag>,
}

impl edge::Shape for TeamBody {
    const WRAPPER: Option<&'static str> = Some("team");
}

impl TeamBody {
    /// What `before` becomes; a name of null is a blank one.
    pub fn onto(&self, before: Draft) -> Draft {
        let name = self.name.clone().or_null(Text::default()).map(|name| name.0.to_lowercase());
        Draft {
            name: name.unwrap_or(before.name),
            description: self.description.clone().map(String::from).or_keep(before.description),
            allow_auto_assign: self.allow_auto_assign.map_or(before.allow_auto_assign, Flag::get),
        }
    }
}

/// Members to be added, set or removed.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = team_members_payload)]
pub struct TeamMembersBody {
    /// User ids; required.
    pub user_ids: Option<Ints>,
}

impl edge::Shape for TeamMembersBody {}

impl TeamMembersBody {
    /// The users.
    pub fn into_users(self) -> Option<Vec<UserId>> {
        self.user_ids.map(|ids| ids.0.into_iter().map(UserId::new).collect())
    }
}
