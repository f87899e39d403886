//! Contacts as the team sees them.

mod change;
mod reach;

use ::store::testing::{Engine, OnEngine, db_test};
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};
use types::InboxId;

use crate::testing::{Answer, Caller, TestApp};

/// An account with an administrator and an agent.
struct Desk {
    app: TestApp,
    administrator: Caller,
    agent: Caller,
}

impl OnEngine for Desk {
    async fn on(engine: Engine) -> Self {
        let app = TestApp::on(engine).await;
        let account = app.account().await;
        let (administrator, agent) = (app.administrator(account).await, app.agent(account).await);
        Self { app, administrator, agent }
    }
}

impl Desk {
    async fn try_create(&self, body: Value) -> Answer {
        self.app.post(&self.agent, "contacts", body).await
    }

    async fn create(&self, body: Value) -> Value {
        self.try_create(body).await.expect(200).json()["payload"].clone()
    }

    /// Creates a contact that is found by its name; gives its id.
    async fn add(&self, name: &str, more: Value) -> i64 {
        let mut body = json!({ "name": name, "identifier": format!("id of {name}") });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.create(body).await["contact"]["id"].as_i64().unwrap()
    }

    /// The contact is refused, these fields are named, and nothing is stored.
    async fn refuse(&self, body: Value, fields: &[&str]) {
        let before = self.app.row_counts().await;
        let refused = self.try_create(body.clone()).await;
        assert_eq!(refused.status, 422, "{body}");
        let refused = refused.json();
        assert_eq!(refused["attributes"], json!(fields), "{body}");
        assert!(refused["message"].is_string());
        assert_eq!(self.app.row_counts().await, before, "{body}");
    }

    async fn list(&self, path: &str) -> Value {
        self.app.get(&self.agent, path).await.expect(200).json()
    }

    /// Names on a page.
    async fn names(&self, path: &str) -> Vec<String> {
        let list = self.list(path).await;
        let names = list["payload"].as_array().unwrap().iter().map(|contact| contact["name"].as_str().unwrap_or("-"));
        names.map(str::to_owned).collect()
    }

    /// Names that a search finds, which its count must agree with.
    async fn found(&self, q: &str) -> Vec<String> {
        let path = format!("contacts/search?sort=name&q={}", encoded(q));
        let names = self.names(&path).await;
        assert_eq!(self.list(&path).await["meta"]["count"], json!(names.len()), "{q}");
        names
    }

    async fn inbox(&self, channel: Value) -> InboxId {
        let body = json!({ "name": "Elsewhere", "channel": channel });
        let inbox = self.app.post(&self.administrator, "inboxes", body).await.expect(200).json();
        InboxId::new(inbox["id"].as_i64().unwrap())
    }

    async fn execute(&self, text: &'static str, params: &[i64]) {
        let params: Vec<_> = params.iter().map(types::ToValue::to_value).collect();
        let done = self.app.app.store.write(move |tx| tx.query_built::<(i64,)>(text, &params));
        done.await.map_err(|error: ::store::Error| error).unwrap();
    }

