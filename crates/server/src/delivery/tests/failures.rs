//! Receivers that do not take what is sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ::store::testing::db_test;
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use testing::{Receiver, Reply};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use types::DeliveryState::{Failed, Succeeded, Waiting};

use super::Desk;

/// A receiver that answers what a test sets.
async fn settable(first: u16) -> (Receiver, Arc<AtomicU16>) {
    let status = Arc::new(AtomicU16::new(first));
    let said = Arc::clone(&status);
    (Receiver::with(move |_, _| Reply::Status(said.load(Ordering::SeqCst))).await, status)
}

impl Desk {
    /// Lets time go by in steps, sending what becomes due.
    async fn pass(&self, time: Duration, step: Duration) {
        let mut left = time;
        while !left.is_zero() {
            let next = left.min(step);
            self.app.clock.advance(next);
            self.run().await;
            left -= next;
        }
    }
}

#[db_test]
async fn what_is_not_taken_is_sent_again_the_same_until_it_is(desk: Desk) {
    let (receiver, status) = settable(500).await;
    desk.webhook(&receiver, "/a", &["message_created"]).await;
    let conversation = desk.conversation().await;
    desk.write(conversation, "one").await;
    desk.run().await;
    desk.write(conversation, "two").await;
    desk.pass(Duration::from_mins(1), Duration::from_secs(1)).await;
    let tries = receiver.received();
    assert!((3..=5).contains(&tries.len()), "5, 10, 20 and 40 s apart: {}", tries.len());
    assert!(tries.iter().all(|request| request.json()["content"] == "one"), "the second one waits");
    let of = |name: &str| tries.iter().map(|request| request.headers[name].clone()).collect::<Vec<_>>();
    for same in ["webhook-id", "x-chatwoot-delivery"] {
        assert!(of(same).iter().all(|value| *value == of(same)[0]));
    }
    assert!(tries.iter().all(|request| request.body == tries[0].body));
    assert_ne!(of("webhook-timestamp").first(), of("webhook-timestamp").last());
    status.store(200, Ordering::SeqCst);
    desk.pass(Duration::from_mins(3), Duration::from_secs(5)).await;
    let contents: Vec<_> =
        receiver.received().iter().skip(tries.len()).map(|request| request.json()["content"].clone()).collect();
    assert_eq!(contents, ["one", "two"]);
    assert_eq!(desk.states().await, [Succeeded, Succeeded]);
}

#[db_test]
async fn answers_end_a_delivery_or_do_not(desk: Desk) {
    let replies: Vec<(Reply, Value)> = vec![
        (Reply::Status(204), json!([204, null, "succeeded"])),
        (Reply::Status(404), json!([404, null, "failed"])),
        (Reply::Status(410), json!([410, null, "failed"])),
        (Reply::Status(429), json!([429, null, "waiting"])),
        (Reply::With(302, ("location", "http://127.0.0.1:1/".into()), String::new()), json!([302, null, "waiting"])),
        (Reply::With(200, ("x", "y".into()), "a".repeat(5_000)), json!([200, null, "succeeded"])),
        (Reply::Hang, json!([null, "the server took too long", "waiting"])),
        (Reply::Gigabyte, json!([200, null, "succeeded"])),
        (Reply::CloseInBody, json!([200, null, "succeeded"])),
    ];
    for (reply, expected) in replies {
        let said = reply.clone();
        let receiver = Receiver::with(move |_, _| said.clone()).await;
        let webhook = desk.webhook(&receiver, "/a", &["conversation_created"]).await;
        desk.conversation().await;
        let began = Instant::now();
        desk.run().await;
        assert!(began.elapsed() < Duration::from_secs(5), "{reply:?} took {:?}", began.elapsed());
        let delivery = desk.deliveries().await.pop().unwrap();
        let (status, error, answer) = desk.attempts().await.pop().unwrap();
        assert_eq!(json!([status, error, delivery.state]), expected, "{reply:?}");
        assert!(answer.len() <= 2_048, "{reply:?}");
        desk.app.delete(&desk.admin, &format!("webhooks/{}", webhook["id"])).await.expect(200);
        desk.run().await;
    }
}

#[db_test]
async fn a_connection_that_is_closed_or_refused_is_tried_again(desk: Desk) {
    let closing = Receiver::with(|_, _| Reply::Close).await;
    desk.webhook(&closing, "/closes", &["conversation_created"]).await;
    let gone = Receiver::taking().await;
    desk.webhook(&gone, "/gone", &["conversation_created"]).await;
    drop(gone);
    desk.conversation().await;
    desk.run().await;
    assert_eq!(desk.states().await, [Waiting, Waiting]);
    assert!(desk.attempts().await.iter().all(|(status, error, _)| status.is_none() && error.is_some()));
}

