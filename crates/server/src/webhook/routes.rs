//! Webhooks over HTTP (rest.md §5.20), for administrators only.

use axum::extract::State;
use edge::{Body, Empty, ErrorJson, Json, Path, Result};
use types::{AccountId, WebhookId};

use super::wire::{WebhookAnswer, WebhookBody, WebhookListAnswer};
use super::{Draft, service, store};
use crate::App;
use crate::access::Administrator;
use crate::events::Actor;
use crate::idempotency::{Answer, Once};

/// The webhooks of the account.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/webhooks",
    operation_id = "listAllWebhooks",
    tag = "Webhooks",
    params(("account_id" = i64, Path, description = "The account")),
    responses(
        (status = 200, description = "All of them, by id", body = WebhookListAnswer),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn list(State(app): State<App>, Administrator(member): Administrator) -> Result<Json<WebhookListAnswer>> {
    let found = app.store.read(move |conn| store::list(conn, member.account_id)).await?;
    Ok(Json(found.into()))
}

/// Make a webhook.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/webhooks",
    operation_id = "createAWebhook",
    tag = "Webhooks",
    params(("account_id" = i64, Path, description = "The account")),
    request_body = WebhookBody,
    responses(
        (status = 200, description = "The webhook", body = WebhookAnswer),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn create(
    State(app): State<App>,
    Administrator(member): Administrator,
    once: Once,
    Body(body): Body<WebhookBody>,
) -> Result<Json<Answer<WebhookAnswer>>> {
    let draft = body.onto(Draft::new());
    once.about(&body)
        .write(&app, move |tx| Ok(service::create(tx, member.account_id, &draft, &Actor::from(&member))?.into()))
        .await
}

/// Change a webhook.
#[utoipa::path(
    patch,
    path = "/api/v1/accounts/{account_id}/webhooks/{webhook_id}",
    operation_id = "updateAWebhook",
    tag = "Webhooks",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("webhook_id" = i64, Path, description = "The webhook")
    ),
    request_body = WebhookBody,
    responses(
        (status = 200, description = "The webhook", body = WebhookAnswer),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn update(
    State(app): State<App>,
    Administrator(member): Administrator,
    Path((account, id)): Path<(AccountId, WebhookId)>,
    Body(body): Body<WebhookBody>,
) -> Result<Json<WebhookAnswer>> {
    let changed = app
        .store
        .write(move |tx| service::update(tx, account, id, |before| body.onto(before), &Actor::from(&member)))
        .await?;
    Ok(Json(changed.into()))
}

/// Remove a webhook.
#[utoipa::path(
    delete,
    path = "/api/v1/accounts/{account_id}/webhooks/{webhook_id}",
    operation_id = "deleteAWebhook",
    tag = "Webhooks",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("webhook_id" = i64, Path, description = "The webhook")
    ),
    responses(
        (status = 200, description = "Removed"),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such webhook", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn delete(
    State(app): State<App>,
    Administrator(member): Administrator,
    Path((account, id)): Path<(AccountId, WebhookId)>,
) -> Result<Empty> {
    app.store.write(move |tx| service::delete(tx, account, id, &Actor::from(&member))).await?;
    Ok(Empty)
}

/// Give a webhook another secret; the one before stays good for a day.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/webhooks/{webhook_id}/reset_secret",
    operation_id = "resetSecretOfAWebhook",
    tag = "Webhooks",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("webhook_id" = i64, Path, description = "The webhook")
    ),
    responses(
        (status = 200, description = "The webhook", body = WebhookAnswer),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such webhook", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn reset_secret(
    State(app): State<App>,
    Administrator(member): Administrator,
    Path((account, id)): Path<(AccountId, WebhookId)>,
) -> Result<Json<WebhookAnswer>> {
    let changed = app.store.write(move |tx| service::reset_secret(tx, account, id, &Actor::from(&member))).await?;
    Ok(Json(changed.into()))
}
