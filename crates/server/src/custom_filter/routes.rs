//! Custom filters over HTTP (rest.md §5.12). Every member has their own and sees no other.

use axum::extract::State;
use edge::{Body, ErrorJson, Json, NoContent, Path, Query, Result};
use types::{AccountId, CustomFilterId};

use super::wire::{CustomFilterBody, CustomFilterJson, CustomFilterQuery};
use super::{Draft, service, store};
use crate::App;
use crate::access::Member;
use crate::idempotency::{Answer, Once};

/// The caller's filters of one kind.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/custom_filters",
    operation_id = "listAllFilters",
    tag = "CustomFilters",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("filter_type" = Option<String>, Query, description = "What they find: conversation (by default), contact or report")
    ),
    responses(
        (status = 200, description = "By id", body = Vec<CustomFilterJson>),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn list(
    State(app): State<App>,
    member: Member,
    Query(query): Query<CustomFilterQuery>,
) -> Result<Json<Vec<CustomFilterJson>>> {
    let found = app.store.read(move |conn| store::list(conn, member.account_id, member.user_id, query.kind())).await?;
    Ok(Json(found.into_iter().map(CustomFilterJson::from).collect()))
}

/// Make a filter for the caller.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/custom_filters",
    operation_id = "createACustomFilter",
    tag = "CustomFilters",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("filter_type" = Option<String>, Query, description = "What it finds, if the body does not say it")
    ),
    request_body = CustomFilterBody,
    responses(
        (status = 200, description = "The filter", body = CustomFilterJson),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn create(
    State(app): State<App>,
    member: Member,
    once: Once,
    Query(query): Query<CustomFilterQuery>,
    Body(body): Body<CustomFilterBody>,
) -> Result<Json<Answer<CustomFilterJson>>> {
    let draft = body.onto(Draft::of(query.kind()));
    once.about(&body).write(&app, move |tx| Ok(service::create(tx, &member, &draft)?.into())).await
}

/// One of the caller's filters.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/custom_filters/{custom_filter_id}",
    operation_id = "getDetailsOfASingleCustomFilter",
    tag = "CustomFilters",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("custom_filter_id" = i64, Path, description = "The filter")
    ),
    responses(
        (status = 200, description = "The filter", body = CustomFilterJson),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "The caller has no such filter", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn show(
    State(app): State<App>,
    member: Member,
    Path((account, id)): Path<(AccountId, CustomFilterId)>,
) -> Result<Json<CustomFilterJson>> {
    let found = app.store.read(move |conn| store::find(conn, account, member.user_id, id)).await?;
    Ok(Json(found.ok_or(edge::Error::NotFound("custom filter"))?.into()))
}

/// Change one of the caller's filters.
#[utoipa::path(
    patch,
    path = "/api/v1/accounts/{account_id}/custom_filters/{custom_filter_id}",
    operation_id = "updateACustomFilter",
    tag = "CustomFilters",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("custom_filter_id" = i64, Path, description = "The filter")
    ),
    request_body = CustomFilterBody,
    responses(
        (status = 200, description = "The filter", body = CustomFilterJson),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn update(
    State(app): State<App>,
    member: Member,
    Path((_, id)): Path<(AccountId, CustomFilterId)>,
    Body(body): Body<CustomFilterBody>,
) -> Result<Json<CustomFilterJson>> {
    let changed = app.store.write(move |tx| service::update(tx, &member, id, |before| body.onto(before))).await?;
    Ok(Json(changed.into()))
}

/// Remove one of the caller's filters.
#[utoipa::path(
    delete,
    path = "/api/v1/accounts/{account_id}/custom_filters/{custom_filter_id}",
    operation_id = "deleteACustomFilter",
    tag = "CustomFilters",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("custom_filter_id" = i64, Path, description = "The filter")
    ),
    responses(
        (status = 204, description = "Removed"),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "The caller has no such filter", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn delete(
    State(app): State<App>,
    member: Member,
    Path((_, id)): Path<(AccountId, CustomFilterId)>,
) -> Result<NoContent> {
    app.store.write(move |tx| service::delete(tx, &member, id)).await?;
    Ok(NoContent)
}
