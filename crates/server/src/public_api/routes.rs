//! The Public API over HTTP.

use axum::extract::State;
use edge::ErrorJson;
use edge::field::{Object, Text};
use edge::{Body, BodyWithFiles, Error, Json, Path, Query, Result};
use store::Tx;
use types::{AccountId, MessageType, Status};

use super::access::{self, Visitor};
use super::wire::{
    IdentityQuery, NewPublicContactBody, NewPublicConversationBody, NewPublicMessageBody, PublicContactJson,
    PublicConversationJson, PublicMessageJson, PublicMessagesQuery,
};
use crate::contact::service::NewContact;
use crate::contact::{self, Contact, ContactInbox};
use crate::conversation::service::{self, Opening};
use crate::events::Actor;
use crate::file::fetch::{self, Fetched};
use crate::file::upload;
use crate::idempotency::{Answer, Once};
use crate::label;
use crate::message::attachment::{self, NewAttachments};
use crate::message::beside::Beside;
use crate::message::draft::Draft;
use crate::message::page::Window;
use crate::message::sender::Presence;
use crate::message::{self};
use crate::{App, BaseUrl};
use crate::{conversation, inbox};

/// Make a session, for a contact that is found by identifier, e-mail address or phone number, or made.
#[utoipa::path(
    post,
    path = "/public/api/v1/inboxes/{inbox_identifier}/contacts",
    operation_id = "createAContact",
    tag = "ContactsAPI",
    params(("inbox_identifier" = String, Path, description = "The API inbox's identifier")),
    request_body = NewPublicContactBody,
    responses(
        (status = 200, description = "The contact", body = PublicContactJson),
        (status = 401, description = "The identity is not proved", body = ErrorJson)
    ),
    security(())
)]
pub async fn create_contact(
    State(app): State<App>,
    Path(identifier): Path<String>,
    Body(body): Body<NewPublicContactBody>,
) -> Result<Json<PublicContactJson>> {
    let text = |text: &Option<Text>| text.as_ref().map(|text| text.0.clone()).filter(|text| !text.is_empty());
    let source_id = text(&body.source_id);
    let (given_identifier, hash) = (text(&body.identifier), text(&body.identifier_hash));
    let address = fetch::address(body.avatar_url.as_ref())?;
    let new = NewContact {
        name: text(&body.name).or_else(|| Some(contact::name::random())),
        email: text(&body.email),
        phone_number: text(&body.phone_number),
        identifier: given_identifier.clone(),
        custom_attributes: body.custom_attributes.map(Object::into_json).unwrap_or_default(),
        ..NewContact::default()
    }
    .check()?;
    let answer = app
        .store
        .write(move |tx| {
            let inbox = access::find_inbox(tx, &identifier)?;
            access::check_identity(&inbox, given_identifier.as_deref(), hash.as_deref())?;
            let (contact, session) = find_or_create(tx, &inbox, source_id.as_deref(), &new, address.as_deref())?;
            Ok::<_, Error>(to_json(contact, session))
        })
        .await?;
    Ok(Json(answer))
}

/// The contact of a session.
#[utoipa::path(
    get,
    path = "/public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}",
    operation_id = "getDetailsOfAContact",
    tag = "ContactsAPI",
    params(
        ("inbox_identifier" = String, Path, description = "The API inbox's identifier"),
        ("contact_identifier" = String, Path, description = "The session's source_id")
    ),
    responses(
        (status = 200, description = "The contact", body = PublicContactJson),
        (status = 401, description = "The identity is not proved", body = ErrorJson),
        (status = 404, description = "No such session", body = ErrorJson)
    ),
    security(())
)]
pub async fn show_contact(
    State(app): State<App>,
    Path((identifier, source_id)): Path<(String, String)>,
    Query(query): Query<IdentityQuery>,
) -> Result<Json<PublicContactJson>> {
    let proof = query.identifier_hash.is_some();
    let check = move |visitor: &Visitor| {
        let text = |text: &Option<Text>| text.as_ref().map(|text| text.0.clone());
        let (identifier, hash) = (text(&query.identifier), text(&query.identifier_hash));
        visitor.prove(identifier.as_deref(), hash.as_deref())
    };
    // A correct proof is kept with the session for good; without one nothing is written.
    let found = if proof {
        app.store
            .write(move |tx| {
                let visitor = access::find_visitor(tx, &identifier, &source_id)?;
                if check(&visitor)? {
                    contact::store::verify_session(tx, visitor.account_id(), visitor.session.id)?;
                }
                Ok::<_, Error>(visitor)
            })
            .await?
    } else {
        app.store
            .read(move |conn| {
                let visitor = access::find_visitor(conn, &identifier, &source_id)?;
                check(&visitor)?;
                Ok::<_, Error>(visitor)
            })
            .await?
    };
    Ok(Json(to_json(found.contact, found.session)))
}

