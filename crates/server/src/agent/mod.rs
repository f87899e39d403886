//! Agents: users as members of an account, of either role.

pub mod invite;
pub mod removal;
pub mod routes;
pub mod service;
pub mod store;
#[cfg(test)]
mod tests;
pub mod wire;

use types::{AccountId, Availability, Json, Role, Timestamp, UserId};

use crate::file::Picture;

::store::row! {
    /// A user seen inside an account.
    #[derive(Debug, Clone)]
    pub struct Agent {
        /// The user.
        pub id: UserId,
        /// Full name.
        pub name: String,
        /// Name shown to others.
        pub available_name: String,
        /// E-mail address, lower case.
        pub email: String,
        /// Whether the address has been confirmed.
        pub confirmed: bool,
        /// Free attributes set by the operator.
        pub custom_attributes: Json,
        /// What it may do; `None` when it is no member any more.
        pub role: Option<Role>,
        /// Whether it takes conversations, as chosen; `None` when it is no member any more.
        pub availability: Option<Availability>,
        /// Whether that follows its presence; `None` when it is no member any more.
        pub auto_offline: Option<bool>,
        /// Whether it is there.
        pub is_present: bool,
        /// Its picture.
        pub avatar: Option<Picture>,
    }
}

::store::row! {
    /// A user's membership of an account.
    #[derive(Debug, Clone)]
    pub struct AccountUser {
        /// The membership.
        pub id: i64,
        /// The account.
        pub account_id: AccountId,
        /// The user.
        pub user_id: UserId,
        /// What the user may do.
        pub role: Role,
        /// Who invited the user.
        pub inviter_id: Option<UserId>,
        /// When the user became a member.
        pub created_at: Timestamp,
        /// When the membership last changed.
        pub updated_at: Timestamp,
        /// When the user last went to the account.
        pub active_at: Option<Timestamp>,
        /// Whether the user takes conversations, as chosen.
        pub availability: Availability,
        /// Whether that follows the user's presence.
        pub auto_offline: bool,
    }
}

/// Somebody to be made a member.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// E-mail address; it is trimmed and lower-cased.
    pub email: String,
    /// Full name, for a user who is not there yet.
    pub name: String,
    /// What the member may do.
    pub role: Role,
    /// Whether the member takes conversations.
    pub availability: Availability,
    /// Whether that follows its presence.
    pub auto_offline: bool,
}

/// What changes of a member; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub struct AgentChange {
    /// Full name, in all accounts.
    pub name: Option<String>,
    /// What the member may do.
    pub role: Option<Role>,
    /// Whether the member takes conversations.
    pub availability: Option<Availability>,
    /// Whether that follows its presence.
    pub auto_offline: Option<bool>,
}

/// What others see of a member's availability (rest.md §6.10); `None` without a membership.
pub fn shown_availability(
    availability: Option<Availability>,
    auto_offline: Option<bool>,
    is_present: bool,
) -> Option<Availability> {
    let (chosen, follows_presence) = (availability?, auto_offline?);
    Some(if follows_presence && !is_present { Availability::Offline } else { chosen })
}
