//! The Public API, as a contact's client sees it.

mod answer;
mod change;
mod merge;

use ::store::testing::{Engine, OnEngine, db_test};
use futures_util::future::join_all;
use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use types::InboxId;

use crate::testing::{Answer, Caller, TestApp};

/// An account with an API inbox that contacts reach under its identifier.
struct Site {
    app: TestApp,
    administrator: Caller,
    inbox: InboxId,
    identifier: String,
    key: String,
}

impl OnEngine for Site {
    async fn on(engine: Engine) -> Self {
        let app = TestApp::on(engine).await;
        let administrator = app.administrator(app.account().await).await;
        let (inbox, identifier, key) = open_inbox(&app, &administrator, json!({ "type": "api" })).await;
        Self { app, administrator, inbox, identifier, key }
    }
}

/// A new inbox: its id, identifier and HMAC key.
async fn open_inbox(app: &TestApp, administrator: &Caller, channel: Value) -> (InboxId, String, String) {
    let body = json!({ "name": "Site", "channel": channel });
    let inbox = app.post(administrator, "inboxes", body).await.expect(200).json();
    let text = |key: &str| inbox[key].as_str().unwrap().to_owned();
    (InboxId::new(inbox["id"].as_i64().unwrap()), text("inbox_identifier"), text("hmac_token"))
}

fn hash(key: &str, identifier: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(identifier.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

impl Site {
    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let path = format!("/public/api/v1/inboxes/{}/contacts{path}", self.identifier);
        self.app.call(method, &path, None, body.as_ref()).await
    }

    async fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path, None).await.expect(200).json()
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.call(Method::POST, path, Some(body)).await.expect(200).json()
    }

    async fn arrive(&self, body: Value) -> Value {
        self.post("", body).await
    }

    /// A new contact's session.
    async fn session(&self, name: &str) -> String {
        self.arrive(json!({ "name": name })).await["source_id"].as_str().unwrap().to_owned()
    }

    async fn open(&self, session: &str) -> i64 {
        self.post(&format!("/{session}/conversations"), json!({})).await["id"].as_i64().unwrap()
    }

    async fn write(&self, session: &str, number: i64, content: &str) -> Value {
        self.post(&format!("/{session}/conversations/{number}/messages"), json!({ "content": content })).await
    }

    /// What the team writes.
    async fn answer(&self, number: i64, body: Value) -> Value {
        let path = format!("conversations/{number}/messages");
        self.app.post(&self.administrator, &path, body).await.expect(200).json()
    }

    async fn show(&self, number: i64) -> Value {
        self.app.get(&self.administrator, &format!("conversations/{number}")).await.expect(200).json()
    }

    /// Contents of the messages that the session sees.
    async fn texts(&self, session: &str, number: i64, query: &str) -> Vec<String> {
        contents(&self.get(&format!("/{session}/conversations/{number}/messages?{query}")).await)
    }

    /// Numbers of the conversations that the session sees.
    async fn numbers(&self, session: &str) -> Vec<i64> {
        let list = self.get(&format!("/{session}/conversations")).await;
        list.as_array().unwrap().iter().map(|conversation| conversation["id"].as_i64().unwrap()).collect()
    }

    async fn execute(&self, text: &'static str, params: &[i64]) {
        let params: Vec<_> = params.iter().map(types::ToValue::to_value).collect();
        let done = self.app.app.store.write(move |tx| tx.query_built::<(i64,)>(text, &params));
        done.await.map_err(|error: ::store::Error| error).unwrap();
    }
}

fn contents(messages: &Value) -> Vec<String> {
    messages.as_array().unwrap().iter().map(|message| message["content"].as_str().unwrap().to_owned()).collect()
}

fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[db_test]
async fn a_contact_arrives_with_what_it_tells_or_with_a_name_made_up(site: Site) {
    let body = json!({
        "name": "Aino Reed", "email": "Aino@Reed.example", "phone_number": "+358401112223", "identifier": "crm-1",
        "custom_attributes": { "plan": "gold" }, "color": "unknown"
    });
    let made = site.arrive(body).await;
    let expected = json!({
        "source_id": made["source_id"], "pubsub_token": made["pubsub_token"], "id": made["id"], "name": "Aino Reed",
        "email": "aino@reed.example", "phone_number": "+358401112223"
    });
    assert_eq!(made, expected);
    assert_eq!(made["source_id"].as_str().unwrap().len(), 36);
    assert_eq!(made["pubsub_token"].as_str().unwrap().len(), 24);
    assert_eq!(site.get(&format!("/{}", made["source_id"].as_str().unwrap())).await, made);
    let path = format!("contacts/{}", made["id"]);
    let contact = site.app.get(&site.administrator, &path).await.expect(200).json()["payload"].clone();
    assert_eq!(contact["identifier"], "crm-1");
    assert_eq!(contact["custom_attributes"], json!({ "plan": "gold" }));
    assert_eq!(contact["contact_inboxes"][0]["source_id"], made["source_id"]);

    for body in [json!({}), json!({ "name": "" }), json!({ "name": null, "source_id": "" })] {
        let made = site.arrive(body).await;
        assert_eq!(made["name"].as_str().unwrap().split('-').count(), 3, "{made}");
        assert_eq!(made["source_id"].as_str().unwrap().len(), 36);
    }
}

#[db_test]
async fn what_a_contact_cannot_be_is_named(site: Site) {
    let before = site.app.row_counts().await;
    let body = json!({ "email": "nobody", "phone_number": "12", "name": "x".repeat(256) });
    let refused = site.call(Method::POST, "", Some(body)).await.expect(422).json();
    assert_eq!(refused["attributes"], json!(["email", "phone_number", "name"]));
    let body = json!({ "source_id": "x".repeat(256) });
    let refused = site.call(Method::POST, "", Some(body)).await.expect(422).json();
    assert_eq!(refused["attributes"], json!(["source_id"]));
    assert_eq!(site.app.row_counts().await, before);
}

#[db_test]
async fn a_known_session_is_given_back_unchanged(site: Site) {
    let made = site.arrive(json!({ "source_id": "mine", "name": "Aino", "email": "a@reed.example" })).await;
    assert_eq!(made["source_id"], "mine");
    let other = site.arrive(json!({ "email": "b@reed.example" })).await;
    let before = site.app.row_counts().await;
    for body in [
        json!({ "source_id": "mine" }),
        json!({ "source_id": "mine", "name": "Bo", "email": "b@reed.example", "custom_attributes": { "x": 1 } }),
    ] {
        assert_eq!(site.arrive(body).await, made);
    }
    assert_eq!(site.app.row_counts().await, before);
    assert_ne!(made["id"], other["id"]);
}

