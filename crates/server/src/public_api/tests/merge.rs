//! Contacts that turn out to be one person.

use ::store::testing::db_test;
use futures_util::future::{join, join_all};
use http::Method;
use serde_json::{Value, json};

use super::Site;

impl Site {
    async fn contact(&self, id: &Value) -> crate::testing::Answer {
        self.app.get(&self.administrator, &format!("contacts/{id}")).await
    }

    async fn count_is_right(&self) {
        let wrong = "SELECT COUNT(*) FROM contact_counters n WHERE n.resolved_count <> (SELECT COUNT(*) FROM contacts k
            WHERE k.account_id = n.account_id AND k.is_resolved AND k.deleting_at IS NULL)";
        assert_eq!(self.app.number(wrong, &[]).await, 0);
    }
}

#[db_test]
async fn the_one_that_has_the_address_survives_with_all_that_the_other_had(site: Site) {
    let known = site
        .arrive(json!({ "source_id": "known", "name": "Max", "email": "max@reed.example",
            "custom_attributes": { "plan": "gold", "deep": { "a": 1 } } }))
        .await;
    let visitor = site
        .arrive(json!({ "source_id": "visitor", "name": "Visitor", "phone_number": "+358401112223",
            "custom_attributes": { "plan": "free", "deep": { "b": 2 } } }))
        .await;
    let (old, new) = (site.open("known").await, site.open("visitor").await);
    site.write("known", old, "from known").await;
    let written = site.write("visitor", new, "from visitor").await;
    let before = site.app.event_names(site.administrator.account).await.len();

    let body = json!({ "email": "Max@Reed.example", "name": "Max Merged", "custom_attributes": { "seen": true } });
    let merged = site.change("visitor", body).await.expect(200).json();
    assert_eq!(merged["id"], known["id"]);
    assert_eq!((&merged["name"], &merged["phone_number"]), (&json!("Max Merged"), &visitor["phone_number"]));
    let attributes = json!({ "plan": "gold", "deep": { "a": 1, "b": 2 }, "seen": true });
    assert_eq!(merged["custom_attributes"], attributes);
    let events = site.app.event_names(site.administrator.account).await.split_off(before);
    assert_eq!(events, ["contact.merged", "contact.deleted", "conversation.contact_changed", "contact.updated"]);
    site.count_is_right().await;

    // At once and after the job alike.
    for turn in ["at once", "in the end"] {
        site.contact(&visitor["id"]).await.expect(404);
        assert_eq!(site.get("/visitor").await["id"], known["id"], "{turn}");
        assert_eq!(site.numbers("visitor").await, [new], "unproved, it sees its own");
        let shown = site.show(new).await;
        assert_eq!(shown["meta"]["sender"]["id"], known["id"], "{turn}");
        let listed = site.app.get(&site.administrator, &format!("conversations/{new}/messages")).await.json();
        let message = &listed["payload"][0];
        assert_eq!((&message["id"], &message["sender"]["id"]), (&written["id"], &known["id"]), "{turn}");
        let all = format!("contacts/{}/conversations", known["id"]);
        let all = site.app.get(&site.administrator, &all).await.expect(200).json();
        assert_eq!(all["payload"].as_array().unwrap().len(), 2);
        site.write("visitor", new, "goes on").await;
        site.app.run_due_jobs().await;
    }
    let left = "SELECT (SELECT COUNT(*) FROM contacts WHERE id = $1)
        + (SELECT COUNT(*) FROM messages WHERE contact_id = $1)
        + (SELECT COUNT(*) FROM conversations WHERE contact_id = $1)
        + (SELECT COUNT(*) FROM contact_inboxes WHERE contact_id = $1)";
    assert_eq!(site.app.number(left, &[visitor["id"].as_i64().unwrap()]).await, 0);
    assert_eq!(site.app.number("SELECT COUNT(*) FROM messages WHERE contact_id IS NULL", &[]).await, 0);
    site.count_is_right().await;
}

