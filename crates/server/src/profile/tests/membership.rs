//! What users say of themselves in one of their accounts.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use store::testing::db_test;
use types::Role;

use super::{Desk, PROFILE};
use crate::agent;
use crate::events::Actor;
use crate::testing::Part;

#[db_test]
async fn availability_is_seen_by_colleagues_and_decides_who_gets_conversations(desk: Desk) {
    let app = &desk.app;
    let inbox = app.api_inbox(&desk.administrator).await;
    app.join(&desk.administrator, inbox, &[&desk.agent]).await;
    let assignee = async || {
        let number = app.conversation(&desk.administrator, inbox).await;
        let shown = app.get(&desk.administrator, &format!("conversations/{number}")).await.expect(200).json();
        shown["meta"]["assignee"]["id"].clone()
    };
    let account = desk.account;
    let events = app.event_names(account).await.len();
    let body = json!({ "profile": { "account_id": account, "auto_offline": false } });
    let shown = desk.send(Method::POST, "/auto_offline", body.clone()).await.expect(200).json();
    assert_eq!(shown, desk.show().await);
    assert_eq!(
        (&shown["accounts"][0]["auto_offline"], &shown["accounts"][0]["availability_status"]),
        (&json!(false), &json!("online"))
    );
    desk.send(Method::POST, "/auto_offline", body).await.expect(200);
    assert_eq!(app.event_names(account).await[events..], ["agent.updated"], "once");
    assert_eq!(assignee().await, json!(desk.agent.id));

    for word in ["busy", "offline"] {
        let body = json!({ "account_id": account.to_string(), "availability": word });
        let shown = desk.send(Method::POST, "/availability", body).await.expect(200).json();
        let membership = &shown["accounts"][0];
        assert_eq!((&membership["availability"], &membership["availability_status"]), (&json!(word), &json!(word)));
        assert_eq!(desk.colleague().await["availability_status"], word);
        assert_eq!(assignee().await, Value::Null, "{word}");
    }
    let back = json!({ "profile": { "account_id": account, "availability": "online" } });
    desk.send(Method::POST, "/availability", back).await.expect(200);
    assert_eq!(assignee().await, json!(desk.agent.id));
    let id = account.to_string();
    let form = [Part::text("profile[account_id]", &id), Part::text("profile[auto_offline]", "true")];
    let path = format!("{PROFILE}/auto_offline");
    app.send_form(Method::POST, &path, Some(&desk.agent.token), &form).await.expect(200);
    assert_eq!(desk.colleague().await["availability_status"], "offline");
    assert_eq!(assignee().await, Value::Null);
}

#[db_test]
async fn an_account_that_is_not_the_callers_is_not_there(desk: Desk) {
    let elsewhere = desk.app.account().await;
    let stranger = desk.app.administrator(elsewhere).await;
    let before = desk.app.get(&stranger, PROFILE).await.expect(200).json();
    for (method, path, key, value) in [
        (Method::POST, "/availability", "availability", json!("busy")),
        (Method::POST, "/auto_offline", "auto_offline", json!(false)),
        (Method::PUT, "/set_active_account", "x", json!(1)),
    ] {
        for account in [json!(elsewhere), json!(i64::MAX), json!(0)] {
            let body = json!({ "profile": { "account_id": account, key: value } });
            let answer = desk.send(method.clone(), path, body).await.expect(404).json();
            assert!(answer["error"].is_string());
        }
        let missing = desk.send(method.clone(), path, json!({ "profile": { key: value } })).await.expect(422).json();
        assert_eq!(missing["attributes"], json!(["account_id"]));
        desk.send(method.clone(), path, json!({})).await.expect(422);
        let wrong = json!({ "profile": { "account_id": "mine", key: value } });
        assert_eq!(desk.send(method, path, wrong).await.expect(422).json()["attributes"], json!(["account_id"]));
    }
    assert_eq!(desk.app.get(&stranger, PROFILE).await.expect(200).json(), before);
    for (path, key, bad) in [
        ("/availability", "availability", json!("asleep")),
        ("/availability", "availability", json!(null)),
        ("/availability", "availability", json!({})),
        ("/auto_offline", "auto_offline", json!(null)),
        ("/auto_offline", "auto_offline", json!([])),
    ] {
        let body = json!({ "account_id": desk.account, key: bad });
        assert_eq!(desk.send(Method::POST, path, body).await.expect(422).json()["attributes"], json!([key]));
    }
}

#[db_test]
async fn the_active_account_is_the_one_that_was_set(desk: Desk) {
    let second = desk.app.account().await;
    let id = desk.agent.id;
    let joined = desk
        .app
        .app
        .store
        .write(move |tx| agent::service::add_member(tx, second, id, Role::Administrator, &Actor::Operator));
    joined.await.unwrap();
    for (account, role) in [(second, "administrator"), (desk.account, "agent"), (second, "administrator")] {
        desk.app.clock.advance(Duration::from_mins(1));
        let body = json!({ "profile": { "account_id": account } });
        assert!(desk.send(Method::PUT, "/set_active_account", body).await.expect(200).body.is_empty());
        let shown = desk.show().await;
        assert_eq!((&shown["account_id"], &shown["role"]), (&json!(account), &json!(role)));
    }
    desk.send(Method::PATCH, "/set_active_account", json!({ "account_id": desk.account })).await.expect(200);
    desk.app.app.store.write(move |tx| crate::account::service::delete(tx, second)).await.unwrap();
    desk.send(Method::PUT, "/set_active_account", json!({ "account_id": second })).await.expect(404);
    assert_eq!(desk.show().await["account_id"], json!(desk.account));
}