#[db_test]
async fn a_known_contact_gets_a_new_session_and_stays_as_it_is(site: Site) {
    let contact = async |body: Value| site.arrive(body).await["id"].clone();
    let by_id = contact(json!({ "identifier": "crm-1", "name": "A" })).await;
    let by_email = contact(json!({ "email": "b@reed.example", "name": "B" })).await;
    let by_phone = contact(json!({ "phone_number": "+358401112223", "name": "C" })).await;
    let everything = json!({
        "identifier": "crm-1", "email": "B@reed.example", "phone_number": "+358401112223", "name": "new"
    });
    let found = site.arrive(everything).await;
    assert_eq!((&found["id"], &found["name"], &found["email"]), (&by_id, &json!("A"), &Value::Null));
    let found = site
        .arrive(json!({ "identifier": "unknown", "email": "B@reed.example", "phone_number": "+358401112223" }))
        .await;
    assert_eq!((&found["id"], &found["phone_number"]), (&by_email, &Value::Null));
    assert_eq!(contact(json!({ "email": "new@reed.example", "phone_number": "+358401112223" })).await, by_phone);
    let sessions = "SELECT COUNT(*) FROM contact_inboxes WHERE contact_id = $1";
    assert_eq!(site.app.number(sessions, &[by_id.as_i64().unwrap()]).await, 2);
    assert_eq!(site.app.number("SELECT COUNT(*) FROM contacts", &[]).await, 3);
    // An empty number is nobody's.
    contact(json!({ "phone_number": "" })).await;
    contact(json!({ "phone_number": "" })).await;
    assert_eq!(site.app.number("SELECT COUNT(*) FROM contacts", &[]).await, 5);
    // Another account's contact is another one.
    let elsewhere = site.app.administrator(site.app.account().await).await;
    let (_, identifier, _) = open_inbox(&site.app, &elsewhere, json!({ "type": "api" })).await;
    let path = format!("/public/api/v1/inboxes/{identifier}/contacts");
    let other = site.app.call(Method::POST, &path, None, Some(&json!({ "identifier": "crm-1" }))).await.expect(200);
    assert_ne!(other.json()["id"], by_id);
}

#[db_test]
async fn contacts_that_arrive_at_once_are_one(site: Site) {
    let body = json!({ "email": "race@reed.example", "source_id": "one" });
    let made = join_all((0..8).map(|_| site.arrive(body.clone()))).await;
    assert!(made.iter().all(|contact| *contact == made[0]));
    let body = json!({ "identifier": "crm-9" });
    let made = join_all((0..8).map(|_| site.arrive(body.clone()))).await;
    assert!(made.iter().all(|contact| contact["id"] == made[0]["id"]));
    assert_eq!(site.app.number("SELECT COUNT(*) FROM contacts", &[]).await, 2);
    assert_eq!(site.app.number("SELECT COUNT(*) FROM contact_inboxes", &[]).await, 9);
    assert_eq!(site.app.number("SELECT resolved_count FROM contact_counters", &[]).await, 2);
}

#[db_test]
async fn identity_is_proved_by_a_hash_that_some_inboxes_ask_for(site: Site) {
    let right = hash(&site.key, "crm-1");
    let status = async |site: &Site, body: Value| {
        let answer = site.call(Method::POST, "", Some(body)).await;
        if answer.status == 401 {
            assert_eq!(keys(&answer.json()), ["error"]);
        }
        answer.status.as_u16()
    };
    let upper = right.to_uppercase();
    let proofs = [
        (json!({ "identifier": "crm-1", "identifier_hash": right }), 200),
        (json!({ "identifier": "crm-2", "identifier_hash": right }), 401),
        (json!({ "identifier": "crm-1", "identifier_hash": "00" }), 401),
        (json!({ "identifier": "crm-1", "identifier_hash": "not hex" }), 401),
        (json!({ "identifier": "crm-1", "identifier_hash": upper }), 401),
        (json!({ "identifier_hash": hash(&site.key, "") }), 200),
    ];
    for (body, expected) in &proofs {
        assert_eq!(status(&site, body.clone()).await, *expected, "{body}");
    }
    assert_eq!(status(&site, json!({ "identifier": "crm-1" })).await, 200, "no proof is asked for");
    let (inbox, identifier, key) =
        open_inbox(&site.app, &site.administrator, json!({ "type": "api", "hmac_mandatory": true })).await;
    let strict = Site { inbox, identifier, key, ..site };
    let before = strict.app.row_counts().await;
    for body in [json!({}), json!({ "identifier": "crm-1" }), json!({ "identifier": "crm-1", "identifier_hash": "" })] {
        assert_eq!(status(&strict, body.clone()).await, 401, "{body}");
    }
    assert_eq!(strict.app.row_counts().await, before);
    let proof = hash(&strict.key, "crm-1");
    let body = json!({ "identifier": "crm-1", "identifier_hash": proof, "source_id": "s" });
    assert_eq!(status(&strict, body).await, 200);
    strict.call(Method::GET, "/s", None).await.expect(401);
    strict.call(Method::GET, "/s?identifier=crm-1&identifier_hash=00", None).await.expect(401);
    strict.call(Method::GET, &format!("/s?identifier=crm-1&identifier_hash={proof}"), None).await.expect(200);
    // Conversations ask for no proof of their own.
    strict.call(Method::POST, "/s/conversations", Some(json!({}))).await.expect(200);
}

