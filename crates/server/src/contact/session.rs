//! Sessions: a contact's identity in an inbox, under a `source_id` (rest.md §6.5).

use std::collections::HashMap;

use ::store::{Conn, Tx};
use edge::{Error, Result};
use types::{AccountId, ChannelKind, InboxId};

use super::store::SessionUse;
use super::{Contact, ContactInbox, is_email, store};
use crate::inbox::Inbox;

/// Longest `source_id`, in characters.
const MAX_SOURCE_ID: usize = 255;

/// The contact's session with this id in the inbox, made when it is missing; without an id one is made up.
///
/// Fails when the id does not fit the channel, is another contact's, or when the contact lacks what the channel
/// makes ids of.
pub fn find_or_create(
    tx: &mut Tx<'_>,
    inbox: &Inbox,
    contact: &Contact,
    source_id: Option<&str>,
) -> Result<ContactInbox> {
    let source_id = match source_id.map(str::trim).filter(|text| !text.is_empty()) {
        Some(given) => checked(inbox.channel_kind, given)?,
        None => generated(inbox.channel_kind, contact)?,
    };
    let account = contact.account_id;
    if !store::hold(tx, account, contact.id, inbox.id)? {
        return Err(Error::NotFound("contact"));
    }
    let session = match store::insert_session(tx, account, contact.id, inbox.id, &source_id)? {
        Some(session) => session,
        None => store::find_session(tx, account, inbox.id, &source_id)?.ok_or_else(taken)?,
    };
    if session.contact_id == contact.id { Ok(session) } else { Err(taken()) }
}

/// The account's session with this id, in whatever inbox.
pub fn find_by_source_id(conn: &mut Conn<'_>, account: AccountId, source_id: &str) -> Result<Option<ContactInbox>> {
    store::find_session_anywhere(conn, account, source_id)
}

/// For each of `inboxes` the id under which the contact can be written to first, if there is one (rest.md §5.9).
pub fn list_contactable(conn: &mut Conn<'_>, contact: &Contact, inboxes: &[Inbox]) -> Result<Vec<Option<String>>> {
    let sessions = store::list_sessions_by_use(conn, contact.account_id, contact.id)?;
    let newest: HashMap<InboxId, SessionUse> =
        sessions.into_iter().map(|session| (session.inbox_id, session)).collect();
    let source_ids = inboxes.iter().map(|inbox| {
        let newest = newest.get(&inbox.id);
        match inbox.channel_kind {
            ChannelKind::Api => {
                Some(newest.map_or_else(|| uuid::Uuid::new_v4().to_string(), |session| session.source_id.clone()))
            }
            ChannelKind::WebWidget => {
                newest.filter(|session| !session.has_conversation).map(|session| session.source_id.clone())
            }
            ChannelKind::Email => contact.email.clone(),
        }
    });
    Ok(source_ids.collect())
}

/// A given id, if the channel can have it.
pub fn checked(kind: ChannelKind, source_id: &str) -> Result<String> {
    if source_id.chars().count() > MAX_SOURCE_ID {
        return Err(Error::invalid("source_id", "is too long (maximum is 255 characters)"));
    }
    if kind == ChannelKind::Email && !is_email(source_id) {
        return Err(Error::invalid("source_id", "is not an e-mail address"));
    }
    Ok(source_id.to_owned())
}

fn generated(kind: ChannelKind, contact: &Contact) -> Result<String> {
    match kind {
        ChannelKind::Api | ChannelKind::WebWidget => Ok(uuid::Uuid::new_v4().to_string()),
        ChannelKind::Email => {
            contact.email.clone().ok_or_else(|| Error::Refused("The contact has no e-mail address".into()))
        }
    }
}

fn taken() -> Error {
    Error::invalid("source_id", "has already been taken")
}
