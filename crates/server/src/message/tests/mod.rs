//! Messages as clients see them, with what each one does to its conversation.

mod deletion;
mod effect;
mod page;
mod variables;
mod write;

use std::time::Duration;

use ::store::testing::{Engine, OnEngine};
use serde_json::{Value, json};
use types::{InboxId, ToValue as _};

use crate::testing::{Answer, Caller, TestApp};

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
