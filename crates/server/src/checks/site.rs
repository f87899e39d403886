//! An account with one row of everything that a path can name.

use std::sync::LazyLock;

use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, Version};
use http::Method;
use serde_json::json;
use store::{Tx, sql};
use types::{AccountId, AgentBotId, InboxId, PlatformAppId, TeamId, UserId};

use super::Operation;
use crate::events::Actor;
use crate::testing::{Caller, TestApp};
use crate::{access, agent_bot, platform};

/// The password of the agent.
pub const LOGIN_PASSWORD: &str = "Sample-Pass-2022!";

/// What it is stored as: far cheaper than the hashes that the server makes.
static LOGIN_HASH: LazyLock<String> = LazyLock::new(|| {
    let params = Params::new(Params::MIN_M_COST, 1, 1, None).unwrap();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash: PasswordHash = argon2.hash_password(LOGIN_PASSWORD.as_bytes()).unwrap();
    hash.to_string()
});

/// Operations that change a contact, or what others see of it.
const CHANGES_CONTACT: [&str; 3] = ["contactUpdate", "contactDestroyCustomAttributes", "contactDeleteAvatar"];

/// An account and what is in it.
pub struct Site {
    /// The account.
    pub account: AccountId,
    /// An administrator of it.
    pub administrator: Caller,
    /// An agent, member of the inbox.
    pub agent: Caller,
    /// An agent outside of the inbox.
    pub colleague: Caller,
    /// An API inbox.
    pub inbox: InboxId,
    /// An API inbox that is only there to be changed.
    pub changing_inbox: InboxId,
    /// The inbox's name in the public API.
    pub identifier: String,
    /// A contact's session in the inbox.
    pub source_id: String,
    /// The contact.
    pub contact: i64,
    /// A contact that is only there to be changed.
    pub changing_contact: i64,
    /// The number of a conversation of that session.
    pub conversation: i64,
    /// A session of the contact that is only there to be changed.
    changing_source_id: String,
    /// The agent's address; it can sign in.
    pub login: String,
    /// A session of the agent, as a query.
    session: String,
    /// A canned response.
    pub canned_response: i64,
    /// A custom attribute.
    pub custom_attribute: i64,
    /// A label of the account.
    pub label: i64,
    /// A filter of the administrator's.
    pub custom_filter: i64,
    /// A connected app.
    pub hook: i64,
    /// An automation rule.
    pub automation_rule: i64,
    /// A webhook.
    pub webhook: i64,
    /// Something that is told by HTTP what happens.
    pub endpoint: i64,
    /// A delivery to it that has ended.
    pub delivery: i64,
    /// A message of that conversation that offers a choice.
    pub message: i64,
    /// The uuid of a conversation with a survey.
    pub survey: String,
    /// A team without members.
    pub team: TeamId,
    /// A bot of the account, which is connected to no inbox.
    pub agent_bot: AgentBotId,
}

impl Site {
    /// A new account.
    pub async fn new(app: &TestApp) -> Self {
        let account = app.account().await;
        let administrator = app.administrator(account).await;
        let agent = app.agent(account).await;
        let inbox = app.api_inbox(&administrator).await;
        app.join(&administrator, inbox, &[&agent]).await;
        let changing_contact = app.contact(&administrator).await;
        let changing_inbox = app.api_inbox(&administrator).await;
        let shown = app.get(&administrator, &format!("inboxes/{inbox}")).await.expect(200).json();
        let identifier = shown["inbox_identifier"].as_str().unwrap().to_owned();
        let contacts = format!("/public/api/v1/inboxes/{identifier}/contacts");
        let body = json!({ "name": "Ada" });
        let contact = app.call(Method::POST, &contacts, None, Some(&body)).await.expect(200).json();
        let source_id = contact["source_id"].as_str().unwrap().to_owned();
        let conversations = format!("{contacts}/{source_id}/conversations");
        let conversation = app.call(Method::POST, &conversations, None, Some(&json!({}))).await.expect(200).json();
        let login = format!("{}-{}", account, "login@sample.test");
        set_login(app, agent.id, &login).await;
        let session = app.session(&agent).await;
        let text = |name: &str| {
            let (_, value) = session.iter().find(|(known, _)| *known == name).unwrap();
            crate::text::url_encoded(value.to_str().unwrap())
        };
        let session = format!("uid={}&client={}&access-token={}", text("uid"), text("client"), text("access-token"));
        let canned_response = canned_response(app, &administrator).await;
        let custom_attribute = custom_attribute(app, &administrator).await;
        let label = label(app, &administrator).await;
        let custom_filter = custom_filter(app, &administrator).await;
        let hook = hook(app, &administrator, inbox).await;
        let automation_rule = automation_rule(app, &administrator).await;
        let webhook = webhook(app, &administrator).await;
        let (endpoint, delivery) = endpoint(app, &administrator).await;
        let number = conversation["id"].as_i64().unwrap();
        let message = question(app, &administrator, number).await;
        let survey = survey(app, &administrator, inbox).await;
        let changing_source_id = contact_session(app, &administrator, inbox, changing_contact).await;
        Self {
            login,
            session,
            account,
            administrator,
            agent,
            colleague: app.agent(account).await,
            inbox,
            changing_inbox,
            changing_contact,
            identifier,
            source_id,
            contact: contact["id"].as_i64().unwrap(),
            conversation: number,
            message,
            changing_source_id,
            canned_response,
            custom_attribute,
            label,
            custom_filter,
            hook,
            automation_rule,
            webhook,
            endpoint,
            delivery,
            survey,
            team: app.team(account, true, &[]).await,
            agent_bot: granted_bot(app, account).await,
        }
    }

