//! A good body for every operation that reads one.

use serde_json::{Value, json};

use super::Operation;
use super::site::{LOGIN_PASSWORD, Site};

/// A body that `operation` takes, other for every `number`; `None` for operations without body.
pub fn body(operation: &Operation, site: &Site, number: usize) -> Option<Value> {
    body_with(operation, site, number, "")
}

/// The same, made so that the top-level or channel field `field` matters.
pub fn body_with(operation: &Operation, site: &Site, number: usize, field: &str) -> Option<Value> {
    if !operation.has_body() {
        return None;
    }
    let email = format!("sample{number}@sample.test");
    Some(match operation.id.as_str() {
        "createAnAccount" | "updateAnAccount" | "updateAccount" => json!({ "name": format!("Account {number}") }),
        "createAUser" => json!({ "name": "Olu", "email": email, "password": "Sample-Pass-2022!" }),
        "signIn" => json!({ "email": site.login, "password": LOGIN_PASSWORD }),
        "askForPassword" | "resendConfirmation" => json!({ "email": site.login }),
        // No link: each is good once. The tables take the refusal for it.
        "setPassword" => json!({ "reset_password_token": "none", "password": LOGIN_PASSWORD }),
        "confirmAddress" => json!({ "confirmation_token": "none" }),
        "signUp" => json!({
            "account_name": format!("Account {number}"), "user_full_name": "Olu", "email": email,
            "password": LOGIN_PASSWORD
        }),
        "updateProfile" => json!({ "name": format!("Mira {number}"), "message_signature": "Bye" }),
        "setProfileAvailability" => json!({ "account_id": site.account, "availability": "busy" }),
        "setProfileAutoOffline" => json!({ "account_id": site.account, "auto_offline": true }),
        "setActiveAccount" => json!({ "account_id": site.account }),
        "updateAUser" => json!({ "name": format!("Olu {number}") }),
        "createAnAccountUser" => json!({ "user_id": site.agent.id, "role": "agent" }),
        "inboxCreation" => json!({ "name": format!("Desk {number}"), "channel": channel(field, &email) }),
        "updateAgentBot" => json!({ "agent_bot": site.agent_bot }),
        "updateInbox" => json!({ "name": format!("Desk {number}") }),
        "addNewAgentToInbox" | "updateAgentsInInbox" => {
            json!({ "inbox_id": site.inbox, "user_ids": [site.agent.id] })
        }
        // Nobody goes, so that the site keeps its member.
        "deleteAgentsInInbox" => json!({ "inbox_id": site.inbox, "user_ids": "" }),
        "deleteAgentInInbox" => json!({ "user_ids": "" }),
        "addNewCannedResponseToAccount" | "updateCannedResponseInAccount" => {
            json!({ "short_code": format!("code {number}"), "content": "We are in from nine to five." })
        }
        "addNewCustomAttributeToAccount" | "updateCustomAttributeInAccount" => {
            json!({ "attribute_display_name": "Plan", "attribute_key": format!("plan_{number}") })
        }
        "createLabel" | "updateLabel" => json!({ "title": format!("label-{number}"), "color": "#aa0044" }),
        "addNewAgentToAccount" => json!({ "name": "Mira", "email": email, "role": "agent" }),
        "addNewAgentsToAccount" => json!({ "emails": [email] }),
        "updateAgentInAccount" => json!({ "name": format!("Mira {number}"), "availability": "busy" }),
        "deleteAnAccountUser" => json!({ "user_id": site.colleague.id }),
        "createAnAgentBot" | "updateAnAgentBot" | "createAnAccountAgentBot" | "updateAnAccountAgentBot" => {
            json!({ "name": format!("Bot {number}"), "outgoing_url": "https://bot.sample.test/hook" })
        }
        "createACustomFilter" | "updateACustomFilter" => {
            json!({ "name": format!("Filter {number}"), "query": { "payload": [] } })
        }
        "createAnIntegrationHook" => {
            let settings =
                json!({ "project_id": format!("project {number}"), "credentials": { "type": "service_account" } });
            json!({ "app_id": "dialogflow", "inbox_id": site.inbox, "settings": settings })
        }
        "updateAnIntegrationsHook" => {
            let settings =
                json!({ "project_id": format!("project {number}"), "credentials": { "type": "service_account" } });
            json!({ "status": "enabled", "settings": settings })
        }
        "addNewAutomationRuleToAccount" | "updateAutomationRuleInAccount" => {
            json!({ "name": format!("Rule {number}"), "event_name": "message_created" })
        }
        "createAWebhook" | "updateAWebhook" => {
            json!({ "url": format!("https://hooks.sample.test/{number}"), "name": "Sample" })
        }
        "updateWebhookEndpoint" => json!({ "concurrency": number % 8 + 1 }),
        "replayWebhookDeliveries" => json!({ "since": number }),
        "createATeam" | "updateATeam" => json!({ "name": format!("team {number}"), "allow_auto_assign": false }),
        "addNewAgentToTeam" | "updateAgentsInTeam" | "deleteAgentInTeam" => json!({ "user_ids": [site.agent.id] }),
        "contactUpdate" | "updateAContact" => json!({ "name": format!("Ada {number}") }),
        "contactDestroyCustomAttributes" => json!({ "custom_attributes": ["plan"] }),
        "contactFilter" => {
            json!({ "payload": [{ "attribute_key": "name", "filter_operator": "contains", "values": ["a"] }] })
        }
        "conversationFilter" => {
            json!({ "payload": [{ "attribute_key": "status", "filter_operator": "equal_to", "values": ["open"] }] })
        }
        "contactInboxCreation" => json!({ "inbox_id": site.inbox }),
        "contactCreate" => json!({ "name": "Ada", "email": email, "inbox_id": site.inbox }),
        "newConversation" if field == "snoozed_until" => {
            json!({ "inbox_id": site.inbox, "contact_id": site.contact, "status": "snoozed" })
        }
        "newConversation" => json!({ "inbox_id": site.inbox, "contact_id": site.contact }),
        "toggleStatusOfAConversation" if field == "snoozed_until" => json!({ "status": "snoozed" }),
        "toggleStatusOfAConversation" => json!({ "status": "open" }),
        "assignAConversation" if field == "team_id" => json!({ "team_id": 0 }),
        "assignAConversation" => json!({ "assignee_id": site.agent.id }),
        "conversationAddLabels" | "setLabelsOfContact" => json!({ "labels": ["refund"] }),
        "createANewMessageInAConversation" if field == "sender_id" => {
            json!({ "content": "Hello", "sender_type": "AgentBot" })
        }
        "createANewMessageInAConversation" | "createAMessage" => json!({ "content": "Hello" }),
        "updateConversation" | "togglePriorityOfConversation" => json!({ "priority": "high" }),
        "setCustomAttributesOfConversation" => json!({ "custom_attributes": { "plan": number } }),
        "toggleTypingStatus" | "toggleTypingOfAContact" => json!({ "typing_status": "on" }),
        "createAContact" => json!({ "name": "Ada", "email": email }),
        "createAConversation" => json!({ "custom_attributes": { "plan": "gold" } }),
        "updateAMessage" => json!({ "submitted_values": [{ "title": format!("Blue {number}"), "value": "blue" }] }),
        "createDirectUploadInConversation" => {
            let checksum = "XrY7u+Ae7tCTyyK7j1rNww==";
            json!({ "filename": format!("{number}.txt"), "byte_size": 11, "checksum": checksum })
        }
        "answerSurvey" => {
            json!({ "message": { "submitted_values": { "csat_survey_response": { "rating": number % 5 + 1 } } } })
        }
        other => panic!("{other} needs a body here"),
    })
}

