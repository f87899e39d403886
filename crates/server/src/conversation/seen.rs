//! Up to when the team, and the contact, have read a conversation (semantics §2.5, superset §10).

use std::time::Duration;

use ::store::Tx;
use axum::extract::State;
use edge::{ErrorJson, Json, Path, Result};
use types::{AccountId, Timestamp};

use super::jobs::MarkRead;
use super::view::{self, Viewer};
use super::wire::ConversationJson;
use super::{Conversation, service, store};
use crate::App;
use crate::access::{Member, MemberOrBot};
use crate::events::{Actor, Event, record};
use crate::{message, survey};

/// A mark that is older moves even when nothing is unread.
const MOVES_AFTER: Duration = Duration::from_hours(1);
/// How far before the contact's last message it is unread again.
const BEFORE_LAST: Duration = Duration::from_secs(1);

/// Mark a conversation as read.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/conversations/{conversation_id}/update_last_seen",
    operation_id = "markConversationAsRead",
    tag = "Conversations",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("conversation_id" = i64, Path, description = "The conversation's number")
    ),
    responses(
        (status = 200, description = "The conversation", body = ConversationJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such conversation", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn mark_read(
    State(app): State<App>,
    member: Member,
    Path((_, display_id)): Path<(AccountId, i64)>,
) -> Result<Json<ConversationJson>> {
    change(&app, member, display_id, |tx, conversation, member| {
        let now = tx.now();
        let is_unread = conversation.unread_count > 0;
        let moves = |mark: Option<Timestamp>| is_unread || mark.is_none_or(|mark| now.since(mark) > MOVES_AFTER);
        if moves(conversation.agent_last_seen_at) {
            conversation.agent_last_seen_at = Some(now);
        }
        if conversation.assignee_id == Some(member.user_id) && moves(conversation.assignee_last_seen_at) {
            conversation.assignee_last_seen_at = Some(now);
        }
        conversation.unread_count = 0;
        Ok(())
    })
    .await
}

/// Mark the contact's last message, and what follows it, as unread.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/conversations/{conversation_id}/unread",
    operation_id = "markConversationAsUnread",
    tag = "Conversations",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("conversation_id" = i64, Path, description = "The conversation's number")
    ),
    responses(
        (status = 200, description = "The conversation", body = ConversationJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such conversation", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn mark_unread(
    State(app): State<App>,
    member: Member,
    Path((_, display_id)): Path<(AccountId, i64)>,
) -> Result<Json<ConversationJson>> {
    change(&app, member, display_id, |tx, conversation, _| {
        let (account, id) = (conversation.account_id, conversation.id);
        let Some(last) = survey::store::find_last_incoming(tx, conversation)? else { return Ok(()) };
        let mark = last.minus(BEFORE_LAST);
        conversation.agent_last_seen_at = Some(mark);
        conversation.assignee_last_seen_at = Some(mark);
        conversation.unread_count = message::store::count_incoming_after(tx, account, id, mark)?;
        Ok(())
    })
    .await
}

/// Moves the marks of a conversation; tells nobody (realtime.md §2.4 has no event for it).
async fn change(
    app: &App,
    member: Member,
    display_id: i64,
    how: impl Fn(&mut Tx<'_>, &mut Conversation, &Member) -> Result<()> + Send + Sync + 'static,
) -> Result<Json<ConversationJson>> {
    let base_url = app.settings.base_url.clone();
    let answer = app
        .store
        .write(move |tx| {
            let mut conversation = service::lock_visible(tx, &MemberOrBot::Member(member.clone()), display_id)?;
            let marks = |of: &Conversation| (of.agent_last_seen_at, of.assignee_last_seen_at, of.unread_count);
            let before = marks(&conversation);
            how(tx, &mut conversation, &member)?;
            if marks(&conversation) != before {
                store::update_seen(tx, &conversation)?;
            }
            let now = tx.now();
            view::load_one(tx, &Viewer::member(&member, now, &base_url), conversation)
        })
        .await?;
    Ok(Json(answer))
}

/// The contact has read a locked conversation: what was sent to the contact becomes read in a job.
pub fn by_contact(tx: &mut Tx<'_>, conversation: &Conversation, actor: &Actor) -> Result<()> {
    let (account, id) = (conversation.account_id, conversation.id);
    store::set_seen_by_contact(tx, account, id)?;
    record(tx, account, actor, &Event::ConversationRead(id));
    let now = tx.now();
    ::jobs::push_unless_waiting(tx, &MarkRead { account_id: account, id }, now)?;
    Ok(())
}
