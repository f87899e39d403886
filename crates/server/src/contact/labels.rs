//! The labels of a contact (superset §16).

use axum::extract::State;
use edge::{Body, Error, ErrorJson, Json, Path, Result};
use types::{AccountId, ContactId};

use super::store;
use crate::App;
use crate::access::Member;
use crate::conversation::wire::{LabelsBody, LabelsJson};
use crate::events::{Actor, Changes, Event, record};
use crate::label;

/// The labels of a contact.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/contacts/{id}/labels",
    operation_id = "listLabelsOfContact",
    tag = "Contacts",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The contact")
    ),
    responses(
        (status = 200, description = "Label names", body = LabelsJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such contact", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn list(
    State(app): State<App>,
    member: Member,
    Path((_, id)): Path<(AccountId, ContactId)>,
) -> Result<Json<LabelsJson>> {
    let payload = app
        .store
        .read(move |conn| {
            let contact = store::find(conn, member.account_id, id)?.ok_or(Error::NotFound("contact"))?;
            label::store::list_of_contact(conn, contact.account_id, contact.id)
        })
        .await?;
    Ok(Json(LabelsJson { payload }))
}

/// Replace the labels of a contact.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/contacts/{id}/labels",
    operation_id = "setLabelsOfContact",
    tag = "Contacts",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The contact")
    ),
    request_body = LabelsBody,
    responses(
        (status = 200, description = "The new label names", body = LabelsJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such contact", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn set(
    State(app): State<App>,
    member: Member,
    Path((_, id)): Path<(AccountId, ContactId)>,
    Body(body): Body<LabelsBody>,
) -> Result<Json<LabelsJson>> {
    let names = label::service::read_names(&body.labels.map(|texts| texts.0).unwrap_or_default())?;
    let payload = app
        .store
        .write(move |tx| {
            let account = member.account_id;
            let contact = store::lock(tx, account, id)?.ok_or(Error::NotFound("contact"))?;
            let before = label::store::list_of_contact(tx, account, contact.id)?;
            let after = label::service::replace_of_contact(tx, account, contact.id, &names)?;
            let changes = Changes::default().with("label_list", &before, &after);
            if !changes.is_empty() {
                record(tx, account, &Actor::from(&member), &Event::ContactUpdated(id, changes));
            }
            Ok::<_, Error>(after)
        })
        .await?;
    Ok(Json(LabelsJson { payload }))
}
