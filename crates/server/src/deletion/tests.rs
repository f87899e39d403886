//! Deletions through HTTP: what is seen at once, and what is left in the end.

use ::store::testing::{Engine, OnEngine, db_test};
use http::Method;
use serde_json::{Value, json};
use types::{AccountId, InboxId};

use super::{Purge, ROWS, Subject, truth};
use crate::testing::{Answer, Caller, Part, TestApp};

/// An account with a team, two inboxes and a contact who has written in both.
struct Desk {
    app: TestApp,
    platform: String,
    account: AccountId,
    administrator: Caller,
    agent: Caller,
    inbox: InboxId,
    identifier: String,
    mail_inbox: InboxId,
    contact: i64,
    /// Its number in the inbox: open and the agent's.
    open: i64,
    /// Its number in the mail inbox: resolved and nobody's.
    resolved: i64,
}

impl OnEngine for Desk {
    async fn on(engine: Engine) -> Self {
        let app = TestApp::on(engine).await;
        let platform = app.platform_app().await;
        let body = json!({ "name": "Lark" });
        let made = app.call(Method::POST, "/platform/api/v1/accounts", Some(&platform), Some(&body)).await;
        let account = AccountId::new(made.expect(200).json()["id"].as_i64().unwrap());
        let administrator = app.administrator(account).await;
        let agent = app.agent(account).await;
        let inbox = app.api_inbox(&administrator).await;
        let shown = app.get(&administrator, &format!("inboxes/{inbox}")).await.expect(200).json();
        let identifier = shown["inbox_identifier"].as_str().unwrap().to_owned();
        let mail = json!({ "name": "Post", "channel": { "type": "email", "email": "post@lark.test" } });
        let mail_inbox = app.post(&administrator, "inboxes", mail).await.expect(200).json()["id"].as_i64().unwrap();
        let mail_inbox = InboxId::new(mail_inbox);
        for inbox in [inbox, mail_inbox] {
            app.join(&administrator, inbox, &[&agent]).await;
        }
        let mut desk = Self {
            app,
            platform,
            account,
            administrator,
            agent,
            inbox,
            identifier,
            mail_inbox,
            contact: 0,
            open: 0,
            resolved: 0,
        };
        desk.contact = desk.new_contact("ada@lark.test").await;
        desk.open = desk.converse(desk.inbox, desk.contact, 3).await;
        desk.resolved = desk.converse(desk.mail_inbox, desk.contact, 1).await;
        desk.toggle(desk.resolved, "resolved").await;
        desk.assign(desk.open).await;
        desk.label(desk.open).await;
        desk
    }
}

impl Desk {
    async fn new_contact(&self, email: &str) -> i64 {
        let body = json!({ "name": "Ada", "email": email });
        let made = self.app.post(&self.agent, "contacts", body).await.expect(200).json();
        made["payload"]["contact"]["id"].as_i64().unwrap()
    }

    /// A conversation with so many messages by the agent; gives its number.
    async fn converse(&self, inbox: InboxId, contact: i64, messages: usize) -> i64 {
        let body = json!({ "inbox_id": inbox, "contact_id": contact });
        let number = self.app.post(&self.agent, "conversations", body).await.expect(200).json()["id"].as_i64().unwrap();
        for message in 0..messages {
            let content = format!("Message {message}, [@Admin](mention://user/{}/Admin)", self.administrator.id);
            let body = json!({ "content": content, "private": message == 1 });
            self.app.post(&self.agent, &format!("conversations/{number}/messages"), body).await.expect(200);
        }
        number
    }

    async fn toggle(&self, number: i64, status: &str) {
        let body = json!({ "status": status });
        let path = format!("conversations/{number}/toggle_status");
        self.app.post(&self.administrator, &path, body).await.expect(200);
    }

    async fn assign(&self, number: i64) {
        let body = json!({ "assignee_id": self.agent.id });
        let path = format!("conversations/{number}/assignments");
        self.app.post(&self.administrator, &path, body).await.expect(200);
    }

    async fn label(&self, number: i64) {
        let path = format!("conversations/{number}/labels");
        self.app.post(&self.agent, &path, json!({ "labels": ["refund"] })).await.expect(200);
    }

    async fn delete(&self, path: &str) -> Answer {
        let path = self.administrator.path(path);
        self.app.call(Method::DELETE, &path, Some(&self.administrator.token), None).await
    }

