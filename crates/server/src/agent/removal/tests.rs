//! Agents that leave an account, through HTTP.

use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};
use store::testing::db_test;

use crate::testing::{Caller, TestApp};

async fn assign(app: &TestApp, admin: &Caller, conversation: i64, assignee: &Caller) -> Value {
    let path = format!("conversations/{conversation}/assignments");
    app.post(admin, &path, json!({ "assignee_id": assignee.id })).await.expect(200).json()
}

async fn assigned_to(app: &TestApp, agent: &Caller) -> i64 {
    let count = "SELECT COUNT(*) FROM conversations WHERE account_id = $1 AND assignee_id = $2";
    app.number(count, &[agent.account.get(), agent.id.get()]).await
}

/// The counters must say what the rows say.
async fn check_counts(app: &TestApp, admin: &Caller) {
    let wrong = "SELECT COUNT(*) FROM (
         SELECT n.status, n.bucket, n.inbox_id, n.conversation_count FROM conversation_counters n
         WHERE n.account_id = $1 AND n.conversation_count <> (
             SELECT COUNT(*) FROM conversations c
             WHERE c.account_id = n.account_id AND c.status = n.status AND c.inbox_id = n.inbox_id
               AND (n.bucket = 'all' OR (n.bucket = 'unassigned' AND c.assignee_id IS NULL)
                    OR n.bucket = CAST(c.assignee_id AS TEXT)))) wrong";
    assert_eq!(app.number(wrong, &[admin.account.get()]).await, 0);
}

#[db_test]
async fn a_removed_agent_leaves_nothing_but_what_it_wrote(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let (agent, colleague) = (app.agent(account).await, app.agent(account).await);
    let inbox = app.api_inbox(&admin).await;
    app.join(&admin, inbox, &[&agent, &colleague]).await;
    let team = app.team(account, true, &[&agent, &colleague]).await;
    let conversations = [app.conversation(&admin, inbox).await, app.conversation(&admin, inbox).await];
    for conversation in conversations {
        assign(&app, &admin, conversation, &agent).await;
    }
    let status = format!("conversations/{}/toggle_status", conversations[1]);
    app.post(&admin, &status, json!({ "status": "resolved" })).await.expect(200);
    let messages = format!("conversations/{}/messages", conversations[0]);
    app.post(&agent, &messages, json!({ "content": "From the agent" })).await.expect(200);
    let mention = format!("[@A](mention://user/{}/A)", agent.id);
    app.post(&admin, &messages, json!({ "content": mention, "private": true })).await.expect(200);
    let elsewhere = app.account().await;
    let there = app.administrator(elsewhere).await;
    let email = app.get(&agent, "/profile").await.expect(200).json()["email"].clone();
    app.post(&there, "agents", json!({ "email": email })).await.expect(200);
    let before = app.event_names(account).await.len();
    let activities = "SELECT COUNT(*) FROM messages WHERE account_id = $1 AND message_type = 'activity'";
    let activities_before = app.number(activities, &[account.get()]).await;

    let path = format!("agents/{}", agent.id);
    app.delete(&colleague, &path).await.expect(403);
    assert!(app.delete(&admin, &path).await.expect(200).body.is_empty());
    app.delete(&admin, &path).await.expect(404);
    app.delete(&colleague, &path).await.expect(404);
    app.get(&agent, "agents").await.expect(403);

    assert_eq!(assigned_to(&app, &agent).await, 0);
    for table in ["inbox_members", "team_members", "notification_settings", "mentions", "conversation_participants"] {
        let text: &'static str = format!("SELECT COUNT(*) FROM {table} WHERE account_id = $1 AND user_id = $2").leak();
        assert_eq!(app.number(text, &[account.get(), agent.id.get()]).await, 0, "{table}");
    }
    check_counts(&app, &admin).await;
    let names = app.event_names(account).await;
    let changed = ["assignee.changed", "assignee.changed", "conversation.updated", "conversation.updated"];
    assert_eq!(names[before..], [&["agent.removed"][..], &changed].concat());
    assert_eq!(app.number(activities, &[account.get()]).await, activities_before);
    // What it wrote has its sender, and the user is there, in its other account too.
    let shown = app.get(&admin, &messages).await.expect(200).json();
    let written = shown["payload"].as_array().unwrap().iter().find(|message| message["content"] == "From the agent");
    assert_eq!(written.unwrap()["sender"]["id"], json!(agent.id));
    let profile = app.get(&agent, "/profile").await.expect(200).json();
    assert_eq!(profile["accounts"].as_array().unwrap().len(), 1);
    assert_eq!(profile["account_id"], json!(elsewhere));
    // The turn goes to those who are left.
    app.set_online(&colleague).await;
    let next = app.conversation(&admin, inbox).await;
    let shown = app.get(&admin, &format!("conversations/{next}")).await.expect(200).json();
    assert_eq!(shown["meta"]["assignee"]["id"], json!(colleague.id));
    let shown = app.get(&admin, &format!("teams/{team}/team_members")).await.expect(200).json();
    assert_eq!(shown.as_array().unwrap().len(), 1);
}

