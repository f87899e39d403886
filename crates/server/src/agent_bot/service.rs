//! The rules of agent bots.

use ::store::{Conn, Tx};
use edge::{Error, Result};
use serde_json::json;
use types::{AccountId, AgentBotId, EndpointKind, PlatformAppId};

use super::{AgentBot, Draft, store};
use crate::deletion::{Purge, Subject};
use crate::delivery::{self, Recipient};
use crate::events::{Actor, Changes, Event, record};
use crate::file::picture::{self, Owner};
use crate::platform::audit;
use crate::signing_secret::overlap_until;
use crate::{access, account, token};

/// The bot, if it was granted to `app`: 404 before the refusal (rest.md §2.6).
pub fn find_granted(conn: &mut Conn<'_>, app: PlatformAppId, id: AgentBotId) -> Result<AgentBot> {
    let bot = store::find(conn, id)?.ok_or(Error::NotFound("agent bot"))?;
    if access::is_granted_agent_bot(conn, app, id)? { Ok(bot) } else { Err(Error::Forbidden) }
}

/// Makes a bot with an API key and a secret.
pub fn create(tx: &mut Tx<'_>, draft: &Draft, actor: &Actor) -> Result<AgentBot> {
    check(draft)?;
    let id = store::insert(tx, draft, &token::random(), &token::random())?;
    tell(tx, draft.account_id, id, actor, &Event::AgentBotCreated(id))?;
    store::find(tx, id)?.ok_or(Error::NotFound("agent bot"))
}

/// Makes a bot for a platform app and grants it.
pub fn create_for_app(tx: &mut Tx<'_>, app: PlatformAppId, draft: &Draft) -> Result<AgentBot> {
    check_owner(tx, app, draft)?;
    let bot = create(tx, draft, &Actor::Operator)?;
    access::grant_agent_bot(tx, app, bot.id)?;
    Ok(bot)
}

/// Changes a bot of the account into what `change` makes of it; one of the whole installation is not found.
pub fn update(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: AgentBotId,
    change: impl Fn(Draft) -> Draft,
    actor: &Actor,
) -> Result<AgentBot> {
    let before = lock_own(tx, account, id)?;
    let draft = change(before.to_draft());
    apply(tx, before, &draft, actor)
}

/// Changes a bot that was granted to `app`.
pub fn update_for_app(
    tx: &mut Tx<'_>,
    app: PlatformAppId,
    id: AgentBotId,
    change: impl Fn(Draft) -> Draft,
) -> Result<AgentBot> {
    let before = lock_granted(tx, app, id)?;
    let draft = change(before.to_draft());
    if draft.account_id != before.account_id {
        check_owner(tx, app, &draft)?;
    }
    apply(tx, before, &draft, &Actor::Operator)
}

/// Gives a bot of the account another API key; the one before is worth nothing from now on.
pub fn reset_token(tx: &mut Tx<'_>, account: AccountId, id: AgentBotId, actor: &Actor) -> Result<AgentBot> {
    lock_own(tx, account, id)?;
    store::update_token(tx, id, &token::random())?;
    record(tx, account, actor, &Event::AgentBotTokenReset(id));
    store::find(tx, id)?.ok_or(Error::NotFound("agent bot"))
}

/// Gives a bot of the account another secret; the one before stays good for a day.
pub fn reset_secret(tx: &mut Tx<'_>, account: AccountId, id: AgentBotId, actor: &Actor) -> Result<AgentBot> {
    lock_own(tx, account, id)?;
    let until = overlap_until(tx.now());
    store::replace_secret(tx, id, &token::random(), until)?;
    let changes = Changes::default().with_secret("secret", true);
    record(tx, account, actor, &Event::AgentBotUpdated(id, changes));
    store::find(tx, id)?.ok_or(Error::NotFound("agent bot"))
}

/// Takes the picture of a bot of the account, if it has one.
pub fn remove_picture(tx: &mut Tx<'_>, account: AccountId, id: AgentBotId) -> Result<AgentBot> {
    let bot = lock_own(tx, account, id)?;
    without_picture(tx, bot)
}

/// The same of a bot that was granted to `app`.
pub fn remove_picture_for_app(tx: &mut Tx<'_>, app: PlatformAppId, id: AgentBotId) -> Result<AgentBot> {
    let bot = lock_granted(tx, app, id)?;
    without_picture(tx, bot)
}

fn without_picture(tx: &mut Tx<'_>, bot: AgentBot) -> Result<AgentBot> {
    let avatar = picture::set(tx, Owner::of_bot(&bot), None)?;
    Ok(AgentBot { avatar, ..bot })
}

