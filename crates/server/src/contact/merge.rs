//! Merging: of two contacts that are one person one survives, with all that the other had (semantics §8.5).

use ::store::{Tx, sql};
use edge::{Error, Result};
use serde_json::{Map, Value, json};
use types::{AccountId, ContactId, ConversationId, Json};

use super::jobs::MoveMessages;
use super::service::NewContact;
use super::{Contact, store};
use crate::events::{Actor, Event, Moved, record};
use crate::label;
use crate::platform::audit;

/// Merges `loser` into `survivor`; gives what the loser was, or `None` when one of them is gone by now.
///
/// Sessions, conversations and labels move at once, in a fixed number of statements. Messages follow in a job; until
/// then the survivor is shown as their sender. The survivor's own fields are the caller's to fill ([`filled`]).
pub fn into(
    tx: &mut Tx<'_>,
    account: AccountId,
    loser: ContactId,
    survivor: ContactId,
    actor: &Actor,
) -> Result<Option<Contact>> {
    // In the order of ids, so that of two merges crosswise one waits for the other.
    let (first, second) = if loser < survivor { (loser, survivor) } else { (survivor, loser) };
    let mut locked = None;
    for id in [first, second] {
        let Some(found) = store::lock_to_delete(tx, account, id)? else { return Ok(None) };
        if id == loser {
            locked = Some(found);
        }
    }
    let (contact, is_resolved) = locked.ok_or(Error::NotFound("contact"))?;
    let labels = label::store::list_of_contact(tx, account, loser)?;
    hide(tx, account, loser, survivor)?;
    if is_resolved {
        store::count(tx, account, -1)?;
    }
    let moved = move_at_once(tx, account, &contact, survivor)?;
    ::jobs::push(tx, &MoveMessages { account_id: account, from: loser })?;
    audit::record_in(tx, account, actor, "contact.merged", &json!({ "contact_id": loser, "into": survivor }))?;
    record(tx, account, actor, &Event::ContactMerged(survivor, loser));
    record(tx, account, actor, &Event::ContactDeleted(loser, Json::of(&contact.to_record(labels))));
    for conversation in moved {
        let contact = Moved { before: loser, after: survivor };
        record(tx, account, actor, &Event::ConversationContactChanged(conversation, contact));
    }
    Ok(Some(contact))
}

/// `base` with what it lacks and `other` has; objects are filled key by key, and what `base` has wins.
pub fn filled(base: NewContact, other: &Contact) -> NewContact {
    let text = |own: Option<String>, others: &Option<String>| {
        own.filter(|text| !text.is_empty()).or_else(|| others.clone().filter(|text| !text.is_empty()))
    };
    NewContact {
        name: text(base.name, &other.name),
        email: text(base.email, &other.email),
        phone_number: text(base.phone_number, &other.phone_number),
        identifier: text(base.identifier, &other.identifier),
        additional_attributes: laid_over(&other.additional_attributes, &base.additional_attributes.read()),
        custom_attributes: laid_over(&other.custom_attributes, &base.custom_attributes.read()),
        blocked: base.blocked,
    }
}

/// The object `below` with `above` on it, key by key and as deep as both have objects.
pub fn laid_over(below: &Json, above: &Map<String, Value>) -> Json {
    let mut merged: Map<String, Value> = below.read();
    lay(&mut merged, above);
    Json::of(&merged)
}

fn lay(below: &mut Map<String, Value>, above: &Map<String, Value>) {
    for (key, value) in above {
        match (below.get_mut(key), value) {
            (Some(Value::Object(below)), Value::Object(above)) => lay(below, above),
            _ => {
                below.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Hides the loser and frees its unique keys; what was merged into it earlier leads to the survivor now.
fn hide(tx: &mut Tx<'_>, account: AccountId, loser: ContactId, survivor: ContactId) -> Result<()> {
    store::set_deleting(tx, account, loser)?;
    tx.execute(
        sql!("UPDATE contacts SET merged_into_id = $3 WHERE account_id = $1 AND (id = $2 OR merged_into_id = $2)"),
        (account, loser, survivor),
    )?;
    Ok(())
}

fn move_at_once(
    tx: &mut Tx<'_>,
    account: AccountId,
    loser: &Contact,
    survivor: ContactId,
) -> Result<Vec<ConversationId>> {
    let now = tx.now();
    tx.execute(
        sql!("UPDATE contact_inboxes SET contact_id = $3, updated_at = $4 WHERE account_id = $1 AND contact_id = $2"),
        (account, loser.id, survivor, now),
    )?;
    let moved: Vec<(ConversationId,)> = tx.query(
        sql!(
            "UPDATE conversations SET contact_id = $3, updated_at = $4 WHERE account_id = $1 AND contact_id = $2
             RETURNING id"
        ),
        (account, loser.id, survivor, now),
    )?;
    tx.execute(
        sql!(
            "INSERT INTO contact_tags (account_id, contact_id, tag_id, created_at)
             SELECT account_id, $3, tag_id, created_at FROM contact_tags WHERE account_id = $1 AND contact_id = $2
             ON CONFLICT (account_id, contact_id, tag_id) DO NOTHING"
        ),
        (account, loser.id, survivor),
    )?;
    tx.execute(
        sql!(
            "UPDATE contacts SET last_activity_at = $3
             WHERE account_id = $1 AND id = $2 AND $3 > COALESCE(last_activity_at, -1)"
        ),
        (account, survivor, loser.last_activity_at),
    )?;
    Ok(moved.into_iter().map(|(conversation,)| conversation).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_laid_over_each_other_key_by_key() {
        let below = Json::of(&json!({ "a": 1, "deep": { "x": 1, "y": 2 }, "flat": 1 }));
        let above: Map<String, Value> =
            serde_json::from_value(json!({ "deep": { "y": 3 }, "flat": {}, "b": 2 })).unwrap();
        let both: Value = laid_over(&below, &above).read();
        assert_eq!(both, json!({ "a": 1, "deep": { "x": 1, "y": 3 }, "flat": {}, "b": 2 }));
    }
}
