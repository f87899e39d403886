//! Inboxes with a bot: it answers first, and hands over to people (rest.md §6.7).

use ::store::testing::db_test;
use http::Method;
use serde_json::{Value, json};

use super::Desk;
use crate::testing::Answer;

impl Desk {
    /// The token of a bot that is connected to the inbox.
    async fn bot(&self) -> String {
        self.app.bot(self.agent.account, self.inbox).await.1
    }

    async fn as_bot(&self, bot: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.app.call(method, &self.agent.path(path), Some(bot), body.as_ref()).await
    }

    async fn status(&self, number: i64) -> String {
        self.show(number).await["status"].as_str().unwrap().to_owned()
    }
}

#[db_test]
async fn a_conversation_starts_with_the_bot_whatever_the_request_says(desk: Desk) {
    desk.app.set_online(&desk.agent).await;
    desk.bot().await;
    let contact = desk.app.contact(&desk.agent).await;
    for status in ["open", "resolved", "snoozed", "pending"] {
        let until = "2030-01-01T00:00:00Z";
        let body = json!({ "inbox_id": desk.inbox, "contact_id": contact, "status": status, "snoozed_until": until });
        let made = desk.app.post(&desk.agent, "conversations", body).await.expect(200).json();
        assert_eq!((&made["status"], &made["snoozed_until"]), (&json!("pending"), &Value::Null), "{status}");
        assert_eq!(made["meta"].get("assignee"), None, "the bot answers, not the next in turn");
    }
    assert_eq!(desk.app.number("SELECT COUNT(*) FROM jobs", &[]).await, 0, "nothing is woken");
    let path = format!("contacts/{contact}");
    desk.app
        .call(Method::PUT, &desk.agent.path(&path), Some(&desk.agent.token), Some(&json!({ "blocked": true })))
        .await
        .expect(200);
    let body = json!({ "inbox_id": desk.inbox, "contact_id": contact });
    let made = desk.app.post(&desk.agent, "conversations", body).await.expect(200).json();
    assert_eq!(made["status"], "resolved", "whom nobody wants to hear stays out");
}

#[db_test]
async fn what_a_contact_writes_after_the_end_goes_to_the_bot(desk: Desk) {
    desk.bot().await;
    let number = desk.conversation().await;
    let incoming = json!({ "content": "Hello", "message_type": "incoming" });
    for (before, after) in [("resolved", "pending"), ("pending", "pending"), ("open", "open"), ("snoozed", "open")] {
        desk.toggle(&desk.administrator, number, json!({ "status": before })).await;
        desk.write(&desk.agent, number, incoming.clone()).await;
        assert_eq!(desk.status(number).await, after, "after {before}");
    }
    desk.app.post(&desk.agent, &format!("conversations/{number}/mute"), json!({})).await.expect(200);
    desk.write(&desk.agent, number, incoming).await;
    assert_eq!(desk.status(number).await, "resolved");
}

#[db_test]
async fn a_bot_hands_over_to_the_next_in_turn_who_is_waited_for_from_now_on(desk: Desk) {
    let bot = desk.bot().await;
    let number = desk.conversation().await;
    desk.app.set_online(&desk.agent).await;
    // Nobody waited while the conversation was resolved.
    desk.toggle(&desk.administrator, number, json!({ "status": "resolved" })).await;
    desk.toggle(&desk.administrator, number, json!({ "status": "pending" })).await;
    assert_eq!(desk.show(number).await["waiting_since"], 0);
    let activities = desk.activities(number).await.len();
    let path = format!("conversations/{number}/toggle_status");
    let open = json!({ "status": "open" });
    let events = desk
        .events_of(async {
            let answer = desk.as_bot(&bot, Method::POST, &path, Some(open.clone())).await.expect(200).json();
            assert_eq!(answer["payload"]["current_status"], "open");
            assert_eq!(answer["payload"]["success"], true);
        })
        .await;
    assert_eq!(events, ["conversation.status_changed", "assignee.changed", "conversation.updated"]);
    let shown = desk.show(number).await;
    assert_eq!(shown["meta"]["assignee"]["id"], json!(desk.agent.id));
    assert_eq!(shown["waiting_since"], crate::testing::START.epoch_seconds());
    assert_eq!(desk.activities(number).await.len(), activities, "bots leave no activity");
    let handoffs = "SELECT COUNT(*) FROM reporting_events WHERE name = 'conversation_bot_handoff'";
    assert_eq!(desk.app.number(handoffs, &[]).await, 1);
    // Once a conversation, however often it goes back and forth.
    for status in ["pending", "open"] {
        desk.as_bot(&bot, Method::POST, &path, Some(json!({ "status": status }))).await.expect(200);
    }
    assert_eq!(desk.app.number(handoffs, &[]).await, 1);
}