/// Make a conversation in the session.
#[utoipa::path(
    post,
    path = "/public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations",
    operation_id = "createAConversation",
    tag = "ConversationsAPI",
    params(
        ("inbox_identifier" = String, Path, description = "The API inbox's identifier"),
        ("contact_identifier" = String, Path, description = "The session's source_id")
    ),
    request_body = NewPublicConversationBody,
    responses(
        (status = 200, description = "The conversation", body = PublicConversationJson),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(())
)]
pub async fn create_conversation(
    State(app): State<App>,
    Path((identifier, source_id)): Path<(String, String)>,
    once: Once,
    Body(body): Body<NewPublicConversationBody>,
) -> Result<Json<Answer<PublicConversationJson>>> {
    let once = once.about(&body);
    let attributes = body.custom_attributes.map(|object| object.0).unwrap_or_default();
    let custom_attributes = service::check_attributes("custom_attributes", attributes)?;
    let base_url = app.settings.base_url.clone();
    once.write(&app, move |tx| {
        let visitor = access::hold_visitor(tx, &identifier, &source_id)?;
        let account = visitor.account_id();
        let opening = Opening {
            custom_attributes: custom_attributes.clone(),
            status: Status::Open,
            ..Opening::of(visitor.session.clone())
        };
        let actor = Actor::Contact { id: visitor.contact.id };
        let conversation = service::open(tx, account, &opening, &actor)?;
        load_conversation(tx, &visitor, conversation, &base_url)
    })
    .await
}

/// The conversations of the session, or with proved identity all of the contact.
#[utoipa::path(
    get,
    path = "/public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations",
    operation_id = "listAllContactConversations",
    tag = "ConversationsAPI",
    params(
        ("inbox_identifier" = String, Path, description = "The API inbox's identifier"),
        ("contact_identifier" = String, Path, description = "The session's source_id")
    ),
    responses(
        (status = 200, description = "Conversations by number", body = Vec<PublicConversationJson>),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security((), ("userApiKey" = []))
)]
pub async fn list_conversations(
    State(app): State<App>,
    Path((identifier, source_id)): Path<(String, String)>,
) -> Result<Json<Vec<PublicConversationJson>>> {
    let base_url = app.settings.base_url.clone();
    let answer = app
        .store
        .read(move |conn| {
            let visitor = access::find_visitor(conn, &identifier, &source_id)?;
            let conversations = if visitor.session.hmac_verified {
                conversation::store::list_of_contact(conn, visitor.account_id(), visitor.contact.id)?
            } else {
                conversation::store::list_of_session(conn, visitor.account_id(), visitor.session.id)?
            };
            load_conversations(conn, &visitor, conversations, &base_url)
        })
        .await?;
    Ok(Json(answer))
}

/// Write a message, as the contact. It reopens a resolved or snoozed conversation.
#[utoipa::path(
    post,
    path = "/public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations/{conversation_id}/messages",
    operation_id = "createAMessage",
    tag = "MessagesAPI",
    params(
        ("inbox_identifier" = String, Path, description = "The API inbox's identifier"),
        ("contact_identifier" = String, Path, description = "The session's source_id"),
        ("conversation_id" = i64, Path, description = "The conversation's number")
    ),
    request_body = NewPublicMessageBody,
    responses(
        (status = 200, description = "The message", body = PublicMessageJson),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(())
)]
pub async fn create_message(
    State(app): State<App>,
    Path((identifier, source_id, display_id)): Path<(String, String, i64)>,
    once: Once,
    BodyWithFiles { value: body, files }: BodyWithFiles<NewPublicMessageBody>,
) -> Result<Json<Answer<PublicMessageJson>>> {
    let once = once.about(&(&body, &files));
    let (uploads, signed_ids) = attachment::read(files, body.attachments).await?;
    let text = |text: Option<Text>| text.map(|text| text.0);
    let draft = Draft::text(MessageType::Incoming, text(body.content), text(body.echo_id))?;
    let base_url = app.settings.base_url.clone();
    let write = async |stored| {
        let attachments = NewAttachments { signed_ids, stored };
        once.write(&app, move |tx| {
            let (visitor, mut conversation) = access::lock_conversation(tx, &identifier, &source_id, display_id)?;
            let account = visitor.account_id();
            let actor = Actor::Contact { id: visitor.contact.id };
            let new = draft.from_contact(visitor.contact.id);
            let message = message::service::create(tx, &mut conversation, &new, &actor, draft.echo_id.as_deref())?;
            attachments.attach(tx, &message, &base_url)?;
            let beside = Beside::load(tx, account, std::slice::from_ref(&message), Presence::Hidden, &base_url)?;
            Ok(PublicMessageJson::new(message, display_id, &beside))
        })
        .await
    };
    upload::stored_once(&app, uploads, write).await
}

