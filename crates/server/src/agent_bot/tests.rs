//! Agent bots, through HTTP.

use std::sync::Arc;

use ::store::Store;
use ::store::testing::{Engine, TestDatabase, db_test};
use http::Method;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;
use types::{AgentBotId, SystemClock};

use super::store;
use crate::MIGRATIONS;
use crate::signing_secret::OVERLAP;
use crate::testing::{Answer, Caller, TestApp};

async fn make(app: &TestApp, caller: &Caller, body: Value) -> Value {
    app.post(caller, "agent_bots", body).await.expect(200).json()
}

async fn platform(app: &TestApp, token: &str, method: Method, path: &str, body: Value) -> Answer {
    app.call(method, &format!("/platform/api/v1/{path}"), Some(token), Some(&body)).await
}

async fn events_of_bots(app: &TestApp, caller: &Caller) -> Vec<String> {
    let names = app.event_names(caller.account).await.into_iter();
    names.filter(|name| name.starts_with("agent_bot")).collect()
}

#[db_test]
async fn administrators_see_the_keys_of_their_own_bots(app: TestApp) {
    let account = app.account().await;
    let (admin, agent) = (app.administrator(account).await, app.agent(account).await);
    let body =
        json!({ "name": "Gearbox", "outgoing_url": "https://bot.example/hook", "bot_config": { "tone": "calm" } });
    let made = make(&app, &admin, body).await;
    let key = made["access_token"].as_str().unwrap();
    let secret = made["secret"].as_str().unwrap();
    assert_eq!((key.len(), secret.len()), (24, 24));
    assert_eq!(
        made,
        json!({
            "id": made["id"], "name": "Gearbox", "description": null, "outgoing_url": "https://bot.example/hook",
            "bot_type": "webhook", "bot_config": { "tone": "calm" }, "account_id": account, "thumbnail": "",
            "system_bot": false, "access_token": key, "secret": secret
        })
    );
    let path = format!("agent_bots/{}", made["id"]);
    assert_eq!(app.get(&admin, &path).await.expect(200).json(), made);
    let mut without_keys = made.clone();
    without_keys.as_object_mut().unwrap().retain(|key, _| !["access_token", "secret"].contains(&key.as_str()));
    assert_eq!(app.get(&agent, &path).await.expect(200).json(), without_keys);
    assert_eq!(app.get(&agent, "agent_bots").await.expect(200).json(), json!([without_keys]));
    // The key is known, but a bot without an inbox may nothing yet, whoever owns it (recorded).
    let numbers = admin.path("conversations/999");
    app.call(Method::GET, &numbers, Some(key), None).await.expect(403);

    let changed = app.patch(&admin, &path, json!({ "name": null, "outgoing_url": "" })).await.expect(200).json();
    assert_eq!((&changed["name"], &changed["outgoing_url"]), (&json!(null), &json!("")));
    assert_eq!(changed["bot_config"], json!({ "tone": "calm" }));
    let reset = app.post(&admin, &format!("{path}/reset_access_token"), json!({})).await.expect(200).json();
    assert_ne!(reset["access_token"], key);
    assert_eq!(reset["secret"], secret);
    app.call(Method::GET, &numbers, Some(key), None).await.expect(401);
    app.call(Method::GET, &numbers, reset["access_token"].as_str(), None).await.expect(403);
    let expected = ["agent_bot.created", "agent_bot.updated", "agent_bot.token_reset"];
    assert_eq!(events_of_bots(&app, &admin).await, expected);
}

/// What signs now what the bot is told.
async fn valid(app: &TestApp, id: AgentBotId) -> Vec<String> {
    let found = app.app.store.read(move |conn| store::find(conn, id)).await.unwrap().unwrap();
    found.signing_secrets().valid_at(app.app.clock.now()).into_iter().map(str::to_owned).collect()
}

