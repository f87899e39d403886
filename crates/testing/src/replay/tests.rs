//! The player as a whole: against a server of a few lines, and over the recordings themselves.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::deviation::Entries;
use super::pattern::Rules;
use super::plan::{Plan, Verdict};
use super::policy::{Feature, Policy};
use super::step::sample;
use super::text::Texts;
use super::vars::Vars;
use super::{Body, Expected, Golden, Recording, Replay, Report, Stage};

/// Status and body for a request line such as `GET /x`; the first line that fits counts.
type Script = Vec<(&'static str, u16, Value)>;

/// A server that answers by a script and remembers what it was asked.
struct FakeServer {
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
    /// Ends with the server.
    _task: JoinSet<()>,
}

impl FakeServer {
    async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let mut task = JoinSet::new();
        task.spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read_request(&mut stream).await;
                let answer = script.iter().find(|(line, _, _)| request.starts_with(&format!("{line} ")));
                let missing = ("", 404, json!({"error": "no such path"}));
                let (_, status, body) = answer.unwrap_or(&missing);
                let body = body.to_string();
                seen.lock().unwrap().push(request);
                let head = format!(
                    "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
            }
        });
        Self { address, requests, _task: task }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

pub(super) async fn read_request(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await.unwrap();
        text.push_str(&String::from_utf8_lossy(&buffer[..read]));
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
            return text;
        }
    }
}

pub(super) fn golden(steps: &Value, entries: &Value) -> Golden {
    let mut known = Entries::default();
    known.add(serde_json::from_value(entries.clone()).unwrap()).unwrap();
    let policy = Policy {
        served: ["op".to_owned()].into(),
        statuses: BTreeMap::from([("op".to_owned(), vec![200, 403])]),
        ..Policy::default()
    };
    let steps = steps.as_array().unwrap().iter().map(|step| {
        let mut keys = json!({"op": "op"});
        keys.as_object_mut().unwrap().extend(step.as_object().unwrap().clone());
        sample(&keys)
    });
    let file = Recording { name: "01-test.jsonl".to_owned(), steps: steps.collect() };
    Golden { files: vec![file], entries: known, needs: Vec::new(), policy }
}

fn replay(server: &FakeServer, golden: Golden) -> Replay {
    replay_at(&server.address, golden)
}

pub(super) fn replay_at(address: &str, golden: Golden) -> Replay {
    let stage = Stage {
        base_url: format!("{address}/"),
        platform_token: "platform-secret".to_owned(),
        run_id: "k1k1k1k1".to_owned(),
        now_seconds: 1_767_225_655,
    };
    Replay::new(stage, golden)
}

async fn run(server: &FakeServer, golden: Golden) -> Report {
    replay(server, golden).run().await.unwrap()
}

/// The differences of all failures, as `step: what at`.
pub(super) fn failures(report: &Report) -> Vec<String> {
    let failures = report.files.iter().flat_map(|file| &file.failures);
    failures
        .flat_map(|failure| {
            let step = &failure.step;
            failure.differences.iter().map(move |found| format!("{step}: {:?} {}", found.what, found.at))
        })
        .collect()
}

