//! Messages as clients see them, with what each one does to its conversation.

use std::time::Duration;

use ::store::testing::{Engine, OnEngine, db_test};
use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};
use types::{InboxId, ToValue as _};

use crate::testing::{Answer, Caller, START, TestApp};

/// An account with an administrator, an agent in its API inbox, and a conversation there.
struct Desk {
    app: TestApp,
    administrator: Caller,
    agent: Caller,
    inbox: InboxId,
    number: i64,
}

impl OnEngine for Desk {
    async fn on(engine: Engine) -> Self {
        let app = TestApp::on(engine).await;
        let account = app.account().await;
        let (administrator, agent) = (app.administrator(account).await, app.agent(account).await);
        let inbox = app.api_inbox(&administrator).await;
        app.join(&administrator, inbox, &[&agent]).await;
        let number = app.conversation(&agent, inbox).await;
        Self { app, administrator, agent, inbox, number }
    }
}

impl Desk {
    /// Writes into the conversation as the agent.
    async fn write(&self, body: Value) -> Value {
        self.write_to(self.number, body).await
    }

    async fn write_to(&self, number: i64, body: Value) -> Value {
        self.try_write(&self.agent, number, body).await.expect(200).json()
    }

    async fn try_write(&self, caller: &Caller, number: i64, body: Value) -> Answer {
        self.app.post(caller, &format!("conversations/{number}/messages"), body).await
    }

    /// The message is refused with a sentence, and nothing is stored.
    async fn refuse(&self, number: i64, body: Value) {
        let before = self.app.row_counts().await;
        let answer = self.try_write(&self.administrator, number, body.clone()).await;
        assert_eq!(answer.status, 422, "{:.200}", body.to_string());
        let answer = answer.json();
        assert!(answer["error"].is_string() && answer.as_object().unwrap().len() == 1, "{answer}");
        assert_eq!(self.app.row_counts().await, before, "{:.200}", body.to_string());
    }

    async fn list(&self, query: &str) -> Value {
        let path = format!("conversations/{}/messages?{query}", self.number);
        self.app.get(&self.agent, &path).await.expect(200).json()
    }

    /// Contents of a page.
    async fn texts(&self, query: &str) -> Vec<String> {
        let list = self.list(query).await;
        let messages = list["payload"].as_array().unwrap().iter();
        messages.map(|message| message["content"].as_str().unwrap().to_owned()).collect()
    }

    async fn show(&self, number: i64) -> Value {
        self.app.get(&self.administrator, &format!("conversations/{number}")).await.expect(200).json()
    }

    async fn set_status(&self, number: i64, status: &str) {
        let body = json!({ "status": status });
        self.app.post(&self.administrator, &format!("conversations/{number}/toggle_status"), body).await.expect(200);
    }

    fn advance(&self, seconds: u64) {
        self.app.clock.advance(Duration::from_secs(seconds));
    }

    /// An inbox with another channel, and a conversation of a contact with an e-mail address in it.
    async fn elsewhere(&self, channel: Value) -> i64 {
        let body = json!({ "name": "Elsewhere", "channel": channel });
        let inbox = self.app.post(&self.administrator, "inboxes", body).await.expect(200).json();
        self.app.conversation(&self.administrator, InboxId::new(inbox["id"].as_i64().unwrap())).await
    }

    async fn website(&self) -> i64 {
        self.elsewhere(json!({ "type": "web_widget", "website_url": "https://shop.example" })).await
    }

    async fn post_office(&self) -> i64 {
        self.elsewhere(json!({ "type": "email", "email": format!("post{}@sample.test", self.agent.id) })).await
    }

    async fn execute(&self, text: &'static str, params: &[i64]) {
        let params: Vec<_> = params.iter().map(types::ToValue::to_value).collect();
        let done = self.app.app.store.write(move |tx| tx.query_built::<(i64,)>(text, &params));
        done.await.map_err(|error: ::store::Error| error).unwrap();
    }

    /// Events since the `from`-th of the account: name, actor, changes.
    async fn events(&self, from: usize) -> Vec<(String, String, Value)> {
        let account = self.agent.account;
        let text = "SELECT name, actor, changes FROM events WHERE account_id = $1 ORDER BY seq";
        let rows: Vec<(String, String, types::Json)> = self
            .app
            .app
            .store
            .read(move |conn| conn.query_built(text, &[account.to_value()]))
            .await
            .map_err(|error: ::store::Error| error)
            .unwrap();
        rows.into_iter().skip(from).map(|(name, actor, changes)| (name, actor, changes.read())).collect()
    }

    /// Reporting events of the account: name, seconds, seconds in business hours.
    async fn reporting(&self) -> Vec<(String, f64, f64)> {
        let account = self.agent.account;
        let text = "SELECT name, value, value_in_business_hours FROM reporting_events
                    WHERE account_id = $1 ORDER BY id";
        self.app
            .app
            .store
            .read(move |conn| conn.query_built(text, &[account.to_value()]))
            .await
            .map_err(|error: ::store::Error| error)
            .unwrap()
    }
}

fn ids(messages: &Value) -> Vec<i64> {
    messages["payload"].as_array().unwrap().iter().map(|message| message["id"].as_i64().unwrap()).collect()
}

fn event(name: &str, actor: &str, changes: Value) -> (String, String, Value) {
    (name.to_owned(), actor.to_owned(), changes)
}

