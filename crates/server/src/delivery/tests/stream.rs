//! Streams of events, from the client's side.

use std::collections::BTreeMap;
use std::time::Duration;

use ::store::sql;
use ::store::testing::db_test;
use axum::body::{Body, BodyDataStream};
use futures_util::StreamExt;
use http::{HeaderMap, Request, StatusCode};
use serde_json::json;
use testing::Receiver;
use tower::ServiceExt;

use super::Desk;
use crate::testing::Caller;

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// One block of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Block {
    id: String,
    event: String,
    data: String,
    webhook_id: String,
}

/// Somebody who follows.
struct Ear {
    headers: HeaderMap,
    body: BodyDataStream,
    text: String,
    /// The last id that came.
    last: String,
}

impl Desk {
    async fn ear_as(&self, caller: &Caller, query: &str, last: Option<&str>) -> Result<Ear, StatusCode> {
        let uri = caller.path(&format!("events?{query}"));
        let mut request = Request::get(uri).header("api_access_token", &caller.token).header("accept-encoding", "gzip");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let answer = self.app.service().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        if answer.status() != 200 {
            return Err(answer.status());
        }
        let (parts, body) = answer.into_parts();
        let mut ear =
            Ear { headers: parts.headers, body: body.into_data_stream(), text: String::new(), last: String::new() };
        // It says at once where it begins.
        let first = ear.block().await.unwrap();
        assert_eq!((first.event.as_str(), first.data.as_str()), ("", ""));
        Ok(ear)
    }

    async fn ear(&self, query: &str, last: Option<&str>) -> Ear {
        self.ear_as(&self.admin, query, last).await.unwrap()
    }

    /// Everything after `since`, and no more.
    async fn told(&self, query: &str, last: Option<&str>) -> Vec<Block> {
        let mut ear = self.ear(&format!("follow=false&{query}"), last).await;
        let mut told = Vec::new();
        while let Some(block) = ear.event().await {
            told.push(block);
        }
        told
    }
}

impl Ear {
    /// The next block; `None`: the stream is over.
    async fn block(&mut self) -> Option<Block> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| {
                    let start = format!("{name}: ");
                    block.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or_default().to_owned()
                };
                let read = Block {
                    id: field("id"),
                    event: field("event"),
                    data: field("data"),
                    webhook_id: field(": webhook-id"),
                };
                if !read.id.is_empty() {
                    self.last.clone_from(&read.id);
                }
                return Some(read);
            }
            let next = tokio::time::timeout(PATIENCE, self.body.next()).await.expect("something in time");
            self.text.push_str(std::str::from_utf8(&next?.unwrap()).unwrap());
        }
    }

    /// The next thing that is told.
    async fn event(&mut self) -> Option<Block> {
        loop {
            let block = self.block().await?;
            if !block.data.is_empty() {
                return Some(block);
            }
        }
    }

    async fn events(&mut self, count: usize) -> Vec<String> {
        let mut names = Vec::new();
        while names.len() < count {
            names.push(self.event().await.expect("an open stream").event);
        }
        names
    }
}

#[db_test]
async fn a_stream_tells_what_a_webhook_is_told_as_it_happens(desk: Desk) {
    let hook = Receiver::taking().await;
    let everything: Vec<&str> = types::WebhookEvent::ALL.iter().map(|event| event.as_str()).collect();
    desk.webhook(&hook, "/all", &everything).await;
    let mut ear = desk.ear("", None).await;
    assert_eq!(ear.headers["content-type"], "text/event-stream");
    assert_eq!(ear.headers["x-accel-buffering"], "no");
    assert!(!ear.headers.contains_key("content-encoding") && !ear.headers.contains_key("etag"));
    let conversation = desk.conversation().await;
    desk.write(conversation, "Hello\nand \u{2028} more").await;
    let mut heard = Vec::new();
    for _ in 0..3 {
        heard.push(ear.event().await.unwrap());
    }
    let path = format!("conversations/{conversation}/toggle_status");
    desk.app.post(&desk.admin, &path, json!({ "status": "resolved" })).await.expect(200);
    for _ in 0..2 {
        heard.push(ear.event().await.unwrap());
    }
    let names: Vec<&str> = heard.iter().map(|block| block.event.as_str()).collect();
    let expected = [
        "contact_created",
        "conversation_created",
        "message_created",
        "conversation_status_changed",
        "conversation_updated",
    ];
    assert_eq!(names, expected);
    // The first ones were told while the conversation was still open: compared is what is told of them now.
    let now = desk.told("since=0", None).await;
    let now = &now[now.len() - heard.len()..];
    let ids = |blocks: &[Block]| blocks.iter().map(|block| block.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(now), ids(&heard));
    desk.run().await;
    let received = hook.received();
    let received: BTreeMap<_, _> = received.iter().map(|one| (&one.headers["webhook-id"], &one.body)).collect();
    let told: BTreeMap<_, _> = now.iter().map(|block| (&block.webhook_id, &block.data)).collect();
    assert_eq!(told, received);
}

