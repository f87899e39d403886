//! A small application and what it answers.

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use edge::rewrite::Rewrite;
use edge::{Documented, Settings};
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Bytes,
}

impl Answer {
    pub async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Self { status: parts.status.as_u16(), headers: parts.headers, bytes }
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The header's text; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The fields of a 422 with `attributes`.
    pub fn attributes(&self) -> Vec<String> {
        assert_eq!(self.status, 422, "{self:?}");
        serde_json::from_value(self.json()["attributes"].clone()).unwrap_or_else(|_| panic!("{self:?}"))
    }
}

/// `router` as it would be served, with nothing documented.
pub fn app(router: Router) -> Rewrite {
    documented(router, Documented::default())
}

pub fn documented(router: Router, documented: Documented) -> Rewrite {
    edge::rewrite::around(edge::layers::wrap(router, documented, Settings::default()), &[])
}

pub async fn send(app: &Rewrite, request: Request<Body>) -> Answer {
    Answer::of(app.clone().oneshot(request).await.unwrap()).await
}

pub async fn get(app: &Rewrite, path: &str) -> Answer {
    send(app, Request::get(path).body(Body::empty()).unwrap()).await
}

pub async fn post(app: &Rewrite, path: &str, kind: &str, body: impl Into<Body>) -> Answer {
    send(app, Request::post(path).header("content-type", kind).body(body.into()).unwrap()).await
}
