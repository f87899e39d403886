//! Custom attributes, through HTTP.

use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};
use store::testing::db_test;

use crate::testing::{Caller, TestApp};

const PATH: &str = "custom_attribute_definitions";

async fn add(app: &TestApp, caller: &Caller, body: Value) -> Value {
    app.post(caller, PATH, body).await.expect(200).json()
}

#[db_test]
async fn every_member_defines_changes_and_removes_them(app: TestApp) {
    let account = app.account().await;
    let (admin, agent) = (app.administrator(account).await, app.agent(account).await);
    let body = json!({
        "attribute_display_name": "Größe ☃", "attribute_key": "size.eu-2", "attribute_model": 1,
        "attribute_display_type": 6, "attribute_values": ["38, narrow", "39"], "regex_pattern": "^3", "regex_cue": "3…"
    });
    let made = add(&app, &agent, body).await;
    let time = "2026-01-05T10:00:00.000Z";
    let mut expected = json!({
        "id": made["id"], "attribute_display_name": "Größe ☃", "attribute_key": "size.eu-2",
        "attribute_model": "contact_attribute", "attribute_display_type": "list", "attribute_description": null,
        "attribute_values": ["38, narrow", "39"], "default_value": null, "regex_pattern": "^3", "regex_cue": "3…",
        "created_at": time, "updated_at": time
    });
    assert_eq!(made, expected);
    let path = format!("{PATH}/{}", made["id"]);
    app.clock.advance(std::time::Duration::from_secs(1));
    let change = json!({ "custom_attribute_definition": {
        "attribute_display_type": "text", "attribute_description": "EU", "regex_cue": null
    } });
    let changed = app.patch(&admin, &path, change).await.expect(200).json();
    expected["attribute_display_type"] = json!("text");
    expected["attribute_description"] = json!("EU");
    expected["regex_cue"] = json!(null);
    expected["updated_at"] = json!("2026-01-05T10:00:01.000Z");
    assert_eq!(changed, expected);
    assert_eq!(app.get(&agent, &path).await.expect(200).json(), expected);
    assert!(app.delete(&agent, &path).await.expect(204).body.is_empty());
    app.get(&agent, &path).await.expect(404);
    app.delete(&agent, &path).await.expect(404);
    let events = app.event_names(account).await;
    let about_them: Vec<_> = events.iter().filter(|name| name.starts_with("custom_attribute")).collect();
    assert_eq!(about_them, ["custom_attribute.created", "custom_attribute.updated", "custom_attribute.deleted"]);
}

#[db_test]
async fn a_list_is_of_one_model_or_of_all(app: TestApp) {
    let account = app.account().await;
    let agent = app.agent(account).await;
    for (key, model) in [("a", "conversation_attribute"), ("b", "contact_attribute"), ("c", "company_attribute")] {
        add(&app, &agent, json!({ "attribute_display_name": key, "attribute_key": key, "attribute_model": model }))
            .await;
    }
    for (query, keys) in [
        ("", "abc"),
        ("?attribute_model=", "abc"),
        ("?attribute_model=0", "a"),
        ("?attribute_model=conversation_attribute", "a"),
        ("?attribute_model=1", "b"),
        ("?attribute_model=company_attribute", "c"),
    ] {
        let list = app.get(&agent, &format!("{PATH}{query}")).await.expect(200).json();
        let found: String = list.as_array().unwrap().iter().map(|one| one["attribute_key"].as_str().unwrap()).collect();
        assert_eq!(found, keys, "{query}");
    }
    let refused = app.get(&agent, &format!("{PATH}?attribute_model=pigeon_attribute")).await.expect(422).json();
    assert_eq!(refused["attributes"], json!(["attribute_model"]));
    let other = app.agent(app.account().await).await;
    assert_eq!(app.get(&other, PATH).await.expect(200).json(), json!([]));
}

