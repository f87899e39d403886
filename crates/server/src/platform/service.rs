//! The rules of platform apps: what they were granted, and what they make.

use edge::{Error, Result};
use serde_json::json;
use store::{Conn, Tx};
use types::{AccountId, PlatformAppId, UserId};

use super::{audit, store as apps};
use crate::account::{Account, NewAccount};
use crate::events::Actor;
use crate::user::wire::{NewUserBody, PlatformUserJson};
use crate::user::{NewUser, User};
use crate::{App, access, account, token, user};

/// Makes a platform app; gives its id and its API key.
pub fn create_app(tx: &mut Tx<'_>, name: &str) -> Result<(PlatformAppId, String)> {
    if name.trim().is_empty() {
        return Err(Error::invalid("name", "can't be blank"));
    }
    let token = token::random();
    let app = apps::insert_app(tx, name, &token)?;
    audit::record(tx, "platform_app.created", &json!({ "platform_app_id": app }))?;
    Ok((app, token))
}

/// The account, if it was granted to `app`: 404 before the refusal (rest.md §2.6).
pub fn find_granted_account(conn: &mut Conn<'_>, app: PlatformAppId, id: AccountId) -> Result<Account> {
    let account = account::store::find(conn, id)?.ok_or(Error::NotFound("account"))?;
    if access::is_granted_account(conn, app, id)? { Ok(account) } else { Err(Error::Forbidden) }
}

/// The user, if it was granted to `app`: 404 before the refusal (rest.md §2.6).
pub fn find_granted_user(conn: &mut Conn<'_>, app: PlatformAppId, id: UserId) -> Result<User> {
    let user = user::store::find(conn, id)?.ok_or(Error::NotFound("user"))?;
    if access::is_granted_user(conn, app, id)? { Ok(user) } else { Err(Error::Forbidden) }
}

/// Makes an account and grants it to `app`.
pub fn create_account(tx: &mut Tx<'_>, app: PlatformAppId, new: &NewAccount) -> Result<Account> {
    let account = account::service::create(tx, new, &Actor::Operator)?;
    access::grant_account(tx, app, account.id)?;
    Ok(account)
}

/// Makes a user and grants it to `caller`. Whoever has the address already is granted instead: it keeps its name
/// and its password, but counts as confirmed (rest.md §5.4).
pub async fn create_user(app: &App, caller: PlatformAppId, body: NewUserBody) -> Result<PlatformUserJson> {
    let email = user::normal_email(body.email.as_ref().map_or("", |email| email.as_str()));
    let known = app.store.read(move |conn| user::store::find_id_by_email(conn, &email)).await?;
    let wanted = match known {
        Some(user) => Wanted::Known(user),
        None => Wanted::New(user::draft::read(body)?.into_confirmed().await?),
    };
    let base_url = app.settings.base_url.clone();
    app.store
        .write(move |tx| {
            let id = match &wanted {
                Wanted::Known(user) => {
                    user::service::confirm(tx, *user)?;
                    *user
                }
                Wanted::New(new) => user::service::create(tx, new)?.0,
            };
            let user = user::store::find(tx, id)?.ok_or(Error::NotFound("user"))?;
            access::grant_user(tx, caller, id)?;
            Ok::<_, Error>(PlatformUserJson::new(user, user::store::list_memberships(tx, id)?, &base_url))
        })
        .await
}

/// Who is to be granted.
enum Wanted {
    /// A user who has the address.
    Known(UserId),
    /// One to be made.
    New(NewUser),
}
