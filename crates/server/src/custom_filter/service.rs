//! The rules of custom filters: everybody has their own.

use ::store::Tx;
use edge::{Error, Result};
use types::CustomFilterId;

use super::{CustomFilter, Draft, MOST, store};
use crate::access::Member;
use crate::events::{Actor, Event, record};
use crate::{account, agent};

/// Makes one for the member.
pub fn create(tx: &mut Tx<'_>, member: &Member, draft: &Draft) -> Result<CustomFilter> {
    check(draft)?;
    let account = member.account_id;
    account::service::lock(tx, account)?;
    // Whoever is removed meanwhile leaves nothing behind.
    if !agent::store::hold_all(tx, account, &[member.user_id])? {
        return Err(Error::Forbidden);
    }
    if store::count(tx, account, member.user_id)? >= MOST {
        return Err(Error::invalid("account_id", &format!("has {MOST} filters of yours, the most there may be")));
    }
    let made = store::insert(tx, account, member.user_id, draft)?;
    record(tx, account, &Actor::from(member), &Event::CustomFilterCreated(made.id));
    Ok(made)
}

/// Changes one of the member's into what `change` makes of it.
pub fn update(
    tx: &mut Tx<'_>,
    member: &Member,
    id: CustomFilterId,
    change: impl Fn(Draft) -> Draft,
) -> Result<CustomFilter> {
    let before = store::lock(tx, member.account_id, member.user_id, id)?.ok_or(Error::NotFound("custom filter"))?;
    let draft = change(before.to_draft());
    check(&draft)?;
    if draft == before.to_draft() {
        return Ok(before);
    }
    let Draft { name, filter_type, query } = draft;
    let after = CustomFilter { name, filter_type, query, updated_at: tx.now(), ..before };
    store::update(tx, &after)?;
    record(tx, member.account_id, &Actor::from(member), &Event::CustomFilterUpdated(id));
    Ok(after)
}

/// Removes one of the member's.
pub fn delete(tx: &mut Tx<'_>, member: &Member, id: CustomFilterId) -> Result<()> {
    if !store::delete(tx, member.account_id, member.user_id, id)? {
        return Err(Error::NotFound("custom filter"));
    }
    record(tx, member.account_id, &Actor::from(member), &Event::CustomFilterDeleted(id));
    Ok(())
}

fn check(draft: &Draft) -> Result<()> {
    let problems = draft.problems();
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}
