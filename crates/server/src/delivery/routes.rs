//! Endpoints and deliveries over HTTP, for administrators only.

use axum::extract::State;
use edge::{Body, ErrorJson, Json, Path, Query, Result};
use types::{AccountId, DeliveryId, EndpointId};

use super::service;
use super::store::{self, Wanted};
use super::wire::{
    DeliveryDetailJson, DeliveryJson, DeliveryListJson, DeliveryQuery, EndpointBody, EndpointJson, EndpointListJson,
    ReplayBody, ReplayJson, body_of,
};
use crate::App;
use crate::access::Administrator;

/// Deliveries of one page.
const PAGE: i64 = 50;

/// Everything that is told by HTTP what happens: webhooks, API inboxes with a webhook, agent bots of inboxes.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/webhook_endpoints",
    operation_id = "listWebhookEndpoints",
    tag = "Webhooks",
    params(("account_id" = i64, Path, description = "The account")),
    responses(
        (status = 200, description = "All of them", body = EndpointListJson),
        (status = 403, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn list_endpoints(
    State(app): State<App>,
    Administrator(member): Administrator,
) -> Result<Json<EndpointListJson>> {
    let found = service::list(&app, member.account_id).await?;
    let read = move |conn: &mut ::store::Conn<'_>| {
        let mut payload = Vec::with_capacity(found.len());
        for (endpoint, target, waiting) in &found {
            let name = service::find_name(conn, endpoint)?;
            payload.push(EndpointJson::new(*endpoint, target.url.clone(), name, *waiting));
        }
        Ok::<_, edge::Error>(EndpointListJson { payload })
    };
    Ok(Json(app.store.read(read).await?))
}

/// Limit how much an endpoint is told at a time.
#[utoipa::path(
    patch,
    path = "/api/v1/accounts/{account_id}/webhook_endpoints/{endpoint_id}",
    operation_id = "updateWebhookEndpoint",
    tag = "Webhooks",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("endpoint_id" = i64, Path, description = "The endpoint")
    ),
    request_body = EndpointBody,
    responses(
        (status = 200, description = "The endpoint", body = EndpointJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such endpoint", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn update_endpoint(
    State(app): State<App>,
    Administrator(_): Administrator,
    Path((account, id)): Path<(AccountId, EndpointId)>,
    Body(body): Body<EndpointBody>,
) -> Result<Json<EndpointJson>> {
    app.store.write(move |tx| service::update(tx, account, id, |before| body.onto(before))).await?;
    show_endpoint(&app, account, id).await
}

/// Send a test to an endpoint at once. What came of it is a delivery with one attempt.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/webhook_endpoints/{endpoint_id}/test",
    operation_id = "testWebhookEndpoint",
    tag = "Webhooks",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("endpoint_id" = i64, Path, description = "The endpoint")
    ),
    responses(
        (status = 200, description = "What came of it", body = DeliveryDetailJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such endpoint", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn test_endpoint(
    State(app): State<App>,
    Administrator(_): Administrator,
    Path((account, id)): Path<(AccountId, EndpointId)>,
) -> Result<Json<DeliveryDetailJson>> {
    let delivery = service::test(&app, account, id).await?;
    show_delivery(&app, account, delivery).await
}

/// Send nothing to an endpoint until it is resumed. What happens meanwhile waits for three days.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/webhook_endpoints/{endpoint_id}/pause",
    operation_id = "pauseWebhookEndpoint",
    tag = "Webhooks",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("endpoint_id" = i64, Path, description = "The endpoint")
    ),
    responses(
        (status = 200, description = "The endpoint", body = EndpointJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such endpoint", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn pause_endpoint(
    State(app): State<App>,
    Administrator(_): Administrator,
    Path((account, id)): Path<(AccountId, EndpointId)>,
) -> Result<Json<EndpointJson>> {
    app.store.write(move |tx| service::pause(tx, account, id)).await?;
    show_endpoint(&app, account, id).await
}

/// Send to an endpoint again, beginning with what waits.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/webhook_endpoints/{endpoint_id}/resume",
    operation_id = "resumeWebhookEndpoint",
    tag = "Webhooks",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("endpoint_id" = i64, Path, description = "The endpoint")
    ),
    responses(
        (status = 200, description = "The endpoint", body = EndpointJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such endpoint", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn resume_endpoint(
    State(app): State<App>,
    Administrator(_): Administrator,
    Path((account, id)): Path<(AccountId, EndpointId)>,
) -> Result<Json<EndpointJson>> {
    app.store.write(move |tx| service::resume(tx, account, id)).await?;
    show_endpoint(&app, account, id).await
}

/// Send what an endpoint was told since a time once more, in order, with the same bytes.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/webhook_endpoints/{endpoint_id}/replay",
    operation_id = "replayWebhookDeliveries",
    tag = "Webhooks",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("endpoint_id" = i64, Path, description = "The endpoint")
    ),
    request_body = ReplayBody,
    responses(
        (status = 200, description = "How many are sent once more", body = ReplayJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such endpoint", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn replay_endpoint(
    State(app): State<App>,
    Administrator(_): Administrator,
    Path((account, id)): Path<(AccountId, EndpointId)>,
    Body(body): Body<ReplayBody>,
) -> Result<Json<ReplayJson>> {
    let (since, is_everything) = body.read()?;
    let replayed = app.store.write(move |tx| service::replay_since(tx, account, id, since, is_everything));
    Ok(Json(ReplayJson { deliveries: replayed.await? }))
}

/// Deliveries, the newest first. They are kept for a week after they have ended.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/webhook_deliveries",
    operation_id = "listWebhookDeliveries",
    tag = "Webhooks",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("endpoint_id" = Option<i64>, Query, description = "Of this endpoint"),
        ("state" = Option<types::DeliveryState>, Query, description = "That have come so far"),
        ("event" = Option<String>, Query, description = "About this event"),
        ("before" = Option<i64>, Query, description = "Older than the one with this id")
    ),
    responses(
        (status = 200, description = "At most 50", body = DeliveryListJson),
        (status = 403, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn list_deliveries(
    State(app): State<App>,
    Administrator(member): Administrator,
    Query(query): Query<DeliveryQuery>,
) -> Result<Json<DeliveryListJson>> {
    let wanted = Wanted {
        endpoint_id: query.endpoint_id.map(edge::field::Int::id),
        state: query.state.map(|state| state.0),
        event: query.event.map(String::from),
        before: query.before.map(edge::field::Int::id),
    };
    let found = app.store.read(move |conn| store::list(conn, member.account_id, &wanted, PAGE)).await?;
    Ok(Json(DeliveryListJson { payload: found.into_iter().map(DeliveryJson::from).collect() }))
}

/// A delivery with its bytes and every try.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/webhook_deliveries/{delivery_id}",
    operation_id = "getWebhookDelivery",
    tag = "Webhooks",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("delivery_id" = i64, Path, description = "The delivery")
    ),
    responses(
        (status = 200, description = "The delivery", body = DeliveryDetailJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such delivery", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn get_delivery(
    State(app): State<App>,
    Administrator(_): Administrator,
    Path((account, id)): Path<(AccountId, DeliveryId)>,
) -> Result<Json<DeliveryDetailJson>> {
    show_delivery(&app, account, id).await
}

/// Send a delivery that has ended once more, with the same bytes. One that waits for its next try is tried now.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/webhook_deliveries/{delivery_id}/replay",
    operation_id = "replayWebhookDelivery",
    tag = "Webhooks",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("delivery_id" = i64, Path, description = "The delivery")
    ),
    responses(
        (status = 200, description = "The delivery, which waits again", body = DeliveryDetailJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such delivery", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn replay_delivery(
    State(app): State<App>,
    Administrator(_): Administrator,
    Path((account, id)): Path<(AccountId, DeliveryId)>,
) -> Result<Json<DeliveryDetailJson>> {
    app.store.write(move |tx| service::replay(tx, account, id)).await?;
    show_delivery(&app, account, id).await
}

async fn show_endpoint(app: &App, account: AccountId, id: EndpointId) -> Result<Json<EndpointJson>> {
    let read = move |conn: &mut ::store::Conn<'_>| {
        let (endpoint, target, waiting) = service::find(conn, account, id)?;
        let name = service::find_name(conn, &endpoint)?;
        Ok::<_, edge::Error>(EndpointJson::new(endpoint, target.url, name, waiting))
    };
    Ok(Json(app.store.read(read).await?))
}

async fn show_delivery(app: &App, account: AccountId, id: DeliveryId) -> Result<Json<DeliveryDetailJson>> {
    let read = move |conn: &mut ::store::Conn<'_>| {
        let missing = || edge::Error::NotFound("webhook delivery");
        let row = store::find_row(conn, account, id)?.ok_or_else(missing)?;
        let delivery = store::find(conn, id)?.ok_or_else(missing)?;
        let attempts = store::list_attempts(conn, id)?.into_iter().map(Into::into).collect();
        Ok::<_, edge::Error>(DeliveryDetailJson { delivery: row.into(), body: body_of(&delivery), attempts })
    };
    Ok(Json(app.store.read(read).await?))
}
