//! What the team keeps in order by hand: priority, attributes, muting, read marks.

use std::time::Duration;

use ::store::testing::db_test;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::Desk;
use crate::testing::{Caller, START};

impl Desk {
    async fn post(&self, caller: &Caller, number: i64, action: &str, body: Value) -> crate::testing::Answer {
        self.app.post(caller, &format!("conversations/{number}/{action}"), body).await
    }

    async fn incoming(&self, number: i64) {
        self.write(&self.agent, number, json!({ "content": "Hello", "message_type": "incoming" })).await;
    }
}

#[db_test]
async fn a_priority_is_set_changed_and_removed_with_a_trace(desk: Desk) {
    let number = desk.conversation().await;
    let path = format!("conversations/{number}");
    let events = desk
        .events_of(async {
            let shown = desk.app.patch(&desk.agent, &path, json!({ "priority": "low" })).await.expect(200).json();
            assert_eq!(shown["priority"], "low");
        })
        .await;
    assert_eq!(events, ["message.created", "conversation.updated"]);
    let answer = desk.post(&desk.agent, number, "toggle_priority", json!({ "priority": "urgent" })).await.expect(200);
    assert!(answer.body.is_empty());
    assert_eq!(desk.show(number).await["priority"], "urgent");
    // The query counts when the body has none.
    desk.post(&desk.agent, number, "toggle_priority?priority=high", json!({})).await.expect(200);
    assert_eq!(desk.show(number).await["priority"], "high");
    desk.post(&desk.agent, number, "toggle_priority", json!({})).await.expect(200);
    assert_eq!(desk.show(number).await["priority"], Value::Null);
    let texts = desk.activities(number).await;
    assert_eq!(texts.len(), 4);
    assert!(texts[1].contains("from low to urgent"), "{texts:?}");

    // What is not sent stays; what is the same is not told again.
    desk.app.patch(&desk.agent, &path, json!({ "priority": "low" })).await.expect(200);
    let nothing = desk
        .events_of(async {
            for body in [json!({}), json!({ "priority": "low" }), json!({ "color": "red" })] {
                let shown = desk.app.patch(&desk.agent, &path, body).await.expect(200).json();
                assert_eq!(shown["priority"], "low");
            }
        })
        .await;
    assert_eq!(nothing, Vec::<String>::new());
    for body in [json!({ "priority": "huge" }), json!({ "priority": 7 })] {
        let refused = desk.app.patch(&desk.agent, &path, body.clone()).await.expect(422).json();
        assert_eq!(refused["attributes"], json!(["priority"]), "{body}");
        desk.post(&desk.agent, number, "toggle_priority", body).await.expect(422);
    }
    let cleared = desk.app.patch(&desk.agent, &path, json!({ "priority": null })).await.expect(200).json();
    assert_eq!(cleared["priority"], Value::Null);
}

#[db_test]
async fn custom_attributes_are_replaced_as_a_whole(desk: Desk) {
    let number = desk.conversation().await;
    let set = async |attributes: Value| {
        let body = json!({ "custom_attributes": attributes });
        let answer = desk.post(&desk.agent, number, "custom_attributes", body).await.expect(200).json();
        assert_eq!(answer, json!({ "custom_attributes": attributes }));
        assert_eq!(desk.show(number).await["custom_attributes"], attributes);
    };
    set(json!({ "plan": "gold", "seats": 3 })).await;
    set(json!({ "größe": "漢字" })).await;
    let events = desk.events_of(set(json!({ "größe": "漢字" }))).await;
    assert_eq!(events, Vec::<String>::new());
    assert_eq!(desk.events_of(set(json!({}))).await, ["conversation.updated"]);
    for body in [
        json!({}),
        json!({ "custom_attributes": null }),
        json!({ "custom_attributes": [1] }),
        json!({ "custom_attributes": { "x": "y".repeat(1_501) } }),
    ] {
        let refused = desk.post(&desk.agent, number, "custom_attributes", body).await.expect(422).json();
        assert_eq!(refused["attributes"], json!(["custom_attributes"]));
    }
}

