//! The rules of custom attributes.

use ::store::Tx;
use edge::{Error, Result};
use types::{AccountId, CustomAttributeId};

use super::{CustomAttribute, Draft, store};
use crate::account;
use crate::events::{Actor, Event, record};
use crate::inbox::pre_chat;

/// Most definitions of an account.
const MOST: i64 = 1_000;

/// Makes one.
pub fn create(tx: &mut Tx<'_>, account: AccountId, draft: &Draft, actor: &Actor) -> Result<CustomAttribute> {
    check(draft, None)?;
    account::service::lock(tx, account)?;
    if store::count(tx, account)? >= MOST {
        return Err(Error::invalid("base", &format!("has {MOST} custom attributes already")));
    }
    if store::is_taken(tx, account, draft, None)? {
        return Err(taken());
    }
    let made = store::insert(tx, account, draft)?;
    record(tx, account, actor, &Event::CustomAttributeCreated(made.id));
    Ok(made)
}

/// Changes one into what `change` makes of it; fields of pre-chat forms follow.
pub fn update(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: CustomAttributeId,
    change: impl Fn(Draft) -> Draft,
    actor: &Actor,
) -> Result<CustomAttribute> {
    account::service::lock(tx, account)?;
    let attribute = store::lock(tx, account, id)?.ok_or(Error::NotFound("custom attribute"))?;
    let before = attribute.to_draft();
    let after = change(before.clone());
    check(&after, Some(&before))?;
    if after == before {
        return Ok(attribute);
    }
    if store::is_taken(tx, account, &after, Some(id))? {
        return Err(taken());
    }
    let changed = store::update(tx, account, id, &after)?;
    pre_chat::follow(tx, account, &before, Some(&after), actor)?;
    record(tx, account, actor, &Event::CustomAttributeUpdated(id));
    Ok(changed)
}

/// Removes one, from pre-chat forms too. What contacts and conversations have of it stays.
pub fn delete(tx: &mut Tx<'_>, account: AccountId, id: CustomAttributeId, actor: &Actor) -> Result<()> {
    account::service::lock(tx, account)?;
    let attribute = store::lock(tx, account, id)?.ok_or(Error::NotFound("custom attribute"))?;
    store::delete(tx, account, id)?;
    pre_chat::follow(tx, account, &attribute.to_draft(), None, actor)?;
    record(tx, account, actor, &Event::CustomAttributeDeleted(id));
    Ok(())
}

fn check(draft: &Draft, before: Option<&Draft>) -> Result<()> {
    let problems = draft.problems(before);
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}

fn taken() -> Error {
    Error::invalid("attribute_key", "has already been taken")
}
