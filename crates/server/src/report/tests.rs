//! Reports, through HTTP, on a few conversations whose figures are worked out here.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use store::testing::{Engine, OnEngine, db_test};
use types::{AccountId, InboxId};

use super::buckets::{Buckets, Group};
use super::range::Range;
use super::read::Question;
use super::scope::{Scope, Which};
use super::{Metric, Sums};
use crate::testing::{Caller, START, TestApp};

const HOUR: u64 = 3_600;

/// Two inboxes; on the first day the agent answers after 60 s and resolves after 600 s, and nobody answers a second
/// conversation; on the third day the administrator answers after 30 s, and the contact once more after a note.
struct Desk {
    app: TestApp,
    account: AccountId,
    admin: Caller,
    agent: Caller,
    first: InboxId,
    team: types::TeamId,
    label: i64,
}

impl OnEngine for Desk {
    async fn on(engine: Engine) -> Self {
        let app = TestApp::on(engine).await;
        let account = app.account().await;
        let (admin, agent) = (app.administrator(account).await, app.agent(account).await);
        let (first, second) = (app.api_inbox(&admin).await, app.api_inbox(&admin).await);
        app.join(&admin, first, &[&agent]).await;
        app.join(&admin, second, &[&admin]).await;
        let team = app.team(account, false, &[]).await;
        let label = app.post(&admin, "labels", json!({ "title": "Refund" })).await.expect(200).json();
        let desk = Self { app, account, admin, agent, first, team, label: label["id"].as_i64().unwrap() };

        let answered = desk.open(first, Some(&desk.agent)).await;
        desk.write(&desk.admin, answered, "incoming").await;
        desk.advance(60);
        desk.write(&desk.agent, answered, "outgoing").await;
        desk.advance(540);
        desk.set(answered, "toggle_status", json!({ "status": "resolved" })).await;
        desk.set(answered, "labels", json!({ "labels": ["refund"] })).await;
        let waiting = desk.open(first, None).await;
        desk.write(&desk.admin, waiting, "incoming").await;
        desk.set(waiting, "assignments", json!({ "team_id": team })).await;

        desk.advance(48 * HOUR);
        let third = desk.open(second, Some(&desk.admin)).await;
        desk.write(&desk.admin, third, "incoming").await;
        desk.advance(30);
        desk.write(&desk.admin, third, "outgoing").await;
        desk.set(third, "messages", json!({ "content": "note", "private": true })).await;
        desk.write(&desk.admin, third, "incoming").await;
        desk
    }
}

impl Desk {
    fn advance(&self, seconds: u64) {
        self.app.clock.advance(Duration::from_secs(seconds));
    }

    async fn open(&self, inbox: InboxId, assignee: Option<&Caller>) -> i64 {
        let contact = self.app.contact(&self.admin).await;
        let body = json!({ "inbox_id": inbox, "contact_id": contact, "assignee_id": assignee.map(|agent| agent.id) });
        self.app.post(&self.admin, "conversations", body).await.expect(200).json()["id"].as_i64().unwrap()
    }

    async fn write(&self, caller: &Caller, number: i64, kind: &str) {
        let body = json!({ "content": "x", "message_type": kind });
        self.app.post(caller, &format!("conversations/{number}/messages"), body).await.expect(200);
    }

    async fn set(&self, number: i64, what: &str, body: Value) {
        self.app.post(&self.admin, &format!("conversations/{number}/{what}"), body).await.expect(200);
    }

    async fn ask(&self, path: &str, status: u16) -> Value {
        let path = format!("/api/v2/accounts/{}/reports{path}", self.account);
        self.app.call(Method::GET, &path, Some(&self.admin.token), None).await.expect(status).json()
    }

    /// Values of the days of the week that begins with the first.
    async fn days(&self, query: &str) -> Vec<f64> {
        let since = START.epoch_seconds() - 10 * 3_600;
        let until = since + 4 * 86_400;
        let points = self.ask(&format!("?since={since}&until={until}&{query}"), 200).await;
        points.as_array().unwrap().iter().map(|point| point["value"].as_f64().unwrap()).collect()
    }
}