#[db_test]
async fn a_message_is_outgoing_public_text_of_the_caller_unless_it_says_otherwise(desk: Desk) {
    let body = json!({ "content": "We have shipped it.", "echo_id": "tmp-8", "color": "unknown" });
    let message = desk.write(body).await;
    let expected = json!({
        "id": message["id"], "content": "We have shipped it.", "inbox_id": desk.inbox, "echo_id": "tmp-8",
        "conversation_id": desk.number, "message_type": 1, "content_type": "text", "status": "sent",
        "content_attributes": {}, "created_at": START.epoch_seconds(), "private": false, "source_id": null,
        "sender": message["sender"]
    });
    assert_eq!(message, expected);
    let sender = message["sender"].as_object().unwrap();
    let keys: Vec<&str> = sender.keys().map(String::as_str).collect();
    let mut expected = vec!["id", "name", "available_name", "avatar_url", "type", "availability_status", "thumbnail"];
    expected.sort_unstable();
    assert_eq!(
        {
            let mut keys = keys;
            keys.sort_unstable();
            keys
        },
        expected
    );
    assert_eq!((&sender["id"], &sender["type"]), (&json!(desk.agent.id), &json!("user")));

    let listed = desk.list("").await["payload"][0].clone();
    assert_eq!(listed.get("echo_id"), None, "only the answer to the creation has it");
    assert_eq!((&listed["id"], &listed["content"]), (&message["id"], &message["content"]));

    let bare = desk.write(json!({ "private": "1", "source_id": 17, "external_created_at": "yesterday" })).await;
    assert_eq!((&bare["content"], &bare["private"], &bare["source_id"]), (&Value::Null, &json!(true), &json!("17")));
    assert_eq!(bare["content_attributes"], json!({ "external_created_at": "yesterday" }));
    assert_eq!(bare.get("echo_id"), None);
    let number = desk.write(json!({ "content": 42 })).await;
    assert_eq!(number["content"], "42");
}

#[db_test]
async fn a_page_holds_the_newest_twenty_and_cursors_move_it(desk: Desk) {
    for turn in 0..45 {
        desk.write(json!({ "content": turn.to_string(), "private": turn % 2 == 1 })).await;
    }
    let all = ids(&desk.list("after=0").await);
    assert_eq!(all.len(), 45);
    assert!(all.is_sorted());
    let window = |from: usize, to: usize| (from..to).map(|turn| turn.to_string()).collect::<Vec<_>>();
    assert_eq!(desk.texts("").await, window(25, 45));
    assert_eq!(desk.texts("before=").await, window(25, 45));
    assert_eq!(desk.texts(&format!("before={}", all[25])).await, window(5, 25));
    assert_eq!(desk.texts(&format!("before={}", all[5])).await, window(0, 5));
    for nothing in ["before=0", "before=-3", "before=abc"] {
        assert_eq!(desk.texts(nothing).await, window(0, 0), "{nothing}");
    }
    assert_eq!(desk.texts(&format!("after={}", all[3])).await, window(4, 45));
    assert_eq!(desk.texts(&format!("after={}", all[44])).await, window(0, 0));
    // With both, `after` itself is inside.
    assert_eq!(desk.texts(&format!("after={}&before={}", all[3], all[9])).await, window(3, 9));
    for filter in ["true", "false", "1"] {
        let texts = desk.texts(&format!("filter_internal_messages={filter}")).await;
        assert_eq!(texts, (3..23).map(|turn| (2 * turn).to_string()).collect::<Vec<_>>(), "{filter}");
    }
    assert_eq!(desk.texts("filter_internal_messages=").await, window(25, 45));
    assert_eq!(desk.texts("filter_internal_messages=%20").await, window(25, 45));
}

#[db_test]
async fn after_gives_at_most_a_hundred_and_both_a_thousand(desk: Desk) {
    let first = desk.write(json!({ "content": "0" })).await["id"].as_i64().unwrap();
    // Doubled ten times: writing them through the API takes a while.
    for _ in 0..10 {
        desk.execute(
            "INSERT INTO messages (account_id, conversation_id, inbox_id, message_type, content_type, content,
                 content_attributes, private, status, user_id, additional_attributes, created_at, updated_at)
             SELECT account_id, conversation_id, inbox_id, message_type, content_type, content, content_attributes,
                 private, status, user_id, additional_attributes, created_at, updated_at FROM messages",
            &[],
        )
        .await;
    }
    assert_eq!(desk.app.number("SELECT COUNT(*) FROM messages", &[]).await, 1_024);
    let hundred = ids(&desk.list(&format!("after={first}")).await);
    assert_eq!(hundred.len(), 100);
    assert!(hundred[0] > first && hundred.is_sorted());
    let thousand = ids(&desk.list(&format!("after={first}&before=999999999")).await);
    assert_eq!((thousand.len(), thousand[0]), (1_000, first));
}

