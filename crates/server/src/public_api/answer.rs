//! A contact's answer to a message that asks: a choice, a form, a survey, an e-mail address (rest.md §5.23, §6.2).

use ::store::Tx;
use axum::extract::State;
use edge::field::Text;
use edge::{Body, Error, ErrorJson, Json, Path, Result};
use serde::Deserialize;
use serde_json::{Map, Value};
use types::{ContentType, MessageId};
use utoipa::ToSchema;

use super::access;
use super::wire::PublicMessageJson;
use crate::App;
use crate::conversation::Conversation;
use crate::message::beside::Beside;
use crate::message::sender::Presence;
use crate::message::{self, Message, template};
use crate::survey::service::{self as survey, Rating};
use crate::survey::wire::RatingBody;

/// What is kept of each answer; other keys are dropped.
const KEPT: [&str; 3] = ["name", "title", "value"];
/// Longest name, title or value, in characters.
const MAX_TEXT: usize = 20_000;
const MAX_ANSWERS: usize = 1_000;

/// An answer to a message.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = public_message_update_payload)]
pub struct AnswerBody {
    /// What was chosen or filled in, or a rating; several answers stand in a list.
    #[schema(value_type = Option<SubmittedValues>)]
    pub submitted_values: Option<Value>,
    /// The answer to a request for an e-mail address.
    pub submitted_email: Option<Text>,
}

impl edge::Shape for AnswerBody {}

/// One answer, as the document shows it; what comes is read from its JSON.
#[derive(Debug, ToSchema)]
#[schema(as = public_message_submitted_values)]
pub struct SubmittedValues {
    /// The field of the form.
    pub name: Option<Text>,
    /// The choice, as it was shown.
    pub title: Option<Text>,
    /// What was answered.
    pub value: Option<Text>,
    /// The answer to a survey.
    pub csat_survey_response: Option<RatingBody>,
}

/// What the contact says, checked as far as it can be without the message.
enum Answer {
    Email(String),
    Survey(Rating),
    Values(Value),
}

/// Answer a message that asks. Nothing but the answer changes, and an empty body changes nothing.
#[utoipa::path(
    patch,
    path = "/public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations/{conversation_id}/messages/{message_id}",
    operation_id = "updateAMessage",
    tag = "MessagesAPI",
    params(
        ("inbox_identifier" = String, Path, description = "The API inbox's identifier"),
        ("contact_identifier" = String, Path, description = "The session's source_id"),
        ("conversation_id" = i64, Path, description = "The conversation's number"),
        ("message_id" = i64, Path, description = "The message")
    ),
    request_body = AnswerBody,
    responses(
        (status = 200, description = "The message", body = PublicMessageJson),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(())
)]
pub async fn answer(
    State(app): State<App>,
    Path((identifier, source_id, display_id, id)): Path<(String, String, i64, MessageId)>,
    Body(body): Body<AnswerBody>,
) -> Result<Json<PublicMessageJson>> {
    let answers = read(body)?;
    let base_url = app.settings.base_url.clone();
    let write = move |tx: &mut Tx<'_>| {
        let (visitor, conversation) = access::lock_conversation(tx, &identifier, &source_id, display_id)?;
        for answer in &answers {
            let message = find(tx, &conversation, id)?;
            note(tx, &conversation, &message, answer)?;
        }
        let message = find(tx, &conversation, id)?;
        let beside =
            Beside::load(tx, visitor.account_id(), std::slice::from_ref(&message), Presence::Hidden, &base_url)?;
        Ok::<_, Error>(PublicMessageJson::new(message, display_id, &beside))
    };
    Ok(Json(app.store.write(write).await?))
}

/// The message of the conversation, if its contact may see it.
fn find(tx: &mut Tx<'_>, conversation: &Conversation, id: MessageId) -> Result<Message> {
    let found = message::store::list_by_ids(tx, conversation.account_id, &[id])?.pop();
    found
        .filter(|message| message.conversation_id == conversation.id && message.is_public())
        .ok_or(Error::NotFound("message"))
}

fn read(body: AnswerBody) -> Result<Vec<Answer>> {
    let email = body.submitted_email.map(|email| Answer::Email(email.0));
    let values = body.submitted_values.filter(|values| !values.is_null()).map(read_values).transpose()?;
    Ok(email.into_iter().chain(values).collect())
}

fn read_values(values: Value) -> Result<Answer> {
    match values {
        Value::Object(mut one) => match one.remove("csat_survey_response") {
            Some(response) => read_rating(response).map(Answer::Survey),
            None => kept(one).map(Value::Object).map(Answer::Values),
        },
        Value::Array(many) if many.len() <= MAX_ANSWERS => {
            let each = many.into_iter().map(|one| match one {
                Value::Object(one) => kept(one).map(Value::Object),
                _ => Err(wrong("must be a list of objects")),
            });
            each.collect::<Result<_>>().map(Value::Array).map(Answer::Values)
        }
        Value::Array(_) => Err(wrong("has too many answers (maximum is 1000)")),
        _ => Err(wrong("must be a list of objects")),
    }
}

/// The known keys of one answer, whose values are no lists and no objects.
fn kept(one: Map<String, Value>) -> Result<Map<String, Value>> {
    let mut kept = Map::new();
    for (key, value) in one.into_iter().filter(|(key, _)| KEPT.contains(&key.as_str())) {
        match &value {
            Value::Array(_) | Value::Object(_) => return Err(wrong("must hold texts")),
            Value::String(text) if text.chars().count() > MAX_TEXT => {
                return Err(wrong("has a text that is too long (maximum is 20000 characters)"));
            }
            _ => kept.insert(key, value),
        };
    }
    Ok(kept)
}

fn read_rating(response: Value) -> Result<Rating> {
    const MISSING: &str = "must have a rating, a number from 1 to 5";
    let response: RatingBody = serde_json::from_value(response).map_err(|_| wrong(MISSING))?;
    let rating = response.rating.ok_or_else(|| wrong(MISSING))?;
    Rating::new(rating.get(), response.feedback_message.map(|text| text.0))
}

fn note(tx: &mut Tx<'_>, conversation: &Conversation, message: &Message, answer: &Answer) -> Result<()> {
    match answer {
        Answer::Email(email) => template::answer_email(tx, conversation, message, email),
        Answer::Survey(rating) if message.content_type == ContentType::InputCsat => {
            survey::answer(tx, conversation, message, rating)
        }
        Answer::Values(values) if asks_for_values(message.content_type) => {
            message::service::note_answer(tx, conversation, message, "submitted_values", values.clone())
        }
        Answer::Survey(_) | Answer::Values(_) => Err(wrong("is not what the message asks for")),
    }
}

/// The content types whose answers are a list of values (rest.md §6.2).
fn asks_for_values(content_type: ContentType) -> bool {
    use ContentType::{Cards, Form, InputSelect, InputText, InputTextarea};
    matches!(content_type, InputSelect | Form | Cards | InputText | InputTextarea)
}

fn wrong(problem: &'static str) -> Error {
    Error::invalid("submitted_values", problem)
}
