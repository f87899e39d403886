//! The platform API, through HTTP.

use http::Method;
use serde_json::{Value, json};
use store::testing::Engine;
use types::{Json, UserId};

use crate::testing::{Answer, TestApp};
use crate::{Settings, user};

const PASSWORD: &str = "Sample-Pass-2022!";

async fn get(app: &TestApp, token: &str, path: &str) -> Answer {
    app.call(Method::GET, &format!("/platform/api/v1/{path}"), Some(token), None).await
}

async fn post(app: &TestApp, token: &str, path: &str, body: Value) -> Answer {
    app.call(Method::POST, &format!("/platform/api/v1/{path}"), Some(token), Some(&body)).await
}

fn user(email: &str) -> Value {
    json!({ "name": "Olu Brandt", "email": email, "password": PASSWORD })
}

#[store::testing::db_test]
async fn an_account_is_made_with_the_recorded_defaults(app: TestApp) {
    let token = app.platform_app().await;
    let body = json!({ "name": "Lark Bikes", "shoe_size": 43 });
    let made = post(&app, &token, "accounts", body).await.expect(200).json();
    let id = made["id"].as_i64().unwrap();
    let expected = json!({
        "id": id, "name": "Lark Bikes", "created_at": "2026-01-05T10:00:00.000Z",
        "updated_at": "2026-01-05T10:00:00.000Z", "locale": "en", "domain": null, "support_email": null,
        "settings_flags": 0, "feature_flags": 523_407, "features": made["features"], "auto_resolve_duration": null,
        "limits": {}, "custom_attributes": {}, "status": "active"
    });
    assert_eq!(made, expected);
    assert_eq!(made["features"]["help_center"], true);
    assert_eq!(get(&app, &token, &format!("accounts/{id}")).await.expect(200).json(), expected);
    assert_eq!(app.event_names(types::AccountId::new(id)).await, ["account.created"]);
}

#[store::testing::db_test]
async fn an_account_takes_what_it_is_given(app: TestApp) {
    let token = app.platform_app().await;
    let body = json!({
        "name": "Featured", "locale": "fi", "domain": "f.example", "support_email": "f@f.example",
        "status": "suspended", "features": { "help_center": false, "conversation_unread_counts": true },
        "limits": { "agents": 3 }, "custom_attributes": { "plan": "x" }
    });
    let made = post(&app, &token, "accounts", body.clone()).await.expect(200).json();
    for key in ["name", "locale", "domain", "support_email", "status", "limits", "custom_attributes"] {
        assert_eq!(made[key], body[key], "{key}");
    }
    assert!(made["features"].get("help_center").is_none());
    assert_eq!(made["features"]["conversation_unread_counts"], true);
}

#[store::testing::db_test]
async fn fields_that_an_account_cannot_have_are_named(app: TestApp) {
    let token = app.platform_app().await;
    let before = app.row_counts().await;
    let cases = [
        (json!({}), json!(["name"])),
        (json!({ "name": "" }), json!(["name"])),
        (json!({ "name": "h".repeat(256) }), json!(["name"])),
        (json!({ "name": "x", "locale": "tlh" }), json!(["locale"])),
        (json!({ "name": "x", "status": "asleep" }), json!(["status"])),
        (json!({ "locale": "tlh" }), json!(["name", "locale"])),
    ];
    for (body, fields) in cases {
        let answer = post(&app, &token, "accounts", body).await.expect(422).json();
        assert_eq!(answer["attributes"], fields);
        assert!(answer["message"].is_string());
    }
    assert_eq!(app.row_counts().await, before);
}

#[store::testing::db_test]
async fn the_servers_sender_stands_in_for_the_accounts_own(engine: Engine) {
    let settings = Settings { mail_sender: Some("Care <care@app.example>".into()), ..Settings::default() };
    let app = TestApp::with_settings(engine, settings).await;
    let token = app.platform_app().await;
    let made = post(&app, &token, "accounts", json!({ "name": "Lark Bikes" })).await.expect(200).json();
    assert_eq!(made["support_email"], "Care <care@app.example>");
}