    async fn platform(&self, method: Method, path: &str) -> Answer {
        self.app.call(method, &format!("/platform/api/v1/{path}"), Some(&self.platform), None).await
    }

    /// What the administrator sees there.
    async fn look(&self, path: &str) -> Value {
        self.app.get(&self.administrator, path).await.expect(200).json()
    }

    /// Mine, assigned, unassigned and all of every status, as the administrator counts them.
    async fn counts(&self) -> [i64; 4] {
        let meta = self.app.get(&self.administrator, "conversations/meta?status=all").await.expect(200).json();
        ["mine_count", "assigned_count", "unassigned_count", "all_count"].map(|key| meta["meta"][key].as_i64().unwrap())
    }

    async fn numbers(&self, query: &str) -> Vec<i64> {
        let list = self.app.get(&self.administrator, &format!("conversations?{query}")).await.expect(200).json();
        let list = list["data"]["payload"].as_array().unwrap().clone();
        let mut numbers: Vec<i64> = list.iter().map(|one| one["id"].as_i64().unwrap()).collect();
        numbers.sort_unstable();
        numbers
    }

    /// Rows of tables that have something of accounts, but for those that outlive them.
    async fn rows(&self) -> Vec<(String, i64)> {
        let outlives = ["users", "access_tokens", "audit_log", "jobs", "platform_apps", "schema_migrations"];
        let search = ["contact_search", "contact_search_data", "contact_search_idx", "contact_search_config"];
        let mut rows = self.app.row_counts().await;
        rows.retain(|(table, _)| !outlives.contains(&table.as_str()) && !search.contains(&table.as_str()));
        rows
    }

    async fn audited(&self, action: &'static str) -> i64 {
        let counted = self.app.app.store.read(move |conn| {
            conn.query_one::<(i64,)>(store::sql!("SELECT COUNT(*) FROM audit_log WHERE action = $1"), (action,))
        });
        counted.await.map_err(|error: store::Error| error).unwrap().0
    }

    async fn expect_exact_counts(&self) {
        assert_eq!(truth::wrong_counters(&self.app).await, Vec::<String>::new());
    }
}

#[db_test]
async fn a_deleted_contact_is_gone_at_once_with_its_conversations(desk: Desk) {
    let other = desk.new_contact("bo@lark.test").await;
    let kept = desk.converse(desk.inbox, other, 1).await;
    let session = desk.app.get(&desk.agent, &format!("contacts/{}", desk.contact)).await.expect(200).json();
    let sessions = session["payload"]["contact_inboxes"].as_array().unwrap();
    let session = sessions.iter().find(|session| session["inbox"]["id"] == json!(desk.inbox)).unwrap();
    let public =
        format!("/public/api/v1/inboxes/{}/contacts/{}", desk.identifier, session["source_id"].as_str().unwrap());
    desk.app.call(Method::GET, &public, None, None).await.expect(200);
    assert_eq!(desk.counts().await, [0, 1, 2, 3]);

    let answer = desk.delete(&format!("contacts/{}", desk.contact)).await.expect(200);
    assert_eq!(answer.body, b"");
    desk.delete(&format!("contacts/{}", desk.contact)).await.expect(404);
    desk.app.get(&desk.agent, &format!("contacts/{}", desk.contact)).await.expect(404);
    for path in ["contacts", "contacts/search?q=ada@lark"] {
        let list = desk.app.get(&desk.agent, path).await.expect(200).json();
        assert!(!list.to_string().contains("ada@lark.test"), "{list}");
    }
    let list = desk.app.get(&desk.agent, "contacts").await.expect(200).json();
    assert_eq!(list["meta"]["count"], 1);
    for number in [desk.open, desk.resolved] {
        for path in ["", "/messages", "/labels"] {
            desk.app.get(&desk.administrator, &format!("conversations/{number}{path}")).await.expect(404);
        }
        let path = format!("conversations/{number}/messages");
        desk.app.post(&desk.agent, &path, json!({ "content": "x" })).await.expect(404);
    }
    for query in
        ["status=all", "status=all&labels=refund", "status=all&q=Message", "status=open&assignee_type=assigned"]
    {
        assert!(!desk.numbers(query).await.contains(&desk.open), "{query}");
    }
    assert_eq!(desk.numbers("status=all").await, [kept]);
    assert_eq!(desk.counts().await, [0, 0, 1, 1]);
    desk.expect_exact_counts().await;
    desk.app.call(Method::GET, &public, None, None).await.expect(404);
    let path = format!("{public}/conversations");
    desk.app.call(Method::POST, &path, None, Some(&json!({}))).await.expect(404);

    // Its address is free, in its account and as an id in the mail inbox.
    let again = desk.new_contact("ada@lark.test").await;
    let number = desk.converse(desk.mail_inbox, again, 1).await;
    desk.app.run_due_jobs().await;
    desk.app.get(&desk.agent, &format!("conversations/{number}")).await.expect(200);
    desk.expect_exact_counts().await;
    assert_eq!(desk.counts().await, [0, 0, 2, 2]);
}

