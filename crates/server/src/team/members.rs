//! Who is in a team, over HTTP (rest.md §5.19). Not wrapped in `payload`, unlike the members of an inbox.

use ::store::Conn;
use axum::extract::State;
use edge::{Body, Empty, Error, ErrorJson, Json, Path, Result};
use types::{AccountId, TeamId, UserId};

use super::wire::TeamMembersBody;
use super::{service, store};
use crate::access::Member;
use crate::agent::wire::AgentJson;
use crate::events::Actor;
use crate::{App, BaseUrl};

/// The members of a team.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/teams/{team_id}/team_members",
    operation_id = "getTeamMembers",
    tag = "Teams",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("team_id" = i64, Path, description = "The team")
    ),
    responses(
        (status = 200, description = "All members, by id", body = Vec<AgentJson>),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such team", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn list(
    State(app): State<App>,
    _: Member,
    Path((account, id)): Path<(AccountId, TeamId)>,
) -> Result<Json<Vec<AgentJson>>> {
    let base_url = app.settings.base_url.clone();
    let members = app
        .store
        .read(move |conn| {
            store::find(conn, account, id)?.ok_or(Error::NotFound("team"))?;
            answer(conn, (account, id), None, &base_url)
        })
        .await?;
    Ok(Json(members))
}

/// Add users of the account to a team; the answer has only those who were not in it.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/teams/{team_id}/team_members",
    operation_id = "addNewAgentToTeam",
    tag = "Teams",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("team_id" = i64, Path, description = "The team")
    ),
    request_body = TeamMembersBody,
    responses(
        (status = 200, description = "Those who were added, in the order of the request", body = Vec<AgentJson>),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such team", body = ErrorJson),
        (status = 422, description = "A user is no member of the account", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn add(
    State(app): State<App>,
    member: Member,
    Path((account, id)): Path<(AccountId, TeamId)>,
    Body(body): Body<TeamMembersBody>,
) -> Result<Json<Vec<AgentJson>>> {
    let (users, base_url) = (body.into_users(), app.settings.base_url.clone());
    let added = app
        .store
        .write(move |tx| {
            let team = service::lock_administered(tx, &member, id)?;
            let added = service::add_members(tx, account, team.id, given(users.as_deref())?, &Actor::from(&member))?;
            answer(tx, (account, team.id), Some(&added), &base_url)
        })
        .await?;
    Ok(Json(added))
}

/// Make users of the account the members of a team, and nobody else.
#[utoipa::path(
    patch,
    path = "/api/v1/accounts/{account_id}/teams/{team_id}/team_members",
    operation_id = "updateAgentsInTeam",
    tag = "Teams",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("team_id" = i64, Path, description = "The team")
    ),
    request_body = TeamMembersBody,
    responses(
        (status = 200, description = "All members, by id", body = Vec<AgentJson>),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such team", body = ErrorJson),
        (status = 422, description = "A user is no member of the account", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn set(
    State(app): State<App>,
    member: Member,
    Path((account, id)): Path<(AccountId, TeamId)>,
    Body(body): Body<TeamMembersBody>,
) -> Result<Json<Vec<AgentJson>>> {
    let (users, base_url) = (body.into_users(), app.settings.base_url.clone());
    let members = app
        .store
        .write(move |tx| {
            let team = service::lock_administered(tx, &member, id)?;
            service::set_members(tx, account, team.id, given(users.as_deref())?, &Actor::from(&member))?;
            answer(tx, (account, team.id), None, &base_url)
        })
        .await?;
    Ok(Json(members))
}

/// Take users of the account out of a team; whoever is not in it is ignored.
#[utoipa::path(
    delete,
    path = "/api/v1/accounts/{account_id}/teams/{team_id}/team_members",
    operation_id = "deleteAgentInTeam",
    tag = "Teams",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("team_id" = i64, Path, description = "The team")
    ),
    request_body = TeamMembersBody,
    responses(
        (status = 200, description = "Removed"),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such team", body = ErrorJson),
        (status = 422, description = "A user is no member of the account", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn remove(
    State(app): State<App>,
    member: Member,
    Path((account, id)): Path<(AccountId, TeamId)>,
    Body(body): Body<TeamMembersBody>,
) -> Result<Empty> {
    let users = body.into_users();
    let removed = app.store.write(move |tx| {
        let team = service::lock_administered(tx, &member, id)?;
        service::remove_members(tx, account, team.id, given(users.as_deref())?, &Actor::from(&member))
    });
    removed.await?;
    Ok(Empty)
}

fn given(users: Option<&[UserId]>) -> Result<&[UserId]> {
    users.ok_or_else(|| Error::Refused("parameter missing: user_ids".into()))
}

/// The members of a team by id, or those of them in `only`, in that order.
fn answer(
    conn: &mut Conn<'_>,
    (account, team): (AccountId, TeamId),
    only: Option<&[UserId]>,
    base_url: &BaseUrl,
) -> Result<Vec<AgentJson>> {
    let mut members = crate::agent::store::list_of_team(conn, account, team)?;
    if let Some(only) = only {
        members.retain(|agent| only.contains(&agent.id));
        members.sort_by_key(|agent| only.iter().position(|id| *id == agent.id));
    }
    Ok(members.iter().map(|agent| agent.to_json(account, base_url)).collect())
}