#[db_test]
async fn every_metric_is_counted_by_day(desk: Desk) {
    for (metric, expected) in [
        ("conversations_count", [2.0, 0.0, 1.0, 0.0]),
        ("incoming_messages_count", [2.0, 0.0, 2.0, 0.0]),
        // With the note.
        ("outgoing_messages_count", [1.0, 0.0, 2.0, 0.0]),
        ("resolutions_count", [1.0, 0.0, 0.0, 0.0]),
        ("avg_first_response_time", [60.0, 0.0, 30.0, 0.0]),
        ("avg_resolution_time", [600.0, 0.0, 0.0, 0.0]),
        ("reply_time", [0.0; 4]),
        ("bot_handoffs_count", [0.0; 4]),
        ("bot_resolutions_count", [0.0; 4]),
    ] {
        assert_eq!(desk.days(&format!("metric={metric}&type=account")).await, expected, "{metric}");
    }
}

#[db_test]
async fn a_report_is_of_the_account_or_of_one_part_of_it(desk: Desk) {
    let kinds = [
        ("agent", desk.agent.id.get(), [1.0, 0.0], [60.0, 0.0], [0.0, 0.0], [1.0, 0.0]),
        ("agent", desk.admin.id.get(), [0.0, 1.0], [0.0, 30.0], [0.0, 0.0], [0.0, 2.0]),
        ("inbox", desk.first.get(), [2.0, 0.0], [60.0, 0.0], [2.0, 0.0], [1.0, 0.0]),
        ("team", desk.team.get(), [1.0, 0.0], [0.0, 0.0], [1.0, 0.0], [0.0, 0.0]),
        ("label", desk.label, [1.0, 0.0], [60.0, 0.0], [1.0, 0.0], [1.0, 0.0]),
    ];
    for (kind, id, conversations, first_response, incoming, outgoing) in kinds {
        for (metric, expected) in [
            ("conversations_count", conversations),
            ("avg_first_response_time", first_response),
            ("incoming_messages_count", incoming),
            ("outgoing_messages_count", outgoing),
        ] {
            let days = desk.days(&format!("metric={metric}&type={kind}&id={id}")).await;
            assert_eq!(vec![days[0], days[2]], expected.to_vec(), "{metric} of {kind} {id}");
        }
    }
    let other = desk.app.api_inbox(&desk.app.administrator(desk.app.account().await).await).await;
    for query in [
        "type=agent&id=999999".to_owned(),
        "type=agent".to_owned(),
        "type=label&id=refund".to_owned(),
        "type=team&id=0".to_owned(),
        format!("type=inbox&id={other}"),
    ] {
        desk.ask(&format!("?metric=conversations_count&{query}"), 404).await;
        desk.ask(&format!("/summary?{query}"), 404).await;
    }
}

#[db_test]
async fn parts_of_time_follow_the_local_day_and_missing_bounds_the_data(desk: Desk) {
    let start = START.epoch_seconds();
    let points = |answer: &Value| -> Vec<(i64, i64)> {
        let point = |point: &Value| (point["timestamp"].as_i64().unwrap(), point["value"].as_i64().unwrap());
        answer.as_array().unwrap().iter().map(point).collect()
    };
    let ask =
        async |query: &str| points(&desk.ask(&format!("?metric=conversations_count&type=account&{query}"), 200).await);
    let (midnight, day) = (start - 10 * 3_600, 86_400);
    // 2026-01-05 is a Monday.
    assert_eq!(ask("").await, [(midnight, 2), (midnight + day, 0), (midnight + 2 * day, 1)]);
    assert_eq!(ask("group_by=week").await, [(midnight - day, 3)]);
    assert_eq!(ask("group_by=month").await, [(midnight - 4 * day, 3)]);
    assert_eq!(ask("group_by=year").await, [(midnight - 4 * day, 3)]);
    assert_eq!(ask(&format!("group_by=hour&until={}", start + 3_600)).await, [(start, 2)]);
    assert_eq!(ask("timezone_offset=5.5&group_by=day").await[0], (midnight - 19_800, 2));
    assert_eq!(ask("timezone_offset=99").await[0], (midnight, 2));
    let until = start + 600;
    assert_eq!(ask(&format!("since={start}&until={until}")).await, [(midnight, 1)], "until is exclusive");
    assert_eq!(ask(&format!("since={until}.9&until={start}")).await, [(midnight, 0)]);
    assert_eq!(ask(&format!("since={}", start + 30 * day)).await, []);
    for bad in ["since=soon", "group_by=decade", "metric=visits&type=account", "group_by=hour&since=0&until=99999999"] {
        assert!(desk.ask(&format!("?metric=conversations_count&type=account&{bad}"), 422).await["error"].is_string());
    }
    for bad in
        ["?metric=conversations_count", "?metric=conversations_count&type=planet", "/summary", "/conversations?type=x"]
    {
        assert!(desk.ask(bad, 422).await["error"].is_string(), "{bad}");
    }
    let path = format!("/api/v2/accounts/{}/reports/conversations", desk.account);
    let bare = desk.app.call(Method::GET, &path, Some(&desk.admin.token), None).await.expect(422);
    assert!(bare.body.is_empty());
}

