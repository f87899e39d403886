//! Agents and memberships as the wire has them (rest.md §4.1, §4.10).

use edge::field::{Int, Word};
use serde::{Deserialize, Serialize};
use types::{AccountId, Availability, Json, Role, Timestamp, UserId};
use utoipa::ToSchema;

use super::{AccountUser, Agent, shown_availability};
use crate::BaseUrl;

/// A user seen inside an account.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = agent)]
pub struct AgentJson {
    /// User id.
    pub id: UserId,
    /// The account.
    pub account_id: AccountId,
    /// Whether the agent takes conversations now; null when it is no member any more.
    pub availability_status: Option<Availability>,
    /// Whether that follows the agent's presence.
    pub auto_offline: Option<bool>,
    /// Whether the address has been confirmed.
    pub confirmed: bool,
    /// E-mail address, lower case.
    pub email: String,
    /// `email`.
    pub provider: &'static str,
    /// Name shown to others.
    pub available_name: String,
    /// Absent if empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub custom_attributes: Option<Json>,
    /// Full name.
    pub name: String,
    /// What the agent may do; null when it is no member any more.
    pub role: Option<Role>,
    /// Picture, or empty.
    pub thumbnail: String,
}

impl Agent {
    /// As answers for `account` carry it.
    pub fn to_json(&self, account: AccountId, base_url: &BaseUrl) -> AgentJson {
        let attributes = Some(&self.custom_attributes).filter(|attributes| !attributes.is_empty_object());
        AgentJson {
            id: self.id,
            account_id: account,
            availability_status: shown_availability(self.availability, self.auto_offline),
            auto_offline: self.auto_offline,
            confirmed: self.confirmed,
            email: self.email.clone(),
            provider: "email",
            available_name: self.available_name.clone(),
            custom_attributes: attributes.cloned(),
            name: self.name.clone(),
            role: self.role,
            thumbnail: base_url.of_picture(self.avatar.as_ref()),
        }
    }
}

/// A membership as the platform API shows it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = account_user)]
pub struct AccountUserJson {
    /// Membership id.
    pub id: i64,
    /// The account.
    pub account_id: AccountId,
    /// The user.
    pub user_id: UserId,
    /// What the user may do.
    pub role: Role,
    /// Who invited the user.
    pub inviter_id: Option<UserId>,
    /// ISO text.
    pub created_at: Timestamp,
    /// ISO text.
    pub updated_at: Timestamp,
    /// When the user last went to the account; ISO text.
    pub active_at: Option<Timestamp>,
    /// Whether the user takes conversations, as chosen.
    pub availability: Availability,
    /// Whether that follows the user's presence.
    pub auto_offline: bool,
    /// A role of the account's own; there are none.
    pub custom_role_id: Option<i64>,
    /// A limit of open conversations; there are none.
    pub agent_capacity_policy_id: Option<i64>,
}

impl From<AccountUser> for AccountUserJson {
    fn from(membership: AccountUser) -> Self {
        Self {
            id: membership.id,
            account_id: membership.account_id,
            user_id: membership.user_id,
            role: membership.role,
            inviter_id: membership.inviter_id,
            created_at: membership.created_at,
            updated_at: membership.updated_at,
            active_at: membership.active_at,
            availability: membership.availability,
            auto_offline: membership.auto_offline,
            custom_role_id: None,
            agent_capacity_policy_id: None,
        }
    }
}

/// A membership to be made or changed (rest.md §5.2); unknown keys are ignored.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[schema(as = account_user_create_update)]
pub struct AccountUserBody {
    /// The user; required.
    pub user_id: Option<Int>,
    /// `agent` by default; without it a member keeps its role.
    pub role: Option<Word<Role>>,
}

impl edge::Shape for AccountUserBody {}