#[store::testing::db_test]
async fn the_order_of_checks_is_token_then_record_then_grant(app: TestApp) {
    let (ours, theirs) = (app.platform_app().await, app.platform_app().await);
    let id = post(&app, &ours, "accounts", json!({ "name": "Ours" })).await.expect(200).json()["id"].clone();
    let member = app.administrator(app.account().await).await;
    for path in [format!("accounts/{id}"), format!("accounts/{id}/account_users"), format!("users/{}", member.id)] {
        let address = format!("/platform/api/v1/{path}");
        let answer = app.call(Method::GET, &address, None, None).await.expect(401).json();
        assert!(answer["error"].is_string());
        app.call(Method::GET, &address, Some(&member.token), None).await.expect(401);
        let answer = get(&app, &theirs, &path).await.expect(401).json();
        assert!(answer["error"].is_string());
    }
    for path in ["accounts/99999999", "accounts/abc", "accounts/99999999/account_users", "users/99999999", "users/abc"]
    {
        let answer = get(&app, &ours, path).await.expect(404).json();
        assert_eq!(answer["status"], 404, "{path}");
        assert!(answer["error"].is_string(), "{path}");
    }
    let body = json!({ "user_id": member.id });
    post(&app, &theirs, &format!("accounts/{id}/account_users"), body.clone()).await.expect(401);
    post(&app, &ours, "accounts/99999999/account_users", body).await.expect(404);
}

#[store::testing::db_test]
async fn a_user_is_made_confirmed_and_without_accounts(app: TestApp) {
    let token = app.platform_app().await;
    let body = json!({
        "name": "Olu Brandt", "display_name": "Olu", "email": " Olu@Larkbikes.Example ", "password": PASSWORD,
        "custom_attributes": { "desk": "north" }
    });
    let made = post(&app, &token, "users", body).await.expect(200).json();
    let id = made["id"].as_i64().unwrap();
    for key in ["access_token", "pubsub_token"] {
        assert_eq!(made[key].as_str().unwrap().len(), 24, "{key}");
    }
    let expected = json!({
        "access_token": made["access_token"], "account_id": null, "available_name": "Olu", "avatar_url": "",
        "confirmed": true, "display_name": "Olu", "message_signature": null, "email": "olu@larkbikes.example",
        "id": id, "name": "Olu Brandt", "provider": "email", "pubsub_token": made["pubsub_token"],
        "custom_attributes": { "desk": "north" }, "role": null, "ui_settings": {}, "uid": "olu@larkbikes.example",
        "accounts": []
    });
    assert_eq!(made, expected);
    assert_eq!(get(&app, &token, &format!("users/{id}")).await.expect(200).json(), expected);
    let profile =
        app.call(Method::GET, "/api/v1/profile", made["access_token"].as_str(), None).await.expect(200).json();
    assert_eq!(profile["id"], json!(id));

    let hash: (String,) = app
        .app
        .store
        .read(move |conn| conn.query_one(store::sql!("SELECT password_hash FROM users WHERE id = $1"), (id,)))
        .await
        .map_err(|error: store::Error| error)
        .unwrap();
    let fits = user::password::compare(PASSWORD.into(), Some(hash.0)).await.unwrap();
    assert_eq!(fits, user::password::Match::Yes);
}

#[store::testing::db_test]
async fn fields_that_a_user_cannot_have_are_named_all_at_once(app: TestApp) {
    let token = app.platform_app().await;
    let before = app.row_counts().await;
    let cases = [
        (json!({}), json!(["name", "email", "password"])),
        (json!({ "name": "Bad Mail", "email": "not-an-address", "password": PASSWORD }), json!(["email"])),
        (json!({ "email": "a@sample.test", "password": PASSWORD }), json!(["name"])),
        (json!({ "name": "No Password", "email": "a@sample.test" }), json!(["password"])),
        (json!({ "name": "Weak", "email": "a@sample.test", "password": "password" }), json!(["password"])),
    ];
    for (body, fields) in cases {
        let answer = post(&app, &token, "users", body).await.expect(422).json();
        assert_eq!(answer["attributes"], fields);
    }
    assert_eq!(app.row_counts().await, before);
}