#[db_test]
async fn an_agent_who_has_very_much_is_cleared_by_a_job(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let agent = app.agent(account).await;
    let inbox = app.api_inbox(&admin).await;
    let first = app.conversation(&admin, inbox).await;
    assign(&app, &admin, first, &agent).await;
    // As many as several transactions take, copied with their counters.
    let (account_id, user) = (account.get(), agent.id.get());
    app.app
        .store
        .write(move |tx| {
            tx.execute(
                store::sql!(
                    "INSERT INTO conversations (account_id, display_id, uuid, inbox_id, contact_id, contact_inbox_id,
                         assignee_id, status, muted, additional_attributes, custom_attributes, unread_count,
                         last_activity_at, created_at, updated_at)
                     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 249)
                     SELECT c.account_id, 1000 + n.i, 'copy ' || n.i, c.inbox_id, c.contact_id, c.contact_inbox_id,
                         c.assignee_id, c.status, FALSE, '{}', '{}', 0, c.last_activity_at, c.created_at, c.updated_at
                     FROM conversations c, n WHERE c.account_id = $1"
                ),
                (account_id,),
            )?;
            tx.execute(
                store::sql!(
                    "UPDATE conversation_counters SET conversation_count = conversation_count + 249
                     WHERE account_id = $1 AND status = 'open' AND bucket IN ('all', CAST($2 AS TEXT))"
                ),
                (account_id, user.to_string()),
            )?;
            Ok::<_, store::Error>(())
        })
        .await
        .unwrap();
    check_counts(&app, &admin).await;
    app.delete(&admin, &format!("agents/{}", agent.id)).await.expect(200);
    assert_eq!(assigned_to(&app, &agent).await, 150);
    check_counts(&app, &admin).await;
    // Nobody sees the agent in what is left.
    let shown = app.get(&admin, "conversations").await.expect(200).json();
    let rows = shown["data"]["payload"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["meta"].get("assignee").is_none_or(Value::is_null)));
    while app.run_due_jobs().await > 0 {}
    assert_eq!(assigned_to(&app, &agent).await, 0);
    check_counts(&app, &admin).await;
    let names = app.event_names(account).await;
    assert_eq!(names.iter().filter(|name| *name == "assignee.changed").count(), 1 + 250);
}

#[db_test]
async fn of_two_who_remove_an_agent_at_once_one_does(app: TestApp) {
    let account = app.account().await;
    let (one, two) = (app.administrator(account).await, app.administrator(account).await);
    let inbox = app.api_inbox(&one).await;
    for _ in 0..5 {
        let agent = app.agent(account).await;
        app.join(&one, inbox, &[&agent]).await;
        let conversation = app.conversation(&one, inbox).await;
        assign(&app, &one, conversation, &agent).await;
        let path = format!("agents/{}", agent.id);
        let (first, second) = tokio::join!(app.delete(&one, &path), app.delete(&two, &path));
        let mut statuses = [first.status.as_u16(), second.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 404]);
        assert_eq!(assigned_to(&app, &agent).await, 0);
        check_counts(&app, &one).await;
    }
    let names = app.event_names(account).await;
    assert_eq!(names.iter().filter(|name| *name == "agent.removed").count(), 5);
    let unassigned = names.iter().filter(|name| *name == "assignee.changed").count();
    assert_eq!(unassigned, 10, "assigned once and unassigned once each");
}

