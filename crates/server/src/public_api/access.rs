//! Which inbox, session and conversation a public address names, and the proof of identity.

use edge::{Error, Result};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use store::{Conn, Tx};
use types::{AccountId, ContactInboxId};

use crate::contact::{self, Contact, ContactInbox};
use crate::conversation::{self, Conversation};
use crate::inbox::{self, Inbox};

/// How often a session is looked up whose contact is being merged into another one.
pub const ATTEMPTS: usize = 3;

/// A contact's session, with what it belongs to.
pub struct Visitor {
    /// The API inbox.
    pub inbox: Inbox,
    /// The session.
    pub session: ContactInbox,
    /// The contact.
    pub contact: Contact,
}

/// The API inbox with this identifier.
pub fn find_inbox(conn: &mut Conn<'_>, identifier: &str) -> Result<Inbox> {
    inbox::store::find_by_identifier(conn, identifier)?.ok_or(Error::NotFound("inbox"))
}

/// The session with this id in the inbox.
pub fn find_visitor(conn: &mut Conn<'_>, identifier: &str, source_id: &str) -> Result<Visitor> {
    let inbox = find_inbox(conn, identifier)?;
    let session = contact::store::find_session(conn, inbox.account_id, inbox.id, source_id)?;
    let session = session.ok_or(Error::NotFound("contact"))?;
    let contact = contact::store::find(conn, inbox.account_id, session.contact_id)?;
    Ok(Visitor { contact: contact.ok_or(Error::NotFound("contact"))?, inbox, session })
}

/// The same, whose contact is neither deleted nor merged into another one until the end of the transaction.
///
/// What a session writes comes after a merge that has begun, and so goes to the contact that survives.
pub fn hold_visitor(tx: &mut Tx<'_>, identifier: &str, source_id: &str) -> Result<Visitor> {
    for _ in 0..ATTEMPTS {
        let visitor = find_visitor(tx, identifier, source_id)?;
        if contact::store::hold(tx, visitor.account_id(), visitor.contact.id, visitor.inbox.id)? {
            return Ok(visitor);
        }
    }
    Err(Error::NotFound("contact"))
}

/// The conversation, if the visitor reaches it: its own, or with proved identity any of the contact's.
pub fn find_conversation(conn: &mut Conn<'_>, visitor: &Visitor, display_id: i64) -> Result<Conversation> {
    let found = conversation::store::find(conn, visitor.inbox.account_id, display_id)?;
    found.filter(|conversation| visitor.reaches(conversation)).ok_or(Error::NotFound("conversation"))
}

/// The visitor, and the conversation that it reaches, locked.
pub fn lock_conversation(
    tx: &mut Tx<'_>,
    identifier: &str,
    source_id: &str,
    display_id: i64,
) -> Result<(Visitor, Conversation)> {
    let visitor = hold_visitor(tx, identifier, source_id)?;
    let found = find_conversation(tx, &visitor, display_id)?;
    let locked = conversation::store::lock(tx, visitor.account_id(), found.id)?;
    Ok((visitor, locked.ok_or(Error::NotFound("conversation"))?))
}

impl Visitor {
    /// The account.
    pub fn account_id(&self) -> AccountId {
        self.inbox.account_id
    }

    /// Whether the visitor proves to be its contact; fails when a proof is wrong, or missing where the inbox asks for it.
    ///
    /// A proof of one's own identity must not open what belongs to somebody else, nor what belongs to a contact
    /// whose identifier nobody knows: an e-mail address is enough to get a session of that one.
    pub fn prove(&self, identifier: Option<&str>, hash: Option<&str>) -> Result<bool> {
        let proved = check_identity(&self.inbox, identifier, hash)?;
        match self.contact.identifier.as_deref() {
            Some(own) if proved && identifier != Some(own) => Err(Error::BadCredential),
            Some(_) => Ok(proved),
            None => Ok(false),
        }
    }

    fn reaches(&self, conversation: &Conversation) -> bool {
        let own: ContactInboxId = self.session.id;
        conversation.contact_inbox_id == own
            || (self.session.hmac_verified && conversation.contact_id == self.session.contact_id)
    }
}

/// Whether a correct proof was given; fails when it is wrong, or missing where the inbox asks for it.
///
/// The proof is the lower-case hex HMAC-SHA256 of the identifier with the inbox's key (rest.md §2.5).
pub fn check_identity(inbox: &Inbox, identifier: Option<&str>, hash: Option<&str>) -> Result<bool> {
    let Some(hash) = hash.filter(|hash| !hash.is_empty()) else {
        return if inbox.hmac_mandatory { Err(Error::BadCredential) } else { Ok(false) };
    };
    let key = inbox.hmac_token.as_deref().unwrap_or_default();
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).map_err(Error::internal)?;
    mac.update(identifier.unwrap_or_default().as_bytes());
    let given = decode_hex(hash).ok_or(Error::BadCredential)?;
    // Compares in constant time.
    mac.verify_slice(&given).map_err(|_| Error::BadCredential)?;
    Ok(true)
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}
