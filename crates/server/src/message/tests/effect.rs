//! What a message does to its conversation, and what is told of it.

use ::store::testing::db_test;
use serde_json::{Value, json};
use types::{InboxId, ToValue as _};

use super::Desk;
use crate::testing::{Caller, START};

fn event(name: &str, actor: &str, changes: Value) -> (String, String, Value) {
    (name.to_owned(), actor.to_owned(), changes)
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
        [event("message.created", &agent, echo.clone()), event("first_reply.created", &agent, echo)]
    );
    let from = desk.events(0).await.len();
    desk.write(json!({ "content": "x", "private": true })).await;
    desk.write(json!({ "content": "x" })).await;
    assert_eq!(desk.events(from).await, vec![event("message.created", &agent, json!({})); 2]);

    desk.set_status(desk.number, "resolved").await;
    let from = desk.events(0).await.len();
    desk.write(json!({ "content": "x", "message_type": "incoming", "echo_id": 7 })).await;
    let names: Vec<String> = desk.events(from).await.into_iter().map(|(name, ..)| name).collect();
    let expected = [
        "conversation.status_changed",
        // Who reopened it by writing in the contact's name.
        "message.created",
        "message.created",
        "contact.updated",
        "conversation.updated",
    ];
    assert_eq!(names, expected);
    assert_eq!(desk.events(from).await[2].2, json!({ "echo_id": "7" }));
}