    /// The key of a platform app that was granted the account and its agent.
    pub async fn granted_app(&self, app: &TestApp) -> String {
        let (account, agent, bot) = (self.account, self.agent.id, self.agent_bot);
        let made = app.app.store.write(move |tx| {
            let (granted, token) = platform::service::create_app(tx, "Granted")?;
            access::grant_account(tx, granted, account)?;
            access::grant_user(tx, granted, agent)?;
            access::grant_agent_bot(tx, granted, bot)?;
            Ok::<_, crate::Error>(token)
        });
        made.await.unwrap()
    }

    /// The address of `operation` in this account; with the query that it cannot do without.
    pub fn path(&self, operation: &Operation) -> String {
        self.path_with(operation, |_| None)
    }

    /// The same with other values for some parameters.
    pub fn path_with(&self, operation: &Operation, other: impl Fn(&str) -> Option<String>) -> String {
        let mut before = "";
        let parts = operation.path.split('/').map(|part| {
            let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
            let value = name.map(|name| other(name).unwrap_or_else(|| self.value(operation, before, name)));
            before = part;
            value.unwrap_or_else(|| part.to_owned())
        });
        let path = parts.collect::<Vec<_>>().join("/");
        match path.rsplit('/').next() {
            Some("reports") => format!("{path}?metric=conversations_count&type=account"),
            Some("summary" | "conversations" | "") if path.starts_with("/api/v2/") => format!("{path}?type=account"),
            Some("search") => format!("{path}?q=a"),
            Some("assignable_agents") => format!("{path}?inbox_ids={}", self.inbox),
            Some("validate_token") => format!("{path}?{}", self.session),
            _ => path,
        }
    }

    /// The address for a request that may succeed: a deletion gets a row of its own, so that the site keeps its rows.
    pub async fn disposable_path(&self, app: &TestApp, operation: &Operation) -> String {
        let last = operation.parameters("path").pop();
        let spare = if operation.method == Method::DELETE { self.spare(app, operation).await } else { None };
        self.path_with(operation, |name| spare.clone().filter(|_| last.as_deref() == Some(name)))
    }

    /// The last path parameter of a deletion: a new row; `None` where nothing of the site goes.
    async fn spare(&self, app: &TestApp, operation: &Operation) -> Option<String> {
        match operation.id.as_str() {
            "deleteAnAccount" => Some(granted_account(app).await.to_string()),
            "deleteAUser" => Some(granted_user(app, self.account).await.to_string()),
            "deleteCannedResponseFromAccount" => Some(canned_response(app, &self.administrator).await.to_string()),
            "deleteCustomAttributeFromAccount" => Some(custom_attribute(app, &self.administrator).await.to_string()),
            "deleteLabel" => Some(label(app, &self.administrator).await.to_string()),
            "deleteACustomFilter" => Some(custom_filter(app, &self.administrator).await.to_string()),
            "deleteAnIntegrationHook" => Some(hook(app, &self.administrator, self.inbox).await.to_string()),
            "deleteAutomationRuleFromAccount" => Some(automation_rule(app, &self.administrator).await.to_string()),
            "deleteAWebhook" => Some(webhook(app, &self.administrator).await.to_string()),
            "contactDelete" => Some(app.contact(&self.administrator).await.to_string()),
            "deleteInbox" => Some(app.api_inbox(&self.administrator).await.to_string()),
            "deleteAgentFromAccount" => Some(app.agent(self.account).await.id.to_string()),
            "deleteAnAccountAgentBot" | "deleteAnAgentBot" => Some(granted_bot(app, self.account).await.to_string()),
            "deleteAMessage" => Some(question(app, &self.administrator, self.conversation).await.to_string()),
            "deleteATeam" => Some(app.team(self.account, true, &[]).await.to_string()),
            _ => None,
        }
    }

