//! Surveys over HTTP: the contact's address is the conversation's unguessable id (superset §15).

use ::store::{Conn, Tx};
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get};
use edge::{Body, Error, ErrorJson, Json, Path, Result};
use serde_json::{Map, Value};

use super::page;
use super::service::{self, Rating};
use super::store::Surveyed;
use super::wire::{PageForm, PublicSurveyJson, SurveyAnswerBody};
use super::{SurveyConfig, store};
use crate::page::{OwnForm, Page, PageResult};
use crate::{App, BaseUrl, conversation, inbox, message};

const RATING_MISSING: &str = "parameter missing: message.submitted_values.csat_survey_response.rating";

/// What the contact of a conversation is asked, and what it has answered.
#[utoipa::path(
    get,
    path = "/public/api/v1/csat_survey/{uuid}",
    operation_id = "getSurvey",
    tag = "Surveys",
    params(("uuid" = String, Path, description = "The conversation's uuid")),
    responses(
        (status = 200, description = "The survey", body = PublicSurveyJson),
        (status = 404, description = "No such conversation, or it has no survey", body = ErrorJson)
    ),
    security(())
)]
pub async fn show(State(app): State<App>, Path(uuid): Path<String>) -> Result<Json<PublicSurveyJson>> {
    load(&app, uuid).await.map(Json)
}

/// Answer a survey, within 14 days. The answer is the survey as it was before.
#[utoipa::path(
    patch,
    path = "/public/api/v1/csat_survey/{uuid}",
    operation_id = "answerSurvey",
    tag = "Surveys",
    params(("uuid" = String, Path, description = "The conversation's uuid")),
    request_body = SurveyAnswerBody,
    responses(
        (status = 200, description = "The survey before the answer", body = PublicSurveyJson),
        (status = 404, description = "No such conversation, or it has no survey", body = ErrorJson)
    ),
    security(())
)]
pub async fn answer(
    State(app): State<App>,
    Path(uuid): Path<String>,
    Body(body): Body<SurveyAnswerBody>,
) -> Result<Json<PublicSurveyJson>> {
    let given = body.message.and_then(|message| message.submitted_values?.csat_survey_response);
    let rating = given.as_ref().and_then(|given| given.rating).ok_or_else(|| Error::Refused(RATING_MISSING.into()))?;
    let feedback = given.and_then(|given| given.feedback_message).map(|text| text.0);
    let rating = Rating::new(rating.get(), feedback)?;
    let base_url = app.settings.base_url.clone();
    let before = app.store.write(move |tx| note(tx, &uuid, &rating, &base_url)).await?;
    Ok(Json(before))
}

/// The pages of surveys, for people.
pub fn page() -> MethodRouter<App> {
    get(show_page).post(answer_page)
}

async fn show_page(State(app): State<App>, Path(uuid): Path<String>) -> PageResult {
    let now = app.clock.now();
    Ok(load(&app, uuid).await.map_or_else(page_of, |survey| Ok(page::survey(&survey, now)))?.into_response())
}

async fn answer_page(State(app): State<App>, Path(uuid): Path<String>, OwnForm(form): OwnForm<PageForm>) -> PageResult {
    let (base_url, now) = (app.settings.base_url.clone(), app.clock.now());
    let (address, asked) = (uuid.clone(), uuid.clone());
    let rating = form.rating.and_then(|rating| rating.0.trim().parse().ok()).unwrap_or_default();
    let noted = match Rating::new(rating, form.feedback_message.map(|text| text.0)) {
        Ok(rating) => app.store.write(move |tx| note(tx, &uuid, &rating, &base_url)).await.map(|_| ()),
        Err(error) => Err(error),
    };
    match noted {
        Ok(()) => page::see_again(&address),
        Err(failure @ (Error::Invalid(_) | Error::Refused(_))) => {
            let again = |survey: PublicSurveyJson| Ok(page::refused(&survey, now, failure));
            Ok(load(&app, asked).await.map_or_else(page_of, again)?.into_response())
        }
        Err(error) => Ok(page_of(error)?.into_response()),
    }
}

fn page_of(failure: Error) -> PageResult<Page> {
    match failure {
        Error::NotFound(_) => Ok(page::unknown()),
        other => Err(other.into()),
    }
}

/// Notes an answer; gives the survey as it was before.
fn note(tx: &mut Tx<'_>, uuid: &str, rating: &Rating, base_url: &BaseUrl) -> Result<PublicSurveyJson> {
    let surveyed = find(tx, uuid)?;
    let locked = conversation::store::lock(tx, surveyed.account_id, surveyed.conversation_id)?;
    let conversation = locked.ok_or(Error::NotFound("survey"))?;
    let before = put_together(tx, &surveyed, base_url)?;
    let message = find_message(tx, &surveyed)?;
    service::answer(tx, &conversation, &message, rating)?;
    Ok(before)
}

async fn load(app: &App, uuid: String) -> Result<PublicSurveyJson> {
    let base_url = app.settings.base_url.clone();
    let read = move |conn: &mut Conn<'_>| {
        let surveyed = find(conn, &uuid)?;
        put_together(conn, &surveyed, &base_url)
    };
    app.store.read(read).await
}

fn find(conn: &mut Conn<'_>, uuid: &str) -> Result<Surveyed> {
    store::find_surveyed(conn, uuid)?.ok_or(Error::NotFound("survey"))
}

fn find_message(conn: &mut Conn<'_>, surveyed: &Surveyed) -> Result<message::Message> {
    let found = message::store::list_by_ids(conn, surveyed.account_id, &[surveyed.message_id])?;
    found.into_iter().next().ok_or(Error::NotFound("survey"))
}

fn put_together(conn: &mut Conn<'_>, surveyed: &Surveyed, base_url: &BaseUrl) -> Result<PublicSurveyJson> {
    let account = surveyed.account_id;
    let inbox = inbox::store::find(conn, account, surveyed.inbox_id)?.ok_or(Error::NotFound("survey"))?;
    let message = find_message(conn, surveyed)?;
    let config: SurveyConfig = inbox.csat_config.read();
    let attributes: Map<String, Value> = message.content_attributes.read();
    let display_type = attributes.get("display_type").and_then(Value::as_str);
    Ok(PublicSurveyJson {
        id: message.id,
        csat_survey_response: store::find_answer(conn, account, message.id)?.map(Into::into),
        display_type: display_type.unwrap_or(config.display_type.as_str()).to_owned(),
        content: config.question().map(str::to_owned),
        inbox_avatar_url: base_url.of_picture(inbox.avatar.as_ref()),
        inbox_name: inbox.name,
        locale: surveyed.locale.clone(),
        conversation_id: surveyed.conversation_id,
        created_at: message.created_at,
    })
}
