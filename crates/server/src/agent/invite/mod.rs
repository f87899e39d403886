//! How people become members: by an administrator who knows their e-mail address (rest.md §5.6, semantics §9.4).

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use ::store::Tx;
use edge::{Error, Result};
use types::{Availability, Json, Role, UserId};

use super::{Agent, Invitation, store};
use crate::access::Member;
use crate::account::{self, Account};
use crate::events::{Actor, Event, record};
use crate::user::{self, NewUser, draft, invitation, normal_email, password};

/// Addresses of one request at most.
const MOST_EMAILS: usize = 500;

/// Makes somebody a member. Who has the address is added with its own name and password; else a user is made who
/// has to confirm the address.
pub fn invite(tx: &mut Tx<'_>, inviter: &Member, wanted: &Invitation) -> Result<Agent> {
    let account = account::service::lock(tx, inviter.account_id)?;
    check_room(tx, &account, 1)?;
    let user = find_or_create(tx, wanted)?;
    if store::find(tx, account.id, user)?.is_some() {
        return Err(Error::invalid("user_id", "has already been taken"));
    }
    add(tx, inviter, user, wanted)?;
    store::find(tx, account.id, user)?.ok_or(Error::NotFound("agent"))
}

/// Makes many people members, or none when the account has no room for all of them. Members stay as they are.
pub fn invite_many(tx: &mut Tx<'_>, inviter: &Member, wanted: &[Invitation]) -> Result<()> {
    let account = account::service::lock(tx, inviter.account_id)?;
    let members: BTreeSet<String> = store::list_emails(tx, account.id)?.into_iter().collect();
    let new: Vec<&Invitation> = wanted.iter().filter(|wanted| !members.contains(&wanted.email)).collect();
    check_room(tx, &account, new.len())?;
    for wanted in new {
        let user = find_or_create(tx, wanted)?;
        add(tx, inviter, user, wanted)?;
    }
    Ok(())
}

/// Who is meant by `emails`: each once, without what is no address. They are offline agents, named after the part
/// before the `@`.
pub fn read_many(emails: &[String]) -> Result<Vec<Invitation>> {
    if emails.len() > MOST_EMAILS {
        return Err(Error::Refused(format!("emails may have at most {MOST_EMAILS} addresses")));
    }
    let emails: BTreeSet<String> = emails.iter().map(|email| normal_email(email)).collect();
    let emails = emails.into_iter().filter(|email| draft::email_problem(email).is_none());
    let invitation = |email: String| Invitation {
        name: email.split('@').next().unwrap_or_default().to_owned(),
        email,
        role: Role::Agent,
        availability: Availability::Offline,
        auto_offline: false,
    };
    Ok(emails.map(invitation).collect())
}

fn find_or_create(tx: &mut Tx<'_>, wanted: &Invitation) -> Result<UserId> {
    let email = normal_email(&wanted.email);
    if let Some(user) = user::store::find_id_by_email(tx, &email)? {
        return Ok(user);
    }
    let new = NewUser {
        name: wanted.name.clone(),
        email,
        display_name: None,
        password_hash: password::NONE.into(),
        custom_attributes: Json::object(),
        confirmed: false,
    };
    Ok(user::service::create(tx, &new)?.0)
}

fn add(tx: &mut Tx<'_>, inviter: &Member, user: UserId, wanted: &Invitation) -> Result<()> {
    let account = inviter.account_id;
    if !user::store::hold(tx, user)? || !store::insert_invited(tx, account, user, inviter.user_id, wanted)? {
        return Err(Error::Conflict("the user is being added or deleted".into()));
    }
    store::insert_notification_settings(tx, account, user)?;
    record(tx, account, &Actor::from(inviter), &Event::AgentAdded(user));
    invitation::invite(tx, account, inviter.user_id, user)
}

/// Fails when the account may not have so many agents more.
fn check_room(tx: &mut Tx<'_>, account: &Account, more: usize) -> Result<()> {
    let Some(most) = account.limit("agents") else { return Ok(()) };
    let wanted = store::count(tx, account.id)?.saturating_add(i64::try_from(more).unwrap_or(i64::MAX));
    if more == 0 || wanted <= most { Ok(()) } else { Err(Error::LimitReached("agents")) }
}