/// The messages that the contact may see: the newest 20, or the 20 before an id.
#[utoipa::path(
    get,
    path = "/public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations/{conversation_id}/messages",
    operation_id = "listAllConverationMessages",
    tag = "MessagesAPI",
    params(
        ("inbox_identifier" = String, Path, description = "The API inbox's identifier"),
        ("contact_identifier" = String, Path, description = "The session's source_id"),
        ("conversation_id" = i64, Path, description = "The conversation's number"),
        ("before" = Option<i64>, Query, description = "Only messages with a smaller id")
    ),
    responses(
        (status = 200, description = "Messages, oldest first", body = Vec<PublicMessageJson>),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security((), ("userApiKey" = []))
)]
pub async fn list_messages(
    State(app): State<App>,
    Path((identifier, source_id, display_id)): Path<(String, String, i64)>,
    Query(query): Query<PublicMessagesQuery>,
) -> Result<Json<Vec<PublicMessageJson>>> {
    let window = Window::public_before(query.before.as_ref());
    let base_url = app.settings.base_url.clone();
    let answer = app
        .store
        .read(move |conn| {
            let visitor = access::find_visitor(conn, &identifier, &source_id)?;
            let conversation = access::find_conversation(conn, &visitor, display_id)?;
            let messages = window.list(conn, &conversation)?;
            let beside = Beside::load(conn, visitor.account_id(), &messages, Presence::Hidden, &base_url)?;
            let json = messages.into_iter().map(|message| PublicMessageJson::new(message, display_id, &beside));
            Ok::<_, Error>(json.collect::<Vec<_>>())
        })
        .await?;
    Ok(Json(answer))
}

/// A known session is given unchanged; a known contact gets a new one; else both are made (decisions §2).
fn find_or_create(
    tx: &mut Tx<'_>,
    inbox: &inbox::Inbox,
    source_id: Option<&str>,
    new: &NewContact,
    avatar_url: Option<&str>,
) -> Result<(Contact, ContactInbox)> {
    let account: AccountId = inbox.account_id;
    if let Some(source_id) = source_id
        && let Some(session) = contact::store::find_session(tx, account, inbox.id, source_id)?
    {
        let contact = contact::store::find(tx, account, session.contact_id)?.ok_or(Error::NotFound("contact"))?;
        return Ok((contact, session));
    }
    let known = find_known(tx, account, new)?;
    let contact = match known {
        Some(contact) => contact,
        None => match contact::service::create(tx, account, new, &Actor::System) {
            // Another request has made it between our look and our insert.
            Err(Error::Invalid(problems)) => find_known(tx, account, new)?.ok_or(Error::Invalid(problems))?,
            created => {
                let contact = created?;
                if let Some(url) = avatar_url {
                    fetch::want(tx, Fetched::Contact { account_id: account, id: contact.id }, url)?;
                }
                contact
            }
        },
    };
    let session = contact::session::find_or_create(tx, inbox, &contact, source_id)?;
    Ok((contact, session))
}

fn find_known(tx: &mut Tx<'_>, account: AccountId, new: &NewContact) -> Result<Option<Contact>> {
    contact::store::find_by_identity(
        tx,
        account,
        new.identifier.as_deref(),
        new.email.as_deref(),
        new.phone_number.as_deref(),
    )
}

fn to_json(contact: Contact, session: ContactInbox) -> PublicContactJson {
    PublicContactJson {
        source_id: session.source_id,
        pubsub_token: session.pubsub_token,
        id: contact.id,
        name: contact.name,
        email: contact.email,
        phone_number: contact.phone_number,
    }
}

/// A conversation with the messages that its contact may see.
pub(super) fn load_conversation(
    conn: &mut ::store::Conn<'_>,
    visitor: &Visitor,
    conversation: conversation::Conversation,
    base_url: &BaseUrl,
) -> Result<PublicConversationJson> {
    load_conversations(conn, visitor, vec![conversation], base_url)?.pop().ok_or(Error::NotFound("conversation"))
}

/// The conversations with the messages that their contact may see: three statements for any number of them.
fn load_conversations(
    conn: &mut ::store::Conn<'_>,
    visitor: &Visitor,
    conversations: Vec<conversation::Conversation>,
    base_url: &BaseUrl,
) -> Result<Vec<PublicConversationJson>> {
    let account = visitor.account_id();
    let ids: Vec<_> = conversations.iter().map(|conversation| conversation.id).collect();
    let messages = message::store::list_public(conn, account, &ids)?;
    let beside = Beside::load(conn, account, &messages, Presence::Hidden, base_url)?;
    let labels = label::store::list_of_contact(conn, account, visitor.contact.id)?;
    let mut by_conversation: std::collections::HashMap<_, Vec<_>> = std::collections::HashMap::new();
    for message in messages {
        by_conversation.entry(message.conversation_id).or_default().push(message);
    }
    Ok(conversations
        .into_iter()
        .map(|conversation| {
            let display_id = conversation.display_id;
            let messages = by_conversation.remove(&conversation.id).unwrap_or_default();
            let messages = messages.into_iter().map(|message| PublicMessageJson::new(message, display_id, &beside));
            PublicConversationJson::new(conversation, messages.collect(), visitor.contact.to_record(labels.clone()))
        })
        .collect())
}