/// A receiver whose certificate is signed by itself; what came to it in the clear.
async fn untrusted() -> (String, JoinSet<()>) {
    let key = PrivateKeyDer::try_from(include_bytes!("../../../../outbound/tests/outbound/data/key.der").as_slice());
    let certificate = include_bytes!("../../../../outbound/tests/outbound/data/certificate.der").as_slice();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(certificate)], key.unwrap())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let mut task = JoinSet::new();
    task.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            assert!(acceptor.accept(stream).await.is_err(), "nobody speaks to it");
        }
    });
    (url, task)
}

#[db_test]
async fn a_certificate_that_nobody_trusts_is_no_connection(desk: Desk) {
    let (url, _task) = untrusted().await;
    let well = Receiver::taking().await;
    desk.webhook(&well, "/well", &["conversation_created"]).await;
    let body = json!({ "url": url, "subscriptions": ["conversation_created"] });
    desk.app.post(&desk.admin, "webhooks", body).await.expect(200);
    desk.conversation().await;
    desk.run().await;
    assert_eq!(desk.states().await, [Succeeded, Waiting]);
    let failed = desk.attempts().await.into_iter().find(|(status, ..)| status.is_none()).unwrap();
    let error = failed.1.unwrap();
    assert!(error.starts_with("there is no connection to the server") && error.contains("certificate"), "{error}");
}

#[db_test]
async fn an_address_that_may_not_be_called_is_not_called(desk: Desk) {
    let body = json!({ "url": "http://10.1.2.3:8080/x", "subscriptions": ["conversation_created"] });
    desk.app.post(&desk.admin, "webhooks", body).await.expect(200);
    desk.conversation().await;
    desk.run().await;
    assert_eq!(desk.states().await, [Failed]);
    let error = "the address does not lead to a public machine".to_owned();
    assert_eq!(desk.attempts().await, [(None, Some(error), String::new())]);
}

#[db_test]
async fn one_that_is_dead_delays_no_other(desk: Desk) {
    let (dead, well) = (Receiver::with(|_, _| Reply::Hang).await, Receiver::taking().await);
    desk.webhook(&dead, "/dead", &["message_created"]).await;
    desk.webhook(&well, "/well", &["message_created"]).await;
    let conversation = desk.conversation().await;
    for number in 0..10 {
        desk.write(conversation, &number.to_string()).await;
    }
    desk.run().await;
    assert_eq!(well.received().len(), 10);
    assert_eq!(dead.received().len(), 1, "the rest of the lane waits");
}

#[db_test]
async fn an_hour_of_failures_costs_few_calls_and_loses_nothing(desk: Desk) {
    let (receiver, status) = settable(500).await;
    desk.webhook(&receiver, "/a", &["message_created"]).await;
    let conversations = [desk.conversation().await, desk.conversation().await, desk.conversation().await];
    for number in 0..30 {
        desk.write(conversations[number % 3], &number.to_string()).await;
        desk.pass(Duration::from_mins(2), Duration::from_secs(30)).await;
    }
    let before = receiver.received().len();
    assert!((10..60).contains(&before), "{before} calls in an hour: the circuit was open most of the time");
    status.store(200, Ordering::SeqCst);
    desk.pass(Duration::from_hours(2), Duration::from_mins(1)).await;
    assert_eq!(desk.states().await, [Succeeded; 30]);
    let taken: Vec<i64> = receiver.received()[before..].iter().map(|request| content(&request.json())).collect();
    assert_eq!(taken.iter().collect::<std::collections::BTreeSet<_>>().len(), 30, "each once: {taken:?}");
}

fn content(body: &Value) -> i64 {
    body["content"].as_str().unwrap().parse().unwrap()
}

