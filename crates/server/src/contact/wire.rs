//! Contacts as the wire has them (rest.md §4.2, §4.3, §4.10, §5.9).

use edge::field::{Flag, Int, Maybe, Object, Text, Texts};
use serde::{Deserialize, Serialize};
use types::{AccountId, ContactId, Json, Timestamp};
use utoipa::ToSchema;

use super::Contact;
use super::service::NewContact;
use crate::BaseUrl;
use crate::inbox::wire::{InboxJson, InboxRecordJson};
use crate::presence::contacts_since;

/// A contact.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = contact)]
pub struct ContactJson {
    /// Free attributes set by channels.
    pub additional_attributes: Json,
    /// `online` or `offline`.
    pub availability_status: &'static str,
    /// E-mail address, lower case.
    pub email: Option<String>,
    /// Contact id.
    pub id: ContactId,
    /// Name.
    pub name: Option<String>,
    /// E.164 with `+`.
    pub phone_number: Option<String>,
    /// Its messages reach nobody.
    pub blocked: bool,
    /// The customer's own id.
    pub identifier: Option<String>,
    /// Picture, or empty.
    pub thumbnail: String,
    /// Free attributes set by the team.
    pub custom_attributes: Json,
    /// Only in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub conversations_count: Option<i64>,
    /// Epoch seconds; absent if never active.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_activity_at: Option<i64>,
    /// Epoch seconds.
    pub created_at: i64,
    /// Only in answers of the contacts group.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub contact_inboxes: Option<Vec<ContactInboxJson>>,
}

/// A contact's identity in an inbox.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = contact_inbox)]
pub struct ContactInboxJson {
    /// Its id in the inbox.
    pub source_id: String,
    /// The inbox, without secrets for agents.
    pub inbox: InboxJson,
}

/// A contact as it is stored.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = contact_record)]
pub struct ContactRecordJson {
    /// Contact id.
    pub id: ContactId,
    /// Name.
    pub name: Option<String>,
    /// E-mail address, lower case.
    pub email: Option<String>,
    /// E.164 with `+`.
    pub phone_number: Option<String>,
    /// The account.
    pub account_id: AccountId,
    /// ISO text.
    pub created_at: Timestamp,
    /// ISO text.
    pub updated_at: Timestamp,
    /// Free attributes set by channels.
    pub additional_attributes: Json,
    /// The customer's own id.
    pub identifier: Option<String>,
    /// Free attributes set by the team.
    pub custom_attributes: Json,
    /// ISO text.
    pub last_activity_at: Option<Timestamp>,
    /// Its messages reach nobody.
    pub blocked: bool,
    /// Names of its labels.
    pub label_list: Vec<String>,
}

/// One contact.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = contact_show)]
pub struct ContactShowJson {
    /// The contact.
    pub payload: ContactJson,
}

/// A new contact and the session made with it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = contact_created)]
pub struct ContactCreatedJson {
    /// Both.
    pub payload: ContactCreatedPayload,
}

/// A new contact and the session made with it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = contact_created_payload)]
pub struct ContactCreatedPayload {
    /// The contact.
    pub contact: ContactJson,
    /// The session.
    pub contact_inbox: NewSessionJson,
}

/// The session made with a contact; both null without an inbox.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = contact_created_session)]
pub struct NewSessionJson {
    /// The inbox as it is stored.
    pub inbox: Option<InboxRecordJson>,
    /// The contact's id in the inbox.
    pub source_id: Option<String>,
}

/// A page of contacts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = contact_list)]
pub struct ContactListJson {
    /// Counts.
    pub meta: ContactListMeta,
    /// At most 15.
    pub payload: Vec<ContactJson>,
}

/// The counts of a list of contacts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = contact_list_meta)]
pub struct ContactListMeta {
    /// All that match.
    pub count: i64,
    /// From 1.
    pub current_page: i64,
    /// Whether there is another page; only in searches.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub has_more: Option<bool>,
}

/// A contact to be made (rest.md §5.9).
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = contact_create)]
pub struct NewContactBody {
    /// Where a session is made.
    pub inbox_id: Option<Int>,
    /// The session's id, with `inbox_id`.
    pub source_id: Option<Text>,
    /// Name, at most 255 characters.
    pub name: Option<Text>,
    /// E-mail address; unique in the account.
    pub email: Option<Text>,
    /// E.164 with `+`; unique in the account.
    pub phone_number: Option<Text>,
    /// The customer's own id; unique in the account.
    pub identifier: Option<Text>,
    /// Where a picture is fetched from in the background, `http` or `https`; ignored beside a file `avatar`.
    pub avatar_url: Option<Text>,
    /// Free attributes.
    pub additional_attributes: Option<Object>,
    /// Free attributes.
    pub custom_attributes: Option<Object>,
    /// Its messages reach nobody.
    pub blocked: Option<Flag>,
}

impl edge::Shape for NewContactBody {}

