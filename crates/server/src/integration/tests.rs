//! Integrations, through HTTP.

use futures_util::future::join_all;
use serde_json::{Value, json};
use store::testing::db_test;
use types::InboxId;

use super::MAX_SETTINGS;
use crate::testing::{Caller, TestApp};

fn dialogflow(inbox: InboxId) -> Value {
    let settings = json!({ "project_id": "lark-faq", "credentials": { "private_key": "hush" } });
    json!({ "app_id": "dialogflow", "inbox_id": inbox, "settings": settings })
}

async fn connect(app: &TestApp, admin: &Caller, body: Value) -> Value {
    app.post(admin, "integrations/hooks", body).await.expect(200).json()
}

/// The hooks of an app in the catalogue.
async fn hooks(app: &TestApp, admin: &Caller, id: &str) -> Vec<Value> {
    let catalogue = app.get(admin, "integrations/apps").await.expect(200).json();
    let listed = catalogue["payload"].as_array().unwrap().iter().find(|app| app["id"] == id).unwrap();
    listed["hooks"].as_array().unwrap().clone()
}

#[db_test]
async fn administrators_connect_change_and_disconnect_apps(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let inbox = app.api_inbox(&admin).await;
    let catalogue = app.get(&admin, "integrations/apps").await.expect(200).json();
    let ids: Vec<&Value> = catalogue["payload"].as_array().unwrap().iter().map(|app| &app["id"]).collect();
    assert_eq!(ids, ["webhook", "dialogflow", "fullcontact", "dyte"]);
    let made = connect(&app, &admin, dialogflow(inbox)).await;
    assert_eq!(
        made,
        json!({
            "id": made["id"], "app_id": "dialogflow", "status": true, "account_id": account, "hook_type": "inbox",
            "inbox": { "id": inbox, "name": made["inbox"]["name"] },
            "settings": { "project_id": "lark-faq", "credentials": { "private_key": "hush" } }
        })
    );
    let path = format!("integrations/hooks/{}", made["id"]);
    // Settings are replaced as a whole; app and inbox stay.
    let settings = json!({ "project_id": "new", "credentials": {}, "region": "europe-west1" });
    let other = app.api_inbox(&admin).await;
    let body = json!({ "hook": { "status": 0, "settings": settings, "app_id": "dyte", "inbox_id": other } });
    let changed = app.patch(&admin, &path, body).await.expect(200).json();
    assert_eq!((&changed["status"], &changed["settings"]), (&json!(false), &settings));
    assert_eq!((&changed["app_id"], &changed["inbox"]["id"]), (&json!("dialogflow"), &json!(inbox)));
    let enabled = app.patch(&admin, &path, json!({ "status": "enabled" })).await.expect(200).json();
    assert_eq!((&enabled["status"], &enabled["settings"]), (&json!(true), &settings));
    app.patch(&admin, &path, json!({ "status": "enabled" })).await.expect(200);
    assert_eq!(hooks(&app, &admin, "dialogflow").await, [enabled]);
    assert!(app.delete(&admin, &path).await.expect(200).body.is_empty());
    app.delete(&admin, &path).await.expect(404);
    app.patch(&admin, &path, json!({ "status": "enabled" })).await.expect(404);
    let events = app.event_names(account).await;
    let about_them: Vec<_> = events.iter().filter(|name| name.starts_with("integration_hook")).collect();
    assert_eq!(
        about_them,
        [
            "integration_hook.created",
            "integration_hook.updated",
            "integration_hook.updated",
            "integration_hook.deleted"
        ]
    );
}

