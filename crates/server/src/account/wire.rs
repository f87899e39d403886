//! Accounts as the wire has them: for the platform API (rest.md §4.10, §5.1), for members (superset §2).

use edge::field::{Flag, Int, Maybe, Object, Text, Word};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::Stamps;
use types::{AccountId, Json, Timestamp};
use utoipa::ToSchema;

use super::{Account, Status, stamp};

/// Free attributes that members see as soon as there are any, with null for those that are not there.
const ALWAYS_SHOWN: [&str; 4] = ["plan_name", "subscribed_quantity", "subscription_status", "subscription_ends_on"];
/// Free attributes that members see if they are there.
const SHOWN_IF_THERE: [&str; 10] = [
    "website",
    "industry",
    "company_size",
    "timezone",
    "logo",
    "referral_source",
    "brand_info",
    "onboarding_step",
    "marked_for_deletion_at",
    "marked_for_deletion_reason",
];
/// Bit of `settings_flags` in 2.10.
const CUSTOM_EMAIL_DOMAIN: i64 = 1;

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

/// An account as its members see it: the keys of 2.10 and of 4.14.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = account)]
pub struct OwnAccountJson {
    /// Account id.
    pub id: AccountId,
    /// Name.
    pub name: String,
    /// Code of its language.
    pub locale: String,
    /// The domain of its reply addresses.
    pub domain: Option<String>,
    /// Its own sender address, else the server's; null when there is neither.
    pub support_email: Option<String>,
    /// Whether its members may use it.
    pub status: Status,
    /// Name → true, only those that are on.
    pub features: Json,
    /// What its administrators chose, by name.
    pub settings: Json,
    /// Days without activity after which conversations are resolved.
    pub auto_resolve_duration: Option<i64>,
    /// Whether replies come from its own domain.
    pub custom_email_domain_enabled: bool,
    /// Plan, company and what else is known of it; absent if nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub custom_attributes: Option<Json>,
    /// ISO text.
    pub created_at: Timestamp,
    /// What changes with the lists that clients keep.
    pub cache_keys: CacheKeysJson,
}

/// Epoch seconds as texts: each moves whenever the list changes, and never comes back to what it was.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = cache_keys)]
pub struct CacheKeysJson {
    /// Of the labels.
    pub label: String,
    /// Of the inboxes.
    pub inbox: String,
    /// Of the teams.
    pub team: String,
}

/// The cache keys alone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = account_cache_keys)]
pub struct AccountCacheKeysJson {
    /// What changes with the lists that clients keep.
    pub cache_keys: CacheKeysJson,
}

impl Account {
    /// As its members see it; `mail_sender` is the server's own address.
    pub fn into_own_json(self, stamps: &Stamps, mail_sender: Option<&str>) -> OwnAccountJson {
        let custom_attributes = self.shown_attributes();
        OwnAccountJson {
            id: self.id,
            name: self.name,
            locale: self.locale,
            domain: self.domain,
            support_email: self.support_email.or_else(|| mail_sender.map(str::to_owned)),
            status: self.status,
            features: self.feature_flags.to_json(),
            settings: self.settings,
            auto_resolve_duration: self.auto_resolve_duration,
            custom_email_domain_enabled: self.settings_flags & CUSTOM_EMAIL_DOMAIN != 0,
            custom_attributes,
            created_at: self.created_at,
            cache_keys: CacheKeysJson::from(stamps),
        }
    }

    /// The free attributes that members see.
    fn shown_attributes(&self) -> Option<Json> {
        let mut stored: Map<String, Value> = self.custom_attributes.read();
        if stored.is_empty() {
            return None;
        }
        let mut shown = Map::new();
        for name in ALWAYS_SHOWN {
            shown.insert(name.to_owned(), stored.remove(name).unwrap_or_default());
        }
        let found = SHOWN_IF_THERE.iter().filter_map(|name| stored.remove_entry(*name));
        shown.extend(found.filter(|(_, value)| !value.is_null()));
        Some(Json::of(&shown))
    }
}

impl From<&Stamps> for CacheKeysJson {
    fn from(stamps: &Stamps) -> Self {
        let key = |name| format!("{:010}", stamps.second(name));
        Self { label: key(stamp::LABEL), inbox: key(stamp::INBOX), team: key(stamp::TEAM) }
    }
}

/// What an administrator changes of the account (superset §2): what is absent stays. Unknown keys are ignored.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = own_account_update)]
pub struct OwnAccountBody {
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
    /// Days without activity after which conversations are resolved, 1 to 999; null is never.
    #[serde(default)]
    pub auto_resolve_duration: Maybe<Int>,
    /// Minutes without activity after which conversations are resolved, 10 to 1439856; null is never.
    #[serde(default)]
    pub auto_resolve_after: Maybe<Int>,
    /// What the contact is told then.
    #[serde(default)]
    pub auto_resolve_message: Maybe<Text>,
    /// Whether conversations whose contact waits are spared.
    pub auto_resolve_ignore_waiting: Option<Flag>,
    /// The label that they get then.
    #[serde(default)]
    pub auto_resolve_label: Maybe<Text>,
    /// Whether recordings are written down.
    #[serde(default)]
    pub audio_transcriptions: Maybe<Flag>,
    /// What the company does.
    #[serde(default)]
    pub industry: Maybe<Text>,
    /// How many people it has.
    #[serde(default)]
    pub company_size: Maybe<Text>,
    /// Where it is.
    #[serde(default)]
    pub timezone: Maybe<Text>,
    /// How it came here.
    #[serde(default)]
    pub referral_source: Maybe<Text>,
    /// What the person who set it up does.
    #[serde(default)]
    pub user_role: Maybe<Text>,
    /// Its web site.
    #[serde(default)]
    pub website: Maybe<Text>,
}

impl edge::Shape for OwnAccountBody {}