    /// Puts a label on a contact.
    async fn label(&self, contact: i64, name: &'static str) {
        let account = self.agent.account;
        let done = self.app.app.store.write(move |tx| {
            let (tag, _) = crate::label::store::find_or_create_tag(tx, account, name, &crate::text::fold(name))?;
            let now = tx.now();
            tx.execute(
                ::store::sql!(
                    "INSERT INTO contact_tags (account_id, contact_id, tag_id, created_at) VALUES ($1, $2, $3, $4)"
                ),
                (account, contact, tag, now),
            )?;
            Ok::<_, crate::Error>(())
        });
        done.await.unwrap();
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat()
}

#[db_test]
async fn a_contact_is_made_with_what_is_given_and_needs_nothing(desk: Desk) {
    let body = json!({
        "name": "Aino Reed", "email": " Aino@Reed.EXAMPLE ", "phone_number": "+358401112223", "identifier": "crm-4471",
        "additional_attributes": { "city": "Turku" }, "custom_attributes": { "plan": "gold", "none": null },
        "blocked": "true", "color": "unknown"
    });
    let made = desk.create(body).await;
    let contact = &made["contact"];
    let expected = json!({
        "id": contact["id"], "name": "Aino Reed", "email": "aino@reed.example", "phone_number": "+358401112223",
        "identifier": "crm-4471", "additional_attributes": { "city": "Turku" },
        "custom_attributes": { "plan": "gold", "none": null }, "blocked": true, "thumbnail": "",
        "availability_status": "offline", "created_at": contact["created_at"], "contact_inboxes": []
    });
    assert_eq!(*contact, expected);
    assert_eq!(made["contact_inbox"], json!({ "inbox": null, "source_id": null }));
    assert_eq!(desk.app.event_names(desk.agent.account).await.last().unwrap(), "contact.created");

    let shown = desk.list(&format!("contacts/{}", contact["id"])).await;
    assert_eq!(shown["payload"], expected);
    let empty = desk.create(json!({})).await["contact"].clone();
    for key in ["name", "email", "phone_number", "identifier"] {
        assert_eq!(empty[key], Value::Null, "{key}");
    }
    assert_eq!((&empty["blocked"], &empty["custom_attributes"]), (&json!(false), &json!({})));
    let blank = desk.create(json!({ "email": "", "phone_number": "", "identifier": "" })).await["contact"].clone();
    assert_eq!(blank["email"], Value::Null);
    assert_eq!(blank["phone_number"], "", "unlike an e-mail address");
    desk.create(json!({ "phone_number": "", "identifier": "" })).await;
}

#[db_test]
async fn everything_that_is_wrong_is_named_at_once(desk: Desk) {
    let long = "x".repeat(256);
    let body = json!({ "name": long, "email": "nobody", "phone_number": "12", "identifier": long });
    desk.refuse(body, &["email", "phone_number", "name", "identifier"]).await;
    for email in ["nobody", "a@b@c", "a b@c.example", "@c.example", "a@"] {
        desk.refuse(json!({ "email": email }), &["email"]).await;
    }
    for phone in ["358401112223", "+0401112223", "+", "+1", "+1234567890123456", "+12 34"] {
        desk.refuse(json!({ "phone_number": phone }), &["phone_number"]).await;
    }
    desk.create(json!({ "name": "é".repeat(255), "identifier": "i".repeat(255) })).await;
}

#[db_test]
async fn email_phone_and_identifier_are_one_contacts_of_the_account(desk: Desk) {
    let taken = json!({ "email": "aino@reed.example", "phone_number": "+358401112223", "identifier": "Crm-1" });
    desk.create(taken.clone()).await;
    desk.refuse(taken.clone(), &["email", "phone_number", "identifier"]).await;
    desk.refuse(json!({ "email": "AINO@reed.Example" }), &["email"]).await;
    desk.refuse(json!({ "identifier": "Crm-1", "name": "x" }), &["identifier"]).await;
    desk.create(json!({ "identifier": "crm-1" })).await;
    let elsewhere = desk.app.administrator(desk.app.account().await).await;
    desk.app.post(&elsewhere, "contacts", taken).await.expect(200);
}

#[db_test]
async fn of_contacts_that_are_made_at_once_with_one_address_one_is_stored(desk: Desk) {
    for round in 0..5 {
        let body = json!({ "email": format!("race{round}@reed.example") });
        let answers = join_all((0..4).map(|_| desk.try_create(body.clone()))).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422, 422, 422]);
        for answer in answers.iter().filter(|answer| answer.status == 422) {
            assert_eq!(answer.json()["attributes"], json!(["email"]));
        }
    }
    assert_eq!(desk.app.number("SELECT COUNT(*) FROM contacts", &[]).await, 5);
    assert_eq!(desk.list("contacts").await["meta"]["count"], 5);
}

