//! Conversations over HTTP (rest.md §5.10).

use axum::extract::State;
use edge::ErrorJson;
use edge::field::{Int, Maybe, Text};
use edge::{Body, Error, Json, Path, Query, Result};
use types::{AccountId, ContactId, InboxId, TeamId, Timestamp, UserId};

use super::list::List;
use super::service::{self, Opening};
use super::view::{self, Viewer};
use super::wire::{
    AssignmentBody, AssignmentJson, ConversationJson, ConversationListJson, ConversationPage, CountsJson, LabelsBody,
    LabelsJson, ListQuery, NewConversationBody, ToggleStatusBody, ToggleStatusJson, ToggleStatusPayload,
};
use crate::App;
use crate::access::{Member, MemberOrBot};
use crate::events::Actor;
use crate::idempotency::{Answer, Once};
use crate::message::draft::{self, Author, Draft};
use crate::{contact, label, message};

/// The conversations that the caller sees, newest activity first, with counts over all pages.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/conversations",
    operation_id = "conversationList",
    tag = "Conversations",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("assignee_type" = Option<String>, Query, description = "me, unassigned, assigned or all"),
        ("status" = Option<String>, Query, description = "open, resolved, pending, snoozed or all"),
        ("q" = Option<String>, Query, description = "With a message that contains this"),
        ("inbox_id" = Option<i64>, Query, description = "Only this inbox"),
        ("team_id" = Option<i64>, Query, description = "Only this team"),
        ("labels" = Option<Vec<String>>, Query, description = "With any of these labels"),
        ("page" = Option<i64>, Query, description = "From 1; 25 on a page")
    ),
    responses(
        (status = 200, description = "A page", body = ConversationListJson),
        (status = 400, description = "The request cannot be read", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn list(
    State(app): State<App>,
    member: Member,
    Query(query): Query<ListQuery>,
) -> Result<Json<ConversationListJson>> {
    let now = app.clock.now();
    let base_url = app.settings.base_url.clone();
    let page = app
        .store
        .read(move |conn| {
            let list = List::read(conn, &member, &query, now)?;
            let rows = list.rows(conn)?;
            let meta = list.count(conn)?;
            let payload = view::load(conn, &Viewer::member(&member, now, &base_url), rows)?;
            Ok::<_, Error>(ConversationPage { meta, payload })
        })
        .await?;
    Ok(Json(ConversationListJson { data: page }))
}

/// The counts of the list alone.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/conversations/meta",
    operation_id = "conversationListMeta",
    tag = "Conversations",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("status" = Option<String>, Query, description = "open, resolved, pending, snoozed or all"),
        ("q" = Option<String>, Query, description = "With a message that contains this"),
        ("inbox_id" = Option<i64>, Query, description = "Only this inbox"),
        ("team_id" = Option<i64>, Query, description = "Only this team"),
        ("labels" = Option<Vec<String>>, Query, description = "With any of these labels")
    ),
    responses(
        (status = 200, description = "Counts", body = CountsJson),
        (status = 400, description = "The request cannot be read", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn meta(State(app): State<App>, member: Member, Query(query): Query<ListQuery>) -> Result<Json<CountsJson>> {
    let now = app.clock.now();
    let meta = app.store.read(move |conn| List::read(conn, &member, &query, now)?.count(conn)).await?;
    Ok(Json(CountsJson { meta }))
}

/// One conversation, with its newest messages.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/conversations/{conversation_id}",
    operation_id = "getDetailsOfAConversation",
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
pub async fn show(
    State(app): State<App>,
    caller: MemberOrBot,
    Path((_, display_id)): Path<(AccountId, i64)>,
) -> Result<Json<ConversationJson>> {
    let now = app.clock.now();
    let base_url = app.settings.base_url.clone();
    let answer = app
        .store
        .read(move |conn| {
            let conversation = service::find_visible_to(conn, &caller, display_id)?;
            view::load_one(conn, &Viewer::new(&caller, now, &base_url), conversation)
        })
        .await?;
    Ok(Json(answer))
}

/// Make a conversation in a contact's session, found by `source_id` or by inbox and contact.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/conversations",
    operation_id = "newConversation",
    tag = "Conversations",
    params(("account_id" = i64, Path, description = "The account")),
    request_body = NewConversationBody,
    responses(
        (status = 200, description = "The conversation", body = ConversationJson),
        (status = 403, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []), ("agentBotApiKey" = []))
)]
pub async fn create(
    State(app): State<App>,
    caller: MemberOrBot,
    once: Once,
    Body(body): Body<NewConversationBody>,
) -> Result<Json<Answer<ConversationJson>>> {
    let once = once.about(&body);
    let draft = NewDraft::read(body)?;
    let base_url = app.settings.base_url.clone();
    once.write(&app, move |tx| {
        let actor = Actor::from(&caller);
        let session = draft.find_or_create_session(tx, &caller)?;
        let opening = draft.opening(session);
        let mut conversation = service::open(tx, caller.account_id(), &opening, &actor)?;
        if let Some(first) = &draft.message {
            let new = first.to_new(tx, &conversation, Author::from(&caller))?;
            message::service::create(tx, &mut conversation, &new, &actor, first.echo_id.as_deref())?;
        }
        let now = tx.now();
        view::load_one(tx, &Viewer::new(&caller, now, &base_url), conversation)
    })
    .await
}

/// Set the status; without one open and resolved change places.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/conversations/{conversation_id}/toggle_status",
    operation_id = "toggleStatusOfAConversation",
    tag = "Conversations",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("conversation_id" = i64, Path, description = "The conversation's number")
    ),
    request_body = ToggleStatusBody,
    responses(
        (status = 200, description = "The new status", body = ToggleStatusJson),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such conversation", body = ErrorJson)
    ),
    security(("userApiKey" = []), ("agentBotApiKey" = []))
)]
pub async fn toggle_status(
    State(app): State<App>,
    caller: MemberOrBot,
    Path((_, display_id)): Path<(AccountId, i64)>,
    Body(body): Body<ToggleStatusBody>,
) -> Result<Json<ToggleStatusJson>> {
    let changed = app
        .store
        .write(move |tx| {
            let conversation = service::lock_visible(tx, &caller, display_id)?;
            let given = body.status.as_ref().map(|text| text.0.as_str()).filter(|word| !word.is_empty());
            let status = given.map(service::read_status).transpose()?;
            let until = read_snoozed_until(body.snoozed_until.as_ref())?;
            service::set_status(tx, &conversation, &caller, status, until)
        })
        .await?;
    Ok(Json(ToggleStatusJson {
        meta: types::Json::object(),
        payload: ToggleStatusPayload {
            success: true,
            conversation_id: changed.display_id,
            current_status: changed.status,
            snoozed_until: changed.snoozed_until,
        },
    }))
}

