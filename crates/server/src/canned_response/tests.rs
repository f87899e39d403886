//! Canned responses, through HTTP.

use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};
use store::testing::db_test;

use crate::testing::{Caller, TestApp};

async fn add(app: &TestApp, caller: &Caller, short_code: &str, content: &str) -> Value {
    let body = json!({ "short_code": short_code, "content": content });
    app.post(caller, "canned_responses", body).await.expect(200).json()
}

async fn found(app: &TestApp, caller: &Caller, search: &str) -> Vec<String> {
    let escaped: Vec<String> = search.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let escaped = escaped.concat();
    let list = app.get(caller, &format!("canned_responses?search={escaped}")).await.expect(200).json();
    list.as_array().unwrap().iter().map(|canned| canned["short_code"].as_str().unwrap().to_owned()).collect()
}

#[db_test]
async fn every_member_makes_changes_and_removes_them(app: TestApp) {
    let account = app.account().await;
    let (admin, agent) = (app.administrator(account).await, app.agent(account).await);
    assert_eq!(app.get(&agent, "canned_responses").await.expect(200).json(), json!([]));
    let made = add(&app, &agent, "hours", "We are in from nine to five.").await;
    let time = "2026-01-05T10:00:00.000Z";
    assert_eq!(
        made,
        json!({
            "id": made["id"], "account_id": account, "short_code": "hours",
            "content": "We are in from nine to five.", "created_at": time, "updated_at": time
        })
    );
    let path = format!("canned_responses/{}", made["id"]);
    app.clock.advance(std::time::Duration::from_secs(1));
    let wrapped = json!({ "canned_response": { "content": "Always." }, "short_code": "ignored" });
    let changed = app.patch(&admin, &path, wrapped).await.expect(200).json();
    assert_eq!((&changed["short_code"], &changed["content"]), (&json!("hours"), &json!("Always.")));
    assert_eq!(changed["updated_at"], "2026-01-05T10:00:01.000Z");
    assert_eq!(app.get(&agent, "canned_responses").await.expect(200).json(), json!([changed]));
    // The same again changes nothing.
    app.clock.advance(std::time::Duration::from_secs(1));
    let same = app.patch(&admin, &path, json!({ "content": "Always." })).await.expect(200).json();
    assert_eq!(same, changed);
    let removed = app.delete(&agent, &path).await.expect(200);
    assert!(removed.body.is_empty());
    app.delete(&agent, &path).await.expect(404);
    let events = app.event_names(account).await;
    let about_them: Vec<_> = events.iter().filter(|name| name.starts_with("canned_response")).collect();
    assert_eq!(about_them, ["canned_response.created", "canned_response.updated", "canned_response.deleted"]);
}

#[db_test]
async fn what_cannot_be_kept_is_named_and_changes_nothing(app: TestApp) {
    let account = app.account().await;
    let agent = app.agent(account).await;
    let first = add(&app, &agent, "hello", "Hello").await;
    let second = add(&app, &agent, "bye", "Bye").await;
    let before = app.row_counts().await;
    let cases = [
        (json!({ "short_code": "hello", "content": "x" }), json!(["short_code"])),
        (json!({ "short_code": "void" }), json!(["content"])),
        (json!({ "content": "void" }), json!(["short_code"])),
        (json!({ "short_code": " ", "content": null }), json!(["short_code", "content"])),
        (json!({ "short_code": "x".repeat(256), "content": "x" }), json!(["short_code"])),
        (json!({ "short_code": "x", "content": "x".repeat(150_001) }), json!(["content"])),
    ];
    for (body, fields) in cases {
        let refused = app.post(&agent, "canned_responses", body).await.expect(422).json();
        assert_eq!(refused["attributes"], fields);
    }
    let path = format!("canned_responses/{}", second["id"]);
    for body in [json!({ "short_code": "hello" }), json!({ "short_code": null }), json!({ "short_code": "" })] {
        let refused = app.patch(&agent, &path, body).await.expect(422).json();
        assert_eq!(refused["attributes"], json!(["short_code"]));
    }
    for body in [json!({}), json!({ "canned_response": {} })] {
        assert!(app.patch(&agent, &path, body).await.expect(422).json()["error"].is_string());
    }
    assert_eq!(app.get(&agent, "canned_responses").await.expect(200).json(), json!([first, second]));
    assert_eq!(app.row_counts().await, before);
    // Codes are compared letter by letter, and in one account.
    add(&app, &agent, "Hello", "Another one").await;
    let other = app.agent(app.account().await).await;
    add(&app, &other, "hello", "Theirs").await;
    for (method, body) in [(Method::PATCH, Some(json!({ "content": "Mine" }))), (Method::DELETE, None)] {
        let path = other.path(&path);
        app.call(method, &path, Some(&other.token), body.as_ref()).await.expect(404);
    }
}

#[db_test]
async fn a_search_is_literal_and_without_case(app: TestApp) {
    let account = app.account().await;
    let agent = app.agent(account).await;
    add(&app, &agent, "discount", "You get 10% off").await;
    add(&app, &agent, "éclair_a", r"C:\HOME").await;
    add(&app, &agent, "straße", "Ärger ΣΑΣ").await;
    add(&app, &agent, "ten", "100 off").await;
    for (search, expected) in [
        ("10%", vec!["discount"]),
        ("%", vec!["discount"]),
        ("_", vec!["éclair_a"]),
        (r"c:\home", vec!["éclair_a"]),
        ("ÉCL", vec!["éclair_a"]),
        ("ÄRGER σασ", vec!["straße"]),
        ("STRASSE", vec![]),
        ("10 ", vec![]),
        ("", vec!["discount", "éclair_a", "straße", "ten"]),
    ] {
        assert_eq!(found(&app, &agent, search).await, expected, "{search}");
    }
    assert!(found(&app, &app.agent(app.account().await).await, "10%").await.is_empty());
}

#[db_test]
async fn a_search_shows_the_best_matches_first(app: TestApp) {
    let agent = app.agent(app.account().await).await;
    add(&app, &agent, "bye", "A refund takes a week").await;
    add(&app, &agent, "no-refund", "Sorry").await;
    add(&app, &agent, "Refund", "It is on its way").await;
    add(&app, &agent, "refunds", "They are on their way").await;
    assert_eq!(found(&app, &agent, "reFUND").await, ["Refund", "refunds", "no-refund", "bye"]);
}

#[db_test]
async fn of_many_that_want_a_short_code_at_once_one_gets_it(app: TestApp) {
    let account = app.account().await;
    let agent = app.agent(account).await;
    let made = join_all((0..4).map(|number| {
        let (app, agent) = (&app, &agent);
        async move { add(app, agent, &format!("code {number}"), "x").await["id"].to_string() }
    }))
    .await;
    let renamed = made.iter().map(|id| {
        let (app, agent, path) = (&app, &agent, format!("canned_responses/{id}"));
        async move { app.patch(agent, &path, json!({ "short_code": "wanted" })).await.status.as_u16() }
    });
    let created = (0..4).map(|_| {
        let (app, agent) = (&app, &agent);
        let body = json!({ "short_code": "wanted", "content": "x" });
        async move { app.post(agent, "canned_responses", body).await.status.as_u16() }
    });
    let (mut statuses, others) = tokio::join!(join_all(renamed), join_all(created));
    statuses.extend(others);
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 422, 422, 422, 422, 422, 422, 422]);
}
