//! The rules of integrations.

use ::store::Tx;
use edge::{Error, Problem, Result};
use serde_json::{Map, Value};
use types::{AccountId, HookType, InboxId, IntegrationHookId};

use super::catalogue::{self, IntegrationApp};
use super::{Draft, Hook, MAX_SETTINGS, NewHook, store};
use crate::events::{Actor, Changes, Event, record};
use crate::{account, inbox};

/// Connects an app, to an inbox if the app works in one; else an inbox is not heeded.
pub fn create(tx: &mut Tx<'_>, account: AccountId, new: &NewHook, actor: &Actor) -> Result<Hook> {
    check(new.app, &new.draft)?;
    account::service::lock(tx, account)?;
    if !new.app.allow_multiple_hooks && store::is_connected(tx, account, new.app.id)? {
        return Err(Error::invalid("app_id", "has already been taken"));
    }
    let inbox = match new.app.hook_type {
        HookType::Account => None,
        HookType::Inbox => Some(hold_inbox(tx, account, new.inbox_id)?),
    };
    let made = store::insert(tx, account, new.app.id, inbox, &new.draft)?;
    record(tx, account, actor, &Event::IntegrationHookCreated(made.id));
    Ok(made)
}

/// Changes a hook into what `change` makes of it.
pub fn update(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: IntegrationHookId,
    change: impl Fn(Draft) -> Result<Draft>,
    actor: &Actor,
) -> Result<Hook> {
    let before = store::lock(tx, account, id)?.ok_or(Error::NotFound("hook"))?;
    let old = Draft { is_enabled: before.is_enabled, settings: before.settings.clone() };
    let draft = change(old.clone())?;
    // What no version of the program knows any more stays as it is.
    if let Some(app) = catalogue::find(&before.app) {
        check(app, &draft)?;
    }
    let changes = Changes::default()
        .with("is_enabled", &old.is_enabled, &draft.is_enabled)
        .with_secret("settings", old.settings != draft.settings);
    if changes.is_empty() {
        return Ok(before);
    }
    let Draft { is_enabled, settings } = draft;
    let after = Hook { is_enabled, settings, updated_at: tx.now(), ..before };
    store::update(tx, &after)?;
    record(tx, account, actor, &Event::IntegrationHookUpdated(id, changes));
    Ok(after)
}

/// Disconnects an app.
pub fn delete(tx: &mut Tx<'_>, account: AccountId, id: IntegrationHookId, actor: &Actor) -> Result<()> {
    if !store::delete(tx, account, id)? {
        return Err(Error::NotFound("hook"));
    }
    record(tx, account, actor, &Event::IntegrationHookDeleted(id));
    Ok(())
}

/// Disconnects what is connected to an inbox that is locked to be deleted.
pub fn delete_of_inbox(tx: &mut Tx<'_>, account: AccountId, inbox: InboxId, actor: &Actor) -> Result<()> {
    for id in store::delete_of_inbox(tx, account, inbox)? {
        record(tx, account, actor, &Event::IntegrationHookDeleted(id));
    }
    Ok(())
}

/// The inbox, which is the account's and stays until the end of the transaction (decisions §3).
fn hold_inbox(tx: &mut Tx<'_>, account: AccountId, id: Option<InboxId>) -> Result<InboxId> {
    let id = id.ok_or_else(|| Error::invalid("inbox_id", "can't be blank"))?;
    if inbox::store::hold(tx, account, id)? { Ok(id) } else { Err(Error::NotFound("inbox")) }
}

fn check(app: &IntegrationApp, draft: &Draft) -> Result<()> {
    let is_too_long = draft.settings.as_str().len() > MAX_SETTINGS;
    let problem = if is_too_long {
        Some(Problem::new("settings", &format!("are too long (maximum is {MAX_SETTINGS} bytes)")))
    } else {
        app.problem(&draft.settings.read::<Map<String, Value>>())
    };
    problem.map_or(Ok(()), |problem| Err(Error::Invalid(vec![problem])))
}