    /// The value of the path parameter `name` that follows the segment `before`.
    fn value(&self, operation: &Operation, before: &str, name: &str) -> String {
        match (before, name) {
            ("inboxes", "id") if matches!(operation.id.as_str(), "updateInbox" | "updateAgentBot") => {
                self.changing_inbox.to_string()
            }
            (_, "account_id") => self.account.to_string(),
            ("contacts", "id") if CHANGES_CONTACT.contains(&operation.id.as_str()) => self.changing_contact.to_string(),
            ("contacts", "id") => self.contact.to_string(),
            ("agents", "id") => self.colleague.id.to_string(),
            ("agent_bots", "id") => self.agent_bot.to_string(),
            (_, "team_id") => self.team.to_string(),
            ("canned_responses", "id") => self.canned_response.to_string(),
            ("custom_attribute_definitions", "id") => self.custom_attribute.to_string(),
            ("labels", "id") => self.label.to_string(),
            (_, "custom_filter_id") => self.custom_filter.to_string(),
            ("apps", "id") => "dialogflow".to_owned(),
            ("automation_rules", "id") => self.automation_rule.to_string(),
            (_, "hook_id") => self.hook.to_string(),
            (_, "webhook_id") => self.webhook.to_string(),
            (_, "endpoint_id") => self.endpoint.to_string(),
            (_, "delivery_id") => self.delivery.to_string(),
            ("inboxes", "id") | (_, "inbox_id") => self.inbox.to_string(),
            ("users", "id") => self.agent.id.to_string(),
            (_, "conversation_id") => self.conversation.to_string(),
            (_, "message_id") => self.message.to_string(),
            (_, "uuid") => self.survey.clone(),
            (_, "inbox_identifier") => self.identifier.clone(),
            (_, "contact_identifier") if operation.id == "updateAContact" => self.changing_source_id.clone(),
            (_, "contact_identifier") => self.source_id.clone(),
            other => panic!("the site has no {other:?}"),
        }
    }
}

/// A new session of the contact in the inbox.
async fn contact_session(app: &TestApp, administrator: &Caller, inbox: InboxId, contact: i64) -> String {
    let path = format!("contacts/{contact}/contact_inboxes");
    let made = app.post(administrator, &path, json!({ "inbox_id": inbox })).await.expect(200).json();
    made["source_id"].as_str().unwrap().to_owned()
}

/// A new message that offers a choice.
async fn question(app: &TestApp, administrator: &Caller, conversation: i64) -> i64 {
    let items = json!([{ "title": "Red", "value": "red" }, { "title": "Blue", "value": "blue" }]);
    let body = json!({ "content_type": "input_select", "content_attributes": { "items": items } });
    let path = format!("conversations/{conversation}/messages");
    app.post(administrator, &path, body).await.expect(200).json()["id"].as_i64().unwrap()
}

/// The uuid of a new conversation with a survey.
async fn survey(app: &TestApp, administrator: &Caller, inbox: InboxId) -> String {
    let number = app.conversation(administrator, inbox).await;
    let path = format!("conversations/{number}");
    let body = json!({ "content_type": "input_csat" });
    app.post(administrator, &format!("{path}/messages"), body).await.expect(200);
    app.get(administrator, &path).await.expect(200).json()["uuid"].as_str().unwrap().to_owned()
}

/// A new bot of the account that every platform app with grants was granted.
async fn granted_bot(app: &TestApp, account: AccountId) -> AgentBotId {
    let made = app.app.store.write(move |tx| {
        agent_bot::service::create(tx, &agent_bot::Draft::of(Some(account)), &Actor::Operator).map(|bot| bot.id)
    });
    let bot = made.await.unwrap();
    grant(app, move |tx, granted| access::grant_agent_bot(tx, granted, bot)).await;
    bot
}

/// A new account that every platform app with grants was granted.
async fn granted_account(app: &TestApp) -> AccountId {
    let account = app.account().await;
    grant(app, move |tx, granted| access::grant_account(tx, granted, account)).await;
    account
}

