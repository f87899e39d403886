//! Deletion of messages: the content goes, the row and its place stay (rest.md §5.15).

use ::store::Tx;
use axum::extract::State;
use edge::{Error, ErrorJson, Json, Path, Result};
use serde_json::{Map, Value};
use types::{AccountId, MessageId};

use super::beside::Beside;
use super::sender::Presence;
use super::wire::MessageJson;
use super::{Message, attachment, store};
use crate::App;
use crate::access::{Member, MemberOrBot};
use crate::conversation::{self, Conversation};
use crate::events::{Actor, Changes, Event, record};

/// What stands in the place of a deleted content.
const DELETED: &str = "This message was deleted";

/// Delete what a message says, with its files and for good. Whoever sees the conversation may, the contact's messages
/// too. It is not called back from where a channel has delivered it.
#[utoipa::path(
    delete,
    path = "/api/v1/accounts/{account_id}/conversations/{conversation_id}/messages/{message_id}",
    operation_id = "deleteAMessage",
    tag = "Messages",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("conversation_id" = i64, Path, description = "The conversation's number"),
        ("message_id" = i64, Path, description = "The message")
    ),
    responses(
        (status = 200, description = "What is left of the message", body = MessageJson),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such message", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn delete(
    State(app): State<App>,
    member: Member,
    Path((account, display_id, id)): Path<(AccountId, i64, MessageId)>,
) -> Result<Json<MessageJson>> {
    let base_url = app.settings.base_url.clone();
    let actor = Actor::from(&member);
    let caller = MemberOrBot::Member(member);
    let write = move |tx: &mut Tx<'_>| {
        let conversation = conversation::service::lock_visible(tx, &caller, display_id)?;
        blank(tx, &conversation, id, &actor)?;
        let message = find(tx, &conversation, id)?;
        let beside = Beside::load(tx, account, std::slice::from_ref(&message), Presence::Shown, &base_url)?;
        Ok::<_, Error>(MessageJson::new(message, display_id, &beside))
    };
    Ok(Json(app.store.write(write).await?))
}

/// Deletes the content of a message of a locked conversation; one that is deleted already stays as it is.
fn blank(tx: &mut Tx<'_>, conversation: &Conversation, id: MessageId, actor: &Actor) -> Result<()> {
    let account = conversation.account_id;
    let message = find(tx, conversation, id)?;
    let attributes: Map<String, Value> = message.content_attributes.read();
    if attributes.get("deleted") == Some(&Value::Bool(true)) {
        return Ok(());
    }
    attachment::delete_all(tx, account, id)?;
    store::blank(tx, account, id, DELETED)?;
    let after = find(tx, conversation, id)?;
    record(tx, account, actor, &Event::MessageUpdated(conversation.id, id, differences(&message, &after)));
    Ok(())
}

fn differences(before: &Message, after: &Message) -> Changes {
    Changes::default()
        .with("content", &before.content, &after.content)
        .with("content_type", &before.content_type, &after.content_type)
        .with("content_attributes", &before.content_attributes, &after.content_attributes)
}

fn find(tx: &mut Tx<'_>, conversation: &Conversation, id: MessageId) -> Result<Message> {
    let found = store::list_by_ids(tx, conversation.account_id, &[id])?.pop();
    found.filter(|message| message.conversation_id == conversation.id).ok_or(Error::NotFound("message"))
}
