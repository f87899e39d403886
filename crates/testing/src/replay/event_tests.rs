//! The player, sockets and webhooks: against a desk of a few lines, and over the recording itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};

use super::amendment::Amendment;
use super::ears::Delivery;
use super::heard::{Hearing, Recorded, Tally};
use super::pattern::Rules;
use super::plan::{Plan, Verdict};
use super::policy::Feature;
use super::tests::{Answering, failures, golden, read_request, replay_at};
use super::text::Texts;
use super::vars::Vars;
use super::{Body, Expected, Golden, HearingError, Hooks, Replay, RunError};

/// A token, or the path of a webhook, and what is told to it.
type Told = (&'static str, Value);
/// A request line, the answer, and what the request sets off.
type Script = Vec<(&'static str, Value, Vec<Told>)>;

/// A desk that tells sockets and webhooks what a request sets off: at once, or when it is asked to dispatch.
#[derive(Clone, Default)]
struct Desk {
    script: Arc<Script>,
    tokens: BTreeSet<&'static str>,
    is_slow: bool,
    has_no_cable: bool,
    /// Where webhooks are called, and with which content type.
    hooks: Option<(String, &'static str)>,
    owed: Arc<Mutex<Vec<Told>>>,
    sockets: Arc<Mutex<Vec<Subscription>>>,
}

struct Subscription {
    token: String,
    identifier: String,
    frames: mpsc::UnboundedSender<Value>,
}

impl Desk {
    /// Listens; the task ends with what is given back.
    async fn start(&self) -> (String, JoinSet<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let mut tasks = JoinSet::new();
        let desk = self.clone();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                connections.spawn(desk.clone().serve(stream));
            }
        });
        (address, tasks)
    }

    async fn serve(self, mut stream: TcpStream) {
        const CABLE: &[u8] = b"GET /cable";
        let mut start = [0; CABLE.len()];
        while stream.peek(&mut start).await.unwrap() < CABLE.len() {}
        if start == CABLE && self.has_no_cable {
            return;
        }
        if start == CABLE {
            return self.serve_cable(stream).await;
        }
        let request = read_request(&mut stream).await;
        let found = self.script.iter().find(|(line, _, _)| request.starts_with(&format!("{line} ")));
        let (_, body, told) = found.unwrap();
        if request.starts_with("DELETE ") {
            self.owed.lock().unwrap().clear();
        }
        self.owed.lock().unwrap().extend(told.iter().cloned());
        if !self.is_slow {
            self.dispatch().await;
        }
        let body = body.to_string();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n", body.len());
        stream.write_all(format!("{head}connection: close\r\n\r\n{body}").as_bytes()).await.unwrap();
    }

    async fn dispatch(&self) {
        let owed = std::mem::take(&mut *self.owed.lock().unwrap());
        for (to, message) in owed {
            if to.starts_with('/') {
                self.call(to, &message).await;
            } else {
                self.tell(to, &message);
            }
        }
    }

    async fn call(&self, path: &str, payload: &Value) {
        let (base_url, content_type) = self.hooks.as_ref().unwrap();
        let client = reqwest::Client::builder().build().unwrap();
        let call = client.post(format!("{base_url}{path}")).header("content-type", *content_type);
        assert_eq!(call.body(payload.to_string()).send().await.unwrap().status(), 200);
    }

    fn tell(&self, token: &str, message: &Value) {
        for socket in self.sockets.lock().unwrap().iter().filter(|socket| socket.token == token) {
            let frame = json!({"identifier": socket.identifier, "message": message, "seq": 1});
            // A socket that went away hears nothing.
            drop(socket.frames.send(frame));
        }
    }

    async fn serve_cable(self, stream: TcpStream) {
        let (frames, mut told) = mpsc::unbounded_channel();
        let mut socket = tokio_tungstenite::accept_hdr_async(stream, choose_protocol).await.unwrap();
        frames.send(json!({"type": "welcome"})).unwrap();
        frames.send(json!({"type": "ping", "message": 1})).unwrap();
        loop {
            tokio::select! {
                Some(frame) = told.recv() => socket.send(Message::text(frame.to_string())).await.unwrap(),
                command = socket.next() => {
                    let Some(Ok(Message::Text(command))) = command else { return };
                    self.obey(&serde_json::from_str(&command).unwrap(), &frames);
                }
            }
        }
    }

    fn obey(&self, command: &Value, frames: &mpsc::UnboundedSender<Value>) {
        let identifier = command["identifier"].as_str().unwrap().to_owned();
        let subscription: Value = serde_json::from_str(&identifier).unwrap();
        let token = subscription["pubsub_token"].as_str().unwrap().to_owned();
        if command["command"] == "message" {
            assert_eq!(command["data"], r#"{"action":"update_presence"}"#);
        } else if self.tokens.contains(token.as_str()) {
            frames.send(json!({"identifier": identifier, "type": "confirm_subscription"})).unwrap();
            let socket = Subscription { token: token.clone(), identifier, frames: frames.clone() };
            self.sockets.lock().unwrap().push(socket);
        } else {
            frames.send(json!({"identifier": identifier, "type": "reject_subscription"})).unwrap();
        }
        self.tell(&token, &event("presence.update", &json!({"users": {}})));
    }

    fn replay(&self, address: &str, steps: &Value, entries: &Value) -> Replay {
        self.settled(replay_at(address, golden(steps, entries)))
    }

    /// A run that waits for this desk.
    fn settled(&self, replay: Replay) -> Replay {
        let desk = self.clone();
        replay.settle(move || {
            let desk = desk.clone();
            async move { desk.dispatch().await }
        })
    }
}

#[expect(clippy::result_large_err, clippy::unnecessary_wraps, reason = "the form that tungstenite asks for")]
fn choose_protocol(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    assert_eq!(request.headers()["sec-websocket-protocol"], "actioncable-v1-json, actioncable-unsupported");
    response.headers_mut().insert("sec-websocket-protocol", "actioncable-v1-json".parse().unwrap());
    Ok(response)
}

fn event(name: &str, data: &Value) -> Value {
    json!({"event": name, "data": data})
}

/// A desk at which an agent and a contact listen.
fn desk() -> Desk {
    let message = |by: &str| event("message.created", &json!({"by": by, "seq": 7}));
    let script = vec![
        ("POST /setup", json!({"agent": "t-agent", "eva": "t-eva", "id": 7}), vec![]),
        ("GET /profile", json!({}), vec![]),
        ("POST /noise", json!({}), vec![("t-agent", event("team.changed", &json!({})))]),
        ("POST /message", json!({}), vec![("t-agent", message("agent")), ("t-eva", message("eva"))]),
    ];
    Desk { script: Arc::new(script), tokens: ["t-agent", "t-eva"].into(), ..Desk::default() }
}

fn act(id: &str, method: &str, path: &str) -> Value {
    json!({"id": id, "kind": "setup", "request": {"method": method, "path": path}})
}

fn observe(id: &str, answer: &Value) -> Value {
    json!({"id": id, "op": "cable", "observed": true, "answer": answer})
}

fn arrived(counts: &Value, deliveries: &Value, order: &Value) -> Value {
    json!({"status": 200, "body": {"counts": counts, "deliveries": deliveries}, "order": order})
}

fn steps() -> Value {
    let mut setup = act("events.setup.all", "POST", "/setup");
    setup["save"] = json!({
        "pubsub.agent": "agent", "pubsub.eva": "eva", "user.agent.id": "id", "user.admin.id": "id",
        "account.main.id": "id"
    });
    let subscribed = |outcome: &str, first: Value| json!({"status": 200, "body": {"outcome": outcome, "first": first}});
    let delivery =
        |receiver: &str, event: &str, payload: Value| json!({"receiver": receiver, "event": event, "payload": payload});
    json!([
        setup,
        observe(
            "events.cable.subscribe.agent",
            &subscribed("confirmed", json!([event("presence.update", &json!({}))]))
        ),
        observe("events.cable.subscribe.contact", &Value::Null),
        observe("events.cable.subscribe.wrong_token", &subscribed("rejected", json!([]))),
        act("events.do.presence_agent", "GET", "/profile"),
        observe(
            "events.presence.update_agent",
            &arrived(
                &json!({"cable:agent": 1, "cable:contact": 0}),
                &json!([delivery("cable:agent", "presence.update", json!({"users": {}}))]),
                &json!({"cable:agent": ["presence.update"]})
            )
        ),
        act("events.setup.noise", "POST", "/noise"),
        act("events.do.message", "POST", "/message"),
        observe(
            "events.message",
            &arrived(
                &json!({"cable:agent": 1, "cable:contact": 1, "webhook:account": 1}),
                &json!([
                    delivery("cable:contact", "message.created", json!({"by": "eva"})),
                    delivery("cable:agent", "message.created", json!({"by": "agent"})),
                    delivery("webhook:account", "message_created", json!({}))
                ]),
                &json!({
                    "cable:agent": ["message.created"], "cable:contact": ["message.created"],
                    "webhook:account": ["message_created"]
                })
            )
        ),
        act("events.do.again", "POST", "/message"),
        observe("events.again", &Value::Null),
        observe(
            "events.isolation.contact",
            &json!({
                "status": 200, "body": {"events": ["message.created"], "privateOrActivity": 0}
            })
        )
    ])
}

/// The run's differences and how many deliveries it counted.
async fn play(replay: Replay) -> (Vec<String>, Tally) {
    let report = replay.run().await.unwrap();
    (failures(&report), report.files[0].tally.clone())
}

fn without_webhooks(mut golden: Golden) -> Golden {
    golden.policy.later = vec![Feature::Webhooks];
    golden
}

#[tokio::test]
async fn what_sockets_hear_is_compared_when_everything_was_dispatched() {
    let desk = Desk { is_slow: true, ..desk() };
    let (address, _tasks) = desk.start().await;
    let golden = without_webhooks(golden(&steps(), &json!([])));
    let replay = desk.settled(replay_at(&address, golden));
    let left_out = BTreeMap::from([("webhook:account".to_owned(), 1)]);
    let tally = Tally { compared: 3, not_given: 2, besides: 0, left_out };
    assert_eq!(play(replay).await, (vec![], tally));
}

#[tokio::test]
async fn without_a_word_from_the_server_the_player_waits_for_silence() {
    let (address, _tasks) = desk().start().await;
    let replay = replay_at(&address, without_webhooks(golden(&steps(), &json!([]))));
    let (differences, tally) = play(replay.silence(Duration::from_millis(60))).await;
    assert_eq!((differences, tally.compared), (vec![], 3));
}

#[tokio::test]
async fn what_is_heard_otherwise_fails_its_step_and_nothing_else() {
    let desk = Desk { tokens: ["t-agent"].into(), ..desk() };
    let (address, _tasks) = desk.start().await;
    let entries = json!([{"step": "events.isolation.*", "what": "missing", "at": "events[](*)", "reason": "deaf"}]);
    let (differences, tally) = play(desk.replay(&address, &steps(), &entries)).await;
    let expected = [
        "events.message: Value counts.cable:contact",
        "events.message: Value order.cable:contact",
        "events.message: Value counts.webhook:account",
        "events.message: Value order.webhook:account",
        "events.message: Missing deliveries[](cable:contact/message.created)",
        "events.message: Missing deliveries[](webhook:account/message_created)",
        "events.message: Value deliveries",
    ];
    assert_eq!(differences, expected);
    assert_eq!((tally.compared, tally.not_given), (2, 1));
}

#[tokio::test]
async fn a_server_without_sockets_ends_the_run() {
    let mut values = act("events.setup.all", "POST", "/setup");
    values["save"] = json!({"pubsub.eva": "eva"});
    let desk = Desk { has_no_cable: true, ..desk() };
    let (address, _tasks) = desk.start().await;
    let steps = json!([values, observe("events.cable.subscribe.contact", &Value::Null)]);
    let error = desk.replay(&address, &steps, &json!([])).run().await.unwrap_err();
    assert!(matches!(error, RunError::Hearing { source: HearingError::Socket { .. }, .. }), "{error}");
}

#[tokio::test]
async fn a_subscriber_without_a_token_fails_its_step() {
    let (address, _tasks) = desk().start().await;
    let steps = json!([observe("events.cable.subscribe.contact", &Value::Null)]);
    let (differences, _) = play(desk().replay(&address, &steps, &json!([]))).await;
    assert_eq!(differences, ["events.cable.subscribe.contact: Body ."]);
}

/// A desk that calls webhooks as the content type says, and its hooks; an agent listens too.
async fn calling(told: Vec<Told>, content_type: &'static str) -> (Desk, Hooks) {
    let hooks = Hooks::listen().await.unwrap();
    let desk = desk();
    let script = vec![desk.script[0].clone(), ("POST /message", json!({}), told), ("DELETE /rule", json!({}), vec![])];
    let hooks_url = hooks.base_url().to_owned();
    (Desk { script: Arc::new(script), is_slow: true, hooks: Some((hooks_url, content_type)), ..desk }, hooks)
}

/// Two webhooks and a socket hear of a message.
fn told() -> Vec<Told> {
    let webhook = |event: &str, content: &str| json!({"event": event, "content": content, "id": 7});
    vec![
        ("/account", webhook("conversation_updated", "Hello")),
        ("t-agent", event("message.created", &json!({"content": "Hello"}))),
        ("/account", webhook("message_created", "Hello")),
        ("/bot", webhook("message_created", "Hello")),
    ]
}

fn steps_with_webhooks() -> Value {
    let webhook = |receiver: &str, event: &str| {
        let payload = json!({"event": event, "content": "Hello"});
        json!({"receiver": receiver, "event": event, "contentType": "application/json", "payload": payload})
    };
    let deliveries = json!([
        webhook("bot", "message_created"),
        webhook("webhook:account", "message_created"),
        webhook("webhook:account", "conversation_updated"),
        {"receiver": "cable:agent", "event": "message.created", "payload": {"content": "Hello"}}
    ]);
    let counts = json!({"cable:agent": 1, "webhook:account": 2, "webhook:inbox": 0, "bot": 1});
    let order = json!({
        "cable:agent": ["message.created"], "webhook:account": ["conversation_updated", "message_created"],
        "bot": ["message_created"]
    });
    let mut steps = steps();
    let setup = steps.as_array_mut().unwrap().drain(..2);
    let mut steps: Vec<Value> = setup.collect();
    steps.push(act("events.setup.noise", "POST", "/message"));
    steps.push(act("events.do.message", "POST", "/message"));
    steps.push(observe("events.message", &arrived(&counts, &deliveries, &order)));
    json!(steps)
}

/// What comes of a run in which a message sets off what is told.
async fn hear(told: Vec<Told>) -> (Vec<String>, Tally) {
    let (desk, hooks) = calling(told, "application/json").await;
    let (address, _tasks) = desk.start().await;
    play(desk.replay(&address, &steps_with_webhooks(), &json!([])).hear(hooks)).await
}

#[tokio::test]
async fn what_webhooks_are_told_is_compared_like_what_sockets_hear() {
    assert_eq!(hear(told()).await, (vec![], Tally { compared: 4, ..Tally::default() }));
    let (mut desk, hooks) = calling(told(), "application/json").await;
    desk.is_slow = false;
    let (address, _tasks) = desk.start().await;
    let replay = replay_at(&address, golden(&steps_with_webhooks(), &json!([]))).hear(hooks);
    let (differences, tally) = play(replay.silence(Duration::from_millis(60))).await;
    assert_eq!((differences, tally.compared), (vec![], 4));
}

#[tokio::test]
async fn a_webhook_that_is_told_more_less_or_something_else_differs() {
    let more = [told(), vec![("/inbox", json!({"event": "message_created"}))]].concat();
    let at = ["Value counts.webhook:inbox", "Value order.webhook:inbox", "Value deliveries"];
    assert_eq!(hear(more).await.0, at.map(|at| format!("events.message: {at}")));
    let at = ["Value counts.bot", "Value order.bot", "Missing deliveries[](bot/message_created)", "Value deliveries"];
    assert_eq!(hear(told()[..3].to_vec()).await.0, at.map(|at| format!("events.message: {at}")));
    let mut turned = told();
    turned.swap(0, 2);
    assert_eq!(hear(turned).await.0, ["events.message: Value order.webhook:account"]);
    let mut another = told();
    another[2].1["content"] = json!("Bye");
    assert_eq!(hear(another).await.0, ["events.message: Value deliveries[].payload.content"]);
}

#[tokio::test]
async fn a_webhook_that_is_told_in_another_content_type_differs() {
    let (desk, hooks) = calling(told(), "text/plain").await;
    let (address, _tasks) = desk.start().await;
    let (differences, _) = play(desk.replay(&address, &steps_with_webhooks(), &json!([])).hear(hooks)).await;
    assert_eq!(differences, ["events.message: Value deliveries[].contentType"; 3]);
}

#[tokio::test]
async fn what_the_webhook_of_a_rule_is_told_is_compared_once_rules_act() {
    let payload = json!({"event": "automation_event.x", "id": 7});
    let told = json!({"method": "POST", "contentType": "application/json", "payload": {"id": 7}});
    let look = observe("automation.action.send_webhook_event.effect", &json!({"status": 200, "body": told}));
    let end = act("automation.effect.action_send_webhook_event.delete_rule", "DELETE", "/rule");
    let steps = json!([act("a", "POST", "/message"), end, look]);
    let play = async |told: Vec<Told>, later: Vec<Feature>| {
        let (desk, hooks) = calling(told, "application/json").await;
        let (address, _tasks) = desk.start().await;
        let mut golden = golden(&steps, &json!([]));
        golden.policy.later = later;
        let report = desk.settled(replay_at(&address, golden)).hear(hooks).run().await.unwrap();
        (failures(&report), report.files[0].skipped.len())
    };
    let failed = |at: &str| (vec![format!("automation.action.send_webhook_event.effect: {at}")], 0);
    assert_eq!(play(vec![("/automation", payload.clone())], vec![]).await, (vec![], 0));
    assert_eq!(play(vec![], vec![]).await, failed("Body ."));
    assert_eq!(play(vec![("/automation", payload.clone()), ("/automation", payload)], vec![]).await, failed("Body ."));
    let another = json!({"event": "automation_event.x", "id": 8});
    assert_eq!(play(vec![("/automation", another)], vec![]).await, failed("Value payload.id"));
    assert_eq!(play(vec![], vec![Feature::Automation]).await, (vec![], 2));
}

#[tokio::test]
async fn a_call_that_is_no_webhook_ends_the_run() {
    let (desk, hooks) = calling(vec![("/account", json!({"content": "Hello"}))], "application/json").await;
    let (address, _tasks) = desk.start().await;
    let replay = desk.replay(&address, &steps_with_webhooks(), &json!([])).hear(hooks);
    let error = replay.run().await.unwrap_err();
    assert!(matches!(error, RunError::Hearing { source: HearingError::NoWebhook { .. }, .. }), "{error}");
    assert_eq!(error.to_string(), "step events.do.message: webhook:account was called with no event");
}

fn recorded() -> Golden {
    Golden::read_events(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden")).unwrap()
}

#[test]
fn of_the_recorded_events_only_settings_of_notifications_are_skipped() {
    let Golden { files, policy, needs, .. } = recorded();
    let plan = Plan::new(&files, &policy, &needs).unwrap();
    let skipped = files[0].steps.iter().filter(|step| plan.verdict(&step.id) != &Verdict::Compare);
    let skipped: Vec<&str> = skipped.map(|step| step.id.as_str()).collect();
    let expected = if policy.later.contains(&Feature::Notifications) {
        vec!["events.setup.all_notifications", "events.setup.default_notifications"]
    } else {
        vec![]
    };
    assert_eq!(skipped, expected);
}

#[test]
fn what_is_served_instead_of_a_recorded_number_of_events_is_said_of_their_order_too() {
    let Golden { files, entries, .. } = recorded();
    for step in &files[0].steps {
        for receiver in ["cable:agent", "cable:rookie", "cable:admin", "cable:outsider", "cable:contact"] {
            let amending = |key| entries.amending(step, key, receiver);
            let (counts, orders) = (amending("counts"), amending("order"));
            assert_eq!(counts.len(), orders.len(), "{} {receiver}", step.id);
        }
    }
}

/// A server that does as recorded, and tells the contact events that are to be served besides, fits but where another order
/// is to be served.
#[test]
fn the_recorded_deliveries_fit_themselves() {
    let Golden { files, entries, mut policy, .. } = recorded();
    policy.later = Vec::new();
    let base = "http://localhost:3000";
    let mut differing = BTreeSet::new();
    let mut compared = 0;
    for step in &files[0].steps {
        let Expected::Content { body: Body::Json(pattern), order, .. } = &step.answer else { continue };
        let Ok(recorded) = serde_json::from_value::<Recorded>(pattern.clone()) else { continue };
        let mut vars = Vars::default();
        let mut answering = Answering { vars: &mut vars, base };
        let mut payloads = BTreeMap::new();
        for delivery in pattern["deliveries"].as_array().unwrap() {
            let name = |key: &str| delivery[key].as_str().unwrap().to_owned();
            payloads.insert((name("receiver"), name("event")), answering.to(&delivery["payload"]));
        }
        let heard = |receiver: &String| {
            let more = entries.amendments(step, receiver).into_iter().filter_map(|amendment| match amendment {
                Amendment::Also(event) => Some(event),
                Amendment::Instead(_) | Amendment::After(_) => None,
            });
            let delivery = |event: String| {
                let payload = payloads.get(&(receiver.clone(), event.clone())).cloned().unwrap_or_default();
                let content_type = (!receiver.starts_with("cable:")).then(|| "application/json".to_owned());
                Delivery { receiver: receiver.clone(), event, content_type, payload }
            };
            order.get(receiver).into_iter().flatten().cloned().chain(more).map(delivery).collect::<Vec<_>>()
        };
        let heard: Vec<Delivery> = pattern["counts"].as_object().unwrap().keys().flat_map(heard).collect();
        let rules = Rules {
            texts: Texts { vars: &vars, base },
            unordered: &step.unordered,
            align: &step.align,
            shape_only: &step.shape_only,
            volatile: &step.volatile,
        };
        let mut judged =
            Hearing { step, order, rules: &rules, policy: &policy, entries: &entries }.judge(&recorded, &heard);
        entries.excuse(step, &mut judged.differences, &mut BTreeSet::new());
        compared += judged.tally.compared;
        differing.extend(judged.differences.iter().map(|found| (step.id.as_str(), found.at.clone())));
    }
    let another_order: BTreeSet<&str> = differing.iter().map(|(step, _)| *step).collect();
    assert_eq!(
        Vec::from_iter(another_order),
        [
            "events.bot.message.answer",
            "events.conversation.status.open_auto_assigned",
            "events.conversation.status.pending"
        ]
    );
    assert!(differing.iter().all(|(_, at)| at.starts_with("order.") || at.starts_with("counts.")), "{differing:?}");
    assert_eq!(compared, 231);
}
