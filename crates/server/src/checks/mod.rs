//! Tables over every route: who may call it, what it refuses, under which addresses it is reached, how it is
//! published.
//!
//! The routes come from the router's own document: a new one is covered by itself, or fails until it has its row.

mod bad_input;
mod callers;
mod contract;
mod field;
mod form;
mod openapi;
mod order;
mod sample;
mod site;
mod swagger;
mod trial;
mod twins;
mod value;
mod vanish;

use axum::body::Body;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};
use serde_json::{Map, Value};
use store::sql;
use testing::openapi::Validator;

use crate::testing::{Answer, TestApp};

/// What the document says of one method of one path.
struct Operation {
    id: String,
    method: Method,
    /// With `{…}` for parameters.
    path: String,
    json: Value,
}

/// The document of the router, as JSON.
fn document() -> Value {
    serde_json::to_value(crate::routes::document()).unwrap()
}

/// Every operation of the router, by path.
fn operations() -> Vec<Operation> {
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    let items = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        let methods = methods.filter_map(|(name, json)| Some((name.to_uppercase().parse::<Method>().ok()?, json)));
        methods.map(|(method, json)| Operation {
            id: json["operationId"].as_str().unwrap().to_owned(),
            method,
            path: path.clone(),
            json: json.clone(),
        })
    });
    items.filter(|operation| operation.json.get("responses").is_some()).collect()
}

impl Operation {
    /// `GET /path/{id}`.
    fn route(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether it reads a body. Where a file is all that it reads, the noun's own tests send one.
    fn has_body(&self) -> bool {
        self.json["requestBody"]["content"].get("application/json").is_some()
    }

    /// Whether it reads nothing but a file.
    fn wants_file(&self) -> bool {
        self.json.get("requestBody").is_some() && !self.has_body()
    }

    /// The names of its parameters that stand in `place`: `path` or `query`.
    fn parameters(&self, place: &str) -> Vec<String> {
        let all = self.json["parameters"].as_array().into_iter().flatten();
        let placed = all.filter(|parameter| parameter["in"] == place);
        placed.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect()
    }
}

/// A request, byte by byte.
#[derive(Clone)]
struct Sent {
    method: Method,
    path: String,
    token: Option<String>,
    session: Session,
    media: Option<String>,
    body: Vec<u8>,
}

/// The headers of a session.
type Session = Vec<(&'static str, HeaderValue)>;

impl Sent {
    fn new(method: &Method, path: &str, token: Option<&str>) -> Self {
        let token = token.map(str::to_owned);
        Self {
            method: method.clone(),
            path: path.to_owned(),
            token,
            session: Vec::new(),
            media: None,
            body: Vec::new(),
        }
    }

    fn json(self, body: impl Into<Vec<u8>>) -> Self {
        self.with("application/json", body)
    }

    fn with(self, media: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { media: Some(media.to_owned()), body: body.into(), ..self }
    }

    /// The same with the headers of a session.
    fn by(self, session: &Session) -> Self {
        Self { session: session.clone(), ..self }
    }

    /// The same with the headers of a session packed into one (rest.md §2.1).
    fn with_bearer(self, session: &Session) -> Self {
        use base64::Engine;
        let packed: Map<String, Value> =
            session.iter().map(|(name, value)| ((*name).to_owned(), value.to_str().unwrap().into())).collect();
        let packed = base64::engine::general_purpose::STANDARD.encode(Value::Object(packed).to_string());
        self.by(&vec![("authorization", format!("Bearer {packed}").parse().unwrap())])
    }

    /// The address that is called: a stream that is followed has no end.
    fn uri(&self) -> String {
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let is_stream = path.trim_end_matches('/').trim_end_matches(".json").ends_with("/events");
        if is_stream { format!("{path}?{query}&follow=false") } else { self.path.clone() }
    }

    async fn to(&self, app: &TestApp) -> Answer {
        let mut request = Request::builder().method(&self.method).uri(self.uri()).header(ACCEPT, "application/json");
        if let Some(token) = &self.token {
            request = request.header("api_access_token", token);
        }
        for (name, value) in &self.session {
            request = request.header(*name, value);
        }
        if let Some(media) = &self.media {
            request = request.header(CONTENT_TYPE, media);
        }
        let request = request.body(Body::from(self.body.clone())).unwrap();
        if self.path.contains("/profile/reset_access_token") {
            keeping_tokens(app, app.send(request)).await
        } else {
            app.send(request).await
        }
    }
}

/// Puts the API keys of before back after `request`: the tables go on with them.
async fn keeping_tokens(app: &TestApp, request: impl Future<Output = Answer>) -> Answer {
    let tokens = app.app.store.read(|conn| conn.query(sql!("SELECT id, token FROM access_tokens"), ()));
    let tokens: Vec<(i64, String)> = tokens.await.map_err(|error: store::Error| error).unwrap();
    let answer = request.await;
    let back = move |tx: &mut store::Tx<'_>| {
        tokens.iter().try_for_each(|(id, token)| {
            tx.execute(sql!("UPDATE access_tokens SET token = $2 WHERE id = $1"), (*id, token.as_str())).map(drop)
        })
    };
    app.app.store.write(back).await.map_err(|error: store::Error| error).unwrap();
    answer
}

impl std::fmt::Display for Sent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        let start: String = body.chars().take(200).collect();
        write!(f, "{} {} [{}] {start}", self.method, self.path, self.media.as_deref().unwrap_or_default())
    }
}

