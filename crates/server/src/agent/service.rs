//! The rules of memberships.

use edge::{Error, Result};
use store::Tx;
use types::{AccountId, Availability, Role, UserId};

use super::{AccountUser, Agent, AgentChange, store as agents};
use crate::events::{Actor, Changes, Event, record};
use crate::user::{self, UserChange};

/// Makes the user a member; a member gets the new role.
pub fn add_member(tx: &mut Tx<'_>, account: AccountId, user: UserId, role: Role, actor: &Actor) -> Result<AccountUser> {
    upsert(tx, account, user, Some(role), actor)
}

/// Makes the user a member, an agent by default; a member gets the new role, if one is given (rest.md §5.2).
pub fn upsert(
    tx: &mut Tx<'_>,
    account: AccountId,
    user: UserId,
    role: Option<Role>,
    actor: &Actor,
) -> Result<AccountUser> {
    if !user::store::hold(tx, user)? {
        return Err(Error::invalid("user", "must exist"));
    }
    if let Some(added) = agents::insert(tx, account, user, role.unwrap_or(Role::Agent))? {
        agents::insert_notification_settings(tx, account, user)?;
        record(tx, account, actor, &Event::AgentAdded(user));
        return Ok(added);
    }
    let member = agents::lock_membership(tx, account, user)?.ok_or(Error::NotFound("agent"))?;
    let role = role.unwrap_or(member.role);
    update(tx, &member, role, member.availability, member.auto_offline, actor)
}

/// Ends a membership: the member leaves the account's inboxes and teams; false when there was none. Who takes its
/// conversations over is the caller's matter.
pub fn end_membership(tx: &mut Tx<'_>, account: AccountId, user: UserId, actor: &Actor) -> Result<bool> {
    // Locked before the rows that depend on it, as by those who add and pick members.
    if agents::lock_membership(tx, account, user)?.is_none() {
        return Ok(false);
    }
    agents::delete_member_rows(tx, account, user)?;
    agents::delete_membership(tx, account, user)?;
    record(tx, account, actor, &Event::AgentRemoved(user));
    Ok(true)
}

/// Changes a member; its name changes in all of its accounts (rest.md §5.6).
pub fn change(tx: &mut Tx<'_>, account: AccountId, user: UserId, change: &AgentChange, actor: &Actor) -> Result<Agent> {
    if let Some(name) = &change.name {
        if let Some(problem) = user::draft::name_problem(name) {
            return Err(Error::Invalid(vec![problem]));
        }
        user::service::update(tx, user, &UserChange { name: Some(name.clone()), ..UserChange::default() }, actor)?;
    }
    let member = agents::lock_membership(tx, account, user)?.ok_or(Error::NotFound("agent"))?;
    update(
        tx,
        &member,
        change.role.unwrap_or(member.role),
        change.availability.unwrap_or(member.availability),
        change.auto_offline.unwrap_or(member.auto_offline),
        actor,
    )?;
    agents::find(tx, account, user)?.ok_or(Error::NotFound("agent"))
}

/// Sets whether a member takes conversations, and whether that follows its presence.
pub fn set_availability(
    tx: &mut Tx<'_>,
    account: AccountId,
    user: UserId,
    availability: Availability,
    auto_offline: bool,
    actor: &Actor,
) -> Result<AccountUser> {
    let member = agents::lock_membership(tx, account, user)?.ok_or(Error::NotFound("agent"))?;
    update(tx, &member, member.role, availability, auto_offline, actor)
}

/// Notes that a member has gone to the account, which is its active one from now on. Nobody is told.
pub fn go_to_account(tx: &mut Tx<'_>, account: AccountId, user: UserId) -> Result<()> {
    if agents::set_active(tx, account, user)? { Ok(()) } else { Err(Error::NotFound("account")) }
}

fn update(
    tx: &mut Tx<'_>,
    member: &AccountUser,
    role: Role,
    availability: Availability,
    auto_offline: bool,
    actor: &Actor,
) -> Result<AccountUser> {
    if (member.role, member.availability, member.auto_offline) == (role, availability, auto_offline) {
        return Ok(member.clone());
    }
    let after = AccountUser { role, availability, auto_offline, updated_at: tx.now(), ..member.clone() };
    agents::update(tx, &after)?;
    let changes = Changes::default()
        .with("role", &member.role, &role)
        .with("availability", &member.availability, &availability)
        .with("auto_offline", &member.auto_offline, &auto_offline);
    record(tx, after.account_id, actor, &Event::AgentUpdated(after.user_id, changes));
    Ok(after)
}
