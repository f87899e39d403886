//! The rules of accounts.

use edge::{Error, Result};
use serde_json::json;
use store::Tx;
use types::AccountId;

use super::{Account, AccountChange, NewAccount, draft, store as accounts};
use crate::deletion::{Purge, Subject};
use crate::events::{Actor, Changes, Event, record};
use crate::platform::audit;

/// Makes an account; it has no members, inboxes or labels.
pub fn create(tx: &mut Tx<'_>, new: &NewAccount, actor: &Actor) -> Result<Account> {
    if let Some(problem) = draft::name_problem(&new.name) {
        return Err(Error::invalid("name", problem));
    }
    let account = accounts::insert(tx, new)?;
    record(tx, account.id, actor, &Event::AccountCreated);
    Ok(account)
}

/// The account, locked: what is set up in it changes one after the other, so that names stay unique and limits
/// are kept. Other work in the account goes on.
pub fn lock(tx: &mut Tx<'_>, id: AccountId) -> Result<Account> {
    accounts::lock(tx, id)?.ok_or(Error::NotFound("account"))
}

/// Changes an account; what is not given stays. Gives the account as it is afterwards.
pub fn update(tx: &mut Tx<'_>, id: AccountId, change: &AccountChange, actor: &Actor) -> Result<Account> {
    let before = lock(tx, id)?;
    let mut after = before.clone();
    if let Some(name) = &change.name {
        after.name.clone_from(name);
    }
    if let Some(locale) = change.locale {
        locale.clone_into(&mut after.locale);
    }
    after.domain = change.domain.clone().or_keep(after.domain);
    after.support_email = change.support_email.clone().or_keep(after.support_email);
    if let Some(limits) = &change.limits {
        after.limits = limits.clone();
    }
    if let Some(custom_attributes) = &change.custom_attributes {
        after.custom_attributes = custom_attributes.clone();
    }
    after.custom_attributes = after.custom_attributes.merged(&change.attributes);
    after.settings = after.settings.merged(&change.settings);
    after.auto_resolve_duration = change.auto_resolve_duration.or_keep(after.auto_resolve_duration);
    after.feature_flags = after.feature_flags.with(&change.features);
    after.status = change.status.unwrap_or(before.status);
    let changes = differences(&before, &after);
    if changes.is_empty() {
        return Ok(before);
    }
    after.updated_at = tx.now();
    accounts::update(tx, &after)?;
    let subject = json!({ "account_id": id });
    match actor {
        Actor::Operator => audit::record(tx, "account.updated", &subject)?,
        actor => audit::record_in(tx, id, actor, "account.updated", &subject)?,
    }
    record(tx, id, actor, &Event::AccountUpdated(changes));
    Ok(after)
}

/// Deletes an account with everything in it: gone from every answer at once, its rows follow in a job (decisions §5).
/// What would still change something in it fails, and the mail addresses of its inboxes are free.
pub fn delete(tx: &mut Tx<'_>, id: AccountId) -> Result<()> {
    if !accounts::set_deleting(tx, id)? {
        return Err(Error::NotFound("account"));
    }
    accounts::free_addresses(tx, id)?;
    tx.close_log(id)?;
    audit::record(tx, "account.deleted", &json!({ "account_id": id }))?;
    jobs::push(tx, &Purge { subject: Subject::Account { id } })?;
    Ok(())
}

fn differences(before: &Account, after: &Account) -> Changes {
    Changes::default()
        .with("name", &before.name, &after.name)
        .with("locale", &before.locale, &after.locale)
        .with("domain", &before.domain, &after.domain)
        .with("support_email", &before.support_email, &after.support_email)
        .with("features", &before.feature_flags.to_json(), &after.feature_flags.to_json())
        .with("limits", &before.limits, &after.limits)
        .with("custom_attributes", &before.custom_attributes, &after.custom_attributes)
        .with("settings", &before.settings, &after.settings)
        .with("auto_resolve_duration", &before.auto_resolve_duration, &after.auto_resolve_duration)
        .with("status", &before.status, &after.status)
}
