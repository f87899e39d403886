//! Two servers on one PostgreSQL: what is done through one is heard at the other.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use store::testing::{Engine, OnEngine};
use testing::{Listener, Random};
use tokio::time::timeout;

use crate::deliveries::Deliveries;
use crate::kills::{kill_under_load, wait_for_some};
use crate::load::{Load, administrator, writers};
use crate::support::{Installation, LONG, value_of};

/// Messages that are heard one after the other.
const MESSAGES: u32 = 5;
/// How long one may take on average: without a word of the other server it would be twice as long.
const SOON: Duration = Duration::from_secs(1);
/// How often a server is killed.
const KILLS: usize = 10;
/// How long each writer rests, so that what nobody sends before a takeover is soon sent after it.
const PAUSE: Duration = Duration::from_millis(200);
/// How often whichever sends deliveries is killed.
const KILLS_OF_SENDER: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_on_postgres_hear_each_other() {
    let installation = Installation::on(Engine::Postgres).await;
    let first = installation.serve_with(&["--demo"]).ready().await;
    let node = installation.node();
    let second = node.serve().ready().await;
    let mut administrator = administrator(&first).await;
    assert!(administrator.listen(&second.url).await);

    let writers = writers(&first).await;
    let begun = Instant::now();
    for number in 0..MESSAGES {
        let content = format!("message {number}");
        assert!(writers[0].write(&first.url, &content).await);
        hear(&mut administrator, |message| message["data"]["content"] == content).await;
    }
    let took = begun.elapsed();
    assert!(took < SOON * MESSAGES, "{took:?}");

    let token = value_of(&first.demo, "AGENT_TOKEN");
    let agent = first.get(&token, "/api/v1/profile").await;
    let typing = writers[1].path.replace("/messages", "/toggle_typing_status");
    let request = reqwest::Client::new().post(format!("{}{typing}", first.url)).header("api_access_token", &token);
    // The answer has no body.
    assert_eq!(request.json(&json!({ "typing_status": "on" })).send().await.unwrap().status(), 200);
    let heard = hear(&mut administrator, |message| message["event"] == "conversation.typing_on").await;
    assert_eq!(heard["data"]["user"]["id"], agent["id"]);

    // To subscribe is a sign of life.
    let id = agent["id"].as_i64().unwrap();
    let mut colleague = Listener::user(1, id, agent["pubsub_token"].as_str().unwrap());
    assert!(colleague.listen(&first.url).await);
    hear(&mut colleague, |message| message["event"] == "presence.update").await;
    assert!(administrator.perform("update_presence").await);
    let is_there =
        |message: &Value| message["event"] == "presence.update" && message["data"]["users"][id.to_string()] == "online";
    hear(&mut administrator, is_there).await;
    first.stop();
    second.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_password_closes_sockets_at_the_other_server_on_postgres() {
    let installation = Installation::on(Engine::Postgres).await;
    let first = installation.serve_with(&["--demo"]).ready().await;
    let node = installation.node();
    let second = node.serve().ready().await;
    let platform = Some(value_of(&first.demo, "PLATFORM_TOKEN"));
    let account = first.post(platform.as_deref(), "/platform/api/v1/accounts", &json!({ "name": "Ferries" })).await;
    let user = json!({ "name": "Ana", "email": "ana@ferries.example", "password": "Old-Harbour-1" });
    let user = first.post(platform.as_deref(), "/platform/api/v1/users", &user).await;
    let members = format!("/platform/api/v1/accounts/{}/account_users", account["id"]);
    first.post(platform.as_deref(), &members, &json!({ "user_id": user["id"], "role": "administrator" })).await;
    let token = user["access_token"].as_str().unwrap();
    let key = |profile: &Value| profile["pubsub_token"].as_str().unwrap().to_owned();
    let listener = |key: &str| Listener::user(account["id"].as_i64().unwrap(), user["id"].as_i64().unwrap(), key);

    let mut before = listener(&key(&first.get(token, "/api/v1/profile").await));
    assert!(before.listen(&second.url).await);
    let change = json!({ "profile": {
        "current_password": "Old-Harbour-1", "password": "New-Harbour-2", "password_confirmation": "New-Harbour-2"
    } });
    let changed = first.put(token, "/api/v1/profile", &change).await;
    let ended = async { while before.next().await.is_some() {} };
    timeout(LONG, ended).await.expect("the socket is closed");
    assert!(listener(&key(&changed)).listen(&second.url).await);
    first.stop();
    second.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_of_one_server_lose_nothing_at_the_other_on_postgres() {
    let installation = Installation::on(Engine::Postgres).await;
    let first = installation.serve_with(&["--demo"]).ready().await;
    let node = installation.node();
    let second = node.serve().ready().await;
    kill_under_load(&installation, first, KILLS, Some(&second.url)).await.stop();
    second.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_of_the_one_that_sends_lose_no_delivery_on_postgres() {
    let installation = Installation::on(Engine::Postgres).await;
    let first = installation.serve_with(&["--demo"]).ready().await;
    let node = installation.node();
    let second = node.serve().ready().await;
    let mut random = Random::printed();
    let mut deliveries = Deliveries::begin(&first).await;
    let writers = writers(&first).await;
    let mut load = Load::begin(&first, &writers, PAUSE).await;
    let (mut sending, mut other) = ((&installation, first), (&node, second));
    for round in 0..KILLS_OF_SENDER {
        if !sending.0.was_sending().await {
            (sending, other) = (other, sending);
        }
        load.move_to(&other.1);
        wait_for_some(&mut load, &deliveries, &mut random).await;
        let (dead, server) = sending;
        server.kill();
        deliveries.note_kill(dead).await;
        if round % 2 == 0 {
            // The other one takes over before this one is back.
            let has_taken_over = async { while !other.0.was_sending().await {} };
            timeout(LONG, has_taken_over).await.expect("the other one takes over");
        }
        sending = (dead, dead.serve().ready().await);
    }
    let written = load.end().await;
    deliveries.expect_all(&installation, &written).await;
    sending.1.stop();
    other.1.stop();
}

/// Waits for a message.
async fn hear(listener: &mut Listener, is_wanted: impl Fn(&Value) -> bool) -> Value {
    let heard = async {
        loop {
            let message = listener.next().await.expect("an open socket");
            if is_wanted(&message) {
                return message;
            }
        }
    };
    timeout(LONG, heard).await.expect("what is waited for")
}
