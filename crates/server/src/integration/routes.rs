//! Integrations over HTTP (rest.md §5.14).

use axum::extract::State;
use edge::{Body, Empty, Error, ErrorJson, Json, Path, Result};
use types::{AccountId, IntegrationHookId};

use super::catalogue;
use super::wire::{AppJson, AppListAnswer, CreateHookBody, HookJson, UpdateHookBody};
use super::{service, store};
use crate::App;
use crate::access::{Administrator, Member};
use crate::events::Actor;
use crate::idempotency::{Answer, Once};

/// The catalogue, with what the account has connected of it.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/integrations/apps",
    operation_id = "getDetailsOfAllIntegrations",
    tag = "Integrations",
    params(("account_id" = i64, Path, description = "The account")),
    responses(
        (status = 200, description = "Every app", body = AppListAnswer),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such account", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn list(State(app): State<App>, Administrator(member): Administrator) -> Result<Json<AppListAnswer>> {
    let account = member.account_id;
    let hooks = app.store.read(move |conn| store::list(conn, account)).await?;
    let settings = &app.settings;
    let shown = |offered: &catalogue::IntegrationApp| AppJson::new(offered, &hooks, offered.action(settings, account));
    Ok(Json(AppListAnswer { payload: catalogue::offered(settings).map(shown).collect() }))
}

/// One app of the catalogue; agents do not see how it is set up (superset §19).
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/integrations/apps/{id}",
    operation_id = "getIntegrationApp",
    tag = "Integrations",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = String, Path, description = "The app")
    ),
    responses(
        (status = 200, description = "The app", body = AppJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such app", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn show(
    State(app): State<App>,
    member: Member,
    Path((account, id)): Path<(AccountId, String)>,
) -> Result<Json<AppJson>> {
    let found = catalogue::offered(&app.settings).find(|app| app.id == id).ok_or(Error::NotFound("integration"))?;
    let hooks = app.store.read(move |conn| store::list_of_app(conn, account, found.id)).await?;
    let shown = AppJson::new(found, &hooks, found.action(&app.settings, account));
    Ok(Json(if member.is_administrator() { shown } else { shown.for_agents() }))
}

/// Connect an app.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/integrations/hooks",
    operation_id = "createAnIntegrationHook",
    tag = "Integrations",
    params(("account_id" = i64, Path, description = "The account")),
    request_body = CreateHookBody,
    responses(
        (status = 200, description = "The connection", body = HookJson),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn create(
    State(app): State<App>,
    Administrator(member): Administrator,
    once: Once,
    Body(body): Body<CreateHookBody>,
) -> Result<Json<Answer<HookJson>>> {
    let new = body.read(&app.settings)?;
    once.about(&body)
        .write(&app, move |tx| Ok(service::create(tx, member.account_id, &new, &Actor::from(&member))?.into()))
        .await
}

/// Change a connection.
#[utoipa::path(
    patch,
    path = "/api/v1/accounts/{account_id}/integrations/hooks/{hook_id}",
    operation_id = "updateAnIntegrationsHook",
    tag = "Integrations",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("hook_id" = i64, Path, description = "The connection")
    ),
    request_body = UpdateHookBody,
    responses(
        (status = 200, description = "The connection", body = HookJson),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn update(
    State(app): State<App>,
    Administrator(member): Administrator,
    Path((account, id)): Path<(AccountId, IntegrationHookId)>,
    Body(body): Body<UpdateHookBody>,
) -> Result<Json<HookJson>> {
    let changed = app
        .store
        .write(move |tx| service::update(tx, account, id, |before| body.onto(before), &Actor::from(&member)))
        .await?;
    Ok(Json(changed.into()))
}

/// Disconnect an app.
#[utoipa::path(
    delete,
    path = "/api/v1/accounts/{account_id}/integrations/hooks/{hook_id}",
    operation_id = "deleteAnIntegrationHook",
    tag = "Integrations",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("hook_id" = i64, Path, description = "The connection")
    ),
    responses(
        (status = 200, description = "Removed"),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such connection", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn delete(
    State(app): State<App>,
    Administrator(member): Administrator,
    Path((account, id)): Path<(AccountId, IntegrationHookId)>,
) -> Result<Empty> {
    app.store.write(move |tx| service::delete(tx, account, id, &Actor::from(&member))).await?;
    Ok(Empty)
}
