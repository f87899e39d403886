//! Pages of messages.

use ::store::testing::db_test;
use serde_json::{Value, json};

use super::Desk;
use crate::testing::START;

fn ids(messages: &Value) -> Vec<i64> {
    messages["payload"].as_array().unwrap().iter().map(|message| message["id"].as_i64().unwrap()).collect()
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
