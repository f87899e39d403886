//! Comparing what receivers heard with what they heard when it was recorded.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::amendment::Amendment;
use super::deviation::Entries;
use super::difference::{Difference, What};
use super::ears::Delivery;
use super::path::Place;
use super::pattern::Rules;
use super::policy::Policy;
use super::step::Step;

/// The pattern of what arrived after an action.
#[derive(Debug, Deserialize)]
pub struct Recorded {
    /// Events of each receiver.
    counts: BTreeMap<String, usize>,
    /// Patterns with a receiver, an event and a payload.
    deliveries: Vec<Value>,
}

/// What came of a comparison.
#[derive(Debug, Default)]
pub struct Judged {
    /// In what it differs.
    pub differences: Vec<Difference>,
    /// Deviations that amended what was expected.
    pub used: Vec<usize>,
    /// How many deliveries were compared, came besides and were left out.
    pub tally: Tally,
}

/// How many deliveries were compared, and what became of the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Compared with a recorded one.
    pub compared: usize,
    /// Heard after the recorded ones, as a deviation says.
    pub besides: usize,
    /// Heard at steps whose answer is not given.
    pub not_given: usize,
    /// Recorded, but brought by features that are not there yet: how many of which receiver or event.
    pub left_out: BTreeMap<String, usize>,
}

impl Tally {
    /// Adds what another comparison counted.
    pub fn add(&mut self, other: Self) {
        self.compared += other.compared;
        self.besides += other.besides;
        self.not_given += other.not_given;
        for (name, count) in other.left_out {
            *self.left_out.entry(name).or_default() += count;
        }
    }
}

/// What there is to know of a step whose deliveries are compared.
#[derive(Clone, Copy)]
pub struct Hearing<'a> {
    /// The observed step.
    pub step: &'a Step,
    /// The events that each receiver heard when it was recorded.
    pub order: &'a BTreeMap<String, Vec<String>>,
    /// How payloads are compared.
    pub rules: &'a Rules<'a>,
    /// What the server brings by now.
    pub policy: &'a Policy,
    /// Where we mean to differ.
    pub entries: &'a Entries,
}

