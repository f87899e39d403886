//! Whoever listens misses nothing and hears nothing twice, however often the server is killed.

use std::time::Duration;

use serde_json::json;
use store::sql;
use store::testing::db_test;
use testing::{Listener, Random, times};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::support::{Installation, LONG, Server, value_of};

/// How often a server is killed, if `OOCTOPUS_TEST_KILLS` does not say otherwise.
const ROUNDS: usize = 50;
/// As many agents write, and as many contacts.
const WRITERS: usize = 2;
/// A server is killed after fewer acknowledged messages than this.
const MOST_MESSAGES: u64 = 12;
/// And less than so many microseconds later: while others are being written.
const MOST_MICROS: u64 = 4_000;
/// What is written at last.
const END: &str = "the end";

/// Who writes, and where.
#[derive(Clone)]
pub struct Writer {
    name: String,
    pub path: String,
    token: Option<String>,
}

#[db_test]
async fn acknowledged_messages_are_heard_once_through_fifty_kills(installation: Installation) {
    let server = installation.serve_with(&["--demo"]).ready().await;
    kill_under_load(&installation, server, times("OOCTOPUS_TEST_KILLS", ROUNDS), None).await.stop();
}

/// Kills a server with a new demo again and again while messages are written to it, and starts it on the same data.
/// Somebody listens to it, or at another server: every message that was acknowledged must be heard once, and all in their
/// order.
pub async fn kill_under_load(
    installation: &Installation,
    mut server: Server,
    rounds: usize,
    other: Option<&str>,
) -> Server {
    let mut random = Random::printed();
    let mut administrator = administrator(&server).await;
    assert!(administrator.listen(other.unwrap_or(&server.url)).await);
    let begin = administrator.seq().unwrap();
    let writers = writers(&server).await;
    let ending = Writer { name: END.to_owned(), ..writers[0].clone() };

    let (moved, address) = watch::channel(server.url.clone());
    let (acknowledge, mut acknowledged) = mpsc::unbounded_channel();
    let stop = CancellationToken::new();
    let mut writing = JoinSet::new();
    for writer in writers {
        writing.spawn(write(writer, address.clone(), acknowledge.clone(), stop.clone()));
    }
    drop(acknowledge);
    let mut listening = JoinSet::new();
    listening.spawn(listen(administrator, address));
    let mut written = Vec::new();
    for _ in 0..rounds {
        for _ in 0..random.below(MOST_MESSAGES) {
            written.push(timeout(LONG, acknowledged.recv()).await.unwrap().unwrap());
        }
        tokio::time::sleep(Duration::from_micros(random.below(MOST_MICROS))).await;
        server.kill();
        server = installation.serve();
        moved.send_replace(server.url.clone());
    }
    stop.cancel();
    writing.join_all().await;
    while let Some(content) = acknowledged.recv().await {
        written.push(content);
    }
    assert!(ending.write(other.unwrap_or(&server.url), END).await);
    let heard = timeout(LONG, listening.join_next()).await.unwrap().unwrap().unwrap();

    assert!(heard.is_sorted_by(|one, next| one.0 < next.0), "{heard:?}");
    let created: Vec<&(i64, String)> = heard.iter().filter(|(_, content)| !content.is_empty()).collect();
    for content in &written {
        assert_eq!(created.iter().filter(|(_, heard)| heard == content).count(), 1, "{content}");
    }
    let numbers: Vec<i64> = created.iter().map(|(seq, _)| *seq).collect();
    assert_eq!(numbers, numbers_of_messages(installation, begin).await);
    eprintln!("{} messages were acknowledged, {} heard", written.len(), created.len());
    server
}

/// The administrator of the demo, who hears everything.
pub async fn administrator(server: &Server) -> Listener {
    let profile = server.get(&value_of(&server.demo, "ADMINISTRATOR_TOKEN"), "/api/v1/profile").await;
    Listener::user(1, profile["id"].as_i64().unwrap(), profile["pubsub_token"].as_str().unwrap())
}

/// Conversations of contacts, in each of which the contact and an agent write.
pub async fn writers(server: &Server) -> Vec<Writer> {
    let inbox = format!("/public/api/v1/inboxes/{}/contacts", value_of(&server.demo, "INBOX_IDENTIFIER"));
    let token = value_of(&server.demo, "AGENT_TOKEN");
    let mut writers = Vec::new();
    for number in 0..WRITERS {
        let contact = server.post(None, &inbox, &json!({ "name": "Noor Haddad" })).await;
        let conversations = format!("{inbox}/{}/conversations", contact["source_id"].as_str().unwrap());
        let id = &server.post(None, &conversations, &json!({})).await["id"];
        let path = format!("{conversations}/{id}/messages");
        writers.push(Writer { name: format!("contact {number}"), path, token: None });
        let path = format!("/api/v1/accounts/1/conversations/{id}/messages");
        writers.push(Writer { name: format!("agent {number}"), path, token: Some(token.clone()) });
    }
    writers
}

impl Writer {
    /// Whether the message was acknowledged.
    pub async fn write(&self, url: &str, content: &str) -> bool {
        let mut request =
            reqwest::Client::new().post(format!("{url}{}", self.path)).json(&json!({ "content": content }));
        if let Some(token) = &self.token {
            request = request.header("api_access_token", token);
        }
        let Ok(answer) = request.send().await else { return false };
        let status = answer.status();
        let Ok(text) = answer.text().await else { return false };
        assert_eq!(status, 200, "{text}");
        true
    }
}

/// Writes on and on; what was acknowledged is told.
async fn write(
    writer: Writer,
    mut address: watch::Receiver<String>,
    acknowledge: mpsc::UnboundedSender<String>,
    stop: CancellationToken,
) {
    for number in 1.. {
        if stop.is_cancelled() {
            return;
        }
        let content = format!("{} writes {number}", writer.name);
        let url = address.borrow_and_update().clone();
        if writer.write(&url, &content).await {
            acknowledge.send(content).unwrap();
        } else {
            address.changed().await.unwrap();
        }
    }
}

/// Listens up to the end: numbers of events, with the content of messages that were created.
async fn listen(mut listener: Listener, mut address: watch::Receiver<String>) -> Vec<(i64, String)> {
    let mut heard = Vec::new();
    loop {
        while let Some(message) = listener.next().await {
            let Some(seq) = message["seq"].as_i64() else { continue };
            assert_ne!(message["event"], "log.trimmed");
            let is_created = message["event"] == "message.created";
            let content = if is_created { message["data"]["content"].as_str().unwrap() } else { "" };
            heard.push((seq, content.to_owned()));
            if content == END {
                return heard;
            }
        }
        let url = address.borrow_and_update().clone();
        if !listener.listen(&url).await {
            address.changed().await.unwrap();
        }
    }
}

/// What the log has.
async fn numbers_of_messages(installation: &Installation, after: i64) -> Vec<i64> {
    let store = installation.store().await;
    let read = store.read(move |conn| {
        let text = sql!(
            "SELECT seq FROM events WHERE account_id = 1 AND seq > $1 AND name = 'message.created'
                         ORDER BY seq"
        );
        let rows: Vec<(i64,)> = conn.query(text, (after,))?;
        Ok::<_, store::Error>(rows)
    });
    read.await.unwrap().into_iter().map(|(seq,)| seq).collect()
}