#[db_test]
async fn what_cannot_be_kept_is_named_and_changes_nothing(app: TestApp) {
    let account = app.account().await;
    let agent = app.agent(account).await;
    let named = |key: &str| json!({ "attribute_display_name": "x", "attribute_key": key, "attribute_model": 1 });
    let plan = add(&app, &agent, named("plan")).await;
    add(&app, &agent, named("other")).await;
    let before = app.row_counts().await;
    let mut long = named("long");
    long["attribute_values"] = json!(["x".repeat(256)]);
    let mut kind = named("kind");
    kind["attribute_display_type"] = json!("colour");
    for (body, fields) in [
        (named("plan"), json!(["attribute_key"])),
        (named("name"), json!(["attribute_key"])),
        (named("a b"), json!(["attribute_key"])),
        (named("größe"), json!(["attribute_key"])),
        (named(&"x".repeat(256)), json!(["attribute_key"])),
        (json!({ "attribute_key": "x" }), json!(["attribute_display_name"])),
        (json!({ "attribute_display_name": "x" }), json!(["attribute_key"])),
        (
            json!({ "attribute_display_name": " ", "attribute_key": null }),
            json!(["attribute_display_name", "attribute_key"]),
        ),
        (long, json!(["attribute_values"])),
        (kind, json!(["attribute_display_type"])),
    ] {
        let refused = app.post(&agent, PATH, body).await.expect(422).json();
        assert_eq!(refused["attributes"], fields);
    }
    let path = format!("{PATH}/{}", plan["id"]);
    for key in ["other", "email", ""] {
        let refused = app.patch(&agent, &path, json!({ "attribute_key": key })).await.expect(422).json();
        assert_eq!(refused["attributes"], json!(["attribute_key"]), "{key}");
    }
    assert_eq!(app.row_counts().await, before);
    // The same key of another model or of another account is another attribute.
    add(&app, &agent, json!({ "attribute_display_name": "x", "attribute_key": "plan" })).await;
    let other = app.agent(app.account().await).await;
    add(&app, &other, named("plan")).await;
    for (method, body) in
        [(Method::GET, None), (Method::PATCH, Some(json!({ "attribute_key": "mine" }))), (Method::DELETE, None)]
    {
        app.call(method, &other.path(&path), Some(&other.token), body.as_ref()).await.expect(404);
    }
}

#[db_test]
async fn of_many_that_want_a_key_at_once_one_gets_it(app: TestApp) {
    let agent = app.agent(app.account().await).await;
    let created = (0..4).map(|_| {
        let (app, agent) = (&app, &agent);
        let body = json!({ "attribute_display_name": "x", "attribute_key": "wanted" });
        async move { app.post(agent, PATH, body).await.status.as_u16() }
    });
    let mut statuses = join_all(created).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 422, 422, 422]);
}

#[db_test]
async fn fields_of_pre_chat_forms_follow(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let definition = json!({ "attribute_display_name": "Plan", "attribute_key": "plan", "attribute_model": 1 });
    let plan = add(&app, &admin, definition).await;
    let field = |kind: &str| json!({ "name": "plan", "field_type": kind, "label": "Old", "type": "text", "required": true, "enabled": true });
    let fields = json!([field("contact_attribute"), field("conversation_attribute")]);
    let channel = json!({
        "type": "web_widget", "website_url": "https://shop.example", "pre_chat_form_enabled": true,
        "pre_chat_form_options": { "pre_chat_message": "Hi", "pre_chat_fields": fields }
    });
    let inbox = app.post(&admin, "inboxes", json!({ "name": "Shop", "channel": channel })).await.expect(200).json();
    let shown = async || {
        let inbox = app.get(&admin, &format!("inboxes/{}", inbox["id"])).await.expect(200).json();
        inbox["pre_chat_form_options"]["pre_chat_fields"].clone()
    };
    let before = shown().await;
    let path = format!("{PATH}/{}", plan["id"]);
    let change =
        json!({ "attribute_display_name": "Tarif", "attribute_display_type": "list", "attribute_values": ["a", "b"] });
    app.patch(&admin, &path, change).await.expect(200);
    let after = shown().await;
    assert_eq!(after[1], before[1], "the field of the other model is not touched");
    for (key, value) in [
        ("label", json!("Tarif")),
        ("type", json!("list")),
        ("values", json!(["a", "b"])),
        ("required", json!(true)),
        ("enabled", json!(true)),
    ] {
        assert_eq!(after[0][key], value, "{key}");
    }
    app.delete(&admin, &path).await.expect(204);
    assert_eq!(shown().await, json!([before[1]]));
    let updates = app.event_names(account).await.iter().filter(|name| *name == "inbox.updated").count();
    assert_eq!(updates, 2);
}
