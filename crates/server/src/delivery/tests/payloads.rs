//! Who is told what, in which form.

use ::store::testing::db_test;
use serde_json::json;
use testing::{Receiver, Reply};
use types::{Clock, DeliveryState};

use super::Desk;

#[db_test]
async fn a_webhook_is_told_what_it_wants_to_know_signed_and_in_order(desk: Desk) {
    let receiver = Receiver::taking().await;
    let all = desk.webhook(&receiver, "/all", &[]).await;
    let some = desk.webhook(&receiver, "/some", &["contact_created"]).await;
    let conversation = desk.conversation().await;
    for content in ["one", "two", "three"] {
        desk.write(conversation, content).await;
    }
    assert!(receiver.received().is_empty(), "nothing is sent by requests");
    desk.run().await;
    let all_requests = receiver.received();
    let of = |path: &str| all_requests.iter().filter(|request| request.path == path).cloned().collect::<Vec<_>>();
    let events: Vec<String> = of("/all").iter().map(testing::Received::event).collect();
    assert_eq!(events, ["conversation_created", "message_created", "message_created", "message_created"]);
    let contents: Vec<_> = of("/all").iter().skip(1).map(|request| request.json()["content"].clone()).collect();
    assert_eq!(contents, ["one", "two", "three"]);
    assert_eq!(of("/some").iter().map(testing::Received::event).collect::<Vec<_>>(), ["contact_created"]);

    let ids: std::collections::BTreeSet<_> =
        all_requests.iter().map(|request| request.headers["webhook-id"].clone()).collect();
    assert_eq!(ids.len(), all_requests.len());
    for request in &all_requests {
        let secret = if request.path == "/all" { &all["secret"] } else { &some["secret"] };
        assert_eq!(request.headers["content-type"], "application/json");
        assert!(request.headers["user-agent"].starts_with("Ooctopus/"));
        let (timestamp, body) = (request.headers["x-chatwoot-timestamp"].clone(), request.body.clone());
        assert_eq!(timestamp.parse::<i64>().unwrap(), desk.app.clock.now().epoch_seconds());
        let again = super::super::signature::headers(
            &request.headers["x-chatwoot-delivery"],
            &request.headers["webhook-id"],
            desk.app.clock.now(),
            &body,
            &[secret.as_str().unwrap()],
        );
        for name in ["x-chatwoot-signature", "webhook-signature"] {
            assert_eq!(again[name], request.headers[name].as_str(), "{name}");
        }
    }
    desk.run().await;
    assert_eq!(receiver.received().len(), all_requests.len(), "each once");
    assert!(desk.states().await.iter().all(|state| *state == DeliveryState::Succeeded));
}

#[db_test]
async fn an_api_inbox_is_told_of_its_own_conversations_and_a_bot_of_messages_and_status(desk: Desk) {
    let receiver = Receiver::taking().await;
    let channel = json!({ "channel": { "webhook_url": format!("{}/inbox", receiver.url()) } });
    desk.app.patch(&desk.admin, &format!("inboxes/{}", desk.inbox), channel).await.expect(200);
    let bot = json!({ "name": "Helper", "outgoing_url": format!("{}/bot", receiver.url()) });
    let bot = desk.app.post(&desk.admin, "agent_bots", bot).await.expect(200).json()["id"].clone();
    let path = format!("inboxes/{}/set_agent_bot", desk.inbox);
    desk.app.post(&desk.admin, &path, json!({ "agent_bot": bot })).await.expect(200);
    let other = desk.app.api_inbox(&desk.admin).await;
    desk.app.conversation(&desk.admin, other).await;
    let conversation = desk.conversation().await;
    desk.write(conversation, "hello\\\nyou\n\n").await;
    let status = format!("conversations/{conversation}/toggle_status");
    for status_name in ["open", "resolved"] {
        desk.app.post(&desk.admin, &status, json!({ "status": status_name })).await.expect(200);
    }
    desk.run().await;
    let events = |path: &str| {
        let here = receiver.received().into_iter().filter(|request| request.path == path);
        here.map(|request| request.event()).collect::<Vec<_>>()
    };
    assert_eq!(events("/bot"), ["message_created", "conversation_opened", "conversation_resolved"]);
    assert_eq!(
        events("/inbox"),
        [
            "conversation_created",
            "message_created",
            "conversation_status_changed",
            "conversation_updated",
            "conversation_status_changed",
            "conversation_updated"
        ]
    );
    let message = receiver.received().into_iter().find(|request| request.event() == "message_created").unwrap().json();
    assert_eq!(message["content"], "hello\nyou");
    assert_eq!(message["conversation"]["messages"][0]["content"], "hello\nyou");
    assert_eq!(message["message_type"], "outgoing");
    assert_eq!(message["sender"]["type"], "user");
    assert!(message["sender"]["email"].as_str().unwrap().contains('@'));
    assert_eq!(message["account"]["id"], json!(desk.admin.account));
    assert_eq!(message["inbox"]["id"], json!(desk.inbox));
    assert!(message["conversation"]["contact_inbox"]["pubsub_token"].is_string());
    assert!(message.get("attachments").is_none());
    // Detached, it is told nothing.
    desk.app.post(&desk.admin, &path, json!({ "agent_bot": null })).await.expect(200);
    desk.write(conversation, "later").await;
    desk.run().await;
    assert_eq!(events("/bot").len(), 3);
}

