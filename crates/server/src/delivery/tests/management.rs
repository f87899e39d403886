//! What administrators do with endpoints and deliveries, through HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use ::store::testing::db_test;
use serde_json::{Value, json};
use testing::{Receiver, Reply};
use types::DeliveryState::{Failed, Succeeded, Waiting};

use super::super::jobs::ReplayDeliveries;
use super::Desk;

impl Desk {
    async fn endpoints(&self) -> Vec<Value> {
        let all = self.app.get(&self.admin, "webhook_endpoints").await.expect(200).json();
        all["payload"].as_array().unwrap().clone()
    }

    /// The first endpoint's path.
    async fn endpoint(&self) -> String {
        format!("webhook_endpoints/{}", self.endpoints().await[0]["id"])
    }

    async fn act(&self, path: &str) -> Value {
        self.app.post(&self.admin, path, json!({})).await.expect(200).json()
    }

    async fn list(&self, query: &str) -> Vec<Value> {
        let all = self.app.get(&self.admin, &format!("webhook_deliveries?{query}")).await.expect(200).json();
        all["payload"].as_array().unwrap().clone()
    }
}

async fn settable(first: u16) -> (Receiver, Arc<AtomicU16>) {
    let status = Arc::new(AtomicU16::new(first));
    let said = Arc::clone(&status);
    let receiver =
        Receiver::with(move |_, _| Reply::With(said.load(Ordering::SeqCst), ("x", "y".into()), "hé\0llo".into()));
    (receiver.await, status)
}

#[db_test]
async fn everything_that_is_told_is_listed_and_a_test_says_what_comes_back(desk: Desk) {
    assert_eq!(desk.endpoints().await, Vec::<Value>::new());
    let (receiver, status) = settable(202).await;
    let webhook = desk.webhook(&receiver, "/a", &[]).await;
    let channel = json!({ "channel": { "webhook_url": format!("{}/inbox", receiver.url()) } });
    desk.app.patch(&desk.admin, &format!("inboxes/{}", desk.inbox), channel).await.expect(200);
    let bot = json!({ "name": "Helper", "outgoing_url": format!("{}/bot", receiver.url()) });
    let bot = desk.app.post(&desk.admin, "agent_bots", bot).await.expect(200).json()["id"].clone();
    let path = format!("inboxes/{}/set_agent_bot", desk.inbox);
    desk.app.post(&desk.admin, &path, json!({ "agent_bot": bot })).await.expect(200);
    let all = desk.endpoints().await;
    let kinds: Vec<_> = all.iter().map(|one| (one["kind"].clone(), one["subject_id"].clone())).collect();
    assert_eq!(
        kinds,
        [(json!("webhook"), webhook["id"].clone()), (json!("inbox"), json!(desk.inbox)), (json!("agent_bot"), bot)]
    );
    assert_eq!((&all[0]["state"], &all[0]["waiting"]), (&json!("active"), &json!(0)));
    assert!(all[1]["name"].is_string() && all[2]["name"] == "Helper");
    for endpoint in &all {
        let tested = desk.act(&format!("webhook_endpoints/{}/test", endpoint["id"])).await;
        assert_eq!((&tested["state"], &tested["event"]), (&json!("succeeded"), &json!("webhook_test")));
        let attempt = &tested["attempts"][0];
        assert_eq!((&attempt["status"], &attempt["answer"]), (&json!(202), &json!("hé\u{fffd}llo")));
        assert!(attempt["duration_ms"].as_i64().unwrap() < 10_000);
    }
    assert_eq!(receiver.events(), ["webhook_test"; 3]);
    assert!(receiver.received().iter().all(|request| request.headers.contains_key("webhook-signature")));
    status.store(500, Ordering::SeqCst);
    let tested = desk.act(&format!("webhook_endpoints/{}/test", all[0]["id"])).await;
    assert_eq!((&tested["state"], &tested["attempts"][0]["status"]), (&json!("failed"), &json!(500)));
    desk.run().await;
    assert_eq!(receiver.received().len(), 4, "a test is not tried again");
    desk.app.delete(&desk.admin, &format!("webhooks/{}", webhook["id"])).await.expect(200);
    assert_eq!(desk.endpoints().await.len(), 2);
    let path = format!("webhook_endpoints/{}/test", all[0]["id"]);
    desk.app.post(&desk.admin, &path, json!({})).await.expect(404);
}

