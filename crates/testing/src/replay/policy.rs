//! What the server under test serves by now.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::step::Step;

/// What the server under test serves by now.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Operations that are served.
    pub served: BTreeSet<String>,
    /// Whether calls without an operation are served too.
    #[serde(default)]
    pub beyond: bool,
    /// Features that are not there yet.
    #[serde(default)]
    pub later: Vec<Feature>,
    /// Documented statuses of each operation.
    #[serde(default)]
    pub statuses: BTreeMap<String, Vec<u16>>,
}

impl Policy {
    /// The status of a refused but known caller (decisions §1).
    ///
    /// 403 where the operation documents it and beyond the contract, 401 elsewhere.
    pub fn refusal_status(&self, op: Option<&str>) -> u16 {
        match op.map(|op| self.statuses.get(op)) {
            Some(Some(statuses)) if !statuses.contains(&403) => 401,
            _ => 403,
        }
    }

    /// The missing feature that a request needs.
    pub fn missing_feature(&self, step: &Step, origins: &Origins) -> Option<Feature> {
        self.later.iter().copied().find(|feature| feature.is_needed(step, origins))
    }

    /// What a report calls a delivery that a missing feature would bring; `None` for one that must come.
    pub fn left_out(&self, receiver: &str, event: &str) -> Option<String> {
        self.later.iter().find_map(|feature| feature.brings(receiver, event))
    }
}

/// A part of the server that crosses the operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Feature {
    /// Uploads and stored files.
    Files,
    /// Contacts that prove who they are.
    Hmac,
    /// Agent bots as callers or senders.
    Bots,
    /// Signing in with a session.
    Sessions,
    /// Automation rules that act.
    Automation,
    /// Calls of webhooks and bots.
    Webhooks,
    /// Notifications of agents, mentions among them, and their settings.
    Notifications,
}

/// How the steps begin that make rules act, prepare that, or look at what they did. Steps that only store rules and show
/// them do not.
const ACTING: [&str; 4] = ["automation.condition.", "automation.action.", "automation.event.", "automation.effect."];

impl Feature {
    /// Whether a request cannot be served without this feature.
    fn is_needed(self, step: &Step, origins: &Origins) -> bool {
        let Some(request) = &step.request else { return false };
        let body = request.body.as_ref();
        match self {
            Self::Files => request.has_file(),
            Self::Hmac => {
                let signs = body.is_some_and(|body| body.get("identifier_hash").is_some());
                let is_public = request.path.starts_with("/public/");
                signs || (is_public && origins.demands_hmac(&request.path))
            }
            Self::Bots => {
                let is_bot = step.caller.as_ref().is_some_and(|caller| origins.bots.contains(caller));
                let sender = body.and_then(|body| body.get("sender_type")).and_then(Value::as_str);
                is_bot || sender == Some("AgentBot")
            }
            Self::Sessions => request.headers.contains_key("access-token"),
            Self::Automation => ACTING.iter().any(|start| step.id.starts_with(start)),
            Self::Webhooks => false,
            Self::Notifications => request.path.ends_with("/notification_settings"),
        }
    }

    /// What a report calls the deliveries that do not come without this feature, if this is one of them.
    pub fn brings(self, receiver: &str, event: &str) -> Option<String> {
        let is_brought = match self {
            Self::Automation => receiver == "webhook:rule",
            Self::Webhooks => matches!(receiver, "webhook:account" | "webhook:inbox" | "webhook:bot-inbox" | "bot"),
            Self::Notifications => {
                let is_told = event == "notification.created";
                return is_told.then(|| event.to_owned());
            }
            Self::Files | Self::Hmac | Self::Bots | Self::Sessions => false,
        };
        is_brought.then(|| receiver.to_owned())
    }

    /// What a report calls the feature.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Hmac => "HMAC",
            Self::Bots => "bots",
            Self::Sessions => "sessions",
            Self::Automation => "automation",
            Self::Webhooks => "webhooks",
            Self::Notifications => "notifications",
        }
    }
}

/// Where the saved values come from, as far as features depend on it.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    bots: BTreeSet<String>,
    hmac_identifiers: BTreeSet<String>,
}

