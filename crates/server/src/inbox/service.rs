//! The rules of inboxes.

use std::mem;

use ::store::{Conn, Tx};
use edge::{Error, Problem, Result};
use serde_json::json;
use types::{AccountId, AgentBotId, EndpointKind, InboxId, UserId};

use super::body::InboxBody;
use super::channel::Channel;
use super::draft::Draft;
use super::hours::draft::WorkingDayBody;
use super::wire::WorkingHoursJson;
use super::{Inbox, hours, store};
use crate::access::Member;
use crate::deletion::{Purge, Subject};
use crate::delivery::{self, Recipient};
use crate::events::{Actor, Changes, Event, record};
use crate::file::picture::{self, Owner};
use crate::file::upload::NewFile;
use crate::platform::audit;
use crate::signing_secret::overlap_until;
use crate::{account, agent, agent_bot, assignment, conversation, integration, token, webhook};

/// The inbox with this id, if the member sees it: 404 before 403 (rest.md §2.2).
pub fn find_visible(conn: &mut Conn<'_>, member: &Member, id: InboxId) -> Result<Inbox> {
    let inbox = store::find(conn, member.account_id, id)?.ok_or(Error::NotFound("inbox"))?;
    member.must_see_inbox(conn, inbox.id)?;
    Ok(inbox)
}

/// The inboxes that the member sees, by id: all for administrators, else those it belongs to.
pub fn list_visible(conn: &mut Conn<'_>, member: &Member) -> Result<Vec<Inbox>> {
    if member.is_administrator() {
        store::list(conn, member.account_id)
    } else {
        store::list_of_member(conn, member.account_id, member.user_id)
    }
}

/// Makes an inbox with its channel and the usual opening hours; it has no members yet.
pub fn create(tx: &mut Tx<'_>, account: AccountId, draft: &Draft, actor: &Actor) -> Result<Inbox> {
    let limit = account::service::lock(tx, account)?.limit("inboxes");
    if let Some(most) = limit
        && store::count(tx, account)? >= most
    {
        return Err(Error::LimitReached("inboxes"));
    }
    let channel = store::insert_channel(tx, account, &draft.channel)?;
    let id = store::insert(tx, account, channel, draft)?;
    hours::insert_defaults(tx, account, id)?;
    record(tx, account, actor, &Event::InboxCreated(id));
    store::find(tx, account, id)?.ok_or(Error::NotFound("inbox"))
}

/// Deletes an inbox with its channel, sessions, conversations and messages: gone from every answer at once, its rows
/// follow in a job (decisions §5). Its addresses are free again.
pub fn delete(tx: &mut Tx<'_>, account: AccountId, id: InboxId, actor: &Actor) -> Result<()> {
    let channel = store::lock_to_delete(tx, account, id)?.ok_or(Error::NotFound("inbox"))?;
    store::set_deleting(tx, account, id)?;
    store::free_addresses(tx, account, &[channel])?;
    store::disconnect_bot(tx, account, id)?;
    webhook::service::delete_of_inbox(tx, account, id, actor)?;
    integration::service::delete_of_inbox(tx, account, id, actor)?;
    conversation::change::uncount_of_inbox(tx, account, id)?;
    audit::record_in(tx, account, actor, "inbox.deleted", &json!({ "inbox_id": id }))?;
    jobs::push(tx, &Purge { subject: Subject::Inbox { account_id: account, id } })?;
    record(tx, account, actor, &Event::InboxDeleted(id));
    Ok(())
}

