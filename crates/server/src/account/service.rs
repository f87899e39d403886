//! The rules of accounts.

use edge::{Error, Result};
use store::Tx;

use super::{Account, NewAccount, draft, store as accounts};
use crate::events::{Actor, Event, record};

/// Makes an account; it has no members, inboxes or labels.
pub fn create(tx: &mut Tx<'_>, new: &NewAccount, actor: &Actor) -> Result<Account> {
    if let Some(problem) = draft::name_problem(&new.name) {
        return Err(Error::invalid("name", problem));
    }
    let account = accounts::insert(tx, new)?;
    record(tx, account.id, actor, &Event::AccountCreated);
    Ok(account)
}