#[db_test]
async fn a_muted_conversation_stays_resolved_until_it_is_unmuted(desk: Desk) {
    let number = desk.conversation().await;
    let other = desk.conversation().await;
    let events = desk
        .events_of(async {
            assert!(desk.post(&desk.agent, number, "mute", json!({})).await.expect(200).body.is_empty());
        })
        .await;
    let expected = [
        "conversation.status_changed",
        "message.created",
        "message.created",
        "conversation.updated",
        "conversation.updated",
    ];
    assert_eq!(events, expected);
    let again = desk.events_of(async { desk.post(&desk.agent, number, "mute", json!({})).await.expect(200) }).await;
    assert_eq!(again, Vec::<String>::new());
    desk.incoming(number).await;
    let shown = desk.show(number).await;
    assert_eq!((&shown["status"], &shown["muted"]), (&json!("resolved"), &json!(true)));
    assert_eq!(shown["meta"]["sender"]["blocked"], false, "it is about the conversation, not about the contact");
    assert_eq!(desk.show(other).await["muted"], false);

    let events = desk.events_of(async { desk.post(&desk.agent, number, "unmute", json!({})).await.expect(200) }).await;
    assert_eq!(events, ["message.created", "conversation.updated"]);
    let shown = desk.show(number).await;
    assert_eq!((&shown["status"], &shown["muted"]), (&json!("resolved"), &json!(false)));
    desk.incoming(number).await;
    assert_eq!(desk.show(number).await["status"], "open");
    // The last one tells who wrote in the contact's name, so that it reopened.
    assert_eq!(desk.activities(number).await.len(), 4);
}

#[db_test]
async fn reading_moves_the_marks_when_there_is_something_to_read(desk: Desk) {
    let number = desk.conversation().await;
    desk.post(&desk.administrator, number, "assignments", json!({ "assignee_id": desk.agent.id })).await.expect(200);
    desk.incoming(number).await;
    let marks = |shown: &Value| {
        let of = |key: &str| shown[key].as_i64().unwrap();
        let at = |key: &str| if of(key) == 0 { -1 } else { of(key) - START.epoch_seconds() };
        (at("agent_last_seen_at"), at("assignee_last_seen_at"), of("unread_count"))
    };
    let read = async |caller: &Caller| {
        marks(&desk.post(caller, number, "update_last_seen", json!({})).await.expect(200).json())
    };
    assert_eq!(marks(&desk.show(number).await), (-1, -1, 1));
    desk.app.clock.advance(Duration::from_secs(10));
    assert_eq!(read(&desk.other).await, (10, -1, 0), "somebody else has read it");
    desk.app.clock.advance(Duration::from_secs(10));
    assert_eq!(read(&desk.other).await, (10, -1, 0), "nothing new");
    assert_eq!(read(&desk.agent).await, (10, 20, 0));
    desk.app.clock.advance(Duration::from_secs(3_700));
    assert_eq!(read(&desk.agent).await, (3_720, 3_720, 0), "old marks move");
    desk.app.clock.advance(Duration::from_secs(1));
    desk.incoming(number).await;
    assert_eq!(
        desk.events_of(async { assert_eq!(read(&desk.agent).await, (3_721, 3_721, 0)) }).await,
        Vec::<String>::new()
    );
}

#[db_test]
async fn a_conversation_is_unread_again_from_its_contacts_last_message(desk: Desk) {
    let number = desk.conversation().await;
    let unread = async || desk.post(&desk.agent, number, "unread", json!({})).await.expect(200).json();
    let before = unread().await;
    assert_eq!((&before["agent_last_seen_at"], &before["unread_count"]), (&json!(0), &json!(0)), "nothing to read");
    for _ in 0..3 {
        desk.incoming(number).await;
        desk.app.clock.advance(Duration::from_mins(1));
    }
    desk.write(&desk.agent, number, json!({ "content": "An answer" })).await;
    desk.post(&desk.agent, number, "update_last_seen", json!({})).await.expect(200);
    let shown = unread().await;
    let mark = START.epoch_seconds() + 119;
    assert_eq!(shown["agent_last_seen_at"], mark);
    assert_eq!(shown["assignee_last_seen_at"], mark);
    assert_eq!(shown["unread_count"], 1);
    let shown = desk.post(&desk.agent, number, "update_last_seen", json!({})).await.expect(200).json();
    assert_eq!(shown["unread_count"], 0);
}

#[db_test]
async fn what_happens_at_once_is_counted_once(desk: Desk) {
    let number = desk.conversation().await;
    for _ in 0..5 {
        let writes = join_all((0..4).map(|_| desk.incoming(number)));
        let mutes = join_all((0..4).map(|turn| {
            let action = if turn % 2 == 0 { "mute" } else { "unmute" };
            desk.post(&desk.agent, number, action, json!({}))
        }));
        let (_, mutes) = join(writes, mutes).await;
        assert!(mutes.iter().all(|answer| answer.status == 200));
    }
    let shown = desk.show(number).await;
    assert_eq!(shown["unread_count"], 20);
    // An even number of changes: as it was, or muted by the last of them.
    let stored = "SELECT COUNT(*) FROM conversations WHERE muted AND status = 'open'";
    assert_eq!(desk.app.number(stored, &[]).await, 0, "a muted conversation is never open");
    let counts = "SELECT CAST(SUM(conversation_count) AS BIGINT) FROM conversation_counters WHERE bucket = 'all'";
    assert_eq!(desk.app.number(counts, &[]).await, 1);
}