#[db_test]
async fn the_head_of_a_page_tells_of_the_conversation(desk: Desk) {
    let list = desk.list("").await;
    let keys: Vec<&String> = list["meta"].as_object().unwrap().keys().collect();
    assert_eq!(
        keys.into_iter().collect::<std::collections::BTreeSet<_>>(),
        ["additional_attributes", "agent_last_seen_at", "assignee_last_seen_at", "contact", "labels"]
            .map(str::to_owned)
            .iter()
            .collect()
    );
    assert_eq!((&list["meta"]["contact"]["type"], &list["payload"]), (&json!("contact"), &json!([])));
    let path = format!("conversations/{}", desk.number);
    let body = json!({ "assignee_id": desk.agent.id });
    desk.app.post(&desk.administrator, &format!("{path}/assignments"), body).await.expect(200);
    desk.app.post(&desk.agent, &format!("{path}/labels"), json!({ "labels": ["vip"] })).await.expect(200);
    let micros = START.as_micros();
    desk.execute("UPDATE conversations SET agent_last_seen_at = $1", &[micros]).await;
    let meta = desk.list("").await["meta"].clone();
    assert_eq!(meta["assignee"]["id"], json!(desk.agent.id));
    assert_eq!(meta["labels"], json!(["vip"]));
    assert_eq!(meta["agent_last_seen_at"], "2026-01-05T10:00:00.000Z");
    assert_eq!(meta["assignee_last_seen_at"], Value::Null);
}

#[db_test]
async fn the_type_decides_who_sends(desk: Desk) {
    for (word, number) in [("incoming", 0), ("activity", 2), ("template", 3)] {
        let message = desk.write(json!({ "content": "x", "message_type": word })).await;
        assert_eq!((&message["message_type"], &message["sender"]["type"]), (&json!(number), &json!("contact")));
    }
    let (website, mail) = (desk.website().await, desk.post_office().await);
    for number in [website, mail] {
        desk.refuse(number, json!({ "content": "x", "message_type": "incoming" })).await;
        for word in ["outgoing", "activity", "template"] {
            let body = json!({ "content": "x", "message_type": word });
            desk.try_write(&desk.administrator, number, body).await.expect(200);
        }
    }
    desk.refuse(desk.number, json!({ "content": "x", "message_type": "whisper" })).await;
}

#[db_test]
async fn an_outgoing_message_may_be_a_bots(desk: Desk) {
    let account = desk.agent.account;
    let (own, token) = desk.app.bot(account, desk.inbox).await;
    let other_account = desk.app.account().await;
    let other_administrator = desk.app.administrator(other_account).await;
    let other_inbox = desk.app.api_inbox(&other_administrator).await;
    let (system, _) = desk.app.bot(other_account, other_inbox).await;
    desk.execute("UPDATE agent_bots SET account_id = NULL WHERE id = $1", &[system.get()]).await;
    let (foreign, _) = desk.app.bot(other_account, desk.app.api_inbox(&other_administrator).await).await;

    let by = |bot: types::AgentBotId| json!({ "content": "x", "sender_type": "AgentBot", "sender_id": bot });
    for bot in [own, system] {
        let sender = desk.write(by(bot)).await["sender"].clone();
        assert_eq!(sender, json!({ "id": bot, "name": "Bot", "avatar_url": "", "type": "agent_bot" }));
    }
    let not_a_bots = [
        by(foreign),
        json!({ "content": "x", "sender_type": "User", "sender_id": own }),
        json!({ "content": "x", "sender_id": own }),
        json!({ "content": "x", "sender_type": "AgentBot" }),
    ];
    for body in not_a_bots {
        assert_eq!(desk.write(body.clone()).await["sender"]["id"], json!(desk.agent.id), "{body}");
    }
    let incoming = json!({ "content": "x", "message_type": "incoming", "sender_type": "AgentBot", "sender_id": own });
    assert_eq!(desk.write(incoming).await["sender"]["type"], "contact");

    let bot = Caller { token, ..desk.agent.clone() };
    let message = desk.try_write(&bot, desk.number, json!({ "content": "I am a bot" })).await.expect(200).json();
    assert_eq!((&message["sender"]["type"], &message["sender"]["id"]), (&json!("agent_bot"), &json!(own)));
    let hidden = desk.app.api_inbox(&desk.administrator).await;
    let number = desk.app.conversation(&desk.administrator, hidden).await;
    desk.try_write(&bot, number, json!({ "content": "everywhere in the account" })).await.expect(200);
}

#[db_test]
async fn items_must_fit_their_content_type(desk: Desk) {
    let action = json!({ "type": "link", "text": "Details", "uri": "https://shop.example", "payload": "" });
    let good = [
        ("input_select", json!({ "title": "54 cm", "value": "54" })),
        ("cards", json!({ "title": "Heron", "description": "", "media_url": "", "actions": [action] })),
        (
            "form",
            json!({ "name": "kind", "type": "select", "label": "Kind", "placeholder": "", "default": "",
            "required": true, "pattern": "", "title": "", "pattern_error": "", "options": [{ "label": "a" }] }),
        ),
        ("article", json!({ "title": "Gear", "description": "", "link": "https://help.example" })),
    ];
    for (kind, item) in good {
        let attributes = json!({ "items": [item] });
        let body = json!({ "content_type": kind, "content_attributes": attributes });
        let message = desk.write(body).await;
        assert_eq!((&message["content_type"], &message["content_attributes"]), (&json!(kind), &attributes));
        let mut wrong = item.clone();
        wrong["colour"] = json!("red");
        for items in [json!([]), json!([wrong]), json!(["text"]), json!("text"), Value::Null] {
            desk.refuse(desk.number, json!({ "content_type": kind, "content_attributes": { "items": items } })).await;
        }
        desk.refuse(desk.number, json!({ "content_type": kind, "content": "no items" })).await;
    }
    for actions in [json!([]), Value::Null, json!(["x"]), json!([{ "text": "x", "colour": "red" }])] {
        let items = json!([{ "title": "x", "actions": actions }]);
        desk.refuse(desk.number, json!({ "content_type": "cards", "content_attributes": { "items": items } })).await;
    }
    for kind in ["input_text", "input_textarea", "input_email", "incoming_email", "input_csat"] {
        assert_eq!(desk.write(json!({ "content": "x", "content_type": kind })).await["content_type"], kind);
    }
    desk.refuse(desk.number, json!({ "content": "x", "content_type": "hologram" })).await;
}

