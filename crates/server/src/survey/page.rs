//! The page of a survey: one form, without a script, for any browser and screen.

use axum::response::Response;
use edge::Error;
use http::HeaderValue;
use maud::{Markup, html};
use types::Timestamp;

use super::link::QUESTION;
use super::service::ANSWER_TIME;
use super::wire::PublicSurveyJson;
use crate::page::{Page, PageResult, initial, note, see};

const FACES: [&str; 5] = ["😞", "🙁", "😐", "🙂", "😀"];
const WORDS: [&str; 5] = ["Very bad", "Bad", "Fair", "Good", "Very good"];

/// The form, filled with what was answered before; after 14 days only what was answered.
pub fn survey(survey: &PublicSurveyJson, now: Timestamp) -> Page {
    let before = survey.csat_survey_response.as_ref();
    let before = before.map(|_| note("good", "Thank you, your answer has arrived. You may still change it."));
    framed(survey, now, before)
}

/// The same after an answer that was not taken: nothing was chosen, the text is too long, or it is too late.
pub fn refused(survey: &PublicSurveyJson, now: Timestamp, failure: Error) -> Page {
    let text = "Your answer was not taken. Choose one of the five ratings; the text may have up to 20,000 characters.";
    framed(survey, now, Some(note("bad", text))).because(failure)
}

/// There is no such survey.
pub fn unknown() -> Page {
    let content = html! {
        h1 { "There is no such survey" }
        p { "Please check the address in the message that you were sent." }
    };
    Page::of("Survey", "unknown", &content).because(Error::NotFound("survey"))
}

/// Leads to the page after its form was sent, so that loading it again sends nothing.
pub fn see_again(uuid: &str) -> PageResult<Response> {
    let address = HeaderValue::try_from(format!("/survey/responses/{uuid}")).map_err(|_| Error::NotFound("survey"))?;
    Ok(see(address))
}

fn framed(survey: &PublicSurveyJson, now: Timestamp, before: Option<Markup>) -> Page {
    let is_over = now.since(survey.created_at) > ANSWER_TIME;
    let content = html! {
        div.person.owner {
            @if survey.inbox_avatar_url.is_empty() {
                div.face aria-hidden="true" { (initial(&survey.inbox_name)) }
            } @else {
                img.face src=(survey.inbox_avatar_url) alt="";
            }
            strong dir="auto" { (survey.inbox_name) }
        }
        h1 { bdi { (survey.content.as_deref().unwrap_or(QUESTION)) } }
        @if is_over {
            (note("", "This survey is closed. Thank you for your time."))
        } @else {
            @if let Some(before) = before { (before) }
            (form(survey))
        }
    };
    Page::of(&survey.inbox_name, "Survey", &content)
}

fn form(survey: &PublicSurveyJson) -> Markup {
    let answer = survey.csat_survey_response.as_ref();
    let is_chosen = |number| answer.is_some_and(|answer| usize::try_from(answer.rating) == Ok(number));
    let feedback = answer.and_then(|answer| answer.feedback_message.as_deref()).unwrap_or_default();
    html! {
        form method="post" {
            fieldset {
                legend { "Your rating" }
                div.rates {
                    @for (number, (face, word)) in (1..).zip(FACES.into_iter().zip(WORDS)) {
                        label {
                            input type="radio" name="rating" value=(number) required checked[is_chosen(number)];
                            @if survey.display_type == "star" {
                                span.stars aria-hidden="true" { ("★".repeat(number)) }
                            } @else {
                                span.mark aria-hidden="true" { (face) }
                            }
                            span { (word) }
                        }
                    }
                }
            }
            div.field {
                label for="feedback" { "Anything to add? (optional)" }
                // A line break at the start of the text is not part of it.
                textarea id="feedback" name="feedback_message" dir="auto" maxlength="20000" { "\n" (feedback) }
            }
            button.main type="submit" { @if answer.is_some() { "Change my answer" } @else { "Send" } }
        }
    }
}