#[db_test]
async fn agents_see_which_apps_there_are_and_no_secrets(app: TestApp) {
    let account = app.account().await;
    let (admin, agent) = (app.administrator(account).await, app.agent(account).await);
    let inbox = app.api_inbox(&admin).await;
    connect(&app, &admin, dialogflow(inbox)).await;
    let shown = app.get(&admin, "integrations/apps/dialogflow").await.expect(200).json();
    assert_eq!(shown["hooks"][0]["settings"]["credentials"]["private_key"], "hush");
    assert_eq!(shown["button"], shown["action"]);
    let shown = app.get(&agent, "integrations/apps/dialogflow").await.expect(200).json();
    let mut keys: Vec<&String> = shown.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["description", "enabled", "hooks", "id", "name", "short_description"]);
    assert_eq!(shown["hooks"][0]["inbox"]["id"], json!(inbox));
    assert!(!shown.to_string().contains("hush") && !shown.to_string().contains("lark-faq"), "{shown}");
    app.get(&agent, "integrations/apps").await.expect(401);
    for unknown in ["slack", "pigeon", "Dyte"] {
        app.get(&admin, &format!("integrations/apps/{unknown}")).await.expect(404);
    }
    // Another account's are its own.
    let outsider = app.administrator(app.account().await).await;
    assert_eq!(hooks(&app, &outsider, "dialogflow").await, Vec::<Value>::new());
}

#[db_test]
async fn what_cannot_be_kept_is_named_and_changes_nothing(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let inbox = app.api_inbox(&admin).await;
    let outsider = app.administrator(app.account().await).await;
    let foreign_inbox = app.api_inbox(&outsider).await;
    let made = connect(&app, &admin, dialogflow(inbox)).await;
    connect(&app, &admin, json!({ "app_id": "dyte", "settings": { "organization_id": "o", "api_key": "k" } })).await;
    let before = app.row_counts().await;
    let with = |key: &str, value: Value| {
        let mut body = dialogflow(inbox);
        body[key] = value;
        body
    };
    let too_long = json!({ "project_id": "x".repeat(MAX_SETTINGS), "credentials": {} });
    for (body, field) in [
        (json!({ "settings": {} }), "app_id"),
        (json!({ "app_id": "pigeon", "settings": {} }), "app_id"),
        (json!({ "app_id": "slack", "settings": {} }), "app_id"),
        (json!({ "app_id": "dyte", "settings": { "organization_id": "o", "api_key": "k" } }), "app_id"),
        (json!({ "app_id": "fullcontact" }), "settings"),
        (json!({ "app_id": "fullcontact", "settings": { "api_key": 5 } }), "settings"),
        (with("settings", json!({ "project_id": "x" })), "settings"),
        (with("settings", json!({ "project_id": "x", "credentials": "{}" })), "settings"),
        (with("settings", json!({ "project_id": "x", "credentials": {}, "colour": "red" })), "settings"),
        (with("settings", too_long), "settings"),
        (with("settings", json!(null)), "settings"),
        (with("inbox_id", json!(null)), "inbox_id"),
        (with("status", json!("asleep")), "status"),
    ] {
        let refused = app.post(&admin, "integrations/hooks", body).await.expect(422).json();
        assert_eq!(refused["attributes"], json!([field]));
    }
    for unknown in [json!(99_999_999), json!(foreign_inbox)] {
        app.post(&admin, "integrations/hooks", with("inbox_id", unknown)).await.expect(404);
    }
    let path = format!("integrations/hooks/{}", made["id"]);
    for (body, field) in [(json!({ "settings": {} }), "settings"), (json!({ "status": "asleep" }), "status")] {
        let refused = app.patch(&admin, &path, body).await.expect(422).json();
        assert_eq!(refused["attributes"], json!([field]));
    }
    assert!(app.patch(&admin, &path, json!({})).await.expect(422).json()["error"].is_string());
    app.patch(&outsider, &path, json!({ "status": "disabled" })).await.expect(404);
    app.delete(&outsider, &path).await.expect(404);
    assert_eq!(hooks(&app, &admin, "dialogflow").await, [made]);
    assert_eq!(app.row_counts().await, before);
}