#[store::testing::db_test]
async fn whoever_has_the_address_is_granted_unchanged(app: TestApp) {
    let (first, second) = (app.platform_app().await, app.platform_app().await);
    let made = post(&app, &first, "users", user("olu@sample.test")).await.expect(200).json();
    let path = format!("users/{}", made["id"]);
    get(&app, &second, &path).await.expect(401);
    let body = json!({ "name": "Another Name", "email": "OLU@sample.test", "password": "weak" });
    assert_eq!(post(&app, &second, "users", body).await.expect(200).json(), made);
    assert_eq!(get(&app, &second, &path).await.expect(200).json(), made);
}

#[store::testing::db_test]
async fn an_invited_user_becomes_confirmed(app: TestApp) {
    let invited = user::NewUser {
        name: "Boris".into(),
        email: "boris@sample.test".into(),
        display_name: None,
        password_hash: "none".into(),
        custom_attributes: Json::object(),
        confirmed: false,
    };
    let (id, _) = app.app.store.write(move |tx| user::service::create(tx, &invited)).await.unwrap();
    let token = app.platform_app().await;
    let answer = post(&app, &token, "users", user("boris@sample.test")).await.expect(200).json();
    assert_eq!((&answer["id"], &answer["name"]), (&json!(id), &json!("Boris")));
    assert_eq!(answer["confirmed"], true);
}

#[store::testing::db_test]
async fn a_membership_is_made_once_and_then_changes_its_role(app: TestApp) {
    let token = app.platform_app().await;
    let account =
        post(&app, &token, "accounts", json!({ "name": "Lark Bikes" })).await.expect(200).json()["id"].clone();
    let account_id = types::AccountId::new(account.as_i64().unwrap());
    let user = app.agent(app.account().await).await;
    let path = format!("accounts/{account}/account_users");

    let made = post(&app, &token, &path, json!({ "user_id": user.id })).await.expect(200).json();
    let expected = json!({
        "id": made["id"], "account_id": account, "user_id": user.id, "role": "agent", "inviter_id": null,
        "created_at": "2026-01-05T10:00:00.000Z", "updated_at": "2026-01-05T10:00:00.000Z", "active_at": null,
        "availability": "online", "auto_offline": true, "custom_role_id": null, "agent_capacity_policy_id": null
    });
    assert_eq!(made, expected);

    let body = json!({ "user_id": user.id.to_string(), "role": "administrator" });
    let changed = post(&app, &token, &path, body).await.expect(200).json();
    assert_eq!((&changed["id"], &changed["role"]), (&made["id"], &json!("administrator")));
    let kept = post(&app, &token, &path, json!({ "user_id": user.id, "role": "" })).await.expect(200).json();
    assert_eq!(kept, changed);
    assert_eq!(get(&app, &token, &path).await.expect(200).json(), json!([changed]));
    assert_eq!(app.event_names(account_id).await, ["account.created", "agent.added", "agent.updated"]);

    let settings = "SELECT COUNT(*) FROM notification_settings
                    WHERE account_id = $1 AND email_flags = 2 AND push_flags = 2";
    assert_eq!(app.number(settings, &[account_id.get()]).await, 1);
}

#[store::testing::db_test]
async fn unknown_users_and_roles_are_refused(app: TestApp) {
    let token = app.platform_app().await;
    let account =
        post(&app, &token, "accounts", json!({ "name": "Lark Bikes" })).await.expect(200).json()["id"].clone();
    let user: UserId = app.agent(app.account().await).await.id;
    let path = format!("accounts/{account}/account_users");
    let cases = [
        (json!({ "user_id": 99_999_999, "role": "agent" }), "user"),
        (json!({ "role": "agent" }), "user"),
        (json!({ "user_id": user, "role": "emperor" }), "role"),
    ];
    for (body, field) in cases {
        let answer = post(&app, &token, &path, body).await.expect(422).json();
        assert_eq!(answer["attributes"], json!([field]));
    }
    assert_eq!(get(&app, &token, &path).await.expect(200).json(), json!([]));
}