/// What the published document does not say of an answer.
fn check_document(validator: &Validator, sent: &Sent, answer: &Answer) -> Result<(), String> {
    let path = sent.path.split('?').next().unwrap_or_default();
    let status = answer.status.as_u16();
    match serde_json::from_slice(&answer.body) {
        Ok(body) => validator.check(sent.method.as_str(), path, status, &body),
        Err(_) => validator.check_status(sent.method.as_str(), path, status),
    }
}

/// What is wrong with the form of a refusal (rest.md §1.8).
fn check_refusal(path: &str, answer: &Answer) -> Result<(), String> {
    let status = answer.status.as_u16();
    let Ok(Value::Object(body)) = serde_json::from_slice::<Value>(&answer.body) else {
        return Err(format!("{status} without a JSON object: {}", String::from_utf8_lossy(&answer.body)));
    };
    let with_status = has_keys(&body, &["error", "status"]);
    let charset = if with_status { "UTF-8" } else { "utf-8" };
    let is_wordy = path.starts_with("/platform/") || path.starts_with("/public/");
    let is_right = match status {
        400 => with_status,
        401 | 404 if path.starts_with("/auth/") => is_unsuccessful(&body),
        403 if is_sign_up(path) && has_keys(&body, &["message"]) => is_text(&body, "message"),
        422 if path.starts_with("/auth/") && has_keys(&body, &["message", "redirect_url"]) => true,
        404 | 405 if is_wordy => with_status,
        401 => is_text(&body, "error") || is_texts(&body, "errors"),
        402..=405 | 408..=410 | 413 | 415 => is_text(&body, "error"),
        422 => is_text(&body, "error") || is_record_problem(&body) || is_rule_problem(&body),
        _ => false,
    };
    let is_status_true = !with_status || body["status"] == status;
    let media = answer.headers.get(CONTENT_TYPE).map(|media| media.to_str().unwrap()).unwrap_or_default();
    if is_right && is_status_true && media == format!("application/json; charset={charset}") {
        return Ok(());
    }
    Err(format!("{status} [{media}] {}", Value::Object(body)))
}

/// The one address whose 403 has a `message` (superset §2).
fn is_sign_up(path: &str) -> bool {
    path.split('?').next() == Some("/api/v1/accounts")
}

fn has_keys(body: &Map<String, Value>, keys: &[&str]) -> bool {
    body.len() == keys.len() && keys.iter().all(|key| body.contains_key(*key))
}

fn is_unsuccessful(body: &Map<String, Value>) -> bool {
    let keys =
        if body.contains_key("error_code") { &["success", "errors", "error_code"][..] } else { &["success", "errors"] };
    has_keys(body, keys) && body["success"] == false && body["errors"].as_array().is_some_and(|texts| texts.len() == 1)
}

fn is_text(body: &Map<String, Value>, key: &str) -> bool {
    has_keys(body, &[key]) && body[key].as_str().is_some_and(|text| !text.is_empty())
}

fn is_texts(body: &Map<String, Value>, key: &str) -> bool {
    has_keys(body, &[key]) && is_texts_at(body, key)
}

fn is_texts_at(body: &Map<String, Value>, key: &str) -> bool {
    body[key].as_array().is_some_and(|list| list.iter().all(Value::is_string))
}

/// As automation rules fail (rest.md §1.8).
fn is_rule_problem(body: &Map<String, Value>) -> bool {
    let Some(fields) = body.get("error").and_then(Value::as_object) else { return false };
    has_keys(body, &["error"]) && !fields.is_empty() && fields.keys().all(|field| is_texts_at(fields, field))
}

fn is_record_problem(body: &Map<String, Value>) -> bool {
    let Some(fields) = body.get("attributes").and_then(Value::as_array) else { return false };
    let is_once = fields.iter().enumerate().all(|(at, field)| !fields[..at].contains(field));
    let are_names = fields.iter().all(|field| field.as_str().is_some_and(|name| !name.is_empty()));
    has_keys(body, &["message", "attributes"])
        && body["message"].is_string()
        && !fields.is_empty()
        && is_once
        && are_names
}