#[db_test]
async fn after_a_quarter_of_an_hour_a_lane_goes_on_without_the_one_that_fails(desk: Desk) {
    let receiver =
        Receiver::with(|_, request| Reply::Status(if request.json()["content"] == "0" { 500 } else { 200 })).await;
    desk.webhook(&receiver, "/a", &["message_created"]).await;
    let conversation = desk.conversation().await;
    for number in 0..3 {
        desk.write(conversation, &number.to_string()).await;
    }
    desk.pass(Duration::from_mins(14), Duration::from_secs(10)).await;
    assert!(receiver.received().iter().all(|request| content(&request.json()) == 0));
    assert_eq!(desk.states().await, [Waiting, Waiting, Waiting]);
    desk.pass(Duration::from_mins(2), Duration::from_secs(10)).await;
    assert_eq!(desk.states().await, [Waiting, Succeeded, Succeeded]);
    assert!(desk.deliveries().await[0].out_of_order);
    desk.pass(Duration::from_hours(71), Duration::from_mins(30)).await;
    assert_eq!(desk.states().await[0], Waiting);
    desk.pass(Duration::from_hours(2), Duration::from_mins(30)).await;
    assert_eq!(desk.states().await, [Failed, Succeeded, Succeeded]);
}

#[db_test]
async fn a_day_of_nothing_but_failures_pauses_and_administrators_hear_of_it(desk: Desk) {
    let (receiver, status) = settable(500).await;
    desk.webhook(&receiver, "/a", &["message_created"]).await;
    let conversation = desk.conversation().await;
    desk.write(conversation, "1").await;
    desk.run().await;
    desk.pass(Duration::from_hours(23), Duration::from_mins(30)).await;
    desk.app.run_due_jobs().await;
    assert!(desk.app.take_mails().is_empty());
    desk.pass(Duration::from_hours(2), Duration::from_mins(30)).await;
    desk.app.run_due_jobs().await;
    assert!(desk.app.take_mails().is_empty(), "one delivery may be the reason by itself");
    desk.write(conversation, "2").await;
    desk.pass(Duration::from_mins(2), Duration::from_secs(30)).await;
    desk.app.run_due_jobs().await;
    let mail = desk.app.only_mail();
    assert!(mail.text.contains(receiver.url()), "{}", mail.text);
    let before = receiver.received().len();
    status.store(200, Ordering::SeqCst);
    desk.write(conversation, "3").await;
    desk.pass(Duration::from_hours(3), Duration::from_mins(30)).await;
    assert_eq!(receiver.received().len(), before, "nothing is sent until somebody resumes");
    assert_eq!(desk.states().await, [Waiting, Waiting, Waiting]);
}

#[db_test]
async fn a_message_that_an_api_inbox_refuses_is_known_to_have_failed(desk: Desk) {
    let (receiver, _) = settable(422).await;
    let channel = json!({ "channel": { "webhook_url": receiver.url() } });
    desk.app.patch(&desk.admin, &format!("inboxes/{}", desk.inbox), channel).await.expect(200);
    let conversation = desk.conversation().await;
    desk.write(conversation, "one").await;
    desk.run().await;
    let path = format!("conversations/{conversation}/messages");
    let message = desk.app.get(&desk.admin, &path).await.expect(200).json()["payload"][0].clone();
    assert_eq!(message["status"], "failed");
    assert_eq!(message["content_attributes"]["external_error"], "the receiver answered 422");
    assert_eq!(receiver.events(), ["conversation_created", "message_created", "message_updated"]);
}

#[db_test]
async fn people_take_over_from_a_bot_that_is_not_there(desk: Desk) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let receiver = Receiver::with(move |_, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        Reply::Status(500)
    })
    .await;
    let bot = json!({ "name": "Helper", "outgoing_url": receiver.url() });
    let bot = desk.app.post(&desk.admin, "agent_bots", bot).await.expect(200).json()["id"].clone();
    let path = format!("inboxes/{}/set_agent_bot", desk.inbox);
    desk.app.post(&desk.admin, &path, json!({ "agent_bot": bot })).await.expect(200);
    let conversation = desk.conversation().await;
    let status = || async {
        let path = format!("conversations/{conversation}");
        desk.app.get(&desk.admin, &path).await.expect(200).json()["status"].clone()
    };
    let body = json!({ "content": "help", "message_type": "incoming" });
    desk.app.post(&desk.admin, &format!("conversations/{conversation}/messages"), body).await.expect(200);
    desk.run().await;
    desk.pass(Duration::from_secs(10), Duration::from_secs(1)).await;
    assert_eq!(status().await, "pending");
    desk.pass(Duration::from_secs(20), Duration::from_secs(1)).await;
    assert_eq!((status().await, calls.load(Ordering::SeqCst)), (json!("open"), 3));
    let messages =
        desk.app.get(&desk.admin, &format!("conversations/{conversation}/messages")).await.expect(200).json();
    let last = messages["payload"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&last["message_type"], &last["content"]),
        (&json!(2), &json!(crate::conversation::activity::BOT_FAILED))
    );
    desk.pass(Duration::from_mins(2), Duration::from_secs(5)).await;
    assert!(calls.load(Ordering::SeqCst) > 3, "the delivery goes on");
}

