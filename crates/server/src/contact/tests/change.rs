//! Contacts that change.

use ::store::testing::db_test;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::Desk;
use crate::testing::Answer;

impl Desk {
    async fn try_change(&self, id: i64, body: Value) -> Answer {
        self.app.patch(&self.agent, &format!("contacts/{id}"), body).await
    }

    async fn change(&self, id: i64, body: Value) -> Value {
        self.try_change(id, body).await.expect(200).json()["payload"].clone()
    }

    async fn show(&self, id: i64) -> Value {
        self.list(&format!("contacts/{id}")).await["payload"].clone()
    }
}

#[db_test]
async fn a_change_keeps_what_is_absent_and_clears_what_is_null(desk: Desk) {
    let body = json!({
        "name": "Ada", "email": "ada@reed.example", "phone_number": "+358401112223", "identifier": "crm-1",
        "additional_attributes": { "city": "Turku", "country": "Finland" },
        "custom_attributes": { "plan": "gold", "seats": 3 }, "blocked": true
    });
    let id = desk.create(body).await["contact"]["id"].as_i64().unwrap();
    let before = desk.show(id).await;

    let kept = desk.change(id, json!({})).await;
    assert_eq!(kept, before);
    let changed = desk.change(id, json!({ "name": "Ada L", "custom_attributes": { "seats": 4, "vip": true } })).await;
    assert_eq!(changed["name"], "Ada L");
    assert_eq!(changed["email"], "ada@reed.example");
    assert_eq!(changed["custom_attributes"], json!({ "plan": "gold", "seats": 4, "vip": true }));
    let changed = desk.change(id, json!({ "additional_attributes": { "city": "Oulu" } })).await;
    assert_eq!(changed["additional_attributes"], json!({ "city": "Oulu" }));
    let cleared = json!({
        "name": null, "email": "", "phone_number": null, "identifier": null, "additional_attributes": null,
        "custom_attributes": null, "blocked": null
    });
    let changed = desk.change(id, cleared).await;
    for key in ["name", "email", "phone_number", "identifier"] {
        assert_eq!(changed[key], Value::Null, "{key}");
    }
    assert_eq!(changed["additional_attributes"], json!({}));
    assert_eq!(changed["custom_attributes"], json!({ "plan": "gold", "seats": 4, "vip": true }));
    assert_eq!(changed["blocked"], json!(false));
    assert_eq!(desk.show(id).await, changed);
}

#[db_test]
async fn a_change_is_told_and_no_change_is_not(desk: Desk) {
    let id = desk.add("Ada", json!({})).await;
    let names = desk.app.event_names(desk.agent.account).await;
    desk.app.clock.advance(std::time::Duration::from_mins(1));
    desk.change(id, json!({ "name": "Ada", "custom_attributes": {} })).await;
    assert_eq!(desk.app.event_names(desk.agent.account).await, names);

    desk.change(id, json!({ "name": "Bo", "blocked": "true" })).await;
    let (name, changes): (String, String) = desk
        .app
        .app
        .store
        .read(|conn| conn.query_one(::store::sql!("SELECT name, changes FROM events ORDER BY id DESC LIMIT 1"), ()))
        .await
        .map_err(|error: ::store::Error| error)
        .unwrap();
    assert_eq!(name, "contact.updated");
    let changes: Value = serde_json::from_str(&changes).unwrap();
    let times = json!(["2026-01-05T10:00:00.000Z", "2026-01-05T10:01:00.000Z"]);
    assert_eq!(changes, json!({ "name": ["Ada", "Bo"], "blocked": [false, true], "updated_at": times }));
}

#[db_test]
async fn lists_searches_and_counts_follow_a_change(desk: Desk) {
    let anonymous = desk.create(json!({ "name": "Zoe" })).await["contact"]["id"].as_i64().unwrap();
    desk.add("Bo", json!({ "additional_attributes": { "city": "Turku" } })).await;
    assert_eq!(desk.list("contacts").await["meta"]["count"], 1);

    let more = json!({ "email": "abc@reed.example", "name": "Aino", "additional_attributes": { "city": "Ähtäri" } });
    desk.change(anonymous, more).await;
    assert_eq!(desk.list("contacts").await["meta"]["count"], 2);
    assert_eq!(desk.names("contacts?sort=name").await, ["Aino", "Bo"]);
    assert_eq!(desk.names("contacts?sort=city").await, ["Bo", "Aino"]);
    assert_eq!(desk.found("abc@reed").await, ["Aino"]);
    assert!(desk.found("Zoe").await.is_empty());

    desk.change(anonymous, json!({ "email": null })).await;
    assert_eq!(desk.list("contacts").await["meta"]["count"], 1);
    assert!(desk.found("Aino").await.is_empty());
}

