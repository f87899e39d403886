//! Agents that are added and changed, through HTTP.

use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};
use store::testing::db_test;
use types::AccountId;

use crate::testing::TestApp;
use crate::user::password;

async fn limit(app: &TestApp, account: AccountId, limits: &'static str) {
    app.app
        .store
        .write(move |tx| tx.execute(store::sql!("UPDATE accounts SET limits = $2 WHERE id = $1"), (account, limits)))
        .await
        .map_err(|error: store::Error| error)
        .unwrap();
}

async fn count_of_members(app: &TestApp, account: AccountId) -> i64 {
    app.number("SELECT COUNT(*) FROM account_users WHERE account_id = $1", &[account.get()]).await
}

#[db_test]
async fn an_unknown_address_becomes_a_user_whose_password_nobody_knows(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let body = json!({ "name": "Mira Okonjo", "email": " Mira@Larkbikes.Example " });
    let made = app.post(&admin, "agents", body).await.expect(200).json();
    let id = made["id"].as_i64().unwrap();
    assert_eq!(
        made,
        json!({
            "id": id, "account_id": account, "availability_status": "offline", "auto_offline": true,
            "confirmed": false, "email": "mira@larkbikes.example", "provider": "email",
            "available_name": "Mira Okonjo", "name": "Mira Okonjo", "role": "agent", "thumbnail": ""
        })
    );
    let hash: String = app
        .app
        .store
        .read(move |conn| conn.query_one(store::sql!("SELECT password_hash FROM users WHERE id = $1"), (id,)))
        .await
        .map(|(hash,): (String,)| hash)
        .map_err(|error: store::Error| error)
        .unwrap();
    for guess in ["", "none", "Sample-Pass-2022!"] {
        assert_eq!(password::compare(guess.into(), Some(hash.clone())).await.unwrap(), password::Match::No);
    }
    let stored = "SELECT COUNT(*) FROM account_users WHERE user_id = $1 AND inviter_id = $2";
    assert_eq!(app.number(stored, &[id, admin.id.get()]).await, 1);
    assert_eq!(app.number("SELECT COUNT(*) FROM notification_settings WHERE user_id = $1", &[id]).await, 1);
    assert_eq!(app.event_names(account).await.last().unwrap(), "agent.added");
    let noted = "SELECT COUNT(*) FROM audit_log WHERE account_id = $1 AND action = 'user.invited'";
    assert_eq!(app.number(noted, &[account.get()]).await, 1);
}

#[db_test]
async fn a_known_address_is_added_as_it_is(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let stranger = app.agent(app.account().await).await;
    let known = app.get(&stranger, "/profile").await.expect(200).json();
    let body = json!({ "agent": { "name": "Somebody Else", "email": known["email"], "role": "administrator" } });
    let made = app.post(&admin, "agents", body.clone()).await.expect(200).json();
    assert_eq!((&made["id"], &made["name"]), (&known["id"], &known["name"]));
    assert_eq!((&made["confirmed"], &made["role"]), (&json!(true), &json!("administrator")));
    let refused = app.post(&admin, "agents", body).await.expect(422).json();
    assert_eq!(refused["attributes"], json!(["user_id"]));
    assert_eq!(count_of_members(&app, account).await, 2);
}

