//! One line and two metrics for each request.

use std::error::Error as _;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::MatchedPath;
use axum::response::Response;
use http::{Method, StatusCode};

use super::{Call, Who};
use crate::Error;

/// The longest unknown path that is logged, in bytes.
const LONGEST_PATH: usize = 200;

pub(super) fn write(call: &Call, response: &Response) {
    let elapsed = call.started.elapsed();
    measure(call, response.status(), elapsed);
    line(call, response, elapsed);
}

fn measure(call: &Call, status: StatusCode, elapsed: Duration) {
    let labels = [
        ("method", method(&call.method).into()),
        ("route", call.template.as_ref().map_or("none".into(), |path| path.as_str().to_owned())),
        ("status", format!("{}xx", status.as_u16() / 100)),
    ];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_duration_seconds", &labels).record(elapsed.as_secs_f64());
}

fn line(call: &Call, response: &Response, elapsed: Duration) {
    let status = response.status().as_u16();
    let method = call.method.as_str();
    let route = call.template.as_ref().map(MatchedPath::as_str);
    // A known route's path may name people or be a credential itself (a contact's `source_id`).
    let path = if route.is_none() { Some(cut(sent_path(call))) } else { None };
    let duration_ms = millis(elapsed);
    let queries = call.stats.statements();
    let sql_ms = millis(call.stats.elapsed());
    let account = account(&call.path);
    let who = response.extensions().get::<Who>().or_else(|| call.who.get()).map(|who| who.0.as_str());
    let id = call.id.as_str();
    if response.status().is_server_error() {
        let error = response.extensions().get::<Arc<Error>>().map(|error| chain(error));
        let error = error.as_deref();
        tracing::error!(
            id,
            method,
            route,
            path,
            status,
            duration_ms,
            queries,
            sql_ms,
            account,
            who,
            error,
            "{method} {} {status}",
            route.or(path).unwrap_or_default()
        );
    } else {
        tracing::info!(
            id,
            method,
            route,
            path,
            status,
            duration_ms,
            queries,
            sql_ms,
            account,
            who,
            "{method} {} {status}",
            route.or(path).unwrap_or_default()
        );
    }
}

/// The standard methods by name; what a stranger invents is one label.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn sent_path(call: &Call) -> &str {
    call.original.as_ref().map_or(&call.path, |original| original.0.path())
}

fn cut(path: &str) -> &str {
    &path[..path.floor_char_boundary(LONGEST_PATH)]
}

/// The number after `/accounts/`.
fn account(path: &str) -> Option<i64> {
    let (_, rest) = path.split_once("/accounts/")?;
    rest.split('/').next()?.parse().ok()
}

/// Milliseconds with three digits after the point.
#[expect(clippy::cast_precision_loss, reason = "microseconds of a request fit 53 bits")]
fn millis(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1_000.0
}

/// The error and all its causes, from the outside in.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        write!(text, ": {inner}").expect("writing to a text cannot fail");
        cause = inner.source();
    }
    text
}
