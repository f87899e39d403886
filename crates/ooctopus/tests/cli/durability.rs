//! What was acknowledged is there, whatever happens to the server.

use serde_json::json;
use store::testing::db_test;

use crate::support::{Installation, value_of};

#[db_test]
async fn acknowledged_messages_outlive_a_kill(installation: Installation) {
    let server = installation.serve_with(&["--demo"]).ready().await;
    let text = server.demo.clone();
    let inbox = format!("/public/api/v1/inboxes/{}/contacts", value_of(&text, "INBOX_IDENTIFIER"));
    let contact = server.post(None, &inbox, &json!({ "name": "Noor Haddad" })).await;
    let conversations = format!("{inbox}/{}/conversations", contact["source_id"].as_str().unwrap());
    let conversation = server.post(None, &conversations, &json!({})).await;
    let messages = format!("{conversations}/{}/messages", conversation["id"]);
    let written: Vec<String> = (1..=15).map(|number| format!("message {number}")).collect();
    for content in &written {
        server.post(None, &messages, &json!({ "content": content })).await;
    }
    server.kill();

    let server = installation.serve().ready().await;
    let list = server.get("", &messages).await;
    let read: Vec<&str> = list.as_array().unwrap().iter().map(|message| message["content"].as_str().unwrap()).collect();
    assert_eq!(read, written);
    server.stop();
}
