//! Deliveries, to receivers that behave as they like.

mod failures;
mod management;
mod payloads;
mod stream;

use ::store::testing::{Engine, OnEngine};
use ::store::{Conn, sql};
use serde_json::{Value, json};
use testing::Receiver;
use types::{DeliveryState, InboxId};

use super::Delivery;
use crate::Settings;
use crate::testing::{Caller, TestApp};

/// A desk that may call this machine, with an administrator and an API inbox.
struct Desk {
    app: TestApp,
    admin: Caller,
    inbox: InboxId,
}

impl OnEngine for Desk {
    async fn on(engine: Engine) -> Self {
        let outbound_allow = vec!["127.0.0.0/8".parse().unwrap()];
        let settings = Settings {
            outbound_allow,
            webhook_timeout: std::time::Duration::from_millis(1_500),
            sign_in_limits: false,
            ..Settings::default()
        };
        let app = TestApp::with_settings(engine, settings).await;
        let admin = app.administrator(app.account().await).await;
        let inbox = app.api_inbox(&admin).await;
        let desk = Self { app, admin, inbox };
        // Deliveries begin with the first look at the log.
        desk.run().await;
        desk
    }
}

impl Desk {
    /// Sends what is due.
    async fn run(&self) {
        super::run_due(&self.app.app).await.unwrap();
    }

    /// A webhook at the receiver, by id.
    async fn webhook(&self, receiver: &Receiver, path: &str, subscriptions: &[&str]) -> Value {
        let mut body = json!({ "url": format!("{}{path}", receiver.url()) });
        if !subscriptions.is_empty() {
            body["subscriptions"] = json!(subscriptions);
        }
        self.app.post(&self.admin, "webhooks", body).await.expect(200).json()["payload"]["webhook"].clone()
    }

    async fn conversation(&self) -> i64 {
        self.app.conversation(&self.admin, self.inbox).await
    }

    async fn write(&self, conversation: i64, content: &str) -> Value {
        let body = json!({ "content": content });
        let path = format!("conversations/{conversation}/messages");
        self.app.post(&self.admin, &path, body).await.expect(200).json()
    }

    async fn deliveries(&self) -> Vec<Delivery> {
        let read = |conn: &mut Conn<'_>| {
            let ids: Vec<(types::DeliveryId,)> =
                conn.query(sql!("SELECT id FROM webhook_deliveries ORDER BY id"), ())?;
            let found = ids.into_iter().map(|(id,)| super::store::find(conn, id));
            found.map(|found| Ok(found?.unwrap())).collect::<edge::Result<Vec<_>>>()
        };
        self.app.app.store.read(read).await.unwrap()
    }

    async fn states(&self) -> Vec<DeliveryState> {
        self.deliveries().await.into_iter().map(|delivery| delivery.state).collect()
    }

    /// Status or error of each attempt, in their order.
    async fn attempts(&self) -> Vec<(Option<i64>, Option<String>, String)> {
        let read = |conn: &mut Conn<'_>| {
            conn.query(sql!("SELECT status, error, answer FROM webhook_attempts ORDER BY id"), ())
        };
        self.app.app.store.read(read).await.map_err(|error: ::store::Error| error).unwrap()
    }
}