#[db_test]
async fn a_summary_has_the_span_before_beside_it(desk: Desk) {
    let since = START.epoch_seconds() - 10 * 3_600 + 2 * 86_400;
    let until = since + 2 * 86_400;
    let summary = desk.ask(&format!("/summary?type=account&since={since}&until={until}"), 200).await;
    assert_eq!(
        summary,
        json!({
            "conversations_count": 1, "incoming_messages_count": 2, "outgoing_messages_count": 2,
            "avg_first_response_time": 30.0, "avg_resolution_time": 0, "resolutions_count": 0, "reply_time": 0,
            "previous": {
                "conversations_count": 2, "incoming_messages_count": 2, "outgoing_messages_count": 1,
                "avg_first_response_time": 60.0, "avg_resolution_time": 600.0, "resolutions_count": 1, "reply_time": 0
            }
        })
    );
    let all = desk.ask(&format!("/summary?type=account&since={since}"), 200).await;
    assert_eq!((&all["conversations_count"], &all["avg_first_response_time"]), (&json!(3), &json!(45.0)));
    assert_eq!(all["previous"]["conversations_count"], 0);
    let hours = desk.ask("/summary?type=account&business_hours=true", 200).await;
    assert_eq!(hours["avg_first_response_time"], 0.0, "the inboxes have no opening hours");
}

#[db_test]
async fn live_figures_are_of_the_account_or_of_each_member(desk: Desk) {
    let account = desk.ask("/conversations?type=account", 200).await;
    assert_eq!(account, json!({ "open": 2, "unattended": 1, "unassigned": 1, "pending": 0 }));
    for path in ["/conversations/?type=agent&user_id=1", "/conversations?type=agent"] {
        let agents = desk.ask(path, 200).await;
        let found: Vec<_> = agents
            .as_array()
            .unwrap()
            .iter()
            .map(|agent| (agent["id"].as_i64().unwrap(), agent["metric"].clone()))
            .collect();
        let expected = [
            (desk.admin.id.get(), json!({ "open": 1, "unattended": 0 })),
            (desk.agent.id.get(), json!({ "open": 0, "unattended": 0 })),
        ];
        assert_eq!(found, expected);
    }
    assert_eq!(desk.ask("/conversations/?type=agent&page=2", 200).await, json!([]));
    desk.ask("/conversations/?type=inbox", 422).await;
    let path = format!("/api/v2/accounts/{}/reports/summary?type=account", desk.account);
    desk.app.call(Method::GET, &path, Some(&desk.agent.token), None).await.expect(403);
}