#[db_test]
async fn both_names_of_the_availability_are_understood(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    for (number, (given, shown)) in [
        (json!({ "availability_status": "available" }), "online"),
        (json!({ "availability": "available" }), "online"),
        (json!({ "availability": "busy", "availability_status": "available" }), "busy"),
        (json!({ "availability_status": "offline" }), "offline"),
        (json!({}), "online"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut body = json!({ "name": "Dora", "email": format!("dora{number}@sample.test"), "auto_offline": false });
        body.as_object_mut().unwrap().extend(given.as_object().unwrap().clone());
        let made = app.post(&admin, "agents", body).await.expect(200).json();
        assert_eq!(made["availability_status"], shown, "{given}");
        let path = format!("agents/{}", made["id"]);
        app.patch(&admin, &path, json!({ "availability": "busy" })).await.expect(200);
        if !given.as_object().unwrap().is_empty() {
            let changed = app.patch(&admin, &path, given.clone()).await.expect(200).json();
            assert_eq!(changed["availability_status"], shown, "{given}");
        }
    }
}

#[db_test]
async fn what_an_agent_cannot_be_is_named_and_changes_nothing(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let agent = app.agent(account).await;
    let before = app.row_counts().await;
    for (body, fields) in [
        (json!({ "name": "No Mail" }), json!(["email"])),
        (json!({ "name": "Bad Mail", "email": "nope" }), json!(["email"])),
        (json!({ "email": "noname@sample.test" }), json!(["name"])),
        (json!({ "email": "noname@sample.test", "name": "x".repeat(256) }), json!(["name"])),
        (json!({ "email": "a@sample.test", "name": "A", "role": "emperor" }), json!(["role"])),
        (json!({ "email": "a@sample.test", "name": "A", "availability": "asleep" }), json!(["availability"])),
    ] {
        let refused = app.post(&admin, "agents", body.clone()).await.expect(422).json();
        assert_eq!(refused["attributes"], fields, "{body}");
    }
    let path = format!("agents/{}", agent.id);
    for (body, field) in [
        (json!({ "name": "" }), "name"),
        (json!({ "name": null }), "name"),
        (json!({ "role": "emperor" }), "role"),
        (json!({ "availability_status": "asleep" }), "availability_status"),
    ] {
        let refused = app.patch(&admin, &path, body.clone()).await.expect(422).json();
        assert_eq!(refused["attributes"], json!([field]), "{body}");
    }
    assert!(app.post(&admin, "agents", json!({})).await.expect(422).json()["error"].is_string());
    assert!(app.post(&admin, "agents/bulk_create", json!({})).await.expect(422).json()["error"].is_string());
    assert_eq!(app.row_counts().await, before);
}

#[db_test]
async fn an_agent_changes_in_this_account_but_its_name_everywhere(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let agent = app.agent(account).await;
    let other = app.account().await;
    let there = app.administrator(other).await;
    let email = app.get(&agent, "/profile").await.expect(200).json()["email"].clone();
    app.post(&there, "agents", json!({ "email": email })).await.expect(200);
    let path = format!("agents/{}", agent.id);
    let body = json!({ "agent": { "name": "Nina Newer", "role": "administrator", "email": "elsewhere@sample.test" } });
    let changed = app.patch(&admin, &path, body).await.expect(200).json();
    assert_eq!((&changed["name"], &changed["role"]), (&json!("Nina Newer"), &json!("administrator")));
    assert_eq!(changed["email"], email);
    let seen = app.get(&there, "agents").await.expect(200).json();
    let seen = seen.as_array().unwrap().iter().find(|seen| seen["id"] == json!(agent.id)).unwrap().clone();
    assert_eq!((&seen["name"], &seen["role"]), (&json!("Nina Newer"), &json!("agent")));
    // An address of another account, and of none.
    app.patch(&there, &format!("agents/{}", admin.id), json!({ "role": "agent" })).await.expect(404);
    app.patch(&agent, "agents/99999999", json!({ "role": "agent" })).await.expect(404);
    let names = app.event_names(account).await;
    assert_eq!(names.iter().filter(|name| *name == "agent.updated").count(), 1);
}

#[db_test]
async fn an_account_has_as_many_agents_and_inboxes_as_it_may(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    limit(&app, account, r#"{"agents": 3, "inboxes": "1"}"#).await;
    let invited = join_all((0..6).map(|number| {
        let body = json!({ "name": "A", "email": format!("a{number}@sample.test") });
        app.post(&admin, "agents", body)
    }))
    .await;
    let mut statuses: Vec<u16> = invited.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 402, 402, 402, 402]);
    assert_eq!(count_of_members(&app, account).await, 3);
    let full = invited.into_iter().find(|answer| answer.status == 402).unwrap();
    assert!(full.json()["error"].is_string());
    let many = json!({ "emails": ["b@sample.test"] });
    app.post(&admin, "agents/bulk_create", many).await.expect(402);

    let inbox = json!({ "name": "Desk", "channel": { "type": "api" } });
    let (one, two) =
        tokio::join!(app.post(&admin, "inboxes", inbox.clone()), app.post(&admin, "inboxes", inbox.clone()));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 402]);
    limit(&app, account, r#"{"agents": null, "inboxes": "many"}"#).await;
    app.post(&admin, "inboxes", inbox).await.expect(200);
    app.post(&admin, "agents", json!({ "name": "A", "email": "last@sample.test" })).await.expect(200);
}

#[db_test]
async fn many_are_invited_at_once_or_none(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let member = app.agent(account).await;
    let email = app.get(&member, "/profile").await.expect(200).json()["email"].clone();
    limit(&app, account, r#"{"agents": 4}"#).await;
    let emails = json!(["Zoe@sample.test", "zoe@sample.test ", "nonsense", "", email, "bo@sample.test"]);
    let body = json!({ "emails": emails });
    assert!(app.post(&admin, "agents/bulk_create", body.clone()).await.expect(200).body.is_empty());
    let agents = app.get(&admin, "agents").await.expect(200).json();
    let zoe = agents.as_array().unwrap().iter().find(|agent| agent["email"] == "zoe@sample.test").unwrap();
    assert_eq!((&zoe["name"], &zoe["auto_offline"]), (&json!("zoe"), &json!(false)));
    assert_eq!(zoe["availability_status"], "offline");
    assert_eq!(count_of_members(&app, account).await, 4);
    // The same again has nobody to add; one more is too many, and nobody is added.
    app.post(&admin, "agents/bulk_create", body).await.expect(200);
    limit(&app, account, r#"{"agents": 5}"#).await;
    let body = json!({ "emails": ["c@sample.test", "d@sample.test"] });
    app.post(&admin, "agents/bulk_create", body).await.expect(402);
    assert_eq!(app.number("SELECT COUNT(*) FROM users WHERE email = 'c@sample.test'", &[]).await, 0);
    let many: Vec<String> = (0..501).map(|number| format!("m{number}@sample.test")).collect();
    let refused = app.post(&admin, "agents/bulk_create", json!({ "emails": many })).await.expect(422).json();
    assert!(refused["error"].as_str().unwrap().contains("emails"));
    let path = admin.path("agents/bulk_create");
    app.call(Method::POST, &path, Some(&member.token), Some(&json!({ "emails": [] }))).await.expect(403);
}

#[db_test]
async fn of_many_that_invite_the_same_person_one_does(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let answers =
        join_all((0..5).map(|_| app.post(&admin, "agents", json!({ "name": "Mira", "email": "mira@sample.test" }))))
            .await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 422, 422, 422, 422]);
    assert_eq!(app.number("SELECT COUNT(*) FROM users WHERE email = 'mira@sample.test'", &[]).await, 1);
    let again: Vec<Value> = app.get(&admin, "agents").await.expect(200).json().as_array().unwrap().clone();
    assert_eq!(again.len(), 2);
}
