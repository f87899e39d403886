//! Webhooks, through HTTP.

use ::store::testing::db_test;
use futures_util::future::join_all;
use serde_json::{Value, json};
use types::WebhookId;

use super::store;
use crate::signing_secret::OVERLAP;
use crate::testing::{Caller, TestApp};

async fn add(app: &TestApp, admin: &Caller, body: Value) -> Value {
    app.post(admin, "webhooks", body).await.expect(200).json()["payload"]["webhook"].clone()
}

async fn list(app: &TestApp, admin: &Caller) -> Value {
    app.get(admin, "webhooks").await.expect(200).json()["payload"]["webhooks"].clone()
}

async fn events(app: &TestApp, admin: &Caller) -> Vec<String> {
    app.event_names(admin.account).await.into_iter().filter(|name| name.starts_with("webhook")).collect()
}

#[db_test]
async fn administrators_make_change_and_remove_webhooks(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    assert_eq!(list(&app, &admin).await, json!([]));
    let made = add(&app, &admin, json!({ "url": " https://hooks.example/a ", "name": "Ours" })).await;
    let secret = made["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 24);
    let events_by_default = [
        "conversation_status_changed",
        "conversation_updated",
        "conversation_created",
        "message_created",
        "message_updated",
        "webwidget_triggered",
    ];
    assert_eq!(
        made,
        json!({
            "id": made["id"], "url": "https://hooks.example/a", "name": "Ours", "account_id": account,
            "subscriptions": events_by_default, "secret": secret
        })
    );
    let path = format!("webhooks/{}", made["id"]);
    let body = json!({ "webhook": { "subscriptions": ["contact_updated", "inbox_created", "contact_updated"], "name": null } });
    let changed = app.patch(&admin, &path, body).await.expect(200).json()["payload"]["webhook"].clone();
    assert_eq!(changed["subscriptions"], json!(["contact_updated", "inbox_created"]));
    assert_eq!((&changed["name"], &changed["url"]), (&json!(null), &made["url"]));
    assert_eq!(changed["secret"], made["secret"], "it stays, or receivers would refuse what comes");
    // Its own address is not taken, and the same again changes nothing.
    let same = json!({ "url": "https://hooks.example/a", "subscriptions": "contact_updated,inbox_created" });
    app.patch(&admin, &path, same).await.expect(200);
    assert_eq!(list(&app, &admin).await, json!([changed]));
    assert!(app.delete(&admin, &path).await.expect(200).body.is_empty());
    app.delete(&admin, &path).await.expect(404);
    app.patch(&admin, &path, json!({ "name": "x" })).await.expect(404);
    assert_eq!(events(&app, &admin).await, ["webhook.created", "webhook.updated", "webhook.deleted"]);
}

/// What signs now.
async fn valid(app: &TestApp, admin: &Caller, id: WebhookId) -> Vec<String> {
    let account = admin.account;
    let found = app.app.store.read(move |conn| store::find(conn, account, id)).await.unwrap().unwrap();
    found.signing_secrets().valid_at(app.app.clock.now()).into_iter().map(str::to_owned).collect()
}

#[db_test]
async fn a_webhook_gets_another_secret_and_the_one_before_stays_good_for_a_day(app: TestApp) {
    let account = app.account().await;
    let (admin, agent) = (app.administrator(account).await, app.agent(account).await);
    let outsider = app.administrator(app.account().await).await;
    let inbox = app.api_inbox(&admin).await;
    let made = add(&app, &admin, json!({ "url": "https://hooks.example/a", "inbox_id": inbox })).await;
    let id = WebhookId::new(made["id"].as_i64().unwrap());
    let (path, first) = (format!("webhooks/{id}"), made["secret"].as_str().unwrap());
    assert_eq!(valid(&app, &admin, id).await, [first]);
    let reset = format!("{path}/reset_secret");
    app.post(&agent, &reset, json!({})).await.expect(403);
    app.post(&outsider, &reset, json!({})).await.expect(404);
    app.post(&admin, "webhooks/99999999/reset_secret", json!({})).await.expect(404);
    assert_eq!(valid(&app, &admin, id).await, [first]);

    let changed = app.post(&admin, &reset, json!({})).await.expect(200).json()["payload"]["webhook"].clone();
    let second = changed["secret"].as_str().unwrap();
    assert_eq!(second.len(), 24);
    assert_ne!(second, first);
    let mut expected = made.clone();
    expected["secret"] = json!(second);
    assert_eq!(changed, expected, "nothing else changes");
    assert_eq!(list(&app, &admin).await, json!([changed]));
    let told = ("webhook.updated".to_owned(), json!({ "secret": [null, null] }));
    assert_eq!(app.last_event(account).await, told);

    app.patch(&admin, &path, json!({ "name": "Other" })).await.expect(200);
    assert_eq!(valid(&app, &admin, id).await, [second, first], "another change keeps both");
    app.clock.advance(OVERLAP);
    assert_eq!(valid(&app, &admin, id).await, [second]);
}

#[db_test]
async fn a_webhook_goes_with_its_inbox_and_only_with_it(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let (inbox, other) = (app.api_inbox(&admin).await, app.api_inbox(&admin).await);
    let tied = add(&app, &admin, json!({ "url": "https://hooks.example/1", "inbox_id": inbox })).await;
    assert_eq!(tied["inbox"]["id"], json!(inbox));
    assert!(tied["inbox"]["name"].is_string());
    let moved = add(&app, &admin, json!({ "url": "https://hooks.example/2", "inbox_id": inbox })).await;
    let free = add(&app, &admin, json!({ "url": "https://hooks.example/3", "inbox_id": inbox })).await;
    let path = |webhook: &Value| format!("webhooks/{}", webhook["id"]);
    let answer = app.patch(&admin, &path(&moved), json!({ "inbox_id": other })).await.expect(200).json();
    assert_eq!(answer["payload"]["webhook"]["inbox"]["id"], json!(other));
    let answer = app.patch(&admin, &path(&free), json!({ "inbox_id": null })).await.expect(200).json();
    assert!(answer["payload"]["webhook"].get("inbox").is_none());
    app.delete(&admin, &format!("inboxes/{inbox}")).await.expect(200);
    let left = list(&app, &admin).await;
    let ids: Vec<&Value> = left.as_array().unwrap().iter().map(|webhook| &webhook["id"]).collect();
    assert_eq!(ids, [&moved["id"], &free["id"]]);
    assert_eq!(events(&app, &admin).await.last().unwrap(), "webhook.deleted");
    // What is gone gets no webhook, and its address is free.
    let body = json!({ "url": "https://hooks.example/1", "inbox_id": inbox });
    app.post(&admin, "webhooks", body).await.expect(404);
    app.patch(&admin, &path(&free), json!({ "inbox_id": inbox })).await.expect(404);
    add(&app, &admin, json!({ "url": "https://hooks.example/1" })).await;
    app.run_due_jobs().await;
    assert_eq!(app.number("SELECT COUNT(*) FROM webhooks", &[]).await, 3);
}

#[db_test]
async fn what_cannot_be_kept_is_named_and_changes_nothing(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let first = add(&app, &admin, json!({ "url": "https://hooks.example/one" })).await;
    let second = add(&app, &admin, json!({ "url": "https://hooks.example/two" })).await;
    let outsider = app.administrator(app.account().await).await;
    let foreign_inbox = app.api_inbox(&outsider).await;
    let before = app.row_counts().await;
    let good = "https://hooks.example/new";
    let longest = format!("https://hooks.example/{}", "\u{e9}".repeat(2_026));
    let cases = [
        (json!({ "url": "https://hooks.example/one" }), json!(["url"])),
        (json!({ "subscriptions": ["message_created"] }), json!(["url"])),
        (json!({ "url": null, "name": "x" }), json!(["url"])),
        (json!({ "url": "not a url" }), json!(["url"])),
        (json!({ "url": "ftp://files.example/x" }), json!(["url"])),
        (json!({ "url": format!("{longest}x") }), json!(["url"])),
        (json!({ "url": good, "subscriptions": [] }), json!(["subscriptions"])),
        (json!({ "url": good, "subscriptions": null }), json!(["subscriptions"])),
        (json!({ "url": good, "subscriptions": ["message_created", "pigeon_landed"] }), json!(["subscriptions"])),
        (json!({ "url": good, "name": "x".repeat(256) }), json!(["name"])),
        (json!({ "url": "x", "subscriptions": ["x"] }), json!(["url", "subscriptions"])),
    ];
    for (body, fields) in cases {
        let refused = app.post(&admin, "webhooks", body).await.expect(422).json();
        assert_eq!(refused["attributes"], fields);
    }
    app.post(&admin, "webhooks", json!({ "url": good, "inbox_id": foreign_inbox })).await.expect(404);
    let path = format!("webhooks/{}", second["id"]);
    for (body, field) in [
        (json!({ "url": "https://hooks.example/one" }), "url"),
        (json!({ "url": "" }), "url"),
        (json!({ "subscriptions": [] }), "subscriptions"),
    ] {
        let refused = app.patch(&admin, &path, body).await.expect(422).json();
        assert_eq!(refused["attributes"], json!([field]));
    }
    app.patch(&admin, &path, json!({ "inbox_id": foreign_inbox })).await.expect(404);
    assert!(app.patch(&admin, &path, json!({})).await.expect(422).json()["error"].is_string());
    app.patch(&outsider, &path, json!({ "name": "Mine" })).await.expect(404);
    app.delete(&outsider, &path).await.expect(404);
    assert_eq!(app.row_counts().await, before);
    assert_eq!(list(&app, &admin).await, json!([first, second]));
    // Each account has its own addresses, and they are compared letter by letter.
    add(&app, &outsider, json!({ "url": "https://hooks.example/one" })).await;
    add(&app, &admin, json!({ "url": "https://hooks.example/One" })).await;
    add(&app, &admin, json!({ "url": longest })).await;
}

#[db_test]
async fn of_many_that_want_an_address_at_once_one_gets_it(app: TestApp) {
    let admin = app.administrator(app.account().await).await;
    let made =
        join_all((0..4).map(|number| {
            let (app, admin) = (&app, &admin);
            async move {
                add(app, admin, json!({ "url": format!("https://hooks.example/{number}") })).await["id"].to_string()
            }
        }))
        .await;
    let body = json!({ "url": "https://hooks.example/wanted" });
    let renamed = made.iter().map(|id| {
        let (app, admin, body, path) = (&app, &admin, body.clone(), format!("webhooks/{id}"));
        async move { app.patch(admin, &path, body).await.status.as_u16() }
    });
    let created = (0..4).map(|_| {
        let (app, admin, body) = (&app, &admin, body.clone());
        async move { app.post(admin, "webhooks", body).await.status.as_u16() }
    });
    let (mut statuses, others) = tokio::join!(join_all(renamed), join_all(created));
    statuses.extend(others);
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 422, 422, 422, 422, 422, 422, 422]);
}

#[db_test]
async fn an_inbox_that_goes_leaves_no_webhook_of_its_own(app: TestApp) {
    let admin = app.administrator(app.account().await).await;
    for _ in 0..4 {
        let inbox = app.api_inbox(&admin).await;
        let path = format!("inboxes/{inbox}");
        let free = add(&app, &admin, json!({ "url": format!("https://free.example/{inbox}") })).await;
        let free = format!("webhooks/{}", free["id"]);
        let body = json!({ "url": format!("https://hooks.example/{inbox}"), "inbox_id": inbox });
        let (made, moved, gone) = tokio::join!(
            app.post(&admin, "webhooks", body),
            app.patch(&admin, &free, json!({ "inbox_id": inbox })),
            app.delete(&admin, &path)
        );
        gone.expect(200);
        for answer in [made, moved] {
            assert!(matches!(answer.status.as_u16(), 200 | 404), "{}", answer.status);
        }
        let shown = list(&app, &admin).await;
        assert!(shown.as_array().unwrap().iter().all(|webhook| webhook.get("inbox").is_none()), "{shown}");
    }
}
