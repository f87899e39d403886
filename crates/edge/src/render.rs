//! Errors as answers: the one place that knows a failure's status and body (rest.md §1.8, decisions §1).

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::error::Problem;
use crate::family::{Family, is_api};
use crate::json::JSON;
use crate::{Documented, Error};

/// The type of bodies that carry the key `status` (recorded, rest.md §1.8).
const JSON_WITH_STATUS: HeaderValue = HeaderValue::from_static("application/json; charset=UTF-8");

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// When a client may come back after [`Error::Unavailable`].
const BUSY: Duration = Duration::from_secs(1);

/// The longest plain text of the framework that is looked at, in bytes.
const LONGEST_TEXT: usize = 64 * 1024;

/// Leaves the error in the response's extensions (`Arc<Error>`); [`render_errors`] writes the answer.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// Left in the extensions beside an [`Error`]: the answer has a body for people, which stays as it is.
#[derive(Debug, Clone, Copy)]
pub struct OwnBody;

/// The request that an answer belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The method as it was routed.
    pub method: &'a Method,
    /// The path as it was routed.
    pub path: &'a str,
    /// The template of the matched route; `None` when no route has this path.
    pub template: Option<&'a str>,
    /// The request's id.
    pub request_id: &'a str,
}

/// Writes status and body of a failure; other answers pass unchanged.
///
/// Failures are [`Error`]s in the extensions and the framework's own refusals: an unknown path, a method that
/// the path does not have, a plain text in an API.
pub async fn render_errors(documented: &Documented, place: Place<'_>, response: Response) -> Response {
    if let Some(error) = response.extensions().get::<Arc<Error>>() {
        let failure = Failure::of(error, documented, place);
        let has_body = response.extensions().get::<OwnBody>().is_some();
        return if has_body { failure.mark(response) } else { failure.replace(response) };
    }
    if !response.status().is_client_error() && !response.status().is_server_error() {
        return response;
    }
    match leaked(place, response).await {
        Ok((response, failure)) => failure.replace(response),
        Err(response) => response,
    }
}

/// Status, body and when to come back.
struct Failure {
    status: StatusCode,
    body: Value,
    retry_after: Option<Duration>,
    /// Whether the text under `error` is all that is sent (rest.md §1.8: 429).
    is_text: bool,
}

impl Failure {
    fn new(status: StatusCode, body: Value) -> Self {
        Self { status, body, retry_after: None, is_text: false }
    }

    fn text(status: StatusCode, text: &str) -> Self {
        Self::new(status, json!({ "error": text }))
    }

    /// `{"success", "errors"}`, as signing in and out fail (superset §1).
    fn unsuccessful(status: StatusCode, text: &str) -> Self {
        Self::new(status, json!({ "success": false, "errors": [text] }))
    }

    /// `{"status", "error"}`, with the status's own words.
    fn plain(status: StatusCode) -> Self {
        let words = status.canonical_reason().unwrap_or("Error");
        Self::new(status, json!({ "status": status.as_u16(), "error": words }))
    }