#[db_test]
async fn a_bot_gets_another_secret_and_the_one_before_stays_good_for_a_day(app: TestApp) {
    let account = app.account().await;
    let (admin, agent) = (app.administrator(account).await, app.agent(account).await);
    let stranger = app.administrator(app.account().await).await;
    let made = make(&app, &admin, json!({ "name": "Gearbox" })).await;
    let id = AgentBotId::new(made["id"].as_i64().unwrap());
    let (path, first) = (format!("agent_bots/{id}"), made["secret"].as_str().unwrap());
    assert_eq!(valid(&app, id).await, [first]);
    let reset = format!("{path}/reset_secret");
    app.post(&agent, &reset, json!({})).await.expect(403);
    app.post(&stranger, &reset, json!({})).await.expect(404);
    app.post(&admin, "agent_bots/99999999/reset_secret", json!({})).await.expect(404);
    assert_eq!(valid(&app, id).await, [first]);

    let changed = app.post(&admin, &reset, json!({})).await.expect(200).json();
    let second = changed["secret"].as_str().unwrap();
    assert_eq!(second.len(), 24);
    assert_ne!(second, first);
    let mut expected = made.clone();
    expected["secret"] = json!(second);
    assert_eq!(changed, expected, "nothing else changes");
    assert_eq!(app.get(&admin, &path).await.expect(200).json(), changed);
    let told = ("agent_bot.updated".to_owned(), json!({ "secret": [null, null] }));
    assert_eq!(app.last_event(account).await, told);
    let shown = app.get(&agent, &path).await.expect(200).json();
    assert!(shown.as_object().unwrap().keys().all(|key| !key.contains("secret")), "{shown}");

    app.patch(&admin, &path, json!({ "name": "Other" })).await.expect(200);
    assert_eq!(valid(&app, id).await, [second, first], "another change keeps both");
    app.clock.advance(OVERLAP);
    assert_eq!(valid(&app, id).await, [second]);
}

#[db_test]
async fn bots_from_before_there_were_secrets_get_one_each(engine: Engine) {
    let split = MIGRATIONS.iter().position(|migration| migration.name.starts_with("0090_")).unwrap();
    let database =
        spawn_blocking(move || TestDatabase::new(engine, &MIGRATIONS[..split], Arc::new(SystemClock))).await.unwrap();
    let old = database.open();
    let text = "INSERT INTO agent_bots (bot_type, bot_config, created_at, updated_at)
                VALUES ('webhook', '{}', 0, 0), ('webhook', '{}', 0, 0) RETURNING id";
    let bots: Result<Vec<(i64,)>, ::store::Error> = old.write(move |tx| tx.query_built(text, &[])).await;
    assert_eq!(bots.unwrap().len(), 2);
    drop(old);
    let options = database.options.clone();
    spawn_blocking(move || Store::migrate(&options, MIGRATIONS)).await.unwrap().unwrap();
    let text = "SELECT secret FROM agent_bots ORDER BY id";
    let secrets: Result<Vec<(String,)>, ::store::Error> =
        database.open().read(move |conn| conn.query_built(text, &[])).await;
    let secrets = secrets.unwrap();
    assert!(secrets.iter().all(|(secret,)| secret.len() == 32), "they are random texts");
    assert_ne!(secrets[0], secrets[1]);
}

#[db_test]
async fn what_a_bot_cannot_have_is_named(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let bot = make(&app, &admin, json!({})).await;
    assert_eq!((&bot["name"], &bot["bot_config"]), (&json!(null), &json!({})));
    let before = app.row_counts().await;
    let long = format!("https://bot.example/{}", "x".repeat(2_048));
    for (body, field) in [
        (json!({ "outgoing_url": "bot.example" }), "outgoing_url"),
        (json!({ "outgoing_url": "javascript:alert(1)" }), "outgoing_url"),
        (json!({ "outgoing_url": long }), "outgoing_url"),
        (json!({ "name": "x".repeat(256) }), "name"),
        (json!({ "bot_type": "steam" }), "bot_type"),
        (json!({ "bot_type": "csml" }), "bot_type"),
        (json!({ "bot_config": 7 }), "bot_config"),
    ] {
        let refused = app.post(&admin, "agent_bots", body.clone()).await.expect(422).json();
        assert_eq!(refused["attributes"], json!([field]), "{body}");
        let path = format!("agent_bots/{}", bot["id"]);
        let refused = app.patch(&admin, &path, body.clone()).await.expect(422).json();
        assert_eq!(refused["attributes"], json!([field]), "{body}");
    }
    assert_eq!(app.row_counts().await, before);
}

