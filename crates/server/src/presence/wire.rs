//! Presence as sockets hear it (realtime.md §1.5).

use std::collections::BTreeMap;

use ::store::Conn;
use edge::Result;
use serde::Serialize;
use types::{AccountId, Availability, ContactId, UserId};

use super::store;

/// Who is there: the data of `presence.update`.
#[derive(Debug, Serialize)]
pub struct PresenceJson {
    /// The account.
    pub account_id: AccountId,
    /// Users who are there or count as such, with what they chose.
    pub users: BTreeMap<UserId, Availability>,
    /// Contacts who are there; users hear of them, contacts do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contacts: Option<BTreeMap<ContactId, Availability>>,
}

impl PresenceJson {
    /// As a contact hears it.
    pub fn for_contact(conn: &mut Conn<'_>, account: AccountId) -> Result<Self> {
        let users = store::list_users(conn, account)?.into_iter().collect();
        Ok(Self { account_id: account, users, contacts: None })
    }

    /// As a member hears it.
    pub fn for_user(conn: &mut Conn<'_>, account: AccountId) -> Result<Self> {
        let contacts = store::list_contacts(conn, account)?;
        let contacts = contacts.into_iter().map(|contact| (contact, Availability::Online)).collect();
        Ok(Self { contacts: Some(contacts), ..Self::for_contact(conn, account)? })
    }
}
