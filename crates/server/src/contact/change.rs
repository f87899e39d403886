//! Changing a contact over HTTP (rest.md §5.9, superset §16).

use axum::extract::State;
use edge::{Body, BodyWithFiles, ErrorJson, Json, Path, Result};
use types::{AccountId, ContactId};

use super::routes::with_sessions;
use super::service::{self, NewContact};
use super::wire::{ContactBody, ContactShowJson, DestroyAttributesBody};
use crate::App;
use crate::access::Member;
use crate::events::Actor;
use crate::file::picture::{self, Owner};
use crate::file::upload::{self, NewFile, Upload};
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
    let change = move |before| body.onto(before);
    upload::stored_avatar(&app, avatar, async |avatar| write(&app, member, id, change, avatar).await).await
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
    write(&app, member, id, change, None).await
}

async fn write(
    app: &App,
    member: Member,
    id: ContactId,
    change: impl Fn(NewContact) -> NewContact + Send + Sync + 'static,
    avatar: Option<NewFile>,
) -> Result<Json<ContactShowJson>> {
    let base_url = app.settings.base_url.clone();
    let payload = app
        .store
        .write(move |tx| {
            let mut contact = service::update(tx, member.account_id, id, &change, &Actor::from(&member))?;
            if let Some(avatar) = &avatar {
                contact.avatar = picture::set(tx, Owner::Contact(member.account_id, id), Some(avatar))?;
            }
            with_sessions(tx, &contact, InboxView::of(&member), &base_url)
        })
        .await?;
    Ok(Json(ContactShowJson { payload }))
}
