//! Whoever listens misses nothing and hears nothing twice, and webhooks are told of everything, however often the server
//! is killed.

use std::time::Duration;

use store::sql;
use store::testing::db_test;
use testing::{Listener, Random, times};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::deliveries::Deliveries;
use crate::load::{Load, Written, administrator, writers};
use crate::support::{Installation, LONG, Server};

/// How often a server is killed, if `OOCTOPUS_TEST_KILLS` does not say otherwise.
const ROUNDS: usize = 50;
/// A server is killed after fewer acknowledgements than this.
const MOST_WRITTEN: u64 = 12;
/// And after fewer deliveries than this.
const MOST_DELIVERED: u64 = 8;
/// And less than so many microseconds later: while others are being written.
const MOST_MICROS: u64 = 4_000;
/// What is written at last.
const END: &str = "the end";

#[db_test]
async fn what_was_acknowledged_is_heard_once_and_delivered_in_order_through_fifty_kills(installation: Installation) {
    let server = installation.serve_with(&["--demo"]).ready().await;
    kill_under_load(&installation, server, times("OOCTOPUS_TEST_KILLS", ROUNDS), None).await.stop();
}

/// Kills a server with a new demo again and again while messages are written to it, and starts it on the same data.
/// Somebody listens to it, or at another server: every message that was acknowledged must be heard once, and all in their
/// order. And a webhook must be told of all of them.
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
    let mut deliveries = Deliveries::begin(&server).await;
    let writers = writers(&server).await;
    let mut load = Load::begin(&server, &writers, Duration::ZERO).await;
    let mut listening = JoinSet::new();
    listening.spawn(listen(administrator, load.address()));
    for _ in 0..rounds {
        wait_for_some(&mut load, &deliveries, &mut random).await;
        server.kill();
        deliveries.note_kill(installation).await;
        server = installation.serve();
        load.move_to(&server);
    }
    let written = load.end().await;
    assert!(writers[0].write(other.unwrap_or(&server.url), END).await);
    let heard = timeout(LONG, listening.join_next()).await.unwrap().unwrap().unwrap();

    assert!(heard.is_sorted_by(|one, next| one.0 < next.0), "{heard:?}");
    let created: Vec<&(i64, String)> = heard.iter().filter(|(_, content)| !content.is_empty()).collect();
    for written in &written {
        let Written::Message(content) = written else { continue };
        assert_eq!(created.iter().filter(|(_, heard)| heard == content).count(), 1, "{content}");
    }
    let numbers: Vec<i64> = created.iter().map(|(seq, _)| *seq).collect();
    assert_eq!(numbers, numbers_of_messages(installation, begin).await);
    eprintln!("{} writings were acknowledged, {} messages heard", written.len(), created.len());
    deliveries.expect_all(installation, &written).await;
    server
}

/// Waits until a server does what it does under load, or does not yet.
pub async fn wait_for_some(load: &mut Load, deliveries: &Deliveries, random: &mut Random) {
    load.wait(random.below(MOST_WRITTEN)).await;
    deliveries.wait(usize::try_from(random.below(MOST_DELIVERED)).unwrap()).await;
    tokio::time::sleep(Duration::from_micros(random.below(MOST_MICROS))).await;
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
