//! Automation rules, through HTTP.

use http::Method;
use serde_json::{Value, json};
use store::testing::db_test;

use crate::testing::{Answer, Caller, Part, TestApp};

fn rule() -> Value {
    json!({
        "name": "Refund triage", "event_name": "message_created",
        "conditions": [
            { "attribute_key": "content", "filter_operator": "contains", "values": ["refund"], "query_operator": "and" },
            { "attribute_key": "status", "filter_operator": "equal_to", "values": ["open"], "query_operator": null,
              "attribute_model": "standard" }
        ],
        "actions": [{ "action_name": "add_label", "action_params": ["refund"] }]
    })
}

fn with(key: &str, value: Value) -> Value {
    let mut body = rule();
    body[key] = value;
    body
}

fn sending(files: &Value) -> Value {
    json!([{ "action_name": "send_attachment", "action_params": files }])
}

async fn add(app: &TestApp, admin: &Caller, body: Value) -> Value {
    app.post(admin, "automation_rules", body).await.expect(200).json()
}

async fn list(app: &TestApp, admin: &Caller) -> Value {
    app.get(admin, "automation_rules?page=7").await.expect(200).json()["payload"].clone()
}

async fn attach(app: &TestApp, admin: &Caller, name: &str) -> Answer {
    let path = admin.path("automation_rules/attach_file");
    let parts = [Part::file("attachment", name, "text/plain", b"some notes")];
    app.send_form(Method::POST, &path, Some(&admin.token), &parts).await
}

async fn blob(app: &TestApp, admin: &Caller, name: &str) -> Value {
    attach(app, admin, name).await.expect(200).json()["blob_id"].clone()
}

async fn files(app: &TestApp) -> i64 {
    app.number("SELECT COUNT(*) FROM files", &[]).await
}

#[db_test]
async fn administrators_make_change_copy_and_remove_rules(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    assert_eq!(list(&app, &admin).await, json!([]));
    let made = add(&app, &admin, rule()).await;
    let body = rule();
    assert_eq!(
        made,
        json!({
            "id": made["id"], "account_id": account, "name": "Refund triage", "description": null,
            "event_name": "message_created", "conditions": body["conditions"], "actions": body["actions"],
            "created_on": 1_767_607_200, "active": true
        })
    );
    let path = format!("automation_rules/{}", made["id"]);
    let change =
        json!({ "description": "Better", "active": false, "event_name": "conversation_resolved", "actions": [] });
    let changed = app.patch(&admin, &path, change.clone()).await.expect(200).json();
    let expected = {
        let mut expected = made.clone();
        expected.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        expected
    };
    assert_eq!(changed, json!({ "payload": expected }));
    assert_eq!(app.get(&admin, &path).await.expect(200).json(), changed);
    // Nothing, and the same again, change nothing.
    for same in [json!({}), change] {
        assert_eq!(app.patch(&admin, &path, same).await.expect(200).json(), changed);
    }
    let copied = app.post(&admin, &format!("{path}/clone"), json!({})).await.expect(200).json()["payload"].clone();
    assert_ne!(copied["id"], made["id"]);
    assert_eq!((&copied["name"], &copied["active"]), (&json!("Refund triage"), &json!(false)));
    assert_eq!(list(&app, &admin).await, json!([expected, copied]));
    assert!(app.delete(&admin, &path).await.expect(200).body.is_empty());
    for (method, path) in
        [(Method::GET, path.clone()), (Method::DELETE, path.clone()), (Method::POST, format!("{path}/clone"))]
    {
        app.call(method, &admin.path(&path), Some(&admin.token), None).await.expect(404);
    }
    app.patch(&admin, &path, json!({ "name": "x" })).await.expect(404);
    let events = app.event_names(account).await;
    let about_them: Vec<_> = events.iter().filter(|name| name.starts_with("automation_rule")).collect();
    assert_eq!(
        about_them,
        ["automation_rule.created", "automation_rule.updated", "automation_rule.created", "automation_rule.deleted"]
    );
}