/// What can be changed of a contact (rest.md §5.9). Absent keeps, null clears.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = contact_update)]
pub struct ContactBody {
    /// Name, at most 255 characters.
    #[serde(default)]
    pub name: Maybe<Text>,
    /// E-mail address; unique in the account.
    #[serde(default)]
    pub email: Maybe<Text>,
    /// E.164 with `+`; unique in the account.
    #[serde(default)]
    pub phone_number: Maybe<Text>,
    /// The customer's own id; unique in the account.
    #[serde(default)]
    pub identifier: Maybe<Text>,
    /// Where a picture is fetched from in the background, `http` or `https`; ignored beside a file `avatar`.
    pub avatar_url: Option<Text>,
    /// Free attributes; they take the place of those before.
    #[serde(default)]
    pub additional_attributes: Maybe<Object>,
    /// Free attributes; they are added to those before, key by key.
    pub custom_attributes: Option<Object>,
    /// Its messages reach nobody.
    #[serde(default)]
    pub blocked: Maybe<Flag>,
}

impl edge::Shape for ContactBody {}

impl ContactBody {
    /// What `before` becomes.
    pub fn onto(&self, before: NewContact) -> NewContact {
        let text = |given: &Maybe<Text>, before| given.clone().map(String::from).or_keep(before);
        let additional = self.additional_attributes.clone().or_null(Object::default()).map(Object::into_json);
        NewContact {
            name: text(&self.name, before.name),
            email: text(&self.email, before.email),
            phone_number: text(&self.phone_number, before.phone_number),
            identifier: text(&self.identifier, before.identifier).filter(|identifier| !identifier.is_empty()),
            additional_attributes: additional.unwrap_or(before.additional_attributes),
            custom_attributes: match &self.custom_attributes {
                Some(given) => before.custom_attributes.merged(&given.0),
                None => before.custom_attributes,
            },
            blocked: self.blocked.or_null(Flag(false)).map_or(before.blocked, Flag::get),
        }
    }
}

/// The custom attributes that a contact loses.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = contact_attributes_destroy)]
pub struct DestroyAttributesBody {
    /// Their keys; those that the contact does not have are ignored.
    pub custom_attributes: Option<Texts>,
}

impl edge::Shape for DestroyAttributesBody {}

/// A session to be made for a contact.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = contact_inbox_create)]
pub struct NewSessionBody {
    /// Where; an inbox that the caller sees.
    pub inbox_id: Option<Text>,
    /// The contact's id in the inbox; made up when missing.
    pub source_id: Option<Text>,
    /// Whether the session counts as one that has proved its identity.
    pub hmac_verified: Option<Flag>,
}

impl edge::Shape for NewSessionBody {}

/// Where a contact can be written to first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = contactable_inboxes)]
pub struct ContactableInboxesJson {
    /// By inbox.
    pub payload: Vec<ContactInboxJson>,
}

/// Which contacts to list.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct ContactListQuery {
    /// Contained in name, e-mail, phone number or identifier; searches only.
    pub q: Option<Text>,
    /// From 1.
    pub page: Option<Text>,
    /// Keys joined by commas, `-` in front for descending.
    pub sort: Option<Text>,
    /// With any of these labels.
    #[serde(default)]
    pub labels: Maybe<Texts>,
    /// `true` by default.
    pub include_contact_inboxes: Option<Text>,
}

impl edge::Shape for ContactListQuery {}

impl Contact {
    /// The contact without its sessions.
    pub fn to_json(&self, base_url: &BaseUrl, now: Timestamp) -> ContactJson {
        let is_present = self.seen_at.is_some_and(|seen| seen >= contacts_since(now));
        ContactJson {
            additional_attributes: self.additional_attributes.clone(),
            availability_status: if is_present { "online" } else { "offline" },
            email: self.email.clone(),
            id: self.id,
            name: self.name.clone(),
            phone_number: self.phone_number.clone(),
            blocked: self.blocked,
            identifier: self.identifier.clone(),
            thumbnail: base_url.of_picture(self.avatar.as_ref()),
            custom_attributes: self.custom_attributes.clone(),
            conversations_count: None,
            last_activity_at: self.last_activity_at.map(Timestamp::epoch_seconds),
            created_at: self.created_at.epoch_seconds(),
            contact_inboxes: None,
        }
    }

    /// The contact as it is stored, with the names of its labels.
    pub fn to_record(&self, label_list: Vec<String>) -> ContactRecordJson {
        ContactRecordJson {
            id: self.id,
            name: self.name.clone(),
            email: self.email.clone(),
            phone_number: self.phone_number.clone(),
            account_id: self.account_id,
            created_at: self.created_at,
            updated_at: self.updated_at,
            additional_attributes: self.additional_attributes.clone(),
            identifier: self.identifier.clone(),
            custom_attributes: self.custom_attributes.clone(),
            last_activity_at: self.last_activity_at,
            blocked: self.blocked,
            label_list,
        }
    }
}
