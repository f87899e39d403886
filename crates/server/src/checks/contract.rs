//! Every operation of the contract answers every status that it is promised with, in the contract's form.
//!
//! What an operation is promised with: the statuses that the contract lists, and those that follow from its error
//! rules (rest.md §1.8): 400 for a body that cannot be read, 401 without a key, 401 or 403 for a caller who may not
//! (decisions §1), 404 for what is not there, 422 for what makes no sense.

use std::collections::{BTreeMap, BTreeSet};

use store::testing::db_test;
use testing::openapi::Validator;

use super::site::Site;
use super::trial::Trial;
use super::value::Expected;
use super::{Operation, Sent, document, operations};
use crate::contract::{self, Contract};
use crate::testing::TestApp;

/// What each operation answers with 422: a body, or a query with its question mark. Empty where nothing that the
/// operation reads can be wrong. `{inbox}` is an inbox of the account.
const SENSELESS: &[(&str, &str)] = &[
    ("createAnAccountAgentBot", r#"{ "name": {} }"#),
    ("deleteAnAccountAgentBot", ""),
    ("getDetailsOfASingleAccountAgentBot", ""),
    ("listAllAccountAgentBots", ""),
    ("updateAnAccountAgentBot", r#"{ "name": {} }"#),
    ("createAnAccountUser", r#"{ "user_id": 999999999, "role": "agent" }"#),
    ("deleteAnAccountUser", r#"{ "user_id": {} }"#),
    ("listAllAccountUsers", ""),
    ("createAnAccount", r#"{ "name": {} }"#),
    ("deleteAnAccount", ""),
    ("getDetailsOfAnAccount", ""),
    ("updateAnAccount", r#"{ "name": {} }"#),
    ("createAnAgentBot", r#"{ "name": {} }"#),
    ("deleteAnAgentBot", ""),
    ("getDetailsOfASingleAgentBot", ""),
    ("listAllAgentBots", ""),
    ("updateAnAgentBot", r#"{ "name": {} }"#),
    ("addNewAgentToAccount", r#"{ "name": "Ada", "email": "no address", "role": "agent" }"#),
    ("deleteAgentFromAccount", ""),
    ("getAccountAgents", ""),
    ("updateAgentInAccount", r#"{ "role": "no role" }"#),
    ("addNewAutomationRuleToAccount", r#"{ "name": "Rule", "event_name": "no_event" }"#),
    ("deleteAutomationRuleFromAccount", ""),
    ("getAccountAutomationRule", ""),
    ("getDetailsOfASingleAutomationRule", ""),
    ("updateAutomationRuleInAccount", r#"{ "event_name": "no_event" }"#),
    ("updateCannedResponseInAccount", r#"{ "short_code": {} }"#),
    ("addNewCannedResponseToAccount", r#"{ "short_code": {}, "content": "Hello" }"#),
    ("deleteCannedResponseFromAccount", ""),
    ("getAccountCannedResponse", ""),
    ("contactInboxCreation", r#"{ "inbox_id": {} }"#),
    ("contactableInboxesGet", ""),
    ("contactConversations", ""),
    ("contactCreate", r#"{ "name": "Ada", "email": "no address" }"#),
    ("contactDelete", ""),
    ("contactDetails", ""),
    ("contactFilter", r#"[{ "attribute_key": "no_key", "filter_operator": "equal_to", "values": ["a"] }]"#),
    ("contactList", ""),
    ("contactSearch", "?"),
    ("contactUpdate", r#"{ "email": "no address" }"#),
    ("createAContact", r#"{ "name": {} }"#),
    ("getDetailsOfAContact", ""),
    ("updateAContact", r#"{ "name": {} }"#),
    ("assignAConversation", r#"{ "assignee_id": {} }"#),
    ("conversationAddLabels", r#"{ "labels": {} }"#),
    ("listAllLabelsOfAConversation", ""),
    ("conversationFilter", r#"[{ "attribute_key": "status", "filter_operator": "no_operator", "values": ["open"] }]"#),
    ("conversationList", "?status=no_status"),
    ("conversationListMeta", "?status=no_status"),
    ("getDetailsOfAConversation", ""),
    ("newConversation", r#"{ "inbox_id": {} }"#),
    ("toggleStatusOfAConversation", r#"{ "status": "no_status" }"#),
    ("createAConversation", r#"{ "custom_attributes": 7 }"#),
    ("listAllContactConversations", ""),
    ("addNewCustomAttributeToAccount", r#"{ "attribute_display_name": {} }"#),
    ("deleteCustomAttributeFromAccount", ""),
    ("getAccountCustomAttribute", "?attribute_model=no_model"),
    ("getDetailsOfASingleCustomAttribute", ""),
    ("updateCustomAttributeInAccount", r#"{ "attribute_display_name": {} }"#),
    ("createACustomFilter", r#"{ "name": {} }"#),
    ("deleteACustomFilter", ""),
    ("getDetailsOfASingleCustomFilter", ""),
    ("listAllFilters", "?filter_type=no_type"),
    ("updateACustomFilter", r#"{ "name": {} }"#),
    ("addNewAgentToInbox", r#"{ "inbox_id": {inbox}, "user_ids": [999999999] }"#),
    ("deleteAgentInInbox", r#"{ "user_ids": {} }"#),
    ("getInbox", ""),
    ("getInboxAgentBot", ""),
    ("getInboxMembers", ""),
    ("inboxCreation", r#"{ "name": "Desk", "channel": { "type": "no_channel" } }"#),
    ("listAllInboxes", ""),
    ("updateAgentBot", r#"{ "agent_bot": {} }"#),
    ("updateAgentsInInbox", r#"{ "inbox_id": {inbox}, "user_ids": [999999999] }"#),
    ("updateInbox", r#"{ "timezone": "no zone" }"#),
    ("createAnIntegrationHook", r#"{ "app_id": "no_app" }"#),
    ("deleteAnIntegrationHook", ""),
    ("getDetailsOfAllIntegrations", ""),
    ("updateAnIntegrationsHook", r#"{ "settings": 7 }"#),
    ("createANewMessageInAConversation", r#"{ "content": "Hello", "content_type": "no_type" }"#),
    ("deleteAMessage", ""),
    ("listAllMessages", ""),
    ("createAMessage", r#"{ "content": {} }"#),
    ("listAllConverationMessages", ""),
    ("updateAMessage", r#"{ "submitted_values": 7 }"#),
    ("fetchProfile", ""),
    ("getAccountConversationMetrics", "?"),
    ("getAgentConversationMetrics", "?"),
    ("listAllConversationStatistics", "?metric=no_metric&type=account"),
    ("listAllConversationStatisticsSummary", "?"),
    ("addNewAgentToTeam", r#"{ "user_ids": [999999999] }"#),
    ("createATeam", r#"{ "name": {} }"#),
    ("deleteATeam", ""),
    ("deleteAgentInTeam", r#"{ "user_ids": {} }"#),
    ("getDetailsOfASingleTeam", ""),
    ("getTeamMembers", ""),
    ("listAllTeams", ""),
    ("updateATeam", r#"{ "name": {} }"#),
    ("updateAgentsInTeam", r#"{ "user_ids": [999999999] }"#),
    ("createAUser", r#"{ "name": "Olu", "email": "no address", "password": "Sample-Pass-2022!" }"#),
    ("deleteAUser", ""),
    ("getDetailsOfAUser", ""),
    ("getSsoUrlOfAUser", ""),
    ("updateAUser", r#"{ "email": "no address" }"#),
    ("createAWebhook", r#"{ "url": "no address" }"#),
    ("deleteAWebhook", ""),
    ("listAllWebhooks", ""),
    ("updateAWebhook", r#"{ "url": "no address" }"#),
];

/// Operations of the Public API that look at a proof of identity, and a wrong one (rest.md §2.5).
const DISPROVED: &[(&str, &str)] = &[
    ("createAContact", r#"{ "identifier": "ada", "identifier_hash": "00" }"#),
    ("getDetailsOfAContact", "?identifier_hash=00"),
    ("updateAContact", r#"{ "identifier_hash": "00" }"#),
];

const NO_PROOF: &str = "only what is about the contact itself looks at a proof of identity (rest.md §2.5)";
const EMPTY_204: &str = "deletions of custom attributes and filters answer 204 (rest.md §1.7)";
const SENT_200: &str = "200 is sent, as recorded (rest.md §1.7)";

/// What the contract lists and never occurs, with the reason.
const NEVER: &[(&str, u16, &str)] = &[
    ("contactUpdate", 204, SENT_200),
    ("getInboxAgentBot", 204, SENT_200),
    ("updateAgentBot", 204, SENT_200),
    ("deleteCustomAttributeFromAccount", 200, EMPTY_204),
    ("deleteACustomFilter", 200, EMPTY_204),
    ("contactableInboxesGet", 422, "nothing is read but the path, and an unknown contact is 404"),
    ("createAConversation", 401, NO_PROOF),
    ("listAllContactConversations", 401, NO_PROOF),
    ("createAMessage", 401, NO_PROOF),
    ("listAllConverationMessages", 401, NO_PROOF),
    ("updateAMessage", 401, NO_PROOF),
];

/// An id that nothing has.
const NOTHING: &str = "999999999";

#[test]
fn the_tables_name_each_operation_of_the_contract() {
    let contract: Vec<&str> = Contract::get().operations.iter().map(|promise| promise.id.as_str()).collect();
    let listed: Vec<&str> = SENSELESS.iter().map(|(id, _)| *id).collect();
    assert_eq!(listed, contract);
    for promise in &Contract::get().operations {
        let (_, senseless) = SENSELESS.iter().find(|(id, _)| *id == promise.id).unwrap();
        assert!(promise.body.is_none() || senseless.starts_with(['{', '[']), "{} reads a body", promise.id);
    }
    for (id, status, reason) in NEVER {
        let promise = Contract::get().find(id).unwrap();
        assert!(promise.statuses.contains(status), "the contract does not list {status} of {id}: {reason}");
    }
}

#[db_test]
async fn every_operation_of_the_contract_answers_every_status_that_it_is_promised_with(app: TestApp) {
    let mut round = Round::new(&app).await;
    let known: BTreeMap<String, Operation> =
        operations().into_iter().map(|operation| (operation.id.clone(), operation)).collect();
    // Deletions come last: some take away what others need.
    let (deletions, others): (Vec<_>, Vec<_>) =
        Contract::get().operations.iter().partition(|promise| promise.method == "DELETE");
    for promise in others.into_iter().chain(deletions) {
        let operation = &known[&promise.id];
        round.refuse(promise, operation).await;
        round.succeed(promise, operation).await;
    }
    round.compare();
    round.trial.finish(450).await;
}

/// What is sent and what was answered.
struct Round<'a> {
    trial: Trial<'a>,
    validator: Validator,
    /// Tokens of callers that are known and may not.
    stranger: String,
    ungranted: String,
    bot: String,
    seen: BTreeMap<&'a str, BTreeSet<u16>>,
}

impl<'a> Round<'a> {
    async fn new(app: &'a TestApp) -> Self {
        let trial = Trial::new(app).await;
        let other = Site::new(app).await;
        let (_, bot) = app.bot(other.account, other.inbox).await;
        Self {
            trial,
            validator: Validator::new(document()),
            stranger: other.administrator.token,
            ungranted: app.platform_app().await,
            bot,
            seen: BTreeMap::new(),
        }
    }

    /// By somebody who may, at the address that the contract prints.
    async fn succeed(&mut self, promise: &'a contract::Operation, operation: &Operation) {
        let path = self.trial.site.disposable_path(self.trial.app, operation).await;
        let sent = self.trial.good(operation, &path);
        let status = if operation.json["responses"]["204"].is_object() { 204 } else { 200 };
        let answer = Sent { path: printed(promise, &path), ..sent }.to(self.trial.app).await;
        let is_silent = operation.json["responses"][status.to_string()].get("content").is_none();
        let checked = if answer.status != status {
            Err(format!("{} instead of {status}: {}", answer.status, String::from_utf8_lossy(&answer.body)))
        } else if is_silent {
            if answer.body.is_empty() { Ok(()) } else { Err("a body that is not documented".to_owned()) }
        } else {
            self.validator.check(operation.method.as_str(), &operation.path, status, &answer.json())
        };
        self.trial.problems.extend(checked.err().map(|problem| format!("{}: {problem}", promise.id)));
        self.seen.entry(&promise.id).or_default().insert(answer.status.as_u16());
    }

    /// All that the error rules refuse.
    async fn refuse(&mut self, promise: &'a contract::Operation, operation: &Operation) {
        let path = self.trial.site.path(operation);
        let good = self.trial.good(operation, &path);
        if operation.has_body() {
            self.expect(promise, 400, good.clone().json("{")).await;
        } else if promise.statuses.contains(&400) {
            self.expect(promise, 400, at(&good, "?page=%")).await;
        }
        if !operation.path.starts_with("/public/") {
            self.expect(promise, 401, Sent { token: None, ..good.clone() }).await;
            let status = if promise.statuses.contains(&403) { 403 } else { 401 };
            let token = Some(self.refused(operation).to_owned());
            self.expect(promise, status, Sent { token, ..good.clone() }).await;
        }
        for name in missing(operation) {
            let path = self.trial.site.path_with(operation, |other| (other == name).then(|| NOTHING.to_owned()));
            self.expect(promise, 404, Sent { path, ..good.clone() }).await;
        }
        for (table, status) in [(DISPROVED, 401), (SENSELESS, 422)] {
            for (_, wrong) in table.iter().filter(|(id, wrong)| *id == promise.id && !wrong.is_empty()) {
                let wrong = wrong.replace("{inbox}", &self.trial.site.inbox.to_string());
                let sent = if wrong.starts_with('?') { at(&good, &wrong) } else { good.clone().json(wrong) };
                self.expect(promise, status, sent).await;
            }
        }
    }

    /// The token of somebody who is known and may not.
    fn refused(&self, operation: &Operation) -> &str {
        let is_platform = operation.path.starts_with("/platform/");
        match operation.parameters("path").is_empty() {
            // Whoever has the key may: a key of the other kind.
            true if is_platform => &self.stranger,
            true => &self.bot,
            false if is_platform => &self.ungranted,
            false => &self.stranger,
        }
    }

    async fn expect(&mut self, promise: &'a contract::Operation, status: u16, sent: Sent) {
        let answer = self.trial.send(sent, Expected::Status(status), None).await;
        self.seen.entry(&promise.id).or_default().insert(answer.status.as_u16());
    }

    /// Every status that the contract lists was seen, but for those that never occur.
    fn compare(&mut self) {
        for promise in &Contract::get().operations {
            let seen = &self.seen[promise.id.as_str()];
            let never: BTreeSet<u16> =
                NEVER.iter().filter(|(id, ..)| *id == promise.id).map(|(_, status, _)| *status).collect();
            let untried: Vec<&u16> =
                promise.statuses.difference(seen).filter(|status| !never.contains(status)).collect();
            let occurred: Vec<&u16> = never.intersection(seen).collect();
            if !untried.is_empty() || !occurred.is_empty() {
                let text = format!("{}: {untried:?} have no trigger, {occurred:?} occur", promise.id);
                self.trial.problems.push(text);
            }
        }
    }
}

/// The parameters that can name what is not there: the account, and what the path ends in.
fn missing(operation: &Operation) -> BTreeSet<String> {
    let names = operation.parameters("path");
    names.first().into_iter().chain(names.last()).cloned().collect()
}

/// `path` as the contract prints it: some without prefix, one with a slash at its end.
fn printed(promise: &contract::Operation, path: &str) -> String {
    let has_prefix = promise.documented_path().starts_with("/api/") || !path.starts_with("/api/v1");
    let path = if has_prefix { path } else { path.trim_start_matches("/api/v1") };
    let wants_slash = promise.documented_path().ends_with('/') && !path.split('?').any(|part| part.ends_with('/'));
    if wants_slash { format!("{path}/") } else { path.to_owned() }
}

/// `sent` with another query.
fn at(sent: &Sent, query: &str) -> Sent {
    let path = sent.path.split('?').next().unwrap_or_default();
    Sent { path: format!("{path}{query}"), ..sent.clone() }
}
