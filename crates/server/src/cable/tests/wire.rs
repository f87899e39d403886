//! The protocol (realtime.md §1).

use std::time::Duration;

use serde_json::{Value, json};
use store::sql;
use store::testing::{Engine, db_test};

use super::{Desk, Ear, identifier};
use crate::Settings;
use crate::testing::TestApp;

#[db_test]
async fn who_asks_for_no_socket_finds_none(app: TestApp) {
    let answer = app.call(http::Method::GET, "/cable", None, None).await.expect(404);
    assert_eq!(
        (answer.text(), answer.headers["content-type"].as_bytes()),
        ("Page not found", &b"text/plain; charset=utf-8"[..])
    );
}

#[db_test]
async fn a_socket_lives_is_confirmed_and_told_who_is_there(engine: Engine) {
    let socket_limits = realtime::Limits { ping: Duration::from_millis(20), ..realtime::Limits::default() };
    let desk = Desk::of(TestApp::listening_with(engine, Settings { socket_limits, ..Settings::default() }).await).await;
    let mut ear = Ear::open(&desk.app).await;
    let ping = ear.next().await.unwrap();
    assert_eq!(ping, json!({ "type": "ping", "message": desk.app.app.clock.now().epoch_seconds() }));
    // Echoed letter by letter, whatever the order of keys.
    let text = identifier(&desk.app, &desk.agent).await;
    let said: Value = serde_json::from_str(&text).unwrap();
    let ours = format!(
        r#"{{"user_id" : "{}", "account_id":"{}","pubsub_token":"{}","channel":"RoomChannel", "ü":1}}"#,
        desk.agent.id,
        desk.account(),
        said["pubsub_token"].as_str().unwrap()
    );
    let confirmed = ear.subscribe(&ours, None).await;
    assert_eq!(confirmed, json!({ "identifier": ours, "type": "confirm_subscription" }));
    let presence = loop {
        let frame = ear.next().await.unwrap();
        if frame["type"] != "ping" {
            break frame;
        }
    };
    let users = json!({ desk.agent.id.to_string(): "online" });
    let data = json!({ "account_id": desk.account(), "users": users, "contacts": {} });
    let expected = json!({ "identifier": ours, "message": { "event": "presence.update", "data": data } });
    assert_eq!(presence, expected);
    // The same again is nothing new; a sign of life is answered; contacts hear of users only.
    ear.send(&json!({ "command": "subscribe", "identifier": ours })).await;
    let mut visitor = Ear::open(&desk.app).await;
    let theirs = json!({ "channel": "RoomChannel", "pubsub_token": desk.contact.key }).to_string();
    let told = visitor.listen(&theirs).await;
    let data = json!({ "action": "update_presence" }).to_string();
    ear.send(&json!({ "command": "message", "identifier": ours, "data": data })).await;
    let again = loop {
        let frame = ear.next().await.unwrap();
        if frame["type"] != "ping" {
            break frame;
        }
    };
    assert_eq!(again["message"]["data"]["contacts"], json!({ desk.contact.id.to_string(): "online" }));
    assert_eq!(told["data"], json!({ "account_id": desk.account(), "users": users }));
}

