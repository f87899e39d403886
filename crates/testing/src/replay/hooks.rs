//! A receiver on this machine, for the webhooks of a run.

use std::io;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The last parts of the addresses that are called, and what the recordings call who is called there.
const RECEIVERS: [(&str, &str); 6] = [
    ("account", "webhook:account"),
    ("inbox", "webhook:inbox"),
    ("bot-inbox", "webhook:bot-inbox"),
    ("bot", "bot"),
    ("rule", "webhook:rule"),
    ("automation", "webhook:automation"),
];

/// What can be fetched: two by two blue dots.
const PICTURES: [&str; 2] = ["picture.png", "avatar.png"];
const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR42mMwTpsJRAwQCgAf7gTJFqfs3QAAAABJRU5ErkJggg==";

/// A receiver that answers 200 to webhooks and keeps what came; it ends with this value.
///
/// It has a picture too, at `/picture.png`. Other paths answer 404.
#[derive(Debug)]
pub struct Hooks {
    base_url: String,
    calls: Calls,
    _task: JoinSet<()>,
}

/// A call is here before it is answered, and stays until it is taken.
type Calls = Arc<Mutex<Vec<Call>>>;

/// One request to a receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// What the recordings call who was called, such as `webhook:account`.
    pub receiver: &'static str,
    /// HTTP method.
    pub method: String,
    /// Content type with its parameters; empty when there is none.
    pub content_type: String,
    /// What was sent.
    pub body: Vec<u8>,
}

impl Hooks {
    /// Listens on a port of this machine that is free.
    pub async fn listen() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let calls = Calls::default();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&calls));
        let mut task = JoinSet::new();
        task.spawn(async move {
            // It never ends by itself: a connection that cannot be accepted is waited for.
            drop(axum::serve(listener, router).await);
        });
        Ok(Self { base_url, calls, _task: task })
    }

    /// Where it listens, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// What came since this was asked last, in the order in which it came.
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *self.calls.lock().expect("nobody panics while it is held"))
    }
}

async fn answer(State(calls): State<Calls>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let last = uri.path().rsplit('/').next().unwrap_or_default();
    if method == Method::GET && PICTURES.contains(&last) {
        let picture = BASE64_STANDARD.decode(PICTURE).expect("it is a constant");
        return ([(CONTENT_TYPE, "image/png")], picture).into_response();
    }
    let Some((_, receiver)) = RECEIVERS.iter().find(|(path, _)| *path == last) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let content_type = headers.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let content_type = content_type.unwrap_or_default();
    let call = Call { receiver, method: method.to_string(), content_type, body: body.to_vec() };
    calls.lock().expect("nobody panics while it is held").push(call);
    StatusCode::OK.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(receiver: &'static str, method: &str, content_type: &str, body: &str) -> Call {
        let (method, content_type) = (method.to_owned(), content_type.to_owned());
        Call { receiver, method, content_type, body: body.into() }
    }

    #[tokio::test]
    async fn who_is_called_follows_from_the_end_of_the_path_and_is_kept_with_how() {
        let hooks = Hooks::listen().await.unwrap();
        let client = reqwest::Client::builder().build().unwrap();
        let address = |path: &str| format!("{}{path}", hooks.base_url());
        let json = client.post(address("/bot-inbox?a=b")).header("content-type", "application/json").body("{}");
        assert_eq!(json.send().await.unwrap().status(), 200);
        assert_eq!(client.put(address("/hooks/bot")).body("x").send().await.unwrap().status(), 200);
        assert_eq!(client.post(address("/bots")).body("x").send().await.unwrap().status(), 404);
        let came = [call("webhook:bot-inbox", "POST", "application/json", "{}"), call("bot", "PUT", "", "x")];
        assert_eq!(hooks.take(), came);
        assert_eq!(hooks.take(), []);
    }

    #[tokio::test]
    async fn a_picture_can_be_fetched() {
        let hooks = Hooks::listen().await.unwrap();
        let answer = reqwest::get(format!("{}/picture.png", hooks.base_url())).await.unwrap();
        assert_eq!((answer.status().as_u16(), &answer.headers()["content-type"]), (200, &"image/png".parse().unwrap()));
        assert!(answer.bytes().await.unwrap().starts_with(b"\x89PNG"));
        assert_eq!(hooks.take(), []);
    }
}