#[db_test]
async fn attributes_come_as_an_object_or_its_text_and_stay_as_they_are(desk: Desk) {
    let attributes = json!({ "automation_rule_id": 3, "translations": { "de": "Hallo" }, "items": [] });
    for given in [attributes.clone(), json!(attributes.to_string())] {
        let message = desk.write(json!({ "content": "x", "content_attributes": given })).await;
        assert_eq!(message["content_attributes"], attributes);
    }
    let before = desk.app.row_counts().await;
    for bad in [json!({ "content": "x", "content_attributes": "no object" }), json!({ "content": { "a": 1 } })] {
        desk.try_write(&desk.agent, desk.number, bad).await.expect(422);
    }
    assert_eq!(desk.app.row_counts().await, before);
}

#[db_test]
async fn a_reply_points_to_a_message_of_its_conversation_or_to_nothing(desk: Desk) {
    let known = desk.write(json!({ "content": "first" })).await["id"].clone();
    let other = desk.app.conversation(&desk.agent, desk.inbox).await;
    let elsewhere = desk.write_to(other, json!({ "content": "there" })).await["id"].clone();
    let text = json!(known.to_string());
    for (given, kept) in [
        (known.clone(), known.clone()),
        (text, known),
        (elsewhere, Value::Null),
        (json!(999_999_999), Value::Null),
        (json!("abc"), Value::Null),
        (json!([1]), Value::Null),
        (Value::Null, Value::Null),
    ] {
        let message = desk.write(json!({ "content": "x", "content_attributes": { "in_reply_to": given } })).await;
        assert_eq!(message["content_attributes"], json!({ "in_reply_to": kept }), "{given}");
    }
}

#[db_test]
async fn copies_are_kept_as_lists_in_email_inboxes_only(desk: Desk) {
    let mail = desk.post_office().await;
    let body = json!({
        "content": "x", "cc_emails": "a@b.example, c@d.example ,", "bcc_emails": "e@f.example", "to_emails": ""
    });
    let message = desk.try_write(&desk.administrator, mail, body.clone()).await.expect(200).json();
    assert_eq!(
        message["content_attributes"],
        json!({ "cc_emails": ["a@b.example", "c@d.example"], "bcc_emails": ["e@f.example"], "to_emails": [] })
    );
    assert_eq!(desk.write(body).await["content_attributes"], json!({}));
    for key in ["cc_emails", "bcc_emails", "to_emails"] {
        for bad in ["nobody", "a@b.example, nobody", "a b@c.example"] {
            desk.refuse(mail, json!({ "content": "x", key: bad })).await;
            desk.write(json!({ "content": "not heeded here", key: bad })).await;
        }
    }
}

#[db_test]
async fn a_template_needs_a_name_and_is_kept_with_its_campaign(desk: Desk) {
    for params in [json!({}), json!({ "name": null }), json!({ "name": 5 }), json!({ "language": "fi" })] {
        desk.refuse(desk.number, json!({ "content": "x", "template_params": params })).await;
    }
    let params = json!({ "name": "shipped", "language": "fi", "processed_params": { "1": "Aino" } });
    desk.write(json!({ "content": "x", "template_params": params, "campaign_id": "12" })).await;
    let shown = desk.show(desk.number).await;
    let kept = &shown["last_non_activity_message"]["additional_attributes"];
    assert_eq!(*kept, json!({ "template_params": params, "campaign_id": 12 }));
}

#[db_test]
async fn content_is_limited_in_characters(desk: Desk) {
    let longest = "é".repeat(150_000);
    assert_eq!(desk.write(json!({ "content": longest })).await["content"].as_str().unwrap().len(), 300_000);
    desk.refuse(desk.number, json!({ "content": longest + "x" })).await;
    desk.refuse(desk.number, json!({ "content": "x".repeat(150_001), "private": true })).await;
}

