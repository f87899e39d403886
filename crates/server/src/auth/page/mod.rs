//! Signing in and out on pages: the same rules as by the API, with the session in a cookie (superset §1).

mod ask;
mod confirmation;
pub mod cookie;
mod password;
#[cfg(test)]
pub mod tests;
mod view;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use edge::field::Text;
use edge::{Error, Query, Result};
use http::HeaderValue;
use http::header::SET_COOKIE;

use super::routes::limit;
use super::session::Opened;
use super::wire::SignInBody;
use super::{limits, service, store as logins};
use crate::access::{ClientAddress, PageUser};
use crate::page::{OwnForm, PageResult, see};
use crate::user::normal_email;
use crate::{App, contact, setup};

const START: HeaderValue = HeaderValue::from_static("/app");
const SIGN_IN: HeaderValue = HeaderValue::from_static("/app/login");

/// The pages. Addresses below `/app` that are none of them are the dashboard's, which mails lead to.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/", get(async || see(START)))
        .route("/app", get(start))
        .route("/app/{*path}", get(start))
        .route("/app/login", get(show).post(sign_in))
        .route("/app/sign_out", get(start).post(sign_out))
        .merge(password::routes())
        .merge(confirmation::routes())
}

/// Keeps the session in the browser, and leads to the start.
pub fn signed_in(app: &App, session: &Opened) -> PageResult {
    let mut response = see(START);
    response.headers_mut().insert(SET_COOKIE, cookie::keep(session, &app.settings.base_url, app.clock.now()));
    Ok(response)
}

/// Says who is signed in.
async fn start(State(app): State<App>, user: Result<PageUser>) -> PageResult {
    match user {
        Ok(user) => {
            let person = app.store.read(move |conn| service::person(conn, user.id)).await?;
            Ok(view::start(&person).into_response())
        }
        Err(Error::SignedOut) => Ok(see(SIGN_IN)),
        Err(error) => Err(error.into()),
    }
}

/// The form; or, for a sign-in link, one that sends itself. Following a link does not use it up yet: programs that
/// look into mails follow links too.
async fn show(State(app): State<App>, Query(query): Query<SignInBody>, user: Result<PageUser>) -> PageResult {
    let text = |field: Option<Text>| field.map(String::from).unwrap_or_default();
    let (email, secret) = (text(query.email), text(query.sso_auth_token));
    if !secret.is_empty() {
        return Ok(view::follow(&email, &secret).into_response());
    }
    if user.is_ok() {
        return Ok(see(START));
    }
    let is_new = app.store.read(setup::service::is_needed).await?;
    let email = if contact::is_email(&email) { email } else { String::new() };
    Ok(view::sign_in(&email, is_new).into_response())
}

async fn sign_in(State(app): State<App>, address: ClientAddress, OwnForm(form): OwnForm<SignInBody>) -> PageResult {
    let email = normal_email(form.email.as_ref().map_or("", |email| email.as_str()));
    let has_link = form.sso_auth_token.as_ref().is_some_and(|secret| !secret.as_str().is_empty());
    let tried = match limit(&app, address, limits::SIGN_IN_BY_ADDRESS, Some((limits::SIGN_IN_BY_EMAIL, &email))) {
        Ok(()) => service::sign_in(&app, form).await,
        Err(error) => Err(error),
    };
    match tried {
        Ok(person) => signed_in(&app, &person.session),
        Err(error) => Ok(view::sign_in_again(&email, has_link, error)?.into_response()),
    }
}

async fn sign_out(State(app): State<App>, _: OwnForm<()>, user: Result<PageUser>) -> PageResult {
    match user {
        Ok(user) => app.store.write(move |tx| logins::delete_session(tx, user.session)).await?,
        Err(Error::SignedOut) => (),
        Err(error) => return Err(error.into()),
    }
    let mut response: Response = see(SIGN_IN);
    response.headers_mut().insert(SET_COOKIE, cookie::drop(&app.settings.base_url));
    Ok(response)
}