#[db_test]
async fn nothing_is_left_of_a_deleted_contact(desk: Desk) {
    let before = desk.rows().await;
    let contact = desk.new_contact("bo@lark.test").await;
    for inbox in [desk.inbox, desk.mail_inbox] {
        let number = desk.converse(inbox, contact, 3).await;
        desk.toggle(number, "resolved").await;
        desk.label(number).await;
    }
    let events = desk.app.event_names(desk.account).await.len();
    desk.delete(&format!("contacts/{contact}")).await.expect(200);
    assert_eq!(desk.app.event_names(desk.account).await[events..], ["contact.deleted"]);
    assert_eq!(desk.audited("contact.deleted").await, 1);
    assert!(desk.app.run_due_jobs().await > 0);
    // Numbers, counters and the log stay.
    let tables = |rows: Vec<(String, i64)>| {
        let kept = ["events", "conversation_counters", "report_tallies"];
        rows.into_iter().filter(|(table, _)| !kept.contains(&table.as_str())).collect::<Vec<_>>()
    };
    assert_eq!(tables(desk.rows().await), tables(before));
    desk.expect_exact_counts().await;
}

#[db_test]
async fn the_log_keeps_what_a_deleted_contact_was(desk: Desk) {
    desk.delete(&format!("contacts/{}", desk.contact)).await.expect(200);
    desk.app.run_due_jobs().await;
    let (account, id) = (desk.account, desk.contact);
    let row: (types::Json, types::Json, String) = desk
        .app
        .app
        .store
        .read(move |conn| {
            conn.query_one(
                store::sql!(
                    "SELECT subject, changes, actor FROM events WHERE account_id = $1 AND name = 'contact.deleted'"
                ),
                (account,),
            )
        })
        .await
        .map_err(|error: store::Error| error)
        .unwrap();
    assert_eq!(row.0.read::<Value>(), json!({ "contact_id": id }));
    assert_eq!(row.1.read::<Value>()["contact"]["email"], "ada@lark.test");
    assert_eq!(row.2, format!("user:{}", desk.administrator.id));
}

#[db_test]
async fn a_deleted_inbox_is_gone_at_once_and_its_address_is_free(desk: Desk) {
    let (_, bot) = desk.app.bot(desk.account, desk.inbox).await;
    let (_, stranger) = other_bot(&desk).await;
    let path = format!("inboxes/{}", desk.mail_inbox);
    let answer = desk.delete(&path).await.expect(200).json();
    assert!(answer["message"].is_string());
    desk.delete(&path).await.expect(404);
    desk.app.get(&desk.administrator, &path).await.expect(404);
    desk.app.get(&desk.administrator, &format!("inbox_members/{}", desk.mail_inbox)).await.expect(404);
    let inboxes = desk.app.get(&desk.administrator, "inboxes").await.expect(200).json();
    assert_eq!(inboxes["payload"].as_array().unwrap().len(), 1);
    desk.app.get(&desk.administrator, &format!("conversations/{}", desk.resolved)).await.expect(404);
    assert_eq!(desk.numbers("status=all").await, [desk.open]);
    assert_eq!(desk.numbers(&format!("status=all&inbox_id={}", desk.mail_inbox)).await, Vec::<i64>::new());
    assert_eq!(desk.counts().await, [0, 1, 0, 1]);
    desk.expect_exact_counts().await;
    let contact = desk.app.get(&desk.agent, &format!("contacts/{}", desk.contact)).await.expect(200).json();
    assert_eq!(contact["payload"]["contact_inboxes"].as_array().unwrap().len(), 1);
    let list = desk.app.get(&desk.agent, "contacts").await.expect(200).json();
    assert_eq!(list["payload"][0]["conversations_count"], 1);
    let body = json!({ "inbox_id": desk.mail_inbox, "contact_id": desk.contact });
    desk.app.post(&desk.agent, "conversations", body).await.expect(404);
    // A bot that was connected by this inbox alone is a stranger now.
    let path = desk.agent.path(&format!("conversations/{}", desk.open));
    desk.app.call(Method::GET, &path, Some(&bot), None).await.expect(200);
    desk.app.call(Method::GET, &path, Some(&stranger), None).await.expect(403);

    let mail = json!({ "name": "Post", "channel": { "type": "email", "email": "post@lark.test" } });
    let again = desk.app.post(&desk.administrator, "inboxes", mail.clone()).await.expect(200).json();
    assert_ne!(again["id"], json!(desk.mail_inbox));
    desk.app.run_due_jobs().await;
    desk.app.post(&desk.administrator, "inboxes", mail).await.expect(422);
    desk.expect_exact_counts().await;
    assert_eq!(desk.audited("inbox.deleted").await, 1);
    let left = "SELECT COUNT(*) FROM conversations c JOIN messages m ON m.conversation_id = c.id WHERE c.inbox_id = $1";
    assert_eq!(desk.app.number(left, &[desk.mail_inbox.get()]).await, 0);
    assert_eq!(desk.app.number("SELECT COUNT(*) FROM inboxes WHERE id = $1", &[desk.mail_inbox.get()]).await, 0);
}

