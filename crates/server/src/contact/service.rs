//! The rules of contacts (rest.md §5.9, semantics §8).

use ::store::Tx;
use edge::error::Problem;
use edge::{Error, Result};
use serde_json::json;
use types::{AccountId, ContactId, Json};

use super::{Contact, is_email, is_phone_number, search, store};
use crate::deletion::{Purge, Subject};
use crate::events::{Actor, Changes, Event, record};
use crate::filter::values;
use crate::platform::audit;
use crate::{conversation, label, presence};

/// Longest name, identifier and phone number, in characters.
const MAX_TEXT: usize = 255;

/// A contact to be stored.
#[derive(Debug, Clone, Default)]
pub struct NewContact {
    /// Name.
    pub name: Option<String>,
    /// E-mail address; [`NewContact::check`] folds it.
    pub email: Option<String>,
    /// E.164 with `+`.
    pub phone_number: Option<String>,
    /// The customer's own id.
    pub identifier: Option<String>,
    /// Free attributes set by channels.
    pub additional_attributes: Json,
    /// Free attributes set by the team.
    pub custom_attributes: Json,
    /// Its messages reach nobody.
    pub blocked: bool,
}

impl NewContact {
    /// What is stored of `contact`.
    pub fn of(contact: &Contact) -> Self {
        Self {
            name: contact.name.clone(),
            email: contact.email.clone(),
            phone_number: contact.phone_number.clone(),
            identifier: contact.identifier.clone(),
            additional_attributes: contact.additional_attributes.clone(),
            custom_attributes: contact.custom_attributes.clone(),
            blocked: contact.blocked,
        }
    }

    /// The contact with its e-mail in lower case; fails naming every field that is wrong.
    pub fn check(mut self) -> Result<Self> {
        self.email = self.email.map(|email| email.trim().to_lowercase()).filter(|email| !email.is_empty());
        let mut problems = Vec::new();
        if self.email.as_deref().is_some_and(|email| !is_email(email)) {
            problems.push(Problem::new("email", "is not an e-mail address"));
        }
        let phone = self.phone_number.as_deref().filter(|phone| !phone.is_empty());
        if phone.is_some_and(|phone| !is_phone_number(phone) || phone.chars().count() > MAX_TEXT) {
            problems.push(Problem::new("phone_number", "is not in E.164 form"));
        }
        for (field, text) in [("name", &self.name), ("identifier", &self.identifier)] {
            if text.as_deref().is_some_and(|text| text.chars().count() > MAX_TEXT) {
                problems.push(Problem::new(field, "is too long (maximum is 255 characters)"));
            }
        }
        if problems.is_empty() { Ok(self) } else { Err(Error::Invalid(problems)) }
    }

    /// Whether lists show it: an e-mail address, a phone number or an identifier (semantics §8.2).
    pub fn is_resolved(&self) -> bool {
        [&self.email, &self.phone_number, &self.identifier]
            .into_iter()
            .any(|field| field.as_deref().is_some_and(|text| !text.is_empty()))
    }

    /// What is different in `other`.
    pub(super) fn changes_to(&self, other: &Self) -> Changes {
        Changes::default()
            .with("name", &self.name, &other.name)
            .with("email", &self.email, &other.email)
            .with("phone_number", &self.phone_number, &other.phone_number)
            .with("identifier", &self.identifier, &other.identifier)
            .with("additional_attributes", &self.additional_attributes, &other.additional_attributes)
            .with("custom_attributes", &self.custom_attributes, &other.custom_attributes)
            .with("blocked", &self.blocked, &other.blocked)
    }

    /// What searches look into, folded; a line for each field, so that no match reaches from one into the next.
    pub fn search_text(&self) -> String {
        let fields = [&self.name, &self.email, &self.phone_number, &self.identifier];
        fields.map(|field| search::folded(field.as_deref().unwrap_or_default())).join("\n")
    }
}