#[store::testing::db_test]
async fn a_member_sees_the_accounts_that_it_was_added_to(app: TestApp) {
    let token = app.platform_app().await;
    let account =
        post(&app, &token, "accounts", json!({ "name": "Lark Bikes" })).await.expect(200).json()["id"].clone();
    let made = post(&app, &token, "users", user("olu@sample.test")).await.expect(200).json();
    let body = json!({ "user_id": made["id"], "role": "administrator" });
    post(&app, &token, &format!("accounts/{account}/account_users"), body).await.expect(200);
    let shown = get(&app, &token, &format!("users/{}", made["id"])).await.expect(200).json();
    assert_eq!((&shown["account_id"], &shown["role"]), (&account, &json!("administrator")));
    let expected = json!([{ "id": account, "name": "Lark Bikes", "active_at": null, "role": "administrator" }]);
    assert_eq!(shown["accounts"], expected);
}

async fn patch(app: &TestApp, token: &str, path: &str, body: Value) -> Answer {
    app.call(Method::PATCH, &format!("/platform/api/v1/{path}"), Some(token), Some(&body)).await
}

#[store::testing::db_test]
async fn an_update_of_an_account_sets_what_is_sent_and_keeps_the_rest(app: TestApp) {
    let token = app.platform_app().await;
    let body = json!({
        "name": "Lark", "locale": "fi", "domain": "l.example", "support_email": "care@l.example",
        "limits": { "agents": 3, "inboxes": 2 }, "custom_attributes": { "plan": "x" }
    });
    let made = post(&app, &token, "accounts", body).await.expect(200).json();
    let path = format!("accounts/{}", made["id"]);
    app.clock.advance(std::time::Duration::from_mins(1));

    assert_eq!(patch(&app, &token, &path, json!({ "name": "Lark", "locale": "fi" })).await.expect(200).json(), made);
    let body = json!({
        "domain": null, "features": { "help_center": false }, "limits": { "agents": 5 }, "status": "suspended",
        "custom_attributes": null
    });
    let changed = patch(&app, &token, &path, body).await.expect(200).json();
    let mut expected = made.clone();
    expected["domain"] = Value::Null;
    expected["features"].as_object_mut().unwrap().remove("help_center");
    expected["limits"] = json!({ "agents": 5 });
    expected["status"] = json!("suspended");
    expected["custom_attributes"] = json!({});
    expected["updated_at"] = json!("2026-01-05T10:01:00.000Z");
    expected["feature_flags"] = changed["feature_flags"].clone();
    assert_eq!(changed, expected);
    assert_ne!(changed["feature_flags"], made["feature_flags"]);
    assert_eq!(get(&app, &token, &path).await.expect(200).json(), expected);
    let account = types::AccountId::new(made["id"].as_i64().unwrap());
    assert_eq!(app.event_names(account).await, ["account.created", "account.updated"]);
    assert_eq!(audited(&app, "account.updated").await, 1);

    let again = patch(&app, &token, &path, json!({ "support_email": "", "locale": null })).await.expect(200).json();
    assert_eq!((&again["support_email"], &again["locale"]), (&Value::Null, &json!("en")));
}

#[store::testing::db_test]
async fn a_suspended_account_opens_again_with_an_update(app: TestApp) {
    let token = app.platform_app().await;
    let made = post(&app, &token, "accounts", json!({ "name": "Lark" })).await.expect(200).json();
    let account = types::AccountId::new(made["id"].as_i64().unwrap());
    let agent = app.agent(account).await;
    for (status, answer) in [("suspended", 403), ("active", 200)] {
        patch(&app, &token, &format!("accounts/{account}"), json!({ "status": status })).await.expect(200);
        app.get(&agent, "inboxes").await.expect(answer);
    }
}

#[store::testing::db_test]
async fn an_update_names_the_fields_that_an_account_cannot_have(app: TestApp) {
    let token = app.platform_app().await;
    let made = post(&app, &token, "accounts", json!({ "name": "Lark" })).await.expect(200).json();
    let path = format!("accounts/{}", made["id"]);
    for (body, fields) in [
        (json!({ "name": null }), json!(["name"])),
        (json!({ "name": " " }), json!(["name"])),
        (json!({ "name": "h".repeat(256), "locale": "tlh" }), json!(["name", "locale"])),
        (json!({ "domain": "d".repeat(101) }), json!(["domain"])),
        (json!({ "support_email": "nobody" }), json!(["support_email"])),
        (json!({ "status": "asleep" }), json!(["status"])),
    ] {
        assert_eq!(patch(&app, &token, &path, body).await.expect(422).json()["attributes"], fields);
    }
    assert_eq!(get(&app, &token, &path).await.expect(200).json(), made);
    patch(&app, &token, "accounts/999999", json!({ "name": "x" })).await.expect(404);
    let stranger = app.platform_app().await;
    patch(&app, &stranger, &path, json!({ "name": "x" })).await.expect(401);
}

