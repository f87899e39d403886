//! Signing in and out over HTTP (superset §1).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use edge::{Body, Empty, Error, ErrorJson, Json, Result};
use http::HeaderMap;

use super::limits::{self, Rule};
use super::service::{self, SignedIn};
use super::store as logins;
use super::wire::{
    ConfirmationBody, DatedProfileJson, EmailBody, MessageJson, ResetBody, SessionQuery, SignInBody, SignedInJson,
    SuccessJson, ValidJson, ValidPayloadJson,
};
use crate::App;
use crate::access::{ClientAddress, SessionUser};
use crate::mail;
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

/// Ask for a mail with which another password is set. The answer is the same whoever has the address, if anybody.
#[utoipa::path(
    post,
    path = "/auth/password",
    operation_id = "askForPassword",
    tag = "Sessions",
    request_body = EmailBody,
    responses(
        (status = 200, description = "If somebody has the address, a mail is on its way to it", body = MessageJson),
        (status = 429, description = "Too many tries", body = String, content_type = "text/plain")
    ),
    security(())
)]
pub async fn ask_for_password(
    State(app): State<App>,
    address: ClientAddress,
    Body(body): Body<EmailBody>,
) -> Result<Json<MessageJson>> {
    let email = body.normal();
    limit(&app, address, limits::PASSWORD_BY_ADDRESS, Some((limits::PASSWORD_BY_EMAIL, &email)))?;
    app.store.write(move |tx| mail::owe_password(tx, &email)).await?;
    Ok(Json(MessageJson { message: "If we know this address, a mail is on its way to it." }))
}

/// Set another password by a link from a mail, and begin a session. The link shows that the address is the user's.
#[utoipa::path(
    put,
    path = "/auth/password",
    operation_id = "setPassword",
    tag = "Sessions",
    request_body = ResetBody,
    responses(
        (status = 200, description = "The user; the session is in the headers. All others are over", body = SignedInJson),
        (status = 422, description = "The link does not work, or a field cannot be so", body = ErrorJson),
        (status = 429, description = "Too many tries", body = String, content_type = "text/plain")
    ),
    security(())
)]
pub async fn set_password(
    State(app): State<App>,
    address: ClientAddress,
    Body(body): Body<ResetBody>,
) -> Result<Response> {
    limit(&app, address, limits::LINK_BY_ADDRESS, None)?;
    Ok(answer(&app, service::reset_password(&app, body).await?))
}

/// Confirm an address by a link from a mail, and begin a session.
#[utoipa::path(
    post,
    path = "/auth/confirmation",
    operation_id = "confirmAddress",
    tag = "Sessions",
    request_body = ConfirmationBody,
    responses(
        (status = 200, description = "The user; the session is in the headers", body = SignedInJson),
        (status = 422, description = "The link does not work, or was used before", body = ErrorJson),
        (status = 429, description = "Too many tries", body = String, content_type = "text/plain")
    ),
    security(())
)]
pub async fn confirm(
    State(app): State<App>,
    address: ClientAddress,
    Body(body): Body<ConfirmationBody>,
) -> Result<Response> {
    limit(&app, address, limits::LINK_BY_ADDRESS, None)?;
    let secret = body.confirmation_token.map(String::from).unwrap_or_default();
    let person = service::sign_in_by_confirmation(&app, secret).await?.ok_or(Error::BadLink)?;
    Ok(answer(&app, person))
}

/// Ask for another mail with which an address is confirmed. The answer is the same whoever has the address, if anybody.
#[utoipa::path(
    post,
    path = "/resend_confirmation",
    operation_id = "resendConfirmation",
    tag = "Sessions",
    request_body = EmailBody,
    responses(
        (status = 200, description = "If the address is to be confirmed, a mail is on its way to it"),
        (status = 429, description = "Too many tries", body = String, content_type = "text/plain")
    ),
    security(())
)]
pub async fn resend_confirmation(
    State(app): State<App>,
    address: ClientAddress,
    Body(body): Body<EmailBody>,
) -> Result<Empty> {
    let email = body.normal();
    limit(&app, address, limits::CONFIRMATION_BY_ADDRESS, Some((limits::CONFIRMATION_BY_EMAIL, &email)))?;
    app.store.write(move |tx| mail::owe_confirmation(tx, &email)).await?;
    Ok(Empty)
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
