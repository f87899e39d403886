//! A JSON answer, and the empty one.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::Error;

/// `application/json; charset=utf-8` (rest.md §1.10).
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// Answers with `T` as JSON.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json<T>(pub T);

/// Answers with nothing: 200 with a body of no bytes (rest.md §1.7).
#[derive(Debug, Clone, Copy, Default)]
pub struct Empty;

impl IntoResponse for Empty {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, JSON)], Vec::new()).into_response()
    }
}

/// Answers 204 and no body, as the contract has it for some deletions (rest.md §1.7).
#[derive(Debug, Clone, Copy, Default)]
pub struct NoContent;

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(bytes) => ([(CONTENT_TYPE, JSON)], bytes).into_response(),
            Err(error) => Error::internal(error).into_response(),
        }
    }
}
