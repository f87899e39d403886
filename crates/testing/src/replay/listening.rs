//! The part of a run that listens: before actions, and at the steps that look at what was heard.

use serde_json::{Value, json};

use super::difference::Difference;
use super::ears::{Delivery, HearingError, METHOD};
use super::heard::{Hearing, Recorded, judge_isolation, show};
use super::observation::{Observation, RULE, ends_rule, identifier, is_action, present, receiver};
use super::plan::Verdict;
use super::report::Outcome;
use super::run::{Session, Try, outcome};
use super::step::{Body, Expected, Step};

impl Session<'_> {
    /// Before an action everything else has been heard, and who tells that he is present does so. Before a rule is taken
    /// away it has been heard what the rule set off.
    pub(super) async fn listen_from_here(&mut self, step: &Step) -> Result<(), HearingError> {
        if ends_rule(step) {
            return self.hear_all().await;
        }
        if !is_action(step) {
            return Ok(());
        }
        self.hear_all().await?;
        self.ears.mark();
        match present(step) {
            Some(subscriber) => self.ears.perform(&receiver(subscriber), "update_presence").await,
            None => Ok(()),
        }
    }

    /// Looks at what was heard.
    pub(super) async fn observe(&mut self, step: &Step, seen: Observation<'_>) -> Result<Outcome, HearingError> {
        let tried = match seen {
            Observation::Subscription(subscriber) => self.subscribe(step, subscriber).await?,
            Observation::Action => {
                self.hear_all().await?;
                self.compare_deliveries(step)
            }
            Observation::Isolation(subscriber) => {
                self.hear_all().await?;
                let heard = self.ears.heard_at_all();
                let differences = pattern(step).map(|pattern| judge_isolation(pattern, &receiver(subscriber), heard));
                self.excused(step, differences.unwrap_or_default(), "what was heard over the whole run".to_owned())
            }
            Observation::Rule => {
                self.hear_all().await?;
                self.compare_call(step)
            }
        };
        Ok(outcome(step, "what was heard".to_owned(), &Verdict::Compare, tried))
    }

    async fn subscribe(&mut self, step: &Step, subscriber: &str) -> Result<Try, HearingError> {
        let known = identifier(subscriber).map(|identifier| self.vars.expand(&identifier));
        let Some(Ok(identifier)) = known else {
            let differences = vec![Difference::body("a subscriber whose values are known", subscriber)];
            return Ok(Try { answer: "nothing".to_owned(), differences, deviates: false });
        };
        self.ears.mark();
        let outcome = self.ears.subscribe(&receiver(subscriber), identifier.to_string()).await?;
        self.is_quiet = false;
        self.hear_all().await?;
        let own = self.ears.heard().iter().filter(|delivery| delivery.receiver == receiver(subscriber));
        let first: Vec<Value> =
            own.map(|delivery| json!({"event": delivery.event, "data": delivery.payload})).collect();
        let answer = json!({"outcome": outcome.name(), "first": first});
        let differences = pattern(step).map(|pattern| self.rules(step).compare(pattern, &answer));
        Ok(self.excused(step, differences.unwrap_or_default(), answer.to_string()))
    }

    fn compare_deliveries(&mut self, step: &Step) -> Try {
        let heard = self.ears.heard();
        let shown = show(heard);
        let Expected::Content { body: Body::Json(pattern), order, .. } = &step.answer else {
            self.tally.not_given += heard.len();
            return self.excused(step, Vec::new(), shown);
        };
        let recorded: Recorded = match serde_json::from_value(pattern.clone()) {
            Ok(recorded) => recorded,
            Err(error) => return self.excused(step, vec![Difference::body("counts and deliveries", error)], shown),
        };
        let rules = self.rules(step);
        let (policy, entries) = (&self.replay.policy, &self.replay.entries);
        let judged = Hearing { step, order, rules: &rules, policy, entries }.judge(&recorded, heard);
        let amended = !judged.used.is_empty();
        self.tally.add(judged.tally);
        self.used.extend(judged.used);
        let tried = self.excused(step, judged.differences, shown);
        Try { deviates: tried.deviates || amended, ..tried }
    }

    /// Compares what the webhook of a rule was told, once in the whole run.
    fn compare_call(&mut self, step: &Step) -> Try {
        let heard = self.ears.heard_at_all().iter().filter(|delivery| delivery.receiver == RULE);
        let told: Vec<Value> = heard.map(call).collect();
        let differences = match (pattern(step), told.as_slice()) {
            (None, _) => Vec::new(),
            (Some(pattern), [told]) => self.rules(step).compare(pattern, told),
            (Some(_), told) => vec![Difference::body("one call", told.len())],
        };
        self.excused(step, differences, format!("{} calls over the whole run", told.len()))
    }

    /// Waits until the server has nothing more to tell.
    async fn hear_all(&mut self) -> Result<(), HearingError> {
        if self.is_quiet {
            return Ok(());
        }
        self.is_quiet = true;
        match &self.replay.settle {
            Some(settle) => {
                settle().await;
                self.ears.drain().await
            }
            None => self.ears.wait_for_silence(self.replay.silence).await,
        }
    }
}

/// A call as the recordings have it.
fn call(delivery: &Delivery) -> Value {
    json!({"method": METHOD, "contentType": delivery.content_type, "payload": delivery.payload})
}

fn pattern(step: &Step) -> Option<&Value> {
    match &step.answer {
        Expected::Content { body: Body::Json(pattern), .. } => Some(pattern),
        _ => None,
    }
}
