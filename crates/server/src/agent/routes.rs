//! Agents over HTTP (rest.md §5.6).

use axum::extract::State;
use edge::{Body, Empty, Error, ErrorJson, Json, Path, Result};
use types::{AccountId, UserId};

use super::wire::{AgentJson, AgentUpdateBody, AgentsBody, NewAgentBody};
use super::{AgentChange, Invitation, invite, removal, service, store as agents};
use crate::App;
use crate::access::{Administrator, Member};
use crate::events::Actor;
use crate::idempotency::{Answer, Once};

/// All members of the account, administrators included, by name.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/agents",
    operation_id = "getAccountAgents",
    tag = "Agents",
    params(("account_id" = i64, Path, description = "The account")),
    responses(
        (status = 200, description = "The agents", body = Vec<AgentJson>),
        (status = 403, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn list(State(app): State<App>, member: Member) -> Result<Json<Vec<AgentJson>>> {
    let account = member.account_id;
    let agents = app.store.read(move |conn| agents::list(conn, account)).await?;
    Ok(Json(agents.iter().map(|agent| agent.to_json(account, &app.settings.base_url)).collect()))
}

/// Make somebody an agent of the account: a user who has the e-mail address, or a new one who is invited.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/agents",
    operation_id = "addNewAgentToAccount",
    tag = "Agents",
    params(("account_id" = i64, Path, description = "The account")),
    request_body = NewAgentBody,
    responses(
        (status = 200, description = "The agent", body = AgentJson),
        (status = 403, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn create(
    State(app): State<App>,
    Administrator(member): Administrator,
    once: Once,
    Body(body): Body<NewAgentBody>,
) -> Result<Json<Answer<AgentJson>>> {
    let once = once.about(&body);
    let invitation = Invitation::from(body);
    let base_url = app.settings.base_url.clone();
    once.write(&app, move |tx| {
        let agent = invite::invite(tx, &member, &invitation)?;
        Ok(agent.to_json(member.account_id, &base_url))
    })
    .await
}

/// Make several people agents of the account. Who is one already and what is no e-mail address are skipped.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/agents/bulk_create",
    operation_id = "addNewAgentsToAccount",
    tag = "Agents",
    params(("account_id" = i64, Path, description = "The account")),
    request_body = AgentsBody,
    responses(
        (status = 200, description = "Done"),
        (status = 402, description = "The account may not have so many agents", body = ErrorJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 422, description = "No e-mail addresses, or too many", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn bulk_create(
    State(app): State<App>,
    Administrator(member): Administrator,
    Body(body): Body<AgentsBody>,
) -> Result<Empty> {
    let emails = body.emails.ok_or_else(|| Error::Refused("parameter missing: emails".into()))?;
    let invitations = invite::read_many(&emails.0)?;
    app.store.write(move |tx| invite::invite_many(tx, &member, &invitations)).await?;
    Ok(Empty)
}

/// Change an agent.
#[utoipa::path(
    patch,
    path = "/api/v1/accounts/{account_id}/agents/{id}",
    operation_id = "updateAgentInAccount",
    tag = "Agents",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The agent's user id")
    ),
    request_body = AgentUpdateBody,
    responses(
        (status = 200, description = "The agent", body = AgentJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such agent", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn update(
    State(app): State<App>,
    member: Member,
    Path((account, id)): Path<(AccountId, UserId)>,
    Body(body): Body<AgentUpdateBody>,
) -> Result<Json<AgentJson>> {
    let change = AgentChange::from(body);
    let agent = app
        .store
        .write(move |tx| {
            agents::find(tx, account, id)?.ok_or(Error::NotFound("agent"))?;
            member.must_administer()?;
            service::change(tx, account, id, &change, &Actor::from(&member))
        })
        .await?;
    Ok(Json(agent.to_json(account, &app.settings.base_url)))
}

/// Remove an agent from the account. Its conversations are nobody's; the user stays.
#[utoipa::path(
    delete,
    path = "/api/v1/accounts/{account_id}/agents/{id}",
    operation_id = "deleteAgentFromAccount",
    tag = "Agents",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The agent's user id")
    ),
    responses(
        (status = 200, description = "Removed"),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such agent", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn delete(
    State(app): State<App>,
    member: Member,
    Path((account, id)): Path<(AccountId, UserId)>,
) -> Result<Empty> {
    let removed = app.store.write(move |tx| {
        agents::find(tx, account, id)?.ok_or(Error::NotFound("agent"))?;
        member.must_administer()?;
        if removal::remove(tx, account, id, &Actor::from(&member))? { Ok(()) } else { Err(Error::NotFound("agent")) }
    });
    removed.await?;
    Ok(Empty)
}
