//! Agents over HTTP (rest.md §5.6).

use axum::extract::State;
use edge::{ErrorJson, Json, Result};

use super::store as agents;
use super::wire::AgentJson;
use crate::App;
use crate::access::Member;

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
