//! Muting: the contact's messages do not reopen the conversation, until it is unmuted (decisions §2).
//!
//! It is about one conversation; blocking a contact is another thing.

use ::store::Tx;
use axum::extract::State;
use edge::{Empty, ErrorJson, Path, Result};
use types::{AccountId, Status};

use super::change::{self, Change};
use super::{Conversation, activity, service, store};
use crate::App;
use crate::access::{Member, MemberOrBot};
use crate::events::{Actor, Changes, Event, record};
use crate::message;

/// Resolve a conversation, and keep its contact's messages from reopening it.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/conversations/{conversation_id}/mute",
    operation_id = "muteConversation",
    tag = "Conversations",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("conversation_id" = i64, Path, description = "The conversation's number")
    ),
    responses(
        (status = 200, description = "Done"),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such conversation", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn mute(
    State(app): State<App>,
    member: Member,
    Path((_, display_id)): Path<(AccountId, i64)>,
) -> Result<Empty> {
    app.store
        .write(move |tx| {
            let actor = Actor::from(&member);
            let locked = service::lock_visible(tx, &MemberOrBot::Member(member.clone()), display_id)?;
            let resolve = Change { status: Some((Status::Resolved, None)), ..Change::default() };
            let mut conversation = change::apply(tx, &locked, resolve, &actor)?;
            set(tx, &mut conversation, true, &actor)
        })
        .await?;
    Ok(Empty)
}

/// Let the contact's messages reopen the conversation again. Its status stays.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/conversations/{conversation_id}/unmute",
    operation_id = "unmuteConversation",
    tag = "Conversations",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("conversation_id" = i64, Path, description = "The conversation's number")
    ),
    responses(
        (status = 200, description = "Done"),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such conversation", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn unmute(
    State(app): State<App>,
    member: Member,
    Path((_, display_id)): Path<(AccountId, i64)>,
) -> Result<Empty> {
    app.store
        .write(move |tx| {
            let actor = Actor::from(&member);
            let mut conversation = service::lock_visible(tx, &MemberOrBot::Member(member.clone()), display_id)?;
            set(tx, &mut conversation, false, &actor)
        })
        .await?;
    Ok(Empty)
}

fn set(tx: &mut Tx<'_>, conversation: &mut Conversation, muted: bool, actor: &Actor) -> Result<()> {
    let changes = Changes::default().with("muted", &conversation.muted, &muted);
    if changes.is_empty() {
        return Ok(());
    }
    conversation.muted = muted;
    let before = std::mem::replace(&mut conversation.updated_at, tx.now());
    let changes = changes.with("updated_at", &before, &conversation.updated_at);
    store::update_muted(tx, conversation)?;
    record(tx, conversation.account_id, actor, &Event::ConversationUpdated(conversation.id, changes));
    if let Some(user) = actor.user_name() {
        let text = if muted { activity::muted(user) } else { activity::unmuted(user) };
        message::service::add_activity(tx, conversation, actor, &text)?;
    }
    Ok(())
}
