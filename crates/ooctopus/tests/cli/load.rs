//! Contacts and agents of a demo who write at the same time.

use std::time::Duration;

use serde_json::{Value, json};
use testing::Listener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::support::{LONG, Server, value_of};

/// As many agents write, and as many contacts.
const WRITERS: usize = 2;

/// Who writes, and where.
#[derive(Clone)]
pub struct Writer {
    name: String,
    pub path: String,
    token: Option<String>,
}

/// What was acknowledged.
#[derive(Debug)]
pub enum Written {
    /// A message with this content.
    Message(String),
    /// The conversation with this number.
    Conversation(i64),
}

/// Writers at work.
pub struct Load {
    address: watch::Sender<String>,
    acknowledged: mpsc::UnboundedReceiver<Written>,
    /// What was taken from there.
    written: Vec<Written>,
    stop: CancellationToken,
    writing: JoinSet<()>,
}

/// The administrator of the demo, who hears everything.
pub async fn administrator(server: &Server) -> Listener {
    let profile = server.get(&value_of(&server.demo, "ADMINISTRATOR_TOKEN"), "/api/v1/profile").await;
    Listener::user(1, profile["id"].as_i64().unwrap(), profile["pubsub_token"].as_str().unwrap())
}

/// Conversations of contacts, in each of which the contact and an agent write.
pub async fn writers(server: &Server) -> Vec<Writer> {
    let token = value_of(&server.demo, "AGENT_TOKEN");
    let mut writers = Vec::new();
    for number in 0..WRITERS {
        let conversations = conversations_of_new_contact(server).await;
        let id = &server.post(None, &conversations, &json!({})).await["id"];
        let path = format!("{conversations}/{id}/messages");
        writers.push(Writer { name: format!("contact {number}"), path, token: None });
        let path = format!("/api/v1/accounts/1/conversations/{id}/messages");
        writers.push(Writer { name: format!("agent {number}"), path, token: Some(token.clone()) });
    }
    writers
}

/// Where a new contact begins conversations.
async fn conversations_of_new_contact(server: &Server) -> String {
    let inbox = format!("/public/api/v1/inboxes/{}/contacts", value_of(&server.demo, "INBOX_IDENTIFIER"));
    let contact = server.post(None, &inbox, &json!({ "name": "Noor Haddad" })).await;
    format!("{inbox}/{}/conversations", contact["source_id"].as_str().unwrap())
}

impl Writer {
    /// Whether the message was acknowledged.
    pub async fn write(&self, url: &str, content: &str) -> bool {
        self.post(url, content).await.is_some()
    }

    /// The answer, if there was one.
    async fn post(&self, url: &str, content: &str) -> Option<Value> {
        let body = json!({ "content": content });
        let mut request = reqwest::Client::new().post(format!("{url}{}", self.path)).json(&body);
        if let Some(token) = &self.token {
            request = request.header("api_access_token", token);
        }
        let answer = request.send().await.ok()?;
        let status = answer.status();
        let text = answer.text().await.ok()?;
        assert_eq!(status, 200, "{text}");
        Some(serde_json::from_str(&text).unwrap())
    }
}

impl Load {
    /// Lets `writers` write on and on, and another contact begin conversations; each rests for `pause` in between.
    pub async fn begin(server: &Server, writers: &[Writer], pause: Duration) -> Self {
        let address = watch::Sender::new(server.url.clone());
        let (acknowledge, acknowledged) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let mut writing = JoinSet::new();
        let path = conversations_of_new_contact(server).await;
        let beginner = Writer { name: "a contact".to_owned(), path, token: None };
        for writer in writers.iter().cloned().chain([beginner]) {
            writing.spawn(write(writer, pause, address.subscribe(), acknowledge.clone(), stop.clone()));
        }
        Self { address, acknowledged, written: Vec::new(), stop, writing }
    }

    /// Where they write.
    pub fn address(&self) -> watch::Receiver<String> {
        self.address.subscribe()
    }

    /// Lets them write to this server.
    pub fn move_to(&self, server: &Server) {
        self.address.send_replace(server.url.clone());
    }

    /// Waits until so much more was acknowledged.
    pub async fn wait(&mut self, times: u64) {
        for _ in 0..times {
            self.written.push(timeout(LONG, self.acknowledged.recv()).await.unwrap().unwrap());
        }
    }

    /// Lets them stop; everything that was acknowledged.
    pub async fn end(mut self) -> Vec<Written> {
        self.stop.cancel();
        self.writing.join_all().await;
        while let Some(written) = self.acknowledged.recv().await {
            self.written.push(written);
        }
        self.written
    }
}

/// Writes on and on; what was acknowledged is told.
async fn write(
    writer: Writer,
    pause: Duration,
    mut address: watch::Receiver<String>,
    acknowledge: mpsc::UnboundedSender<Written>,
    stop: CancellationToken,
) {
    for number in 1.. {
        if stop.is_cancelled() {
            return;
        }
        let content = format!("{} writes {number}", writer.name);
        let url = address.borrow_and_update().clone();
        if let Some(answer) = writer.post(&url, &content).await {
            let is_message = writer.path.ends_with("/messages");
            let conversation = || Written::Conversation(answer["id"].as_i64().unwrap());
            acknowledge.send(if is_message { Written::Message(content) } else { conversation() }).unwrap();
            tokio::time::sleep(pause).await;
        } else {
            address.changed().await.unwrap();
        }
    }
}