    fn later(status: StatusCode, text: &str, retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..Self::text(status, text) }
    }

    fn of(error: &Error, documented: &Documented, place: Place<'_>) -> Self {
        let family = Family::of(place.path);
        let text = error.to_string();
        match error {
            Error::NotFound(_) if family == Family::Auth => Self::unsuccessful(StatusCode::NOT_FOUND, &text),
            Error::NotFound(_) if family != Family::Application => Self::plain(StatusCode::NOT_FOUND),
            Error::NotFound(_) => Self::text(StatusCode::NOT_FOUND, &text),
            Error::Gone(_) => Self::text(StatusCode::GONE, &text),
            Error::SignedOut | Error::BadCredential if family == Family::Auth => {
                Self::unsuccessful(StatusCode::UNAUTHORIZED, &text)
            }
            Error::Unconfirmed => {
                let mut failure = Self::unsuccessful(StatusCode::UNAUTHORIZED, &text);
                failure.body["error_code"] = "user_not_confirmed".into();
                failure
            }
            Error::BadLink => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, json!({ "message": text, "redirect_url": "/" }))
            }
            Error::Unwelcome(_) => Self::new(StatusCode::FORBIDDEN, json!({ "message": text })),
            Error::SignedOut if family != Family::Platform => {
                Self::new(StatusCode::UNAUTHORIZED, json!({ "errors": [text] }))
            }
            Error::SignedOut | Error::BadCredential => Self::text(StatusCode::UNAUTHORIZED, &text),
            Error::Forbidden => Self::text(documented.forbidden(place.method, place.template), &text),
            Error::Invalid(problems) => {
                let body = json!({ "message": text, "attributes": fields(problems) });
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, body)
            }
            Error::InvalidByField(problems) => {
                let body = json!({ "error": by_field(problems) });
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, body)
            }
            Error::LimitReached(_) => Self::text(StatusCode::PAYMENT_REQUIRED, &text),
            Error::InUse(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, json!({ "message": text })),
            Error::Refused(_) => Self::text(StatusCode::UNPROCESSABLE_ENTITY, &text),
            Error::Malformed(_) => Self::plain(StatusCode::BAD_REQUEST),
            Error::TooLarge { .. } => Self::text(StatusCode::PAYLOAD_TOO_LARGE, &text),
            Error::UnsupportedMedia => Self::text(StatusCode::UNSUPPORTED_MEDIA_TYPE, &text),
            Error::Conflict(_) => Self::text(StatusCode::CONFLICT, &text),
            Error::TooSlow => Self::text(StatusCode::REQUEST_TIMEOUT, &text),
            Error::RateLimited { retry_after } => {
                Self { is_text: true, ..Self::later(StatusCode::TOO_MANY_REQUESTS, &text, *retry_after) }
            }
            Error::Unavailable => Self::later(StatusCode::SERVICE_UNAVAILABLE, &text, BUSY),
            Error::Internal(_) => {
                let mut failure = Self::plain(StatusCode::INTERNAL_SERVER_ERROR);
                failure.body["request_id"] = place.request_id.into();
                failure
            }
        }
    }

    /// `response` with this status and body; its other headers and extensions stay.
    fn replace(self, mut response: Response) -> Response {
        let (kind, body) = match self.body["error"].as_str().filter(|_| self.is_text) {
            Some(text) => (TEXT, text.to_owned()),
            None if self.body.get("status").is_some() => (JSON_WITH_STATUS, self.body.to_string()),
            None => (JSON, self.body.to_string()),
        };
        *response.body_mut() = Body::from(body);
        let headers = response.headers_mut();
        headers.remove(CONTENT_LENGTH);
        headers.insert(CONTENT_TYPE, kind);
        self.mark(response)
    }

    /// `response` with this status, and when to come back.
    fn mark(self, mut response: Response) -> Response {
        *response.status_mut() = self.status;
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_millis().div_ceil(1_000).max(1);
            response.headers_mut().insert(RETRY_AFTER, seconds.to_string().parse().expect("digits"));
        }
        response
    }
}

fn fields(problems: &[Problem]) -> Vec<&str> {
    let mut fields = Vec::with_capacity(problems.len());
    for problem in problems {
        if !fields.contains(&problem.field.as_str()) {
            fields.push(&problem.field);
        }
    }
    fields
}

/// `{field: [sentence]}`.
fn by_field(problems: &[Problem]) -> Map<String, Value> {
    let mut fields = Map::new();
    for Problem { field, message } in problems {
        let sentences = fields.entry(field.as_str()).or_insert_with(|| json!([]));
        sentences.as_array_mut().expect("only lists are put in").push(message.as_str().into());
    }
    fields
}

/// The failure that the framework means by `response`, or the response back when a handler made it.
async fn leaked(place: Place<'_>, response: Response) -> Result<(Response, Failure), Response> {
    let status = response.status();
    let has_body = !response.body().is_end_stream();
    if place.template.is_none() && status == StatusCode::NOT_FOUND && !has_body {
        return Ok((response, Failure::plain(status)));
    }
    if status == StatusCode::METHOD_NOT_ALLOWED && !has_body {
        let failure = match Family::of(place.path) {
            Family::Application | Family::Auth => Failure::text(status, "the address does not have this method"),
            Family::Platform | Family::Public => Failure::plain(status),
        };
        return Ok((response, failure));
    }
    let is_text = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if !is_text || !has_body || !is_api(place.path) {
        return Err(response);
    }
    let (parts, body) = response.into_parts();
    let text = axum::body::to_bytes(body, LONGEST_TEXT).await.unwrap_or_default();
    let response = Response::from_parts(parts, Body::empty());
    Ok((response, rejection(place, status, &String::from_utf8_lossy(&text))))
}

/// What a plain text of the framework's extractors says.
fn rejection(place: Place<'_>, status: StatusCode, text: &str) -> Failure {
    if status == StatusCode::BAD_REQUEST && text.starts_with("Invalid URL") {
        return match Family::of(place.path) {
            Family::Application | Family::Auth => Failure::text(StatusCode::NOT_FOUND, "record not found"),
            Family::Platform | Family::Public => Failure::plain(StatusCode::NOT_FOUND),
        };
    }
    match status {
        StatusCode::BAD_REQUEST | StatusCode::INTERNAL_SERVER_ERROR => Failure::plain(status),
        _ => Failure::text(status, text),
    }
}