#[db_test]
async fn with_an_inbox_a_session_is_made(desk: Desk) {
    let api = desk.inbox(json!({ "type": "api" })).await;
    let mail = desk.inbox(json!({ "type": "email", "email": format!("p{}@sample.test", desk.agent.id) })).await;
    let made = desk.create(json!({ "inbox_id": api, "email": "one@reed.example" })).await;
    assert_eq!(made["contact_inbox"]["source_id"].as_str().unwrap().len(), 36);
    assert_eq!(made["contact_inbox"]["inbox"]["id"], json!(api));
    assert_eq!(made["contact"]["contact_inboxes"][0]["source_id"], made["contact_inbox"]["source_id"]);
    let made = desk.create(json!({ "inbox_id": api.to_string(), "source_id": "mine" })).await;
    assert_eq!(made["contact_inbox"]["source_id"], "mine");
    let made = desk.create(json!({ "inbox_id": mail, "email": "two@reed.example" })).await;
    assert_eq!(made["contact_inbox"]["source_id"], "two@reed.example");

    desk.refuse(json!({ "inbox_id": api, "source_id": "mine" }), &["source_id"]).await;
    desk.refuse(json!({ "inbox_id": api, "source_id": "x".repeat(256) }), &["source_id"]).await;
    desk.refuse(json!({ "inbox_id": mail, "source_id": "no address" }), &["source_id"]).await;
    let before = desk.app.row_counts().await;
    let refused = desk.try_create(json!({ "inbox_id": mail, "name": "x" })).await.expect(422).json();
    assert!(refused["error"].is_string(), "{refused}");
    let elsewhere = desk.app.administrator(desk.app.account().await).await;
    let foreign = desk.app.api_inbox(&elsewhere).await;
    for inbox in [json!(foreign), json!(99_999_999)] {
        let answer = desk.try_create(json!({ "inbox_id": inbox, "name": "x" })).await.expect(404).json();
        assert!(answer["error"].is_string());
    }
    let contacts = |counts: Vec<(String, i64)>| -> Vec<(String, i64)> {
        counts.into_iter().filter(|(table, _)| table.starts_with("contact")).collect()
    };
    assert_eq!(contacts(desk.app.row_counts().await), contacts(before));
    desk.create(json!({ "source_id": "without an inbox it means nothing" })).await;
}

#[db_test]
async fn lists_show_who_can_be_reached_and_count_them(desk: Desk) {
    desk.create(json!({ "name": "anonymous" })).await;
    desk.create(json!({ "name": "blank", "email": "", "phone_number": "" })).await;
    let reachable = [
        desk.create(json!({ "email": "a@reed.example" })).await,
        desk.create(json!({ "phone_number": "+358401112223" })).await,
        desk.create(json!({ "identifier": "crm-1" })).await,
    ];
    let elsewhere = desk.app.administrator(desk.app.account().await).await;
    desk.app.contact(&elsewhere).await;
    let list = desk.list("contacts").await;
    let ids: Vec<&Value> = list["payload"].as_array().unwrap().iter().map(|contact| &contact["id"]).collect();
    assert_eq!(ids, reachable.iter().map(|made| &made["contact"]["id"]).collect::<Vec<_>>(), "by id");
    assert_eq!(list["meta"], json!({ "count": 3, "current_page": 1 }));
    let counted = "SELECT COUNT(*) FROM contacts WHERE account_id = $1 AND is_resolved";
    assert_eq!(desk.app.number(counted, &[desk.agent.account.get()]).await, 3);

    let api = desk.app.api_inbox(&desk.administrator).await;
    let contact = &reachable[0]["contact"]["id"];
    let body = json!({ "inbox_id": api, "contact_id": contact });
    desk.app.post(&desk.administrator, "conversations", body.clone()).await.expect(200);
    desk.app.post(&desk.administrator, "conversations", body).await.expect(200);
    let list = desk.list("contacts").await;
    let counts: Vec<_> = list["payload"].as_array().unwrap().iter().map(|row| &row["conversations_count"]).collect();
    assert_eq!(counts, [2, 0, 0]);
}