#[db_test]
async fn a_bot_of_the_installation_is_used_by_all_and_changed_by_its_app(app: TestApp) {
    let (ours, theirs) = (app.platform_app().await, app.platform_app().await);
    let admin = app.administrator(app.account().await).await;
    let body = json!({ "name": "Night", "outgoing_url": "http://127.0.0.1:9/bot", "description": "Answers at night" });
    let made = platform(&app, &ours, Method::POST, "agent_bots", body).await.expect(200).json();
    let id = &made["id"];
    assert_eq!(
        made,
        json!({
            "id": id, "name": "Night", "description": "Answers at night", "outgoing_url": "http://127.0.0.1:9/bot",
            "account_id": null, "access_token": made["access_token"]
        })
    );
    let path = format!("agent_bots/{id}");
    let seen = app.get(&admin, &path).await.expect(200).json();
    assert_eq!((&seen["system_bot"], seen.get("access_token"), seen.get("secret")), (&json!(true), None, None));
    app.patch(&admin, &path, json!({ "name": "Mine" })).await.expect(404);
    app.post(&admin, &format!("{path}/reset_access_token"), json!({})).await.expect(404);
    app.post(&admin, &format!("{path}/reset_secret"), json!({})).await.expect(404);
    app.delete(&admin, &path).await.expect(404);
    for method in [Method::GET, Method::PATCH, Method::DELETE] {
        platform(&app, &theirs, method, &path, json!({})).await.expect(401);
    }
    assert_eq!(platform(&app, &theirs, Method::GET, "agent_bots", json!({})).await.expect(200).json(), json!([]));
    assert_eq!(platform(&app, &ours, Method::GET, "agent_bots", json!({})).await.expect(200).json(), json!([made]));
    let changed = platform(&app, &ours, Method::PATCH, &path, json!({ "name": "Day" })).await.expect(200).json();
    assert_eq!((&changed["name"], &changed["access_token"]), (&json!("Day"), &made["access_token"]));
    assert!(platform(&app, &ours, Method::DELETE, &path, json!({})).await.expect(200).body.is_empty());
    platform(&app, &ours, Method::GET, &path, json!({})).await.expect(404);
    assert_eq!(platform(&app, &ours, Method::GET, "agent_bots", json!({})).await.expect(200).json(), json!([]));
    let noted = "SELECT COUNT(*) FROM audit_log WHERE action IN ('agent_bot.created', 'agent_bot.updated',
                 'agent_bot.deleted')";
    assert_eq!(app.number(noted, &[]).await, 3);
    assert!(events_of_bots(&app, &admin).await.is_empty());
    assert_eq!(app.run_due_jobs().await, 1);
}

#[db_test]
async fn an_app_gives_bots_only_to_accounts_that_it_was_granted(app: TestApp) {
    let token = app.platform_app().await;
    let account = json!({ "name": "Lark Bikes" });
    let granted = platform(&app, &token, Method::POST, "accounts", account).await.expect(200).json()["id"].clone();
    let other = app.account().await;
    for account in [json!(other), json!(99_999_999)] {
        let body = json!({ "account_id": account });
        let refused = platform(&app, &token, Method::POST, "agent_bots", body).await.expect(422).json();
        assert_eq!(refused["attributes"], json!(["account"]));
    }
    let body = json!({ "account_id": granted });
    let bot = platform(&app, &token, Method::POST, "agent_bots", body).await.expect(200).json();
    let path = format!("agent_bots/{}", bot["id"]);
    platform(&app, &token, Method::PATCH, &path, json!({ "account_id": other })).await.expect(422);
    assert_eq!(platform(&app, &token, Method::GET, &path, json!({})).await.expect(200).json()["account_id"], granted);
}

