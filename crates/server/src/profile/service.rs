//! How users change themselves.

use edge::field::Int;
use edge::{Error, Result};
use types::{AccountId, UserId};

use super::change::{Change, NewPassword};
use crate::App;
use crate::access::CurrentUser;
use crate::agent::{self, AgentChange};
use crate::auth::limits::{self, Rule};
use crate::auth::service::{self as logins, PasswordHashes};
use crate::events::Actor;
use crate::file::picture::{self, Owner};
use crate::file::upload::NewFile;
use crate::user::wire::ProfileJson;
use crate::user::{self, UserChange};

/// What a user changes of itself, with all that takes time done.
pub struct Prepared {
    user: UserChange,
    email: Option<String>,
    password: Option<PasswordHashes>,
}

/// Compares and hashes passwords, and counts what is limited.
pub async fn prepare(app: &App, caller: &CurrentUser, change: Change) -> Result<Prepared> {
    let id = caller.id;
    let password = match change.password {
        Some(NewPassword { current, new }) => {
            count_try(app, limits::CURRENT_PASSWORD_BY_USER, &id.to_string())?;
            Some(logins::compare_and_hash(app, id, current, new).await?)
        }
        None => None,
    };
    let email = match change.email {
        // Clients send what they show, changed or not.
        Some(email) if email != find_email(app, id).await? => {
            count_try(app, limits::NEW_ADDRESS_BY_USER, &id.to_string())?;
            Some(email)
        }
        _ => None,
    };
    Ok(Prepared { user: change.user, email, password })
}

/// Changes the caller; gives it as it is afterwards.
pub async fn change(
    app: &App,
    caller: CurrentUser,
    prepared: Prepared,
    avatar: Option<NewFile>,
) -> Result<ProfileJson> {
    write(app, caller, move |tx, caller, actor| {
        if let Some(hashes) = &prepared.password {
            logins::replace_password(tx, caller.id, hashes, caller.session, actor)?;
        }
        user::service::update(tx, caller.id, &prepared.user, actor)?;
        // After the password, which takes an address back that was wanted before.
        if let Some(email) = &prepared.email {
            logins::want_email(tx, caller.id, email, actor)?;
        }
        if avatar.is_some() {
            picture::set(tx, Owner::User(caller.id), avatar.as_ref())?;
        }
        Ok(())
    })
    .await
}

/// Changes the caller's membership of one of its accounts; gives the caller as it is afterwards.
pub async fn change_membership(
    app: &App,
    caller: CurrentUser,
    account: Option<Int>,
    change: AgentChange,
) -> Result<ProfileJson> {
    let account = named(account)?;
    write(app, caller, move |tx, caller, actor| {
        agent::service::change(tx, account, caller.id, &change, actor).map(drop)
    })
    .await
}

/// Does `change` to the caller; gives the caller as it is afterwards.
pub async fn write<F>(app: &App, caller: CurrentUser, change: F) -> Result<ProfileJson>
where
    F: Fn(&mut store::Tx<'_>, &CurrentUser, &Actor) -> Result<()> + Send + Sync + 'static,
{
    let base_url = app.settings.base_url.clone();
    let actor = Actor::User { id: caller.id, name: caller.name.clone() };
    app.store
        .write(move |tx| {
            change(tx, &caller, &actor)?;
            Ok(logins::person(tx, caller.id)?.into_json(&base_url))
        })
        .await
}

/// The account that a request names.
pub fn named(account: Option<Int>) -> Result<AccountId> {
    account.map(Int::id).ok_or_else(|| Error::invalid("account_id", "can't be blank"))
}

async fn find_email(app: &App, id: UserId) -> Result<String> {
    let user = app.store.read(move |conn| user::store::find(conn, id)).await?;
    Ok(user.ok_or(Error::BadCredential)?.email)
}

/// Counts a try of the user, where tries are limited.
fn count_try(app: &App, rule: Rule, who: &str) -> Result<()> {
    if app.settings.sign_in_limits { app.limits.count(app.clock.now(), &[(rule, who)]) } else { Ok(()) }
}
