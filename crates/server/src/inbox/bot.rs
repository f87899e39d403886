//! The bot of an inbox, over HTTP (rest.md §5.13).

use axum::extract::State;
use edge::{Body, Empty, ErrorJson, Json, Path, Result};
use types::{AccountId, InboxId};

use super::body::SetBotBody;
use super::wire::InboxBotJson;
use super::{service, store};
use crate::access::Member;
use crate::agent_bot::wire::AgentBotJson;
use crate::{App, agent_bot};

/// The bot that answers in an inbox, if it has one.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/inboxes/{id}/agent_bot",
    operation_id = "getInboxAgentBot",
    tag = "Inboxes",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The inbox")
    ),
    responses(
        (status = 200, description = "The bot, or an empty object", body = InboxBotJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such inbox", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn show(
    State(app): State<App>,
    member: Member,
    Path((account, id)): Path<(AccountId, InboxId)>,
) -> Result<Json<InboxBotJson>> {
    let base_url = app.settings.base_url.clone();
    let answer = app.store.read(move |conn| {
        service::find_visible(conn, &member, id)?;
        let bot = match store::find_bot(conn, account, id)? {
            Some(bot) => agent_bot::store::find_usable(conn, account, bot)?,
            None => None,
        };
        let agent_bot = bot.map(|bot| AgentBotJson::new(bot, &member, &base_url));
        Ok::<_, edge::Error>(InboxBotJson { agent_bot })
    });
    Ok(Json(answer.await?))
}

/// Let a bot answer in an inbox, or none.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/inboxes/{id}/set_agent_bot",
    operation_id = "updateAgentBot",
    tag = "Inboxes",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The inbox")
    ),
    request_body = SetBotBody,
    responses(
        (status = 200, description = "Done"),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such inbox or bot", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn set(
    State(app): State<App>,
    member: Member,
    Path((_, id)): Path<(AccountId, InboxId)>,
    Body(body): Body<SetBotBody>,
) -> Result<Empty> {
    let bot = body.agent_bot.map(edge::field::Int::id);
    app.store.write(move |tx| service::set_bot(tx, &member, id, bot)).await?;
    Ok(Empty)
}