/// A bot of no account, connected to the mail inbox.
async fn other_bot(desk: &Desk) -> (types::AgentBotId, String) {
    let (bot, token) = desk.app.bot(desk.account, desk.mail_inbox).await;
    let freed = desk
        .app
        .app
        .store
        .write(move |tx| tx.execute(store::sql!("UPDATE agent_bots SET account_id = NULL WHERE id = $1"), (bot,)));
    freed.await.map_err(|error: store::Error| error).unwrap();
    (bot, token)
}

#[db_test]
async fn nothing_is_left_of_a_deleted_account_and_others_stay(desk: Desk) {
    let other = desk.app.account().await;
    let stays = desk.app.administrator(other).await;
    let their_inbox = desk.app.api_inbox(&stays).await;
    let their_number = desk.app.conversation(&stays, their_inbox).await;
    let untouched = |rows: Vec<(String, i64)>| rows.into_iter().collect::<std::collections::BTreeMap<_, _>>();
    let with_both = untouched(desk.rows().await);
    let (_, bot) = desk.app.bot(desk.account, desk.inbox).await;

    let path = format!("accounts/{}", desk.account);
    let answer = desk.platform(Method::DELETE, &path).await.expect(200);
    assert_eq!(answer.body, b"");
    desk.platform(Method::DELETE, &path).await.expect(404);
    desk.platform(Method::GET, &path).await.expect(404);
    desk.platform(Method::GET, &format!("{path}/account_users")).await.expect(404);
    desk.app.get(&desk.administrator, "conversations").await.expect(404);
    desk.app.post(&desk.administrator, "contacts", json!({ "name": "x" })).await.expect(404);
    let shown = desk.agent.path(&format!("conversations/{}", desk.open));
    desk.app.call(Method::GET, &shown, Some(&bot), None).await.expect(401);
    let public = format!("/public/api/v1/inboxes/{}/contacts", desk.identifier);
    desk.app.call(Method::POST, &public, None, Some(&json!({ "name": "x" }))).await.expect(404);
    let profile = desk.app.get(&desk.administrator, "/api/v1/profile").await.expect(200).json();
    assert_eq!((&profile["accounts"], &profile["account_id"]), (&json!([]), &Value::Null));
    let mail = json!({ "name": "Post", "channel": { "type": "email", "email": "post@lark.test" } });
    let mail_inbox = desk.app.post(&stays, "inboxes", mail).await.expect(200).json()["id"].clone();

    assert!(desk.app.run_due_jobs().await > 0);
    let id = desk.account.get();
    let left = truth::rows_of_account(&desk.app, id).await;
    assert_eq!(left, Vec::<String>::new());
    assert!(with_both["messages"] > desk.app.number("SELECT COUNT(*) FROM messages", &[]).await);
    desk.app.get(&stays, &format!("conversations/{their_number}")).await.expect(200);
    desk.app.get(&stays, &format!("inboxes/{mail_inbox}")).await.expect(200);
    desk.expect_exact_counts().await;
    assert_eq!(desk.audited("account.deleted").await, 1);
    assert_eq!(desk.app.number("SELECT COUNT(*) FROM jobs", &[]).await, 0);
}