#[tokio::test]
async fn steps_use_what_earlier_ones_saved_and_differences_fail() {
    let server = FakeServer::start(vec![
        ("POST /users", 200, json!({"id": 7, "name": "Ada k1k1k1k1", "token": "ada-secret"})),
        ("GET /users/7", 200, json!({"id": 7, "name": "Bea", "url": "http://elsewhere/a.png"})),
        ("GET /secret", 401, json!({"error": "no"})),
    ])
    .await;
    let steps = json!([
        {"id": "make", "as": "platform", "save": {"user.id": "id", "token.ada": "token"},
         "request": {"method": "POST", "path": "/users", "body": {"name": "Ada {{run.id}}"}},
         "answer": {"status": 200, "type": "application/json",
                    "body": {"id": {"$id": ["user.id"], "type": "number"}, "name": "Ada <run>"}}},
        {"id": "show", "as": "ada", "request": {"method": "GET", "path": "/users/{{user.id}}"},
         "answer": {"status": 200, "type": "application/json", "body": {"name": "Ada", "url": {"$file": "a.png"}}}},
        {"id": "denied", "as": "ada", "request": {"method": "GET", "path": "/secret"}, "answer": {"denied": true}},
        {"id": "look", "as": "ada", "request": {"method": "GET", "path": "/nowhere"}},
        {"id": "later", "op": "other", "request": {"method": "GET", "path": "/nowhere"}}
    ]);
    let report = run(&server, golden(&steps, &json!([]))).await;
    assert_eq!(failures(&report), ["show: Value name", "show: Value url", "denied: Status 401"]);
    let file = &report.files[0];
    assert_eq!((file.passed, file.not_given, file.skipped.len()), (1, 1, 1));
    let requests = server.requests();
    assert_eq!(requests.len(), 4);
    assert!(requests[0].contains("api_access_token: platform-secret"));
    assert!(requests[0].ends_with(r#"{"name":"Ada k1k1k1k1"}"#));
    assert!(requests[1].contains("api_access_token: ada-secret"));
}

#[tokio::test]
async fn a_value_that_is_not_saved_fails_its_step_and_those_that_need_it() {
    let server = FakeServer::start(vec![("POST /users", 422, json!({"error": "no"}))]).await;
    let steps = json!([
        {"id": "make", "save": {"user.id": "id"}, "request": {"method": "POST", "path": "/users", "body": {}}},
        {"id": "show", "request": {"method": "GET", "path": "/users/{{user.id}}"}}
    ]);
    let report = run(&server, golden(&steps, &json!([]))).await;
    assert_eq!(failures(&report), ["make: Save id", "show: Body ."]);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn deviations_excuse_what_they_name_and_demand_their_status() {
    let server = FakeServer::start(vec![
        ("GET /a", 200, json!({"name": "ours", "more": 2})),
        ("GET /b", 422, json!({"error": "no"})),
        ("GET /c", 200, json!({})),
    ])
    .await;
    let get = |path: &str, body: Value| {
        json!({
            "id": path, "request": {"method": "GET", "path": path}, "answer": {"status": 200, "body": body}
        })
    };
    let steps = json!([get("/a", json!({"name": "theirs", "more": 1})), get("/b", json!({})), get("/c", json!({}))]);
    let entries = json!([
        {"step": "/a", "what": "value", "at": "name", "serve": "ours", "clause": "x"},
        {"step": "/b", "what": "status", "at": "422", "serve": "422", "clause": "x"},
        {"step": "/c", "what": "status", "at": "404", "serve": "404", "clause": "x"}
    ]);
    let report = run(&server, golden(&steps, &entries)).await;
    assert_eq!(failures(&report), ["/a: Value more", "/c: Status 200"]);
    assert_eq!((report.files[0].passed_with_deviation, report.entries_used), (1, 2));
}

#[tokio::test]
async fn twins_are_accepted_and_informational_steps_do_not_fail() {
    let server = FakeServer::start(vec![("GET /a", 200, json!({"a": 1}))]).await;
    let request = json!({"method": "GET", "path": "/a"});
    let steps = json!([
        {"id": "one", "request": request, "answer": {"status": 200, "body": {"a": 1}}},
        {"id": "two", "request": request, "twin": "one", "answer": {"status": 404, "empty": true}},
        {"id": "odd", "request": request, "informational": true, "answer": {"status": 200, "body": {"a": 2}}}
    ]);
    let report = run(&server, golden(&steps, &json!([]))).await;
    assert!(report.is_success(), "{report}");
    assert_eq!((report.files[0].passed, report.files[0].informational.len()), (2, 1));
}

#[tokio::test]
async fn every_json_answer_is_checked_also_where_none_is_given() {
    let server = FakeServer::start(vec![("GET /a?q=1", 200, json!({"a": 1}))]).await;
    let steps =
        json!([{"id": "a", "informational": true, "request": {"method": "GET", "path": "/a", "query": {"q": 1}}}]);
    let replay = replay(&server, golden(&steps, &json!([]))).check(|method, path, status, body| {
        assert_eq!((method, path, status, body), ("GET", "/a", 200, &json!({"a": 1})));
        Err("it is not documented".to_owned())
    });
    assert_eq!(failures(&replay.run().await.unwrap()), ["a: Schema ."]);
}

#[tokio::test]
async fn an_effect_is_asked_for_until_it_is_there_and_work_is_settled_before() {
    let server = FakeServer::start(vec![("GET /a", 200, json!({"a": 1}))]).await;
    let request = json!({"method": "GET", "path": "/a"});
    let steps = json!([
        {"id": "plain", "request": request},
        {"id": "settled", "settle": true, "request": request},
        {"id": "awaited", "await": true, "request": request, "answer": {"status": 200, "body": {"a": 1}}}
    ]);
    let settled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&settled);
    let replay = replay(&server, golden(&steps, &json!([]))).settle(move || {
        count.fetch_add(1, Ordering::SeqCst);
        std::future::ready(())
    });
    assert!(replay.run().await.unwrap().is_success());
    assert_eq!(settled.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_effect_that_does_not_come_fails_when_patience_ends() {
    let server = FakeServer::start(vec![("GET /a", 200, json!({"a": 1}))]).await;
    let steps = json!([{
        "id": "a", "await": true, "request": {"method": "GET", "path": "/a"}, "answer": {"status": 200, "body": {"a": 2}}
    }]);
    let replay = replay(&server, golden(&steps, &json!([]))).patience(Duration::from_millis(120));
    assert_eq!(failures(&replay.run().await.unwrap()), ["a: Value a"]);
    assert!(server.requests().len() > 1);
}

fn recorded() -> Golden {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden");
    Golden::read(&folder).unwrap()
}

#[test]
fn the_needs_of_the_recordings_fit_what_is_served() {
    let Golden { files, policy, needs, .. } = recorded();
    let plan = Plan::new(&files, &policy, &needs).unwrap();
    let steps: Vec<_> = files.iter().flat_map(|file| &file.steps).collect();
    let sent = steps.iter().filter(|step| !matches!(plan.verdict(&step.id), Verdict::Skip(_)));
    assert!(sent.count() > steps.len() / 3);
    let made = steps.iter().filter(|step| step.op.as_deref() == Some("createAnAccount"));
    assert!(made.into_iter().all(|step| plan.verdict(&step.id) == &Verdict::Compare));
}

#[test]
fn with_everything_served_nothing_is_skipped() {
    let Golden { files, mut policy, .. } = recorded();
    policy.served = policy.statuses.keys().cloned().collect();
    policy.later = Vec::new();
    policy.beyond = true;
    let plan = Plan::new(&files, &policy, &[]).unwrap();
    // What a receiver must have seen is no request.
    let steps = files.iter().flat_map(|file| &file.steps).filter(|step| step.request.is_some());
    let skipped: Vec<_> = steps.filter(|step| plan.verdict(&step.id) != &Verdict::Compare).collect();
    assert!(skipped.is_empty(), "{skipped:?}");
}

#[test]
fn every_recorded_pattern_accepts_an_answer_made_after_it() {
    let base = "http://localhost:3000";
    for step in recorded().files.iter().flat_map(|file| &file.steps) {
        let Expected::Content { body: Body::Json(pattern), .. } = &step.answer else { continue };
        let mut vars = Vars::default();
        let mut answer = Answering { vars: &mut vars, base }.to(pattern);
        let rules = Rules {
            texts: Texts { vars: &vars, base },
            unordered: &step.unordered,
            align: &step.align,
            shape_only: &step.shape_only,
            volatile: &step.volatile,
        };
        let differences = rules.compare(pattern, &answer);
        assert!(differences.is_empty(), "{}: {differences:?}", step.id);
        let mut keys = answer.as_object_mut().into_iter().flatten();
        if let Some((_, value)) = keys.find(|(key, _)| !step.volatile.contains(key)) {
            *value = json!(["quite", {"another": "value"}]);
            assert!(!rules.compare(pattern, &answer).is_empty(), "{}", step.id);
        }
    }
}

#[test]
fn the_policy_of_the_recordings_names_features_that_exist() {
    let later = recorded().policy.later;
    let known = [
        Feature::Files,
        Feature::Hmac,
        Feature::Bots,
        Feature::Sessions,
        Feature::Automation,
        Feature::Webhooks,
        Feature::Notifications,
    ];
    assert!(later.iter().all(|feature| known.contains(feature)));
}

/// Makes an answer that fits a pattern, saving the values it needs.
pub(super) struct Answering<'a> {
    pub(super) vars: &'a mut Vars,
    pub(super) base: &'a str,
}

impl Answering<'_> {
    pub(super) fn to(&mut self, pattern: &Value) -> Value {
        match pattern {
            Value::String(text) => json!(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.to(item)).collect(),
            Value::Object(map) => self.object(map),
            plain => plain.clone(),
        }
    }

    fn object(&mut self, map: &Map<String, Value>) -> Value {
        let of = |key: &str| map.get(key).and_then(Value::as_str);
        let some = |of: &str| if of == "number" { json!(1) } else { json!("x") };
        if let (Some(Value::Array(names)), Some(of)) = (map.get("$id"), of("type")) {
            let value = some(of);
            for name in names.iter().filter_map(Value::as_str) {
                self.vars.save(name, value.clone());
            }
            return value;
        }
        if let Some(form) = of("$time") {
            return match form {
                "seconds" => json!(1_767_225_655),
                "milliseconds" => json!(1_767_225_655_000_i64),
                "zero" => json!(0),
                mask => json!(mask.replace(".3", ".000").replace('9', "1")),
            };
        }
        if let Some(of) = of("$token").or(of("$any")) {
            return some(of);
        }
        if map.contains_key("$text") {
            return json!("x");
        }
        if let Some(end) = of("$url").or(of("$file")) {
            let end = self.text(end);
            return json!(format!("{}/files/{}", self.base, end.trim_start_matches('/')));
        }
        if let Some(Value::Object(inner)) = map.get("$only") {
            return self.object(inner);
        }
        map.iter().map(|(key, value)| (key.clone(), self.to(value))).collect()
    }

    fn text(&mut self, pattern: &str) -> String {
        for name in super::text::saved_names(pattern) {
            self.vars.save(name, json!("saved"));
        }
        self.vars.save("run.id", json!("k1"));
        let mut text = pattern.replace("<base>", self.base).replace("<run>", "k1");
        text = text.replace("<uuid>", "0b7c6a52-7d3e-4a61-9f2f-6a1f5f0c2d11");
        text = text.replace("<host>", "http://127.0.0.1:9").replace("<token>", "t");
        for name in super::text::saved_names(pattern) {
            text = text.replace(&format!("<{name}>"), "saved");
        }
        text
    }
}
