//! Sockets, from the client's side.

mod cuts;
mod hearing;
mod resume;
mod wire;

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use store::testing::{Engine, OnEngine};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use types::{AccountId, InboxId};

use crate::testing::{Caller, TestApp};

/// Longer than any frame takes, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(20);

/// A desk on a port: an administrator, an agent in the inbox, one outside of it, the administrator of another account,
/// and two contacts.
struct Desk {
    app: TestApp,
    admin: Caller,
    agent: Caller,
    rookie: Caller,
    outsider: Caller,
    inbox: InboxId,
    contact: Visitor,
    other_contact: Visitor,
}

/// A contact's session.
#[derive(Debug, Clone)]
struct Visitor {
    /// Where its requests go.
    path: String,
    key: String,
    id: i64,
}

impl OnEngine for Desk {
    async fn on(engine: Engine) -> Self {
        Self::of(TestApp::listening(engine).await).await
    }
}

impl Desk {
    async fn of(app: TestApp) -> Self {
        let account = app.account().await;
        let admin = app.administrator(account).await;
        let (agent, rookie) = (app.agent(account).await, app.agent(account).await);
        let outsider = app.administrator(app.account().await).await;
        let inbox = app.api_inbox(&admin).await;
        app.join(&admin, inbox, &[&agent]).await;
        let contact = Visitor::new(&app, &admin, inbox, "Ada").await;
        let other_contact = Visitor::new(&app, &admin, inbox, "Bob").await;
        Self { app, admin, agent, rookie, outsider, inbox, contact, other_contact }
    }

    fn account(&self) -> AccountId {
        self.admin.account
    }

    /// A conversation of the contact, made by it.
    async fn conversation(&self, contact: &Visitor) -> i64 {
        let made = self.public(contact, "conversations", json!({})).await;
        made["id"].as_i64().unwrap()
    }

    /// A request of a contact.
    async fn public(&self, contact: &Visitor, path: &str, body: Value) -> Value {
        let path = format!("{}/{path}", contact.path);
        let answer = self.app.call(http::Method::POST, &path, None, Some(&body)).await.expect(200);
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }

    async fn ear_of(&self, member: &Caller) -> Ear {
        let mut ear = Ear::open(&self.app).await;
        let identifier = identifier(&self.app, member).await;
        ear.listen(&identifier).await;
        ear
    }

    async fn ear_of_contact(&self, contact: &Visitor) -> Ear {
        let mut ear = Ear::open(&self.app).await;
        let identifier = json!({ "channel": "RoomChannel", "pubsub_token": contact.key }).to_string();
        ear.listen(&identifier).await;
        ear
    }

    /// What each of `ears` heard by now, `presence.update` left out.
    async fn heard(&self, ears: &mut [Ear]) -> Vec<Vec<String>> {
        self.app.run_due_jobs().await;
        super::dispatched(&self.app.app).await;
        let mut all = Vec::new();
        for ear in ears {
            let heard = ear.flush().await;
            all.push(heard.iter().map(|message| message["event"].as_str().unwrap().to_owned()).collect());
        }
        all
    }
}

impl Visitor {
    async fn new(app: &TestApp, admin: &Caller, inbox: InboxId, name: &str) -> Self {
        let shown = app.get(admin, &format!("inboxes/{inbox}")).await.expect(200).json();
        let root = format!("/public/api/v1/inboxes/{}/contacts", shown["inbox_identifier"].as_str().unwrap());
        let made = app.call(http::Method::POST, &root, None, Some(&json!({ "name": name }))).await.expect(200).json();
        let text = |key: &str| made[key].as_str().unwrap().to_owned();
        Self {
            path: format!("{root}/{}", text("source_id")),
            key: text("pubsub_token"),
            id: made["id"].as_i64().unwrap(),
        }
    }
}

/// The identifier that the dashboard sends for a member.
async fn identifier(app: &TestApp, member: &Caller) -> String {
    let profile = app.call(http::Method::GET, "/api/v1/profile", Some(&member.token), None).await.expect(200).json();
    json!({
        "channel": "RoomChannel", "pubsub_token": profile["pubsub_token"], "account_id": member.account,
        "user_id": member.id
    })
    .to_string()
}

/// A client's socket.
struct Ear {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Messages that came while something else was waited for; `presence.update` is left out.
    heard: Vec<Value>,
}

impl Ear {
    async fn open(app: &TestApp) -> Self {
        let url = format!("{}/cable", app.app.settings.base_url).replacen("http", "ws", 1);
        let mut request = url.into_client_request().unwrap();
        let offered = "actioncable-v1-json, actioncable-unsupported".parse().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", offered);
        let (socket, answer) = tokio_tungstenite::connect_async(request).await.unwrap();
        assert_eq!(answer.headers()["sec-websocket-protocol"], "actioncable-v1-json");
        let mut ear = Self { socket, heard: Vec::new() };
        assert_eq!(ear.next().await.unwrap(), json!({ "type": "welcome" }));
        ear
    }

    /// The next frame; `None` when the socket is closed.
    async fn next(&mut self) -> Option<Value> {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("a frame in time");
            match next {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(_) | Err(_)) | None => return None,
            }
        }
    }

    async fn send(&mut self, command: &Value) {
        self.socket.send(Message::text(command.to_string())).await.unwrap();
    }

    /// The next frame of the server about a subscription; messages are kept.
    async fn answer(&mut self) -> Value {
        loop {
            let frame = self.next().await.expect("an open socket");
            if frame["type"] == "ping" {
                continue;
            }
            if frame.get("message").is_none() {
                return frame;
            }
            self.keep(&frame);
        }
    }

    fn keep(&mut self, frame: &Value) {
        if frame["message"]["event"] != "presence.update" {
            self.heard.push(frame["message"].clone());
        }
    }

    async fn subscribe(&mut self, identifier: &str, since: Option<Value>) -> Value {
        let mut command = json!({ "command": "subscribe", "identifier": identifier });
        if let Some(since) = since {
            command["since"] = since;
        }
        self.send(&command).await;
        self.answer().await
    }

    /// Subscribes, and is there: gives what it is told of who is.
    async fn listen(&mut self, identifier: &str) -> Value {
        assert_eq!(self.subscribe(identifier, None).await["type"], "confirm_subscription");
        loop {
            let frame = self.next().await.expect("an open socket");
            if frame["message"]["event"] == "presence.update" {
                return frame["message"].clone();
            }
            if frame["type"] != "ping" {
                self.keep(&frame);
            }
        }
    }

    /// All that came by now: frames are written in order, so that what was sent before this refusal is here before it.
    async fn flush(&mut self) -> Vec<Value> {
        let identifier = json!({ "channel": "RoomChannel", "pubsub_token": "nobody's" }).to_string();
        assert_eq!(self.subscribe(&identifier, None).await["type"], "reject_subscription");
        std::mem::take(&mut self.heard)
    }

    /// Whether the server closes the socket; what comes before is kept.
    async fn is_closed(&mut self) -> bool {
        while let Some(frame) = self.next().await {
            if frame.get("message").is_some() {
                self.keep(&frame);
            } else if frame["type"] == "disconnect" {
                return true;
            }
        }
        true
    }
}