#[db_test]
async fn no_conversation_ends_with_an_agent_who_was_removed_meanwhile(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let inbox = app.api_inbox(&admin).await;
    let contact = app.contact(&admin).await;
    for _ in 0..6 {
        let agent = app.agent(account).await;
        app.set_online(&agent).await;
        app.join(&admin, inbox, &[&agent]).await;
        let team = app.team(account, true, &[&agent]).await;
        let numbers = join_all((0..3).map(|_| app.conversation(&admin, inbox))).await;
        let resolved = format!("conversations/{}/toggle_status", numbers[2]);
        app.post(&admin, &resolved, json!({ "status": "resolved" })).await.expect(200);
        let requests = [
            (format!("conversations/{}/assignments", numbers[0]), json!({ "assignee_id": agent.id }), &admin),
            (format!("conversations/{}/assignments", numbers[1]), json!({ "team_id": team }), &admin),
            (format!("conversations/{}/toggle_status", numbers[2]), json!({ "status": "open" }), &agent),
            ("conversations".into(), json!({ "inbox_id": inbox, "contact_id": contact }), &admin),
            (
                "conversations".into(),
                json!({ "inbox_id": inbox, "contact_id": contact, "assignee_id": agent.id }),
                &admin,
            ),
            ("inbox_members".into(), json!({ "inbox_id": inbox, "user_ids": [agent.id] }), &admin),
            (format!("teams/{team}/team_members"), json!({ "user_ids": [agent.id] }), &admin),
        ];
        let working = requests.iter().map(|(path, body, caller)| {
            let (app, path, body) = (&app, caller.path(path), body.clone());
            async move { app.call(Method::POST, &path, Some(&caller.token), Some(&body)).await.status.as_u16() }
        });
        let path = format!("agents/{}", agent.id);
        let (statuses, removed) = tokio::join!(join_all(working), app.delete(&admin, &path));
        removed.expect(200);
        assert!(statuses.iter().all(|status| matches!(status, 200 | 401 | 403 | 422)), "{statuses:?}");
        assert_eq!(assigned_to(&app, &agent).await, 0);
        for table in ["inbox_members", "team_members"] {
            let text: &'static str = format!("SELECT COUNT(*) FROM {table} WHERE user_id = $1").leak();
            assert_eq!(app.number(text, &[agent.id.get()]).await, 0, "{table}");
        }
        check_counts(&app, &admin).await;
    }
}

#[db_test]
async fn a_platform_app_removes_as_an_administrator_does(app: TestApp) {
    let token = app.platform_app().await;
    let body = json!({ "name": "Lark Bikes" });
    let made = app.call(Method::POST, "/platform/api/v1/accounts", Some(&token), Some(&body)).await.expect(200).json();
    let account = types::AccountId::new(made["id"].as_i64().unwrap());
    let (admin, agent) = (app.administrator(account).await, app.agent(account).await);
    let inbox = app.api_inbox(&admin).await;
    let conversation = app.conversation(&admin, inbox).await;
    assign(&app, &admin, conversation, &agent).await;
    let path = format!("/platform/api/v1/accounts/{account}/account_users");
    for _ in 0..2 {
        let body = json!({ "user_id": agent.id });
        assert!(app.call(Method::DELETE, &path, Some(&token), Some(&body)).await.expect(200).body.is_empty());
    }
    assert_eq!(assigned_to(&app, &agent).await, 0);
    let query = format!("{path}?user_id={}", admin.id);
    app.call(Method::DELETE, &query, Some(&token), None).await.expect(200);
    app.get(&admin, "agents").await.expect(403);
    let refused = app.call(Method::DELETE, &path, Some(&token), Some(&json!({}))).await.expect(422).json();
    assert_eq!(refused["attributes"], json!(["user"]));
    app.call(Method::DELETE, &path, Some(&app.platform_app().await), Some(&json!({ "user_id": 1 }))).await.expect(401);
    let names = app.event_names(account).await;
    assert_eq!(names.iter().filter(|name| *name == "agent.removed").count(), 2);
}
