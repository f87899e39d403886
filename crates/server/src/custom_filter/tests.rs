//! Custom filters, through HTTP.

use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};
use store::testing::db_test;

use super::MAX_QUERY;
use crate::testing::{Caller, TestApp};

async fn add(app: &TestApp, caller: &Caller, body: Value) -> Value {
    app.post(caller, "custom_filters", body).await.expect(200).json()
}

async fn names(app: &TestApp, caller: &Caller, query: &str) -> Vec<String> {
    let list = app.get(caller, &format!("custom_filters{query}")).await.expect(200).json();
    list.as_array().unwrap().iter().map(|filter| filter["name"].as_str().unwrap().to_owned()).collect()
}

#[db_test]
async fn every_member_keeps_filters_that_nobody_else_sees(app: TestApp) {
    let account = app.account().await;
    let (agent, admin) = (app.agent(account).await, app.administrator(account).await);
    assert_eq!(names(&app, &agent, "").await, Vec::<String>::new());
    let query = json!({ "payload": [{ "values": ["open", 1, { "Zoë": null }], "attribute_key": "status" }] });
    let made = add(&app, &agent, json!({ "name": "Open ones", "query": query })).await;
    let time = "2026-01-05T10:00:00.000Z";
    assert_eq!(
        made,
        json!({
            "id": made["id"], "name": "Open ones", "filter_type": "conversation", "query": query,
            "created_at": time, "updated_at": time
        })
    );
    let path = format!("custom_filters/{}", made["id"]);
    assert_eq!(app.get(&agent, &path).await.expect(200).json(), made);
    app.clock.advance(std::time::Duration::from_secs(1));
    let body = json!({ "custom_filter": { "filter_type": "contact" }, "name": "ignored" });
    let changed = app.patch(&agent, &path, body).await.expect(200).json();
    assert_eq!((&changed["filter_type"], &changed["name"]), (&json!("contact"), &json!("Open ones")));
    assert_eq!(changed["updated_at"], "2026-01-05T10:00:01.000Z");
    let emptied = app.patch(&agent, &path, json!({ "query": null })).await.expect(200).json();
    assert_eq!(emptied["query"], json!({}));
    // Not even an administrator, nor the same user in another account.
    assert_eq!(names(&app, &admin, "?filter_type=contact").await, Vec::<String>::new());
    let elsewhere = app.agent(app.account().await).await;
    for other in [&admin, &elsewhere] {
        app.get(other, &path).await.expect(404);
        app.patch(other, &path, json!({ "name": "Mine" })).await.expect(404);
        app.delete(other, &path).await.expect(404);
    }
    let removed = app.delete(&agent, &path).await.expect(204);
    assert!(removed.body.is_empty());
    app.delete(&agent, &path).await.expect(404);
    let events = app.event_names(account).await;
    let about_them: Vec<_> = events.iter().filter(|name| name.starts_with("custom_filter")).collect();
    assert_eq!(
        about_them,
        ["custom_filter.created", "custom_filter.updated", "custom_filter.updated", "custom_filter.deleted"]
    );
}

#[db_test]
async fn the_kind_of_a_filter_is_told_in_three_ways(app: TestApp) {
    let agent = app.agent(app.account().await).await;
    for (query, body, kind) in [
        ("", json!({ "name": "a" }), "conversation"),
        ("", json!({ "name": "b", "type": "report" }), "report"),
        ("?filter_type=contact", json!({ "name": "c" }), "contact"),
        ("?filter_type=contact", json!({ "name": "d", "type": "report" }), "report"),
        (
            "?filter_type=contact",
            json!({ "custom_filter": { "name": "e", "type": "contact", "filter_type": "report" } }),
            "report",
        ),
        ("?filter_type=", json!({ "name": "f", "filter_type": "" }), "conversation"),
    ] {
        let made = app.post(&agent, &format!("custom_filters{query}"), body).await.expect(200).json();
        assert_eq!(made["filter_type"], kind, "{made}");
    }
    assert_eq!(names(&app, &agent, "").await, ["a", "f"]);
    assert_eq!(names(&app, &agent, "?filter_type=").await, ["a", "f"]);
    assert_eq!(names(&app, &agent, "?filter_type=contact").await, ["c"]);
    assert_eq!(names(&app, &agent, "?filter_type=report").await, ["b", "d", "e"]);
    // To find a filter its kind is not needed, and to change it the query says nothing.
    let list = app.get(&agent, "custom_filters?filter_type=report").await.expect(200).json();
    let path = format!("custom_filters/{}?filter_type=contact", list[0]["id"]);
    assert_eq!(app.get(&agent, &path).await.expect(200).json()["filter_type"], "report");
    let renamed = app.patch(&agent, &path, json!({ "name": "B" })).await.expect(200).json();
    assert_eq!((&renamed["name"], &renamed["filter_type"]), (&json!("B"), &json!("report")));
    let refused = app.get(&agent, "custom_filters?filter_type=pigeon").await.expect(422).json();
    assert_eq!(refused["attributes"], json!(["filter_type"]));
}

