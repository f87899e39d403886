//! Inboxes over HTTP (rest.md §5.13).

use ::store::Tx;
use axum::extract::State;
use edge::{BodyWithFiles, Empty, Error, ErrorJson, Json, Path, Result};
use types::{AccountId, InboxId};

use super::body::InboxBody;
use super::wire::{DeletedInboxJson, InboxJson, InboxListJson, InboxView};
use super::{draft, service, store};
use crate::App;
use crate::access::{Administrator, Member};
use crate::events::Actor;
use crate::file::picture::{self, Owner};
use crate::file::upload::{self, NewFile, Upload};
use crate::idempotency::{Answer, Once};

/// Make an inbox. It has no members yet, so that only administrators see it.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/inboxes",
    operation_id = "inboxCreation",
    tag = "Inboxes",
    params(("account_id" = i64, Path, description = "The account")),
    request_body = InboxBody,
    responses(
        (status = 200, description = "The inbox", body = InboxJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such account", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn create(
    State(app): State<App>,
    Administrator(member): Administrator,
    once: Once,
    BodyWithFiles { value: body, files }: BodyWithFiles<InboxBody>,
) -> Result<Json<Answer<InboxJson>>> {
    let once = once.about(&(&body, &files));
    let draft = draft::read(&body, &app.settings.inbound_mail_domain)?;
    let avatar = Upload::avatar(files).await?;
    let base_url = app.settings.base_url.clone();
    let write = async |avatar: Option<NewFile>| {
        once.write(&app, move |tx| {
            let account = member.account_id;
            let mut inbox = service::create(tx, account, &draft, &Actor::from(&member))?;
            if let Some(avatar) = &avatar {
                inbox.avatar = picture::set(tx, Owner::Inbox(account, inbox.id), Some(avatar))?;
            }
            if let Some(days) = &body.working_hours {
                service::set_hours(tx, member.account_id, inbox.id, &days.0)?;
            }
            InboxJson::load_one(tx, inbox, InboxView::of(&member), &base_url)
        })
        .await
    };
    upload::stored_avatar_once(&app, avatar, write).await
}

/// The inboxes of the account; agents see those that they are a member of.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/inboxes",
    operation_id = "listAllInboxes",
    tag = "Inboxes",
    params(("account_id" = i64, Path, description = "The account")),
    responses(
        (status = 200, description = "All of them, by id", body = InboxListJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such account", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn list(State(app): State<App>, member: Member) -> Result<Json<InboxListJson>> {
    let base_url = app.settings.base_url.clone();
    let payload = app
        .store
        .read(move |conn| {
            let inboxes = service::list_visible(conn, &member)?;
            InboxJson::load(conn, inboxes, InboxView::of(&member), &base_url)
        })
        .await?;
    Ok(Json(InboxListJson { payload }))
}

/// One inbox.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/inboxes/{id}",
    operation_id = "getInbox",
    tag = "Inboxes",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The inbox")
    ),
    responses(
        (status = 200, description = "The inbox", body = InboxJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such inbox", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn show(
    State(app): State<App>,
    member: Member,
    Path((_, id)): Path<(AccountId, InboxId)>,
) -> Result<Json<InboxJson>> {
    let base_url = app.settings.base_url.clone();
    let answer = app
        .store
        .read(move |conn| {
            let inbox = service::find_visible(conn, &member, id)?;
            InboxJson::load_one(conn, inbox, InboxView::of(&member), &base_url)
        })
        .await?;
    Ok(Json(answer))
}

/// Delete an inbox with its channel, sessions, conversations and messages.
#[utoipa::path(
    delete,
    path = "/api/v1/accounts/{account_id}/inboxes/{id}",
    operation_id = "deleteInbox",
    tag = "Inboxes",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The inbox")
    ),
    responses(
        (status = 200, description = "Gone; its rows follow in the background", body = DeletedInboxJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such inbox", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn delete(
    State(app): State<App>,
    member: Member,
    Path((account, id)): Path<(AccountId, InboxId)>,
) -> Result<Json<DeletedInboxJson>> {
    app.store
        .write(move |tx| {
            store::find(tx, account, id)?.ok_or(Error::NotFound("inbox"))?;
            member.must_administer()?;
            service::delete(tx, account, id, &Actor::from(&member))
        })
        .await?;
    Ok(Json(DeletedInboxJson { message: "The inbox is being deleted".into() }))
}

/// Change an inbox and its channel.
#[utoipa::path(
    patch,
    path = "/api/v1/accounts/{account_id}/inboxes/{id}",
    operation_id = "updateInbox",
    tag = "Inboxes",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The inbox")
    ),
    request_body = InboxBody,
    responses(
        (status = 200, description = "The inbox", body = InboxJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such inbox", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn update(
    State(app): State<App>,
    member: Member,
    Path((_, id)): Path<(AccountId, InboxId)>,
    BodyWithFiles { value: body, files }: BodyWithFiles<InboxBody>,
) -> Result<Json<InboxJson>> {
    let avatar = Upload::avatar(files).await?;
    let base_url = app.settings.base_url.clone();
    let write = async |avatar: Option<NewFile>| {
        app.store
            .write(move |tx| {
                let inbox = service::update(tx, &member, id, &body, avatar.as_ref())?;
                InboxJson::load_one(tx, inbox, InboxView::of(&member), &base_url)
            })
            .await
    };
    Ok(Json(upload::stored_avatar(&app, avatar, write).await?))
}

/// Take the picture of an inbox.
#[utoipa::path(
    delete,
    path = "/api/v1/accounts/{account_id}/inboxes/{id}/avatar",
    operation_id = "deleteInboxAvatar",
    tag = "Inboxes",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The inbox")
    ),
    responses(
        (status = 200, description = "It has none now"),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such inbox", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn delete_avatar(
    State(app): State<App>,
    member: Member,
    Path((_, id)): Path<(AccountId, InboxId)>,
) -> Result<Empty> {
    app.store.write(move |tx| service::remove_picture(tx, &member, id)).await?;
    Ok(Empty)
}

/// Give an API inbox another secret for its webhook; the one before stays good for a day.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/inboxes/{id}/reset_secret",
    operation_id = "resetSecretOfAnInbox",
    tag = "Inboxes",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The inbox")
    ),
    responses(
        (status = 200, description = "The inbox", body = InboxJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such inbox, or not an API inbox", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn reset_secret(
    State(app): State<App>,
    member: Member,
    Path((_, id)): Path<(AccountId, InboxId)>,
) -> Result<Json<InboxJson>> {
    let base_url = app.settings.base_url.clone();
    let change = move |tx: &mut Tx<'_>| {
        let inbox = service::reset_secret(tx, &member, id)?;
        InboxJson::load_one(tx, inbox, InboxView::of(&member), &base_url)
    };
    Ok(Json(app.store.write(change).await?))
}