#[db_test]
async fn messages_move_the_times_and_counts_of_their_conversation(desk: Desk) {
    let state = async || {
        let shown = desk.show(desk.number).await;
        let since_start = |key: &str| match shown[key].as_i64().unwrap() {
            0 => -1,
            at => at - START.epoch_seconds(),
        };
        let keys = ["last_activity_at", "waiting_since", "first_reply_created_at"];
        (shown["unread_count"].as_i64().unwrap(), keys.map(since_start))
    };
    let bot_token = desk.app.bot(desk.agent.account, desk.inbox).await.1;
    let bot = Caller { token: bot_token, ..desk.agent.clone() };
    assert_eq!(state().await, (0, [0, 0, -1]), "the contact waits from the start");
    let step = async |caller: &Caller, body: Value| {
        desk.advance(10);
        desk.try_write(caller, desk.number, body).await.expect(200);
        state().await
    };
    let agent = &desk.agent;
    assert_eq!(step(agent, json!({ "content": "?", "message_type": "incoming" })).await, (1, [10, 0, -1]));
    // None of these is an answer of a person.
    for (turn, body) in [
        json!({ "content": "note", "private": true }),
        json!({ "content": "campaign", "campaign_id": 3 }),
        json!({ "content": "rule", "content_attributes": { "automation_rule_id": 3 } }),
        json!({ "content": "template", "message_type": "template" }),
        json!({ "content": "activity", "message_type": "activity" }),
    ]
    .into_iter()
    .enumerate()
    {
        let at = 20 + 10 * i64::try_from(turn).unwrap();
        assert_eq!(step(agent, body.clone()).await, (1, [at, 0, -1]), "{body}");
    }
    assert_eq!(step(&bot, json!({ "content": "I am a bot" })).await, (1, [70, 0, -1]));
    assert_eq!(step(agent, json!({ "content": "answer" })).await, (1, [80, -1, 80]));
    assert_eq!(step(agent, json!({ "content": "more" })).await, (1, [90, -1, 80]));
    assert_eq!(step(agent, json!({ "content": "?", "message_type": "incoming" })).await, (2, [100, 100, 80]));
    assert_eq!(step(agent, json!({ "content": "?", "message_type": "incoming" })).await, (3, [110, 100, 80]));
    assert_eq!(step(agent, json!({ "content": "note", "private": true })).await, (3, [120, 100, 80]));
    assert_eq!(step(agent, json!({ "content": "answer" })).await, (3, [130, -1, 80]));
    // Only what the contact sends moves its own time.
    let contact = desk.show(desk.number).await["meta"]["sender"].clone();
    assert_eq!(contact["last_activity_at"], json!(START.epoch_seconds() + 110));
}

#[db_test]
async fn answers_of_people_are_measured_in_seconds_and_in_business_hours(desk: Desk) {
    let body = json!({ "name": "Hours", "working_hours_enabled": true, "channel": { "type": "api" } });
    let inbox = desk.app.post(&desk.administrator, "inboxes", body).await.expect(200).json();
    let inbox = InboxId::new(inbox["id"].as_i64().unwrap());
    desk.app.join(&desk.administrator, inbox, &[&desk.agent]).await;
    // Monday 16:59, a minute before the desk closes.
    desk.advance(7 * 3_600 - 60);
    let number = desk.app.conversation(&desk.agent, inbox).await;
    let ask = json!({ "content": "?", "message_type": "incoming" });
    desk.write_to(number, ask.clone()).await;
    desk.advance(600);
    desk.write_to(number, json!({ "content": "note", "private": true })).await;
    assert!(desk.reporting().await.is_empty());
    desk.write_to(number, json!({ "content": "first answer" })).await;
    let first = ("first_response".to_owned(), 600.0, 60.0);
    assert_eq!(desk.reporting().await, std::slice::from_ref(&first));
    desk.write_to(number, json!({ "content": "nobody waits" })).await;
    desk.write_to(number, ask.clone()).await;
    desk.advance(30);
    desk.write_to(number, ask).await;
    // Until Tuesday 9:10.
    desk.advance(16 * 3_600 + 30);
    desk.write_to(number, json!({ "content": "second answer" })).await;
    let second = ("reply_time".to_owned(), f64::from(16 * 3_600 + 60), 600.0);
    assert_eq!(desk.reporting().await, [first.clone(), second.clone()]);
    desk.write_to(desk.number, json!({ "content": "an inbox without hours" })).await;
    // Without opening hours; since Monday 10:00.
    let third = ("first_response".to_owned(), f64::from(23 * 3_600 + 600), 0.0);
    assert_eq!(desk.reporting().await, [first, second, third]);
}

#[db_test]
async fn the_contacts_message_reopens_what_was_closed(desk: Desk) {
    let (plain, with_bot) = (desk.inbox, desk.app.api_inbox(&desk.administrator).await);
    desk.app.join(&desk.administrator, with_bot, &[&desk.agent]).await;
    desk.app.bot(desk.agent.account, with_bot).await;
    let (none, muted, blocked) = (0, 1, 2);
    for (status, inbox, silence, expected) in [
        ("open", plain, none, "open"),
        ("pending", plain, none, "pending"),
        ("snoozed", plain, none, "open"),
        ("resolved", plain, none, "open"),
        ("open", with_bot, none, "open"),
        ("pending", with_bot, none, "pending"),
        ("snoozed", with_bot, none, "open"),
        ("resolved", with_bot, none, "pending"),
        ("snoozed", plain, muted, "snoozed"),
        ("resolved", plain, muted, "resolved"),
        ("snoozed", with_bot, muted, "snoozed"),
        ("resolved", with_bot, muted, "resolved"),
        ("snoozed", plain, blocked, "snoozed"),
        ("resolved", plain, blocked, "resolved"),
        ("resolved", with_bot, blocked, "resolved"),
        ("pending", with_bot, blocked, "pending"),
    ] {
        let number = desk.app.conversation(&desk.agent, inbox).await;
        desk.set_status(number, status).await;
        let key = [desk.agent.account.get(), number];
        match silence {
            1 => {
                desk.execute("UPDATE conversations SET muted = TRUE WHERE account_id = $1 AND display_id = $2", &key)
                    .await;
            }
            2 => {
                desk.execute(
                    "UPDATE contacts SET blocked = TRUE WHERE id = (SELECT contact_id FROM conversations
                     WHERE account_id = $1 AND display_id = $2)",
                    &key,
                )
                .await;
            }
            _ => {}
        }
        for quiet in [json!({ "private": true }), json!({}), json!({ "message_type": "template" })] {
            desk.write_to(number, quiet).await;
            assert_eq!(desk.show(number).await["status"], status, "only the contact reopens");
        }
        desk.write_to(number, json!({ "content": "hello?", "message_type": "incoming" })).await;
        let shown = desk.show(number).await;
        assert_eq!(shown["status"], expected, "{status} {inbox} {silence}");
        assert_eq!(shown["unread_count"], 1, "what a muted or blocked contact writes is kept");
    }
}

