//! Canned responses over HTTP (rest.md §5.8). Every member may use and change them.

use axum::extract::State;
use edge::{Body, Empty, ErrorJson, Json, Path, Query, Result};
use types::{AccountId, CannedResponseId};

use super::wire::{CannedResponseBody, CannedResponseJson, CannedResponseQuery};
use super::{Draft, service};
use crate::App;
use crate::access::Member;
use crate::events::Actor;
use crate::idempotency::{Answer, Once};

/// The canned responses of the account, or those that contain a text.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/canned_responses",
    operation_id = "getAccountCannedResponse",
    tag = "CannedResponses",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("search" = Option<String>, Query, description = "Contained in short code or content, in any case")
    ),
    responses(
        (status = 200, description = "By id; the best matches first in a search", body = Vec<CannedResponseJson>),
        (status = 403, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn list(
    State(app): State<App>,
    member: Member,
    Query(query): Query<CannedResponseQuery>,
) -> Result<Json<Vec<CannedResponseJson>>> {
    let part = query.search.map(String::from).unwrap_or_default();
    let found = app.store.read(move |conn| service::list(conn, member.account_id, &part)).await?;
    Ok(Json(found.into_iter().map(CannedResponseJson::from).collect()))
}

/// Make a canned response.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/canned_responses",
    operation_id = "addNewCannedResponseToAccount",
    tag = "CannedResponses",
    params(("account_id" = i64, Path, description = "The account")),
    request_body = CannedResponseBody,
    responses(
        (status = 200, description = "The canned response", body = CannedResponseJson),
        (status = 403, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn create(
    State(app): State<App>,
    member: Member,
    once: Once,
    Body(body): Body<CannedResponseBody>,
) -> Result<Json<Answer<CannedResponseJson>>> {
    let draft = body.onto(Draft { short_code: String::new(), content: String::new() });
    once.about(&body)
        .write(&app, move |tx| Ok(service::create(tx, member.account_id, &draft, &Actor::from(&member))?.into()))
        .await
}

/// Change a canned response.
#[utoipa::path(
    patch,
    path = "/api/v1/accounts/{account_id}/canned_responses/{id}",
    operation_id = "updateCannedResponseInAccount",
    tag = "CannedResponse",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The canned response")
    ),
    request_body = CannedResponseBody,
    responses(
        (status = 200, description = "The canned response", body = CannedResponseJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such canned response", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn update(
    State(app): State<App>,
    member: Member,
    Path((account, id)): Path<(AccountId, CannedResponseId)>,
    Body(body): Body<CannedResponseBody>,
) -> Result<Json<CannedResponseJson>> {
    let changed = app
        .store
        .write(move |tx| service::update(tx, account, id, |before| body.onto(before), &Actor::from(&member)))
        .await?;
    Ok(Json(changed.into()))
}

/// Remove a canned response.
#[utoipa::path(
    delete,
    path = "/api/v1/accounts/{account_id}/canned_responses/{id}",
    operation_id = "deleteCannedResponseFromAccount",
    tag = "CannedResponses",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The canned response")
    ),
    responses(
        (status = 200, description = "Removed"),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such canned response", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn delete(
    State(app): State<App>,
    member: Member,
    Path((account, id)): Path<(AccountId, CannedResponseId)>,
) -> Result<Empty> {
    app.store.write(move |tx| service::delete(tx, account, id, &Actor::from(&member))).await?;
    Ok(Empty)
}