impl Hearing<'_> {
    /// Compares the deliveries of an action with the recorded ones.
    pub fn judge(&self, recorded: &Recorded, heard: &[Delivery]) -> Judged {
        let mut judged = Judged::default();
        let is_recorded = |delivery: &&Delivery| recorded.counts.contains_key(&delivery.receiver);
        let mut left: Vec<&Delivery> = heard.iter().filter(|delivery| !is_recorded(delivery)).collect();
        for (receiver, count) in &recorded.counts {
            if self.policy.left_out(receiver, "").is_none() {
                let own: Vec<&Delivery> = heard_by(heard, receiver).collect();
                let besides = self.judge_order(receiver, *count, &own, &mut judged);
                left.extend(&own[..own.len() - besides]);
                judged.tally.besides += besides;
            }
        }
        self.judge_deliveries(&recorded.deliveries, left, &mut judged);
        judged
    }

    /// Compares the events of one receiver; tells how many of the last ones come besides the recorded ones.
    fn judge_order(&self, receiver: &str, count: usize, heard: &[&Delivery], judged: &mut Judged) -> usize {
        let mut events: Vec<&str> = heard.iter().map(|delivery| delivery.event.as_str()).collect();
        let brought = |event: &&str| self.policy.left_out(receiver, event).is_none();
        let recorded: Vec<&str> = self.order.get(receiver).into_iter().flatten().map(String::as_str).collect();
        let amendments = self.entries.amendments(self.step, receiver);
        let mut expected: Vec<&str> = recorded.iter().copied().filter(brought).collect();
        let unamended = expected.clone();
        let mut besides = 0;
        for amendment in &amendments {
            match amendment {
                Amendment::Instead(names) => expected = names.iter().map(String::as_str).filter(brought).collect(),
                Amendment::After(event) => {
                    besides = events.iter().rev().take_while(|heard| *heard == event).count();
                }
                Amendment::Also(event) => {
                    expected.push(event);
                    if let Some(position) = events.iter().position(|heard| heard == event) {
                        events[position..].rotate_left(1);
                    }
                }
            }
        }
        let events = &events[..events.len() - besides];
        let mut compare = |key: &str, expected: String, got: String| {
            if expected != got {
                let place = Place::default().key(key).key(receiver);
                judged.differences.push(Difference::at(What::Value, &place, expected, got));
            }
        };
        let count = (count + expected.len()).saturating_sub(recorded.len());
        compare("counts", count.to_string(), events.len().to_string());
        compare("order", expected.join(", "), events.join(", "));
        if besides > 0 || expected != unamended {
            for key in ["order", "counts"] {
                judged.used.extend(self.entries.amending(self.step, key, receiver));
            }
        }
        besides
    }

    /// Compares the payloads: a delivery belongs to the nearest recorded one of its receiver and event.
    fn judge_deliveries(&self, recorded: &[Value], mut left: Vec<&Delivery>, judged: &mut Judged) {
        let heard = left.len();
        let mut expected = 0;
        for (index, pattern) in recorded.iter().enumerate() {
            let part = |key: &str| pattern.get(key).and_then(Value::as_str).unwrap_or_default();
            let (receiver, event) = (part("receiver"), part("event"));
            if let Some(name) = self.policy.left_out(receiver, event) {
                *judged.tally.left_out.entry(name).or_default() += 1;
                continue;
            }
            expected += 1;
            let place = Place::default().key("deliveries").item(index);
            let compare = |(position, delivery): (usize, &&Delivery)| {
                let is_of_kind = delivery.receiver == receiver && delivery.event == event;
                is_of_kind.then(|| (position, self.rules.compare_at(&place, pattern, &delivery.json())))
            };
            match left.iter().enumerate().filter_map(compare).min_by_key(|(_, found)| found.len()) {
                Some((position, found)) => {
                    left.remove(position);
                    judged.tally.compared += 1;
                    judged.differences.extend(found.into_iter().map(|found| found.shown_of(&place, receiver, event)));
                }
                None => judged.differences.push(missing(receiver, event)),
            }
        }
        if expected != heard {
            let more: Vec<String> = left.iter().map(|delivery| delivery.name()).collect();
            let more =
                if more.is_empty() { String::new() } else { format!(", more than recorded {}", more.join(", ")) };
            let got = format!("{heard} items{more}");
            let place = Place::default().key("deliveries");
            judged.differences.push(Difference::at(What::Value, &place, format!("{expected} items"), got));
        }
    }
}

/// Compares the kinds of events that a receiver heard over the whole run with the recorded ones.
///
/// Presence is told to whoever is there and belongs to no kind.
pub fn judge_isolation(pattern: &Value, receiver: &str, heard: &[Delivery]) -> Vec<Difference> {
    let kinds =
        || heard_by(heard, receiver).map(|delivery| &delivery.event).filter(|event| *event != "presence.update");
    let expected = pattern.get("events").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let expected: Vec<&str> = expected.collect();
    let differ = |what, event: &str, expected: &str, got: &str| Difference {
        what,
        at: format!("events[]({event})"),
        place: format!("events[]({event})"),
        expected: expected.to_owned(),
        got: got.to_owned(),
    };
    let gone = expected.iter().filter(|event| kinds().all(|kind| kind != *event));
    let mut differences: Vec<_> = gone.map(|event| differ(What::Missing, event, "heard", "nothing")).collect();
    let mut more: Vec<&String> = kinds().filter(|kind| !expected.contains(&kind.as_str())).collect();
    more.sort();
    more.dedup();
    differences.extend(more.into_iter().map(|event| differ(What::Value, event, "nothing", "heard")));
    if let Some(expected) = pattern.get("privateOrActivity") {
        let got = heard_by(heard, receiver).filter(|delivery| delivery.is_private_or_activity()).count();
        if *expected != json!(got) {
            let place = Place::default().key("privateOrActivity");
            differences.push(Difference::at(What::Value, &place, expected, got));
        }
    }
    differences
}