#[db_test]
async fn a_proved_session_sees_all_conversations_of_its_contact_for_good(site: Site) {
    let who = |source_id: &str| json!({ "identifier": "crm-1", "source_id": source_id });
    let proof = format!("?identifier=crm-1&identifier_hash={}", hash(&site.key, "crm-1"));
    site.arrive(who("one")).await;
    site.arrive(who("two")).await;
    let (inbox, identifier, key) = open_inbox(&site.app, &site.administrator, json!({ "type": "api" })).await;
    let stranger = site.session("Stranger").await;
    let mut numbers = vec![site.open("one").await, site.open("two").await];
    site.open(&stranger).await;
    site.write("two", numbers[1], "from two").await;
    let path = format!("/public/api/v1/inboxes/{identifier}/contacts");
    site.app.call(Method::POST, &path, None, Some(&who("three"))).await.expect(200);
    let path = format!("{path}/three/conversations");
    let third = site.app.call(Method::POST, &path, None, Some(&json!({}))).await.expect(200).json();
    numbers.push(third["id"].as_i64().unwrap());
    let _ = (inbox, key);

    assert_eq!(site.numbers("one").await, [numbers[0]]);
    for hidden in [numbers[1], numbers[2], 999_999] {
        let path = format!("/one/conversations/{hidden}/messages");
        let missing = site.call(Method::GET, &path, None).await.expect(404).json();
        assert_eq!((keys(&missing), &missing["status"]), (vec!["error", "status"], &json!(404)));
        site.call(Method::POST, &path, Some(json!({ "content": "x" }))).await.expect(404);
    }
    // Creation with a proof does not prove the session, a wrong proof neither.
    let body = json!({ "identifier": "crm-1", "source_id": "one", "identifier_hash": hash(&site.key, "crm-1") });
    site.arrive(body).await;
    site.call(Method::GET, "/one?identifier=crm-1&identifier_hash=00", None).await.expect(401);
    site.get("/one?identifier=crm-1").await;
    assert_eq!(site.numbers("one").await, [numbers[0]]);
    assert_eq!(site.show(numbers[0]).await["meta"]["hmac_verified"], false);

    site.get(&format!("/one{proof}")).await;
    assert_eq!(site.numbers("one").await, numbers);
    assert_eq!(site.texts("one", numbers[1], "").await, ["from two"]);
    site.write("one", numbers[2], "from one").await;
    site.get("/one").await;
    assert_eq!(site.numbers("one").await, numbers, "for good");
    assert_eq!(site.numbers("two").await, [numbers[1]], "that session only");
    assert_eq!(site.show(numbers[0]).await["meta"]["hmac_verified"], true);
}

#[db_test]
async fn a_proof_opens_nothing_of_a_contact_that_has_no_identifier(site: Site) {
    site.arrive(json!({ "email": "zoe@sample.test", "source_id": "zoe" })).await;
    site.open("zoe").await;
    // Whoever knows the address gets a session of that contact; its own identity proves nothing about it.
    site.arrive(json!({ "email": "zoe@sample.test", "source_id": "mallory" })).await;
    let own = site.open("mallory").await;
    let proof = format!("?identifier=mallory&identifier_hash={}", hash(&site.key, "mallory"));
    site.get(&format!("/mallory{proof}")).await;
    assert_eq!(site.numbers("mallory").await, [own]);
    assert_eq!(site.show(own).await["meta"]["hmac_verified"], false);
}

