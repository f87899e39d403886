//! Accounts as the wire has them (rest.md §4.10, §5.1).

use edge::field::{Maybe, Object, Text, Word};
use serde::{Deserialize, Serialize};
use types::{AccountId, Json, Timestamp};
use utoipa::ToSchema;

use super::{Account, Status};

/// An account as the platform API shows it: the keys of 2.10 and of 4.14.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = platform_account)]
pub struct AccountJson {
    /// Account id.
    pub id: AccountId,
    /// Name.
    pub name: String,
    /// ISO text.
    pub created_at: Timestamp,
    /// ISO text.
    pub updated_at: Timestamp,
    /// Code of its language.
    pub locale: String,
    /// The domain of its reply addresses.
    pub domain: Option<String>,
    /// Its own sender address, else the server's; null when there is neither.
    pub support_email: Option<String>,
    /// Bit field.
    pub settings_flags: i64,
    /// Bit field of the features that 2.10 knew.
    pub feature_flags: i64,
    /// Name → true, only those that are on.
    pub features: Json,
    /// Days without activity after which conversations are resolved.
    pub auto_resolve_duration: Option<i64>,
    /// How many agents and inboxes it may have.
    pub limits: Json,
    /// Free attributes.
    pub custom_attributes: Json,
    /// Whether its members may use it.
    pub status: Status,
}

impl Account {
    /// As the platform API shows it; `mail_sender` is the server's own address.
    pub fn into_json(self, mail_sender: Option<&str>) -> AccountJson {
        AccountJson {
            id: self.id,
            name: self.name,
            created_at: self.created_at,
            updated_at: self.updated_at,
            locale: self.locale,
            domain: self.domain,
            support_email: self.support_email.or_else(|| mail_sender.map(str::to_owned)),
            settings_flags: self.settings_flags,
            feature_flags: self.feature_flags.number_of_2_10(),
            features: self.feature_flags.to_json(),
            auto_resolve_duration: self.auto_resolve_duration,
            limits: self.limits,
            custom_attributes: self.custom_attributes,
            status: self.status,
        }
    }
}

/// An account to be made (rest.md §5.1); unknown keys are ignored.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = account_create)]
pub struct NewAccountBody {
    /// Required; at most 255 characters.
    pub name: Option<Text>,
    /// Code of its language; `en` by default.
    pub locale: Option<Text>,
    /// The domain of its reply addresses; at most 100 characters.
    pub domain: Option<Text>,
    /// Its own sender address; at most 100 characters.
    pub support_email: Option<Text>,
    /// `active` by default.
    pub status: Option<Word<Status>>,
    /// Name → whether it is on.
    pub features: Option<Object>,
    /// How many agents and inboxes it may have.
    pub limits: Option<Object>,
    /// Free attributes.
    pub custom_attributes: Option<Object>,
}

impl edge::Shape for NewAccountBody {}

/// What changes of an account (rest.md §5.1): what is absent stays. Unknown keys are ignored.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = account_update)]
pub struct AccountUpdateBody {
    /// Not blank; at most 255 characters.
    #[serde(default)]
    pub name: Maybe<Text>,
    /// Code of its language; null or empty is `en`.
    #[serde(default)]
    pub locale: Maybe<Text>,
    /// The domain of its reply addresses, at most 100 characters; null or empty is none.
    #[serde(default)]
    pub domain: Maybe<Text>,
    /// Its own sender address, at most 100 characters; null or empty is none.
    #[serde(default)]
    pub support_email: Maybe<Text>,
    /// Whether its members may use it.
    pub status: Option<Word<Status>>,
    /// Name → whether it is on; others stay.
    pub features: Option<Object>,
    /// How many agents and inboxes it may have; replaces.
    #[serde(default)]
    pub limits: Maybe<Object>,
    /// Free attributes; replace.
    #[serde(default)]
    pub custom_attributes: Maybe<Object>,
}

impl edge::Shape for AccountUpdateBody {}