#[db_test]
async fn who_may_not_hear_is_told_so_and_what_nobody_means_is_not_heeded(desk: Desk) {
    let text = identifier(&desk.app, &desk.agent).await;
    let with = |key: &str, value: Value| {
        let mut said: Value = serde_json::from_str(&text).unwrap();
        said[key] = value;
        said.to_string()
    };
    let suspended = desk.app.administrator(desk.app.account().await).await;
    let of_suspended = identifier(&desk.app, &suspended).await;
    let id = suspended.account;
    desk.app
        .app
        .store
        .write(move |tx| tx.execute(sql!("UPDATE accounts SET status = 'suspended' WHERE id = $1"), (id,)))
        .await
        .map_err(|error: store::Error| error)
        .unwrap();
    let mut ear = Ear::open(&desk.app).await;
    for refused in [
        with("pubsub_token", json!("x")),
        with("pubsub_token", json!("")),
        with("pubsub_token", json!(7)),
        with("pubsub_token", json!("x".repeat(10_000))),
        with("pubsub_token", json!(desk.contact.key)),
        with("user_id", json!(desk.rookie.id)),
        with("user_id", json!("x")),
        with("user_id", json!([1])),
        // Without an id the key would be a contact's.
        with("user_id", json!("")),
        with("user_id", Value::Null),
        with("account_id", json!(desk.outsider.account)),
        with("account_id", json!(99_999_999)),
        with("account_id", Value::Null),
        of_suspended,
    ] {
        let answer = ear.subscribe(&refused, None).await;
        assert_eq!(answer, json!({ "identifier": refused, "type": "reject_subscription" }));
    }
    for nothing in [
        json!({ "command": "subscribe", "identifier": with("channel", json!("OtherChannel")) }),
        json!({ "command": "subscribe", "identifier": "no JSON" }),
        json!({ "command": "subscribe" }),
        json!({ "command": "unsubscribe", "identifier": text }),
        json!({ "command": "message", "identifier": text, "data": "{\"action\":\"update_presence\"}" }),
        json!({ "command": "sing", "identifier": text }),
        json!({}),
        json!([1, 2]),
    ] {
        ear.send(&nothing).await;
    }
    assert_eq!(ear.subscribe(&text, None).await["type"], "confirm_subscription");
    for nothing in ["", "{}", "{\"action\":\"destroy\"}", "[]", "x"] {
        ear.send(&json!({ "command": "message", "identifier": text, "data": nothing })).await;
    }
    assert_eq!(ear.flush().await, Vec::<Value>::new());
    // Who does not want to hear any more does not.
    let number = desk.conversation(&desk.contact).await;
    assert_eq!(desk.heard(std::slice::from_mut(&mut ear)).await, [["conversation.created"]]);
    ear.send(&json!({ "command": "unsubscribe", "identifier": text })).await;
    assert_eq!(ear.flush().await, Vec::<Value>::new());
    desk.public(&desk.contact, &format!("conversations/{number}/messages"), json!({ "content": "Hello" })).await;
    assert_eq!(desk.heard(std::slice::from_mut(&mut ear)).await, [Vec::<String>::new()]);
}

#[db_test]
async fn a_socket_has_a_bound_of_subscriptions(engine: Engine) {
    let socket_limits = realtime::Limits { subscriptions: 2, ..realtime::Limits::default() };
    let desk = Desk::of(TestApp::listening_with(engine, Settings { socket_limits, ..Settings::default() }).await).await;
    let mut ear = Ear::open(&desk.app).await;
    let text = identifier(&desk.app, &desk.agent).await;
    let kinds = [format!("{text} "), format!(" {text}"), format!("  {text}")];
    let mut answers = Vec::new();
    for kind in &kinds {
        answers.push(ear.subscribe(kind, None).await["type"].clone());
    }
    assert_eq!(answers, ["confirm_subscription", "confirm_subscription", "reject_subscription"]);
    // Each of them hears.
    desk.conversation(&desk.contact).await;
    assert_eq!(desk.heard(std::slice::from_mut(&mut ear)).await, [["conversation.created"; 2]]);
}

#[db_test]
async fn a_server_has_a_bound_of_sockets(engine: Engine) {
    let socket_limits = realtime::Limits { sockets: 2, ..realtime::Limits::default() };
    let desk = Desk::of(TestApp::listening_with(engine, Settings { socket_limits, ..Settings::default() }).await).await;
    let ears = [desk.ear_of(&desk.agent).await, desk.ear_of(&desk.admin).await];
    let url = format!("{}/cable", desk.app.app.settings.base_url).replacen("http", "ws", 1);
    let refused = tokio_tungstenite::connect_async(url.as_str()).await.unwrap_err();
    let tokio_tungstenite::tungstenite::Error::Http(answer) = refused else { panic!("{refused}") };
    assert_eq!((answer.status().as_u16(), answer.headers().contains_key("retry-after")), (503, true));
    // One that closes makes room.
    drop(ears);
    let all_closed = async {
        while desk.app.app.cable.hub.open_sockets() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), all_closed).await.expect("closed in time");
    desk.ear_of(&desk.agent).await;
}

#[db_test]
async fn another_password_ends_the_sockets_of_the_old_key(desk: Desk) {
    let mut ears = [desk.ear_of(&desk.agent).await, desk.ear_of(&desk.admin).await];
    let old = identifier(&desk.app, &desk.agent).await;
    let app = desk.app.platform_app().await;
    let id = desk.agent.id;
    desk.app
        .app
        .store
        .write(move |tx| crate::auth::service::set_password(tx, id, "x", None, &crate::events::Actor::Operator))
        .await
        .unwrap();
    assert!(!app.is_empty() && ears[0].is_closed().await);
    let mut ear = Ear::open(&desk.app).await;
    assert_eq!(ear.subscribe(&old, None).await["type"], "reject_subscription");
    desk.conversation(&desk.contact).await;
    assert_eq!(desk.heard(&mut ears[1..]).await, [["conversation.created"]]);
}