#[db_test]
async fn deliveries_are_listed_shown_and_sent_once_more(desk: Desk) {
    let (receiver, status) = settable(400).await;
    desk.webhook(&receiver, "/a", &["message_created"]).await;
    let conversation = desk.conversation().await;
    for number in 0..53 {
        desk.write(conversation, &number.to_string()).await;
    }
    desk.run().await;
    let page = desk.list("").await;
    assert_eq!(page.len(), 50);
    assert_eq!(desk.list(&format!("before={}", page[49]["id"])).await.len(), 3);
    assert_eq!(desk.list("state=succeeded").await.len(), 0);
    assert_eq!(desk.list("state=failed&event=message_created").await.len(), 50);
    assert_eq!(desk.list("endpoint_id=0").await.len(), 0);
    desk.app.get(&desk.admin, "webhook_deliveries?state=lost").await.expect(422);
    assert_eq!((&page[0]["conversation_id"], &page[0]["tries"]), (&json!(conversation), &json!(1)));
    let path = format!("webhook_deliveries/{}", page[0]["id"]);
    let shown = desk.app.get(&desk.admin, &path).await.expect(200).json();
    assert_eq!(shown["body"]["content"], "52");
    assert_eq!((shown["attempts"].as_array().unwrap().len(), &shown["attempts"][0]["status"]), (1, &json!(400)));

    status.store(200, Ordering::SeqCst);
    let again = desk.act(&format!("{path}/replay")).await;
    assert_eq!(again["state"], "waiting");
    assert_eq!(desk.act(&format!("{path}/replay")).await["state"], "waiting", "once");
    desk.run().await;
    let shown = desk.app.get(&desk.admin, &path).await.expect(200).json();
    assert_eq!((&shown["state"], shown["attempts"].as_array().unwrap().len()), (&json!("succeeded"), 2));
    let [first, second] = [52, 53].map(|index: usize| receiver.received()[index].clone());
    assert_eq!((first.body, &first.headers["webhook-id"]), (second.body, &second.headers["webhook-id"]));

    let stranger = desk.app.administrator(desk.app.account().await).await;
    desk.app.get(&stranger, &path).await.expect(404);
    desk.app.post(&stranger, &format!("{path}/replay"), json!({})).await.expect(404);
    assert!(
        desk.app.get(&stranger, "webhook_deliveries").await.expect(200).json()["payload"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}

#[db_test]
async fn all_that_failed_since_a_time_is_sent_once_more_in_order(desk: Desk) {
    let (receiver, status) = settable(400).await;
    desk.webhook(&receiver, "/a", &["message_created"]).await;
    let conversations = [desk.conversation().await, desk.conversation().await];
    desk.write(conversations[0], "before").await;
    desk.run().await;
    desk.app.clock.advance(Duration::from_mins(1));
    let since = types::Clock::now(&*desk.app.clock).epoch_seconds();
    for number in 0..450 {
        desk.write(conversations[number % 2], &number.to_string()).await;
    }
    desk.run().await;
    status.store(200, Ordering::SeqCst);
    desk.write(conversations[0], "taken").await;
    desk.run().await;
    let path = format!("{}/replay", desk.endpoint().await);
    for (body, status) in [
        (json!({}), 422),
        (json!({ "since": "yesterday" }), 422),
        (json!({ "since": since, "state": "some" }), 422),
        (json!({ "since": since + 600 }), 200),
    ] {
        desk.app.post(&desk.admin, &path, body).await.expect(status);
    }
    let replayed = desk.app.post(&desk.admin, &path, json!({ "since": since })).await.expect(200).json();
    assert_eq!(replayed, json!({ "deliveries": 450 }));
    let before = receiver.received().len();
    desk.app.run_due_jobs().await;
    desk.run().await;
    let again = receiver.received()[before..].to_vec();
    let of = |conversation: i64| {
        let bodies =
            again.iter().map(testing::Received::json).filter(|body| body["conversation"]["id"] == conversation);
        bodies.map(|body| body["content"].as_str().unwrap().parse::<usize>().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(of(conversations[0]), (0..450).step_by(2).collect::<Vec<_>>());
    assert_eq!(of(conversations[1]), (1..450).step_by(2).collect::<Vec<_>>());
    let replayed =
        desk.app.post(&desk.admin, &path, json!({ "since": since, "state": "all" })).await.expect(200).json();
    assert_eq!(replayed, json!({ "deliveries": 451 }));
    let before = receiver.received().len();
    desk.app.run_due_jobs().await;
    desk.run().await;
    assert_eq!(receiver.received().len(), before + 451);
}

#[db_test]
async fn a_replay_that_is_run_twice_sends_once(desk: Desk) {
    let (receiver, _) = settable(200).await;
    desk.webhook(&receiver, "/a", &["message_created"]).await;
    let conversation = desk.conversation().await;
    desk.write(conversation, "one").await;
    desk.run().await;
    desk.app.clock.advance(Duration::from_secs(1));
    let delivery = desk.deliveries().await[0].clone();
    let asked_at = types::Clock::now(&*desk.app.clock).as_micros();
    let after = types::DeliveryId::new(0);
    let (endpoint_id, last) = (delivery.endpoint_id, delivery.id);
    let job = ReplayDeliveries { endpoint_id, since: 0, asked_at, is_everything: true, after, last };
    for _ in 0..2 {
        jobs::Job::run(&job, &desk.app.app).await.unwrap();
        desk.run().await;
        assert_eq!(receiver.received().len(), 2);
    }
}

#[db_test]
async fn a_paused_endpoint_gets_what_waited_when_it_is_resumed(desk: Desk) {
    let (receiver, _) = settable(200).await;
    let webhook = desk.webhook(&receiver, "/a", &["message_created"]).await;
    let path = desk.endpoint().await;
    assert_eq!(desk.act(&format!("{path}/pause")).await["state"], "paused");
    let conversation = desk.conversation().await;
    for content in ["one", "two"] {
        desk.write(conversation, content).await;
    }
    desk.run().await;
    assert_eq!((receiver.received().len(), desk.endpoints().await[0]["waiting"].clone()), (0, json!(2)));
    assert_eq!(desk.act(&format!("{path}/resume")).await["state"], "active");
    desk.run().await;
    let contents: Vec<_> = receiver.received().iter().map(|request| request.json()["content"].clone()).collect();
    assert_eq!(contents, ["one", "two"]);
    // Another address begins anew, what was paused included.
    desk.act(&format!("{path}/pause")).await;
    desk.write(conversation, "three").await;
    let other = json!({ "url": format!("{}/other", receiver.url()) });
    desk.app.patch(&desk.admin, &format!("webhooks/{}", webhook["id"]), other).await.expect(200);
    desk.run().await;
    assert_eq!(receiver.received().last().unwrap().path, "/other");
    // What waited too long is given up.
    desk.act(&format!("{path}/pause")).await;
    desk.write(conversation, "four").await;
    desk.run().await;
    super::super::jobs::keep_sweeping(&desk.app.app).await.unwrap();
    desk.app.clock.advance(Duration::from_hours(71));
    desk.app.run_due_jobs().await;
    assert_eq!(desk.states().await, [Succeeded, Succeeded, Succeeded, Waiting]);
    desk.app.clock.advance(Duration::from_hours(2));
    desk.app.run_due_jobs().await;
    assert_eq!(desk.states().await.last(), Some(&Failed));
}

#[db_test]
async fn limits_are_kept(desk: Desk) {
    let (receiver, _) = settable(200).await;
    desk.webhook(&receiver, "/a", &["message_created"]).await;
    let path = desk.endpoint().await;
    for bad in [
        json!({ "concurrency": 0 }),
        json!({ "concurrency": 33 }),
        json!({ "timeout_seconds": 31 }),
        json!({ "per_minute": -1 }),
        json!({ "per_minute": "many" }),
    ] {
        desk.app.patch(&desk.admin, &path, bad).await.expect(422);
    }
    let limits = json!({ "timeout_seconds": 2, "concurrency": 1, "per_minute": 6 });
    let changed = desk.app.patch(&desk.admin, &path, limits).await.expect(200).json();
    assert_eq!(json!([changed["timeout_seconds"], changed["concurrency"], changed["per_minute"]]), json!([2, 1, 6]));
    for _ in 0..4 {
        let conversation = desk.conversation().await;
        desk.write(conversation, "x").await;
    }
    desk.run().await;
    let mut counts = vec![receiver.received().len()];
    for _ in 0..3 {
        desk.app.clock.advance(Duration::from_secs(10));
        desk.run().await;
        counts.push(receiver.received().len());
    }
    assert_eq!(counts, [1, 2, 3, 4]);
    let limits = json!({ "timeout_seconds": null, "concurrency": null, "per_minute": null });
    let changed = desk.app.patch(&desk.admin, &path, limits).await.expect(200).json();
    assert_eq!(
        json!([changed["timeout_seconds"], changed["concurrency"], changed["per_minute"]]),
        json!([null, 4, null])
    );
}
