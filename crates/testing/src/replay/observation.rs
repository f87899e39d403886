//! What observed steps look at, and who listens.

use serde_json::{Value, json};

use super::step::Step;

/// What an observed step looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observation<'a> {
    /// The answer to the subscription of this subscriber.
    Subscription(&'a str),
    /// What arrived since the action before it.
    Action,
    /// The kinds of events that this subscriber heard over the whole run.
    Isolation(&'a str),
    /// What the webhook of a rule was told over the whole run.
    Rule,
}

/// The step that looks at the webhook of a rule, and who is called there.
const OF_RULE: &str = "automation.action.send_webhook_event.effect";
pub const RULE: &str = "webhook:automation";
/// The step that takes the rule away; the recorder had looked before.
const END_OF_RULE: &str = "automation.effect.action_send_webhook_event.delete_rule";

impl<'a> Observation<'a> {
    /// What `step` looks at; `None` for requests, and for what nobody can look at.
    pub fn of(step: &'a Step) -> Option<Self> {
        if step.observed && step.id == OF_RULE {
            return Some(Self::Rule);
        }
        let name = step.id.strip_prefix("events.").filter(|_| step.observed)?;
        if let Some(subscriber) = name.strip_prefix("cable.subscribe.") {
            return Some(Self::Subscription(subscriber));
        }
        Some(name.strip_prefix("isolation.").map_or(Self::Action, Self::Isolation))
    }
}

/// Whether the step after this one looks at what this one sets off.
pub fn is_action(step: &Step) -> bool {
    step.id.starts_with("events.do.")
}

/// Whether this step ends what the next one looks at.
pub fn ends_rule(step: &Step) -> bool {
    step.id == END_OF_RULE
}

/// Who tells just before this step that he is still there.
pub fn present(step: &Step) -> Option<&str> {
    step.id.strip_prefix("events.do.presence_")
}

/// The receiver that a subscriber is.
pub fn receiver(subscriber: &str) -> String {
    format!("cable:{subscriber}")
}

/// The identifier of a subscription, with saved values still written as `{{name}}`; `None` for a stranger.
pub fn identifier(subscriber: &str) -> Option<Value> {
    let user = |token: &str, id: &str, account: &str| {
        json!({
            "channel": "RoomChannel",
            "pubsub_token": token,
            "account_id": format!("{{{{account.{account}.id}}}}"),
            "user_id": format!("{{{{user.{id}.id}}}}"),
        })
    };
    match subscriber {
        "agent" | "rookie" | "admin" => Some(user(&format!("{{{{pubsub.{subscriber}}}}}"), subscriber, "main")),
        "outsider" => Some(user("{{pubsub.outsider}}", "outsider", "other")),
        "contact" => Some(json!({"channel": "RoomChannel", "pubsub_token": "{{pubsub.eva}}"})),
        "wrong_token" => Some(user("no-such-token", "agent", "main")),
        "wrong_account" => Some(user("{{pubsub.outsider}}", "outsider", "main")),
        "wrong_user" => Some(user("{{pubsub.agent}}", "admin", "main")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::step::sample;
    use super::*;

    #[test]
    fn the_name_of_an_observed_step_says_what_it_looks_at() {
        let observed = |id: &str| sample(&json!({"id": id, "observed": true}));
        let subscription = observed("events.cable.subscribe.admin");
        assert_eq!(Observation::of(&subscription), Some(Observation::Subscription("admin")));
        assert_eq!(Observation::of(&observed("events.message.deleted")), Some(Observation::Action));
        let isolation = observed("events.isolation.rookie");
        assert_eq!(Observation::of(&isolation), Some(Observation::Isolation("rookie")));
        assert_eq!(Observation::of(&observed("automation.action.send_webhook_event.effect")), Some(Observation::Rule));
        assert_eq!(Observation::of(&observed("automation.action.seen")), None);
        assert_eq!(Observation::of(&sample(&json!({"id": "events.do.message.deleted"}))), None);
    }

    #[test]
    fn subscribers_show_a_token_and_who_they_are() {
        let agent = json!({
            "channel": "RoomChannel", "pubsub_token": "{{pubsub.agent}}",
            "account_id": "{{account.main.id}}", "user_id": "{{user.agent.id}}"
        });
        assert_eq!(identifier("agent"), Some(agent));
        assert_eq!(identifier("contact").unwrap().get("user_id"), None);
        assert_eq!(identifier("nobody"), None);
    }
}
