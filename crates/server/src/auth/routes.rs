//! Signing in and out over HTTP (superset §1).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use edge::{Body, Error, ErrorJson, Json, Result};
use http::HeaderMap;

use super::limits::{self, Rule};
use super::service::{self, SignedIn};
use super::store as logins;
use super::wire::{DatedProfileJson, SessionQuery, SignInBody, SignedInJson, SuccessJson, ValidJson, ValidPayloadJson};
use crate::App;
use crate::access::{ClientAddress, SessionUser};
use crate::user::normal_email;

/// Begin a session.
#[utoipa::path(
    post,
    path = "/auth/sign_in",
    operation_id = "signIn",
    tag = "Sessions",
    request_body = SignInBody,
    responses(
        (status = 200, description = "The user; the session is in the headers", body = SignedInJson),
        (status = 401, description = "Not the right password, or not confirmed", body = ErrorJson),
        (status = 429, description = "Too many tries", body = String, content_type = "text/plain")
    ),
    security(())
)]
pub async fn sign_in(State(app): State<App>, address: ClientAddress, Body(body): Body<SignInBody>) -> Result<Response> {
    let email = normal_email(body.email.as_ref().map_or("", |email| email.as_str()));
    limit(&app, address, limits::SIGN_IN_BY_ADDRESS, Some((limits::SIGN_IN_BY_EMAIL, &email)))?;
    Ok(answer(&app, service::sign_in(&app, body).await?))
}

/// Whose session it is, and whether it is still good.
#[utoipa::path(
    get,
    path = "/auth/validate_token",
    operation_id = "validateToken",
    tag = "Sessions",
    params(SessionQuery),
    responses(
        (status = 200, description = "The user", body = ValidJson),
        (status = 401, description = "No such session", body = ErrorJson)
    ),
    security(())
)]
pub async fn validate(
    State(app): State<App>,
    SessionUser { id, headers, .. }: SessionUser,
) -> Result<(HeaderMap, Json<ValidJson>)> {
    let person = app.store.read(move |conn| service::person(conn, id)).await?;
    let created_at = person.user.created_at;
    let data = DatedProfileJson { profile: person.into_json(&app.settings.base_url), created_at };
    Ok((headers, Json(ValidJson { payload: ValidPayloadJson { success: true, data } })))
}

/// End the session.
#[utoipa::path(
    delete,
    path = "/auth/sign_out",
    operation_id = "signOut",
    tag = "Sessions",
    responses(
        (status = 200, description = "It is over", body = SuccessJson),
        (status = 404, description = "There is no such session", body = ErrorJson)
    ),
    security(())
)]
pub async fn sign_out(State(app): State<App>, user: Result<SessionUser>) -> Result<Json<SuccessJson>> {
    let session = match user {
        Ok(user) => user.session,
        Err(Error::SignedOut) => return Err(Error::NotFound("session")),
        Err(other) => return Err(other),
    };
    app.store.write(move |tx| logins::delete_session(tx, session)).await?;
    Ok(Json(SuccessJson { success: true }))
}

/// The user, with the session in the headers.
pub(super) fn answer(app: &App, signed_in: SignedIn) -> Response {
    let data = signed_in.person.into_json(&app.settings.base_url);
    (signed_in.session.headers(), Json(SignedInJson { data })).into_response()
}

/// Counts a try of the address, and of the user with `email` where that is limited too.
pub(crate) fn limit(app: &App, address: ClientAddress, rule: Rule, email: Option<(Rule, &str)>) -> Result<()> {
    if !app.settings.sign_in_limits {
        return Ok(());
    }
    let subscriber = address.subscriber();
    let by_email = email.filter(|(_, email)| !email.is_empty());
    let rules: Vec<(Rule, &str)> = [(rule, subscriber.as_str())].into_iter().chain(by_email).collect();
    app.limits.count(app.clock.now(), &rules)
}
