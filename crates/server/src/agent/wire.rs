//! Agents and memberships as the wire has them (rest.md §4.1, §4.10).

use std::str::FromStr;

use edge::field::{Flag, Int, Maybe, Text, Texts, Word};
use serde::{Deserialize, Serialize};
use types::{AccountId, Availability, Json, Role, Timestamp, UnknownName, UserId};
use utoipa::ToSchema;

use super::{AccountUser, Agent, AgentChange, Invitation, shown_availability};
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
            availability_status: shown_availability(self.availability, self.auto_offline, self.is_present),
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

/// Whether an agent takes conversations, as requests say it: the contract's `available` is `online` (rest.md §5.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(as = agent_availability)]
pub enum AvailabilityWord {
    /// Takes conversations.
    #[schema(rename = "online")]
    Online,
    /// The same.
    #[schema(rename = "available")]
    Available,
    /// Present, but takes no new ones.
    #[schema(rename = "busy")]
    Busy,
    /// Away.
    #[schema(rename = "offline")]
    Offline,
}

impl FromStr for AvailabilityWord {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        match text {
            "online" => Ok(Self::Online),
            "available" => Ok(Self::Available),
            "busy" => Ok(Self::Busy),
            "offline" => Ok(Self::Offline),
            _ => Err(UnknownName),
        }
    }
}

impl From<AvailabilityWord> for Availability {
    fn from(word: AvailabilityWord) -> Self {
        match word {
            AvailabilityWord::Online | AvailabilityWord::Available => Self::Online,
            AvailabilityWord::Busy => Self::Busy,
            AvailabilityWord::Offline => Self::Offline,
        }
    }
}

/// Somebody to be made an agent; unknown keys are ignored.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = agent_create_payload)]
pub struct NewAgentBody {
    /// Required; a user with this address is added as it is.
    pub email: Option<Text>,
    /// 1 to 255 characters; required unless there is a user with the address.
    pub name: Option<Text>,
    /// `agent` by default.
    pub role: Option<Word<Role>>,
    /// `online` by default.
    pub availability: Option<Word<AvailabilityWord>>,
    /// The same as `availability`, which wins.
    pub availability_status: Option<Word<AvailabilityWord>>,
    /// Whether the availability follows the agent's presence; `true` by default.
    pub auto_offline: Option<Flag>,
}

impl edge::Shape for NewAgentBody {
    const WRAPPER: Option<&'static str> = Some("agent");
}

impl From<NewAgentBody> for Invitation {
    fn from(body: NewAgentBody) -> Self {
        Self {
            email: body.email.map(String::from).unwrap_or_default(),
            name: body.name.map(String::from).unwrap_or_default(),
            role: body.role.map_or(Role::Agent, |word| word.0),
            availability: chosen(body.availability, body.availability_status).unwrap_or(Availability::Online),
            auto_offline: body.auto_offline.is_none_or(Flag::get),
        }
    }
}

/// What changes of an agent; unknown keys are ignored, the e-mail address among them.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = agent_update_payload)]
pub struct AgentUpdateBody {
    /// 1 to 255 characters; changes the user in all of its accounts.
    #[serde(default)]
    pub name: Maybe<Text>,
    /// What the agent may do.
    pub role: Option<Word<Role>>,
    /// Whether the agent takes conversations.
    pub availability: Option<Word<AvailabilityWord>>,
    /// The same as `availability`, which wins.
    pub availability_status: Option<Word<AvailabilityWord>>,
    /// Whether the availability follows the agent's presence.
    pub auto_offline: Option<Flag>,
}

impl edge::Shape for AgentUpdateBody {
    const WRAPPER: Option<&'static str> = Some("agent");
}

impl From<AgentUpdateBody> for AgentChange {
    fn from(body: AgentUpdateBody) -> Self {
        Self {
            name: body.name.or_null(Text::default()).map(String::from),
            role: body.role.map(|word| word.0),
            availability: chosen(body.availability, body.availability_status),
            auto_offline: body.auto_offline.map(Flag::get),
        }
    }
}

fn chosen(first: Option<Word<AvailabilityWord>>, second: Option<Word<AvailabilityWord>>) -> Option<Availability> {
    first.or(second).map(|word| word.0.into())
}

/// Addresses of people to be made agents.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = agents_bulk_create_payload)]
pub struct AgentsBody {
    /// Required; at most 500. Those that are no address or belong to a member are skipped.
    pub emails: Option<Texts>,
}

impl edge::Shape for AgentsBody {}

/// A membership to be ended (rest.md §5.2).
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[schema(as = account_user_delete_payload)]
pub struct AccountUserRemovalBody {
    /// The user; required.
    pub user_id: Option<Int>,
}

impl edge::Shape for AccountUserRemovalBody {}