#[db_test]
async fn members_who_see_the_inbox_can_be_mentioned_in_notes(desk: Desk) {
    let account = desk.agent.account;
    let (friend, outsider) = (desk.app.agent(account).await, desk.app.agent(account).await);
    desk.app.join(&desk.administrator, desk.inbox, &[&friend]).await;
    let team = desk.app.team(account, false, &[&desk.agent, &friend, &outsider]).await;
    let elsewhere = desk.app.administrator(desk.app.account().await).await;
    let mentioned = async || {
        let text = "SELECT user_id, mentioned_at FROM mentions WHERE account_id = $1 ORDER BY user_id";
        let rows: Vec<(i64, i64)> = desk
            .app
            .app
            .store
            .read(move |conn| conn.query_built(text, &[account.to_value()]))
            .await
            .map_err(|error: ::store::Error| error)
            .unwrap();
        let seconds = |micros: i64| (micros - START.as_micros()) / 1_000_000;
        rows.into_iter().map(|(user, at)| (user, seconds(at))).collect::<Vec<_>>()
    };
    let user = |caller: &Caller| format!("[@x](mention://user/{}/x)", caller.id);
    desk.write(json!({ "content": user(&friend) })).await;
    let nobody = [user(&desk.agent), user(&outsider), user(&elsewhere)].concat();
    desk.write(json!({ "content": nobody, "private": true })).await;
    assert_eq!(mentioned().await, [], "not in public, not oneself, nobody who may not look");

    let from = desk.events(0).await.len();
    let twice = [user(&friend), user(&friend)].concat();
    desk.write(json!({ "content": twice, "private": true })).await;
    assert_eq!(mentioned().await, [(friend.id.get(), 0)]);
    let actor = format!("user:{}", desk.agent.id);
    let expected = ["message.created", "conversation.mentioned"].map(|name| event(name, &actor, json!({}))).to_vec();
    assert_eq!(desk.events(from).await, expected);

    desk.advance(5);
    let team = format!("[@t](mention://team/{team}/t) {}", user(&desk.administrator));
    desk.write(json!({ "content": team, "private": true })).await;
    let mut both = [(desk.administrator.id.get(), 5), (friend.id.get(), 5)];
    both.sort_unstable();
    assert_eq!(mentioned().await, both);
}

#[db_test]
async fn events_tell_who_wrote_and_what_the_client_called_it(desk: Desk) {
    let agent = format!("user:{}", desk.agent.id);
    let from = desk.events(0).await.len();
    desk.write(json!({ "content": "x", "echo_id": "tmp-1" })).await;
    let echo = json!({ "echo_id": "tmp-1" });
    assert_eq!(
        desk.events(from).await,
        [event("message.created", &agent, echo), event("first_reply.created", &agent, json!({}))]
    );
    let from = desk.events(0).await.len();
    desk.write(json!({ "content": "x", "private": true })).await;
    desk.write(json!({ "content": "x" })).await;
    assert_eq!(desk.events(from).await, vec![event("message.created", &agent, json!({})); 2]);

    desk.set_status(desk.number, "resolved").await;
    let from = desk.events(0).await.len();
    desk.write(json!({ "content": "x", "message_type": "incoming", "echo_id": 7 })).await;
    let names: Vec<String> = desk.events(from).await.into_iter().map(|(name, ..)| name).collect();
    let expected = ["conversation.status_changed", "conversation.updated", "message.created", "contact.updated"];
    assert_eq!(names, expected);
    assert_eq!(desk.events(from).await[2].2, json!({ "echo_id": "7" }));
}

#[db_test]
async fn only_members_of_the_inbox_administrators_and_bots_get_in(desk: Desk) {
    let account = desk.agent.account;
    let outsider = desk.app.agent(account).await;
    let stranger = desk.app.administrator(desk.app.account().await).await;
    let path = format!("conversations/{}/messages", desk.number);
    let before = desk.app.row_counts().await;
    let body = json!({ "content": "x" });
    desk.app.post(&outsider, &path, body.clone()).await.expect(403);
    desk.app.get(&outsider, &path).await.expect(401);
    let foreign = format!("/api/v1/accounts/{account}/{path}");
    desk.app.post(&stranger, &foreign, body.clone()).await.expect(403);
    desk.app.get(&stranger, &foreign).await.expect(401);
    desk.app.post(&stranger, &path, body.clone()).await.expect(404);
    desk.app.post(&desk.agent, "conversations/999999/messages", body.clone()).await.expect(404);
    desk.app.post(&outsider, "conversations/999999/messages", body.clone()).await.expect(404);
    let answer = desk.app.call(Method::POST, &desk.agent.path(&path), None, Some(&body)).await.expect(401);
    assert!(answer.json()["errors"].is_array());
    desk.app.call(Method::POST, &desk.agent.path(&path), Some("wrong"), Some(&body)).await.expect(401);
    assert_eq!(desk.app.row_counts().await, before);
    let token = desk.app.bot(account, desk.inbox).await.1;
    let bot = Caller { token, ..desk.agent.clone() };
    desk.app.get(&bot, &path).await.expect(401);
    desk.app.post(&bot, &path, body).await.expect(200);
}