#[db_test]
async fn a_page_holds_fifteen(desk: Desk) {
    for number in 0..17 {
        desk.add(&format!("c{number:02}"), json!({})).await;
    }
    assert_eq!(desk.names("contacts?sort=name").await.len(), 15);
    assert_eq!(desk.names("contacts?sort=name&page=2").await, ["c15", "c16"]);
    assert_eq!(desk.names("contacts?sort=-name&page=2").await, ["c01", "c00"]);
    assert_eq!(desk.names("contacts?page=3").await, Vec::<String>::new());
    for first in ["", "abc", "0", "-2"] {
        let list = desk.list(&format!("contacts?sort=name&page={first}")).await;
        assert_eq!((&list["meta"]["current_page"], &list["meta"]["count"]), (&json!(1), &json!(17)), "{first}");
        assert_eq!(list["payload"][0]["name"], "c00");
    }
    let meta = async |path: &str| desk.list(path).await["meta"].clone();
    let expected = |page: i64, more: bool| json!({ "count": 17, "current_page": page, "has_more": more });
    assert_eq!(meta("contacts/search?q=C").await, expected(1, true));
    assert_eq!(meta("contacts/search?q=C&page=2").await, expected(2, false));
    assert_eq!(meta("contacts/search?q=C&page=9223372036854775807").await, expected(i64::MAX, false));
}

#[db_test]
async fn sorting_follows_the_contracts_order_whatever_was_asked_first(desk: Desk) {
    let place = |city: &str, country: &str, company: &str| json!({ "additional_attributes": { "city": city, "country": country, "company_name": company } });
    let mut bo = place("Turku", "FI", "Larks");
    bo["email"] = json!("z@reed.example");
    let mut first = place("Oslo", "NO", "Herons");
    first["phone_number"] = json!("+4740000000");
    desk.add("bo", bo).await;
    desk.add("Ada", first).await;
    desk.add("ada", json!({ "email": "a@reed.example", "phone_number": "+358400000000" })).await;
    desk.add("Émile", place("", "", "")).await;
    desk.add("9 lives", json!({ "additional_attributes": { "city": 5 } })).await;
    desk.create(json!({ "identifier": "nameless" })).await;
    for (sort, expected) in [
        ("name", ["9 lives", "ada", "Ada", "bo", "Émile", "-"]),
        ("-name", ["-", "Émile", "bo", "ada", "Ada", "9 lives"]),
        ("email", ["ada", "bo", "-", "9 lives", "Émile", "Ada"]),
        ("-email", ["-", "9 lives", "Émile", "Ada", "bo", "ada"]),
        ("phone_number", ["ada", "Ada", "-", "9 lives", "Émile", "bo"]),
        ("-phone_number", ["-", "9 lives", "Émile", "bo", "Ada", "ada"]),
        ("city", ["Émile", "Ada", "bo", "-", "9 lives", "ada"]),
        ("-city", ["bo", "Ada", "Émile", "-", "9 lives", "ada"]),
        ("country", ["Émile", "bo", "Ada", "-", "9 lives", "ada"]),
        ("company", ["Émile", "Ada", "bo", "-", "9 lives", "ada"]),
        ("company_name", ["Émile", "Ada", "bo", "-", "9 lives", "ada"]),
        ("-company", ["bo", "Ada", "Émile", "-", "9 lives", "ada"]),
        ("last_activity_at", ["-", "9 lives", "Émile", "ada", "Ada", "bo"]),
        ("created_at", ["-", "9 lives", "Émile", "ada", "Ada", "bo"]),
        // The keys' own order: the e-mail address decides, then the name.
        ("name,email", ["ada", "bo", "9 lives", "Ada", "Émile", "-"]),
        ("email,-name", ["ada", "bo", "-", "Émile", "Ada", "9 lives"]),
        ("city, -name ,nonsense", ["-", "Émile", "bo", "Ada", "ada", "9 lives"]),
        ("", ["bo", "Ada", "ada", "Émile", "9 lives", "-"]),
        ("nonsense,--name", ["bo", "Ada", "ada", "Émile", "9 lives", "-"]),
    ] {
        assert_eq!(desk.names(&format!("contacts?sort={}", encoded(sort))).await, expected, "{sort}");
    }
}

