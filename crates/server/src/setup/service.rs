//! The rules of setting up (rest.md §8: `/installation/onboarding`).

use std::time::Duration;

use edge::field::Text;
use edge::{Error, Problem, Result};
use serde_json::json;
use store::{Conn, Tx};
use types::{Json, Role, Timestamp};

use super::{store as links, wire::SetupForm};
use crate::account::{self, NewAccount};
use crate::auth::service::{self as logins, SignedIn};
use crate::events::Actor;
use crate::platform::audit;
use crate::user::{self, NewUser, draft, normal_email, password};
use crate::{App, BaseUrl, agent, token};

/// How long the link works.
const LASTS: Duration = Duration::from_hours(24);

/// The link that sets up the first account. Those before it are worthless; refused once there is a user.
pub fn issue_link(tx: &mut Tx<'_>, base_url: &str) -> Result<String> {
    let secret = token::random();
    let expires_at = tx.now().plus(LASTS);
    // First the row, on which whoever sets up at the same time waits or is waited for; then the look.
    links::replace(tx, &token::digest(&secret), expires_at)?;
    if links::has_users(tx)? {
        return Err(Error::Refused("this installation has users: an administrator can add others".into()));
    }
    audit::record(tx, "setup_link.issued", &json!({}))?;
    Ok(format!("{base_url}/installation/onboarding?token={secret}"))
}

/// Whether there is no user yet, so that somebody has to set up the installation.
pub fn is_needed(conn: &mut Conn<'_>) -> Result<bool> {
    Ok(!links::has_users(conn)?)
}

/// Whether the link with this secret can be used.
pub fn is_good(conn: &mut Conn<'_>, secret: &str, now: Timestamp) -> Result<bool> {
    Ok(links::is_good(conn, &token::digest(secret), now)? && is_needed(conn)?)
}

/// What is wrong with the form, every field of it.
fn problems(form: &Filled) -> Vec<Problem> {
    let problems = [
        account::draft::name_problem(&form.account_name).map(|problem| Problem::new("account_name", problem)),
        draft::name_problem(&form.name),
        draft::email_problem(&form.email),
    ];
    let password = logins::must_be_confirmed_twice(&form.password, form.password_confirmation.as_deref());
    let of_password = match password {
        Err(Error::Invalid(problems)) => problems,
        _ => Vec::new(),
    };
    problems.into_iter().flatten().chain(of_password).collect()
}

// Holds secrets: not to be printed.
/// The form, trimmed.
pub struct Filled {
    /// The link's secret.
    pub secret: String,
    /// What the account is called.
    pub account_name: String,
    /// The administrator's full name.
    pub name: String,
    /// The administrator's address.
    pub email: String,
    password: String,
    password_confirmation: Option<String>,
}

impl From<SetupForm> for Filled {
    fn from(form: SetupForm) -> Self {
        let text = |field: Option<Text>| field.map(String::from).unwrap_or_default();
        let line = |field| text(field).trim().to_owned();
        Self {
            secret: line(form.token),
            account_name: line(form.account_name),
            name: line(form.name),
            email: normal_email(&text(form.email)),
            password: text(form.password),
            password_confirmation: form.password_confirmation.map(String::from),
        }
    }
}

/// Makes the first account and its administrator, who is signed in; of two that try at once one does.
pub async fn set_up(app: &App, form: &Filled) -> Result<SignedIn> {
    let (secret, now) = (form.secret.clone(), app.clock.now());
    let is_good = app.store.read(move |conn| is_good(conn, &secret, now)).await?;
    if !is_good {
        return Err(Error::BadLink);
    }
    let problems = problems(form);
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let account = NewAccount { name: form.account_name.clone(), ..NewAccount::default() };
    let administrator = NewUser {
        name: form.name.clone(),
        email: form.email.clone(),
        display_name: None,
        password_hash: password::hash(form.password.clone()).await?,
        custom_attributes: Json::object(),
        // The operator sets up: there is nobody else to vouch for an address.
        confirmed: true,
    };
    let digest = token::digest(&form.secret);
    app.store.write(move |tx| create(tx, &digest, &account, &administrator)).await
}

fn create(tx: &mut Tx<'_>, digest: &str, account: &NewAccount, administrator: &NewUser) -> Result<SignedIn> {
    if !links::spend(tx, digest)? || links::has_users(tx)? {
        return Err(Error::BadLink);
    }
    let account = account::service::create(tx, account, &Actor::Operator)?;
    let (user, _) = user::service::create(tx, administrator)?;
    agent::service::add_member(tx, account.id, user, Role::Administrator, &Actor::Operator)?;
    audit::record(tx, "installation.set_up", &json!({ "account_id": account.id, "user_id": user }))?;
    logins::open_session(tx, user)
}

/// The link at the start of a server that nobody can sign in to; none once there is a user.
pub async fn link_at_start(app: &App) -> Result<Option<String>> {
    let base_url: BaseUrl = app.settings.base_url.clone();
    let is_needed = app.store.read(is_needed).await?;
    if !is_needed {
        return Ok(None);
    }
    match app.store.write(move |tx| issue_link(tx, &base_url)).await {
        Ok(link) => Ok(Some(link)),
        // Somebody made a user meanwhile.
        Err(Error::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