/// Changes an inbox, its channel and its opening hours as `body` says: 404 before 403 (rest.md §2.2).
///
/// Nothing is written when nothing differs.
pub fn update(
    tx: &mut Tx<'_>,
    member: &Member,
    id: InboxId,
    body: &InboxBody,
    avatar: Option<&NewFile>,
) -> Result<Inbox> {
    let inbox = lock_administered(tx, member, id)?;
    let account = inbox.account_id;
    let before = Draft::of(&inbox);
    let mut after = before.clone();
    after.apply(body)?;
    let mut changes = before.changes_to(&after);
    if !changes.is_empty() {
        store::update(tx, &inbox, &after)?;
    }
    if changes.contains("webhook_url") {
        delivery::service::address_changed(tx, Recipient { kind: EndpointKind::Inbox, subject: id.get() })?;
    }
    if let Some(days) = &body.working_hours {
        let stored = hours::list(tx, account, &[id])?;
        set_hours(tx, account, id, &days.0)?;
        let stored_now = hours::list(tx, account, &[id])?;
        changes = changes.with("working_hours", &hours_json(stored), &hours_json(stored_now));
    }
    if avatar.is_some() {
        picture::set(tx, Owner::Inbox(account, id), avatar)?;
        changes = changes.with_secret("avatar_url", true);
    }
    if changes.is_empty() {
        return Ok(inbox);
    }
    record(tx, account, &Actor::from(member), &Event::InboxUpdated(id, changes));
    store::find(tx, account, id)?.ok_or(Error::NotFound("inbox"))
}

/// Changes the opening hours of the days that `days` names; what is wrong is told of the inbox's field.
pub fn set_hours(tx: &mut Tx<'_>, account: AccountId, inbox: InboxId, days: &[WorkingDayBody]) -> Result<()> {
    let stored = hours::list(tx, account, &[inbox])?;
    let days = hours::draft::read(days, &stored).map_err(|error| match error {
        Error::Invalid(problems) => {
            let of_inbox = |problem: Problem| Problem { field: "working_hours".into(), ..problem };
            Error::Invalid(problems.into_iter().map(of_inbox).collect())
        }
        other => other,
    })?;
    hours::replace(tx, account, inbox, &days)
}

fn hours_json(days: Vec<hours::WorkingDay>) -> Vec<WorkingHoursJson> {
    days.into_iter().map(WorkingHoursJson::from).collect()
}

/// Gives an API inbox another secret for its webhook; the one before stays good for a day. 404 before 403; other
/// channels have none and are not found (superset §9).
pub fn reset_secret(tx: &mut Tx<'_>, member: &Member, id: InboxId) -> Result<Inbox> {
    let inbox = lock_administered(tx, member, id)?;
    let account = inbox.account_id;
    let mut after = Draft::of(&inbox);
    let Channel::Api { settings, .. } = &mut after.channel else { return Err(Error::NotFound("inbox")) };
    let before = mem::replace(&mut settings.secret, token::random());
    let until = overlap_until(tx.now());
    store::update(tx, &inbox, &after)?;
    store::keep_secret(tx, &inbox, &before, until)?;
    let changes = Changes::default().with_secret("secret", true);
    record(tx, account, &Actor::from(member), &Event::InboxUpdated(id, changes));
    store::find(tx, account, id)?.ok_or(Error::NotFound("inbox"))
}

/// Takes the picture of an inbox, if it has one: 404 before 403.
pub fn remove_picture(tx: &mut Tx<'_>, member: &Member, id: InboxId) -> Result<()> {
    let inbox = lock_administered(tx, member, id)?;
    if inbox.avatar.is_some() {
        picture::set(tx, Owner::Inbox(inbox.account_id, id), None)?;
        let changes = Changes::default().with_secret("avatar_url", true);
        record(tx, inbox.account_id, &Actor::from(member), &Event::InboxUpdated(id, changes));
    }
    Ok(())
}

/// The inbox, locked, for an administrator: 404 before 403 (rest.md §2.2).
pub fn lock_administered(tx: &mut Tx<'_>, member: &Member, id: InboxId) -> Result<Inbox> {
    store::find(tx, member.account_id, id)?.ok_or(Error::NotFound("inbox"))?;
    member.must_administer()?;
    store::lock(tx, member.account_id, id)?.ok_or(Error::NotFound("inbox"))
}

