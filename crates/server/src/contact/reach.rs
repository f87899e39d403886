//! Where a contact can be reached, over HTTP: its sessions, inboxes and conversations (rest.md §5.9).

use axum::extract::State;
use edge::{Body, Error, ErrorJson, Json, Path, Result};
use types::{AccountId, ContactId, InboxId};

use super::wire::{ContactInboxJson, ContactableInboxesJson, NewSessionBody};
use super::{session, store};
use crate::access::Member;
use crate::conversation::view::{self, Viewer};
use crate::conversation::wire::ContactConversationsJson;
use crate::idempotency::{Answer, Once};
use crate::inbox::wire::{InboxJson, InboxView};
use crate::{App, conversation, inbox};

/// Make a session of a contact in an inbox; the one that is there already is given again.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/contacts/{id}/contact_inboxes",
    operation_id = "contactInboxCreation",
    tag = "Contact",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The contact")
    ),
    request_body = NewSessionBody,
    responses(
        (status = 200, description = "The session", body = ContactInboxJson),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 422, description = "The inbox cannot have such a session", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn create_session(
    State(app): State<App>,
    member: Member,
    once: Once,
    Path((account, id)): Path<(AccountId, ContactId)>,
    Body(body): Body<NewSessionBody>,
) -> Result<Json<Answer<ContactInboxJson>>> {
    let base_url = app.settings.base_url.clone();
    // What is no number names no inbox.
    let inbox_id =
        body.inbox_id.as_ref().and_then(|text| text.0.trim().parse().ok()).map_or(InboxId::new(0), InboxId::new);
    let source_id = body.source_id.as_ref().map(|text| text.0.clone());
    let is_verified = body.hmac_verified.is_some_and(|flag| flag.0);
    once.about(&body)
        .write(&app, move |tx| {
            let contact = store::find(tx, account, id)?.ok_or(Error::NotFound("contact"))?;
            let inbox = inbox::service::find_visible(tx, &member, inbox_id)?;
            let session = session::find_or_create(tx, &inbox, &contact, source_id.as_deref())?;
            if is_verified && !session.hmac_verified {
                store::verify_session(tx, account, session.id)?;
            }
            let inbox = InboxJson::load_one(tx, inbox, InboxView::of(&member), &base_url)?;
            Ok(ContactInboxJson { source_id: session.source_id, inbox })
        })
        .await
}

/// The inboxes in which the contact can be written to first, among those that the caller sees.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/contacts/{id}/contactable_inboxes",
    operation_id = "contactableInboxesGet",
    tag = "Contact",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The contact")
    ),
    responses(
        (status = 200, description = "All of them, by id", body = ContactableInboxesJson),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 422, description = "The request cannot be read", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn list_contactable_inboxes(
    State(app): State<App>,
    member: Member,
    Path((account, id)): Path<(AccountId, ContactId)>,
) -> Result<Json<ContactableInboxesJson>> {
    let base_url = app.settings.base_url.clone();
    let payload = app
        .store
        .read(move |conn| {
            let contact = store::find(conn, account, id)?.ok_or(Error::NotFound("contact"))?;
            let inboxes = inbox::service::list_visible(conn, &member)?;
            let source_ids = session::list_contactable(conn, &contact, &inboxes)?;
            let (inboxes, source_ids): (Vec<_>, Vec<_>) =
                inboxes.into_iter().zip(source_ids).filter_map(|(inbox, source_id)| Some((inbox, source_id?))).unzip();
            let inboxes = InboxJson::load(conn, inboxes, InboxView::of(&member), &base_url)?;
            let reachable = inboxes.into_iter().zip(source_ids);
            Ok::<_, Error>(reachable.map(|(inbox, source_id)| ContactInboxJson { source_id, inbox }).collect())
        })
        .await?;
    Ok(Json(ContactableInboxesJson { payload }))
}

/// The conversations of a contact in inboxes that the caller sees, those with the latest activity first.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/contacts/{id}/conversations",
    operation_id = "contactConversations",
    tag = "Contacts",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The contact")
    ),
    responses(
        (status = 200, description = "Its conversations", body = ContactConversationsJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such contact", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn list_conversations(
    State(app): State<App>,
    member: Member,
    Path((account, id)): Path<(AccountId, ContactId)>,
) -> Result<Json<ContactConversationsJson>> {
    let viewer = Viewer::member(&member, app.clock.now(), &app.settings.base_url);
    let payload = app
        .store
        .read(move |conn| {
            store::find(conn, account, id)?.ok_or(Error::NotFound("contact"))?;
            let only = (!member.is_administrator()).then_some(member.user_id);
            let conversations = conversation::store::list_recent_of_contact(conn, account, id, only)?;
            view::load(conn, &viewer, conversations)
        })
        .await?;
    Ok(Json(ContactConversationsJson { payload }))
}
