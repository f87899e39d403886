//! The rules of canned responses.

use ::store::{Conn, Tx};
use edge::{Error, Result};
use types::{AccountId, CannedResponseId};

use super::{CannedResponse, Draft, store};
use crate::account;
use crate::events::{Actor, Event, record};

/// The account's canned responses, those with `part` in them if it is given (semantics §10.1).
pub fn list(conn: &mut Conn<'_>, account: AccountId, part: &str) -> Result<Vec<CannedResponse>> {
    if part.is_empty() { store::list(conn, account) } else { store::search(conn, account, part) }
}

/// Makes one.
pub fn create(tx: &mut Tx<'_>, account: AccountId, draft: &Draft, actor: &Actor) -> Result<CannedResponse> {
    check(draft)?;
    account::service::lock(tx, account)?;
    let made = store::insert(tx, account, draft)?.ok_or_else(taken)?;
    record(tx, account, actor, &Event::CannedResponseCreated(made.id));
    Ok(made)
}

/// Changes one into what `change` makes of it.
pub fn update(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: CannedResponseId,
    change: impl Fn(Draft) -> Draft,
    actor: &Actor,
) -> Result<CannedResponse> {
    account::service::lock(tx, account)?;
    let before = store::lock(tx, account, id)?.ok_or(Error::NotFound("canned response"))?;
    let draft = change(before.to_draft());
    check(&draft)?;
    if draft == before.to_draft() {
        return Ok(before);
    }
    if store::is_taken(tx, account, &draft.short_code, id)? {
        return Err(taken());
    }
    let after = CannedResponse { short_code: draft.short_code, content: draft.content, updated_at: tx.now(), ..before };
    store::update(tx, &after)?;
    record(tx, account, actor, &Event::CannedResponseUpdated(id));
    Ok(after)
}

/// Removes one.
pub fn delete(tx: &mut Tx<'_>, account: AccountId, id: CannedResponseId, actor: &Actor) -> Result<()> {
    if !store::delete(tx, account, id)? {
        return Err(Error::NotFound("canned response"));
    }
    record(tx, account, actor, &Event::CannedResponseDeleted(id));
    Ok(())
}

fn check(draft: &Draft) -> Result<()> {
    let problems = draft.problems();
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}

fn taken() -> Error {
    Error::invalid("short_code", "has already been taken")
}
