//! What contacts tell of themselves, and what they learn of an inbox.

use ::store::testing::db_test;
use http::Method;
use serde_json::{Value, json};

use super::{Site, hash, open_inbox};
use crate::testing::Answer;

impl Site {
    pub(super) async fn change(&self, session: &str, body: Value) -> Answer {
        self.call(Method::PATCH, &format!("/{session}"), Some(body)).await
    }
}

#[db_test]
async fn a_contact_changes_what_it_tells_and_keeps_the_rest(site: Site) {
    let made = site.arrive(json!({ "source_id": "s", "custom_attributes": { "a": 1, "deep": { "x": 1 } } })).await;
    let before = site.app.event_names(site.administrator.account).await.len();
    let body = json!({
        "name": "Zoë", "email": " Zoe@Reed.example ", "phone_number": "+358401112223", "identifier": "not taken",
        "custom_attributes": { "b": "漢字", "deep": { "y": [2] } }
    });
    let changed = site.change("s", body.clone()).await.expect(200).json();
    assert_eq!(changed["id"], made["id"]);
    assert_eq!((&changed["name"], &changed["email"]), (&json!("Zoë"), &json!("zoe@reed.example")));
    assert_eq!((&changed["phone_number"], &changed["identifier"]), (&json!("+358401112223"), &Value::Null));
    assert_eq!(changed["custom_attributes"], json!({ "a": 1, "b": "漢字", "deep": { "x": 1, "y": [2] } }));
    assert!(changed.get("source_id").is_none() && changed.get("pubsub_token").is_none());
    assert_eq!(changed["label_list"], json!([]));
    assert_eq!(site.app.event_names(site.administrator.account).await.split_off(before), ["contact.updated"]);
    for body in [json!({}), body, json!({ "name": "", "email": " ", "phone_number": null, "custom_attributes": {} })] {
        let again = site.change("s", body).await.expect(200).json();
        assert_eq!((&again["name"], &again["email"]), (&changed["name"], &changed["email"]));
        assert_eq!(again["custom_attributes"], changed["custom_attributes"]);
    }
    assert_eq!(site.app.event_names(site.administrator.account).await.len(), before + 1, "the same is not told again");
    assert_eq!(site.app.number("SELECT resolved_count FROM contact_counters", &[]).await, 1);
    let found = site.app.get(&site.administrator, "contacts/search?q=zoe@reed").await.expect(200).json();
    assert_eq!(found["meta"]["count"], 1);
    for (body, field) in [
        (json!({ "email": "nobody" }), "email"),
        (json!({ "phone_number": "12" }), "phone_number"),
        (json!({ "name": "x".repeat(256) }), "name"),
    ] {
        let refused = site.change("s", body).await.expect(422).json();
        assert_eq!(refused["attributes"], json!([field]));
    }
    site.change("unknown", json!({})).await.expect(404);
    let path = "/public/api/v1/inboxes/unknown/contacts/s";
    site.app.call(Method::PATCH, path, None, Some(&json!({}))).await.expect(404);
}

#[db_test]
async fn a_proof_is_checked_at_a_change_and_kept_with_the_session(site: Site) {
    for session in ["one", "two"] {
        site.arrive(json!({ "identifier": "crm-1", "source_id": session })).await;
    }
    let numbers = [site.open("one").await, site.open("two").await];
    let right = hash(&site.key, "crm-1");
    for (identifier, proof) in [("crm-1", "00"), ("crm-2", right.as_str()), ("crm-1", "not hex")] {
        let body = json!({ "identifier": identifier, "identifier_hash": proof, "name": "Forged" });
        site.change("one", body).await.expect(401);
    }
    assert_eq!(site.numbers("one").await, [numbers[0]]);
    let body = json!({ "identifier": "crm-1", "identifier_hash": right, "name": "Proved" });
    assert_eq!(site.change("one", body).await.expect(200).json()["name"], "Proved");
    assert_eq!(site.numbers("one").await, numbers, "it sees all of its contact, for good");
    assert_eq!(site.numbers("two").await, [numbers[1]]);
    assert_eq!(site.show(numbers[0]).await["meta"]["hmac_verified"], true);
    assert_eq!(site.show(numbers[1]).await["meta"]["hmac_verified"], false);
    // The hash is somebody's own, and this contact has told nobody who it is.
    let nameless = site.session("Nameless").await;
    let other = hash(&site.key, "crm-9");
    site.change(&nameless, json!({ "identifier": "crm-9", "identifier_hash": other })).await.expect(200);
    assert_eq!(site.app.number("SELECT COUNT(*) FROM contact_inboxes WHERE hmac_verified", &[]).await, 1);
}

#[db_test]
async fn an_inbox_may_ask_for_a_proof_at_every_change(site: Site) {
    let channel = json!({ "type": "api", "hmac_mandatory": true });
    let (inbox, identifier, key) = open_inbox(&site.app, &site.administrator, channel).await;
    let strict = Site { inbox, identifier, key, ..site };
    let proof = hash(&strict.key, "crm-1");
    strict.arrive(json!({ "identifier": "crm-1", "identifier_hash": proof, "source_id": "s" })).await;
    let before = strict.app.row_counts().await;
    for body in [json!({}), json!({ "name": "Forged" }), json!({ "identifier": "crm-1", "identifier_hash": "" })] {
        strict.change("s", body).await.expect(401);
    }
    assert_eq!(strict.app.row_counts().await, before);
    let body = json!({ "identifier": "crm-1", "identifier_hash": proof, "name": "Proved" });
    assert_eq!(strict.change("s", body).await.expect(200).json()["name"], "Proved");
}

#[db_test]
async fn an_inbox_tells_its_contacts_what_they_need(site: Site) {
    let path = format!("/public/api/v1/inboxes/{}", site.identifier);
    let shown = site.app.call(Method::GET, &path, None, None).await.expect(200).json();
    let own = site.app.get(&site.administrator, &format!("inboxes/{}", site.inbox)).await.expect(200).json();
    let expected = json!({
        "identifier": site.identifier, "identity_validation_enabled": false, "name": own["name"],
        "timezone": own["timezone"], "working_hours": own["working_hours"], "working_hours_enabled": false,
        "csat_survey_enabled": false, "greeting_enabled": own["greeting_enabled"]
    });
    assert_eq!(shown, expected);
    assert_eq!(shown["working_hours"].as_array().unwrap().len(), 7);
    site.app.call(Method::GET, "/public/api/v1/inboxes/unknown", None, None).await.expect(404);
}