impl Origins {
    /// Takes note of what a step creates.
    pub fn note(&mut self, step: &Step) {
        let creates_bot = step.op.as_deref() == Some("createAnAccountAgentBot");
        let body = step.request.as_ref().and_then(|request| request.body.as_ref());
        let is_mandatory = body.and_then(|body| body.pointer("/channel/hmac_mandatory"));
        for name in step.save.keys() {
            if let (true, Some(bot)) = (creates_bot, name.strip_prefix("token.")) {
                self.bots.insert(bot.to_owned());
            }
            if is_mandatory == Some(&Value::Bool(true)) {
                self.hmac_identifiers.insert(format!("{{{{{name}}}}}"));
            }
        }
    }

    fn demands_hmac(&self, path: &str) -> bool {
        self.hmac_identifiers.iter().any(|name| path.contains(name))
    }
}

#[cfg(test)]
mod tests {
    use super::super::step::sample;
    use super::*;
    use serde_json::json;

    fn needs(feature: Feature, value: &Value) -> bool {
        let mut origins = Origins::default();
        origins.note(&sample(&json!({
            "op": "createAnAccountAgentBot", "save": {"token.bot": "access_token"},
            "request": {"method": "POST", "path": "/bots", "body": {"name": "Bot"}}
        })));
        origins.note(&sample(&json!({
            "save": {"identifier.signed": "inbox_identifier"},
            "request": {"method": "POST", "path": "/inboxes", "body": {"channel": {"hmac_mandatory": true}}}
        })));
        feature.is_needed(&sample(value), &origins)
    }

    #[test]
    fn each_feature_knows_the_requests_that_need_it() {
        let upload = json!({"request": {"method": "POST", "path": "/m", "form": [["f", {"filename": "a"}]]}});
        assert!(needs(Feature::Files, &upload));
        let form = json!({"request": {"method": "POST", "path": "/m", "form": [["f", "text"]]}});
        assert!(!needs(Feature::Files, &form));
        let signed = json!({"request": {"method": "GET", "path": "/public/{{identifier.signed}}/x"}});
        assert!(needs(Feature::Hmac, &signed));
        let open = json!({"request": {"method": "GET", "path": "/public/{{identifier.api}}/x"}});
        assert!(!needs(Feature::Hmac, &open));
        let hash = json!({"request": {"method": "POST", "path": "/x", "body": {"identifier_hash": "1"}}});
        assert!(needs(Feature::Hmac, &hash));
        assert!(needs(Feature::Bots, &json!({"as": "bot", "request": {"method": "GET", "path": "/x"}})));
        assert!(!needs(Feature::Bots, &json!({"as": "agent", "request": {"method": "GET", "path": "/x"}})));
        let session = json!({"request": {"method": "GET", "path": "/x", "headers": {"access-token": "t"}}});
        assert!(needs(Feature::Sessions, &session));
        let acting = json!({"id": "automation.effect.seen", "request": {"method": "GET", "path": "/x"}});
        assert!(needs(Feature::Automation, &acting));
        let stored = json!({"id": "automation.create.ok", "request": {"method": "POST", "path": "/x"}});
        assert!(!needs(Feature::Automation, &stored));
    }

    #[test]
    fn webhooks_of_rules_come_with_automation_and_all_others_with_webhooks() {
        let brought = |feature: Feature| {
            let receivers =
                ["webhook:account", "webhook:inbox", "webhook:bot-inbox", "bot", "webhook:rule", "cable:agent"];
            receivers.into_iter().filter_map(|receiver| feature.brings(receiver, "x")).collect::<Vec<_>>()
        };
        assert_eq!(brought(Feature::Automation), ["webhook:rule"]);
        assert_eq!(brought(Feature::Webhooks), ["webhook:account", "webhook:inbox", "webhook:bot-inbox", "bot"]);
    }

    #[test]
    fn a_refusal_is_403_where_documented_or_beyond_the_contract() {
        let statuses = BTreeMap::from([("a".to_owned(), vec![200, 403]), ("b".to_owned(), vec![200, 401])]);
        let policy = Policy { statuses, ..Policy::default() };
        assert_eq!(policy.refusal_status(Some("a")), 403);
        assert_eq!(policy.refusal_status(Some("b")), 401);
        assert_eq!(policy.refusal_status(None), 403);
    }
}