/// Assign a conversation to a member or a team, or take it from them.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/conversations/{conversation_id}/assignments",
    operation_id = "assignAConversation",
    tag = "ConversationAssignment",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("conversation_id" = i64, Path, description = "The conversation's number")
    ),
    request_body = AssignmentBody,
    responses(
        (status = 200, description = "The assignee, the team, or null", body = Option<AssignmentJson>),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such conversation", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn assign(
    State(app): State<App>,
    caller: MemberOrBot,
    Path((_, display_id)): Path<(AccountId, i64)>,
    Body(body): Body<AssignmentBody>,
) -> Result<Json<Option<AssignmentJson>>> {
    // Its id would name a user otherwise.
    if body.assignee_type.as_ref().is_some_and(|kind| !matches!(kind.0.as_str(), "" | "User")) {
        return Err(Error::invalid("assignee_type", "cannot be assigned"));
    }
    let base_url = app.settings.base_url.clone();
    let answer = app
        .store
        .write(move |tx| {
            let conversation = service::lock_visible(tx, &caller, display_id)?;
            let (account, actor) = (conversation.account_id, Actor::from(&caller));
            let id = |value: Maybe<Int>| value.value().map(Int::get).filter(|id| *id != 0);
            if !body.assignee_id.is_absent() {
                let assignee = id(body.assignee_id).map(UserId::new);
                let agent = service::assign(tx, &conversation, assignee, &actor)?;
                return Ok(agent.map(|agent| AssignmentJson::Agent(Box::new(agent.to_json(account, &base_url)))));
            }
            if !body.team_id.is_absent() {
                let team = service::assign_team(tx, &conversation, id(body.team_id).map(TeamId::new), &actor)?;
                return Ok(team.map(|team| AssignmentJson::Team(team.into_record())));
            }
            Ok::<_, Error>(None)
        })
        .await?;
    Ok(Json(answer))
}

/// The labels of a conversation.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/conversations/{conversation_id}/labels",
    operation_id = "listAllLabelsOfAConversation",
    tag = "ConversationLabels",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("conversation_id" = i64, Path, description = "The conversation's number")
    ),
    responses(
        (status = 200, description = "Label names", body = LabelsJson),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such conversation", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn list_labels(
    State(app): State<App>,
    caller: MemberOrBot,
    Path((_, display_id)): Path<(AccountId, i64)>,
) -> Result<Json<LabelsJson>> {
    let payload = app
        .store
        .read(move |conn| {
            let conversation = service::find_visible_to(conn, &caller, display_id)?;
            label::store::list_of_conversation(conn, conversation.account_id, conversation.id)
        })
        .await?;
    Ok(Json(LabelsJson { payload }))
}