#[db_test]
async fn the_last_activity_sorts_with_the_silent_ones_last(desk: Desk) {
    let inbox = desk.app.api_inbox(&desk.administrator).await;
    for name in ["early", "silent", "late"] {
        let contact = desk.add(name, json!({})).await;
        let body = json!({ "inbox_id": inbox, "contact_id": contact });
        let opened = desk.app.post(&desk.administrator, "conversations", body).await.expect(200).json();
        if name != "silent" {
            desk.app.clock.advance(std::time::Duration::from_secs(10));
            let path = format!("conversations/{}/messages", opened["id"]);
            let body = json!({ "content": "x", "message_type": "incoming" });
            desk.app.post(&desk.administrator, &path, body).await.expect(200);
        }
    }
    assert_eq!(desk.names("contacts?sort=last_activity_at").await, ["early", "late", "silent"]);
    assert_eq!(desk.names("contacts?sort=-last_activity_at").await, ["late", "early", "silent"]);
    let list = desk.list("contacts?sort=-last_activity_at").await;
    assert!(list["payload"][0]["last_activity_at"].is_i64());
    assert_eq!(list["payload"][2].get("last_activity_at"), None);
}

#[db_test]
async fn labels_select_contacts_that_have_any_of_them(desk: Desk) {
    let (one, two) = (desk.add("one", json!({})).await, desk.add("two", json!({})).await);
    desk.add("three", json!({})).await;
    let hidden = desk.create(json!({ "name": "anonymous" })).await["contact"]["id"].as_i64().unwrap();
    for (contact, label) in [(one, "Vip"), (one, "äpfel"), (two, "Vip"), (hidden, "Vip")] {
        desk.label(contact, label).await;
    }
    for (query, expected) in [
        ("labels[]=vip", vec!["one", "two"]),
        ("labels[]=VIP&labels[]=%C3%84PFEL", vec!["one", "two"]),
        ("labels[]=%C3%84pfel", vec!["one"]),
        ("labels=none,vip", vec!["one", "two"]),
        ("labels=none", vec![]),
        ("labels=", vec![]),
        ("labels[]=", vec![]),
    ] {
        let path = format!("contacts?sort=name&{query}");
        assert_eq!(desk.names(&path).await, expected, "{query}");
        assert_eq!(desk.list(&path).await["meta"]["count"], json!(expected.len()), "{query}");
    }
    assert_eq!(desk.names("contacts/search?q=o&labels[]=vip&sort=name").await, ["one", "two"]);
}

#[db_test]
async fn a_search_looks_into_four_fields_without_case_and_takes_signs_literally(desk: Desk) {
    let more = json!({ "email": "Aino_R@reed.example", "phone_number": "+358401112223", "identifier": "CRM-4471" });
    desk.create(json!({ "name": "Älva Größe" })).await;
    desk.add("Aino Éclair", more).await;
    desk.add(r"100%_\ sure", json!({ "identifier": "x" })).await;
    desk.add("STRASSE", json!({})).await;
    let aino = "Aino Éclair";
    for q in ["aino", " AINO ", "éclair", "no É", "o_r@REED", "+358", "40111", "CRM-4471", "crm-44", "é", "no"] {
        assert_eq!(desk.found(q).await, [aino], "{q}");
    }
    for q in ["%", "100%", r"\", "%_", r"_\ s"] {
        assert_eq!(desk.found(q).await, [r"100%_\ sure"], "{q}");
    }
    assert_eq!(desk.found("_").await, [r"100%_\ sure", aino]);
    for q in ["größe", "straße", "aino%", "Éclairaino", "clair\naino", "c_l", "nobody"] {
        assert_eq!(desk.found(q).await, Vec::<String>::new(), "{q}");
    }
    desk.add("two\nlines", json!({})).await;
    assert_eq!(desk.found("o\nLi").await, ["two\nlines"]);
    for path in ["contacts/search", "contacts/search?q=", "contacts/search?q=%20%20"] {
        let refused = desk.app.get(&desk.agent, path).await.expect(422).json();
        assert!(refused["error"].is_string(), "{refused}");
    }
    assert_eq!(desk.names("contacts?q=nobody").await.len(), 4, "lists do not search");
}

