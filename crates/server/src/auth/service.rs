//! The rules of signing in (superset §1, semantics §9).

use edge::field::Text;
use edge::{Error, Problem, Result};
use serde_json::json;
use store::{Conn, Tx};
use types::{UserId, UserSessionId};

use super::link::{self, Purpose};
use super::session::{self, Opened};
use super::store::{self as logins, Login};
use super::wire::{ResetBody, SignInBody};
use crate::cable::Note;
use crate::events::Actor;
use crate::mail::{self, Occasion};
use crate::platform::audit;
use crate::user::password::{self, Match};
use crate::user::wire::ProfileJson;
use crate::user::{self, Membership, User, normal_email};
use crate::{App, BaseUrl, token};

/// A session that has begun, and whose it is.
pub struct SignedIn {
    /// The session.
    pub session: Opened,
    /// The user.
    pub person: Person,
}

// Holds secrets: not to be printed.
/// A user with its accounts.
pub struct Person {
    /// The user.
    pub user: User,
    /// Oldest membership first.
    pub memberships: Vec<Membership>,
}

impl Person {
    /// As the user sees itself.
    pub fn into_json(self, base_url: &BaseUrl) -> ProfileJson {
        ProfileJson::new(self.user, self.memberships, base_url)
    }
}

/// The user with this address, which is in lower case, if it has not been confirmed.
pub fn find_unconfirmed(conn: &mut Conn<'_>, email: &str) -> Result<Option<UserId>> {
    Ok(logins::find_login(conn, email)?.filter(|login| !login.confirmed).map(|login| login.id))
}

/// Whether the user has a password: who was invited has none at first.
pub fn has_password(conn: &mut Conn<'_>, user: UserId) -> Result<bool> {
    Ok(logins::find_password_hash(conn, user)?.is_some_and(|hash| hash != password::NONE))
}

/// Signs in by a password, or by what a sign-in link carries.
pub async fn sign_in(app: &App, body: SignInBody) -> Result<SignedIn> {
    let email = normal_email(body.email.as_ref().map_or("", |email| email.as_str()));
    let text = |field: Option<Text>| field.map(String::from).filter(|text| !text.is_empty());
    if let Some(secret) = text(body.sso_auth_token) {
        return sign_in_by_link(app, email, secret).await;
    }
    match text(body.password) {
        Some(password) => sign_in_by_password(app, email, password).await,
        None => Err(Error::BadCredential),
    }
}

/// An unknown address takes as long as a wrong password, and is answered alike.
async fn sign_in_by_password(app: &App, email: String, password: String) -> Result<SignedIn> {
    let login = app.store.read(move |conn| logins::find_login(conn, &email)).await?;
    let hash = login.as_ref().map(|login| login.password_hash.clone());
    let fits = password::compare(password.clone(), hash).await?;
    let (Some(login), Match::Yes | Match::YesButOld) = (login, fits) else { return Err(Error::BadCredential) };
    let newer = if fits == Match::YesButOld { Some(password::hash(password).await?) } else { None };
    app.store
        .write(move |tx| {
            // Whoever changed the password meanwhile has ended this sign-in.
            let now = logins::lock_login(tx, login.id)?.filter(|now| now.password_hash == login.password_hash);
            let login = must_be_confirmed(now)?;
            if let Some(hash) = &newer {
                logins::set_password_hash(tx, login.id, hash)?;
            }
            open_session(tx, login.id)
        })
        .await
}

async fn sign_in_by_link(app: &App, email: String, secret: String) -> Result<SignedIn> {
    app.store
        .write(move |tx| {
            let link = match link::spend(tx, Purpose::SignIn, &secret) {
                Err(Error::BadLink) => return Err(Error::BadCredential),
                other => other?,
            };
            let login = logins::lock_login(tx, link.user_id)?.filter(|login| login.email == email);
            open_session(tx, must_be_confirmed(login)?.id)
        })
        .await
}

fn must_be_confirmed(login: Option<Login>) -> Result<Login> {
    let login = login.ok_or(Error::BadCredential)?;
    if login.confirmed { Ok(login) } else { Err(Error::Unconfirmed) }
}

/// Begins a session of the user.
pub fn open_session(tx: &mut Tx<'_>, user: UserId) -> Result<SignedIn> {
    // Locked, so that two sign-ins at once do not leave more sessions than there may be.
    let login = logins::lock_login(tx, user)?.ok_or(Error::BadCredential)?;
    let session = session::open(tx, user, &login.email)?;
    Ok(SignedIn { session, person: person(tx, user)? })
}

