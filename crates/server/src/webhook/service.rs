//! The rules of webhooks.

use ::store::Tx;
use edge::{Error, Result};
use types::{AccountId, EndpointKind, InboxId, WebhookId};

use super::{Draft, Webhook, store};
use crate::delivery::{self, Recipient};
use crate::events::{Actor, Changes, Event, record};
use crate::signing_secret::overlap_until;
use crate::{account, inbox, token};

/// Makes one, with a secret of its own.
pub fn create(tx: &mut Tx<'_>, account: AccountId, draft: &Draft, actor: &Actor) -> Result<Webhook> {
    check(draft)?;
    account::service::lock(tx, account)?;
    hold_inbox(tx, account, draft.inbox_id)?;
    let made = store::insert(tx, account, draft, &token::random())?.ok_or_else(taken)?;
    record(tx, account, actor, &Event::WebhookCreated(made.id));
    Ok(made)
}

/// Changes one into what `change` makes of it.
pub fn update(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: WebhookId,
    change: impl Fn(Draft) -> Draft,
    actor: &Actor,
) -> Result<Webhook> {
    account::service::lock(tx, account)?;
    // The inbox is held before the webhook is locked, as whoever deletes the inbox does it; the account's lock keeps
    // others from changing the webhook meanwhile.
    let seen = store::find(tx, account, id)?.ok_or(Error::NotFound("webhook"))?;
    let old = seen.to_draft();
    let draft = change(old.clone());
    check(&draft)?;
    hold_inbox(tx, account, draft.inbox_id)?;
    let before = store::lock(tx, account, id)?.ok_or(Error::NotFound("webhook"))?;
    let changes = Changes::default()
        .with("inbox_id", &old.inbox_id, &draft.inbox_id)
        .with("name", &old.name, &draft.name)
        .with("url", &old.url, &draft.url)
        .with("subscriptions", &old.subscriptions, &draft.subscriptions);
    if changes.is_empty() {
        return Ok(before);
    }
    if store::is_taken(tx, account, &draft.url, id)? {
        return Err(taken());
    }
    store::update(tx, account, id, &draft)?;
    if old.url != draft.url {
        delivery::service::address_changed(tx, Recipient { kind: EndpointKind::Webhook, subject: id.get() })?;
    }
    record(tx, account, actor, &Event::WebhookUpdated(id, changes));
    store::find(tx, account, id)?.ok_or(Error::NotFound("webhook"))
}

/// Gives one another secret; the one before stays good for a day.
pub fn reset_secret(tx: &mut Tx<'_>, account: AccountId, id: WebhookId, actor: &Actor) -> Result<Webhook> {
    let until = overlap_until(tx.now());
    let found = store::replace_secret(tx, account, id, &token::random(), until)?;
    let webhook = found.ok_or(Error::NotFound("webhook"))?;
    let changes = Changes::default().with_secret("secret", true);
    record(tx, account, actor, &Event::WebhookUpdated(id, changes));
    Ok(webhook)
}

/// Removes one.
pub fn delete(tx: &mut Tx<'_>, account: AccountId, id: WebhookId, actor: &Actor) -> Result<()> {
    if !store::delete(tx, account, id)? {
        return Err(Error::NotFound("webhook"));
    }
    record(tx, account, actor, &Event::WebhookDeleted(id));
    Ok(())
}

/// Removes those of an inbox that is locked to be deleted.
pub fn delete_of_inbox(tx: &mut Tx<'_>, account: AccountId, inbox: InboxId, actor: &Actor) -> Result<()> {
    for id in store::delete_of_inbox(tx, account, inbox)? {
        record(tx, account, actor, &Event::WebhookDeleted(id));
    }
    Ok(())
}

/// Fails unless the inbox, if there is one, is the account's and stays until the end of the transaction.
fn hold_inbox(tx: &mut Tx<'_>, account: AccountId, id: Option<InboxId>) -> Result<()> {
    match id {
        Some(id) if !inbox::store::hold(tx, account, id)? => Err(Error::NotFound("inbox")),
        _ => Ok(()),
    }
}

fn check(draft: &Draft) -> Result<()> {
    let problems = draft.problems();
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}

fn taken() -> Error {
    Error::invalid("url", "has already been taken")
}
