//! Which steps are sent and which are skipped, decided before anything is sent.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::golden::Recording;
use super::need::{Need, Needs};
use super::observation::{Observation, is_action};
use super::pattern::{mentions_file, needed_names};
use super::policy::{Feature, Origins, Policy};
use super::step::{Body, Expected, Request, Step};
use super::vars::{names_in, names_in_text};

/// What happens to a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is sent and its answer compared.
    Compare,
    /// It is sent, because it makes something, but its answer is not compared.
    SendOnly(Skip),
    /// It is not sent.
    Skip(Skip),
}

/// Why a step or its answer is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Skip {
    /// The operation is not served yet.
    LaterOperation(String),
    /// A call without an operation.
    BeyondOperations,
    /// Something a receiver must have seen.
    Observed,
    /// The request or its answer needs a feature that is not there yet.
    Feature(Feature),
    /// A value that a skipped step would have saved.
    Value {
        /// Its name.
        name: String,
        /// The skipped step.
        step: String,
    },
    /// The answer shows what a skipped step would have done.
    Effect {
        /// The skipped step.
        step: String,
        /// What is seen.
        why: String,
    },
}

impl Skip {
    /// The reason without its details.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::LaterOperation(_) => "operation that is not served yet",
            Self::BeyondOperations => "call beyond the served operations",
            Self::Observed => "observed by a receiver",
            Self::Feature(_) => "feature that is not served yet",
            Self::Value { .. } => "needs a value of a skipped step",
            Self::Effect { .. } => "shows the effect of a skipped step",
        }
    }

    /// What the reason is about, for counting.
    pub fn subject(&self) -> &str {
        match self {
            Self::LaterOperation(op) => op,
            Self::BeyondOperations | Self::Observed => "",
            Self::Feature(feature) => feature.name(),
            Self::Value { name, .. } => name,
            Self::Effect { step, .. } => step,
        }
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LaterOperation(op) => write!(f, "operation that is not served yet: {op}"),
            Self::BeyondOperations | Self::Observed => f.write_str(self.reason()),
            Self::Feature(feature) => write!(f, "needs {}", feature.name()),
            Self::Value { name, step } => write!(f, "needs {name}, which {step} would have saved"),
            Self::Effect { step, why } => write!(f, "without {step} {why}"),
        }
    }
}

/// The verdict on every step, by its id.
#[derive(Debug, Clone)]
pub struct Plan {
    verdicts: BTreeMap<String, Verdict>,
}

impl Plan {
    /// Decides about every step, in the order of the files.
    pub fn new(files: &[Recording], policy: &Policy, needs: &[Need]) -> Result<Self, BadNeeds> {
        let mut planner = Planner::new(policy, needs);
        for step in files.iter().flat_map(|file| &file.steps) {
            planner.decide(step);
        }
        planner.finish()
    }

    /// The verdict on a step.
    pub fn verdict(&self, step: &str) -> &Verdict {
        self.verdicts.get(step).unwrap_or(&Verdict::Compare)
    }
}

/// Entries of `needs.json` that a plan did not use.
#[derive(Debug, thiserror::Error)]
#[error("needs that are none:\n{}", .0.join("\n"))]
pub struct BadNeeds(Vec<String>);

struct Planner<'a> {
    policy: &'a Policy,
    needs: Needs<'a>,
    verdicts: BTreeMap<String, Verdict>,
    skipped: BTreeSet<String>,
    /// Values that the last step to save them did not save, with that step.
    unsaved: BTreeMap<String, String>,
    origins: Origins,
    /// The last step that sets off what the next one looks at.
    action: Option<String>,
}

impl<'a> Planner<'a> {
    fn new(policy: &'a Policy, needs: &'a [Need]) -> Self {
        Self {
            policy,
            needs: Needs::new(needs),
            verdicts: BTreeMap::new(),
            skipped: BTreeSet::new(),
            unsaved: BTreeMap::new(),
            origins: Origins::default(),
            action: None,
        }
    }

    fn decide(&mut self, step: &Step) {
        let verdict = match self.reason_not_to_send(step) {
            Some(skip) => Verdict::Skip(skip),
            None => self.verdict_on_answer(step),
        };
        self.origins.note(step);
        if is_action(step) {
            self.action = Some(step.id.clone());
        }
        let is_skipped = matches!(verdict, Verdict::Skip(_));
        for name in step.save.keys() {
            if is_skipped {
                self.unsaved.insert(name.clone(), step.id.clone());
            } else {
                self.unsaved.remove(name);
            }
        }
        if is_skipped {
            self.skipped.insert(step.id.clone());
        }
        self.verdicts.insert(step.id.clone(), verdict);
    }