#[db_test]
async fn a_snoozed_conversation_of_what_was_deleted_does_not_wake(desk: Desk) {
    let path = format!("conversations/{}/toggle_status", desk.open);
    let until = desk.app.app.clock.now().plus(std::time::Duration::from_hours(1)).epoch_seconds();
    let body = json!({ "status": "snoozed", "snoozed_until": until });
    desk.app.post(&desk.administrator, &path, body).await.expect(200);
    desk.platform(Method::DELETE, &format!("accounts/{}", desk.account)).await.expect(200);
    desk.app.clock.advance(std::time::Duration::from_hours(2));
    desk.app.run_due_jobs().await;
    assert_eq!(desk.app.number("SELECT COUNT(*) FROM jobs", &[]).await, 0, "neither waiting nor dead");
}

#[db_test]
async fn a_deleted_user_is_gone_at_once_and_what_it_wrote_stays(desk: Desk) {
    let email = desk.app.get(&desk.agent, "/api/v1/profile").await.expect(200).json()["email"].clone();
    grant(&desk, desk.agent.id).await;
    let team = desk.app.team(desk.account, true, &[&desk.agent]).await;
    let path = format!("users/{}", desk.agent.id);
    desk.platform(Method::DELETE, &path).await.expect(200);
    desk.platform(Method::GET, &path).await.expect(404);
    desk.platform(Method::DELETE, &path).await.expect(404);
    desk.app.get(&desk.agent, "conversations").await.expect(401);
    desk.app.get(&desk.agent, "/api/v1/profile").await.expect(401);
    let id = json!(desk.agent.id);
    let has_id = |list: &Value| list.as_array().unwrap().iter().any(|agent| agent["id"] == id);
    assert!(!has_id(&desk.look("agents").await));
    assert!(!has_id(&desk.look(&format!("inbox_members/{}", desk.inbox)).await["payload"]));
    let users =
        desk.platform(Method::GET, &format!("accounts/{}/account_users", desk.account)).await.expect(200).json();
    assert!(users.as_array().unwrap().iter().all(|user| user["user_id"] != id));

    // Before and after the rows have followed, answers are the same.
    let mut answers = Vec::new();
    for _ in 0..2 {
        let shown = desk.look(&format!("conversations/{}", desk.open)).await;
        assert!(shown["meta"].get("assignee").is_none_or(Value::is_null), "{shown}");
        assert_eq!(desk.counts().await, [0, 0, 2, 2]);
        assert_eq!(desk.numbers("status=all&assignee_type=unassigned").await, [desk.open, desk.resolved]);
        assert_eq!(desk.numbers("status=open&assignee_type=unassigned").await, [desk.open]);
        assert_eq!(desk.numbers("status=all&assignee_type=assigned").await, Vec::<i64>::new());
        assert_eq!(desk.numbers("status=all&labels=refund&assignee_type=unassigned").await, [desk.open]);
        let meta = desk.look("conversations/meta?status=all&labels=refund").await;
        assert_eq!((&meta["meta"]["unassigned_count"], &meta["meta"]["all_count"]), (&json!(1), &json!(1)));
        desk.expect_exact_counts().await;
        let messages = desk.look(&format!("conversations/{}/messages", desk.open)).await;
        let written: Vec<&Value> = messages["payload"].as_array().unwrap().iter().collect();
        assert!(written.iter().any(|message| message["content"].as_str().unwrap().starts_with("Message 0")));
        assert!(written.iter().all(|message| message.get("sender").is_none_or(Value::is_null)), "{messages}");
        let mut list = desk.look("conversations?status=all").await;
        assert!(!list.to_string().contains(&format!("\"sender_id\":{id}")), "{list}");
        answers.push((shown, messages, list["data"]["payload"].take()));
        desk.app.run_due_jobs().await;
    }
    assert_eq!(answers[0], answers[1]);
    let id = desk.agent.id.get();
    assert_eq!(desk.app.number("SELECT COUNT(*) FROM users WHERE id = $1", &[id]).await, 0);
    assert_eq!(desk.app.number("SELECT COUNT(*) FROM team_members WHERE team_id = $1", &[team.get()]).await, 0);
    assert_eq!(desk.audited("user.deleted").await, 1);
    assert_eq!(desk.app.event_names(desk.account).await.last().map(String::as_str), Some("agent.removed"));
    let body = json!({ "name": "Olu", "email": email, "password": "Sample-Pass-2022!" });
    let again = desk.app.call(Method::POST, "/platform/api/v1/users", Some(&desk.platform), Some(&body)).await;
    assert_ne!(again.expect(200).json()["id"], json!(id));
}

