//! The rules of users.

use edge::{Error, Result};
use serde_json::json;
use store::Tx;
use types::UserId;

use super::{NewUser, draft, normal_email, store as users};
use crate::platform::audit;
use crate::token;

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
