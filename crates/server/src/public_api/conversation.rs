//! One conversation, and what its contact does to it beside writing: reading, typing, ending it (superset §25).

use axum::extract::State;
use edge::{Body, Empty, Error, Json, Path, Result};
use types::Status;

use super::access;
use super::routes::load_conversation;
use super::wire::PublicConversationJson;
use crate::App;
use crate::cable::Typist;
use crate::conversation::change::{self, Change};
use crate::conversation::seen;
use crate::conversation::typing::TypingBody;
use crate::events::Actor;

/// A conversation of the session, or with proved identity of the contact.
#[utoipa::path(
    get,
    path = "/public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations/{conversation_id}",
    operation_id = "getASingleConversation",
    tag = "ConversationsAPI",
    params(
        ("inbox_identifier" = String, Path, description = "The API inbox's identifier"),
        ("contact_identifier" = String, Path, description = "The session's source_id"),
        ("conversation_id" = i64, Path, description = "The conversation's number")
    ),
    responses((status = 200, description = "The conversation", body = PublicConversationJson)),
    security(())
)]
pub async fn show(
    State(app): State<App>,
    Path((identifier, source_id, display_id)): Path<(String, String, i64)>,
) -> Result<Json<PublicConversationJson>> {
    let base_url = app.settings.base_url.clone();
    let answer = app
        .store
        .read(move |conn| {
            let visitor = access::find_visitor(conn, &identifier, &source_id)?;
            let conversation = access::find_conversation(conn, &visitor, display_id)?;
            load_conversation(conn, &visitor, conversation, &base_url)
        })
        .await?;
    Ok(Json(answer))
}

/// End a conversation, as the contact; one that is resolved stays as it is.
#[utoipa::path(
    post,
    path = "/public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations/{conversation_id}/toggle_status",
    operation_id = "resolveAConversation",
    tag = "ConversationsAPI",
    params(
        ("inbox_identifier" = String, Path, description = "The API inbox's identifier"),
        ("contact_identifier" = String, Path, description = "The session's source_id"),
        ("conversation_id" = i64, Path, description = "The conversation's number")
    ),
    responses((status = 200, description = "The conversation", body = PublicConversationJson)),
    security(())
)]
pub async fn resolve(
    State(app): State<App>,
    Path((identifier, source_id, display_id)): Path<(String, String, i64)>,
) -> Result<Json<PublicConversationJson>> {
    let base_url = app.settings.base_url.clone();
    let answer = app
        .store
        .write(move |tx| {
            let (visitor, conversation) = access::lock_conversation(tx, &identifier, &source_id, display_id)?;
            let actor = Actor::Contact { id: visitor.contact.id };
            let change = Change { status: Some((Status::Resolved, None)), ..Change::default() };
            let conversation = change::apply(tx, &conversation, change, &actor)?;
            load_conversation(tx, &visitor, conversation, &base_url)
        })
        .await?;
    Ok(Json(answer))
}

/// Tell those who look on that the contact types, or has stopped.
#[utoipa::path(
    post,
    path = "/public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations/{conversation_id}/toggle_typing",
    operation_id = "toggleTypingOfAContact",
    tag = "ConversationsAPI",
    params(
        ("inbox_identifier" = String, Path, description = "The API inbox's identifier"),
        ("contact_identifier" = String, Path, description = "The session's source_id"),
        ("conversation_id" = i64, Path, description = "The conversation's number")
    ),
    request_body = TypingBody,
    responses((status = 200, description = "Told")),
    security(())
)]
pub async fn toggle_typing(
    State(app): State<App>,
    Path((identifier, source_id, display_id)): Path<(String, String, i64)>,
    Body(body): Body<TypingBody>,
) -> Result<Empty> {
    let (account, session, conversation) = app
        .store
        .read(move |conn| {
            let visitor = access::find_visitor(conn, &identifier, &source_id)?;
            let conversation = access::find_conversation(conn, &visitor, display_id)?;
            Ok::<_, Error>((visitor.account_id(), visitor.session.id, conversation.id))
        })
        .await?;
    // A contact writes no private notes.
    let body = TypingBody { is_private: None, ..body };
    body.tell(&app, account, conversation, Typist::Contact(session)).await?;
    Ok(Empty)
}

/// Note that the contact has read a conversation; messages that were sent to the contact become read.
#[utoipa::path(
    post,
    path = "/public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations/{conversation_id}/update_last_seen",
    operation_id = "updateLastSeenOfAContact",
    tag = "ConversationsAPI",
    params(
        ("inbox_identifier" = String, Path, description = "The API inbox's identifier"),
        ("contact_identifier" = String, Path, description = "The session's source_id"),
        ("conversation_id" = i64, Path, description = "The conversation's number")
    ),
    responses((status = 200, description = "Noted")),
    security(())
)]
pub async fn update_last_seen(
    State(app): State<App>,
    Path((identifier, source_id, display_id)): Path<(String, String, i64)>,
) -> Result<Empty> {
    app.store
        .write(move |tx| {
            let (visitor, conversation) = access::lock_conversation(tx, &identifier, &source_id, display_id)?;
            seen::by_contact(tx, &conversation, &Actor::Contact { id: visitor.contact.id })
        })
        .await?;
    Ok(Empty)
}