#[db_test]
async fn an_app_is_connected_as_often_as_it_allows(app: TestApp) {
    let admin = app.administrator(app.account().await).await;
    let inbox = app.api_inbox(&admin).await;
    let body = json!({ "app_id": "fullcontact", "settings": { "api_key": "k" }, "inbox_id": inbox });
    let created = join_all((0..4).map(|_| {
        let (app, admin, body) = (&app, &admin, body.clone());
        async move { app.post(admin, "integrations/hooks", body).await.status.as_u16() }
    }))
    .await;
    let mut statuses = created;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 422, 422, 422]);
    let hook = &hooks(&app, &admin, "fullcontact").await[0];
    assert_eq!((&hook["hook_type"], &hook["inbox"]), (&json!("account"), &json!(null)));
    // Others may be connected again, and an app without fields keeps what it is given.
    for _ in 0..2 {
        connect(&app, &admin, dialogflow(inbox)).await;
        connect(&app, &admin, json!({ "app_id": "webhook", "settings": { "anything": [1] } })).await;
    }
    assert_eq!(hooks(&app, &admin, "dialogflow").await.len(), 2);
    let path = format!("integrations/hooks/{}", hook["id"]);
    app.delete(&admin, &path).await.expect(200);
    connect(&app, &admin, body).await;
}

#[db_test]
async fn a_connection_goes_with_its_inbox_and_with_the_account(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let (inbox, other) = (app.api_inbox(&admin).await, app.api_inbox(&admin).await);
    connect(&app, &admin, dialogflow(inbox)).await;
    let kept = connect(&app, &admin, dialogflow(other)).await;
    let path = format!("inboxes/{inbox}");
    let (made, gone) =
        tokio::join!(app.post(&admin, "integrations/hooks", dialogflow(inbox)), app.delete(&admin, &path));
    gone.expect(200);
    assert!(matches!(made.status.as_u16(), 200 | 404), "{}", made.status);
    assert_eq!(hooks(&app, &admin, "dialogflow").await, [kept]);
    app.post(&admin, "integrations/hooks", dialogflow(inbox)).await.expect(404);
    app.app.store.write(move |tx| crate::account::service::delete(tx, account)).await.unwrap();
    app.run_due_jobs().await;
    assert_eq!(app.number("SELECT COUNT(*) FROM integration_hooks", &[]).await, 0);
}

#[db_test]
async fn slack_is_offered_where_its_app_is_set(engine: store::testing::Engine) {
    let settings = crate::Settings { slack_client_id: Some("17.42&x".into()), ..crate::Settings::default() };
    let app = TestApp::with_settings(engine, settings).await;
    let account = app.account().await;
    let (admin, agent) = (app.administrator(account).await, app.agent(account).await);
    let catalogue = app.get(&admin, "integrations/apps").await.expect(200).json();
    let ids: Vec<&Value> = catalogue["payload"].as_array().unwrap().iter().map(|app| &app["id"]).collect();
    assert_eq!(ids, ["webhook", "dialogflow", "fullcontact", "dyte", "slack"]);
    let shown = app.get(&admin, "integrations/apps/slack").await.expect(200).json();
    assert_eq!(
        (&shown["enabled"], &shown["hooks"], &shown["hook_type"]),
        (&json!(false), &json!([]), &json!("account"))
    );
    let action = shown["action"].as_str().unwrap();
    assert_eq!(shown["button"], action);
    assert!(action.starts_with("https://slack.com/oauth/v2/authorize?client_id=17.42%26x&scope=channels%3Aread"));
    let back = format!("%2Fapp%2Faccounts%2F{account}%2Fsettings%2Fintegrations%2Fslack");
    assert!(action.ends_with(&format!("&redirect_uri=http%3A%2F%2Flocalhost%3A3000{back}")), "{action}");
    let made = connect(&app, &admin, json!({ "app_id": "slack", "settings": { "channel_name": "desk" } })).await;
    assert_eq!((&made["hook_type"], &made["inbox"]), (&json!("account"), &json!(null)));
    app.post(&admin, "integrations/hooks", json!({ "app_id": "slack" })).await.expect(422);
    let shown = app.get(&agent, "integrations/apps/slack").await.expect(200).json();
    assert_eq!((&shown["enabled"], &shown["hooks"][0]["id"]), (&json!(true), &made["id"]));
    assert!(shown.get("action").is_none() && shown["hooks"][0].get("settings").is_none());
}
