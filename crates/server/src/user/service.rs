//! The rules of users.

use edge::{Error, Result};
use serde_json::{Map, Value, json};
use store::Tx;
use types::{AccountId, Json, UserId};

use super::{NewUser, User, UserChange, draft, normal_email, store as users};
use crate::deletion::{Purge, Subject};
use crate::events::Actor;
use crate::platform::audit;
use crate::{agent, auth, conversation, token};

/// Makes a user with an API key; gives both. Whoever has the address already is given instead, with its own name
/// and password, confirmed if `new` is.
pub fn create(tx: &mut Tx<'_>, new: &NewUser) -> Result<(UserId, String)> {
    let email = normal_email(&new.email);
    let problems: Vec<_> =
        [draft::name_problem(&new.name), draft::email_problem(&email)].into_iter().flatten().collect();
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let Some(user) = users::insert(tx, new, &email, &token::random())? else {
        return find_existing(tx, &email, new.confirmed);
    };
    let access_token = token::random();
    users::insert_access_token(tx, user, &access_token)?;
    audit::record(tx, "user.created", &json!({ "user_id": user }))?;
    Ok((user, access_token))
}

fn find_existing(tx: &mut Tx<'_>, email: &str, confirmed: bool) -> Result<(UserId, String)> {
    let user = users::find_id_by_email(tx, email)?.ok_or(Error::NotFound("user"))?;
    if confirmed {
        confirm(tx, user)?;
    }
    let user = users::find(tx, user)?.ok_or(Error::NotFound("user"))?;
    Ok((user.id, user.access_token))
}

/// Takes the user's address as confirmed; again does nothing.
pub fn confirm(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    if users::confirm(tx, user)? {
        audit::record(tx, "user.confirmed", &json!({ "user_id": user }))?;
    }
    Ok(())
}

/// Changes a user; what is not given stays. The address counts at once (rest.md §5.4).
pub fn update(tx: &mut Tx<'_>, id: UserId, change: &UserChange) -> Result<User> {
    let before = users::lock(tx, id)?.ok_or(Error::NotFound("user"))?;
    let mut after = before.clone();
    if let Some(name) = &change.name {
        after.name.clone_from(name);
    }
    after.display_name = change.display_name.clone().or_keep(after.display_name);
    if let Some(email) = &change.email {
        after.email.clone_from(email);
    }
    if !change.custom_attributes.is_empty() {
        let mut attributes: Map<String, Value> = before.custom_attributes.read();
        attributes.extend(change.custom_attributes.clone());
        after.custom_attributes = Json::of(&attributes);
    }
    let is_same = (&before.name, &before.display_name, &before.email, &before.custom_attributes)
        == (&after.name, &after.display_name, &after.email, &after.custom_attributes);
    if is_same && change.password_hash.is_none() {
        return Ok(before);
    }
    users::update(tx, &after)?;
    if let Some(hash) = &change.password_hash {
        auth::service::set_password(tx, id, hash, None, &Actor::Operator)?;
    }
    if !is_same {
        audit::record(tx, "user.updated", &json!({ "user_id": id }))?;
    }
    Ok(after)
}

/// Deletes a user: gone from every answer at once, its rows follow in a job (decisions §5). It leaves its accounts as
/// a removed agent does: its conversations are nobody's, what it wrote stays without sender.
pub fn delete(tx: &mut Tx<'_>, id: UserId, actor: &Actor) -> Result<()> {
    if !users::lock_to_delete(tx, id)? {
        return Err(Error::NotFound("user"));
    }
    let accounts = users::list_memberships(tx, id)?;
    users::set_deleting(tx, id)?;
    let mut accounts: Vec<AccountId> = accounts.into_iter().map(|membership| membership.account_id).collect();
    accounts.sort_unstable();
    for account in accounts {
        agent::service::end_membership(tx, account, id, actor)?;
        conversation::change::count_as_unassigned(tx, account, id)?;
    }
    audit::record(tx, "user.deleted", &json!({ "user_id": id }))?;
    jobs::push(tx, &Purge { subject: Subject::User { id } })?;
    Ok(())
}
