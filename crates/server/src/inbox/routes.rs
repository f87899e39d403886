//! Inboxes and their members over HTTP (rest.md §5.13).

use axum::extract::State;
use edge::{Body, BodyWithFiles, Error, ErrorJson, Json, Path, Result};
use types::{AccountId, InboxId, UserId};

use super::body::{AddMembersBody, InboxBody};
use super::wire::{InboxJson, InboxListJson, InboxMembersJson, InboxView};
use super::{draft, service, store};
use crate::access::{Administrator, Member};
use crate::agent;
use crate::events::Actor;
use crate::file::picture::{self, Owner};
use crate::file::upload::{self, NewFile, Upload};
use crate::idempotency::{Answer, Once};
use crate::{App, BaseUrl};

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

/// Add users of the account to an inbox; the answer has all of its members.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/inbox_members",
    operation_id = "addNewAgentToInbox",
    tag = "Inboxes",
    params(("account_id" = i64, Path, description = "The account")),
    request_body = AddMembersBody,
    responses(
        (status = 200, description = "All members", body = InboxMembersJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such inbox", body = ErrorJson),
        (status = 422, description = "A user is no member of the account", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn add_members(
    State(app): State<App>,
    member: Member,
    Body(body): Body<AddMembersBody>,
) -> Result<Json<InboxMembersJson>> {
    // What is no number names no inbox.
    let id = body.inbox_id.and_then(|text| text.0.trim().parse().ok()).map(InboxId::new);
    let users = body.user_ids.map(|ids| ids.0.into_iter().map(UserId::new).collect::<Vec<_>>());
    let base_url = app.settings.base_url.clone();
    let payload = app
        .store
        .write(move |tx| {
            let account = member.account_id;
            let inbox = match id {
                Some(id) => store::find(tx, account, id)?,
                None => None,
            };
            let inbox = inbox.ok_or(Error::NotFound("inbox"))?;
            member.must_administer()?;
            let users = users.as_deref().ok_or_else(|| Error::Refused("parameter missing: user_ids".into()))?;
            service::add_members(tx, account, inbox.id, users, &Actor::from(&member))?;
            agent::store::list_of_inbox(tx, account, inbox.id).map(|agents| answer(&agents, account, &base_url))
        })
        .await?;
    Ok(Json(payload))
}

/// The members of an inbox.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/inbox_members/{inbox_id}",
    operation_id = "getInboxMembers",
    tag = "Inboxes",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("inbox_id" = i64, Path, description = "The inbox")
    ),
    responses(
        (status = 200, description = "All members", body = InboxMembersJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such inbox", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn list_members(
    State(app): State<App>,
    member: Member,
    Path((_, inbox)): Path<(AccountId, InboxId)>,
) -> Result<Json<InboxMembersJson>> {
    let base_url = app.settings.base_url.clone();
    let payload = app
        .store
        .read(move |conn| {
            let account = member.account_id;
            let inbox = service::find_visible(conn, &member, inbox)?;
            agent::store::list_of_inbox(conn, account, inbox.id).map(|agents| answer(&agents, account, &base_url))
        })
        .await?;
    Ok(Json(payload))
}

fn answer(agents: &[agent::Agent], account: AccountId, base_url: &BaseUrl) -> InboxMembersJson {
    InboxMembersJson { payload: agents.iter().map(|agent| agent.to_json(account, base_url)).collect() }
}