#[store::testing::db_test]
async fn an_update_of_a_user_counts_at_once(app: TestApp) {
    let token = app.platform_app().await;
    let made = post(&app, &token, "users", user("olu@lark.example")).await.expect(200).json();
    let path = format!("users/{}", made["id"]);
    let id = UserId::new(made["id"].as_i64().unwrap());
    let before = password_hash(&app, id).await;

    let body =
        json!({ "email": " Olu.New@Lark.example", "display_name": "Olu", "custom_attributes": { "desk": "south" } });
    let changed = patch(&app, &token, &path, body).await.expect(200).json();
    assert_eq!((&changed["email"], &changed["uid"]), (&json!("olu.new@lark.example"), &json!("olu.new@lark.example")));
    assert_eq!(changed["available_name"], "Olu");
    let body = json!({ "custom_attributes": { "floor": 3 }, "display_name": null, "password": null });
    let changed = patch(&app, &token, &path, body).await.expect(200).json();
    assert_eq!(changed["custom_attributes"], json!({ "desk": "south", "floor": 3 }));
    assert_eq!((&changed["display_name"], &changed["available_name"]), (&Value::Null, &json!("Olu Brandt")));
    assert_eq!(changed, get(&app, &token, &path).await.expect(200).json());
    assert_eq!(password_hash(&app, id).await, before);

    patch(&app, &token, &path, json!({ "password": "Sample-Pass-2023!" })).await.expect(200);
    let hash = password_hash(&app, id).await;
    let fits = user::password::compare("Sample-Pass-2023!".into(), Some(hash)).await.unwrap();
    assert_eq!(fits, user::password::Match::Yes);
    assert_eq!((audited(&app, "user.updated").await, audited(&app, "user.password_changed").await), (2, 1));
}

#[store::testing::db_test]
async fn an_update_names_the_fields_that_a_user_cannot_have(app: TestApp) {
    let token = app.platform_app().await;
    let made = post(&app, &token, "users", user("olu@lark.example")).await.expect(200).json();
    post(&app, &token, "users", user("ada@lark.example")).await.expect(200);
    let path = format!("users/{}", made["id"]);
    for (body, fields) in [
        (json!({ "name": "" }), json!(["name"])),
        (json!({ "name": null, "email": null }), json!(["name", "email"])),
        (json!({ "email": "nope" }), json!(["email"])),
        (json!({ "email": "Ada@lark.example" }), json!(["email"])),
        (json!({ "password": "weak" }), json!(["password"])),
        (json!({ "password": "" }), json!(["password"])),
        (json!({ "display_name": "h".repeat(256) }), json!(["display_name"])),
    ] {
        assert_eq!(patch(&app, &token, &path, body).await.expect(422).json()["attributes"], fields);
    }
    assert_eq!(get(&app, &token, &path).await.expect(200).json(), made);
    patch(&app, &token, &path, json!({ "email": "olu@lark.example" })).await.expect(200);
    patch(&app, &token, "users/999999", json!({ "name": "x" })).await.expect(404);
    let stranger = app.platform_app().await;
    patch(&app, &stranger, &path, json!({ "name": "x" })).await.expect(401);
}

async fn password_hash(app: &TestApp, user: UserId) -> String {
    let found = app.app.store.read(move |conn| {
        conn.query_one::<(String,)>(store::sql!("SELECT password_hash FROM users WHERE id = $1"), (user,))
    });
    found.await.map_err(|error: store::Error| error).unwrap().0
}

async fn audited(app: &TestApp, action: &'static str) -> i64 {
    let found = app.app.store.read(move |conn| {
        conn.query_one::<(i64,)>(store::sql!("SELECT COUNT(*) FROM audit_log WHERE action = $1"), (action,))
    });
    found.await.map_err(|error: store::Error| error).unwrap().0
}
