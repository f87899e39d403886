//! The caller's own data over HTTP (rest.md §5.16, superset §3).

use axum::extract::State;
use edge::{Body, BodyWithFiles, Empty, Error, ErrorJson, Json, Result};

use super::wire::{ActiveAccountBody, AutoOfflineBody, AvailabilityBody, ProfileBody};
use super::{change, service};
use crate::App;
use crate::access::{ClientAddress, CurrentUser};
use crate::agent::{self, AgentChange};
use crate::auth::routes::limit;
use crate::auth::{self, limits};
use crate::file::picture::{self, Owner};
use crate::file::upload::{self, Upload};
use crate::user;
use crate::user::wire::ProfileJson;

/// The caller, with its API key and its accounts.
#[utoipa::path(
    get,
    path = "/api/v1/profile",
    operation_id = "fetchProfile",
    tag = "Profile",
    responses(
        (status = 200, description = "The user", body = ProfileJson),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn show(State(app): State<App>, CurrentUser { id, .. }: CurrentUser) -> Result<Json<ProfileJson>> {
    let person = app.store.read(move |conn| auth::service::person(conn, id)).await?;
    Ok(Json(person.into_json(&app.settings.base_url)))
}

/// Change the caller; what is absent stays. Another password ends all other sessions. Another address counts as soon as
/// it is confirmed.
#[utoipa::path(
    put,
    path = "/api/v1/profile",
    operation_id = "updateProfile",
    tag = "Profile",
    request_body = ProfileBody,
    responses(
        (status = 200, description = "The user", body = ProfileJson),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 422, description = "A field cannot be so, or the current password is another one", body = ErrorJson),
        (status = 429, description = "Too many tries", body = String, content_type = "text/plain")
    ),
    security(("userApiKey" = []))
)]
pub async fn update(
    State(app): State<App>,
    caller: CurrentUser,
    BodyWithFiles { value: body, files }: BodyWithFiles<ProfileBody>,
) -> Result<Json<ProfileJson>> {
    let avatar = Upload::avatar(files).await?;
    let prepared = service::prepare(&app, &caller, change::read(body)?).await?;
    let write = async |avatar| service::change(&app, caller, prepared, avatar).await;
    Ok(Json(upload::stored_avatar(&app, avatar, write).await?))
}

/// Take the caller's picture away.
#[utoipa::path(
    delete,
    path = "/api/v1/profile/avatar",
    operation_id = "deleteProfileAvatar",
    tag = "Profile",
    responses(
        (status = 200, description = "The user, also when there was none", body = ProfileJson),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn delete_avatar(State(app): State<App>, caller: CurrentUser) -> Result<Json<ProfileJson>> {
    let remove =
        |tx: &mut store::Tx<'_>, caller: &CurrentUser, _: &_| picture::set(tx, Owner::User(caller.id), None).map(drop);
    Ok(Json(service::write(&app, caller, remove).await?))
}

/// Ask for another mail that confirms the address that the caller wants, or its own.
#[utoipa::path(
    post,
    path = "/api/v1/profile/resend_confirmation",
    operation_id = "resendProfileConfirmation",
    tag = "Profile",
    responses(
        (status = 200, description = "If there is an address to confirm, a mail is on its way to it"),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 429, description = "Too many tries", body = String, content_type = "text/plain")
    ),
    security(("userApiKey" = []))
)]
pub async fn resend_confirmation(State(app): State<App>, address: ClientAddress, caller: CurrentUser) -> Result<Empty> {
    let user = caller.id.to_string();
    limit(&app, address, limits::CONFIRMATION_BY_ADDRESS, Some((limits::CONFIRMATION_BY_EMAIL, &user)))?;
    app.store.write(move |tx| auth::service::resend_confirmation(tx, caller.id)).await?;
    Ok(Empty)
}

/// Say whether the caller takes conversations in one of its accounts.
#[utoipa::path(
    post,
    path = "/api/v1/profile/availability",
    operation_id = "setProfileAvailability",
    tag = "Profile",
    request_body = AvailabilityBody,
    responses(
        (status = 200, description = "The user", body = ProfileJson),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "None of the caller's accounts", body = ErrorJson),
        (status = 422, description = "A field cannot be so", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn set_availability(
    State(app): State<App>,
    caller: CurrentUser,
    Body(body): Body<AvailabilityBody>,
) -> Result<Json<ProfileJson>> {
    let availability = body.availability.ok_or_else(|| Error::invalid("availability", "can't be blank"))?;
    let change = AgentChange { availability: Some(availability.0), ..AgentChange::default() };
    Ok(Json(service::change_membership(&app, caller, body.account_id, change).await?))
}

/// Say whether the caller is offline in one of its accounts when it is not present.
#[utoipa::path(
    post,
    path = "/api/v1/profile/auto_offline",
    operation_id = "setProfileAutoOffline",
    tag = "Profile",
    request_body = AutoOfflineBody,
    responses(
        (status = 200, description = "The user", body = ProfileJson),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "None of the caller's accounts", body = ErrorJson),
        (status = 422, description = "A field cannot be so", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn set_auto_offline(
    State(app): State<App>,
    caller: CurrentUser,
    Body(body): Body<AutoOfflineBody>,
) -> Result<Json<ProfileJson>> {
    let auto_offline = body.auto_offline.ok_or_else(|| Error::invalid("auto_offline", "can't be blank"))?;
    let change = AgentChange { auto_offline: Some(auto_offline.0), ..AgentChange::default() };
    Ok(Json(service::change_membership(&app, caller, body.account_id, change).await?))
}

/// Go to one of the caller's accounts: it is the active one from now on.
#[utoipa::path(
    put,
    path = "/api/v1/profile/set_active_account",
    operation_id = "setActiveAccount",
    tag = "Profile",
    request_body = ActiveAccountBody,
    responses(
        (status = 200, description = "Noted"),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "None of the caller's accounts", body = ErrorJson),
        (status = 422, description = "No account is named", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn set_active_account(
    State(app): State<App>,
    caller: CurrentUser,
    Body(body): Body<ActiveAccountBody>,
) -> Result<Empty> {
    let account = service::named(body.account_id)?;
    app.store.write(move |tx| agent::service::go_to_account(tx, account, caller.id)).await?;
    Ok(Empty)
}

/// Get another API key; the one before is worth nothing from now on.
#[utoipa::path(
    post,
    path = "/api/v1/profile/reset_access_token",
    operation_id = "resetProfileAccessToken",
    tag = "Profile",
    responses(
        (status = 200, description = "The user", body = ProfileJson),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn reset_access_token(State(app): State<App>, caller: CurrentUser) -> Result<Json<ProfileJson>> {
    let reset =
        |tx: &mut store::Tx<'_>, caller: &CurrentUser, actor: &_| user::service::reset_token(tx, caller.id, actor);
    Ok(Json(service::write(&app, caller, reset).await?))
}
