//! A server that speaks as much of S3 as we use, and refuses whoever does not sign.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode};

const BUCKET: &str = "pictures";
pub const ACCESS_KEY: &str = "we";

#[derive(Default)]
struct Content {
    objects: BTreeMap<String, Bytes>,
    uploads: BTreeMap<String, BTreeMap<usize, Bytes>>,
    requests: Vec<String>,
}

/// A server with one bucket.
#[derive(Clone, Default)]
pub struct Server {
    content: Arc<Mutex<Content>>,
    address: String,
}

impl Server {
    #[expect(clippy::disallowed_methods, reason = "the test's runtime ends the task")]
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = Self { address, ..Self::default() };
        let router = axum::Router::new().fallback(answer).with_state(server.clone());
        tokio::task::spawn(async move { axum::serve(listener, router).await });
        server
    }

    pub fn bucket(&self, secret_key: &str) -> blobs::Bucket {
        blobs::Bucket {
            endpoint: Some(self.address.clone()),
            name: BUCKET.into(),
            region: "eu-north-1".into(),
            access_key: ACCESS_KEY.into(),
            secret_key: secret_key.into(),
            is_in_path: true,
        }
    }

    /// Methods and paths, in order.
    pub fn requests(&self) -> Vec<String> {
        self.content.lock().unwrap().requests.clone()
    }

    /// Uploads in pieces that were neither ended nor taken back.
    pub fn unfinished(&self) -> usize {
        self.content.lock().unwrap().uploads.len()
    }
}

async fn answer(
    State(server): State<Server>,
    Query(query): Query<BTreeMap<String, String>>,
    request: Request<Body>,
) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let mut content = server.content.lock().unwrap();
    let shown = head.uri.path_and_query().unwrap().as_str();
    content.requests.push(format!("{} {shown}", head.method));
    if !is_signed(&head.headers) {
        return error(StatusCode::FORBIDDEN, "AccessDenied");
    }
    let Some(path) = head.uri.path().strip_prefix(&format!("/{BUCKET}")) else {
        return error(StatusCode::NOT_FOUND, "NoSuchBucket");
    };
    let key = path.trim_start_matches('/').to_owned();
    content.answer(&head.method, &head.headers, key, &query, body)
}

/// By the key that may, for this region and service (the signature itself is `object_store`'s to make).
fn is_signed(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let authorization = text("authorization");
    authorization.starts_with(&format!("AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/"))
        && authorization.contains("/eu-north-1/s3/aws4_request")
        && authorization.contains("Signature=")
        && !text("x-amz-content-sha256").is_empty()
        && !text("x-amz-date").is_empty()
}

impl Content {
    fn answer(
        &mut self,
        method: &Method,
        headers: &HeaderMap,
        key: String,
        query: &BTreeMap<String, String>,
        body: Bytes,
    ) -> Response {
        let upload = query.get("uploadId").cloned();
        match (method.as_str(), upload) {
            ("GET", None) if query.contains_key("list-type") => self.list(query),
            ("GET" | "HEAD", None) => self.read(headers, &key),
            ("PUT", None) => {
                self.objects.insert(key, body);
                ([("etag", "\"x\"")], "").into_response()
            }
            ("DELETE", None) => {
                self.objects.remove(&key);
                StatusCode::NO_CONTENT.into_response()
            }
            ("POST", None) if query.contains_key("uploads") => {
                self.uploads.insert(key.clone(), BTreeMap::new());
                let text = format!("<Bucket>{BUCKET}</Bucket><Key>{key}</Key><UploadId>1</UploadId>");
                xml("InitiateMultipartUploadResult", &text)
            }
            ("PUT", Some(_)) => {
                let number = query["partNumber"].parse().unwrap();
                self.uploads.get_mut(&key).unwrap().insert(number, body);
                ([("etag", format!("\"{number}\""))], "").into_response()
            }
            ("POST", Some(_)) => {
                let parts = self.uploads.remove(&key).unwrap();
                let (_, before) = parts.iter().next_back().unwrap();
                assert!(parts.len() == 1 || before.len() <= 5 << 20);
                assert!(parts.values().rev().skip(1).all(|part| part.len() >= 5 << 20), "parts that are too small");
                self.objects.insert(key.clone(), parts.into_values().flatten().collect());
                xml("CompleteMultipartUploadResult", &format!("<Key>{key}</Key><ETag>\"x\"</ETag>"))
            }
            ("DELETE", Some(_)) => {
                self.uploads.remove(&key);
                StatusCode::NO_CONTENT.into_response()
            }
            _ => error(StatusCode::NOT_IMPLEMENTED, "NotImplemented"),
        }
    }

    fn read(&self, headers: &HeaderMap, key: &str) -> Response {
        let Some(object) = self.objects.get(key) else { return error(StatusCode::NOT_FOUND, "NoSuchKey") };
        let modified = [("last-modified", "Mon, 05 Jan 2026 10:00:00 GMT"), ("etag", "\"x\"")];
        let Some(range) = headers.get("range") else { return (modified, object.clone()).into_response() };
        let range = range.to_str().unwrap().strip_prefix("bytes=").unwrap();
        let (from, to) = range.split_once('-').unwrap();
        let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse().unwrap());
        let part = [("content-range", format!("bytes {from}-{to}/{}", object.len()))];
        (StatusCode::PARTIAL_CONTENT, modified, part, object.slice(from..=to)).into_response()
    }

    fn list(&self, query: &BTreeMap<String, String>) -> Response {
        let prefix = query.get("prefix").cloned().unwrap_or_default();
        let found = self.objects.iter().filter(|(key, _)| key.starts_with(&prefix));
        let rows = found.map(|(key, object)| {
            let size = object.len();
            format!(
                "<Contents><Key>{key}</Key><LastModified>2026-01-05T10:00:00.000Z</LastModified><ETag>\"x\"</ETag>\
                 <Size>{size}</Size></Contents>"
            )
        });
        xml("ListBucketResult", &format!("<IsTruncated>false</IsTruncated>{}", rows.collect::<String>()))
    }
}

fn xml(name: &str, content: &str) -> Response {
    let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><{name}>{content}</{name}>");
    ([("content-type", "application/xml")], text).into_response()
}

fn error(status: StatusCode, code: &str) -> Response {
    (status, xml("Error", &format!("<Code>{code}</Code>"))).into_response()
}