#[db_test]
async fn a_bot_that_gets_an_owner_leaves_the_inboxes_of_others(app: TestApp) {
    let token = app.platform_app().await;
    let account = json!({ "name": "Lark Bikes" });
    let granted = platform(&app, &token, Method::POST, "accounts", account).await.expect(200).json()["id"].clone();
    let bot = platform(&app, &token, Method::POST, "agent_bots", json!({})).await.expect(200).json()["id"].clone();
    let admin = app.administrator(app.account().await).await;
    let inbox = app.api_inbox(&admin).await;
    connect(&app, &admin, inbox.get(), bot.as_i64().unwrap()).await;
    let path = format!("agent_bots/{bot}");
    platform(&app, &token, Method::PATCH, &path, json!({ "account_id": granted })).await.expect(200);
    assert_eq!(app.number("SELECT COUNT(*) FROM agent_bot_inboxes", &[]).await, 0);
    assert_eq!(events_of_bots(&app, &admin).await, ["agent_bot.disconnected"]);
    app.get(&admin, &path).await.expect(404);
}

async fn connect(app: &TestApp, admin: &Caller, inbox: i64, bot: i64) {
    let account = admin.account;
    app.app
        .store
        .write(move |tx| {
            let now = tx.now();
            tx.execute(
                ::store::sql!(
                    "INSERT INTO agent_bot_inboxes (account_id, inbox_id, agent_bot_id, status, created_at)
                     VALUES ($1, $2, $3, 'active', $4)"
                ),
                (account, inbox, bot, now),
            )
        })
        .await
        .map_err(|error: ::store::Error| error)
        .unwrap();
}

#[db_test]
async fn a_removed_bot_leaves_its_messages_without_sender(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let inbox = app.api_inbox(&admin).await;
    let (bot, key) = app.bot(account, inbox).await;
    let conversation = app.conversation(&admin, inbox).await;
    let messages = admin.path(&format!("conversations/{conversation}/messages"));
    for number in 0..3 {
        let body = json!({ "content": format!("From the bot {number}") });
        app.call(Method::POST, &messages, Some(&key), Some(&body)).await.expect(200);
    }
    let path = format!("agent_bots/{bot}");
    assert!(app.delete(&admin, &path).await.expect(200).body.is_empty());
    // At once: nobody sees it, its key is worth nothing, its inbox has no bot, its messages have no sender.
    app.delete(&admin, &path).await.expect(404);
    app.get(&admin, &path).await.expect(404);
    assert_eq!(app.get(&admin, "agent_bots").await.expect(200).json(), json!([]));
    app.call(Method::POST, &messages, Some(&key), Some(&json!({ "content": "x" }))).await.expect(401);
    let shown = app.get(&admin, &messages).await.expect(200).json();
    let from_bot: Vec<&Value> = shown["payload"].as_array().unwrap().iter().collect();
    assert_eq!(from_bot.len(), 3, "{shown}");
    assert!(from_bot.iter().all(|message| message.get("sender").is_none_or(Value::is_null)), "{shown}");
    let contact = app.contact(&admin).await;
    let body = json!({ "inbox_id": inbox, "contact_id": contact });
    assert_eq!(app.post(&admin, "conversations", body).await.expect(200).json()["status"], "open");
    assert_eq!(events_of_bots(&app, &admin).await, ["agent_bot.disconnected", "agent_bot.deleted"]);

    while app.run_due_jobs().await > 0 {}
    assert_eq!(app.number("SELECT COUNT(*) FROM agent_bots", &[]).await, 0);
    assert_eq!(app.number("SELECT COUNT(*) FROM messages WHERE agent_bot_id IS NOT NULL", &[]).await, 0);
    assert_eq!(app.get(&admin, &messages).await.expect(200).json(), shown);
}