/// Fails unless the member sees every one of `inboxes`, of which there must be one: 404 before 403.
pub fn must_see_all(conn: &mut Conn<'_>, member: &Member, inboxes: &[InboxId]) -> Result<()> {
    let found = store::list_by_ids(conn, member.account_id, inboxes)?;
    if found.is_empty() || found.len() != inboxes.len() {
        return Err(Error::NotFound("inbox"));
    }
    if member.is_administrator() {
        return Ok(());
    }
    let own = store::list_of_member(conn, member.account_id, member.user_id)?;
    let sees = |id: &InboxId| own.iter().any(|inbox| inbox.id == *id);
    if inboxes.iter().all(sees) { Ok(()) } else { Err(Error::Forbidden) }
}

/// Lets a bot answer in an inbox before people do, instead of the one before; `None`: none does.
///
/// A bot of another account is not found.
pub fn set_bot(tx: &mut Tx<'_>, member: &Member, id: InboxId, bot: Option<AgentBotId>) -> Result<()> {
    let account = lock_administered(tx, member, id)?.account_id;
    if let Some(bot) = bot
        && !agent_bot::store::hold_usable(tx, account, bot)?
    {
        return Err(Error::NotFound("agent bot"));
    }
    if store::find_bot(tx, account, id)? == bot {
        return Ok(());
    }
    let actor = Actor::from(member);
    if let Some(before) = store::set_bot(tx, account, id, bot)? {
        record(tx, account, &actor, &Event::AgentBotDisconnected(id, before));
    }
    if let Some(bot) = bot {
        record(tx, account, &actor, &Event::AgentBotConnected(id, bot));
    }
    Ok(())
}

/// Makes `users` of the account the members of a locked inbox, and nobody else; who stays keeps the place in the
/// assignment queue.
pub fn set_members(tx: &mut Tx<'_>, account: AccountId, inbox: InboxId, users: &[UserId], actor: &Actor) -> Result<()> {
    add_members(tx, account, inbox, users, actor)?;
    let mut others = store::list_member_ids(tx, account, inbox)?;
    others.retain(|user| !users.contains(user));
    delete_members(tx, account, inbox, &others, actor)
}

/// Takes `users` of the account out of a locked inbox; who is not in it is not found, and then all stay (recorded).
///
/// Conversations stay with those who leave.
pub fn remove_members(
    tx: &mut Tx<'_>,
    account: AccountId,
    inbox: InboxId,
    users: &[UserId],
    actor: &Actor,
) -> Result<()> {
    must_be_members(tx, account, users)?;
    let members = store::list_member_ids(tx, account, inbox)?;
    if !users.iter().all(|user| members.contains(user)) {
        return Err(Error::NotFound("inbox member"));
    }
    delete_members(tx, account, inbox, users, actor)
}

fn delete_members(tx: &mut Tx<'_>, account: AccountId, inbox: InboxId, users: &[UserId], actor: &Actor) -> Result<()> {
    for user in store::delete_members(tx, account, inbox, users)? {
        record(tx, account, actor, &Event::InboxMemberRemoved(inbox, user));
    }
    Ok(())
}

/// Nobody of them leaves the account before the transaction ends.
fn must_be_members(tx: &mut Tx<'_>, account: AccountId, users: &[UserId]) -> Result<()> {
    if agent::store::hold_all(tx, account, users)? { Ok(()) } else { Err(Error::invalid("user", "must exist")) }
}

/// Adds users of the account to an inbox; whoever is a member already stays as it is.
///
/// Those who join go to the end of the assignment queue, among each other by id.
pub fn add_members(tx: &mut Tx<'_>, account: AccountId, inbox: InboxId, users: &[UserId], actor: &Actor) -> Result<()> {
    if users.is_empty() {
        return Ok(());
    }
    if !store::hold(tx, account, inbox)? {
        return Err(Error::NotFound("inbox"));
    }
    must_be_members(tx, account, users)?;
    let turn = assignment::next_turn(tx, account, inbox)?;
    for user in store::insert_members(tx, account, inbox, users, turn)? {
        record(tx, account, actor, &Event::InboxMemberAdded(inbox, user));
    }
    Ok(())
}