#[db_test]
async fn a_survey_is_a_link_outside_of_websites(desk: Desk) {
    let uuid = desk.show(desk.number).await["uuid"].as_str().unwrap().to_owned();
    let body = json!({ "content": "How was it, {{ contact.name }}?", "content_type": "input_csat" });
    let message = desk.write(body.clone()).await;
    let link = format!("/survey/responses/{uuid}");
    assert!(message["content"].as_str().unwrap().ends_with(&link), "{message}");
    let website = desk.website().await;
    let message = desk.try_write(&desk.administrator, website, body).await.expect(200).json();
    assert!(message["content"].as_str().unwrap().starts_with("How was it, Contact "), "{message}");
}

#[db_test]
async fn a_form_is_as_good_as_json_and_files_are_refused(desk: Desk) {
    let send = async |parts: &[(&str, &str)]| {
        let parts = parts.iter().map(|(name, content)| {
            let file = if name.starts_with("attachments") { "; filename=\"a.txt\"" } else { "" };
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n")
        });
        let body = parts.collect::<Vec<_>>().concat();
        let path = desk.agent.path(&format!("conversations/{}/messages", desk.number));
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header("api_access_token", &desk.agent.token)
            .header("content-type", "multipart/form-data; boundary=b")
            .body(Body::from(body + "--b--\r\n"))
            .unwrap();
        desk.app.send(request).await
    };
    let message = send(&[("content", "from a form"), ("private", "true"), ("echo_id", "e1")]).await.expect(200).json();
    assert_eq!((&message["private"], &message["echo_id"]), (&json!(true), &json!("e1")));
    let public = send(&[("content", "x"), ("private", "false"), ("content_attributes[in_reply_to]", "1")]).await;
    assert_eq!(public.expect(200).json()["private"], false);
    let before = desk.app.row_counts().await;
    let refused = send(&[("content", "with a file"), ("attachments[]", "hello")]).await.expect(422).json();
    assert!(refused["error"].as_str().unwrap().contains("ttachments"), "{refused}");
    assert_eq!(desk.app.row_counts().await, before);
}

#[db_test]
async fn whatever_is_wrong_is_told_as_one_error_that_names_the_field(desk: Desk) {
    let before = desk.app.row_counts().await;
    for (body, field) in [
        (json!({ "content": { "a": 1 } }), "content"),
        (json!({ "content": ["a"] }), "content"),
        (json!({ "content": "a\u{0}b" }), "content"),
        (json!({ "content": "a", "content_attributes": 7 }), "content_attributes"),
        (json!({ "content": "a", "content_attributes": { "a\u{0}": 1 } }), "content_attributes"),
        (json!({ "content": "a", "content_attributes": { "by": { "key": ["\u{0}"] } } }), "content_attributes"),
        (json!({ "content": "a", "template_params": "x" }), "template_params"),
        (json!({ "content": "a", "campaign_id": "soon" }), "campaign_id"),
        (json!({ "content": "a", "sender_id": [1], "sender_type": "AgentBot" }), "sender_id"),
        (json!({ "content": "x".repeat(150_001) }), "content"),
    ] {
        let refused = desk.try_write(&desk.agent, desk.number, body.clone()).await.expect(422).json();
        let keys: Vec<&String> = refused.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["error"], "{field}");
        let text = refused["error"].as_str().unwrap().to_lowercase().replace('_', " ");
        assert!(text.contains(&field.replace('_', " ")), "{field}: {text}");
    }
    assert_eq!(desk.app.row_counts().await, before);
}

/// A conversation whose people and things have names to fill in.
struct Letter {
    desk: Desk,
    number: i64,
}

impl OnEngine for Letter {
    async fn on(engine: Engine) -> Self {
        let desk = Desk::on(engine).await;
        let body = json!({
            "name": "aino VON reed", "email": "aino@reed.example", "phone_number": "+358401112223",
            "custom_attributes": { "plan": "gold", "sly": "{{ contact.email }}", "size": 54 }
        });
        let contact = desk.app.post(&desk.agent, "contacts", body).await.expect(200).json();
        let body = json!({
            "inbox_id": desk.inbox, "contact_id": contact["payload"]["contact"]["id"],
            "custom_attributes": { "order": "A-7" }
        });
        let number = desk.app.post(&desk.agent, "conversations", body).await.expect(200).json()["id"].as_i64().unwrap();
        desk.execute(
            "UPDATE users SET name = 'Mira Okonjo', display_name = 'Mira' WHERE id = $1",
            &[desk.agent.id.get()],
        )
        .await;
        Self { desk, number }
    }
}

impl Letter {
    async fn write(&self, body: Value) -> Value {
        self.desk.write_to(self.number, body).await["content"].clone()
    }
}