/// Kept figures and rows that are counted one by one must say the same, whatever the bounds, also while an inbox and a
/// contact are on their way out.
#[db_test]
async fn kept_figures_are_those_of_the_rows(desk: Desk) {
    let third = desk.app.api_inbox(&desk.admin).await;
    let mut numbers = Vec::new();
    for step in 0..24u64 {
        let inbox = [desk.first, third][usize::try_from(step % 2).unwrap()];
        let number = desk.open(inbox, (step % 3 == 0).then_some(&desk.agent)).await;
        desk.write(&desk.admin, number, "incoming").await;
        desk.advance(401 + step * 977);
        desk.write([&desk.agent, &desk.admin][usize::from(inbox == third)], number, "outgoing").await;
        desk.set(number, "toggle_status", json!({ "status": if step % 4 == 0 { "open" } else { "resolved" } })).await;
        desk.write(&desk.admin, number, "incoming").await;
        numbers.push(number);
    }
    desk.set(numbers[0], "assignments", json!({ "assignee_id": desk.admin.id })).await;
    desk.set(numbers[1], "toggle_status", json!({ "status": "resolved" })).await;
    let compared = desk.compare().await;
    assert!(compared > 100, "{compared} figures that are not zero were compared");

    let delete =
        async |path: String| desk.app.call(Method::DELETE, &path, Some(&desk.admin.token), None).await.expect(200);
    let conversation = desk.app.get(&desk.admin, &format!("conversations/{}", numbers[2])).await.expect(200).json();
    let before = desk.ask("/summary?type=account", 200).await;
    delete(desk.admin.path(&format!("contacts/{}", conversation["meta"]["sender"]["id"]))).await;
    let after = desk.ask("/summary?type=account", 200).await;
    let count = |summary: &Value| summary["conversations_count"].as_i64().unwrap();
    assert_eq!(count(&after), count(&before) - 1, "gone at once");
    delete(desk.admin.path(&format!("inboxes/{third}"))).await;
    assert!(count(&desk.ask("/summary?type=account", 200).await) < count(&after) - 5, "gone at once");
    assert!(desk.compare().await > 100);
    desk.app.run_due_jobs().await;
    assert!(desk.compare().await > 100);
}

impl Desk {
    /// Compares both ways of counting, of everything that has kept figures, for many ranges; gives how many figures
    /// were not zero.
    async fn compare(&self) -> usize {
        let account = self.account;
        let scopes =
            [Scope::Account, Scope::Agent(self.agent.id), Scope::Agent(self.admin.id), Scope::Inbox(self.first)];
        let start = START.epoch_seconds();
        let bounds: Vec<Option<i64>> = [None, Some(0), Some(6 * 3_600), Some(86_400 * 2), Some(86_400 * 3)]
            .into_iter()
            .flat_map(|shift| [0, -1, 1, 450, 900].map(|more| shift.map(|shift: i64| start + shift + more)))
            .collect();
        let metrics = [
            Metric::Conversations,
            Metric::Incoming,
            Metric::Outgoing,
            Metric::Resolutions,
            Metric::FirstResponse,
            Metric::Resolution,
            Metric::Reply,
        ];
        let read = self.app.app.store.read(move |conn| {
            let mut seen = 0;
            for scope in &scopes {
                for (index, since) in bounds.iter().enumerate() {
                    let until = bounds[(index * 7 + 3) % bounds.len()];
                    let range = Range { since: *since, until };
                    let business_hours = index % 2 == 0;
                    let kept = super::store::sums(conn, account, scope, range, business_hours)?;
                    let counted = super::count::sums(conn, account, scope, range, business_hours, Which::Shown)?;
                    assert_eq!(kept, counted, "{scope:?} {range:?}");
                    seen += usize::from(kept != Sums::default());
                    let group = [Group::Hour, Group::Day, Group::Week, Group::Month][index % 4];
                    let buckets = Buckets { group, offset: [0, 3_600, 20_700, -86_400 / 4][index / 4 % 4] };
                    let metric = metrics[index % metrics.len()];
                    let scope = scope.clone();
                    let question = Question { metric, scope, range, buckets, business_hours };
                    let kept = super::store::series(conn, account, &question)?;
                    let rows = super::count::series(conn, account, &question, range, Which::Shown)?;
                    let counted = super::store::collect(buckets, rows, metric);
                    assert_eq!(kept, counted, "{question:?}");
                    seen += kept.len();
                }
            }
            Ok::<_, crate::Error>(seen)
        });
        read.await.unwrap()
    }
}
