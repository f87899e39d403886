//! Presence, through HTTP.

use std::time::Duration;

use ::store::testing::db_test;
use serde_json::{Value, json};
use types::{AccountId, ContactId, UserId};

use super::store;
use super::wire::PresenceJson;
use crate::testing::TestApp;

impl TestApp {
    /// A sign of life of a user's socket.
    async fn user_lives(&self, account: AccountId, user: UserId) {
        self.app.store.write(move |tx| store::note_user(tx, account, user)).await.unwrap();
    }

    async fn contact_lives(&self, account: AccountId, contact: ContactId) {
        self.app.store.write(move |tx| store::note_contact(tx, account, contact)).await.unwrap();
    }

    async fn presence(&self, account: AccountId) -> Value {
        let shown = self.app.store.read(move |conn| PresenceJson::for_user(conn, account)).await.unwrap();
        serde_json::to_value(shown).unwrap()
    }
}

#[db_test]
async fn a_user_is_there_for_twenty_seconds_after_a_sign_of_life(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let shown = async || {
        let agents = app.get(&admin, "agents").await.expect(200).json();
        let profile = app.call(http::Method::GET, "/api/v1/profile", Some(&admin.token), None).await.expect(200).json();
        assert_eq!(profile["accounts"][0]["availability_status"], agents[0]["availability_status"]);
        agents[0]["availability_status"].clone()
    };
    assert_eq!(shown().await, "offline");
    app.user_lives(account, admin.id).await;
    assert_eq!(shown().await, "online");
    assert_eq!(app.presence(account).await["users"], json!({ admin.id.to_string(): "online" }));
    app.clock.advance(Duration::from_secs(20));
    assert_eq!(shown().await, "online");
    app.user_lives(account, admin.id).await;
    app.clock.advance(Duration::from_secs(20));
    assert_eq!(shown().await, "online");
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(shown().await, "offline");
    assert_eq!(app.presence(account).await, json!({ "account_id": account, "users": {}, "contacts": {} }));
    // Nobody is there in an account that is not his.
    let other = app.account().await;
    app.user_lives(other, admin.id).await;
    assert_eq!(app.presence(other).await["users"], json!({}));
}

#[db_test]
async fn a_contact_is_there_for_ninety_seconds_and_cannot_be_deleted_meanwhile(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let made = app.post(&admin, "contacts", json!({ "name": "Ada" })).await.expect(200).json();
    let id = ContactId::new(made["payload"]["contact"]["id"].as_i64().unwrap());
    let path = format!("contacts/{id}");
    let shown = async || app.get(&admin, &path).await.expect(200).json()["payload"]["availability_status"].clone();
    assert_eq!(shown().await, "offline");
    app.contact_lives(account, id).await;
    assert_eq!(shown().await, "online");
    assert_eq!(app.presence(account).await["contacts"], json!({ id.to_string(): "online" }));
    let refused = app.delete(&admin, &path).await.expect(422).json();
    assert!(refused["message"].is_string() && refused.get("attributes").is_none(), "{refused}");
    app.clock.advance(Duration::from_secs(90));
    assert_eq!(shown().await, "online");
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(shown().await, "offline");
    app.delete(&admin, &path).await.expect(200);
    app.contact_lives(account, id).await;
    assert_eq!(app.presence(account).await["contacts"], json!({}));
    app.run_due_jobs().await;
}

#[db_test]
async fn conversations_go_to_who_is_there(app: TestApp) {
    let account = app.account().await;
    let (admin, agent) = (app.administrator(account).await, app.agent(account).await);
    let inbox = app.api_inbox(&admin).await;
    let members = json!({ "inbox_id": inbox, "user_ids": [agent.id] });
    app.post(&admin, "inbox_members", members).await.expect(200);
    let contact = app.post(&admin, "contacts", json!({ "name": "Ada" })).await.expect(200).json();
    let body = json!({ "inbox_id": inbox, "contact_id": contact["payload"]["contact"]["id"] });
    let assignee = async || {
        let made = app.post(&admin, "conversations", body.clone()).await.expect(200).json();
        made["meta"]["assignee"].clone()
    };
    assert_eq!(assignee().await, Value::Null);
    app.user_lives(account, agent.id).await;
    let picked = assignee().await;
    assert_eq!((&picked["id"], &picked["availability_status"]), (&json!(agent.id), &json!("online")));
    app.clock.advance(Duration::from_secs(21));
    assert_eq!(assignee().await, Value::Null);
}
