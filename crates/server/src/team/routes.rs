//! Teams over HTTP (rest.md §5.18).

use axum::extract::State;
use edge::{Body, Empty, ErrorJson, Json, Path, Result};
use types::{AccountId, TeamId};

use super::wire::{TeamBody, TeamJson};
use super::{Draft, service, store};
use crate::App;
use crate::access::{Administrator, Member};
use crate::events::Actor;
use crate::idempotency::{Answer, Once};

/// The teams of the account.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/teams",
    operation_id = "listAllTeams",
    tag = "Teams",
    params(("account_id" = i64, Path, description = "The account")),
    responses(
        (status = 200, description = "All of them, by id", body = Vec<TeamJson>),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn list(State(app): State<App>, member: Member) -> Result<Json<Vec<TeamJson>>> {
    Ok(Json(app.store.read(move |conn| store::list(conn, member.account_id, member.user_id)).await?))
}

/// One team.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/teams/{team_id}",
    operation_id = "getDetailsOfASingleTeam",
    tag = "Teams",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("team_id" = i64, Path, description = "The team")
    ),
    responses(
        (status = 200, description = "The team", body = TeamJson),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such team", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn show(
    State(app): State<App>,
    member: Member,
    Path((account, id)): Path<(AccountId, TeamId)>,
) -> Result<Json<TeamJson>> {
    Ok(Json(app.store.read(move |conn| service::show(conn, account, member.user_id, id)).await?))
}

/// Make a team; it has no members yet.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/teams",
    operation_id = "createATeam",
    tag = "Teams",
    params(("account_id" = i64, Path, description = "The account")),
    request_body = TeamBody,
    responses(
        (status = 200, description = "The team", body = TeamJson),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn create(
    State(app): State<App>,
    Administrator(member): Administrator,
    once: Once,
    Body(body): Body<TeamBody>,
) -> Result<Json<Answer<TeamJson>>> {
    let draft = body.onto(Draft::default());
    once.about(&body)
        .write(&app, move |tx| {
            let team = service::create(tx, member.account_id, &draft, &Actor::from(&member))?;
            service::show(tx, member.account_id, member.user_id, team.id)
        })
        .await
}

/// Change a team.
#[utoipa::path(
    patch,
    path = "/api/v1/accounts/{account_id}/teams/{team_id}",
    operation_id = "updateATeam",
    tag = "Teams",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("team_id" = i64, Path, description = "The team")
    ),
    request_body = TeamBody,
    responses(
        (status = 200, description = "The team", body = TeamJson),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn update(
    State(app): State<App>,
    member: Member,
    Path((account, id)): Path<(AccountId, TeamId)>,
    Body(body): Body<TeamBody>,
) -> Result<Json<TeamJson>> {
    let team = app
        .store
        .write(move |tx| {
            service::update(tx, &member, id, |before| body.onto(before))?;
            service::show(tx, account, member.user_id, id)
        })
        .await?;
    Ok(Json(team))
}

/// Remove a team; its conversations stay without team.
#[utoipa::path(
    delete,
    path = "/api/v1/accounts/{account_id}/teams/{team_id}",
    operation_id = "deleteATeam",
    tag = "Teams",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("team_id" = i64, Path, description = "The team")
    ),
    responses(
        (status = 200, description = "Removed"),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such team", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn delete(State(app): State<App>, member: Member, Path((_, id)): Path<(AccountId, TeamId)>) -> Result<Empty> {
    app.store.write(move |tx| service::delete(tx, &member, id)).await?;
    Ok(Empty)
}