    fn reason_not_to_send(&self, step: &Step) -> Option<Skip> {
        let Some(request) = &step.request else { return self.reason_not_to_look(step) };
        match &step.op {
            None if !self.policy.beyond => return Some(Skip::BeyondOperations),
            Some(op) if !self.policy.served.contains(op) => {
                return Some(Skip::LaterOperation(op.clone()));
            }
            _ => {}
        }
        if let Some(feature) = self.policy.missing_feature(step, &self.origins) {
            return Some(Skip::Feature(feature));
        }
        let token = step.caller.iter().map(|caller| format!("token.{caller}"));
        token.chain(names_used(request)).find_map(|name| self.unsaved(&name))
    }

    fn reason_not_to_look(&self, step: &Step) -> Option<Skip> {
        match Observation::of(step) {
            None => Some(Skip::Observed),
            Some(Observation::Action) => {
                let action = self.action.as_ref().filter(|action| self.skipped.contains(*action))?;
                Some(Skip::Effect { step: action.clone(), why: "nothing happens".to_owned() })
            }
            Some(Observation::Rule) => {
                let is_later = self.policy.later.contains(&Feature::Automation);
                is_later.then_some(Skip::Feature(Feature::Automation))
            }
            Some(Observation::Subscription(_) | Observation::Isolation(_)) => None,
        }
    }

    fn verdict_on_answer(&mut self, step: &Step) -> Verdict {
        let writes = step.request.as_ref().is_some_and(Request::writes);
        let leave_out = |skip| if writes { Verdict::SendOnly(skip) } else { Verdict::Skip(skip) };
        if let Some(skip) = self.unknowable(step) {
            return leave_out(skip);
        }
        let is_skipped = |id: &str| self.skipped.contains(id);
        match self.needs.of(&step.id, is_skipped) {
            None => Verdict::Compare,
            Some(need) => {
                let skip = Skip::Effect { step: need.needs.clone(), why: need.why.clone() };
                if need.sent { Verdict::SendOnly(skip) } else { Verdict::Skip(skip) }
            }
        }
    }

    /// Why the recorded answer cannot be given: a stored file, or a thing that was not made.
    fn unknowable(&self, step: &Step) -> Option<Skip> {
        let Expected::Content { body: Body::Json(pattern), .. } = &step.answer else {
            return None;
        };
        if self.policy.later.contains(&Feature::Files) && mentions_file(pattern) {
            return Some(Skip::Feature(Feature::Files));
        }
        needed_names(pattern).into_iter().find_map(|group| {
            let known = group.iter().any(|name| self.unsaved(name).is_none());
            group.first().filter(|_| !known).and_then(|name| self.unsaved(name))
        })
    }

    fn unsaved(&self, name: &str) -> Option<Skip> {
        let step = self.unsaved.get(name)?.clone();
        Some(Skip::Value { name: name.to_owned(), step })
    }

    fn finish(self) -> Result<Plan, BadNeeds> {
        let is_known = |id: &str| self.verdicts.contains_key(id);
        let unused = self.needs.unused(is_known, |id| self.skipped.contains(id));
        if unused.is_empty() {
            return Ok(Plan { verdicts: self.verdicts });
        }
        Err(BadNeeds(unused))
    }
}

