//! The main job, end to end over HTTP: a contact asks, the team answers, the contact comes back.

use http::Method;
use serde_json::{Value, json};
use store::testing::db_test;

use crate::testing::{Answer, Caller, TestApp};

/// A contact of an API inbox, with a conversation.
struct Visitor {
    inbox: String,
    source_id: String,
    conversation: i64,
}

impl Visitor {
    async fn arrive(app: &TestApp, inbox: &str) -> Self {
        let contacts = format!("/public/api/v1/inboxes/{inbox}/contacts");
        let body = json!({ "name": "Aino Reed", "email": "aino@reed.example" });
        let contact = app.call(Method::POST, &contacts, None, Some(&body)).await.expect(200).json();
        let source_id = contact["source_id"].as_str().unwrap().to_owned();
        let conversations = format!("{contacts}/{source_id}/conversations");
        let conversation = app.call(Method::POST, &conversations, None, None).await.expect(200).json();
        Self { inbox: inbox.to_owned(), source_id, conversation: conversation["id"].as_i64().unwrap() }
    }

    fn messages(&self) -> String {
        let Self { inbox, source_id, conversation } = self;
        format!("/public/api/v1/inboxes/{inbox}/contacts/{source_id}/conversations/{conversation}/messages")
    }

    async fn write(&self, app: &TestApp, text: &str) -> Answer {
        app.call(Method::POST, &self.messages(), None, Some(&json!({ "content": text }))).await.expect(200)
    }

    async fn read(&self, app: &TestApp) -> Vec<String> {
        texts(&app.call(Method::GET, &self.messages(), None, None).await.expect(200).json())
    }
}

fn texts(messages: &Value) -> Vec<String> {
    messages.as_array().unwrap().iter().map(|message| message["content"].as_str().unwrap().to_owned()).collect()
}

async fn listed(app: &TestApp, agent: &Caller, query: &str) -> Vec<i64> {
    let answer = app.get(agent, &format!("conversations?{query}")).await.expect(200).json();
    let rows = answer["data"]["payload"].as_array().unwrap();
    rows.iter().map(|conversation| conversation["id"].as_i64().unwrap()).collect()
}

#[db_test]
async fn a_question_gets_its_answer_and_a_second_one_reopens_it(app: TestApp) {
    let account = app.account().await;
    let administrator = app.administrator(account).await;
    let agent = app.agent(account).await;
    let inbox = app.api_inbox(&administrator).await;
    app.join(&administrator, inbox, &[&agent]).await;
    let shown = app.get(&administrator, &format!("inboxes/{inbox}")).await.expect(200).json();

    let visitor = Visitor::arrive(&app, shown["inbox_identifier"].as_str().unwrap()).await;
    visitor.write(&app, "Where is my bike?").await;
    let number = visitor.conversation;
    assert_eq!(listed(&app, &agent, "assignee_type=unassigned").await, [number]);

    let path = |rest: &str| format!("conversations/{number}/{rest}");
    let assigned = app.post(&agent, &path("assignments"), json!({ "assignee_id": agent.id })).await.expect(200).json();
    assert_eq!(assigned["id"], json!(agent.id));
    app.post(&agent, &path("labels"), json!({ "labels": ["shipping", "vip"] })).await.expect(200);
    app.post(&agent, &path("messages"), json!({ "content": "It left today." })).await.expect(200);
    app.post(&agent, &path("messages"), json!({ "content": "He sounds upset", "private": true })).await.expect(200);
    assert_eq!(listed(&app, &agent, "assignee_type=me&labels=vip").await, [number]);
    assert_eq!(visitor.read(&app).await, ["Where is my bike?", "It left today."]);

    app.post(&agent, &path("toggle_status"), json!({ "status": "resolved" })).await.expect(200);
    assert!(listed(&app, &agent, "status=open").await.is_empty());
    assert_eq!(listed(&app, &agent, "status=resolved").await, [number]);

    visitor.write(&app, "And the helmet?").await;
    let reopened = app.get(&agent, &format!("conversations/{number}")).await.expect(200).json();
    assert_eq!(reopened["status"], "open");
    assert_eq!(reopened["meta"]["assignee"]["id"], json!(agent.id));
    assert_eq!(reopened["labels"], json!(["shipping", "vip"]));
    assert_eq!(visitor.read(&app).await, ["Where is my bike?", "It left today.", "And the helmet?"]);
}
