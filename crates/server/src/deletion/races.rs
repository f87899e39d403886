//! Deletions beside requests that make or change what is below: whoever comes second finds what the first one left.

use ::store::testing::{Engine, OnEngine, db_test};
use futures_util::future::{join, join_all};
use http::Method;
use serde_json::{Value, json};
use types::InboxId;

use super::truth;
use crate::testing::{Caller, TestApp};

/// An account with an inbox that an agent is in, and an app that was granted both.
struct Race {
    app: TestApp,
    platform: String,
    administrator: Caller,
    agent: Caller,
    inbox: InboxId,
}

/// Requests of each kind that run beside a deletion.
const EACH: usize = 6;

impl OnEngine for Race {
    async fn on(engine: Engine) -> Self {
        let app = TestApp::on(engine).await;
        let account = app.account().await;
        let (administrator, agent) = (app.administrator(account).await, app.agent(account).await);
        let inbox = app.api_inbox(&administrator).await;
        app.join(&administrator, inbox, &[&agent]).await;
        app.set_online(&agent).await;
        let user = agent.id;
        let platform = app.app.store.write(move |tx| {
            let (granted, token) = crate::platform::service::create_app(tx, "Race")?;
            crate::access::grant_account(tx, granted, account)?;
            crate::access::grant_user(tx, granted, user)?;
            Ok::<_, crate::Error>(token)
        });
        let platform = platform.await.unwrap();
        Self { app, platform, administrator, agent, inbox }
    }
}

impl Race {
    /// Sends everything at once: so much of it that some comes before the deletion and some after. Nothing may fail but
    /// by finding nothing.
    async fn run(&self, deletion: (&str, &str), requests: Vec<(String, Value)>) {
        let (path, token) = deletion;
        let delete = async {
            tokio::task::yield_now().await;
            self.app.call(Method::DELETE, path, Some(token), None).await.expect(200);
        };
        let writes = join_all(requests.iter().map(|(path, body)| async move {
            let token = (!path.starts_with("/public")).then_some(self.administrator.token.as_str());
            let answer = self.app.call(Method::POST, path, token, Some(body)).await;
            let status = answer.status.as_u16();
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            assert!(matches!(status, 200 | 401 | 403 | 404 | 422), "{path}: {status} {text}");
        }));
        join(delete, writes).await;
        assert_eq!(truth::wrong_counters(&self.app).await, Vec::<String>::new(), "at once");
        self.app.run_due_jobs().await;
        assert_eq!(truth::wrong_counters(&self.app).await, Vec::<String>::new(), "in the end");
        assert_eq!(self.app.number("SELECT COUNT(*) FROM jobs", &[]).await, 0);
    }

    fn path(&self, rest: &str) -> String {
        self.administrator.path(rest)
    }

    /// Changes of conversations that move them between counters.
    fn changes(&self, numbers: &[i64]) -> Vec<(String, Value)> {
        let changes = numbers.iter().flat_map(|number| {
            let at = |rest: &str| self.path(&format!("conversations/{number}/{rest}"));
            [
                (at("toggle_status"), json!({ "status": "resolved" })),
                (at("toggle_status"), json!({ "status": "open" })),
                (at("assignments"), json!({ "assignee_id": self.agent.id })),
                (at("assignments"), json!({ "assignee_id": self.administrator.id })),
                (at("messages"), json!({ "content": "Hello", "private": true })),
            ]
        });
        changes.collect()
    }

    /// New conversations of the contact in the inbox.
    fn openings(&self, contact: i64) -> Vec<(String, Value)> {
        let body = json!({ "inbox_id": self.inbox, "contact_id": contact, "assignee_id": self.agent.id });
        (0..EACH).map(|_| (self.path("conversations"), body.clone())).collect()
    }

    async fn conversations(&self, contact: i64) -> Vec<i64> {
        let mut numbers = Vec::new();
        for (path, body) in self.openings(contact).into_iter().take(4) {
            let made = self.app.call(Method::POST, &path, Some(&self.administrator.token), Some(&body)).await;
            numbers.push(made.expect(200).json()["id"].as_i64().unwrap());
        }
        numbers
    }
}

/// Both in turn, so that neither kind comes first as a whole.
fn mixed(one: Vec<(String, Value)>, other: Vec<(String, Value)>) -> Vec<(String, Value)> {
    let mut all: Vec<_> = one.into_iter().chain(other).collect();
    let half = all.len() / 2;
    let late = all.split_off(half);
    all.into_iter().zip(late).flat_map(|(first, second)| [first, second]).collect()
}

#[db_test]
async fn a_contact_that_is_deleted_gets_nothing_new(race: Race) {
    for _ in 0..3 {
        let contact = race.app.contact(&race.administrator).await;
        let numbers = race.conversations(contact).await;
        let path = race.path(&format!("contacts/{contact}"));
        let requests = mixed(race.changes(&numbers), race.openings(contact));
        race.run((&path, &race.administrator.token), requests).await;
        let left = "SELECT COUNT(*) FROM conversations WHERE contact_id = $1";
        assert_eq!(race.app.number(left, &[contact]).await, 0);
    }
}

#[db_test]
async fn an_inbox_that_is_deleted_gets_nothing_new(race: Race) {
    let contact = race.app.contact(&race.administrator).await;
    let numbers = race.conversations(contact).await;
    let path = race.path(&format!("inboxes/{}", race.inbox));
    let members = json!({ "inbox_id": race.inbox, "user_ids": [race.administrator.id] });
    let mut requests = mixed(race.changes(&numbers), race.openings(contact));
    requests.extend((0..EACH).map(|_| (race.path("inbox_members"), members.clone())));
    race.run((&path, &race.administrator.token), requests).await;
    for table in ["conversations", "contact_inboxes", "inbox_members"] {
        let text: &'static str = format!("SELECT COUNT(*) FROM {table} WHERE inbox_id = $1").leak();
        assert_eq!(race.app.number(text, &[race.inbox.get()]).await, 0, "{table}");
    }
}

#[db_test]
async fn a_user_who_is_deleted_is_given_nothing_new(race: Race) {
    let contact = race.app.contact(&race.administrator).await;
    let numbers = race.conversations(contact).await;
    let path = format!("/platform/api/v1/users/{}", race.agent.id);
    let mut requests = mixed(race.changes(&numbers), race.openings(contact));
    let member = json!({ "user_id": race.agent.id, "role": "administrator" });
    let memberships = format!("/platform/api/v1/accounts/{}/account_users", race.administrator.account);
    requests.extend((0..EACH).map(|_| (memberships.clone(), member.clone())));
    race.run((&path, &race.platform), requests).await;
    let left = "SELECT COUNT(*) FROM conversations WHERE assignee_id = $1";
    assert_eq!(race.app.number(left, &[race.agent.id.get()]).await, 0);
}

#[db_test]
async fn an_account_that_is_deleted_gets_nothing_new(race: Race) {
    let contact = race.app.contact(&race.administrator).await;
    let numbers = race.conversations(contact).await;
    let account = race.administrator.account;
    let path = format!("/platform/api/v1/accounts/{account}");
    let mut requests = mixed(race.changes(&numbers), race.openings(contact));
    let contacts = (0..EACH)
        .map(|number| (race.path("contacts"), json!({ "name": "Ada", "email": format!("race{number}@sample.test") })));
    requests.extend(contacts);
    race.run((&path, &race.platform), requests).await;
    assert_eq!(truth::rows_of_account(&race.app, account.get()).await, Vec::<String>::new());
}