/// Makes a contact; fails naming the fields that another contact of the account has already.
pub fn create(tx: &mut Tx<'_>, account: AccountId, new: &NewContact, actor: &Actor) -> Result<Contact> {
    let Some(contact) = store::insert(tx, account, new)? else {
        return Err(taken(store::find_taken(tx, account, new, None)?));
    };
    search::index(tx, account, contact.id, &new.search_text())?;
    values::insert_contact(tx, account, contact.id, &new.custom_attributes, &new.additional_attributes)?;
    if new.is_resolved() {
        store::count(tx, account, 1)?;
    }
    record(tx, account, actor, &Event::ContactCreated(contact.id));
    Ok(contact)
}

/// Deletes a contact with its sessions, conversations and messages: gone from every answer at once, its rows follow
/// in a job (decisions §5). Nobody deletes a contact who is there (rest.md §1.8).
pub fn delete(tx: &mut Tx<'_>, account: AccountId, id: ContactId, actor: &Actor) -> Result<()> {
    let (contact, is_resolved) = store::lock_to_delete(tx, account, id)?.ok_or(Error::NotFound("contact"))?;
    if presence::store::is_contact_present(tx, account, id)? {
        return Err(Error::InUse("the contact is online"));
    }
    store::set_deleting(tx, account, id)?;
    conversation::change::uncount_of_contact(tx, account, id)?;
    if is_resolved {
        store::count(tx, account, -1)?;
    }
    audit::record_in(tx, account, actor, "contact.deleted", &json!({ "contact_id": id }))?;
    ::jobs::push(tx, &Purge { subject: Subject::Contact { account_id: account, id } })?;
    let labels = label::store::list_of_contact(tx, account, id)?;
    record(tx, account, actor, &Event::ContactDeleted(id, Json::of(&contact.to_record(labels))));
    Ok(())
}

/// Changes a contact into what `change` makes of it; fails naming the fields that another contact has already.
///
/// What lists sort and search by and what they count follow. Nothing is written when nothing differs.
pub fn update(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: ContactId,
    change: impl Fn(NewContact) -> NewContact,
    actor: &Actor,
) -> Result<Contact> {
    let contact = store::lock(tx, account, id)?.ok_or(Error::NotFound("contact"))?;
    let before = NewContact::of(&contact);
    let after = change(before.clone()).check()?;
    let changes = before.changes_to(&after);
    if changes.is_empty() {
        return Ok(contact);
    }
    let mut others = store::find_taken(tx, account, &after, Some(id))?;
    if others.is_empty() {
        others = store::update(tx, account, id, &after)?;
    }
    if !others.is_empty() {
        return Err(taken(others));
    }
    if before.search_text() != after.search_text() {
        search::index(tx, account, id, &after.search_text())?;
    }
    if (&before.custom_attributes, &before.additional_attributes)
        != (&after.custom_attributes, &after.additional_attributes)
    {
        values::write_contact(tx, account, id, &after.custom_attributes, &after.additional_attributes)?;
    }
    let step = i64::from(after.is_resolved()) - i64::from(before.is_resolved());
    if step != 0 {
        store::count(tx, account, step)?;
    }
    let updated = store::find(tx, account, id)?.ok_or(Error::NotFound("contact"))?;
    let changes = changes.with("updated_at", &contact.updated_at, &updated.updated_at);
    record(tx, account, actor, &Event::ContactUpdated(id, changes));
    Ok(updated)
}

const TAKEN: &str = "has already been taken";

fn taken(fields: Vec<&'static str>) -> Error {
    Error::Invalid(fields.into_iter().map(|field| Problem::new(field, TAKEN)).collect())
}

/// Whether another contact has a field already; it may have got it in this very moment.
pub fn is_taken(error: &Error) -> bool {
    matches!(error, Error::Invalid(problems) if problems.iter().any(|problem| problem.message.ends_with(TAKEN)))
}

/// Notes that the contact has just written.
pub fn touch(tx: &mut Tx<'_>, account: AccountId, id: ContactId, actor: &Actor) -> Result<()> {
    store::update_activity(tx, account, id)?;
    let changes = Changes::default().with("last_activity_at", &None, &Some(tx.now()));
    record(tx, account, actor, &Event::ContactUpdated(id, changes));
    Ok(())
}
