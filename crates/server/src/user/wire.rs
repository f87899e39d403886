//! Users as the wire has them (rest.md §4.9, §5.4, §5.16).

use edge::field::{Maybe, Object, Text};
use serde::{Deserialize, Serialize};
use types::{AccountId, Availability, Json, Role, Timestamp, UserId};
use utoipa::ToSchema;

use super::{Membership, User, active};
use crate::{BaseUrl, account, agent};

/// What every form of a user shows.
#[derive(Serialize, ToSchema)]
#[schema(as = user_base)]
pub struct UserJson {
    /// The API key.
    pub access_token: String,
    /// The account that the user opened last.
    pub account_id: Option<AccountId>,
    /// Name shown to others.
    pub available_name: String,
    /// Picture, or empty.
    pub avatar_url: String,
    /// Whether the address has been confirmed.
    pub confirmed: bool,
    /// Name shown to others, if it is another one.
    pub display_name: Option<String>,
    /// What messages end with.
    pub message_signature: Option<String>,
    /// E-mail address, lower case.
    pub email: String,
    /// User id.
    pub id: UserId,
    /// Full name.
    pub name: String,
    /// `email`.
    pub provider: &'static str,
    /// Key of the user's sockets.
    pub pubsub_token: String,
    /// Absent if empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub custom_attributes: Option<Json>,
    /// In the account that the user opened last.
    pub role: Option<Role>,
    /// Preferences of clients; free form.
    pub ui_settings: Json,
    /// The e-mail address.
    pub uid: String,
}

/// A user as the platform API shows it.
#[derive(Serialize, ToSchema)]
#[schema(as = platform_user)]
pub struct PlatformUserJson {
    /// The user.
    #[serde(flatten)]
    pub user: UserJson,
    /// Oldest membership first.
    pub accounts: Vec<PlatformMembershipJson>,
}

/// One of a user's accounts, for the platform API.
#[derive(Serialize, ToSchema)]
#[schema(as = platform_user_account)]
pub struct PlatformMembershipJson {
    /// Account id.
    pub id: AccountId,
    /// Its name.
    pub name: String,
    /// When the user last went to it; ISO text.
    pub active_at: Option<Timestamp>,
    /// What the user may do in it.
    pub role: Role,
}

/// A user as it sees itself.
#[derive(Serialize, ToSchema)]
#[schema(as = user)]
pub struct ProfileJson {
    /// The user.
    #[serde(flatten)]
    pub user: UserJson,
    /// Who invited the user into the account that it opened last.
    pub inviter_id: Option<UserId>,
    /// `SuperAdmin` for the operator; nobody is that here.
    #[schema(value_type = Option<String>)]
    pub r#type: Option<&'static str>,
    /// Oldest membership first.
    pub accounts: Vec<MembershipJson>,
}

/// One of a user's accounts, as the user sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = user_account)]
pub struct MembershipJson {
    /// Account id.
    pub id: AccountId,
    /// Its name.
    pub name: String,
    /// Whether it may be used.
    pub status: account::Status,
    /// How far its set-up has come.
    pub onboarding_step: Option<String>,
    /// When the user last went to it; ISO text.
    pub active_at: Option<Timestamp>,
    /// What the user may do in it.
    pub role: Role,
    /// The role's name.
    pub permissions: [Role; 1],
    /// Whether the user takes conversations, as chosen.
    pub availability: Availability,
    /// Whether the user takes conversations now.
    pub availability_status: Option<Availability>,
    /// Whether that follows the user's presence.
    pub auto_offline: bool,
}

impl UserJson {
    fn new(user: User, memberships: &[Membership], base_url: &BaseUrl) -> Self {
        let active = active(memberships);
        Self {
            account_id: active.map(|membership| membership.account_id),
            available_name: user.available_name().to_owned(),
            avatar_url: base_url.of_picture(user.avatar.as_ref()),
            confirmed: user.confirmed,
            display_name: user.display_name,
            message_signature: user.message_signature,
            uid: user.email.clone(),
            email: user.email,
            id: user.id,
            name: user.name,
            provider: "email",
            pubsub_token: user.pubsub_token,
            custom_attributes: Some(user.custom_attributes).filter(|attributes| !attributes.is_empty_object()),
            role: active.map(|membership| membership.role),
            ui_settings: user.ui_settings,
            access_token: user.access_token,
        }
    }
}

impl PlatformUserJson {
    /// `user` with all of its memberships.
    pub fn new(user: User, memberships: Vec<Membership>, base_url: &BaseUrl) -> Self {
        let user = UserJson::new(user, &memberships, base_url);
        let accounts = memberships.into_iter().map(|membership| PlatformMembershipJson {
            id: membership.account_id,
            name: membership.account_name,
            active_at: membership.active_at,
            role: membership.role,
        });
        Self { user, accounts: accounts.collect() }
    }
}

impl ProfileJson {
    /// `user` with all of its memberships.
    pub fn new(user: User, memberships: Vec<Membership>, base_url: &BaseUrl) -> Self {
        Self {
            user: UserJson::new(user, &memberships, base_url),
            inviter_id: active(&memberships).and_then(|membership| membership.inviter_id),
            r#type: None,
            accounts: memberships.into_iter().map(MembershipJson::from).collect(),
        }
    }
}

impl From<Membership> for MembershipJson {
    fn from(membership: Membership) -> Self {
        let attributes: serde_json::Map<String, serde_json::Value> = membership.account_attributes.read();
        let onboarding_step = attributes.get("onboarding_step").and_then(|step| step.as_str()).map(str::to_owned);
        Self {
            id: membership.account_id,
            name: membership.account_name,
            status: membership.status,
            onboarding_step,
            active_at: membership.active_at,
            role: membership.role,
            permissions: [membership.role],
            availability: membership.availability,
            availability_status: agent::shown_availability(
                Some(membership.availability),
                Some(membership.auto_offline),
                membership.is_present,
            ),
            auto_offline: membership.auto_offline,
        }
    }
}

// Holds a password: not to be printed.
/// A user to be made (rest.md §5.4); unknown keys are ignored.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[schema(as = user_create)]
pub struct NewUserBody {
    /// Required; 1 to 255 characters.
    pub name: Option<Text>,
    /// Name shown to others, if it is another one.
    pub display_name: Option<Text>,
    /// Required; the user that has it already is answered unchanged.
    pub email: Option<Text>,
    /// Required; 6 to 128 characters, with upper-case and lower-case letters, digits and special characters.
    pub password: Option<Text>,
    /// Free attributes.
    pub custom_attributes: Option<Object>,
}

impl edge::Shape for NewUserBody {}

// Holds a password: not to be printed.
/// What changes of a user (rest.md §5.4): what is absent stays. Unknown keys are ignored.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[schema(as = user_update)]
pub struct UserUpdateBody {
    /// Not blank; at most 255 characters.
    #[serde(default)]
    pub name: Maybe<Text>,
    /// Name shown to others; null is the full name.
    #[serde(default)]
    pub display_name: Maybe<Text>,
    /// The user signs in with it at once.
    #[serde(default)]
    pub email: Maybe<Text>,
    /// 6 to 128 characters, with upper-case and lower-case letters, digits and special characters; null keeps it.
    pub password: Option<Text>,
    /// Free attributes; merged key by key.
    pub custom_attributes: Option<Object>,
}

impl edge::Shape for UserUpdateBody {}