#[db_test]
async fn who_was_cut_anywhere_loses_and_doubles_nothing(desk: Desk) {
    let conversation = desk.conversation().await;
    let path = format!("conversations/{conversation}/toggle_status");
    for status in ["resolved", "open", "pending"] {
        desk.app.post(&desk.admin, &path, json!({ "status": status })).await.expect(200);
        desk.write(conversation, status).await;
    }
    let all = desk.told("since=0", None).await;
    let ids: Vec<&String> = all.iter().map(|block| &block.id).collect();
    assert!(ids.iter().any(|id| id.contains('.')), "an event tells several things: {ids:?}");
    for (place, block) in all.iter().enumerate() {
        assert_eq!(desk.told("since=0", Some(&block.id)).await, all[place + 1..], "after {}", block.id);
        assert_eq!(desk.told(&format!("since={}", block.id), None).await, all[place + 1..]);
    }
    // Cut before anything was told, it goes on from where it began.
    let ear = desk.ear("", None).await;
    let last = ear.last.clone();
    drop(ear);
    desk.write(conversation, "meanwhile").await;
    let mut again = desk.ear("", Some(&last)).await;
    assert!(again.event().await.unwrap().data.contains("meanwhile"));
    // What tells nothing moves the place all the same.
    desk.app.post(&desk.admin, "labels", json!({ "title": "refund" })).await.expect(200);
    let mark = again.block().await.unwrap();
    assert_eq!((mark.data.as_str(), mark.event.as_str()), ("", ""));
    assert!(mark.id.parse::<i64>().unwrap() > last.parse::<i64>().unwrap());
}

#[db_test]
async fn more_than_a_batch_comes_in_order(desk: Desk) {
    let conversation = desk.conversation().await;
    for number in 0..60 {
        desk.write(conversation, &format!("number {number}")).await;
    }
    let told = desk.told("since=0&subscriptions=message_created", None).await;
    let contents: Vec<_> = told
        .iter()
        .map(|block| serde_json::from_str::<serde_json::Value>(&block.data).unwrap()["content"].clone())
        .collect();
    assert_eq!(contents, (0..60).map(|number| json!(format!("number {number}"))).collect::<Vec<_>>());
}

#[db_test]
async fn a_stream_tells_what_it_is_asked_for(desk: Desk) {
    let mut some = desk.ear("subscriptions=message_created,contact_created", None).await;
    let mut one = desk.ear("subscriptions[]=conversation_created", None).await;
    let conversation = desk.conversation().await;
    desk.write(conversation, "Hello").await;
    assert_eq!(some.events(2).await, ["contact_created", "message_created"]);
    assert_eq!(one.events(1).await, ["conversation_created"]);
    for (query, field) in [
        ("subscriptions=message_created,nothing", "subscriptions"),
        ("since=yesterday", "since"),
        ("since=-1", "since"),
    ] {
        let answer = desk.app.get(&desk.admin, &format!("events?{query}")).await.expect(422);
        assert_eq!(answer.json()["attributes"], json!([field]), "{query}");
    }
    assert_eq!(desk.ear_as(&desk.admin, "", Some("x")).await.err().unwrap(), 422);
}

#[db_test]
async fn what_the_log_does_not_have_is_gone(desk: Desk) {
    desk.conversation().await;
    assert_eq!(desk.ear_as(&desk.admin, "since=99999", None).await.err().unwrap(), 410);
    let account = desk.admin.account;
    let trim = move |tx: &mut ::store::Tx<'_>| {
        tx.execute(sql!("DELETE FROM events WHERE account_id = $1 AND seq <= 2"), (account,))
    };
    desk.app.app.store.write(trim).await.map_err(|error: ::store::Error| error).unwrap();
    let answer = desk.app.get(&desk.admin, "events?since=1").await.expect(410);
    assert!(answer.json()["error"].as_str().unwrap().contains("begin with now"));
    assert_eq!(desk.ear_as(&desk.admin, "", Some("2.0")).await.err().unwrap(), 410);
    assert!(desk.ear_as(&desk.admin, "since=2&follow=false", None).await.is_ok());
}

#[db_test]
async fn only_administrators_of_the_account_hear(desk: Desk) {
    let agent = desk.app.agent(desk.admin.account).await;
    let other = desk.app.administrator(desk.app.account().await).await;
    let stranger = Caller { account: desk.admin.account, ..other.clone() };
    let nobody = Caller { token: "unknown".into(), ..desk.admin.clone() };
    for (caller, status) in [(&agent, 403), (&stranger, 403), (&nobody, 401)] {
        assert_eq!(desk.ear_as(caller, "", None).await.err().unwrap(), status);
    }
    let mut ear = desk.ear_as(&other, "", None).await.unwrap();
    desk.conversation().await;
    desk.app.api_inbox(&other).await;
    assert_eq!(ear.events(1).await, ["inbox_created"], "nothing of the other account");
}

#[db_test]
async fn too_many_streams_are_refused_until_one_ends(desk: Desk) {
    let mut ears = Vec::new();
    while ears.len() < super::super::stream::MOST_OF_ACCOUNT {
        ears.push(desk.ear("", None).await);
    }
    let refused = desk.app.get(&desk.admin, "events").await.expect(429);
    assert!(refused.headers.contains_key("retry-after"));
    ears.pop();
    desk.ear("", None).await;
}

#[db_test]
async fn a_stream_ends_with_the_right_to_hear_it(desk: Desk) {
    let rookie = desk.app.administrator(desk.admin.account).await;
    let mut removed = desk.ear_as(&rookie, "", None).await.unwrap();
    let mut stays = desk.ear("", None).await;
    desk.app.delete(&desk.admin, &format!("agents/{}", rookie.id)).await.expect(200);
    desk.conversation().await;
    assert_eq!(removed.event().await, None);
    assert_eq!(stays.events(2).await, ["contact_created", "conversation_created"]);

    // A new key stands in no log: the stream looks by itself.
    let path = "/api/v1/profile/reset_access_token";
    desk.app.post(&desk.admin, path, json!({})).await.expect(200);
    assert_eq!(stays.event().await, None);
}

#[db_test]
async fn streams_end_with_the_server(desk: Desk) {
    let mut ear = desk.ear("", None).await;
    let stop = tokio_util::sync::CancellationToken::new();
    stop.cancel();
    desk.app.app.streams.clone().run(stop).await;
    assert_eq!(ear.event().await, None);
}
