//! The rules of teams and of who is in them.

use ::store::{Conn, Tx};
use edge::{Error, Result};
use types::{AccountId, TeamId, UserId};

use super::wire::TeamJson;
use super::{Draft, Team, store};
use crate::access::Member;
use crate::events::{Actor, Changes, Event, record};
use crate::{account, agent};

/// The team, as `viewer` sees it.
pub fn show(conn: &mut Conn<'_>, account: AccountId, viewer: UserId, id: TeamId) -> Result<TeamJson> {
    store::list_by_ids(conn, account, Some(viewer), &[id])?.pop().ok_or(Error::NotFound("team"))
}

/// Makes a team without members.
pub fn create(tx: &mut Tx<'_>, account: AccountId, draft: &Draft, actor: &Actor) -> Result<Team> {
    check(draft)?;
    account::service::lock(tx, account)?;
    let team = store::insert(tx, account, draft)?.ok_or_else(taken)?;
    record(tx, account, actor, &Event::TeamCreated(team.id));
    Ok(team)
}

/// Changes a team into what `change` makes of it: 404 before 403 (rest.md §2.2).
pub fn update(tx: &mut Tx<'_>, member: &Member, id: TeamId, change: impl Fn(Draft) -> Draft) -> Result<()> {
    let account = member.account_id;
    account::service::lock(tx, account)?;
    let before = lock_administered(tx, member, id)?;
    let draft = change(before.to_draft());
    check(&draft)?;
    let changes = Changes::default()
        .with("name", &before.name, &draft.name)
        .with("description", &before.description, &draft.description)
        .with("allow_auto_assign", &before.allow_auto_assign, &draft.allow_auto_assign);
    if changes.is_empty() {
        return Ok(());
    }
    if store::is_name_taken(tx, account, &draft.name, id)? {
        return Err(taken());
    }
    store::update(tx, account, id, &draft)?;
    record(tx, account, &Actor::from(member), &Event::TeamUpdated(id, changes));
    Ok(())
}

/// Removes a team: its conversations stay without team, and nobody is told of each of them (semantics §1.4).
pub fn delete(tx: &mut Tx<'_>, member: &Member, id: TeamId) -> Result<()> {
    lock_administered(tx, member, id)?;
    store::delete(tx, member.account_id, id)?;
    record(tx, member.account_id, &Actor::from(member), &Event::TeamDeleted(id));
    Ok(())
}

/// Adds members of the account to a locked team; gives those who were not in it, by id.
pub fn add_members(
    tx: &mut Tx<'_>,
    account: AccountId,
    team: TeamId,
    users: &[UserId],
    actor: &Actor,
) -> Result<Vec<UserId>> {
    must_be_members(tx, account, users)?;
    let mut added = store::insert_members(tx, account, team, users)?;
    added.sort_by_key(|user| users.iter().position(|given| given == user));
    for user in &added {
        record(tx, account, actor, &Event::TeamMemberAdded(team, *user));
    }
    Ok(added)
}

/// Makes `users` of the account the members of a locked team, and nobody else.
pub fn set_members(tx: &mut Tx<'_>, account: AccountId, team: TeamId, users: &[UserId], actor: &Actor) -> Result<()> {
    add_members(tx, account, team, users, actor)?;
    let mut others = store::list_member_ids(tx, account, team)?;
    others.retain(|user| !users.contains(user));
    remove(tx, account, team, &others, actor)
}

/// Takes `users` of the account out of a locked team; whoever is not in it is ignored.
pub fn remove_members(
    tx: &mut Tx<'_>,
    account: AccountId,
    team: TeamId,
    users: &[UserId],
    actor: &Actor,
) -> Result<()> {
    must_be_members(tx, account, users)?;
    remove(tx, account, team, users, actor)
}

/// The team, locked, for an administrator: 404 before 403 (rest.md §2.2).
pub fn lock_administered(tx: &mut Tx<'_>, member: &Member, id: TeamId) -> Result<Team> {
    store::find(tx, member.account_id, id)?.ok_or(Error::NotFound("team"))?;
    member.must_administer()?;
    store::lock(tx, member.account_id, id)?.ok_or(Error::NotFound("team"))
}

fn remove(tx: &mut Tx<'_>, account: AccountId, team: TeamId, users: &[UserId], actor: &Actor) -> Result<()> {
    for user in store::delete_members(tx, account, team, users)? {
        record(tx, account, actor, &Event::TeamMemberRemoved(team, user));
    }
    Ok(())
}

/// Nobody of them leaves the account before the transaction ends.
fn must_be_members(tx: &mut Tx<'_>, account: AccountId, users: &[UserId]) -> Result<()> {
    if agent::store::hold_all(tx, account, users)? { Ok(()) } else { Err(Error::invalid("user", "must exist")) }
}

fn check(draft: &Draft) -> Result<()> {
    let problems = draft.problems();
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}

fn taken() -> Error {
    Error::invalid("name", "has already been taken")
}