#[db_test]
async fn a_conversation_is_opened_empty_each_time(site: Site) {
    let session = site.session("Aino").await;
    let path = format!("/{session}/conversations");
    let made = site.post(&path, json!({ "custom_attributes": { "order": "A-7" } })).await;
    let shown = site.show(made["id"].as_i64().unwrap()).await;
    assert_eq!(shown["custom_attributes"], json!({ "order": "A-7" }));
    let expected = json!({
        "id": 1, "uuid": shown["uuid"], "inbox_id": site.inbox, "contact_last_seen_at": 0, "status": "open",
        "agent_last_seen_at": 0, "messages": [], "contact": made["contact"]
    });
    assert_eq!(made, expected);
    let contact = [
        "account_id",
        "additional_attributes",
        "blocked",
        "created_at",
        "custom_attributes",
        "email",
        "id",
        "identifier",
        "label_list",
        "last_activity_at",
        "name",
        "phone_number",
        "updated_at",
    ];
    assert_eq!(keys(&made["contact"]), contact);
    site.call(Method::POST, &path, None).await.expect(200);
    site.open(&session).await;
    assert_eq!(site.numbers(&session).await, [1, 2, 3]);
    // A change does not move it in the list.
    site.write(&session, 1, "newest activity").await;
    assert_eq!(site.numbers(&session).await, [1, 2, 3]);
    let too_long = json!({ "custom_attributes": { "order": "x".repeat(1_501) } });
    let refused = site.call(Method::POST, &path, Some(too_long)).await.expect(422).json();
    assert_eq!(refused["attributes"], json!(["custom_attributes"]));
}

#[db_test]
async fn bots_blocks_and_locks_decide_how_a_conversation_starts(site: Site) {
    let blocked = site.arrive(json!({ "source_id": "blocked" })).await["id"].as_i64().unwrap();
    site.execute("UPDATE contacts SET blocked = TRUE WHERE id = $1", &[blocked]).await;
    let made = site.post("/blocked/conversations", json!({})).await;
    assert_eq!(made["status"], "resolved");
    let number = made["id"].as_i64().unwrap();
    let message = site.write("blocked", number, "anybody?").await;
    assert_eq!((&message["content"], &site.show(number).await["status"]), (&json!("anybody?"), &json!("resolved")));

    let session = site.session("Aino").await;
    let first = site.open(&session).await;
    site.execute("UPDATE inboxes SET lock_to_single_conversation = TRUE WHERE id = $1", &[site.inbox.get()]).await;
    let second = site.open(&session).await;
    assert_eq!(first, second);
    site.write(&session, first, "hello").await;
    let again = site.post(&format!("/{session}/conversations"), json!({})).await;
    assert_eq!((&again["id"], contents(&again["messages"])), (&json!(first), vec!["hello".to_owned()]));
    let other = site.session("Bo").await;
    assert_ne!(site.open(&other).await, first, "one for each session");

    site.execute("UPDATE inboxes SET lock_to_single_conversation = FALSE WHERE id = $1", &[site.inbox.get()]).await;
    site.app.bot(site.administrator.account, site.inbox).await;
    assert_eq!(site.post(&format!("/{session}/conversations"), json!({})).await["status"], "pending");
}