#[db_test]
async fn a_change_that_cannot_be_is_refused_by_field(desk: Desk) {
    desk.create(json!({ "email": "grace@navy.example", "phone_number": "+15550001001", "identifier": "crm-1" })).await;
    let id = desk.add("Ada", json!({})).await;
    let before = desk.show(id).await;
    let cases = [
        (json!({ "email": "GRACE@navy.example " }), json!(["email"])),
        (json!({ "phone_number": "+15550001001" }), json!(["phone_number"])),
        (json!({ "identifier": "crm-1" }), json!(["identifier"])),
        (json!({ "identifier": "crm-1", "email": "grace@navy.example" }), json!(["email", "identifier"])),
        (json!({ "email": "nope" }), json!(["email"])),
        (json!({ "phone_number": "0049", "name": "x".repeat(256) }), json!(["phone_number", "name"])),
        (json!({ "custom_attributes": 7 }), json!(["custom_attributes"])),
    ];
    for (body, fields) in cases {
        let refused = desk.try_change(id, body.clone()).await.expect(422).json();
        assert_eq!(refused["attributes"], fields, "{body}");
        assert_eq!(desk.show(id).await, before);
    }
    // What a contact has itself is free for it.
    desk.change(id, json!({ "identifier": "id of Ada", "name": "Again" })).await;
}

#[db_test]
async fn of_changes_to_one_address_that_race_with_a_creation_one_wins(desk: Desk) {
    let (one, other) = (desk.add("One", json!({})).await, desk.add("Other", json!({})).await);
    for round in 0..8 {
        let body = json!({ "email": format!("race{round}@reed.example") });
        let (changes, created) = tokio::join!(
            join_all([one, other].map(|id| desk.try_change(id, body.clone()))),
            desk.try_create(body.clone())
        );
        let answers: Vec<&Answer> = changes.iter().chain([&created]).collect();
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422, 422]);
        for answer in answers.iter().filter(|answer| answer.status == 422) {
            assert_eq!(answer.json()["attributes"], json!(["email"]));
        }
    }
    let resolved = desk.app.number("SELECT COUNT(*) FROM contacts WHERE is_resolved", &[]).await;
    assert_eq!(desk.list("contacts").await["meta"]["count"], json!(resolved));
}

#[db_test]
async fn attributes_that_are_merged_at_once_are_all_there(desk: Desk) {
    let id = desk.add("Ada", json!({})).await;
    let changes = (0..8).map(|number| desk.change(id, json!({ "custom_attributes": { format!("key{number}"): 1 } })));
    join_all(changes).await;
    assert_eq!(desk.show(id).await["custom_attributes"].as_object().unwrap().len(), 8);
}

#[db_test]
async fn custom_attributes_are_taken_away_by_key(desk: Desk) {
    let id = desk.add("Ada", json!({ "custom_attributes": { "a": 1, "b": { "c": 2 }, "d e": 3 } })).await;
    let path = format!("contacts/{id}/destroy_custom_attributes");
    for (keys, left) in [
        (json!(["a", "unknown"]), json!({ "b": { "c": 2 }, "d e": 3 })),
        (json!("d e"), json!({ "b": { "c": 2 } })),
        (json!(null), json!({ "b": { "c": 2 } })),
    ] {
        let body = json!({ "custom_attributes": keys });
        let answer = desk.app.post(&desk.agent, &path, body).await.expect(200).json();
        assert_eq!(answer["payload"]["custom_attributes"], left);
        assert_eq!(answer["payload"]["contact_inboxes"], json!([]));
    }
    desk.app.post(&desk.agent, "contacts/0/destroy_custom_attributes", json!({})).await.expect(404);
}

#[db_test]
async fn a_contact_of_another_account_is_not_found(desk: Desk) {
    let elsewhere = desk.app.account().await;
    let stranger = desk.app.administrator(elsewhere).await;
    let id = desk.add("Ada", json!({})).await;
    desk.app.patch(&stranger, &format!("contacts/{id}"), json!({ "name": "Mine" })).await.expect(404);
    let path = format!("contacts/{id}/destroy_custom_attributes");
    desk.app.post(&stranger, &path, json!({ "custom_attributes": ["a"] })).await.expect(404);
    assert_eq!(desk.show(id).await["name"], "Ada");
}
