//! What a contact tells of itself, and whom that makes it (semantics §8.6).

use ::store::Tx;
use edge::Result;
use serde_json::{Map, Value};
use types::AccountId;

use super::service::{self, NewContact};
use super::{Contact, merge, store};
use crate::events::{Actor, Changes, Event, record};
use crate::file::fetch::{self, Fetched};

/// What a contact tells of itself; what it leaves out stays.
#[derive(Debug, Clone, Default)]
pub struct Claim {
    /// Whose identity it says it has; only compared, never stored.
    pub identifier: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// E-mail address, in lower case.
    pub email: Option<String>,
    /// E.164 with `+`.
    pub phone_number: Option<String>,
    /// Where its picture is fetched from.
    pub avatar_url: Option<String>,
    /// Attributes that are laid over its own.
    pub custom_attributes: Map<String, Value>,
}

/// Writes what `contact` tells of itself and gives the contact that it is afterwards.
///
/// One that names the e-mail address or the phone number of another contact is merged into that one. It is not, and
/// keeps its own, when the two have different identifiers, or when it is blocked: nobody leaves a block that way. A phone
/// number of one who has another e-mail address than the one given does not merge either.
pub fn update(tx: &mut Tx<'_>, account: AccountId, contact: &Contact, claim: &Claim) -> Result<Contact> {
    let mut claim = claim.clone();
    let mut current = contact.clone();
    let mut losers = Vec::new();
    let actor = Actor::Contact { id: contact.id };
    if let Some(email) = claim.email.clone()
        && let Some(other) = find_other(tx, account, &current, Some(&email), None)?
    {
        if may_merge(&current, &other, &claim) {
            current = merge_into(tx, account, current, other, &mut losers, &actor)?;
        } else {
            claim.email = None;
        }
    }
    if let Some(phone_number) = claim.phone_number.clone()
        && let Some(other) = find_other(tx, account, &current, None, Some(&phone_number))?
    {
        let has_other_email = claim.email.is_some() && is_other(claim.email.as_deref(), other.email.as_deref());
        if may_merge(&current, &other, &claim) && !has_other_email {
            current = merge_into(tx, account, current, other, &mut losers, &actor)?;
        } else {
            claim.phone_number = None;
        }
    }
    let before = NewContact::of(&current);
    let change = |base: NewContact| claim.onto(losers.iter().rev().fold(base, merge::filled));
    let updated = service::update(tx, account, current.id, change, &actor)?;
    if !losers.is_empty() && before.changes_to(&NewContact::of(&updated)).is_empty() {
        // Whoever shows the survivor has more to show of it.
        record(tx, account, &actor, &Event::ContactUpdated(updated.id, Changes::default()));
    }
    if let Some(url) = claim.avatar_url.filter(|_| updated.avatar.is_none()) {
        fetch::want(tx, Fetched::Contact { account_id: account, id: updated.id }, &url)?;
    }
    Ok(updated)
}

impl Claim {
    fn onto(&self, before: NewContact) -> NewContact {
        NewContact {
            name: self.name.clone().or(before.name),
            email: self.email.clone().or(before.email),
            phone_number: self.phone_number.clone().or(before.phone_number),
            custom_attributes: merge::laid_over(&before.custom_attributes, &self.custom_attributes),
            ..before
        }
    }
}

fn find_other(
    tx: &mut Tx<'_>,
    account: AccountId,
    contact: &Contact,
    email: Option<&str>,
    phone_number: Option<&str>,
) -> Result<Option<Contact>> {
    let found = store::find_by_identity(tx, account, None, email, phone_number)?;
    Ok(found.filter(|other| other.id != contact.id))
}

fn may_merge(contact: &Contact, other: &Contact, claim: &Claim) -> bool {
    let identifiers = [claim.identifier.as_deref(), contact.identifier.as_deref()];
    !contact.blocked && !identifiers.into_iter().any(|own| is_other(own, other.identifier.as_deref()))
}

/// Whether both are there and differ.
fn is_other(one: Option<&str>, other: Option<&str>) -> bool {
    let known = |text: Option<&str>| text.is_some_and(|text| !text.is_empty());
    known(one) && known(other) && one != other
}

/// The other one, if it survived; it may be gone by now, and then nothing is in the way any more.
fn merge_into(
    tx: &mut Tx<'_>,
    account: AccountId,
    contact: Contact,
    other: Contact,
    losers: &mut Vec<Contact>,
    actor: &Actor,
) -> Result<Contact> {
    match merge::into(tx, account, contact.id, other.id, actor)? {
        Some(loser) => {
            losers.push(loser);
            Ok(other)
        }
        None => Ok(contact),
    }
}
