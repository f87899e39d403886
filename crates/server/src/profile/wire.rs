//! What users change of themselves, as the wire has it (superset §3). All of it may stand in `profile` (rest.md §1.2).

use edge::field::{Flag, Int, Maybe, Object, Text, Word};
use serde::Deserialize;
use types::Availability;
use utoipa::ToSchema;

/// The key in which the fields may stand.
const WRAPPER: Option<&str> = Some("profile");

// Holds passwords: not to be printed.
/// What changes of the caller: what is absent stays. Unknown keys are ignored. A picture comes as the file `avatar`.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[schema(as = profile_update)]
pub struct ProfileBody {
    /// Not blank; at most 255 characters.
    #[serde(default)]
    pub name: Maybe<Text>,
    /// Name shown to others, at most 255 characters; null is the full name.
    #[serde(default)]
    pub display_name: Maybe<Text>,
    /// Counts as soon as it has been confirmed by the link in the mail that goes to it.
    #[serde(default)]
    pub email: Maybe<Text>,
    /// What messages end with; at most 20000 characters.
    #[serde(default)]
    pub message_signature: Maybe<Text>,
    /// Preferences of clients; replaces. At most 64 KiB.
    pub ui_settings: Option<Object>,
    /// Kept in `custom_attributes`, at most 255 characters; null or empty takes it away.
    #[serde(default)]
    pub phone_number: Maybe<Text>,
    /// The password of today; needed for another one.
    pub current_password: Option<Text>,
    /// 6 to 128 characters, with upper-case and lower-case letters, digits and special characters; empty keeps it.
    pub password: Option<Text>,
    /// The same again.
    pub password_confirmation: Option<Text>,
}

impl edge::Shape for ProfileBody {
    const WRAPPER: Option<&'static str> = WRAPPER;
}

/// Whether the caller takes conversations in an account.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = profile_availability)]
pub struct AvailabilityBody {
    /// One of the caller's accounts; required.
    pub account_id: Option<Int>,
    /// Required.
    pub availability: Option<Word<Availability>>,
}

impl edge::Shape for AvailabilityBody {
    const WRAPPER: Option<&'static str> = WRAPPER;
}

/// Whether the caller is offline without being present.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = profile_auto_offline)]
pub struct AutoOfflineBody {
    /// One of the caller's accounts; required.
    pub account_id: Option<Int>,
    /// Required.
    pub auto_offline: Option<Flag>,
}

impl edge::Shape for AutoOfflineBody {
    const WRAPPER: Option<&'static str> = WRAPPER;
}

/// The account that the caller goes to.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = profile_active_account)]
pub struct ActiveAccountBody {
    /// One of the caller's accounts; required.
    pub account_id: Option<Int>,
}

impl edge::Shape for ActiveAccountBody {
    const WRAPPER: Option<&'static str> = WRAPPER;
}
