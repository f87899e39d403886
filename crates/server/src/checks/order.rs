//! Which refusal comes first when several apply (rest.md §2.2, §2.6), and rows of other accounts.

use http::Method;
use serde_json::{Value, json};
use store::sql;
use store::testing::db_test;

use super::Sent;
use super::site::Site;
use crate::testing::TestApp;

const NOWHERE: i64 = 999_999;

/// What it shows, the status, and the request: token, method, path, body.
type Case<'a> = (&'static str, u16, Option<&'a str>, &'static str, String, Option<Value>);

/// Sends every case and gathers those that are not answered as expected.
async fn check(app: &TestApp, cases: &[Case<'_>]) {
    let mut problems = Vec::new();
    let before = app.row_counts().await;
    for (name, expected, token, method, path, body) in cases {
        let sent = Sent::new(&method.parse::<Method>().unwrap(), path, *token);
        let sent = if let Some(body) = body { sent.json(body.to_string()) } else { sent };
        let answer = sent.to(app).await;
        if answer.status != *expected {
            let text = String::from_utf8_lossy(&answer.body);
            problems.push(format!("{name}: {} instead of {expected}: {sent}: {text}", answer.status));
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
    assert_eq!(app.row_counts().await, before, "a refused request has changed something");
}

#[db_test]
async fn credential_then_bot_then_account_then_membership_then_row_then_inbox(app: TestApp) {
    let site = Site::new(&app).await;
    let other = Site::new(&app).await;
    let gone = Site::new(&app).await;
    let outside = app.agent(site.account).await;
    let (_, bot) = app.bot(site.account, site.inbox).await;
    let id = gone.account;
    app.app
        .store
        .write(move |tx| {
            let now = tx.now();
            tx.execute(sql!("UPDATE accounts SET deleting_at = $2 WHERE id = $1"), (id, now))
        })
        .await
        .map_err(|error: store::Error| error)
        .unwrap();
    let at = |account: i64, rest: &str| format!("/api/v1/accounts/{account}/{rest}");
    let here = |rest: &str| at(site.account.get(), rest);
    let conversation = |number: i64| here(&format!("conversations/{number}"));
    let members = |inbox: i64| Some(json!({ "inbox_id": inbox, "user_ids": [site.agent.id] }));
    let administrator = Some(site.administrator.token.as_str());
    let (agent, outside) = (Some(site.agent.token.as_str()), Some(outside.token.as_str()));
    let (stranger, bot) = (Some(other.administrator.token.as_str()), Some(bot.as_str()));
    let gone_one = Some(gone.administrator.token.as_str());
    check(
        &app,
        &[
            ("credential before account", 401, None, "GET", at(NOWHERE, "inboxes"), None),
            ("credential before account", 401, Some("unknown"), "GET", at(NOWHERE, "inboxes"), None),
            (
                "credential before a bad path",
                401,
                Some("unknown"),
                "GET",
                "/api/v1/accounts/x/contacts/%ff".into(),
                None,
            ),
            ("credential before row", 401, Some("unknown"), "GET", conversation(NOWHERE), None),
            ("credential before body", 401, Some("unknown"), "POST", here("inboxes"), Some(json!([]))),
            ("bots before account", 403, bot, "GET", at(NOWHERE, "inboxes"), None),
            ("bots before a bad path", 403, bot, "GET", at(NOWHERE, "inboxes/%ff"), None),
            ("account before what a bot may see", 404, bot, "GET", at(NOWHERE, "conversations/1"), None),
            ("bots before row", 401, bot, "GET", conversation(NOWHERE) + "/messages", None),
            ("account before membership", 404, stranger, "GET", at(NOWHERE, "inboxes"), None),
            ("account before role", 404, agent, "POST", at(NOWHERE, "inboxes"), Some(json!({}))),
            ("an account on its way out", 404, gone_one, "GET", at(gone.account.get(), "inboxes"), None),
            ("an account on its way out", 404, agent, "GET", at(gone.account.get(), "inboxes"), None),
            ("membership before row", 403, stranger, "GET", conversation(NOWHERE), None),
            ("membership before row", 403, stranger, "GET", here("inboxes/999999"), None),
            ("membership before body", 403, stranger, "POST", here("inboxes"), Some(json!({ "channel": 7 }))),
            ("role before body", 403, agent, "POST", here("inboxes"), Some(json!({ "channel": 7 }))),
            ("row before inbox", 404, outside, "GET", conversation(NOWHERE), None),
            ("inbox after row", 403, outside, "GET", conversation(site.conversation), None),
            ("row before inbox", 404, outside, "GET", conversation(NOWHERE) + "/labels", None),
            ("inbox after row", 401, outside, "GET", conversation(site.conversation) + "/labels", None),
            ("row before inbox", 404, outside, "GET", here("inboxes/999999"), None),
            ("inbox after row", 403, outside, "GET", here(&format!("inboxes/{}", site.inbox)), None),
            ("row before inbox", 404, outside, "GET", here("inbox_members/999999"), None),
            ("inbox after row", 403, outside, "GET", here(&format!("inbox_members/{}", site.inbox)), None),
            ("row before role", 404, agent, "POST", here("inbox_members"), members(NOWHERE)),
            ("role after row", 403, agent, "POST", here("inbox_members"), members(site.inbox.get())),
            (
                "row before an empty change",
                404,
                administrator,
                "POST",
                conversation(NOWHERE) + "/labels",
                Some(json!({})),
            ),
        ],
    )
    .await;
}

#[db_test]
async fn rows_of_other_accounts_are_not_there(app: TestApp) {
    let site = Site::new(&app).await;
    let other = Site::new(&app).await;
    let last = app.conversation(&other.administrator, other.inbox).await;
    let here = |rest: String| format!("/api/v1/accounts/{}/{rest}", site.account);
    let public = |identifier: &str, rest: &str| format!("/public/api/v1/inboxes/{identifier}/contacts/{rest}");
    let token = Some(site.administrator.token.as_str());
    let create = |body: Value| Some(body);
    let (inbox, contact) = (site.inbox, site.contact);
    let members = json!({ "inbox_id": other.inbox, "user_ids": [site.agent.id] });
    check(
        &app,
        &[
            ("inbox", 404, token, "GET", here(format!("inboxes/{}", other.inbox)), None),
            ("members of an inbox", 404, token, "GET", here(format!("inbox_members/{}", other.inbox)), None),
            ("members of an inbox", 404, token, "POST", here("inbox_members".into()), Some(members)),
            (
                "a user as member",
                422,
                token,
                "POST",
                here("inbox_members".into()),
                create(json!({ "inbox_id": inbox, "user_ids": [other.agent.id] })),
            ),
            ("contact", 404, token, "GET", here(format!("contacts/{}", other.contact)), None),
            ("conversation", 404, token, "GET", here(format!("conversations/{last}")), None),
            (
                "inbox of a new contact",
                404,
                token,
                "POST",
                here("contacts".into()),
                create(json!({ "name": "Ada", "inbox_id": other.inbox })),
            ),
            (
                "inbox of a new conversation",
                404,
                token,
                "POST",
                here("conversations".into()),
                create(json!({ "inbox_id": other.inbox, "contact_id": contact })),
            ),
            (
                "contact of a new conversation",
                404,
                token,
                "POST",
                here("conversations".into()),
                create(json!({ "inbox_id": inbox, "contact_id": other.contact })),
            ),
            (
                "session of a new conversation",
                404,
                token,
                "POST",
                here("conversations".into()),
                create(json!({ "source_id": other.source_id })),
            ),
            ("session in another inbox", 404, None, "GET", public(&site.identifier, &other.source_id), None),
            (
                "conversation of another session",
                404,
                None,
                "GET",
                public(&site.identifier, &format!("{}/conversations/{last}/messages", site.source_id)),
                None,
            ),
        ],
    )
    .await;
}

#[db_test]
async fn a_platform_app_hears_of_rows_before_it_hears_of_grants(app: TestApp) {
    let site = Site::new(&app).await;
    let key = app.platform_app().await;
    let key = Some(key.as_str());
    let accounts = |id: i64| format!("/platform/api/v1/accounts/{id}");
    let account = site.account.get();
    let member = Some(json!({ "user_id": site.agent.id, "role": "agent" }));
    check(
        &app,
        &[
            ("credential before row", 401, Some("unknown"), "GET", accounts(NOWHERE), None),
            ("credential before row", 401, None, "GET", accounts(NOWHERE), None),
            ("row before grant", 404, key, "GET", accounts(NOWHERE), None),
            ("grant after row", 401, key, "GET", accounts(account), None),
            ("row before grant", 404, key, "GET", accounts(NOWHERE) + "/account_users", None),
            ("grant after row", 401, key, "GET", accounts(account) + "/account_users", None),
            ("row before grant", 404, key, "POST", accounts(NOWHERE) + "/account_users", member.clone()),
            ("grant after row", 401, key, "POST", accounts(account) + "/account_users", member),
            ("row before grant", 404, key, "GET", "/platform/api/v1/users/999999".into(), None),
            ("grant after row", 401, key, "GET", format!("/platform/api/v1/users/{}", site.agent.id), None),
        ],
    )
    .await;
}

#[db_test]
async fn a_bot_of_the_account_needs_an_inbox(app: TestApp) {
    let site = Site::new(&app).await;
    let (bot, token) = app.bot(site.account, site.inbox).await;
    app.app
        .store
        .write(move |tx| tx.execute(sql!("DELETE FROM agent_bot_inboxes WHERE agent_bot_id = $1"), (bot,)))
        .await
        .map_err(|error: store::Error| error)
        .unwrap();
    let path = format!("/api/v1/accounts/{}/conversations/{}", site.account, site.conversation);
    app.call(Method::GET, &path, Some(&token), None).await.expect(403);
}
