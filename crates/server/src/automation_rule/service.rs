//! The rules of automation rules.

use ::store::{Conn, Tx};
use edge::{Error, Problem, Result};
use types::{AccountId, AutomationEvent, AutomationRuleId, FileId, Json};

use super::condition::CustomKeys;
use super::files::{self, RuleFile};
use super::{AutomationRule, Draft, store};
use crate::BaseUrl;
use crate::account;
use crate::events::{Actor, Changes, Event, record};

/// A rule with its files.
pub type WithFiles = (AutomationRule, Vec<RuleFile>);

/// One rule.
pub fn show(conn: &mut Conn<'_>, account: AccountId, id: AutomationRuleId) -> Result<WithFiles> {
    let rule = store::find(conn, account, id)?.ok_or(Error::NotFound("automation rule"))?;
    Ok((rule, files::list_of(conn, account, id)?))
}

/// Makes a rule.
pub fn create(
    tx: &mut Tx<'_>,
    account: AccountId,
    draft: &Draft,
    base_url: &BaseUrl,
    actor: &Actor,
) -> Result<WithFiles> {
    account::service::lock(tx, account)?;
    let (draft, event, wanted) = checked(tx, account, draft.clone(), base_url)?;
    let made = store::insert(tx, account, &draft, event)?;
    files::set(tx, account, made.id, &wanted)?;
    record(tx, account, actor, &Event::AutomationRuleCreated(made.id));
    show(tx, account, made.id)
}

/// Changes a rule into what `change` makes of it.
pub fn update(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: AutomationRuleId,
    change: impl Fn(Draft) -> Draft,
    base_url: &BaseUrl,
    actor: &Actor,
) -> Result<WithFiles> {
    account::service::lock(tx, account)?;
    let before = store::lock(tx, account, id)?.ok_or(Error::NotFound("automation rule"))?;
    let (draft, event, wanted) = checked(tx, account, change(before.to_draft()), base_url)?;
    let Draft { name, description, active, .. } = draft;
    let (conditions, actions) = (Json::of(&draft.conditions), Json::of(&draft.actions));
    let changes = Changes::default()
        .with("name", &before.name, &name)
        .with("description", &before.description, &description)
        .with("event_name", &before.event_name, &event)
        .with("active", &before.active, &active)
        .with("conditions", &before.conditions, &conditions)
        .with("actions", &before.actions, &actions);
    if changes.is_empty() {
        return show(tx, account, id);
    }
    let updated_at = tx.now();
    let after =
        AutomationRule { name, description, event_name: event, active, conditions, actions, updated_at, ..before };
    store::update(tx, &after)?;
    files::set(tx, account, id, &wanted)?;
    record(tx, account, actor, &Event::AutomationRuleUpdated(id, changes));
    show(tx, account, id)
}

/// Makes a rule like another one, with the same files.
pub fn copy(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: AutomationRuleId,
    base_url: &BaseUrl,
    actor: &Actor,
) -> Result<WithFiles> {
    let original = store::find(tx, account, id)?.ok_or(Error::NotFound("automation rule"))?;
    create(tx, account, &original.to_draft(), base_url, actor)
}

/// Removes a rule, with the files that no other has.
pub fn delete(tx: &mut Tx<'_>, account: AccountId, id: AutomationRuleId, actor: &Actor) -> Result<()> {
    account::service::lock(tx, account)?;
    store::lock(tx, account, id)?.ok_or(Error::NotFound("automation rule"))?;
    files::set(tx, account, id, &[])?;
    store::delete(tx, account, id)?;
    record(tx, account, actor, &Event::AutomationRuleDeleted(id));
    Ok(())
}

/// The draft with the ids of the files that it names, its event and those files; fails if anything is wrong with it.
fn checked(
    tx: &mut Tx<'_>,
    account: AccountId,
    mut draft: Draft,
    base_url: &BaseUrl,
) -> Result<(Draft, AutomationEvent, Vec<FileId>)> {
    let problems = draft.problems(&CustomKeys::new());
    if !problems.is_empty() {
        return Err(Error::InvalidByField(problems));
    }
    let event = draft
        .event_name
        .parse()
        .map_err(|_| Error::InvalidByField(vec![Problem::new("event_name", "is not included in the list")]))?;
    let wanted = files::resolve(tx, account, &mut draft.actions, base_url)?;
    Ok((draft, event, wanted))
}