/// The user with its accounts; nobody's credential is good when there is no such user.
pub fn person(conn: &mut Conn<'_>, id: UserId) -> Result<Person> {
    let user = user::store::find(conn, id)?.ok_or(Error::BadCredential)?;
    Ok(Person { user, memberships: user::store::list_memberships(conn, id)? })
}

/// The address of a page that signs the user in, once and within minutes (rest.md §5.4).
pub fn sign_in_link(tx: &mut Tx<'_>, base_url: &BaseUrl, user: UserId, email: &str) -> Result<String> {
    let secret = link::issue(tx, user, Purpose::SignIn, None)?;
    Ok(format!("{base_url}/app/login?email={}&sso_auth_token={secret}", crate::text::url_encoded(email)))
}

/// Sets another password by a link from a mail, and signs in. The link shows that the address is the user's.
pub async fn reset_password(app: &App, body: ResetBody) -> Result<SignedIn> {
    let text = |field: Option<Text>| field.map(String::from).unwrap_or_default();
    let secret = text(body.reset_password_token);
    let (asked, now) = (secret.clone(), app.clock.now());
    let found = app.store.read(move |conn| link::find(conn, Purpose::Password, &asked, now)).await?;
    found.ok_or(Error::BadLink)?;
    let password = text(body.password);
    must_be_confirmed_twice(&password, body.password_confirmation.as_ref().map(Text::as_str))?;
    let hash = password::hash(password).await?;
    app.store
        .write(move |tx| {
            let link = link::spend(tx, Purpose::Password, &secret)?;
            logins::lock_login(tx, link.user_id)?.ok_or(Error::BadLink)?;
            user::service::confirm(tx, link.user_id)?;
            set_password(tx, link.user_id, &hash, None, &by(link.user_id))?;
            open_session(tx, link.user_id)
        })
        .await
}

/// Fails unless the password follows the rules and, where it was sent twice, is the same both times.
pub fn must_be_confirmed_twice(password: &str, again: Option<&str>) -> Result<()> {
    let differs = again.is_some_and(|again| again != password);
    let problems = [
        password::problem(password),
        differs.then(|| Problem::new("password_confirmation", "doesn't match the password")),
    ];
    let problems: Vec<Problem> = problems.into_iter().flatten().collect();
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}

// Holds hashes: not to be printed.
/// A password that was right when it was compared, and the one that is to follow it.
pub struct PasswordHashes {
    before: String,
    after: String,
}

/// Compares what somebody gives as the user's password of today, and hashes the one that is to follow it.
pub async fn compare_and_hash(app: &App, user: UserId, current: String, new: String) -> Result<PasswordHashes> {
    let before = app.store.read(move |conn| logins::find_password_hash(conn, user)).await?;
    match password::compare(current, before.clone()).await? {
        Match::Yes | Match::YesButOld => {}
        Match::No => return Err(wrong_password()),
    }
    let before = before.ok_or_else(wrong_password)?;
    Ok(PasswordHashes { before, after: password::hash(new).await? })
}

/// Stores the password that was to follow, unless somebody has changed it meanwhile.
pub fn replace_password(
    tx: &mut Tx<'_>,
    user: UserId,
    hashes: &PasswordHashes,
    spared: Option<UserSessionId>,
    actor: &Actor,
) -> Result<()> {
    let login = logins::lock_login(tx, user)?.ok_or(Error::BadCredential)?;
    if login.password_hash != hashes.before {
        return Err(wrong_password());
    }
    set_password(tx, user, &hashes.after, spared, actor)
}

fn wrong_password() -> Error {
    Error::Refused("the current password is another one".into())
}

/// Stores another password. All sessions but `spared`, links that would set one or sign in, and the key of the
/// user's sockets are worthless from now on.
pub fn set_password(
    tx: &mut Tx<'_>,
    user: UserId,
    hash: &str,
    spared: Option<UserSessionId>,
    actor: &Actor,
) -> Result<()> {
    logins::set_password_hash(tx, user, hash)?;
    if let Some(key) = logins::set_pubsub_token(tx, user, &token::random())? {
        tx.tell(Note::KeyChanged { key }.text());
    }
    session::end_all(tx, user, spared)?;
    revoke_links(tx, user)?;
    audit::record_by(tx, actor, "user.password_changed", &json!({ "user_id": user }))
}

/// Makes links worthless that would set a password, sign in or change the address, those included that are still to be
/// mailed.
pub fn revoke_links(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    logins::set_unconfirmed_email(tx, user, None)?;
    link::revoke_all(tx, user, Purpose::Password)?;
    link::revoke_all(tx, user, Purpose::SignIn)?;
    mail::take_password_back(tx, user)
}

