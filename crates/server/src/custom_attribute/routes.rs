//! Custom attributes over HTTP (rest.md §5.11). Every member may use and change them.

use axum::extract::State;
use edge::{Body, ErrorJson, Json, NoContent, Path, Query, Result};
use types::{AccountId, CustomAttributeId};

use super::wire::{CustomAttributeBody, CustomAttributeJson, CustomAttributeQuery};
use super::{Draft, service, store};
use crate::App;
use crate::access::Member;
use crate::events::Actor;
use crate::idempotency::{Answer, Once};

/// The custom attributes of the account.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/custom_attribute_definitions",
    operation_id = "getAccountCustomAttribute",
    tag = "CustomAttributes",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("attribute_model" = String, Query, description = "What has them: a name, or its number (0 conversations, 1 contacts, 2 companies); all when left out")
    ),
    responses(
        (status = 200, description = "By id", body = Vec<CustomAttributeJson>),
        (status = 403, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn list(
    State(app): State<App>,
    member: Member,
    Query(query): Query<CustomAttributeQuery>,
) -> Result<Json<Vec<CustomAttributeJson>>> {
    let model = query.attribute_model.map(|model| model.0.0);
    let found = app.store.read(move |conn| store::list(conn, member.account_id, model)).await?;
    Ok(Json(found.into_iter().map(CustomAttributeJson::from).collect()))
}

/// Make a custom attribute.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/custom_attribute_definitions",
    operation_id = "addNewCustomAttributeToAccount",
    tag = "CustomAttributes",
    params(("account_id" = i64, Path, description = "The account")),
    request_body = CustomAttributeBody,
    responses(
        (status = 200, description = "The custom attribute", body = CustomAttributeJson),
        (status = 403, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn create(
    State(app): State<App>,
    member: Member,
    once: Once,
    Body(body): Body<CustomAttributeBody>,
) -> Result<Json<Answer<CustomAttributeJson>>> {
    let draft = body.onto(Draft::default());
    once.about(&body)
        .write(&app, move |tx| Ok(service::create(tx, member.account_id, &draft, &Actor::from(&member))?.into()))
        .await
}

/// One custom attribute.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/custom_attribute_definitions/{id}",
    operation_id = "getDetailsOfASingleCustomAttribute",
    tag = "CustomAttributes",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The custom attribute")
    ),
    responses(
        (status = 200, description = "The custom attribute", body = CustomAttributeJson),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such custom attribute", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn show(
    State(app): State<App>,
    member: Member,
    Path((_, id)): Path<(AccountId, CustomAttributeId)>,
) -> Result<Json<CustomAttributeJson>> {
    let found = app.store.read(move |conn| store::find(conn, member.account_id, id)).await?;
    Ok(Json(found.ok_or(edge::Error::NotFound("custom attribute"))?.into()))
}

/// Change a custom attribute.
#[utoipa::path(
    patch,
    path = "/api/v1/accounts/{account_id}/custom_attribute_definitions/{id}",
    operation_id = "updateCustomAttributeInAccount",
    tag = "CustomAttributes",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The custom attribute")
    ),
    request_body = CustomAttributeBody,
    responses(
        (status = 200, description = "The custom attribute", body = CustomAttributeJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such custom attribute", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn update(
    State(app): State<App>,
    member: Member,
    Path((account, id)): Path<(AccountId, CustomAttributeId)>,
    Body(body): Body<CustomAttributeBody>,
) -> Result<Json<CustomAttributeJson>> {
    let changed = app
        .store
        .write(move |tx| service::update(tx, account, id, |before| body.onto(before), &Actor::from(&member)))
        .await?;
    Ok(Json(changed.into()))
}

/// Remove a custom attribute; what contacts and conversations have of it stays.
#[utoipa::path(
    delete,
    path = "/api/v1/accounts/{account_id}/custom_attribute_definitions/{id}",
    operation_id = "deleteCustomAttributeFromAccount",
    tag = "CustomAttributes",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The custom attribute")
    ),
    responses(
        (status = 204, description = "Removed"),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such custom attribute", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn delete(
    State(app): State<App>,
    member: Member,
    Path((account, id)): Path<(AccountId, CustomAttributeId)>,
) -> Result<NoContent> {
    app.store.write(move |tx| service::delete(tx, account, id, &Actor::from(&member))).await?;
    Ok(NoContent)
}