/// `body` with the wrapper that forms cannot do without (rest.md §1.2).
pub fn wrapped(operation: &Operation, body: Value) -> Value {
    if operation.path.starts_with("/api/v1/profile") {
        return json!({ "profile": body });
    }
    let wrapper = match operation.path.strip_prefix("/api/v1/accounts/{account_id}/").unwrap_or_default() {
        "agents" | "agents/{id}" => "agent",
        "canned_responses" | "canned_responses/{id}" => "canned_response",
        "custom_attribute_definitions" | "custom_attribute_definitions/{id}" => "custom_attribute_definition",
        "labels" | "labels/{id}" => "label",
        "teams" | "teams/{team_id}" => "team",
        "conversations/{conversation_id}/direct_uploads" => "blob",
        "custom_filters" | "custom_filters/{custom_filter_id}" => "custom_filter",
        "integrations/hooks" | "integrations/hooks/{hook_id}" => "hook",
        "webhooks" | "webhooks/{webhook_id}" => "webhook",
        _ => return body,
    };
    json!({ wrapper: body })
}

/// A channel that has `field`.
fn channel(field: &str, email: &str) -> Value {
    let starts = |names: &[&str]| names.iter().any(|name| field.starts_with(name));
    if starts(&["imap_", "smtp_", "email", "provider", "verified_"]) {
        json!({ "type": "email", "email": email })
    } else if starts(&[
        "website_",
        "widget_",
        "welcome_",
        "reply_",
        "pre_chat_",
        "continuity_",
        "selected_",
        "allowed_",
    ]) {
        json!({ "type": "web_widget", "website_url": "https://shop.sample.test" })
    } else {
        json!({ "type": "api" })
    }
}