#[db_test]
async fn who_types_is_told_to_who_wants_to_know(desk: Desk) {
    let receiver = Receiver::taking().await;
    desk.webhook(&receiver, "/typing", &["conversation_typing_on", "inbox_updated"]).await;
    desk.webhook(&receiver, "/not", &[]).await;
    let conversation = desk.conversation().await;
    let path = format!("conversations/{conversation}/toggle_typing_status");
    for status in ["on", "off"] {
        desk.app.post(&desk.admin, &path, json!({ "typing_status": status, "is_private": true })).await.expect(200);
    }
    desk.app.patch(&desk.admin, &format!("inboxes/{}", desk.inbox), json!({ "name": "Harbour" })).await.expect(200);
    desk.run().await;
    let mut typing: Vec<_> = receiver.received().into_iter().filter(|request| request.path == "/typing").collect();
    typing.sort_by_key(testing::Received::event);
    assert_eq!(
        typing.iter().map(testing::Received::event).collect::<Vec<_>>(),
        ["conversation_typing_on", "inbox_updated"]
    );
    let body = typing[0].json();
    assert_eq!((&body["user"]["type"], &body["is_private"]), (&json!("user"), &json!(true)));
    assert_eq!(body["conversation"]["id"], conversation);
    let body = typing[1].json();
    assert_eq!((&body["name"], body["working_hours"].as_array().unwrap().len()), (&json!("Harbour"), 7));
    assert!(body["changed_attributes"].as_array().unwrap().iter().any(|one| one["name"]["current_value"] == "Harbour"));
    assert!(!typing[1].body.contains("hmac_token") && !typing[1].body.contains("secret"));
}

#[db_test]
async fn a_webhook_that_is_new_is_not_told_of_before_and_one_that_is_gone_of_nothing(desk: Desk) {
    let receiver = Receiver::with(|_, _| Reply::Status(503)).await;
    let conversation = desk.conversation().await;
    desk.write(conversation, "before").await;
    desk.app.clock.advance(std::time::Duration::from_millis(1));
    let webhook = desk.webhook(&receiver, "/a", &["message_created"]).await;
    desk.write(conversation, "after").await;
    desk.run().await;
    assert_eq!(receiver.received().len(), 1);
    assert_eq!(receiver.received()[0].json()["content"], "after");
    desk.app.delete(&desk.admin, &format!("webhooks/{}", webhook["id"])).await.expect(200);
    desk.app.clock.advance(std::time::Duration::from_mins(1));
    desk.run().await;
    assert_eq!(receiver.received().len(), 1);
    assert_eq!(desk.states().await, [DeliveryState::Failed]);
    desk.app.clock.advance(std::time::Duration::from_mins(10));
    super::super::jobs::keep_sweeping(&desk.app.app).await.unwrap();
    desk.app.clock.advance(std::time::Duration::from_mins(10));
    desk.app.run_due_jobs().await;
    assert!(desk.deliveries().await.is_empty(), "swept");
}