/// The names of saved values that a request uses.
fn names_used(request: &Request) -> Vec<String> {
    let texts = [&request.path].into_iter().chain(request.headers.values());
    let raw = request.raw.as_ref().map(|raw| &raw.text);
    let values = request.query.iter().chain(&request.body);
    let form = request.form.iter().flatten().map(|(_, value)| value);
    texts.chain(raw).flat_map(|text| names_in_text(text)).chain(values.chain(form).flat_map(names_in)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::step::sample;
    use super::*;
    use serde_json::{Value, json};

    fn file(steps: Vec<Value>) -> Vec<Recording> {
        let read = |step: Value| {
            let mut keys = json!({"op": "served", "request": {"method": "GET", "path": "/"}});
            keys.as_object_mut().unwrap().extend(step.as_object().unwrap().clone());
            sample(&keys)
        };
        vec![Recording { name: "x".to_owned(), steps: steps.into_iter().map(read).collect() }]
    }

    fn plan(steps: Vec<Value>, needs: Value) -> Result<Plan, BadNeeds> {
        let policy =
            Policy { served: BTreeSet::from(["served".to_owned()]), later: vec![Feature::Files], ..Policy::default() };
        let needs: Vec<Need> = serde_json::from_value(needs).unwrap();
        Plan::new(&file(steps), &policy, &needs)
    }

    fn get(path: &str) -> Value {
        json!({"method": "GET", "path": path})
    }

    #[test]
    fn what_needs_a_skipped_value_is_skipped_and_so_is_what_needs_that() {
        let steps = vec![
            json!({"id": "a", "op": "later", "save": {"a.id": "id"}}),
            json!({"id": "b", "request": get("/{{a.id}}"), "save": {"b.id": "id"}}),
            json!({"id": "c", "request": {"method": "POST", "path": "/", "body": {"x": ["{{b.id|s}}"]}}}),
            json!({"id": "d", "as": "a"}),
            json!({"id": "e", "op": null}),
        ];
        let plan = plan(steps, json!([])).unwrap();
        let text = |id: &str| match plan.verdict(id) {
            Verdict::Skip(skip) => skip.to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(text("a"), "operation that is not served yet: later");
        assert_eq!(text("b"), "needs a.id, which a would have saved");
        assert_eq!(text("c"), "needs b.id, which b would have saved");
        assert_eq!(text("d"), "Compare");
        assert_eq!(text("e"), "call beyond the served operations");
    }

    #[test]
    fn a_callers_token_is_a_value_too() {
        let steps =
            vec![json!({"id": "a", "op": "later", "save": {"token.ada": "token"}}), json!({"id": "b", "as": "ada"})];
        let plan = plan(steps, json!([])).unwrap();
        assert!(matches!(plan.verdict("b"), Verdict::Skip(Skip::Value { .. })));
    }

    #[test]
    fn a_value_saved_again_is_known_again() {
        let steps = vec![
            json!({"id": "a", "op": "later", "save": {"a.id": "id"}}),
            json!({"id": "b", "save": {"a.id": "id"}}),
            json!({"id": "c", "request": get("/{{a.id}}")}),
        ];
        assert_eq!(plan(steps, json!([])).unwrap().verdict("c"), &Verdict::Compare);
    }

    #[test]
    fn an_answer_that_shows_what_was_not_made_is_left_out_but_writes_are_sent() {
        let answer = json!({"status": 200, "body": [{"id": {"$id": ["a.id"], "type": "number"}}]});
        let other = json!({"status": 200, "body": {"$id": ["a.id", "b.id"], "type": "number"}});
        let steps = vec![
            json!({"id": "a", "op": "later", "save": {"a.id": "id"}}),
            json!({"id": "b", "save": {"b.id": "id"}}),
            json!({"id": "list", "answer": answer}),
            json!({"id": "make", "answer": answer, "request": {"method": "POST", "path": "/"}}),
            json!({"id": "either", "answer": other}),
            json!({"id": "file", "answer": {"status": 200, "body": {"url": {"$file": "a.png"}}}}),
        ];
        let plan = plan(steps, json!([])).unwrap();
        assert!(matches!(plan.verdict("list"), Verdict::Skip(Skip::Value { .. })));
        assert!(matches!(plan.verdict("make"), Verdict::SendOnly(Skip::Value { .. })));
        assert_eq!(plan.verdict("either"), &Verdict::Compare);
        assert_eq!(plan.verdict("file"), &Verdict::Skip(Skip::Feature(Feature::Files)));
    }

    #[test]
    fn a_need_counts_while_its_step_is_skipped_and_is_an_error_afterwards() {
        let steps = |op: &str| vec![json!({"id": "a", "op": op}), json!({"id": "b"}), json!({"id": "c"})];
        let needs = json!([
            {"step": "b", "needs": "a", "why": "it is still there"},
            {"step": "c", "needs": "a", "why": "it is still there", "sent": true}
        ]);
        let planned = plan(steps("later"), needs.clone()).unwrap();
        assert!(matches!(planned.verdict("b"), Verdict::Skip(Skip::Effect { .. })));
        assert!(matches!(planned.verdict("c"), Verdict::SendOnly(Skip::Effect { .. })));
        let error = plan(steps("served"), needs).unwrap_err().to_string();
        assert!(error.contains("b needs a: that step is not skipped before it"), "{error}");
    }

    #[test]
    fn a_need_that_decides_nothing_is_an_error() {
        let steps = vec![json!({"id": "a", "op": "later"}), json!({"id": "b", "op": "later"})];
        assert!(plan(steps.clone(), json!([{"step": "b", "needs": "a", "why": "x"}])).is_err());
        assert!(plan(steps, json!([{"step": "nowhere", "needs": "a", "why": "x"}])).is_err());
    }
}