#[db_test]
async fn a_message_is_incoming_text_of_the_contact(site: Site) {
    let session = site.session("Aino").await;
    let number = site.open(&session).await;
    let body = json!({
        "content": "Where is {{ contact.name }}?", "echo_id": "tmp-1", "private": true, "message_type": "outgoing",
        "sender_type": "AgentBot", "content_type": "cards"
    });
    let message = site.post(&format!("/{session}/conversations/{number}/messages"), body).await;
    let expected = json!({
        "id": message["id"], "content": "Where is {{ contact.name }}?", "message_type": 0, "content_type": "text",
        "content_attributes": {}, "created_at": message["created_at"], "conversation_id": number,
        "sender": message["sender"]
    });
    assert_eq!(message, expected);
    assert_eq!((&message["sender"]["type"], &message["sender"]["name"]), (&json!("contact"), &json!("Aino")));
    let shown = site.show(number).await;
    assert_eq!((&shown["unread_count"], shown["messages"].as_array().unwrap().len()), (&json!(1), 1));
    assert!(shown["meta"]["sender"]["last_activity_at"].is_i64());
    let changes = "SELECT COUNT(*) FROM events WHERE name = 'message.created' AND changes LIKE '%tmp-1%'";
    assert_eq!(site.app.number(changes, &[]).await, 1);

    let path = format!("/{session}/conversations/{number}/messages");
    site.post(&path, json!({ "content": "é".repeat(150_000) })).await;
    let before = site.app.row_counts().await;
    let refused = site.call(Method::POST, &path, Some(json!({ "content": "é".repeat(150_001) }))).await;
    assert!(refused.expect(422).json()["error"].is_string());
    assert_eq!(site.app.row_counts().await, before);
}

#[db_test]
async fn contacts_see_neither_notes_nor_activities(site: Site) {
    let session = site.session("Aino").await;
    let number = site.open(&session).await;
    site.write(&session, number, "question").await;
    site.answer(number, json!({ "content": "secret", "private": true })).await;
    site.answer(number, json!({ "content": "answer" })).await;
    site.answer(number, json!({ "content": "form", "message_type": "template" })).await;
    site.answer(number, json!({ "content": "assigned", "message_type": "activity" })).await;
    let path = format!("conversations/{number}/toggle_status");
    site.app.post(&site.administrator, &path, json!({ "status": "pending" })).await.expect(200);
    assert_eq!(site.texts(&session, number, "").await, ["question", "answer", "form"]);
    let list = site.get(&format!("/{session}/conversations")).await;
    assert_eq!(contents(&list[0]["messages"]), ["question", "answer", "form"]);
    let answer = &list[0]["messages"][1];
    assert_eq!((&answer["message_type"], &answer["conversation_id"]), (&json!(1), &json!(number)));
    assert_eq!(answer["sender"]["availability_status"], Value::Null, "there is no account of a caller");
    assert_eq!(list[0]["messages"][0]["sender"]["type"], "contact");
}

#[db_test]
async fn messages_come_twenty_at_a_time_before_a_cursor(site: Site) {
    let session = site.session("Aino").await;
    let number = site.open(&session).await;
    let mut ids = Vec::new();
    for turn in 0..25 {
        ids.push(site.write(&session, number, &turn.to_string()).await["id"].as_i64().unwrap());
        site.answer(number, json!({ "content": "secret", "private": true })).await;
    }
    let window = |from: usize, to: usize| (from..to).map(|turn| turn.to_string()).collect::<Vec<_>>();
    assert_eq!(site.texts(&session, number, "").await, window(5, 25));
    assert_eq!(site.texts(&session, number, &format!("before={}", ids[5])).await, window(0, 5));
    assert_eq!(site.texts(&session, number, &format!("before={}", ids[22])).await, window(2, 22));
    assert_eq!(site.texts(&session, number, "before=").await, window(5, 25));
    assert_eq!(site.texts(&session, number, "before=abc").await, window(0, 0));
    let whole = site.get(&format!("/{session}/conversations")).await;
    assert_eq!(contents(&whole[0]["messages"]), window(0, 25), "the list of conversations has them all");
}

#[db_test]
async fn the_contacts_message_reopens_its_conversation(site: Site) {
    let session = site.session("Aino").await;
    let number = site.open(&session).await;
    for status in ["resolved", "snoozed"] {
        let path = format!("conversations/{number}/toggle_status");
        site.app.post(&site.administrator, &path, json!({ "status": status })).await.expect(200);
        let from = site.app.event_names(site.administrator.account).await.len();
        site.write(&session, number, "again").await;
        assert_eq!(site.show(number).await["status"], "open", "{status}");
        let events = site.app.event_names(site.administrator.account).await.split_off(from);
        let expected = ["conversation.status_changed", "message.created", "contact.updated", "conversation.updated"];
        assert_eq!(events, expected);
    }
}

