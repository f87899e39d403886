//! How urgent a conversation is (superset §10).

use ::store::Tx;
use axum::extract::State;
use edge::{Body, Empty, ErrorJson, Json, Path, Query, Result};
use types::{AccountId, Priority};

use super::view::{self, Viewer};
use super::wire::{ConversationBody, ConversationJson, PriorityBody, PriorityQuery};
use super::{Conversation, activity, service, store};
use crate::App;
use crate::access::MemberOrBot;
use crate::events::{Actor, Changes, Event, record};
use crate::message;

/// Change a conversation: its priority.
#[utoipa::path(
    patch,
    path = "/api/v1/accounts/{account_id}/conversations/{conversation_id}",
    operation_id = "updateConversation",
    tag = "Conversations",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("conversation_id" = i64, Path, description = "The conversation's number")
    ),
    request_body = ConversationBody,
    responses(
        (status = 200, description = "The conversation", body = ConversationJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such conversation", body = ErrorJson)
    ),
    security(("userApiKey" = []), ("agentBotApiKey" = []))
)]
pub async fn update(
    State(app): State<App>,
    caller: MemberOrBot,
    Path((_, display_id)): Path<(AccountId, i64)>,
    Body(body): Body<ConversationBody>,
) -> Result<Json<ConversationJson>> {
    let base_url = app.settings.base_url.clone();
    let priority = body.priority.map(|word| Some(word.0)).or_null(None);
    let answer = app
        .store
        .write(move |tx| {
            let mut conversation = service::lock_visible(tx, &caller, display_id)?;
            if let Some(priority) = priority {
                set(tx, &mut conversation, priority, &Actor::from(&caller))?;
            }
            let now = tx.now();
            view::load_one(tx, &Viewer::new(&caller, now, &base_url), conversation)
        })
        .await?;
    Ok(Json(answer))
}

/// Set the priority, or without one take it away.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/conversations/{conversation_id}/toggle_priority",
    operation_id = "togglePriorityOfConversation",
    tag = "Conversations",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("conversation_id" = i64, Path, description = "The conversation's number"),
        ("priority" = Option<String>, Query, description = "Counts when the body has none")
    ),
    request_body = PriorityBody,
    responses(
        (status = 200, description = "Done"),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such conversation", body = ErrorJson)
    ),
    security(("userApiKey" = []), ("agentBotApiKey" = []))
)]
pub async fn toggle(
    State(app): State<App>,
    caller: MemberOrBot,
    Path((_, display_id)): Path<(AccountId, i64)>,
    Query(query): Query<PriorityQuery>,
    Body(body): Body<PriorityBody>,
) -> Result<Empty> {
    let priority = body.priority.or(query.priority).map(|word| word.0);
    app.store
        .write(move |tx| {
            let mut conversation = service::lock_visible(tx, &caller, display_id)?;
            set(tx, &mut conversation, priority, &Actor::from(&caller))
        })
        .await?;
    Ok(Empty)
}

/// Sets the priority of a locked conversation; only what a user does leaves an activity message.
pub fn set(tx: &mut Tx<'_>, conversation: &mut Conversation, priority: Option<Priority>, actor: &Actor) -> Result<()> {
    let before = conversation.priority;
    let changes = Changes::default().with("priority", &before, &priority);
    if changes.is_empty() {
        return Ok(());
    }
    conversation.priority = priority;
    let changed_before = std::mem::replace(&mut conversation.updated_at, tx.now());
    let changes = changes.with("updated_at", &changed_before, &conversation.updated_at);
    store::update_priority(tx, conversation)?;
    record(tx, conversation.account_id, actor, &Event::ConversationUpdated(conversation.id, changes));
    if let Some(user) = actor.user_name() {
        message::service::add_activity(tx, conversation, actor, &activity::priority(user, before, priority))?;
    }
    Ok(())
}
