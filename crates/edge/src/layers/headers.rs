//! The headers of every answer (rest.md §1.10), its `ETag` and its compression.

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use super::{Call, conditional, gzip, request_id};
use crate::json::JSON;

/// The largest body that is hashed or compressed in one piece, in bytes.
const LARGEST_BODY: u64 = 16 * 1024 * 1024;

const REVALIDATE: HeaderValue = HeaderValue::from_static("max-age=0, private, must-revalidate");
const X_RUNTIME: HeaderName = HeaderName::from_static("x-runtime");
const X_REQUEST_ID: HeaderName = HeaderName::from_static(request_id::HEADER);

/// What the request said about the form of its answer.
pub(super) struct Asked {
    /// The `ETag`s that the client has; only for GET and HEAD.
    known: Option<HeaderValue>,
    gzip: bool,
}

impl Asked {
    pub(super) fn of(request: &Request) -> Self {
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        Self {
            known: request.headers().get(IF_NONE_MATCH).filter(|_| reads).cloned(),
            gzip: gzip::is_accepted(request.headers()),
        }
    }
}

/// Adds `ETag` and `Cache-Control` to JSON, answers 304 where the client has it already, compresses.
pub(super) async fn finish(asked: Asked, mut response: Response) -> Response {
    let kind = Kind::of(response.headers());
    if kind == Kind::BareJson {
        response.headers_mut().insert(CONTENT_TYPE, JSON);
    }
    if kind != Kind::Other {
        response.headers_mut().append(VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    let is_json = matches!(kind, Kind::BareJson | Kind::Json);
    let tagged = is_json && response.status() == StatusCode::OK;
    let zipped = asked.gzip && kind != Kind::Other && !response.headers().contains_key(CONTENT_ENCODING);
    let size = response.body().size_hint().exact().filter(|size| (1..=LARGEST_BODY).contains(size));
    let (true, Some(_)) = (tagged || zipped, size) else { return response };

    let (mut parts, body) = response.into_parts();
    let bytes = match http_body_util::BodyExt::collect(body).await {
        Ok(collected) => collected.to_bytes(),
        // A body of known size is in memory already; should one break, the answer ends as it would have.
        Err(error) => return Response::from_parts(parts, broken(error)),
    };
    if tagged {
        tag(&mut parts.headers, &bytes);
        if asked.known.is_some_and(|known| conditional::matches(&known, &parts.headers)) {
            parts.status = StatusCode::NOT_MODIFIED;
            parts.headers.remove(CONTENT_TYPE);
            parts.headers.remove(CONTENT_LENGTH);
            return Response::from_parts(parts, Body::empty());
        }
    }
    let body = if zipped { compressed(&mut parts.headers, bytes).await } else { Body::from(bytes) };
    Response::from_parts(parts, body)
}

/// Adds what every answer carries.
pub(super) fn mark(call: &Call, headers: &mut HeaderMap) {
    headers.insert(X_REQUEST_ID, call.id.to_header());
    headers.insert(X_RUNTIME, seconds(call.started.elapsed().as_micros()));
    headers.entry(X_CONTENT_TYPE_OPTIONS).or_insert(HeaderValue::from_static("nosniff"));
    // A page that says itself who may frame it (the widget) is left alone.
    let policy = headers.get(CONTENT_SECURITY_POLICY).and_then(|policy| policy.to_str().ok());
    if !policy.is_some_and(|policy| policy.contains("frame-ancestors")) {
        headers.entry(X_FRAME_OPTIONS).or_insert(HeaderValue::from_static("SAMEORIGIN"));
    }
}

/// What an answer's content type means here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `application/json` without a charset, as the framework writes it.
    BareJson,
    Json,
    /// Text that compresses well.
    Text,
    Other,
}

impl Kind {
    fn of(headers: &HeaderMap) -> Self {
        let Some(kind) = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes) else { return Self::Other };
        if kind == b"application/json" {
            return Self::BareJson;
        }
        if kind.starts_with(b"application/json") {
            return Self::Json;
        }
        let texts: [&[u8]; 4] = [b"text/", b"application/javascript", b"application/xml", b"image/svg"];
        if texts.iter().any(|text| kind.starts_with(text)) && !kind.starts_with(b"text/event-stream") {
            return Self::Text;
        }
        Self::Other
    }
}

fn tag(headers: &mut HeaderMap, bytes: &[u8]) {
    headers.entry(CACHE_CONTROL).or_insert(REVALIDATE);
    if !headers.contains_key(ETAG) {
        headers.insert(ETAG, conditional::etag(bytes));
    }
}

async fn compressed(headers: &mut HeaderMap, bytes: Bytes) -> Body {
    let Some(small) = gzip::compress(bytes.clone()).await else { return Body::from(bytes) };
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.remove(CONTENT_LENGTH);
    Body::from(small)
}

fn broken(error: axum::Error) -> Body {
    Body::from_stream(futures_util::stream::iter([Err::<Bytes, _>(error)]))
}

/// `micros` as seconds with six digits.
fn seconds(micros: u128) -> HeaderValue {
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    HeaderValue::from_maybe_shared(text.into_bytes()).expect("digits and a point")
}
