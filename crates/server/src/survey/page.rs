//! The page of a survey: one form, without a script, for any browser and screen.

use std::fmt::Write;

use axum::response::{Html, IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, REFERRER_POLICY};
use http::{HeaderValue, StatusCode};
use types::Timestamp;

use super::link::QUESTION;
use super::service::ANSWER_TIME;
use super::wire::PublicSurveyJson;

/// What the page may load and where it may send: itself, and the inbox's picture.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'",
);

const FACES: [&str; 5] = ["😞", "🙁", "😐", "🙂", "😀"];
const WORDS: [&str; 5] = ["Very bad", "Bad", "Fair", "Good", "Very good"];

const STYLE: &str = "
:root{color-scheme:light dark;--accent:#1f6fbf;--line:#8a8f98}
*{box-sizing:border-box}
body{margin:0;font:1.0625rem/1.5 system-ui,sans-serif;background:Canvas;color:CanvasText}
main{max-width:34rem;margin:0 auto;padding:2rem 1rem 3rem}
header{display:flex;align-items:center;gap:.75rem}
header img{width:2.5rem;height:2.5rem;border-radius:50%}
header p{margin:0;font-weight:600;overflow-wrap:anywhere}
h1{font-size:1.375rem;line-height:1.3;overflow-wrap:anywhere}
fieldset{border:0;margin:0 0 1.5rem;padding:0;min-width:0}
legend{padding:0;margin-bottom:.5rem;font-weight:600}
.rates{display:grid;grid-template-columns:repeat(5,1fr);gap:.5rem}
.rates label{display:flex;flex-direction:column;align-items:center;gap:.25rem;padding:.75rem .25rem;min-height:4.5rem;
border:1px solid var(--line);border-radius:.5rem;text-align:center;font-size:.875rem;cursor:pointer}
.rates label:has(:checked){border-color:var(--accent);box-shadow:inset 0 0 0 2px var(--accent)}
.rates label:focus-within{outline:3px solid var(--accent);outline-offset:2px}
.mark{font-size:1.5rem;line-height:1}
@media(max-width:26rem){.rates{grid-template-columns:1fr}.rates label{flex-direction:row;min-height:3rem;padding:.5rem}}
textarea{width:100%;min-height:7rem;padding:.5rem;font:inherit;color:inherit;background:Field;border:1px solid var(--line);
border-radius:.5rem}
button{min-height:2.75rem;padding:.5rem 1.5rem;font:inherit;font-weight:600;color:#fff;background:var(--accent);border:0;
border-radius:.5rem;cursor:pointer}
button:focus-visible,textarea:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.note{padding:.75rem 1rem;border:1px solid var(--line);border-left:.375rem solid var(--accent);border-radius:.5rem}
";

/// What went wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// Nothing was chosen, the text is too long, or it is too late.
    NotTaken,
}

/// The form, filled with what was answered before; after 14 days only what was answered.
pub fn survey(survey: &PublicSurveyJson, now: Timestamp, notice: Option<Notice>) -> Response {
    let is_over = now.since(survey.created_at) > ANSWER_TIME;
    let mut main = String::new();
    main.push_str("<header>");
    if !survey.inbox_avatar_url.is_empty() {
        let _ = write!(main, "<img src=\"{}\" alt=\"\">", escaped(&survey.inbox_avatar_url));
    }
    let _ = write!(main, "<p>{}</p></header>", escaped(&survey.inbox_name));
    let _ = write!(main, "<h1>{}</h1>", escaped(survey.content.as_deref().unwrap_or(QUESTION)));
    if is_over {
        main.push_str("<p class=\"note\" role=\"status\">This survey is closed. Thank you for your time.</p>");
    } else {
        if notice.is_some() {
            main.push_str(
                "<p class=\"note\" role=\"alert\">Your answer was not taken. Choose one of the five ratings; the text \
                 may have up to 20,000 characters.</p>",
            );
        } else if survey.csat_survey_response.is_some() {
            main.push_str(
                "<p class=\"note\" role=\"status\">Thank you, your answer has arrived. You may still change it.</p>",
            );
        }
        form(&mut main, survey);
    }
    let status = if notice.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    whole(status, &format!("{} · Survey", escaped(&survey.inbox_name)), &main)
}

/// There is no such survey.
pub fn unknown() -> Response {
    let main = "<h1>There is no such survey</h1><p>Please check the address in the message that you were sent.</p>";
    whole(StatusCode::NOT_FOUND, "Survey", main)
}

/// Leads to the page after its form was sent, so that loading it again sends nothing.
pub fn see(uuid: &str) -> Response {
    match HeaderValue::from_str(&format!("/survey/responses/{uuid}")) {
        Ok(address) => (StatusCode::SEE_OTHER, [(LOCATION, address)]).into_response(),
        Err(_) => unknown(),
    }
}

fn form(out: &mut String, survey: &PublicSurveyJson) {
    let answer = survey.csat_survey_response.as_ref();
    out.push_str("<form method=\"post\"><fieldset><legend>Your rating</legend><div class=\"rates\">");
    for (number, (face, word)) in (1..).zip(FACES.into_iter().zip(WORDS)) {
        let mark = if survey.display_type == "star" { "★".repeat(number) } else { face.to_owned() };
        let is_chosen = answer.is_some_and(|answer| usize::try_from(answer.rating) == Ok(number));
        let checked = if is_chosen { " checked" } else { "" };
        let _ = write!(
            out,
            "<label><span class=\"mark\" aria-hidden=\"true\">{mark}</span>\
             <input type=\"radio\" name=\"rating\" value=\"{number}\" required{checked}>{number} – {word}</label>"
        );
    }
    out.push_str("</div></fieldset><fieldset><legend><label for=\"feedback\">Anything to add? (optional)</label>");
    out.push_str("</legend><textarea id=\"feedback\" name=\"feedback_message\" maxlength=\"20000\">");
    let feedback = answer.and_then(|answer| answer.feedback_message.as_deref()).unwrap_or_default();
    let _ = write!(out, "\n{}</textarea></fieldset>", escaped(feedback));
    let verb = if answer.is_some() { "Change my answer" } else { "Send" };
    let _ = write!(out, "<button type=\"submit\">{verb}</button></form>");
}

fn whole(status: StatusCode, title: &str, main: &str) -> Response {
    let text = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"robots\" content=\"noindex\"><title>{title}</title><style>{STYLE}</style></head>\
         <body><main>{main}</main></body></html>\n"
    );
    let headers = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // The address is the credential.
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (status, headers, Html(text)).into_response()
}

/// Text that stays text inside of an element or of a quoted attribute.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