#[db_test]
async fn counts_are_exact_when_a_removed_agent_is_deleted_before_its_conversations_are_all_free(desk: Desk) {
    grant(&desk, desk.agent.id).await;
    for _ in 0..120 {
        let number = desk.converse(desk.inbox, desk.contact, 0).await;
        desk.assign(number).await;
    }
    desk.delete(&format!("agents/{}", desk.agent.id)).await.expect(200);
    assert_eq!(desk.app.number("SELECT COUNT(*) FROM jobs WHERE kind = 'clear_removed_agent'", &[]).await, 1);
    desk.platform(Method::DELETE, &format!("users/{}", desk.agent.id)).await.expect(200);
    desk.expect_exact_counts().await;
    let told = desk.app.event_names(desk.account).await.len();
    desk.app.run_due_jobs().await;
    desk.expect_exact_counts().await;
    assert_eq!(desk.counts().await, [0, 0, 122, 122]);
    assert_eq!(desk.app.event_names(desk.account).await.len(), told, "nothing is told twice");
}

#[db_test]
async fn a_deleted_users_address_is_free_before_its_rows_are_gone(desk: Desk) {
    let email = desk.app.get(&desk.agent, "/api/v1/profile").await.expect(200).json()["email"].clone();
    grant(&desk, desk.agent.id).await;
    desk.platform(Method::DELETE, &format!("users/{}", desk.agent.id)).await.expect(200);
    let body = json!({ "name": "Olu", "email": email, "password": "Sample-Pass-2022!" });
    let made = desk.app.call(Method::POST, "/platform/api/v1/users", Some(&desk.platform), Some(&body)).await;
    let made = made.expect(200).json();
    assert_ne!(made["id"], json!(desk.agent.id));
    desk.app.run_due_jobs().await;
    desk.platform(Method::GET, &format!("users/{}", made["id"])).await.expect(200);
}

async fn grant(desk: &Desk, user: types::UserId) {
    let granted = desk.app.app.store.write(move |tx| {
        let (app,): (types::PlatformAppId,) = tx.query_one(store::sql!("SELECT MIN(id) FROM platform_apps"), ())?;
        crate::access::grant_user(tx, app, user)
    });
    granted.await.unwrap();
}

#[db_test]
async fn a_transaction_takes_away_so_many_rows_and_no_more(desk: Desk) {
    desk.converse(desk.inbox, desk.contact, 120).await;
    desk.platform(Method::DELETE, &format!("accounts/{}", desk.account)).await.expect(200);
    let subject = Subject::Account { id: desk.account };
    let mut before: i64 = desk.app.row_counts().await.iter().map(|(_, count)| count).sum();
    let mut steps = 0;
    while desk.app.app.store.write(move |tx| subject.take_some(tx)).await.unwrap() {
        let after: i64 = desk.app.row_counts().await.iter().map(|(_, count)| count).sum();
        // Contacts take their words in the index with them.
        assert!(before - after <= 3 * ROWS, "{} rows at once", before - after);
        (before, steps) = (after, steps + 1);
    }
    assert!(steps > 5, "{steps}");
}

#[db_test]
async fn a_purge_that_was_cut_short_goes_on_where_it_was(desk: Desk) {
    desk.converse(desk.inbox, desk.contact, 150).await;
    desk.delete(&format!("contacts/{}", desk.contact)).await.expect(200);
    // A worker takes the job, does a part of it, and is killed.
    let taken = desk.app.app.store.write(|tx| {
        let until = tx.now().plus(std::time::Duration::from_mins(1));
        tx.execute(store::sql!("UPDATE jobs SET state = 'running', locked_until = $1, attempts = 1"), (until,))
    });
    taken.await.unwrap();
    let subject = Subject::Contact { account_id: desk.account, id: types::ContactId::new(desk.contact) };
    assert!(desk.app.app.store.write(move |tx| subject.take_some(tx)).await.unwrap());
    assert_eq!(desk.app.run_due_jobs().await, 0, "the dead worker still has the lease");
    desk.app.clock.advance(std::time::Duration::from_mins(10));
    assert!(desk.app.run_due_jobs().await > 0);
    assert_eq!(desk.app.number("SELECT COUNT(*) FROM contacts WHERE id = $1", &[desk.contact]).await, 0);
    assert_eq!(desk.app.number("SELECT COUNT(*) FROM messages", &[]).await, 0);
    // And once more, when there is nothing left.
    desk.app
        .app
        .store
        .write(move |tx| jobs::push(tx, &Purge { subject }))
        .await
        .map_err(|error: store::Error| error)
        .unwrap();
    assert_eq!(desk.app.run_due_jobs().await, 1);
    assert_eq!(desk.app.number("SELECT COUNT(*) FROM jobs", &[]).await, 0);
}

