//! What the team notes on a conversation in attributes of its own (superset §10, semantics §8.4).

use axum::extract::State;
use edge::{Body, Error, ErrorJson, Json, Path, Result};
use types::AccountId;

use super::wire::{CustomAttributesBody, CustomAttributesJson};
use super::{Conversation, service, store};
use crate::App;
use crate::access::MemberOrBot;
use crate::events::{Actor, Changes, Event, record};
use crate::filter::values;

/// Replace the custom attributes of a conversation.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/conversations/{conversation_id}/custom_attributes",
    operation_id = "setCustomAttributesOfConversation",
    tag = "Conversations",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("conversation_id" = i64, Path, description = "The conversation's number")
    ),
    request_body = CustomAttributesBody,
    responses(
        (status = 200, description = "The new attributes", body = CustomAttributesJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such conversation", body = ErrorJson)
    ),
    security(("userApiKey" = []), ("agentBotApiKey" = []))
)]
pub async fn set(
    State(app): State<App>,
    caller: MemberOrBot,
    Path((_, display_id)): Path<(AccountId, i64)>,
    Body(body): Body<CustomAttributesBody>,
) -> Result<Json<CustomAttributesJson>> {
    let given = body.custom_attributes.ok_or_else(|| Error::invalid("custom_attributes", "can't be blank"))?;
    let attributes = service::check_attributes("custom_attributes", given.0)?;
    let custom_attributes = app
        .store
        .write(move |tx| {
            let mut conversation = service::lock_visible(tx, &caller, display_id)?;
            let before = std::mem::replace(&mut conversation.custom_attributes, attributes.clone());
            let changes = Changes::default().with("custom_attributes", &before, &attributes);
            if !changes.is_empty() {
                let before = std::mem::replace(&mut conversation.updated_at, tx.now());
                let changes = changes.with("updated_at", &before, &conversation.updated_at);
                store::update_custom_attributes(tx, &conversation)?;
                let Conversation { account_id, id, additional_attributes, .. } = &conversation;
                values::write_conversation(tx, *account_id, *id, &attributes, additional_attributes)?;
                let event = Event::ConversationUpdated(conversation.id, changes);
                record(tx, conversation.account_id, &Actor::from(&caller), &event);
            }
            Ok::<_, Error>(conversation.custom_attributes)
        })
        .await?;
    Ok(Json(CustomAttributesJson { custom_attributes }))
}