#[db_test]
async fn what_cannot_be_kept_is_named_and_changes_nothing(app: TestApp) {
    let agent = app.agent(app.account().await).await;
    // `{"a":"…"}` has eight bytes more than its text.
    let of_size = |size: usize| json!({ "a": "x".repeat(size - 8) });
    let made = add(&app, &agent, json!({ "name": "n".repeat(255), "query": of_size(MAX_QUERY) })).await;
    let before = app.row_counts().await;
    let path = format!("custom_filters/{}", made["id"]);
    for (body, field) in [
        (json!({ "query": {} }), "name"),
        (json!({ "name": " " }), "name"),
        (json!({ "name": "n".repeat(256) }), "name"),
        (json!({ "name": "x", "filter_type": "pigeon" }), "filter_type"),
        (json!({ "name": "x", "type": "pigeon" }), "type"),
        (json!({ "name": "x", "query": "no object" }), "query"),
        (json!({ "name": "x", "query": [1] }), "query"),
        (json!({ "name": "x", "query": of_size(MAX_QUERY + 1) }), "query"),
    ] {
        let refused = app.post(&agent, "custom_filters", body.clone()).await.expect(422).json();
        assert_eq!(refused["attributes"], json!([field]));
        if body.get("name").is_some() {
            let refused = app.patch(&agent, &path, body).await.expect(422).json();
            assert_eq!(refused["attributes"], json!([field]));
        }
    }
    for (method, path) in [(Method::POST, "custom_filters"), (Method::PATCH, path.as_str())] {
        let answer = app.call(method, &agent.path(path), Some(&agent.token), Some(&json!({}))).await;
        assert!(answer.expect(422).json()["error"].is_string());
    }
    assert_eq!(app.get(&agent, &path).await.expect(200).json(), made);
    assert_eq!(app.row_counts().await, before);
}

#[db_test]
async fn a_member_has_at_most_a_thousand_filters_in_an_account(app: TestApp) {
    let account = app.account().await;
    let (agent, other) = (app.agent(account).await, app.agent(account).await);
    let user = agent.id;
    let filled = app.app.store.write(move |tx| {
        for _ in 0..998 {
            super::store::insert(tx, account, user, &super::Draft::of(types::CustomFilterType::Report))?;
        }
        Ok::<_, crate::Error>(())
    });
    filled.await.unwrap();
    let created = join_all((0..6).map(|_| {
        let (app, agent) = (&app, &agent);
        async move { app.post(agent, "custom_filters", json!({ "name": "One more" })).await }
    }))
    .await;
    let (made, refused): (Vec<_>, Vec<_>) = created.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(made.len(), 2);
    for answer in refused {
        assert_eq!(answer.expect(422).json()["attributes"], json!(["account_id"]));
    }
    // Who has removed one may make another; others are not concerned.
    app.delete(&agent, &format!("custom_filters/{}", made[0].json()["id"])).await.expect(204);
    add(&app, &agent, json!({ "name": "Instead" })).await;
    add(&app, &other, json!({ "name": "Theirs" })).await;
}

#[db_test]
async fn filters_go_with_the_membership_the_user_and_the_account(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let (removed, deleted) = (app.agent(account).await, app.agent(account).await);
    for caller in [&admin, &removed, &deleted] {
        add(&app, caller, json!({ "name": "Mine" })).await;
    }
    app.delete(&admin, &format!("agents/{}", removed.id)).await.expect(200);
    assert_eq!(app.number("SELECT COUNT(*) FROM custom_filters", &[]).await, 2);
    let (user, actor) = (deleted.id, crate::events::Actor::Operator);
    let gone = app.app.store.write(move |tx| crate::user::service::delete(tx, user, &actor));
    gone.await.unwrap();
    assert_eq!(app.number("SELECT COUNT(*) FROM custom_filters", &[]).await, 1);
    app.run_due_jobs().await;
    assert_eq!(names(&app, &admin, "").await, ["Mine"]);
    app.app.store.write(move |tx| crate::account::service::delete(tx, account)).await.unwrap();
    app.run_due_jobs().await;
    assert_eq!(app.number("SELECT COUNT(*) FROM custom_filters", &[]).await, 0);
}
