//! Changing a contact over HTTP (rest.md §5.9, superset §16).

use ::store::Tx;
use axum::extract::State;
use edge::{Body, BodyWithFiles, Error, ErrorJson, Json, Path, Result};
use types::{AccountId, ContactId};

use super::routes::with_sessions;
use super::service::{self, NewContact};
use super::store;
use super::wire::{ContactBody, ContactShowJson, DestroyAttributesBody};
use crate::App;
use crate::access::Member;
use crate::events::Actor;
use crate::file::fetch;
use crate::file::picture::{self, NewPicture, Owner};
use crate::file::upload::{self, Upload};
use crate::inbox::wire::InboxView;

/// Change a contact.
#[utoipa::path(
    put,
    path = "/api/v1/accounts/{account_id}/contacts/{id}",
    operation_id = "contactUpdate",
    tag = "Contacts",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The contact")
    ),
    request_body = ContactBody,
    responses(
        (status = 200, description = "The contact", body = ContactShowJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such contact", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn update(
    State(app): State<App>,
    member: Member,
    Path((_, id)): Path<(AccountId, ContactId)>,
    BodyWithFiles { value: body, files }: BodyWithFiles<ContactBody>,
) -> Result<Json<ContactShowJson>> {
    let avatar = Upload::avatar(files).await?;
    let address = fetch::address(body.avatar_url.as_ref())?;
    let change = move |before| body.onto(before);
    let write = async |file| write(&app, member, id, change, NewPicture { file, address }).await;
    upload::stored_avatar(&app, avatar, write).await
}

/// Take custom attributes away from a contact.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/contacts/{id}/destroy_custom_attributes",
    operation_id = "contactDestroyCustomAttributes",
    tag = "Contacts",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The contact")
    ),
    request_body = DestroyAttributesBody,
    responses(
        (status = 200, description = "The contact", body = ContactShowJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such contact", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn destroy_custom_attributes(
    State(app): State<App>,
    member: Member,
    Path((_, id)): Path<(AccountId, ContactId)>,
    Body(body): Body<DestroyAttributesBody>,
) -> Result<Json<ContactShowJson>> {
    let keys = body.custom_attributes.unwrap_or_default().0;
    let change = move |before: NewContact| {
        let custom_attributes = before.custom_attributes.without(&keys);
        NewContact { custom_attributes, ..before }
    };
    write(&app, member, id, change, NewPicture::default()).await
}

async fn write(
    app: &App,
    member: Member,
    id: ContactId,
    change: impl Fn(NewContact) -> NewContact + Send + Sync + 'static,
    picture: NewPicture,
) -> Result<Json<ContactShowJson>> {
    let base_url = app.settings.base_url.clone();
    let payload = app
        .store
        .write(move |tx| {
            let mut contact = service::update(tx, member.account_id, id, &change, &Actor::from(&member))?;
            contact.avatar = picture.apply(tx, Owner::Contact(member.account_id, id), contact.avatar)?;
            with_sessions(tx, &contact, InboxView::of(&member), &base_url)
        })
        .await?;
    Ok(Json(ContactShowJson { payload }))
}

/// Take the picture of a contact.
#[utoipa::path(
    delete,
    path = "/api/v1/accounts/{account_id}/contacts/{id}/avatar",
    operation_id = "contactDeleteAvatar",
    tag = "Contacts",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The contact")
    ),
    responses(
        (status = 200, description = "The contact, also when it had none", body = ContactShowJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such contact", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn delete_avatar(
    State(app): State<App>,
    member: Member,
    Path((account, id)): Path<(AccountId, ContactId)>,
) -> Result<Json<ContactShowJson>> {
    let base_url = app.settings.base_url.clone();
    let change = move |tx: &mut Tx<'_>| {
        let mut contact = store::lock(tx, account, id)?.ok_or(Error::NotFound("contact"))?;
        contact.avatar = picture::set(tx, Owner::Contact(account, id), None)?;
        with_sessions(tx, &contact, InboxView::of(&member), &base_url)
    };
    let payload = app.store.write(change).await?;
    Ok(Json(ContactShowJson { payload }))
}