#[db_test]
async fn what_is_not_there_is_not_found_in_the_frameworks_words(site: Site) {
    let session = site.session("Aino").await;
    let number = site.open(&session).await;
    let other = site.session("Bo").await;
    let elsewhere = site.app.administrator(site.app.account().await).await;
    let (_, foreign, _) = open_inbox(&site.app, &elsewhere, json!({ "type": "api" })).await;
    let base = "/public/api/v1/inboxes";
    let own = format!("{base}/{}/contacts", site.identifier);
    let mut paths = Vec::new();
    for inbox in [format!("{base}/unknown/contacts"), format!("{base}/{foreign}/contacts")] {
        paths.push((Method::GET, format!("{inbox}/{session}")));
        paths.push((Method::GET, format!("{inbox}/{session}/conversations")));
        paths.push((Method::POST, format!("{inbox}/{session}/conversations")));
        paths.push((Method::GET, format!("{inbox}/{session}/conversations/{number}/messages")));
        paths.push((Method::POST, format!("{inbox}/{session}/conversations/{number}/messages")));
    }
    paths.push((Method::POST, format!("{base}/unknown/contacts")));
    for session in ["unknown", other.as_str()] {
        paths.push((Method::GET, format!("{own}/{session}/conversations/{number}/messages")));
        paths.push((Method::POST, format!("{own}/{session}/conversations/{number}/messages")));
    }
    paths.push((Method::GET, format!("{own}/unknown")));
    paths.push((Method::GET, format!("{own}/{session}/conversations/999/messages")));
    paths.push((Method::GET, format!("{own}/{session}/conversations/abc/messages")));
    let before = site.app.row_counts().await;
    for (method, path) in paths {
        let body = (method == Method::POST).then(|| json!({ "content": "x" }));
        let answer = site.app.call(method, &path, None, body.as_ref()).await.expect(404).json();
        assert_eq!((keys(&answer), &answer["status"]), (vec!["error", "status"], &json!(404)), "{path}");
    }
    assert_eq!(site.app.row_counts().await, before);

    site.execute("UPDATE contacts SET deleting_at = 1 WHERE name = 'Aino' AND id > $1", &[0]).await;
    site.call(Method::GET, &format!("/{session}"), None).await.expect(404);
    site.execute("UPDATE inboxes SET deleting_at = 1 WHERE id = $1", &[site.inbox.get()]).await;
    site.call(Method::GET, &format!("/{other}"), None).await.expect(404);
}

#[db_test]
async fn messages_that_come_at_once_keep_their_order_and_count(site: Site) {
    let session = site.session("Aino").await;
    let number = site.open(&session).await;
    let texts: Vec<String> = (0..50).map(|turn| turn.to_string()).collect();
    let written = join_all(texts.iter().map(|text| site.write(&session, number, text))).await;
    let mut answered: Vec<(i64, String)> = written
        .iter()
        .map(|message| (message["id"].as_i64().unwrap(), message["content"].as_str().unwrap().to_owned()))
        .collect();
    answered.sort();
    let list = site.get(&format!("/{session}/conversations")).await;
    let expected: Vec<String> = answered.into_iter().map(|(_, text)| text).collect();
    assert_eq!(contents(&list[0]["messages"]), expected);
    let times: Vec<i64> =
        list[0]["messages"].as_array().unwrap().iter().map(|message| message["created_at"].as_i64().unwrap()).collect();
    assert!(times.is_sorted());
    assert_eq!(site.show(number).await["unread_count"], 50);
    let created = "SELECT COUNT(*) FROM events WHERE name = 'message.created'";
    assert_eq!(site.app.number(created, &[]).await, 50);
}
