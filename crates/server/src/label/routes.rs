//! The labels of an account over HTTP (superset §4).

use axum::extract::State;
use edge::{Body, Empty, Error, ErrorJson, Json, Path, Result};
use types::{AccountId, LabelId};

use super::wire::{LabelBody, LabelJson, LabelListJson};
use super::{Draft, service, store};
use crate::App;
use crate::access::{Administrator, Member};
use crate::events::Actor;
use crate::idempotency::{Answer, Once};

/// The labels that the account offers.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/labels",
    operation_id = "listLabels",
    tag = "Labels",
    params(("account_id" = i64, Path, description = "The account")),
    responses(
        (status = 200, description = "By title", body = LabelListJson),
        (status = 403, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn list(State(app): State<App>, member: Member) -> Result<Json<LabelListJson>> {
    let found = app.store.read(move |conn| store::list(conn, member.account_id)).await?;
    Ok(Json(LabelListJson { payload: found.into_iter().map(LabelJson::from).collect() }))
}

/// Make a label.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/labels",
    operation_id = "createLabel",
    tag = "Labels",
    params(("account_id" = i64, Path, description = "The account")),
    request_body = LabelBody,
    responses(
        (status = 200, description = "The label", body = LabelJson),
        (status = 403, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn create(
    State(app): State<App>,
    Administrator(member): Administrator,
    once: Once,
    Body(body): Body<LabelBody>,
) -> Result<Json<Answer<LabelJson>>> {
    let draft = body.onto(Draft::default());
    once.about(&body)
        .write(&app, move |tx| Ok(service::create(tx, member.account_id, &draft, &Actor::from(&member))?.into()))
        .await
}

/// One label.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/labels/{id}",
    operation_id = "getLabel",
    tag = "Labels",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The label")
    ),
    responses(
        (status = 200, description = "The label", body = LabelJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such label", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn show(
    State(app): State<App>,
    Administrator(member): Administrator,
    Path((_, id)): Path<(AccountId, LabelId)>,
) -> Result<Json<LabelJson>> {
    let found = app.store.read(move |conn| store::find(conn, member.account_id, id)).await?;
    Ok(Json(found.ok_or(Error::NotFound("label"))?.into()))
}

/// Change a label; a new title goes to all conversations and contacts that have the old one.
#[utoipa::path(
    patch,
    path = "/api/v1/accounts/{account_id}/labels/{id}",
    operation_id = "updateLabel",
    tag = "Labels",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The label")
    ),
    request_body = LabelBody,
    responses(
        (status = 200, description = "The label", body = LabelJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such label", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn update(
    State(app): State<App>,
    Administrator(member): Administrator,
    Path((account, id)): Path<(AccountId, LabelId)>,
    Body(body): Body<LabelBody>,
) -> Result<Json<LabelJson>> {
    let changed = app
        .store
        .write(move |tx| service::update(tx, account, id, |before| body.onto(before), &Actor::from(&member)))
        .await?;
    Ok(Json(changed.into()))
}

/// Remove a label, from all conversations and contacts too.
#[utoipa::path(
    delete,
    path = "/api/v1/accounts/{account_id}/labels/{id}",
    operation_id = "deleteLabel",
    tag = "Labels",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The label")
    ),
    responses(
        (status = 200, description = "Removed"),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such label", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn delete(
    State(app): State<App>,
    Administrator(member): Administrator,
    Path((account, id)): Path<(AccountId, LabelId)>,
) -> Result<Empty> {
    app.store.write(move |tx| service::delete(tx, account, id, &Actor::from(&member))).await?;
    Ok(Empty)
}