/// What was heard, for readers.
pub fn show(heard: &[Delivery]) -> String {
    let names: Vec<String> = heard.iter().map(Delivery::name).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

fn heard_by<'a>(heard: &'a [Delivery], receiver: &'a str) -> impl Iterator<Item = &'a Delivery> {
    heard.iter().filter(move |delivery| delivery.receiver == receiver)
}

fn missing(receiver: &str, event: &str) -> Difference {
    let at = format!("deliveries[]({receiver}/{event})");
    Difference { what: What::Missing, place: at.clone(), at, expected: "it".to_owned(), got: "nothing".to_owned() }
}

impl Delivery {
    fn name(&self) -> String {
        format!("{}/{}", self.receiver, self.event)
    }

    fn json(&self) -> Value {
        let Self { receiver, event, content_type, payload } = self;
        let mut json = json!({"receiver": receiver, "event": event, "payload": payload});
        if let Some(content_type) = content_type {
            json["contentType"] = json!(content_type);
        }
        json
    }

    /// Whether this is a message that is not for contacts.
    fn is_private_or_activity(&self) -> bool {
        const ACTIVITY: i64 = 2;
        let is_private = self.payload.get("private") == Some(&Value::Bool(true));
        let kind = self.payload.get("message_type").and_then(Value::as_i64);
        self.event.starts_with("message.") && (is_private || kind == Some(ACTIVITY))
    }
}

impl Difference {
    /// The same, with the delivery named for readers instead of its number.
    fn shown_of(mut self, place: &Place, receiver: &str, event: &str) -> Self {
        if let Some(inside) = self.place.strip_prefix(&place.to_string()) {
            self.place = format!("{receiver}/{event}{inside}");
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::policy::Feature;
    use super::super::step::{Expected, sample};
    use super::super::text::Texts;
    use super::super::vars::Vars;
    use super::*;

    /// One step after which two receivers heard this and that.
    struct Scene {
        step: Step,
        entries: Entries,
        later: Vec<Feature>,
    }

    impl Scene {
        /// `order` as recorded; every payload is `{"by": receiver}`.
        fn new(order: &Value, entries: Value) -> Self {
            let order: BTreeMap<String, Vec<String>> = serde_json::from_value(order.clone()).unwrap();
            let counts: BTreeMap<_, _> = order.iter().map(|(receiver, events)| (receiver, events.len())).collect();
            let pattern = |(receiver, events): (&String, &Vec<String>)| {
                let pattern = |event| json!({"receiver": receiver, "event": event, "payload": {"by": receiver}});
                events.iter().map(pattern).collect::<Vec<_>>()
            };
            let body = json!({"counts": counts, "deliveries": order.iter().flat_map(pattern).collect::<Vec<_>>()});
            let answer = json!({"status": 200, "body": body, "order": order});
            let step = sample(&json!({"id": "events.x", "observed": true, "answer": answer}));
            let mut known = Entries::default();
            known.add(serde_json::from_value(entries).unwrap()).unwrap();
            Self { step, entries: known, later: Vec::new() }
        }

        /// The differences that no entry allows, and what was counted.
        fn judge(&self, heard: &[Delivery]) -> (Vec<String>, Tally, usize) {
            let Expected::Content { body: super::super::Body::Json(pattern), order, .. } = &self.step.answer else {
                unreachable!("the scene is written so")
            };
            let vars = Vars::default();
            let rules = Rules {
                texts: Texts { vars: &vars, base: "http://localhost" },
                unordered: &[],
                align: &BTreeMap::new(),
                shape_only: &[],
                volatile: &[],
            };
            let policy = Policy { later: self.later.clone(), ..Policy::default() };
            let (step, entries) = (&self.step, &self.entries);
            let hearing = Hearing { step, order, rules: &rules, policy: &policy, entries };
            let mut judged = hearing.judge(&serde_json::from_value(pattern.clone()).unwrap(), heard);
            entries.excuse(step, &mut judged.differences, &mut BTreeSet::new());
            let names = judged.differences.iter().map(|found| format!("{:?} {}", found.what, found.at));
            (names.collect(), judged.tally, judged.used.len())
        }

        fn differences(&self, heard: &[(&str, &str)]) -> Vec<String> {
            self.judge(&deliveries(heard)).0
        }
    }

    fn deliveries(heard: &[(&str, &str)]) -> Vec<Delivery> {
        let delivery = |(receiver, event): &(&str, &str)| Delivery {
            receiver: (*receiver).to_owned(),
            event: (*event).to_owned(),
            content_type: None,
            payload: json!({"by": receiver, "seq": 3}),
        };
        heard.iter().map(delivery).collect()
    }

    fn after(receiver: &str) -> Value {
        json!([
            {"step": "events.x", "what": "value", "at": format!("counts.{receiver}"), "clause": "y",
             "serve": "one more for each c.updated that goes to sockets"},
            {"step": "events.x", "what": "value", "at": format!("order.{receiver}"), "clause": "y",
             "serve": "c.updated after the recorded events"}
        ])
    }

    #[test]
    fn every_receiver_hears_its_events_in_order_and_receivers_do_not_wait_for_each_other() {
        let scene = Scene::new(&json!({"cable:a": ["m.created", "f.created"], "cable:b": ["m.created"]}), json!([]));
        let fits = [("cable:b", "m.created"), ("cable:a", "m.created"), ("cable:a", "f.created")];
        assert!(scene.differences(&fits).is_empty());
        let turned = [("cable:a", "f.created"), ("cable:a", "m.created"), ("cable:b", "m.created")];
        assert_eq!(scene.differences(&turned), ["Value order.cable:a"]);
    }

    #[test]
    fn what_is_missing_and_what_nobody_should_hear_is_told() {
        let scene = Scene::new(&json!({"cable:a": ["m.created"], "cable:b": []}), json!([]));
        let gone = ["Value counts.cable:a", "Value order.cable:a", "Missing deliveries[](cable:a/m.created)"];
        assert_eq!(scene.differences(&[]), [&gone[..], &["Value deliveries"]].concat());
        let more = [("cable:a", "m.created"), ("cable:b", "m.created")];
        assert_eq!(scene.differences(&more), ["Value counts.cable:b", "Value order.cable:b", "Value deliveries"]);
        assert_eq!(
            scene.differences(&[("cable:a", "m.created"), ("cable:stranger", "m.created")]),
            ["Value deliveries"]
        );
    }

    #[test]
    fn payloads_are_compared_with_the_nearest_of_their_kind() {
        let scene = Scene::new(&json!({"cable:a": ["m.created", "m.created"]}), json!([]));
        let mut heard = deliveries(&[("cable:a", "m.created"), ("cable:a", "m.created")]);
        heard[0].payload = json!({"by": "another"});
        assert_eq!(scene.judge(&heard).0, ["Value deliveries[].payload.by"]);
    }

    #[test]
    fn an_event_may_come_after_the_recorded_ones_where_a_deviation_says_so_and_nowhere_else() {
        let scene = Scene::new(&json!({"cable:a": ["m.created", "f.created"]}), after("cable:a"));
        let recorded = [("cable:a", "m.created"), ("cable:a", "f.created")];
        let updated = ("cable:a", "c.updated");
        let (differences, tally, used) = scene.judge(&deliveries(&[recorded[0], recorded[1], updated, updated]));
        assert_eq!((differences, tally.compared, tally.besides, used), (vec![], 2, 2, 2));
        assert_eq!(scene.judge(&deliveries(&recorded)), (vec![], Tally { compared: 2, ..Tally::default() }, 0));
        let between = [recorded[0], updated, recorded[1]];
        let not_after = ["Value counts.cable:a", "Value order.cable:a", "Value deliveries"];
        assert_eq!(scene.differences(&between), not_after);
        assert_eq!(scene.differences(&[recorded[1], recorded[0], updated]), ["Value order.cable:a"]);
        let another = Scene::new(&json!({"cable:a": ["m.created", "f.created"]}), after("cable:b"));
        assert_eq!(another.differences(&[recorded[0], recorded[1], updated]), not_after);
    }

    #[test]
    fn an_order_that_is_served_instead_is_demanded() {
        let entries = json!([
            {"step": "events.x", "what": "value", "at": "counts.cable:a", "serve": "1: m.created only", "clause": "y"},
            {"step": "events.x", "what": "value", "at": "order.cable:a", "serve": "m.created", "clause": "y"},
            {"step": "events.x", "what": "missing", "at": "deliveries[](cable:a/f.created)", "serve": "no", "clause": "y"},
            {"step": "events.x", "what": "value", "at": "deliveries", "serve": "one less", "clause": "y"}
        ]);
        let scene = Scene::new(&json!({"cable:a": ["m.created", "f.created"]}), entries);
        assert!(scene.differences(&[("cable:a", "m.created")]).is_empty());
        let recorded = [("cable:a", "m.created"), ("cable:a", "f.created")];
        assert_eq!(scene.differences(&recorded), ["Value counts.cable:a", "Value order.cable:a"]);
    }

    #[test]
    fn one_event_more_comes_anywhere_where_a_deviation_says_so() {
        let serve = "the webhook also receives c_updated (3 instead of 2)";
        let at = |at: &str| json!({"step": "events.x", "what": "value", "at": at, "serve": serve, "clause": "y"});
        let entries = json!([at("counts.webhook:a"), at("order.webhook:a"), at("deliveries")]);
        let scene = Scene::new(&json!({"webhook:a": ["m_created", "f_created"]}), entries);
        let recorded = [("webhook:a", "m_created"), ("webhook:a", "f_created")];
        let updated = ("webhook:a", "c_updated");
        for heard in [[updated, recorded[0], recorded[1]], [recorded[0], updated, recorded[1]]] {
            let (differences, tally, used) = scene.judge(&deliveries(&heard));
            assert_eq!((differences, tally.compared, used), (vec![], 2, 2));
        }
        let otherwise = ["Value counts.webhook:a", "Value order.webhook:a"];
        assert_eq!(scene.differences(&recorded), otherwise);
        assert_eq!(scene.differences(&[updated, recorded[0], updated, recorded[1]]), otherwise);
        assert_eq!(scene.differences(&[recorded[1], updated, recorded[0]]), ["Value order.webhook:a"]);
    }

    #[test]
    fn what_features_to_come_would_bring_is_left_out_and_counted() {
        let order = json!({"cable:a": ["m.created", "notification.created"], "webhook:account": ["m_created"]});
        let mut scene = Scene::new(&order, json!([]));
        scene.later = vec![Feature::Webhooks, Feature::Notifications];
        let (differences, tally, _) = scene.judge(&deliveries(&[("cable:a", "m.created")]));
        let left_out = [("notification.created".to_owned(), 1), ("webhook:account".to_owned(), 1)];
        assert_eq!(differences, [""; 0]);
        assert_eq!(tally, Tally { compared: 1, left_out: left_out.into(), ..Tally::default() });
        scene.later = Vec::new();
        assert_eq!(scene.differences(&[("cable:a", "m.created")]).len(), 7);
    }

    #[test]
    fn isolation_looks_at_kinds_and_at_what_is_not_for_contacts() {
        let heard = [("cable:c", "presence.update"), ("cable:c", "message.created"), ("cable:a", "x.created")];
        let mut heard = deliveries(&heard);
        let pattern = json!({"events": ["message.created"], "privateOrActivity": 0});
        let differences = |heard: &[Delivery]| {
            let found = judge_isolation(&pattern, "cable:c", heard);
            found.iter().map(|found| format!("{:?} {}", found.what, found.at)).collect::<Vec<_>>()
        };
        assert_eq!(differences(&heard), [""; 0]);
        heard[1].payload = json!({"private": false, "message_type": 2});
        assert_eq!(differences(&heard), ["Value privateOrActivity"]);
        heard[1].event = "team.changed".to_owned();
        assert_eq!(differences(&heard), ["Missing events[](message.created)", "Value events[](team.changed)"]);
    }
}
