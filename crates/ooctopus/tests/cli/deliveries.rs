//! A webhook is told of everything, whoever sends and however often that one is killed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value, json};
use store::sql;
use store::testing::db_test;
use testing::{Received, Receiver};
use tokio::time::timeout;

use crate::load::{Written, writers};
use crate::support::{Installation, LONG, Lease, Server, value_of};

/// So many deliveries to one receiver are on their way at the same time.
const AT_ONCE: usize = 4;

/// A webhook with the usual subscriptions, and what it is told from now on.
pub struct Deliveries {
    receiver: Receiver,
    /// How many requests had come from it and all before it, when a process that sent was dead.
    deaths: Vec<usize>,
}

/// What a webhook is to be told of: the log's numbers by the ids of events, and messages and conversations.
struct Log {
    numbers: HashMap<String, i64>,
    /// By the number of their conversation.
    messages: BTreeMap<i64, Vec<i64>>,
    conversations: BTreeSet<i64>,
}

impl Deliveries {
    /// Makes the webhook, in the account of a new demo.
    pub async fn begin(server: &Server) -> Self {
        let receiver = Receiver::taking().await;
        let token = value_of(&server.demo, "ADMINISTRATOR_TOKEN");
        server.post(Some(&token), "/api/v1/accounts/1/webhooks", &json!({ "url": receiver.url() })).await;
        Self { receiver, deaths: Vec::new() }
    }

    /// Notes that a process has been killed, if it was the one that sends: no other one does yet.
    pub async fn note_kill(&mut self, dead: &Installation) {
        if !dead.was_sending().await {
            return;
        }
        timeout(LONG, self.receiver.until_quiet()).await.expect("who is dead has no connections");
        self.deaths.push(self.receiver.received().len());
    }

    /// Waits until so many deliveries more came since the last kill.
    pub async fn wait(&self, times: usize) {
        let wanted = self.deaths.last().unwrap_or(&0) + times;
        let is_there = |received: &[Received]| received.len() >= wanted;
        timeout(LONG, self.receiver.until(is_there)).await.expect("deliveries go on");
    }

    /// Waits until a message came.
    pub async fn until_message(&self, content: &str) {
        let is_there = |received: &[Received]| received.iter().any(|request| request.json()["content"] == content);
        timeout(LONG, self.receiver.until(is_there)).await.expect(content);
    }

    /// Every message and every conversation since the webhook is there was told, also what was never acknowledged; of each
    /// conversation in order, and twice only where a kill may have taken the answer.
    pub async fn expect_all(&self, installation: &Installation, written: &[Written]) {
        let log = Log::read(installation).await;
        let wanted = log.messages.values().map(Vec::len).sum::<usize>() + log.conversations.len();
        let (mut created, mut came) = (BTreeSet::new(), 0);
        while created.len() < wanted {
            if timeout(LONG, self.receiver.until(|received| received.len() > came)).await.is_err() {
                eprintln!("{} of {wanted} came, and no more", created.len());
                break;
            }
            let next = self.receiver.received_after(came);
            came += next.len();
            let next = next.iter().filter(|request| request.event().ends_with("_created"));
            created.extend(next.map(|request| id(request).to_owned()));
        }
        let received = self.receiver.received();
        let mut seen = BTreeSet::new();
        let first: Vec<&Received> = received.iter().filter(|request| seen.insert(id(request))).collect();
        expect_created(&log, &first, written);
        expect_order(&log, &first);
        expect_doubles(&received, &self.deaths);
        let (count, doubles, kills) = (received.len(), received.len() - first.len(), self.deaths.len());
        eprintln!("{count} deliveries came, {doubles} of them again; whoever sent was killed {kills} times");
    }
}

/// Each message and each conversation, messages of a conversation in their order.
fn expect_created(log: &Log, first: &[&Received], written: &[Written]) {
    let created = |event: &'static str| first.iter().filter(move |request| request.event() == event);
    let mut messages: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    let mut contents = BTreeSet::new();
    for request in created("message_created") {
        let message = request.json();
        messages.entry(conversation(&message)).or_default().push(message["id"].as_i64().unwrap());
        contents.insert(message["content"].as_str().unwrap().to_owned());
    }
    assert_eq!(messages, log.messages);
    let mut conversations: Vec<i64> =
        created("conversation_created").map(|request| conversation(&request.json())).collect();
    conversations.sort_unstable();
    assert!(conversations.iter().eq(&log.conversations), "{conversations:?} {:?}", log.conversations);
    for written in written {
        let is_told = match written {
            Written::Message(content) => contents.contains(content),
            Written::Conversation(number) => log.conversations.contains(number),
        };
        assert!(is_told, "{written:?}");
    }
}