/// Has the user's address changed to another one, as soon as whoever has that confirms it. The one of today hears of it.
pub fn want_email(tx: &mut Tx<'_>, user: UserId, email: &str, actor: &Actor) -> Result<()> {
    let login = logins::lock_login(tx, user)?.ok_or(Error::BadCredential)?;
    if login.email == email || logins::find_unconfirmed_email(tx, user)?.as_deref() == Some(email) {
        return Ok(());
    }
    if user::store::find_id_by_email(tx, email)?.is_some() {
        return Err(Error::invalid("email", "has already been taken"));
    }
    logins::set_unconfirmed_email(tx, user, Some(email))?;
    mail::owe(tx, user, Occasion::AddressChange { from: login.email })?;
    mail::owe(tx, user, Occasion::NewAddress)?;
    audit::record_by(tx, actor, "user.email_change_asked", &json!({ "user_id": user }))
}

/// Owes the user another mail that confirms the address that it wants, or its own; nothing when there is none to confirm.
pub fn resend_confirmation(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    let occasion =
        if find_unconfirmed_email(tx, user)?.is_some() { Occasion::NewAddress } else { Occasion::Confirmation };
    mail::owe(tx, user, occasion)
}

/// The address that the user wants and has not confirmed.
pub fn find_unconfirmed_email(conn: &mut Conn<'_>, user: UserId) -> Result<Option<String>> {
    logins::find_unconfirmed_email(conn, user)
}

/// What a confirmation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    /// The address counts from now on.
    Now(UserId),
    /// The address counted before.
    Before(UserId),
}

/// Confirms the address that the link is about: the user's own, or the one it wants instead.
pub fn confirm(tx: &mut Tx<'_>, secret: &str) -> Result<Confirmed> {
    let now = tx.now();
    let found = link::find(tx, Purpose::Confirmation, secret, now)?.ok_or(Error::BadLink)?;
    let user = found.user_id;
    let login = logins::lock_login(tx, user)?.ok_or(Error::BadLink)?;
    if found.email.as_deref() == Some(&login.email) {
        if login.confirmed {
            return Ok(Confirmed::Before(user));
        }
        link::spend(tx, Purpose::Confirmation, secret)?;
        user::service::confirm(tx, user)?;
        return Ok(Confirmed::Now(user));
    }
    link::spend(tx, Purpose::Confirmation, secret)?;
    let wanted = logins::find_unconfirmed_email(tx, user)?.filter(|wanted| found.email.as_ref() == Some(wanted));
    let wanted = wanted.ok_or(Error::BadLink)?;
    if user::store::find_id_by_email(tx, &wanted)?.is_some() {
        return Err(Error::BadLink);
    }
    if !logins::move_to_unconfirmed_email(tx, user)? {
        return Err(Error::BadLink);
    }
    revoke_links(tx, user)?;
    audit::record_by(tx, &by(user), "user.email_changed", &json!({ "user_id": user }))?;
    Ok(Confirmed::Now(user))
}

/// Confirms an address by a link from a mail, and signs in. An address that was confirmed before does not: `None`.
pub async fn sign_in_by_confirmation(app: &App, secret: String) -> Result<Option<SignedIn>> {
    app.store
        .write(move |tx| match confirm(tx, &secret)? {
            Confirmed::Now(user) => open_session(tx, user).map(Some),
            Confirmed::Before(_) => Ok(None),
        })
        .await
}

/// The address that a link would confirm, or has confirmed; `None` for one that is none.
pub async fn find_confirmation_link(app: &App, secret: &str) -> Result<Option<String>> {
    let (secret, now) = (secret.to_owned(), app.clock.now());
    let found = app.store.read(move |conn| link::find(conn, Purpose::Confirmation, &secret, now)).await?;
    Ok(found.and_then(|link| link.email))
}

/// The address of whoever sets a password by this link; `None` for one that is none.
pub async fn find_password_link(app: &App, secret: &str) -> Result<Option<String>> {
    let (secret, now) = (secret.to_owned(), app.clock.now());
    app.store
        .read(move |conn| {
            let Some(link) = link::find(conn, Purpose::Password, &secret, now)? else { return Ok(None) };
            Ok(user::store::find(conn, link.user_id)?.map(|user| user.email))
        })
        .await
}

/// The user as the one who acts on itself.
fn by(user: UserId) -> Actor {
    Actor::User { id: user, name: String::new() }
}
