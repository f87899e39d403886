//! A product that may call this machine, and a server on it that has pictures.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use store::testing::{Engine, OnEngine};
use tokio::sync::Semaphore;

use crate::Settings;
use crate::testing::{Caller, TestApp};

/// What a path answers: status, headers, body.
type Said = (StatusCode, HeaderMap, Vec<u8>);

/// A server that says what it was told, and counts who asks.
#[derive(Clone)]
pub struct Server {
    pub address: SocketAddr,
    said: Arc<Mutex<HashMap<String, Said>>>,
    calls: Arc<AtomicUsize>,
    /// A permit for each one that asked for `/slow.png`.
    asked: Arc<Semaphore>,
    /// A permit for each one that is answered.
    answered: Arc<Semaphore>,
}

impl Server {
    #[expect(clippy::disallowed_methods, reason = "the test's runtime ends the task")]
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            said: Arc::default(),
            calls: Arc::default(),
            asked: Arc::new(Semaphore::new(0)),
            answered: Arc::new(Semaphore::new(0)),
        };
        let router = axum::Router::new().fallback(answer).with_state(server.clone());
        tokio::task::spawn(async move { axum::serve(listener, router).await });
        server
    }

    /// Has `path` answer so from now on; gives its address.
    pub fn say(&self, path: &str, status: u16, body: &[u8]) -> String {
        self.say_with(path, status, HeaderMap::new(), body)
    }

    /// The same with headers.
    pub fn say_with(&self, path: &str, status: u16, headers: HeaderMap, body: &[u8]) -> String {
        let said = (StatusCode::from_u16(status).unwrap(), headers, body.to_vec());
        self.said.lock().unwrap().insert(path.to_owned(), said);
        format!("http://{}{path}", self.address)
    }

    /// Waits until one more asks for `/slow.png`, which is answered when the test says so.
    pub async fn slow_asked(&self) {
        self.asked.acquire().await.unwrap().forget();
    }

    /// Answers so many that ask for `/slow.png`.
    pub fn answer_slow(&self, count: usize) {
        self.answered.add_permits(count);
    }

    /// How often somebody asked.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

async fn answer(State(server): State<Server>, request: Request) -> Response {
    server.calls.fetch_add(1, Ordering::SeqCst);
    let path = request.uri().path().to_owned();
    if path == "/slow.png" {
        server.asked.add_permits(1);
        server.answered.acquire().await.unwrap().forget();
    }
    let said = server.said.lock().unwrap().get(&path).cloned();
    said.unwrap_or((StatusCode::NOT_FOUND, HeaderMap::new(), b"nothing here".to_vec())).into_response()
}

/// A product that may call this machine, with an account.
pub struct Gallery {
    pub app: TestApp,
    pub server: Server,
    pub administrator: Caller,
}

impl OnEngine for Gallery {
    async fn on(engine: Engine) -> Self {
        let settings = Settings { outbound_allow: vec!["127.0.0.0/8".parse().unwrap()], ..Settings::default() };
        Self::new(TestApp::with_settings(engine, settings).await).await
    }
}

impl Gallery {
    /// The same with a product that may call what `app` may.
    pub async fn new(app: TestApp) -> Self {
        let account = app.account().await;
        let administrator = app.administrator(account).await;
        Self { app, server: Server::start().await, administrator }
    }

    /// A new contact whose picture is at `url`; gives its path.
    pub async fn contact(&self, url: &str) -> String {
        let body = json!({ "name": "Ada", "avatar_url": url });
        let made = self.app.post(&self.administrator, "contacts", body).await.expect(200).json();
        assert_eq!(made["payload"]["contact"]["thumbnail"], "", "it is fetched later");
        format!("contacts/{}", made["payload"]["contact"]["id"])
    }

    /// Gives the contact the address of another picture.
    pub async fn change(&self, contact: &str, url: &str) -> Value {
        let path = self.administrator.path(contact);
        let body = json!({ "avatar_url": url });
        let answer = self.app.call(http::Method::PUT, &path, Some(&self.administrator.token), Some(&body)).await;
        answer.expect(200).json()["payload"].clone()
    }

    /// Where the picture of a contact is.
    pub async fn thumbnail(&self, contact: &str) -> String {
        let shown = self.app.get(&self.administrator, contact).await.expect(200).json();
        shown["payload"]["thumbnail"].as_str().unwrap().to_owned()
    }

    /// States and errors of the jobs that fetch pictures.
    pub async fn fetches(&self) -> Vec<(String, String)> {
        let jobs = self.app.app.store.read(|conn| ::jobs::list(conn, None, 100)).await.unwrap();
        let fetches = jobs.into_iter().filter(|job| job.kind == "fetch_avatar");
        fetches.map(|job| (job.state, job.last_error.unwrap_or_default())).collect()
    }
}
