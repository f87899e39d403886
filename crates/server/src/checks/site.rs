//! An account with one row of everything that a path can name.

use http::Method;
use serde_json::json;
use types::{AccountId, InboxId, TeamId};

use super::Operation;
use crate::testing::{Caller, TestApp};
use crate::{access, platform};

/// An account and what is in it.
pub struct Site {
    /// The account.
    pub account: AccountId,
    /// An administrator of it.
    pub administrator: Caller,
    /// An agent, member of the inbox.
    pub agent: Caller,
    /// An API inbox.
    pub inbox: InboxId,
    /// The inbox's name in the public API.
    pub identifier: String,
    /// A contact's session in the inbox.
    pub source_id: String,
    /// The contact.
    pub contact: i64,
    /// The number of a conversation of that session.
    pub conversation: i64,
    /// A canned response.
    pub canned_response: i64,
    /// A team without members.
    pub team: TeamId,
}

impl Site {
    /// A new account.
    pub async fn new(app: &TestApp) -> Self {
        let account = app.account().await;
        let administrator = app.administrator(account).await;
        let agent = app.agent(account).await;
        let inbox = app.api_inbox(&administrator).await;
        app.join(&administrator, inbox, &[&agent]).await;
        let shown = app.get(&administrator, &format!("inboxes/{inbox}")).await.expect(200).json();
        let identifier = shown["inbox_identifier"].as_str().unwrap().to_owned();
        let contacts = format!("/public/api/v1/inboxes/{identifier}/contacts");
        let body = json!({ "name": "Ada" });
        let contact = app.call(Method::POST, &contacts, None, Some(&body)).await.expect(200).json();
        let source_id = contact["source_id"].as_str().unwrap().to_owned();
        let conversations = format!("{contacts}/{source_id}/conversations");
        let conversation = app.call(Method::POST, &conversations, None, Some(&json!({}))).await.expect(200).json();
        let canned_response = canned_response(app, &administrator).await;
        Self {
            account,
            administrator,
            agent,
            inbox,
            identifier,
            source_id,
            contact: contact["id"].as_i64().unwrap(),
            conversation: conversation["id"].as_i64().unwrap(),
            canned_response,
            team: app.team(account, true, &[]).await,
        }
    }

    /// The key of a platform app that was granted the account and its agent.
    pub async fn granted_app(&self, app: &TestApp) -> String {
        let (account, agent) = (self.account, self.agent.id);
        let made = app.app.store.write(move |tx| {
            let (granted, token) = platform::service::create_app(tx, "Granted")?;
            access::grant_account(tx, granted, account)?;
            access::grant_user(tx, granted, agent)?;
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
            let value = name.map(|name| other(name).unwrap_or_else(|| self.value(before, name)));
            before = part;
            value.unwrap_or_else(|| part.to_owned())
        });
        let path = parts.collect::<Vec<_>>().join("/");
        if path.ends_with("/search") { format!("{path}?q=a") } else { path }
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
            "deleteCannedResponseFromAccount" => Some(canned_response(app, &self.administrator).await.to_string()),
            "contactDelete" => Some(app.contact(&self.administrator).await.to_string()),
            "deleteInbox" => Some(app.api_inbox(&self.administrator).await.to_string()),
            "deleteATeam" => Some(app.team(self.account, true, &[]).await.to_string()),
            _ => None,
        }
    }

    /// The value of the path parameter `name` that follows the segment `before`.
    fn value(&self, before: &str, name: &str) -> String {
        match (before, name) {
            (_, "account_id") => self.account.to_string(),
            ("contacts", "id") => self.contact.to_string(),
            (_, "team_id") => self.team.to_string(),
            ("canned_responses", "id") => self.canned_response.to_string(),
            ("inboxes", "id") | (_, "inbox_id") => self.inbox.to_string(),
            ("users", "id") => self.agent.id.to_string(),
            (_, "conversation_id") => self.conversation.to_string(),
            (_, "inbox_identifier") => self.identifier.clone(),
            (_, "contact_identifier") => self.source_id.clone(),
            other => panic!("the site has no {other:?}"),
        }
    }
}

/// A new canned response.
async fn canned_response(app: &TestApp, member: &Caller) -> i64 {
    let body = json!({ "short_code": uuid::Uuid::new_v4().to_string(), "content": "Hello" });
    app.post(member, "canned_responses", body).await.expect(200).json()["id"].as_i64().unwrap()
}