#[db_test]
async fn sessions_are_shown_unless_refused_and_secrets_to_administrators_only(desk: Desk) {
    let inbox = desk.app.api_inbox(&desk.administrator).await;
    let contact = desk.add("Aino", json!({ "inbox_id": inbox, "source_id": "s1" })).await;
    desk.add("Bo", json!({})).await;
    for (query, shown) in [
        ("", true),
        ("include_contact_inboxes=true", true),
        ("include_contact_inboxes=", true),
        ("include_contact_inboxes=false", false),
        ("include_contact_inboxes=1", false),
    ] {
        for path in [format!("contacts?sort=name&{query}"), format!("contacts/search?sort=name&q=o&{query}")] {
            let list = desk.list(&path).await;
            let sessions = list["payload"][0].get("contact_inboxes");
            assert_eq!(sessions.is_some(), shown, "{path}");
            assert!(sessions.is_none_or(|sessions| sessions[0]["source_id"] == "s1"));
            assert!(list["payload"][1].get("contact_inboxes").is_none_or(|sessions| *sessions == json!([])));
        }
    }
    let path = format!("contacts/{contact}");
    let paths = [path.as_str(), "contacts", "contacts/search?q=aino"];
    for path in paths {
        for (caller, secrets) in [(&desk.administrator, true), (&desk.agent, false)] {
            let answer = desk.app.get(caller, path).await.expect(200).json();
            let contact = answer["payload"].get(0).unwrap_or(&answer["payload"]);
            let shown = &contact["contact_inboxes"][0]["inbox"];
            assert_eq!(shown["id"], json!(inbox));
            for key in ["hmac_token", "secret"] {
                let given = shown.get(key).is_some_and(Value::is_string);
                assert_eq!(given, secrets, "{key} of {path}");
            }
        }
    }
    let body = json!({ "inbox_id": inbox, "name": "x" });
    let made = desk.app.post(&desk.agent, "contacts", body).await.expect(200).json();
    let inbox = &made["payload"]["contact"]["contact_inboxes"][0]["inbox"];
    assert!(!inbox["hmac_token"].is_string() && !inbox["secret"].is_string(), "{inbox}");
}

#[db_test]
async fn every_member_sees_every_contact_of_its_account_and_of_no_other(desk: Desk) {
    let contact = desk.add("Aino", json!({})).await;
    let elsewhere = desk.app.administrator(desk.app.account().await).await;
    let path = format!("contacts/{contact}");
    desk.app.get(&desk.agent, &path).await.expect(200);
    for unknown in [desk.app.get(&elsewhere, &path).await, desk.app.get(&desk.agent, "contacts/99999999").await] {
        assert!(unknown.expect(404).json()["error"].is_string());
    }
    let foreign = format!("/api/v1/accounts/{}/{path}", desk.agent.account);
    desk.app.get(&elsewhere, &foreign).await.expect(403);
    desk.app.call(Method::GET, &foreign, None, None).await.expect(401);
    desk.app.call(Method::GET, &foreign, Some("wrong"), None).await.expect(401);
    desk.execute("UPDATE contacts SET deleting_at = 1 WHERE id = $1", &[contact]).await;
    desk.app.get(&desk.agent, &path).await.expect(404);
    assert_eq!(desk.names("contacts/search?q=aino").await, Vec::<String>::new());
    // Its address, number and id are free again.
    desk.add("Aino", json!({})).await;
    assert_eq!(desk.names("contacts/search?q=aino").await, ["Aino"]);
}

#[db_test]
async fn the_kept_count_is_the_counted_one_whatever_failed_between(desk: Desk) {
    let bodies = (0..30).map(|number| match number % 3 {
        0 => json!({ "email": format!("c{}@reed.example", number / 2) }),
        1 => json!({ "name": "anonymous" }),
        _ => json!({ "identifier": (number / 4).to_string() }),
    });
    join_all(bodies.map(|body| desk.try_create(body))).await;
    let account = [desk.agent.account.get()];
    let counted = "SELECT COUNT(*) FROM contacts WHERE account_id = $1 AND is_resolved";
    let kept = desk.list("contacts").await["meta"]["count"].as_i64().unwrap();
    assert_eq!(desk.app.number(counted, &account).await, kept);
}