/// Tables of an account with so few rows that the account's own deletion may take them along, or with some for each
/// message or contact, with which they go.
const FEW: &[&str] = &[
    "account_counters",
    "account_stamps",
    "account_users",
    "agent_bot_inboxes",
    "agent_bots",
    "assignment_queues",
    "attachments",
    "automation_rule_files",
    "automation_rules",
    "canned_responses",
    "custom_attribute_definitions",
    "event_cursors",
    "csat_survey_responses",
    "contact_counters",
    "contact_presences",
    "contact_tags",
    "contact_values",
    "conversation_counters",
    "conversation_numbers",
    "inbox_members",
    "inboxes",
    "labels",
    "integration_hooks",
    "notification_settings",
    "platform_app_grants",
    "team_members",
    "teams",
    "user_presences",
    "webhook_endpoints",
    "webhooks",
    "working_hours",
];

#[db_test]
async fn every_table_of_an_account_goes_in_parts_or_is_known_to_be_small(desk: Desk) {
    let tables = desk.app.app.store.read(truth::tables_with_account).await.unwrap();
    let code = concat!(include_str!("chunk.rs"), include_str!("conversations.rs"));
    let forgotten = tables.iter().filter(|table| {
        !FEW.contains(&table.as_str())
            && table.as_str() != "files" // by `file::store::delete`, with their bytes
            && !code.contains(&format!("DELETE FROM {table} WHERE account_id = $1"))
            && !code.contains(&format!("DELETE FROM {table} WHERE (account_id"))
    });
    assert_eq!(forgotten.collect::<Vec<_>>(), Vec::<&String>::new());
}

#[db_test]
async fn files_of_what_was_deleted_are_not_served_and_their_bytes_go(desk: Desk) {
    let mut picture = Vec::new();
    let image = image::RgbImage::from_pixel(40, 40, image::Rgb([200, 10, 10]));
    image.write_to(&mut std::io::Cursor::new(&mut picture), image::ImageFormat::Png).unwrap();
    let path = desk.administrator.path(&format!("conversations/{}/messages", desk.open));
    let parts = [Part::file("attachments[]", "notes.txt", "text/plain", b"some notes")];
    let sent =
        desk.app.send_form(Method::POST, &path, Some(&desk.administrator.token), &parts).await.expect(200).json();
    let path = desk.administrator.path(&format!("contacts/{}", desk.contact));
    let parts = [Part::file("avatar", "ada.png", "image/png", &picture)];
    let contact =
        desk.app.send_form(Method::PUT, &path, Some(&desk.administrator.token), &parts).await.expect(200).json();
    let addresses = [&sent["attachments"][0]["data_url"], &contact["payload"]["thumbnail"]].map(|address| {
        let address = address.as_str().unwrap();
        address[address.find("/rails").unwrap()..].to_owned()
    });
    for address in &addresses {
        desk.app.call(Method::GET, address, None, None).await.expect(302);
    }
    assert!(blobs(&desk).await > 1);
    desk.delete(&format!("contacts/{}", desk.contact)).await.expect(200);
    for address in &addresses {
        desk.app.call(Method::GET, address, None, None).await.expect(404);
    }
    desk.app.run_due_jobs().await;
    assert_eq!(desk.app.number("SELECT COUNT(*) FROM files", &[]).await, 0);
    assert_eq!(blobs(&desk).await, 0);
}

/// Files of the store, forms of pictures included.
async fn blobs(desk: &Desk) -> usize {
    let mut count = 0;
    for shard in 0..=u8::MAX {
        count += desk.app.app.files.blobs().list(shard).await.unwrap().len();
    }
    count
}