/// Replace the labels of a conversation.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/conversations/{conversation_id}/labels",
    operation_id = "conversationAddLabels",
    tag = "ConversationLabels",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("conversation_id" = i64, Path, description = "The conversation's number")
    ),
    request_body = LabelsBody,
    responses(
        (status = 200, description = "The new label names", body = LabelsJson),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such conversation", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn set_labels(
    State(app): State<App>,
    caller: MemberOrBot,
    Path((_, display_id)): Path<(AccountId, i64)>,
    Body(body): Body<LabelsBody>,
) -> Result<Json<LabelsJson>> {
    let names = label::service::read_names(&body.labels.map(|texts| texts.0).unwrap_or_default())?;
    let payload = app
        .store
        .write(move |tx| {
            let mut conversation = service::lock_visible(tx, &caller, display_id)?;
            service::set_labels(tx, &mut conversation, &names, &Actor::from(&caller))
        })
        .await?;
    Ok(Json(LabelsJson { payload }))
}

/// A body of [`create`], read and checked.
struct NewDraft {
    source_id: Option<String>,
    inbox_id: Option<InboxId>,
    contact_id: Option<ContactId>,
    status: types::Status,
    snoozed_until: Option<Timestamp>,
    assignee_id: Option<UserId>,
    team_id: Option<TeamId>,
    additional_attributes: types::Json,
    custom_attributes: types::Json,
    message: Option<Draft>,
}

impl NewDraft {
    fn read(body: NewConversationBody) -> Result<Self> {
        let attributes = |field: &str, object: Option<edge::field::Object>| {
            service::check_attributes(field, object.map(|object| object.0).unwrap_or_default())
        };
        let snoozed_until = match body.snoozed_until {
            Some(Text(text)) if !text.trim().is_empty() => {
                Some(Timestamp::parse_iso(&text).ok_or_else(|| Error::invalid("snoozed_until", "is not a time"))?)
            }
            _ => None,
        };
        Ok(Self {
            source_id: body.source_id.map(|text| text.0).filter(|text| !text.is_empty()),
            inbox_id: body.inbox_id.map(|id| InboxId::new(id.get())),
            contact_id: body.contact_id.map(|id| ContactId::new(id.get())),
            status: body.status.map_or(Ok(types::Status::Open), |word| service::read_status(&word.0))?,
            snoozed_until,
            assignee_id: body.assignee_id.map(|id| UserId::new(id.get())),
            team_id: body.team_id.map(|id| TeamId::new(id.get())),
            additional_attributes: attributes("additional_attributes", body.additional_attributes)?,
            custom_attributes: attributes("custom_attributes", body.custom_attributes)?,
            message: body.message.map(draft::read).transpose()?,
        })
    }

    /// With inbox and contact the session is found or made; a `source_id` alone must exist (rest.md §5.10).
    fn find_or_create_session(&self, tx: &mut store::Tx<'_>, caller: &MemberOrBot) -> Result<contact::ContactInbox> {
        let account = caller.account_id();
        if let (Some(inbox), Some(contact)) = (self.inbox_id, self.contact_id) {
            let inbox = crate::inbox::store::find(tx, account, inbox)?.ok_or(Error::NotFound("inbox"))?;
            caller.must_see_inbox(tx, inbox.id)?;
            let contact = contact::store::find(tx, account, contact)?.ok_or(Error::NotFound("contact"))?;
            return contact::session::find_or_create(tx, &inbox, &contact, self.source_id.as_deref());
        }
        let source_id = self.source_id.as_deref().ok_or(Error::NotFound("contact inbox"))?;
        let session = contact::session::find_by_source_id(tx, account, source_id)?;
        let session = session.ok_or(Error::NotFound("contact inbox"))?;
        caller.must_see_inbox(tx, session.inbox_id)?;
        Ok(session)
    }

    fn opening(&self, session: contact::ContactInbox) -> Opening {
        Opening {
            session,
            status: self.status,
            snoozed_until: self.snoozed_until,
            assignee_id: self.assignee_id,
            team_id: self.team_id,
            additional_attributes: self.additional_attributes.clone(),
            custom_attributes: self.custom_attributes.clone(),
        }
    }
}

/// Epoch seconds as number or text (rest.md §5.10).
fn read_snoozed_until(given: Option<&Text>) -> Result<Option<Timestamp>> {
    let Some(text) = given.map(|text| text.0.trim()).filter(|text| !text.is_empty()) else { return Ok(None) };
    let seconds = text.parse().map_err(|_| Error::invalid("snoozed_until", "is not a number of seconds"))?;
    Ok(Some(Timestamp::from_epoch_seconds(seconds)))
}