#[db_test]
async fn address_and_number_may_lead_to_two_others(site: Site) {
    let by_phone = site.arrive(json!({ "phone_number": "+358401112223", "name": "Phone" })).await;
    let by_email = site.arrive(json!({ "email": "a@reed.example", "name": "Mail" })).await;
    site.arrive(json!({ "source_id": "s", "name": "Visitor" })).await;
    // One of another address is another person.
    let other = site.arrive(json!({ "email": "b@reed.example", "phone_number": "+358409998887" })).await;
    let body = json!({ "email": "a@reed.example", "phone_number": "+358409998887" });
    let merged = site.change("s", body).await.expect(200).json();
    assert_eq!((&merged["id"], &merged["phone_number"]), (&by_email["id"], &Value::Null));
    site.contact(&other["id"]).await.expect(200);

    let merged = site.change("s", json!({ "phone_number": "+358401112223" })).await.expect(200).json();
    assert_eq!((&merged["id"], &merged["name"]), (&by_phone["id"], &json!("Phone")));
    assert_eq!(merged["email"], "a@reed.example", "what it lacked is taken over");
    site.contact(&by_email["id"]).await.expect(404);
    site.app.run_due_jobs().await;
    site.count_is_right().await;
    assert_eq!(site.app.number("SELECT COUNT(*) FROM contacts", &[]).await, 2);
}

#[db_test]
async fn who_is_known_as_another_or_blocked_is_merged_with_nobody(site: Site) {
    let known = site.arrive(json!({ "identifier": "crm-1", "email": "a@reed.example" })).await;
    let other = site.arrive(json!({ "identifier": "crm-2", "source_id": "other" })).await;
    let blocked = site.arrive(json!({ "source_id": "blocked" })).await;
    let path = site.administrator.path(&format!("contacts/{}", blocked["id"]));
    let body = json!({ "blocked": true });
    site.app.call(Method::PUT, &path, Some(&site.administrator.token), Some(&body)).await.expect(200);
    site.arrive(json!({ "source_id": "claims" })).await;
    for (session, id, body) in [
        ("other", &other["id"], json!({ "email": "a@reed.example", "name": "New" })),
        ("blocked", &blocked["id"], json!({ "email": "a@reed.example", "name": "New" })),
    ] {
        let changed = site.change(session, body).await.expect(200).json();
        assert_eq!((&changed["id"], &changed["email"], &changed["name"]), (id, &Value::Null, &json!("New")));
    }
    let claims = json!({ "email": "a@reed.example", "identifier": "crm-3" });
    assert_eq!(site.change("claims", claims).await.expect(200).json()["email"], Value::Null);
    site.contact(&known["id"]).await.expect(200);
    assert_eq!(site.app.number("SELECT COUNT(*) FROM contacts", &[]).await, 4);
    // Another account's contact is nobody here.
    let elsewhere = site.app.administrator(site.app.account().await).await;
    let body = json!({ "name": "Elsewhere", "email": "far@reed.example" });
    site.app.post(&elsewhere, "contacts", body).await.expect(200);
    let changed = site.change("other", json!({ "email": "far@reed.example" })).await.expect(200).json();
    assert_eq!((&changed["id"], &changed["email"]), (&other["id"], &json!("far@reed.example")));
}