#[db_test]
async fn what_cannot_be_kept_is_told_field_by_field_and_changes_nothing(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let made = add(&app, &admin, rule()).await;
    let outsider = app.administrator(app.account().await).await;
    let before = app.row_counts().await;
    let path = format!("automation_rules/{}", made["id"]);
    let unknown = json!([{ "attribute_key": "shoe_size", "filter_operator": "equal_to", "values": ["43"] }]);
    let operator = json!([{ "attribute_key": "content", "filter_operator": "resembles", "values": ["x"] }]);
    let coffee = json!([{ "action_name": "make_coffee", "action_params": [] }]);
    let many = |item: &str| Value::Array(vec![json!({ item: "mute_conversation" }); 101]);
    for (key, value) in [
        ("name", json!(null)),
        ("name", json!(" ")),
        ("name", json!("x".repeat(256))),
        ("description", json!("x".repeat(20_001))),
        ("event_name", json!(null)),
        ("event_name", json!("moon_rises")),
        ("event_name", json!(["message_created"])),
        ("conditions", unknown),
        ("conditions", operator),
        ("conditions", json!("none")),
        ("conditions", json!([["status"]])),
        ("conditions", many("attribute_key")),
        ("actions", coffee),
        ("actions", many("action_name")),
        ("actions", json!([{ "action_name": "add_label", "action_params": ["x".repeat(262_144)] }])),
        ("actions", sending(&json!([99_999_999]))),
        ("actions", sending(&json!(["no id"]))),
    ] {
        for answer in [
            app.post(&admin, "automation_rules", with(key, value.clone())).await,
            app.patch(&admin, &path, json!({ key: value.clone() })).await,
        ] {
            let refused = answer.expect(422).json();
            let error = refused["error"].as_object().unwrap();
            assert_eq!(error.keys().collect::<Vec<_>>(), [key], "{refused}");
            assert!(error[key][0].is_string(), "{refused}");
        }
    }
    let refused = app.post(&admin, "automation_rules", json!({})).await.expect(422).json();
    let fields: Vec<&String> = refused["error"].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["event_name", "name"]);
    app.patch(&outsider, &path, json!({ "name": "Mine" })).await.expect(404);
    app.delete(&outsider, &path).await.expect(404);
    app.post(&outsider, &format!("{path}/clone"), json!({})).await.expect(404);
    assert_eq!(list(&app, &outsider).await, json!([]));
    assert_eq!(list(&app, &admin).await, json!([made]));
    assert_eq!(app.row_counts().await, before);
}

#[db_test]
async fn a_rule_has_the_files_that_its_actions_name(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let uploaded = attach(&app, &admin, "notes.txt").await.expect(200).json();
    assert!(uploaded["blob_key"].is_string());
    let first = uploaded["blob_id"].clone();
    let made = add(&app, &admin, with("actions", sending(&json!([first])))).await;
    let shown = made["files"][0].clone();
    assert_eq!(made["files"].as_array().unwrap().len(), 1);
    assert_eq!(
        shown,
        json!({
            "id": shown["id"], "automation_rule_id": made["id"], "file_type": "text/plain", "account_id": account,
            "file_url": shown["file_url"], "blob_id": first, "filename": "notes.txt"
        })
    );
    let address = shown["file_url"].as_str().unwrap();
    let address = &address[address.find("/rails").unwrap()..];
    app.call(Method::GET, address, None, None).await.expect(302);
    assert_eq!(list(&app, &admin).await, json!([made]));
    // A signed id counts as well, and is kept as the id that it stands for.
    let uploaded = attach(&app, &admin, "more.txt").await.expect(200).json();
    let signed = app.app.settings.base_url.signed_id(uploaded["blob_key"].as_str().unwrap());
    let path = format!("automation_rules/{}", made["id"]);
    let change = json!({ "actions": sending(&json!([first, signed])) });
    let changed = app.patch(&admin, &path, change).await.expect(200).json()["payload"].clone();
    assert_eq!(changed["actions"], sending(&json!([first, uploaded["blob_id"]])));
    assert_eq!(changed["files"].as_array().unwrap().len(), 2);
    // What no action names any more goes.
    let change = json!({ "actions": sending(&json!([uploaded["blob_id"].to_string()])) });
    let changed = app.patch(&admin, &path, change).await.expect(200).json()["payload"].clone();
    assert_eq!(changed["files"][0]["filename"], "more.txt");
    assert_eq!(files(&app).await, 1);
    app.run_due_jobs().await;
    assert_eq!(app.stored_files().len(), 1);
    app.call(Method::GET, address, None, None).await.expect(404);
}