/// A new agent that every platform app with grants was granted.
async fn granted_user(app: &TestApp, account: AccountId) -> UserId {
    let user = app.agent(account).await.id;
    grant(app, move |tx, granted| access::grant_user(tx, granted, user)).await;
    user
}

async fn grant(app: &TestApp, grant: impl Fn(&mut Tx<'_>, PlatformAppId) -> crate::Result<()> + Send + 'static) {
    let granted = app.app.store.write(move |tx| {
        let apps: Vec<(PlatformAppId,)> =
            tx.query(sql!("SELECT id FROM platform_apps WHERE name = 'Granted' ORDER BY id"), ())?;
        apps.into_iter().try_for_each(|(granted,)| grant(tx, granted))
    });
    granted.await.unwrap();
}

/// Gives the user an address and the password that go with [`LOGIN_PASSWORD`].
async fn set_login(app: &TestApp, user: UserId, email: &str) {
    let email = email.to_owned();
    let changed = app.app.store.write(move |tx| {
        tx.execute(
            store::sql!("UPDATE users SET email = $2, password_hash = $3 WHERE id = $1"),
            (user, email.as_str(), LOGIN_HASH.as_str()),
        )
    });
    changed.await.map_err(|error: store::Error| error).unwrap();
}

/// A new canned response.
async fn canned_response(app: &TestApp, member: &Caller) -> i64 {
    let body = json!({ "short_code": uuid::Uuid::new_v4().to_string(), "content": "Hello" });
    app.post(member, "canned_responses", body).await.expect(200).json()["id"].as_i64().unwrap()
}

/// A new custom attribute of contacts.
async fn custom_attribute(app: &TestApp, member: &Caller) -> i64 {
    let key = format!("site_{}", uuid::Uuid::new_v4().simple());
    let body = json!({ "attribute_display_name": "Site", "attribute_key": key, "attribute_model": 1 });
    app.post(member, "custom_attribute_definitions", body).await.expect(200).json()["id"].as_i64().unwrap()
}

/// A new label of the account.
async fn label(app: &TestApp, administrator: &Caller) -> i64 {
    let body = json!({ "title": format!("site-{}", uuid::Uuid::new_v4().simple()) });
    app.post(administrator, "labels", body).await.expect(200).json()["id"].as_i64().unwrap()
}

/// A new filter.
async fn custom_filter(app: &TestApp, member: &Caller) -> i64 {
    app.post(member, "custom_filters", json!({ "name": "Site" })).await.expect(200).json()["id"].as_i64().unwrap()
}

/// A new connected app.
async fn hook(app: &TestApp, administrator: &Caller, inbox: InboxId) -> i64 {
    let body =
        json!({ "app_id": "dialogflow", "inbox_id": inbox, "settings": { "project_id": "a", "credentials": {} } });
    app.post(administrator, "integrations/hooks", body).await.expect(200).json()["id"].as_i64().unwrap()
}

/// A new automation rule.
async fn automation_rule(app: &TestApp, administrator: &Caller) -> i64 {
    let body = json!({ "name": "Site", "event_name": "message_created" });
    app.post(administrator, "automation_rules", body).await.expect(200).json()["id"].as_i64().unwrap()
}

/// A new webhook.
async fn webhook(app: &TestApp, administrator: &Caller) -> i64 {
    let body = json!({ "url": format!("https://hooks.sample.test/{}", uuid::Uuid::new_v4()) });
    let made = app.post(administrator, "webhooks", body).await.expect(200).json();
    made["payload"]["webhook"]["id"].as_i64().unwrap()
}

/// A new endpoint that may not be called, and a delivery to it that failed.
async fn endpoint(app: &TestApp, administrator: &Caller) -> (i64, i64) {
    let body = json!({ "url": format!("http://10.0.0.1:8080/{}", uuid::Uuid::new_v4()) });
    let made = app.post(administrator, "webhooks", body).await.expect(200).json()["payload"]["webhook"]["id"].clone();
    let all = app.get(administrator, "webhook_endpoints").await.expect(200).json()["payload"].clone();
    let own = all.as_array().unwrap().iter().find(|endpoint| endpoint["subject_id"] == made).unwrap();
    let endpoint = own["id"].as_i64().unwrap();
    let path = format!("webhook_endpoints/{endpoint}/test");
    let tested = app.post(administrator, &path, json!({})).await.expect(200).json();
    (endpoint, tested["id"].as_i64().unwrap())
}