#[db_test]
async fn a_bot_may_do_what_bots_may_in_every_inbox_of_its_account(desk: Desk) {
    let bot = desk.bot().await;
    let elsewhere = desk.app.api_inbox(&desk.administrator).await;
    let number = desk.app.conversation(&desk.administrator, elsewhere).await;
    let at = |rest: &str| format!("conversations/{number}{rest}");
    let team = desk.app.team(desk.agent.account, false, &[]).await;
    let calls = [
        (Method::GET, at(""), None),
        (Method::PATCH, at(""), Some(json!({ "priority": "urgent" }))),
        (Method::POST, at("/toggle_priority"), Some(json!({ "priority": "low" }))),
        (Method::POST, at("/custom_attributes"), Some(json!({ "custom_attributes": { "topic": "bike" } }))),
        (Method::POST, at("/labels"), Some(json!({ "labels": ["bot"] }))),
        (Method::GET, at("/labels"), None),
        (Method::POST, at("/assignments"), Some(json!({ "assignee_id": desk.agent.id }))),
        (Method::POST, at("/assignments"), Some(json!({ "team_id": team }))),
        (Method::POST, at("/toggle_status"), Some(json!({ "status": "pending" }))),
        (Method::POST, at("/messages"), Some(json!({ "content": "From the bot" }))),
    ];
    for (method, path, body) in calls {
        desk.as_bot(&bot, method, &path, body).await.expect(200);
    }
    let shown = desk.as_bot(&bot, Method::GET, &at(""), None).await.expect(200).json();
    assert_eq!(shown["priority"], "low");
    assert_eq!(shown["labels"], json!(["bot"]));
    assert_eq!(shown["custom_attributes"], json!({ "topic": "bike" }));
    assert_eq!(shown["status"], "pending");
    assert_eq!(shown["meta"]["team"]["is_member"], false);
    assert_eq!(shown["first_reply_created_at"], 0, "only people answer");
    assert_eq!(desk.activities(number).await, Vec::<String>::new(), "bots leave no activities");
    for (method, path) in [
        (Method::GET, at("/messages")),
        (Method::POST, at("/mute")),
        (Method::POST, at("/unread")),
        (Method::POST, at("/update_last_seen")),
        (Method::GET, "conversations".to_owned()),
        (Method::GET, "inboxes".to_owned()),
    ] {
        let status = desk.as_bot(&bot, method, &path, None).await.status.as_u16();
        assert!(matches!(status, 401 | 403), "{path}: {status}");
    }
}

#[db_test]
async fn a_bot_that_no_inbox_has_is_refused_even_by_its_own_account(desk: Desk) {
    let number = desk.conversation().await;
    let body = json!({ "name": "Loose" });
    let made = desk.app.post(&desk.administrator, "agent_bots", body).await.expect(200).json();
    let token = made["access_token"].as_str().unwrap();
    let path = format!("conversations/{number}");
    desk.as_bot(token, Method::GET, &path, None).await.expect(403);
    let set = format!("inboxes/{}/set_agent_bot", desk.inbox);
    desk.app.post(&desk.administrator, &set, json!({ "agent_bot": made["id"] })).await.expect(200);
    desk.as_bot(token, Method::GET, &path, None).await.expect(200);
}