#[db_test]
async fn labels_ratings_and_earlier_merges_go_along(site: Site) {
    let last = site.arrive(json!({ "email": "last@reed.example" })).await;
    let middle = site.arrive(json!({ "source_id": "m", "email": "middle@reed.example" })).await;
    site.arrive(json!({ "source_id": "s", "name": "First" })).await;
    let number = site.open("s").await;
    site.write("s", number, "from the first").await;
    let survey = site.answer(number, json!({ "content_type": "input_csat" })).await;
    let rating = json!({ "submitted_values": { "csat_survey_response": { "rating": 4 } } });
    let path = format!("/s/conversations/{number}/messages/{}", survey["id"]);
    site.call(Method::PATCH, &path, Some(rating)).await.expect(200);
    let first = site.get("/s").await["id"].as_i64().unwrap();
    site.execute("INSERT INTO tags (account_id, name, folded_name) SELECT account_id, 'vip', 'vip' FROM contacts WHERE id = $1 RETURNING id", &[first]).await;
    site.execute("INSERT INTO contact_tags (account_id, contact_id, tag_id, created_at) SELECT account_id, $1, id, 1 FROM tags RETURNING tag_id", &[first]).await;

    assert_eq!(
        site.change("s", json!({ "email": "middle@reed.example" })).await.expect(200).json()["id"],
        middle["id"]
    );
    let merged = site.change("m", json!({ "phone_number": "+358401112223" })).await.expect(200).json();
    assert_eq!(merged["label_list"], json!(["vip"]));
    let merged = site.change("m", json!({ "email": "last@reed.example" })).await.expect(200).json();
    assert_eq!((&merged["id"], &merged["label_list"]), (&last["id"], &json!(["vip"])));
    assert_eq!(merged["phone_number"], "+358401112223");
    // Before any job has run, the message of the first is the last one's.
    let listed = site.app.get(&site.administrator, &format!("conversations/{number}/messages")).await.json();
    assert_eq!(listed["payload"][0]["sender"]["id"], last["id"]);
    site.app.run_due_jobs().await;
    let moved = "SELECT (SELECT COUNT(*) FROM messages WHERE contact_id = $1)
        + (SELECT COUNT(*) FROM csat_survey_responses WHERE contact_id = $1)";
    assert_eq!(site.app.number(moved, &[last["id"].as_i64().unwrap()]).await, 2);
    assert_eq!(site.app.number("SELECT COUNT(*) FROM contacts", &[]).await, 1);
    assert_eq!(site.app.number("SELECT COUNT(*) FROM jobs", &[]).await, 0);
    site.count_is_right().await;
}

#[db_test]
async fn two_that_claim_each_others_address_at_once_are_one_in_the_end(site: Site) {
    for turn in 0..5 {
        let (a, b) = (format!("a{turn}@reed.example"), format!("b{turn}@reed.example"));
        let (one, two) = (format!("one{turn}"), format!("two{turn}"));
        site.arrive(json!({ "source_id": one, "email": a })).await;
        site.arrive(json!({ "source_id": two, "email": b })).await;
        let numbers = [site.open(&one).await, site.open(&two).await];
        let claims = join(site.change(&one, json!({ "email": b })), site.change(&two, json!({ "email": a })));
        let writes = join_all((0..4).map(|_| async {
            site.write(&one, numbers[0], "while merging").await;
            site.write(&two, numbers[1], "while merging").await;
            site.open(&one).await;
        }));
        let ((first, second), _) = join(claims, writes).await;
        assert_eq!((first.status.as_u16(), second.status.as_u16()), (200, 200));
        let (first, second) = (site.get(&format!("/{one}")).await, site.get(&format!("/{two}")).await);
        assert_eq!(first["id"], second["id"]);
        site.app.run_due_jobs().await;
        site.count_is_right().await;
        assert_eq!(site.show(numbers[0]).await["meta"]["sender"]["id"], first["id"]);
    }
    assert_eq!(site.app.number("SELECT COUNT(*) FROM contacts", &[]).await, 5);
    assert_eq!(site.app.number("SELECT COUNT(*) FROM messages WHERE contact_id IS NULL", &[]).await, 0);
    assert_eq!(site.app.number("SELECT COUNT(*) FROM messages", &[]).await, 40);
}

#[db_test]
async fn a_new_address_that_many_claim_at_once_makes_them_one(site: Site) {
    let sessions: Vec<String> = (0..6).map(|turn| format!("s{turn}")).collect();
    for session in &sessions {
        site.arrive(json!({ "source_id": session })).await;
    }
    let claim = json!({ "email": "new@reed.example" });
    let answers = join_all(sessions.iter().map(|session| site.change(session, claim.clone()))).await;
    for answer in answers {
        answer.expect(200);
    }
    site.app.run_due_jobs().await;
    assert_eq!(site.app.number("SELECT COUNT(*) FROM contacts", &[]).await, 1);
    site.count_is_right().await;
}