/// Removes a bot of the account: it leaves its inboxes, and what it wrote stays without sender (rest.md §5.5).
pub fn delete(tx: &mut Tx<'_>, account: AccountId, id: AgentBotId, actor: &Actor) -> Result<()> {
    let bot = lock_own(tx, account, id)?;
    remove(tx, &bot, actor)
}

/// Removes a bot that was granted to `app`.
pub fn delete_for_app(tx: &mut Tx<'_>, app: PlatformAppId, id: AgentBotId) -> Result<()> {
    let bot = lock_granted(tx, app, id)?;
    remove(tx, &bot, &Actor::Operator)
}

fn lock_own(tx: &mut Tx<'_>, account: AccountId, id: AgentBotId) -> Result<AgentBot> {
    let bot = store::lock(tx, id)?.filter(|bot| bot.account_id == Some(account));
    bot.ok_or(Error::NotFound("agent bot"))
}

fn lock_granted(tx: &mut Tx<'_>, app: PlatformAppId, id: AgentBotId) -> Result<AgentBot> {
    find_granted(tx, app, id)?;
    store::lock(tx, id)?.ok_or(Error::NotFound("agent bot"))
}

fn apply(tx: &mut Tx<'_>, before: AgentBot, draft: &Draft, actor: &Actor) -> Result<AgentBot> {
    check(draft)?;
    let old = before.to_draft();
    let changes = Changes::default()
        .with("account_id", &old.account_id, &draft.account_id)
        .with("name", &old.name, &draft.name)
        .with("description", &old.description, &draft.description)
        .with("outgoing_url", &old.outgoing_url, &draft.outgoing_url)
        .with("bot_config", &old.bot_config, &draft.bot_config);
    if changes.is_empty() {
        return Ok(before);
    }
    store::update(tx, before.id, draft)?;
    if old.outgoing_url != draft.outgoing_url {
        delivery::service::address_changed(tx, Recipient { kind: EndpointKind::AgentBot, subject: before.id.get() })?;
    }
    if let Some(owner) = draft.account_id.filter(|owner| old.account_id != Some(*owner)) {
        // What one account owns answers nobody else's contacts.
        disconnect(tx, before.id, Some(owner), actor)?;
    }
    let event = Event::AgentBotUpdated(before.id, changes);
    tell(tx, old.account_id, before.id, actor, &event)?;
    if draft.account_id != old.account_id {
        picture::give_with_bot(tx, before.id, draft.account_id)?;
        tell(tx, draft.account_id, before.id, actor, &event)?;
    }
    store::find(tx, before.id)?.ok_or(Error::NotFound("agent bot"))
}

fn remove(tx: &mut Tx<'_>, bot: &AgentBot, actor: &Actor) -> Result<()> {
    disconnect(tx, bot.id, None, actor)?;
    store::hide(tx, bot.id)?;
    tell(tx, bot.account_id, bot.id, actor, &Event::AgentBotDeleted(bot.id))?;
    ::jobs::push(tx, &Purge { subject: Subject::AgentBot { id: bot.id } })?;
    Ok(())
}

fn disconnect(tx: &mut Tx<'_>, id: AgentBotId, kept: Option<AccountId>, actor: &Actor) -> Result<()> {
    for (account, inbox) in store::disconnect(tx, id, kept)? {
        record(tx, account, actor, &Event::AgentBotDisconnected(inbox, id));
    }
    Ok(())
}

/// The account hears of its own bots; what happens to those of the whole installation is noted apart (decisions §4).
fn tell(tx: &mut Tx<'_>, owner: Option<AccountId>, id: AgentBotId, actor: &Actor, event: &Event) -> Result<()> {
    match owner {
        Some(account) => record(tx, account, actor, event),
        None => audit::record(tx, event.name(), &json!({ "agent_bot_id": id }))?,
    }
    Ok(())
}

/// An app may make bots of the accounts that it was granted, and of the whole installation.
fn check_owner(conn: &mut Conn<'_>, app: PlatformAppId, draft: &Draft) -> Result<()> {
    let Some(owner) = draft.account_id else { return Ok(()) };
    let is_there = account::store::find(conn, owner)?.is_some() && access::is_granted_account(conn, app, owner)?;
    if is_there { Ok(()) } else { Err(Error::invalid("account", "must exist")) }
}

fn check(draft: &Draft) -> Result<()> {
    let problems = draft.problems();
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}