#[db_test]
async fn variables_in_what_the_team_writes_are_filled_in(letter: Letter) {
    let Letter { desk, number } = &letter;
    let contact = desk.show(*number).await["meta"]["sender"]["id"].clone();
    let (agent, account, inbox) = (desk.agent.id, desk.agent.account, desk.inbox);
    let inbox_name = desk.app.get(&desk.administrator, &format!("inboxes/{inbox}")).await.json()["name"].clone();
    let inbox_name = inbox_name.as_str().unwrap();
    for (text, filled) in [
        ("{{contact.id}} {{ contact.name }}", format!("{contact} Aino Von Reed")),
        ("{{contact.first_name}} {{contact.last_name}}", "Aino Reed".to_owned()),
        ("{{contact.email}} {{contact.phone_number}}", "aino@reed.example +358401112223".to_owned()),
        ("{{contact.custom_attribute.plan}} {{contact.custom_attribute.size}}", "gold 54".to_owned()),
        ("{{agent.id}} {{agent.name}} {{agent.available_name}}", format!("{agent} Mira Okonjo Mira")),
        ("{{agent.first_name}} {{agent.last_name}}", "Mira Okonjo".to_owned()),
        ("{{conversation.id}} {{conversation.display_id}}", format!("{number} {number}")),
        ("{{conversation.contact_name}} {{conversation.custom_attribute.order}}", "Aino Von Reed A-7".to_owned()),
        ("{{inbox.id}} {{inbox.name}}", format!("{inbox} {inbox_name}")),
        ("{{account.id}}", account.to_string()),
        ("[{{nobody.knows}}{{contact.identifier}}]", "[]".to_owned()),
        ("`{{contact.id}}` {{contact.custom_attribute.plan | upcase}}", "`{{contact.id}}` GOLD".to_owned()),
        ("{% if true %}{{contact.id}}", "{% if true %}{{contact.id}}".to_owned()),
        ("{{contact.id", "{{contact.id".to_owned()),
        // What comes from a contact is not read as a template.
        ("{{contact.custom_attribute.sly}}", "{{ contact.email }}".to_owned()),
    ] {
        assert_eq!(letter.write(json!({ "content": text })).await, json!(filled), "{text}");
    }
}

#[db_test]
async fn notes_and_templates_are_filled_in_and_what_contacts_write_is_not(letter: Letter) {
    let Letter { desk, number } = &letter;
    let text = "{{contact.first_name}} {{agent.name}}";
    let write = |more: Value| {
        let mut body = json!({ "content": text });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        letter.write(body)
    };
    assert_eq!(write(json!({ "private": true })).await, "Aino Mira Okonjo");
    assert_eq!(write(json!({ "message_type": "template" })).await, "Aino ", "nobody is assigned");
    assert_eq!(write(json!({ "message_type": "incoming" })).await, text);
    assert_eq!(write(json!({ "message_type": "activity" })).await, text);
    let body = json!({ "assignee_id": desk.agent.id });
    desk.app.post(&desk.administrator, &format!("conversations/{number}/assignments"), body).await.expect(200);
    assert_eq!(write(json!({ "message_type": "template" })).await, "Aino Mira Okonjo", "else the assignee");

    let processed = json!({ "1": "{{contact.first_name}}", "body": { "a/b": ["x", "{{inbox.id}}", 7] }, "2": "{{" });
    let params = json!({ "name": "{{contact.id}}", "processed_params": processed });
    write(json!({ "template_params": params })).await;
    let kept = desk.show(*number).await["last_non_activity_message"]["additional_attributes"].clone();
    let filled = json!({ "1": "Aino", "body": { "a/b": ["x", desk.inbox.to_string(), 7] }, "2": "{{" });
    assert_eq!(kept["template_params"], json!({ "name": "{{contact.id}}", "processed_params": filled }));
}

#[db_test]
async fn the_first_message_of_a_conversation_is_filled_in_too(letter: Letter) {
    let desk = &letter.desk;
    let contact = desk.show(letter.number).await["meta"]["sender"]["id"].clone();
    let body = json!({
        "inbox_id": desk.inbox, "contact_id": contact, "message": { "content": "Dear {{ contact.first_name }}" }
    });
    let made = desk.app.post(&desk.agent, "conversations", body).await.expect(200).json();
    assert_eq!(made["messages"][0]["content"], "Dear Aino");
}

#[db_test]
async fn a_text_without_variables_costs_no_statement_more(letter: Letter) {
    let count = async |text: &str| {
        let (member, app) = (letter.desk.member(), axum::extract::State(letter.desk.app.app.clone()));
        let path = edge::Path((letter.desk.agent.account, letter.number));
        let body = super::wire::NewMessageBody {
            content: Some(edge::field::Text(text.to_owned())),
            ..super::wire::NewMessageBody::default()
        };
        let body = edge::BodyWithFiles { value: body, files: Vec::new() };
        let stats = ::store::QueryStats::default();
        stats
            .clone()
            .counting(super::routes::create(app, member, crate::idempotency::Once::default(), path, Ok(body)))
            .await
            .unwrap();
        stats.statements()
    };
    count("the first answer").await;
    let plain = count("plain").await;
    assert_eq!(count("plain `{{ contact.name }}`").await, plain);
    assert_eq!(count("{{ broken").await, plain);
    assert_eq!(count("{{ contact.name }} {{ inbox.name }} {{ agent.name }}").await, plain + 3);
}

impl Desk {
    fn member(&self) -> crate::access::MemberOrBot {
        crate::access::MemberOrBot::Member(crate::access::Member {
            account_id: self.agent.account,
            user_id: self.agent.id,
            name: "Mira".into(),
            role: types::Role::Agent,
        })
    }
}