/// Of each conversation everything is told in the order of the log.
fn expect_order(log: &Log, first: &[&Received]) {
    let mut last: BTreeMap<i64, (i64, &str)> = BTreeMap::new();
    for request in first {
        // An event may tell several things.
        let event = id(request).split('.').next().unwrap();
        let place = (log.numbers[event], id(request));
        let before = last.insert(conversation(&request.json()), place);
        assert!(before.is_none_or(|before| before < place), "{before:?} {place:?}");
    }
}

/// A process notes what came of a delivery before it sends the next one of the same conversation, and sends few at the same
/// time. So of each conversation only its last delivery may come again, of another process.
fn expect_doubles(received: &[Received], deaths: &[usize]) {
    let mut begin = 0;
    for end in deaths.iter().copied().chain([received.len()]) {
        let (sent, later) = (&received[begin..end], &received[end..]);
        let ids: BTreeSet<&str> = sent.iter().map(id).collect();
        assert_eq!(ids.len(), sent.len(), "one process sent something twice");
        let later: BTreeSet<&str> = later.iter().map(id).collect();
        let again: BTreeSet<&str> = ids.intersection(&later).copied().collect();
        let last: BTreeMap<i64, &str> =
            sent.iter().map(|request| (conversation(&request.json()), id(request))).collect();
        assert!(again.len() <= AT_ONCE, "{again:?}");
        assert!(again.iter().all(|id| last.values().any(|last| last == id)), "{again:?} {last:?}");
        begin = end;
    }
}

impl Log {
    async fn read(installation: &Installation) -> Self {
        let store = installation.store().await;
        let read = store.read(|conn| {
            let events: Vec<(String, i64)> = conn.query(sql!("SELECT id, seq FROM events WHERE account_id = 1"), ())?;
            let conversations: Vec<(i64,)> = conn.query(
                sql!(
                    "SELECT display_id FROM conversations
                     WHERE account_id = 1 AND created_at > (SELECT MIN(created_at) FROM webhooks)"
                ),
                (),
            )?;
            let messages: Vec<(i64, i64)> = conn.query(
                sql!(
                    "SELECT c.display_id, m.id FROM messages m JOIN conversations c ON c.id = m.conversation_id
                     WHERE c.account_id = 1 AND c.created_at > (SELECT MIN(created_at) FROM webhooks)
                         AND m.message_type IN ('incoming', 'outgoing')
                     ORDER BY m.id"
                ),
                (),
            )?;
            Ok::<_, store::Error>((events, conversations, messages))
        });
        let (events, conversations, rows) = read.await.unwrap();
        let mut messages: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for (conversation, id) in rows {
            messages.entry(conversation).or_default().push(id);
        }
        let conversations = conversations.into_iter().map(|(number,)| number).collect();
        Self { numbers: events.into_iter().collect(), messages, conversations }
    }
}

/// The same for each time that something is told.
fn id(request: &Received) -> &str {
    &request.headers["webhook-id"]
}

/// The number of the conversation that a delivery is about.
fn conversation(told: &Value) -> i64 {
    told["conversation"]["id"].as_i64().or_else(|| told["id"].as_i64()).unwrap()
}

#[db_test]
async fn a_server_that_was_killed_and_starts_again_sends_at_once(installation: Installation) {
    let server = installation.serve_with(&["--demo"]).ready().await;
    let deliveries = Deliveries::begin(&server).await;
    let writer = writers(&server).await.remove(0);
    assert!(writer.write(&server.url, "before").await);
    deliveries.until_message("before").await;
    let before = installation.lease().await;
    assert_eq!(before.holder, installation.name());
    server.kill();
    // Whoever has another name would wait for ever.
    let forever = |tx: &mut store::Tx<'_>| tx.execute(sql!("UPDATE leases SET expires_at = $1"), (i64::MAX,));
    installation.store().await.write(forever).await.unwrap();

    let server = installation.serve().ready().await;
    assert!(writer.write(&server.url, "after").await);
    deliveries.until_message("after").await;
    assert_eq!(installation.lease().await, Lease { epoch: before.epoch + 1, ..before });
    server.stop();
}
