//! Messages over HTTP, for the team (rest.md §5.15).

use axum::extract::State;
use edge::{BodyWithFiles, Error, Json, Path, Query, Result};
use types::AccountId;

use super::attachment::{self, NewAttachments};
use super::beside::Beside;
use super::draft::{self, Author};
use super::sender::{self, Presence};
use super::wire::{MessageJson, MessageListJson, MessageListMeta, MessageListQuery, NewMessageBody};
use super::{page, service};
use crate::App;
use crate::access::{Member, MemberOrBot};
use crate::conversation;
use crate::events::Actor;
use crate::file::upload;
use crate::idempotency::{Answer, Once};
use crate::label;

/// Write a message into a conversation, as the caller or, in an API inbox, as the contact.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/conversations/{conversation_id}/messages",
    operation_id = "createANewMessageInAConversation",
    tag = "Messages",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("conversation_id" = i64, Path, description = "The conversation's number")
    ),
    request_body = NewMessageBody,
    responses(
        (status = 200, description = "The message", body = MessageJson),
        (status = 403, description = "Not allowed", body = edge::ErrorJson),
        (status = 404, description = "No such conversation", body = edge::ErrorJson)
    ),
    security(("userApiKey" = []), ("agentBotApiKey" = []))
)]
pub async fn create(
    State(app): State<App>,
    caller: MemberOrBot,
    once: Once,
    Path((_, display_id)): Path<(AccountId, i64)>,
    body: Result<BodyWithFiles<NewMessageBody>>,
) -> Result<Json<Answer<MessageJson>>> {
    let BodyWithFiles { value: mut body, files } = body.map_err(refuse)?;
    let once = once.about(&(&body, &files));
    let (uploads, signed_ids) = attachment::read(files, body.attachments.take()).await?;
    let draft = draft::read(body).map_err(refuse)?;
    let base_url = app.settings.base_url.clone();
    let write = async |stored| {
        let attachments = NewAttachments { signed_ids, stored };
        once.write(&app, move |tx| {
            let mut conversation = conversation::service::lock_visible(tx, &caller, display_id)?;
            let author = Author::from(&caller);
            let new = draft.to_new(tx, &conversation, author).map_err(refuse)?;
            let actor = Actor::from(&caller);
            let message = service::create(tx, &mut conversation, &new, &actor, draft.echo_id.as_deref())?;
            attachments.attach(tx, &message, &base_url)?;
            let messages = std::slice::from_ref(&message);
            let beside = Beside::load(tx, conversation.account_id, messages, Presence::Shown, &base_url)?;
            let mut answer = MessageJson::new(message, display_id, &beside);
            answer.echo_id.clone_from(&draft.echo_id);
            Ok(answer)
        })
        .await
    };
    upload::stored_once(&app, uploads, write).await
}

/// Fields of a message that are wrong, in the form of every refusal here (rest.md §5.15).
fn refuse(error: Error) -> Error {
    match error {
        Error::Invalid(problems) => {
            let texts: Vec<_> =
                problems.iter().map(|problem| format!("{}: {}", problem.field, problem.message)).collect();
            Error::Refused(texts.join(", "))
        }
        other => other,
    }
}

/// The messages of a conversation, private notes and activities included: the newest 20, or those around an id.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/conversations/{conversation_id}/messages",
    operation_id = "listAllMessages",
    tag = "Messages",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("conversation_id" = i64, Path, description = "The conversation's number"),
        ("before" = Option<i64>, Query, description = "Only messages with a smaller id, newest 20"),
        ("after" = Option<i64>, Query, description = "Only messages with a larger id, oldest 100"),
        ("filter_internal_messages" = Option<bool>, Query, description = "Without private notes and activities")
    ),
    responses(
        (status = 200, description = "A page of messages, oldest first", body = MessageListJson),
        (status = 401, description = "Not allowed", body = edge::ErrorJson),
        (status = 404, description = "No such conversation", body = edge::ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn list(
    State(app): State<App>,
    member: Member,
    Path((_, display_id)): Path<(AccountId, i64)>,
    Query(query): Query<MessageListQuery>,
) -> Result<Json<MessageListJson>> {
    let window = page::Window::read(&query);
    let base_url = app.settings.base_url.clone();
    let answer = app
        .store
        .read(move |conn| {
            let conversation = conversation::service::find_visible(conn, &member, display_id)?;
            let account = conversation.account_id;
            let messages = window.list(conn, &conversation)?;
            let beside = Beside::load(conn, account, &messages, Presence::Shown, &base_url)?;
            let assignee = match conversation.assignee_id {
                Some(assignee) => sender::find_user(conn, account, assignee, &base_url)?,
                None => None,
            };
            let contact = sender::find_contact(conn, account, conversation.contact_id, &base_url)?;
            let meta = MessageListMeta {
                labels: label::store::list_of_conversation(conn, account, conversation.id)?,
                additional_attributes: conversation.additional_attributes,
                contact: contact.ok_or(Error::NotFound("contact"))?,
                assignee,
                agent_last_seen_at: conversation.agent_last_seen_at,
                assignee_last_seen_at: conversation.assignee_last_seen_at,
            };
            Ok::<_, Error>(MessageListJson { meta, payload: super::wire::list(messages, display_id, &beside) })
        })
        .await?;
    Ok(Json(answer))
}
