//! The rules of users.

use edge::field::Maybe;
use edge::{Error, Result};
use serde_json::{Map, Value, json};
use store::Tx;
use types::{AccountId, Json, UserId};

use super::{NewUser, User, UserChange, draft, normal_email, store as users};
use crate::deletion::{Purge, Subject};
use crate::events::Actor;
use crate::platform::audit;
use crate::{agent, auth, conversation, token};

/// The free attribute that users set by themselves.
const PHONE_NUMBER: &str = "phone_number";

/// Makes a user with an API key; gives both. Whoever has the address already is given instead, with its own name
/// and password, confirmed if `new` is.
pub fn create(tx: &mut Tx<'_>, new: &NewUser) -> Result<(UserId, String)> {
    match create_unknown(tx, new)? {
        Some(made) => Ok(made),
        None => find_existing(tx, &normal_email(&new.email), new.confirmed),
    }
}

/// Makes a user with an API key; gives both, or `None` when another one has the address.
pub fn create_unknown(tx: &mut Tx<'_>, new: &NewUser) -> Result<Option<(UserId, String)>> {
    let email = normal_email(&new.email);
    let problems: Vec<_> =
        [draft::name_problem(&new.name), draft::email_problem(&email)].into_iter().flatten().collect();
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let Some(user) = users::insert(tx, new, &email, &token::random())? else { return Ok(None) };
    let access_token = token::random();
    users::insert_access_token(tx, user, &access_token)?;
    audit::record(tx, "user.created", &json!({ "user_id": user }))?;
    Ok(Some((user, access_token)))
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
pub fn update(tx: &mut Tx<'_>, id: UserId, change: &UserChange, actor: &Actor) -> Result<User> {
    let before = users::lock(tx, id)?.ok_or(Error::NotFound("user"))?;
    let after = changed(&before, change);
    let is_known_as = |user: &User| {
        (user.name.clone(), user.display_name.clone(), user.email.clone(), user.custom_attributes.clone())
    };
    let is_same = is_known_as(&before) == is_known_as(&after);
    let own = (&before.message_signature, &before.ui_settings) == (&after.message_signature, &after.ui_settings);
    if !is_same || !own {
        users::update(tx, &after)?;
    }
    if let Some(hash) = &change.password_hash {
        auth::service::set_password(tx, id, hash, None, actor)?;
    } else if before.email != after.email {
        // Whoever has the address of before has those that were mailed there.
        auth::service::revoke_links(tx, id)?;
    }
    if !is_same {
        audit::record_by(tx, actor, "user.updated", &json!({ "user_id": id }))?;
    }
    Ok(after)
}

fn changed(before: &User, change: &UserChange) -> User {
    let mut after = before.clone();
    if let Some(name) = &change.name {
        after.name.clone_from(name);
    }
    after.display_name = change.display_name.clone().or_keep(after.display_name);
    if let Some(email) = &change.email {
        after.email.clone_from(email);
    }
    let mut attributes: Map<String, Value> = before.custom_attributes.read();
    attributes.extend(change.custom_attributes.clone());
    match &change.phone_number {
        Maybe::Absent => {}
        Maybe::Null => drop(attributes.remove(PHONE_NUMBER)),
        Maybe::Value(number) => drop(attributes.insert(PHONE_NUMBER.to_owned(), number.as_str().into())),
    }
    after.custom_attributes = Json::of(&attributes);
    after.message_signature = change.message_signature.clone().or_keep(after.message_signature);
    if let Some(settings) = &change.ui_settings {
        after.ui_settings = settings.clone();
    }
    after
}

/// Gives the user another API key; the one before is worth nothing from now on.
pub fn reset_token(tx: &mut Tx<'_>, id: UserId, actor: &Actor) -> Result<()> {
    users::lock(tx, id)?.ok_or(Error::NotFound("user"))?;
    users::update_access_token(tx, id, &token::random())?;
    audit::record_by(tx, actor, "user.token_reset", &json!({ "user_id": id }))
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
    }
    // Also where the user was removed as an agent, and not all of its conversations are free yet.
    for account in conversation::store::list_accounts_of_assignee(tx, id)? {
        conversation::change::count_as_unassigned(tx, account, id)?;
    }
    audit::record(tx, "user.deleted", &json!({ "user_id": id }))?;
    jobs::push(tx, &Purge { subject: Subject::User { id } })?;
    Ok(())
}
