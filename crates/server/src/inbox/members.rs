//! Who is in an inbox, and who may be assigned in it, over HTTP (rest.md §5.13, superset §8).

use ::store::{Conn, Tx};
use axum::extract::State;
use edge::{Body, Empty, Error, ErrorJson, Json, Path, Query, Result};
use types::{AccountId, InboxId, UserId};

use super::body::{AssignableAgentsQuery, MembersBody, RemoveMembersBody};
use super::service;
use super::wire::InboxMembersJson;
use crate::access::Member;
use crate::agent::Agent;
use crate::events::Actor;
use crate::{App, BaseUrl, agent};

/// Add users of the account to an inbox; the answer has all of its members.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/inbox_members",
    operation_id = "addNewAgentToInbox",
    tag = "Inboxes",
    params(("account_id" = i64, Path, description = "The account")),
    request_body = MembersBody,
    responses(
        (status = 200, description = "All members", body = InboxMembersJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such inbox", body = ErrorJson),
        (status = 422, description = "A user is no member of the account", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn add(
    State(app): State<App>,
    member: Member,
    Body(body): Body<MembersBody>,
) -> Result<Json<InboxMembersJson>> {
    write(&app, member, body.inbox(), body.users(), service::add_members).await
}

/// Make users of the account the members of an inbox, and nobody else; the answer has all of its members.
#[utoipa::path(
    patch,
    path = "/api/v1/accounts/{account_id}/inbox_members",
    operation_id = "updateAgentsInInbox",
    tag = "Inboxes",
    params(("account_id" = i64, Path, description = "The account")),
    request_body = MembersBody,
    responses(
        (status = 200, description = "All members", body = InboxMembersJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such inbox", body = ErrorJson),
        (status = 422, description = "A user is no member of the account", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn set(
    State(app): State<App>,
    member: Member,
    Body(body): Body<MembersBody>,
) -> Result<Json<InboxMembersJson>> {
    write(&app, member, body.inbox(), body.users(), service::set_members).await
}

/// Take members out of the inbox that the body names.
#[utoipa::path(
    delete,
    path = "/api/v1/accounts/{account_id}/inbox_members",
    operation_id = "deleteAgentsInInbox",
    tag = "Inboxes",
    params(("account_id" = i64, Path, description = "The account")),
    request_body = MembersBody,
    responses(
        (status = 200, description = "Removed"),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such inbox, or a user is not in it", body = ErrorJson),
        (status = 422, description = "A user is no member of the account", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn remove(State(app): State<App>, member: Member, Body(body): Body<MembersBody>) -> Result<Empty> {
    write(&app, member, body.inbox(), body.users(), service::remove_members).await?;
    Ok(Empty)
}

/// Take members out of the inbox in the path.
#[utoipa::path(
    delete,
    path = "/api/v1/accounts/{account_id}/inbox_members/{inbox_id}",
    operation_id = "deleteAgentInInbox",
    tag = "Inboxes",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("inbox_id" = i64, Path, description = "The inbox")
    ),
    request_body = RemoveMembersBody,
    responses(
        (status = 200, description = "Removed"),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such inbox, or a user is not in it", body = ErrorJson),
        (status = 422, description = "A user is no member of the account", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn remove_from(
    State(app): State<App>,
    member: Member,
    Path((_, inbox)): Path<(AccountId, InboxId)>,
    Body(body): Body<RemoveMembersBody>,
) -> Result<Empty> {
    write(&app, member, Some(inbox), body.users(), service::remove_members).await?;
    Ok(Empty)
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
pub async fn list(
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
            answer(conn, account, inbox.id, &base_url)
        })
        .await?;
    Ok(Json(payload))
}

/// The agents to whom conversations of an inbox can be given: its members, then the other administrators.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/inboxes/{id}/assignable_agents",
    operation_id = "inboxAssignableAgents",
    tag = "Inboxes",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The inbox")
    ),
    responses(
        (status = 200, description = "All of them", body = InboxMembersJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such inbox", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn list_assignable_in_inbox(
    State(app): State<App>,
    member: Member,
    Path((_, inbox)): Path<(AccountId, InboxId)>,
) -> Result<Json<InboxMembersJson>> {
    read_assignable(&app, member, vec![inbox]).await
}

/// The agents to whom conversations of some inboxes can be given: the members of all of them, then the other
/// administrators.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/assignable_agents",
    operation_id = "assignableAgents",
    tag = "Inboxes",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("inbox_ids" = Option<Vec<i64>>, Query, description = "The inboxes, at least one")
    ),
    responses(
        (status = 200, description = "All of them", body = InboxMembersJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such inbox", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn list_assignable(
    State(app): State<App>,
    member: Member,
    Query(query): Query<AssignableAgentsQuery>,
) -> Result<Json<InboxMembersJson>> {
    let ids = query.inbox_ids.map(|ids| ids.0.into_iter().map(InboxId::new).collect());
    read_assignable(&app, member, ids.unwrap_or_default()).await
}

/// Does `change` to the members of an inbox; gives all of them.
async fn write<F>(
    app: &App,
    member: Member,
    inbox: Option<InboxId>,
    users: Option<Vec<UserId>>,
    change: F,
) -> Result<Json<InboxMembersJson>>
where
    F: Fn(&mut Tx<'_>, AccountId, InboxId, &[UserId], &Actor) -> Result<()> + Send + Sync + 'static,
{
    let base_url = app.settings.base_url.clone();
    let payload = app
        .store
        .write(move |tx| {
            let inbox = service::lock_administered(tx, &member, inbox.ok_or(Error::NotFound("inbox"))?)?;
            let users = users.as_deref().ok_or_else(|| Error::Refused("parameter missing: user_ids".into()))?;
            change(tx, member.account_id, inbox.id, users, &Actor::from(&member))?;
            answer(tx, member.account_id, inbox.id, &base_url)
        })
        .await?;
    Ok(Json(payload))
}

async fn read_assignable(app: &App, member: Member, mut inboxes: Vec<InboxId>) -> Result<Json<InboxMembersJson>> {
    inboxes.sort_unstable();
    inboxes.dedup();
    let base_url = app.settings.base_url.clone();
    let payload = app
        .store
        .read(move |conn| {
            let account = member.account_id;
            service::must_see_all(conn, &member, &inboxes)?;
            let agents = agent::store::list_assignable(conn, account, &inboxes)?;
            Ok::<_, Error>(to_json(&agents, account, &base_url))
        })
        .await?;
    Ok(Json(payload))
}

fn answer(conn: &mut Conn<'_>, account: AccountId, inbox: InboxId, base_url: &BaseUrl) -> Result<InboxMembersJson> {
    Ok(to_json(&agent::store::list_of_inbox(conn, account, inbox)?, account, base_url))
}

fn to_json(agents: &[Agent], account: AccountId, base_url: &BaseUrl) -> InboxMembersJson {
    InboxMembersJson { payload: agents.iter().map(|agent| agent.to_json(account, base_url)).collect() }
}
