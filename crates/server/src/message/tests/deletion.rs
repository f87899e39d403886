//! Messages whose content is deleted.

use ::store::testing::db_test;
use futures_util::future::{join, join_all};
use http::Method;
use serde_json::{Value, json};

use super::Desk;
use crate::testing::{Answer, Caller, Part};

impl Desk {
    async fn delete(&self, caller: &Caller, number: i64, message: &Value) -> Answer {
        self.app.delete(caller, &format!("conversations/{number}/messages/{message}")).await
    }

    /// A message with a file.
    async fn write_with_file(&self) -> Value {
        let path = self.agent.path(&format!("conversations/{}/messages", self.number));
        let file = Part { name: "attachments[]", filename: Some("note.txt"), media: "text/plain", content: b"secret" };
        let text = Part::text("content", "See the file");
        self.app.send_form(Method::POST, &path, Some(&self.agent.token), &[text, file]).await.expect(200).json()
    }
}

#[db_test]
async fn what_a_message_said_is_gone_with_its_files_and_its_place_stays(desk: Desk) {
    let first = desk.write_with_file().await;
    desk.write(json!({ "content": "After it" })).await;
    let before = desk.app.event_names(desk.agent.account).await.len();
    let deleted = desk.delete(&desk.agent, desk.number, &first["id"]).await.expect(200).json();
    assert_eq!(deleted["id"], first["id"]);
    assert_eq!(deleted["content_attributes"], json!({ "deleted": true }));
    assert_eq!(deleted["created_at"], first["created_at"]);
    assert!(deleted.get("attachments").is_none(), "{deleted}");
    assert_ne!(deleted["content"], first["content"]);
    assert_eq!(desk.texts("").await, [deleted["content"].as_str().unwrap(), "After it"]);
    assert_eq!(desk.app.number("SELECT COUNT(*) FROM attachments", &[]).await, 0);
    assert_eq!(desk.app.number("SELECT COUNT(*) FROM files", &[]).await, 0);
    let address = first["attachments"][0]["data_url"].as_str().unwrap().to_owned();
    let path = &address[address.find("/rails").unwrap()..];
    desk.app.call(Method::GET, path, None, None).await.expect(404);
    // Once more changes nothing and tells nobody.
    desk.delete(&desk.agent, desk.number, &first["id"]).await.expect(200);
    assert_eq!(desk.app.event_names(desk.agent.account).await[before..], ["message.updated"]);
    desk.app.run_due_jobs().await;
    desk.app.get(&desk.agent, &format!("conversations/{}", desk.number)).await.expect(200);
}

#[db_test]
async fn whoever_sees_the_conversation_deletes_also_what_its_contact_wrote(desk: Desk) {
    let asked = desk.write(json!({ "content": "Hi", "message_type": "incoming" })).await;
    let form = desk.write(json!({ "content": "Rate us", "content_type": "input_csat" })).await;
    let outsider = desk.app.agent(desk.agent.account).await;
    let stranger = desk.app.administrator(desk.app.account().await).await;
    desk.delete(&outsider, desk.number, &asked["id"]).await.expect(401);
    desk.delete(&stranger, desk.number, &asked["id"]).await.expect(404);
    for message in [&asked, &form] {
        let deleted = desk.delete(&desk.administrator, desk.number, &message["id"]).await.expect(200).json();
        assert_eq!(deleted["content_type"], "text");
        assert_eq!(deleted["message_type"], message["message_type"]);
        assert_eq!(deleted["sender"]["type"], message["sender"]["type"]);
    }
}

#[db_test]
async fn a_message_is_found_in_its_own_conversation_only(desk: Desk) {
    let message = desk.write(json!({ "content": "Hi" })).await;
    let other = desk.app.conversation(&desk.agent, desk.inbox).await;
    desk.delete(&desk.agent, other, &message["id"]).await.expect(404);
    desk.delete(&desk.agent, desk.number, &json!(99_999_999)).await.expect(404);
    desk.delete(&desk.agent, 999, &message["id"]).await.expect(404);
    assert_eq!(desk.texts("").await, ["Hi"]);
}

#[db_test]
async fn of_many_who_delete_a_message_at_once_one_is_told_of(desk: Desk) {
    for _ in 0..5 {
        let message = desk.write(json!({ "content": "Twice" })).await;
        let before = desk.app.event_names(desk.agent.account).await.len();
        let deletions = join_all((0..6).map(|_| desk.delete(&desk.agent, desk.number, &message["id"])));
        let writes = join_all((0..3).map(|_| desk.try_write(&desk.agent, desk.number, json!({ "content": "x" }))));
        let (deletions, writes) = join(deletions, writes).await;
        assert!(deletions.iter().chain(&writes).all(|answer| answer.status == 200));
        let events = desk.app.event_names(desk.agent.account).await.split_off(before);
        assert_eq!(events.iter().filter(|name| *name == "message.updated").count(), 1, "{events:?}");
    }
}