#[db_test]
async fn a_copy_shares_the_files_and_the_last_one_takes_them_along(app: TestApp) {
    let admin = app.administrator(app.account().await).await;
    let file = blob(&app, &admin, "notes.txt").await;
    let made = add(&app, &admin, with("actions", sending(&json!([file])))).await;
    let path = format!("automation_rules/{}", made["id"]);
    let copied = app.post(&admin, &format!("{path}/clone"), json!({})).await.expect(200).json()["payload"].clone();
    assert_eq!(copied["files"][0]["file_url"], made["files"][0]["file_url"]);
    assert_eq!(copied["files"][0]["automation_rule_id"], copied["id"]);
    app.delete(&admin, &path).await.expect(200);
    assert_eq!(files(&app).await, 1);
    app.delete(&admin, &format!("automation_rules/{}", copied["id"])).await.expect(200);
    assert_eq!(files(&app).await, 0);
    app.run_due_jobs().await;
    assert_eq!(app.stored_files(), Vec::<String>::new());
}

#[db_test]
async fn a_rule_takes_no_file_that_is_somebody_elses(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let outsider = app.administrator(app.account().await).await;
    let foreign = blob(&app, &outsider, "theirs.txt").await;
    let inbox = app.api_inbox(&admin).await;
    let number = app.conversation(&admin, inbox).await;
    let path = admin.path(&format!("conversations/{number}/messages"));
    let parts = [Part::file("attachments[]", "sent.txt", "text/plain", b"sent")];
    app.send_form(Method::POST, &path, Some(&admin.token), &parts).await.expect(200);
    let sent = app.number("SELECT MAX(file_id) FROM attachments", &[]).await;
    let before = app.row_counts().await;
    for file in [foreign, json!(sent)] {
        let body = with("actions", sending(&json!([file])));
        let refused = app.post(&admin, "automation_rules", body).await.expect(422).json();
        assert!(refused["error"]["actions"].is_array());
    }
    // Nor does a message take the file of a rule.
    let uploaded = attach(&app, &admin, "notes.txt").await.expect(200).json();
    add(&app, &admin, with("actions", sending(&json!([uploaded["blob_id"]])))).await;
    let signed = app.app.settings.base_url.signed_id(uploaded["blob_key"].as_str().unwrap());
    let body = json!({ "content": "Here", "attachments": [signed] });
    app.post(&admin, &format!("conversations/{number}/messages"), body).await.expect(422);
    assert_ne!(app.row_counts().await, before);
}

#[db_test]
async fn an_upload_needs_a_file_and_an_administrator(app: TestApp) {
    let account = app.account().await;
    let (admin, agent) = (app.administrator(account).await, app.agent(account).await);
    let refused = app.post(&admin, "automation_rules/attach_file", json!({ "attachment": "text" })).await;
    assert!(refused.expect(422).json()["error"].is_string());
    let path = admin.path("automation_rules/attach_file");
    let parts = [Part::file("other", "notes.txt", "text/plain", b"notes")];
    app.send_form(Method::POST, &path, Some(&admin.token), &parts).await.expect(422);
    attach(&app, &agent, "notes.txt").await.expect(403);
    assert_eq!((files(&app).await, app.stored_files().len()), (0, 0));
}

#[db_test]
async fn rules_and_their_files_go_with_the_account(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let file = blob(&app, &admin, "notes.txt").await;
    add(&app, &admin, with("actions", sending(&json!([file])))).await;
    blob(&app, &admin, "unused.txt").await;
    app.app.store.write(move |tx| crate::account::service::delete(tx, account)).await.unwrap();
    app.run_due_jobs().await;
    assert_eq!(app.number("SELECT COUNT(*) FROM automation_rules", &[]).await, 0);
    assert_eq!(files(&app).await, 0);
    assert_eq!(app.stored_files(), Vec::<String>::new());
}

#[db_test]
async fn a_file_that_no_rule_names_is_swept_and_one_that_a_rule_names_stays(app: TestApp) {
    let admin = app.administrator(app.account().await).await;
    let named = attach(&app, &admin, "named.txt").await.expect(200).json();
    let forgotten = attach(&app, &admin, "forgotten.txt").await.expect(200).json();
    add(&app, &admin, with("actions", sending(&json!([named["blob_id"]])))).await;
    // Blobs have the time of the machine, rows that of the clock.
    app.clock.set(types::Timestamp::from_epoch_seconds(4_102_444_800));
    for uploaded in [&named, &forgotten] {
        let shard = u8::from_str_radix(&uploaded["blob_key"].as_str().unwrap()[..2], 16).unwrap();
        let swept = app.app.store.write(move |tx| jobs::push(tx, &crate::file::jobs::SweepFiles { shard }));
        swept.await.unwrap();
        app.run_due_jobs().await;
    }
    assert_eq!(app.stored_files(), [named["blob_key"].as_str().unwrap()]);
    assert_eq!(files(&app).await, 1);
}
