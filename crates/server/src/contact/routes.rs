//! Contacts over HTTP, for the team (rest.md §5.9). Every member sees every contact of the account.

use axum::extract::State;
use edge::ErrorJson;
use edge::field::{Object, Text};
use edge::{BodyWithFiles, Empty, Error, Json, Path, Query, Result};
use types::{AccountId, ContactId, InboxId};

use super::list::{self, List};
use super::service::{self, NewContact};
use super::wire::{
    ContactCreatedJson, ContactCreatedPayload, ContactJson, ContactListJson, ContactListQuery, ContactShowJson,
    NewContactBody, NewSessionJson,
};
use super::{session, store};
use crate::access::{Administrator, Member};
use crate::events::Actor;
use crate::file::fetch;
use crate::file::picture::{NewPicture, Owner};
use crate::file::upload::{self, NewFile, Upload};
use crate::idempotency::{Answer, Once};
use crate::inbox;
use crate::inbox::wire::{InboxRecordJson, InboxView};
use crate::{App, BaseUrl};

/// The contacts that have an e-mail address, a phone number or an identifier.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/contacts",
    operation_id = "contactList",
    tag = "Contacts",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("sort" = Option<String>, Query, description = "Keys joined by commas, - in front for descending"),
        ("page" = Option<i64>, Query, description = "From 1; 15 on a page")
    ),
    responses(
        (status = 200, description = "A page", body = ContactListJson),
        (status = 400, description = "The request cannot be read", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn list(
    State(app): State<App>,
    member: Member,
    Query(query): Query<ContactListQuery>,
) -> Result<Json<ContactListJson>> {
    let list = List::read(member.account_id, &query);
    load_list(&app, &member, list).await
}

/// The contacts whose name, e-mail address, phone number or identifier contains `q`.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/contacts/search",
    operation_id = "contactSearch",
    tag = "Contacts",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("q" = Option<String>, Query, description = "What to search for"),
        ("sort" = Option<String>, Query, description = "Keys joined by commas, - in front for descending"),
        ("page" = Option<i64>, Query, description = "From 1; 15 on a page")
    ),
    responses(
        (status = 200, description = "A page", body = ContactListJson),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn search(
    State(app): State<App>,
    member: Member,
    Query(query): Query<ContactListQuery>,
) -> Result<Json<ContactListJson>> {
    let list = List::search(member.account_id, &query)?;
    load_list(&app, &member, list).await
}

pub(super) async fn load_list(app: &App, member: &Member, list: List) -> Result<Json<ContactListJson>> {
    let view = InboxView::of(member);
    let base_url = app.settings.base_url.clone();
    let page = app.store.read(move |conn| list.load(conn, view, &base_url)).await?;
    Ok(Json(page))
}

/// One contact, with its sessions.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/contacts/{id}",
    operation_id = "contactDetails",
    tag = "Contacts",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The contact")
    ),
    responses(
        (status = 200, description = "The contact", body = ContactShowJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such contact", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn show(
    State(app): State<App>,
    member: Member,
    Path((account, id)): Path<(AccountId, ContactId)>,
) -> Result<Json<ContactShowJson>> {
    let view = InboxView::of(&member);
    let base_url = app.settings.base_url.clone();
    let payload = app
        .store
        .read(move |conn| {
            let contact = store::find(conn, account, id)?.ok_or(Error::NotFound("contact"))?;
            with_sessions(conn, &contact, view, &base_url)
        })
        .await?;
    Ok(Json(ContactShowJson { payload }))
}

/// Make a contact, with a session when an inbox is given.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/contacts",
    operation_id = "contactCreate",
    tag = "Contacts",
    params(("account_id" = i64, Path, description = "The account")),
    request_body = NewContactBody,
    responses(
        (status = 200, description = "The contact and its session", body = ContactCreatedJson),
        (status = 400, description = "The request cannot be read", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn create(
    State(app): State<App>,
    member: Member,
    once: Once,
    BodyWithFiles { value: body, files }: BodyWithFiles<NewContactBody>,
) -> Result<Json<Answer<ContactCreatedJson>>> {
    let once = once.about(&(&body, &files));
    let avatar = Upload::avatar(files).await?;
    let inbox_id = body.inbox_id.as_ref().map(|id| InboxId::new(id.get()));
    let source_id = body.source_id.as_ref().map(|text| text.0.clone());
    let address = fetch::address(body.avatar_url.as_ref())?;
    let new = read_new(body)?;
    let view = InboxView::of(&member);
    let base_url = app.settings.base_url.clone();
    let write = async |file: Option<NewFile>| {
        let picture = NewPicture { file, address };
        once.write(&app, move |tx| {
            let account = member.account_id;
            let inbox = match inbox_id {
                Some(id) => Some(inbox::store::find(tx, account, id)?.ok_or(Error::NotFound("inbox"))?),
                None => None,
            };
            let mut contact = service::create(tx, account, &new, &Actor::from(&member))?;
            contact.avatar = picture.apply(tx, Owner::Contact(account, contact.id), contact.avatar)?;
            let contact_inbox = match inbox {
                Some(inbox) => {
                    let session = session::find_or_create(tx, &inbox, &contact, source_id.as_deref())?;
                    NewSessionJson { inbox: Some(InboxRecordJson::from(&inbox)), source_id: Some(session.source_id) }
                }
                None => NewSessionJson { inbox: None, source_id: None },
            };
            let contact = with_sessions(tx, &contact, view, &base_url)?;
            Ok(ContactCreatedJson { payload: ContactCreatedPayload { contact, contact_inbox } })
        })
        .await
    };
    upload::stored_avatar_once(&app, avatar, write).await
}

fn read_new(body: NewContactBody) -> Result<NewContact> {
    let text = |text: Option<Text>| text.map(|text| text.0);
    let object = |object: Option<Object>| object.map(Object::into_json).unwrap_or_default();
    NewContact {
        name: text(body.name),
        email: text(body.email),
        phone_number: text(body.phone_number),
        identifier: text(body.identifier).filter(|identifier| !identifier.is_empty()),
        additional_attributes: object(body.additional_attributes),
        custom_attributes: object(body.custom_attributes),
        blocked: body.blocked.is_some_and(|flag| flag.0),
    }
    .check()
}

/// The contact with its sessions.
pub(super) fn with_sessions(
    conn: &mut ::store::Conn<'_>,
    contact: &super::Contact,
    view: InboxView,
    base_url: &BaseUrl,
) -> Result<ContactJson> {
    let mut sessions = list::load_sessions(conn, contact.account_id, &[contact.id], view, base_url)?;
    let sessions = sessions.remove(&contact.id).unwrap_or_default();
    Ok(ContactJson { contact_inboxes: Some(sessions), ..contact.to_json(base_url, conn.now()) })
}

/// Delete a contact with its sessions, conversations and messages; administrators only.
#[utoipa::path(
    delete,
    path = "/api/v1/accounts/{account_id}/contacts/{id}",
    operation_id = "contactDelete",
    tag = "Contacts",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The contact")
    ),
    responses(
        (status = 200, description = "Gone"),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such contact", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn delete(
    State(app): State<App>,
    Administrator(member): Administrator,
    Path((account, id)): Path<(AccountId, ContactId)>,
) -> Result<Empty> {
    app.store.write(move |tx| service::delete(tx, account, id, &Actor::from(&member))).await?;
    Ok(Empty)
}