#[db_test]
async fn a_conversation_stays_with_its_bot_where_the_account_wants_it(desk: Desk) {
    let (receiver, _) = settable(404).await;
    // A bot of the whole installation.
    let platform = desk.app.platform_app().await;
    let body = json!({ "name": "Everybody's", "outgoing_url": receiver.url() });
    let bot = desk.app.call(http::Method::POST, "/platform/api/v1/agent_bots", Some(&platform), Some(&body)).await;
    let bot = bot.expect(200).json()["id"].clone();
    let path = format!("inboxes/{}/set_agent_bot", desk.inbox);
    desk.app.post(&desk.admin, &path, json!({ "agent_bot": bot })).await.expect(200);
    let set = |keeps: bool| {
        let account = desk.admin.account;
        desk.app.app.store.write(move |tx| {
            let settings = types::Json::of(&json!({ "keep_pending_on_bot_failure": keeps }));
            tx.execute(::store::sql!("UPDATE accounts SET settings = $2 WHERE id = $1"), (account, settings))
        })
    };
    let mut statuses = Vec::new();
    for keeps in [true, false] {
        set(keeps).await.map_err(|error: ::store::Error| error).unwrap();
        let conversation = desk.conversation().await;
        let body = json!({ "content": "help", "message_type": "incoming" });
        desk.app.post(&desk.admin, &format!("conversations/{conversation}/messages"), body).await.expect(200);
        desk.run().await;
        let shown = desk.app.get(&desk.admin, &format!("conversations/{conversation}")).await.expect(200).json();
        statuses.push(shown["status"].clone());
    }
    assert_eq!(statuses, ["pending", "open"]);
    assert_eq!(receiver.events(), ["message_created", "message_created", "conversation_opened"]);
    let all = desk.app.get(&desk.admin, "webhook_endpoints").await.expect(200).json();
    assert_eq!(all["payload"][0]["kind"], "agent_bot");
}

#[db_test]
async fn an_account_that_is_being_deleted_holds_up_no_other(desk: Desk) {
    let (receiver, _) = settable(500).await;
    let bot = json!({ "name": "Helper", "outgoing_url": receiver.url() });
    let bot = desk.app.post(&desk.admin, "agent_bots", bot).await.expect(200).json()["id"].clone();
    let path = format!("inboxes/{}/set_agent_bot", desk.inbox);
    desk.app.post(&desk.admin, &path, json!({ "agent_bot": bot })).await.expect(200);
    let conversation = desk.conversation().await;
    let body = json!({ "content": "help", "message_type": "incoming" });
    desk.app.post(&desk.admin, &format!("conversations/{conversation}/messages"), body).await.expect(200);
    desk.run().await;
    let calls = receiver.received().len();

    let admin = desk.app.administrator(desk.app.account().await).await;
    let inbox = desk.app.api_inbox(&admin).await;
    let well = Receiver::taking().await;
    let body = json!({ "url": well.url(), "subscriptions": ["conversation_created"] });
    desk.app.post(&admin, "webhooks", body).await.expect(200);
    desk.app.conversation(&admin, inbox).await;
    let account = desk.admin.account;
    desk.app.app.store.write(move |tx| crate::account::service::delete(tx, account)).await.unwrap();
    // The bot's time is over, and its next try is due.
    desk.app.clock.advance(Duration::from_mins(2));
    desk.run().await;
    assert_eq!((well.events(), receiver.received().len()), (vec!["conversation_created".to_owned()], calls));
    desk.app.run_due_jobs().await;
    assert_eq!(desk.states().await, [Succeeded], "only the other one's is left");
}

#[db_test]
async fn who_calls_may_stand_in_the_address(desk: Desk) {
    let receiver = Receiver::taking().await;
    let url = receiver.url().replace("http://", "http://me:p%40ss%20w\u{f6}rd@");
    let body = json!({ "url": url, "subscriptions": ["conversation_created"] });
    desk.app.post(&desk.admin, "webhooks", body).await.expect(200);
    desk.conversation().await;
    desk.run().await;
    let headers = receiver.received()[0].headers.clone();
    assert_eq!(headers["authorization"], "Basic bWU6cEBzcyB3w7ZyZA==");
    assert!(!headers["host"].contains('@'));
}
