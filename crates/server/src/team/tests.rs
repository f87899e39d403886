//! Teams and their members, through HTTP.

use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};
use store::testing::db_test;
use types::TeamId;

use crate::testing::{Caller, TestApp};

fn ids(agents: &Value) -> Vec<i64> {
    agents.as_array().unwrap().iter().map(|agent| agent["id"].as_i64().unwrap()).collect()
}

async fn events_of_teams(app: &TestApp, caller: &Caller) -> Vec<String> {
    let names = app.event_names(caller.account).await.into_iter();
    names.filter(|name| name.starts_with("team")).collect()
}

#[db_test]
async fn a_team_is_made_changed_and_shown_to_its_members(app: TestApp) {
    let account = app.account().await;
    let (admin, agent) = (app.administrator(account).await, app.agent(account).await);
    let made = app.post(&admin, "teams", json!({ "name": "BÜRO Süd" })).await.expect(200).json();
    let id = made["id"].clone();
    let shown = json!({
        "id": id, "name": "büro süd", "description": null, "allow_auto_assign": true, "account_id": account,
        "is_member": false
    });
    assert_eq!(made, shown);
    let path = format!("teams/{id}");
    let change = json!({ "team": { "description": "In the south", "allow_auto_assign": "false" } });
    let changed = app.patch(&admin, &path, change).await.expect(200).json();
    assert_eq!((&changed["name"], &changed["description"]), (&json!("büro süd"), &json!("In the south")));
    assert_eq!(changed["allow_auto_assign"], false);
    app.patch(&admin, &path, json!({ "name": "Büro SÜD" })).await.expect(200);
    let cleared = app.patch(&admin, &path, json!({ "description": null })).await.expect(200).json();
    assert_eq!(cleared["description"], Value::Null);
    app.post(&admin, &format!("{path}/team_members"), json!({ "user_ids": [agent.id] })).await.expect(200);
    assert_eq!(app.get(&agent, &path).await.expect(200).json()["is_member"], true);
    assert_eq!(app.get(&agent, "teams").await.expect(200).json()[0]["is_member"], true);
    assert_eq!(app.get(&admin, "teams").await.expect(200).json(), json!([cleared]));
    let expected = ["team.created", "team.updated", "team.updated", "team_member.added"];
    assert_eq!(events_of_teams(&app, &admin).await, expected);
}

#[db_test]
async fn names_of_teams_are_there_and_unique_without_case(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    app.post(&admin, "teams", json!({ "name": "Billing" })).await.expect(200);
    let sales = app.post(&admin, "teams", json!({ "name": "Sales" })).await.expect(200).json();
    let before = app.row_counts().await;
    let path = format!("teams/{}", sales["id"]);
    for name in [json!("BILLING"), json!(""), json!(" "), json!(null), json!("x".repeat(256))] {
        let body = json!({ "name": name });
        let refused = app.post(&admin, "teams", body.clone()).await.expect(422).json();
        assert_eq!(refused["attributes"], json!(["name"]), "{name}");
        let refused = app.patch(&admin, &path, body).await.expect(422).json();
        assert_eq!(refused["attributes"], json!(["name"]), "{name}");
    }
    let refused = app.post(&admin, "teams", json!({ "description": "nameless" })).await.expect(422).json();
    assert_eq!(refused["attributes"], json!(["name"]));
    assert!(app.post(&admin, "teams", json!({})).await.expect(422).json()["error"].is_string());
    assert_eq!(app.row_counts().await, before);
    let other = app.administrator(app.account().await).await;
    app.post(&other, "teams", json!({ "name": "billing" })).await.expect(200);
    for method in [Method::GET, Method::PATCH, Method::DELETE] {
        let body = json!({ "name": "mine" });
        app.call(method, &other.path(&path), Some(&other.token), Some(&body)).await.expect(404);
    }
}

#[db_test]
async fn members_are_added_set_and_removed(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let (ada, bo, cleo) = (app.agent(account).await, app.agent(account).await, app.agent(account).await);
    let team = app.team(account, true, &[]).await;
    let path = format!("teams/{team}/team_members");
    let users = |users: &[&Caller]| json!({ "user_ids": users.iter().map(|user| user.id).collect::<Vec<_>>() });
    let numbers = |users: &[&Caller]| users.iter().map(|user| user.id.get()).collect::<Vec<_>>();

    assert_eq!(app.get(&ada, &path).await.expect(200).json(), json!([]));
    let added = app.post(&admin, &path, users(&[&bo, &ada, &bo])).await.expect(200).json();
    assert_eq!(ids(&added), numbers(&[&bo, &ada]), "in the order of the request");
    let added = app.post(&admin, &path, users(&[&ada, &cleo])).await.expect(200).json();
    assert_eq!(ids(&added), numbers(&[&cleo]), "only the new ones");
    assert_eq!(app.post(&admin, &path, users(&[])).await.expect(200).json(), json!([]));
    let set = app.patch(&admin, &path, users(&[&cleo, &admin])).await.expect(200).json();
    assert_eq!(ids(&set), numbers(&[&admin, &cleo]));
    // Texts are ids too; whoever is not in the team is ignored.
    let body = json!({ "user_ids": [ada.id.to_string(), cleo.id.to_string()] });
    let removed = app.call(Method::DELETE, &admin.path(&path), Some(&admin.token), Some(&body)).await.expect(200);
    assert!(removed.body.is_empty());
    assert_eq!(ids(&app.get(&ada, &path).await.expect(200).json()), numbers(&[&admin]));
    app.patch(&admin, &path, users(&[])).await.expect(200);
    assert_eq!(app.get(&ada, &format!("/accounts/{account}/{path}")).await.expect(200).json(), json!([]));
    let added = ["team_member.added"; 3];
    let set = ["team_member.added", "team_member.removed", "team_member.removed"];
    let removed = ["team_member.removed"; 2];
    let expected: Vec<_> = ["team.created"].iter().chain(&added).chain(&set).chain(&removed).copied().collect();
    assert_eq!(events_of_teams(&app, &admin).await, expected);
}

#[db_test]
async fn users_who_are_no_members_change_nothing(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let agent = app.agent(account).await;
    let stranger = app.agent(app.account().await).await;
    let team = app.team(account, true, &[&agent]).await;
    let path = admin.path(&format!("teams/{team}/team_members"));
    let before = app.row_counts().await;
    for method in [Method::POST, Method::PATCH, Method::DELETE] {
        for user in [stranger.id.get(), 99_999_999] {
            let body = json!({ "user_ids": [agent.id, user] });
            let refused = app.call(method.clone(), &path, Some(&admin.token), Some(&body)).await.expect(422).json();
            assert_eq!(refused["attributes"], json!(["user"]));
        }
        for body in [json!({}), json!({ "user_ids": null })] {
            let refused = app.call(method.clone(), &path, Some(&admin.token), Some(&body)).await.expect(422).json();
            assert!(refused["error"].as_str().unwrap().contains("user_ids"));
        }
    }
    assert_eq!(app.row_counts().await, before);
}

#[db_test]
async fn a_removed_team_leaves_its_conversations_without_team(app: TestApp) {
    let account = app.account().await;
    let (admin, agent) = (app.administrator(account).await, app.agent(account).await);
    let inbox = app.api_inbox(&admin).await;
    let team = app.team(account, false, &[&agent]).await;
    let conversation = app.conversation(&admin, inbox).await;
    let assign = format!("conversations/{conversation}/assignments");
    app.post(&admin, &assign, json!({ "team_id": team })).await.expect(200);
    let before = app.event_names(account).await.len();

    assert!(app.delete(&admin, &format!("teams/{team}")).await.expect(200).body.is_empty());
    app.delete(&admin, &format!("teams/{team}")).await.expect(404);
    let shown = app.get(&admin, &format!("conversations/{conversation}")).await.expect(200).json();
    assert!(shown["meta"].get("team").is_none_or(Value::is_null), "{shown}");
    assert_eq!(app.number("SELECT COUNT(*) FROM team_members", &[]).await, 0);
    assert_eq!(app.event_names(account).await[before..], ["team.deleted"]);
    assert_eq!(app.post(&admin, &assign, json!({ "team_id": team })).await.expect(200).body, b"null");
}

#[db_test]
async fn a_team_that_is_removed_while_it_is_given_work_ends_with_none(app: TestApp) {
    let account = app.account().await;
    let (admin, agent) = (app.administrator(account).await, app.agent(account).await);
    let inbox = app.api_inbox(&admin).await;
    for _ in 0..5 {
        let team = app.team(account, true, &[]).await;
        let conversations = join_all((0..3).map(|_| app.conversation(&admin, inbox))).await;
        let assigning = conversations.iter().map(|conversation| {
            let (app, admin, path) = (&app, &admin, format!("conversations/{conversation}/assignments"));
            async move { app.post(admin, &path, json!({ "team_id": team })).await.status.as_u16() }
        });
        let joining = async {
            let path = format!("teams/{team}/team_members");
            app.patch(&admin, &path, json!({ "user_ids": [agent.id] })).await.status.as_u16()
        };
        let path = format!("teams/{team}");
        let removing = app.delete(&admin, &path);
        let (assigned, joined, removed) = tokio::join!(join_all(assigning), joining, removing);
        assert_eq!(assigned, [200; 3]);
        assert!(matches!(joined, 200 | 404), "{joined}");
        removed.expect(200);
        assert_eq!(with_team(&app, team).await, 0);
    }
}

async fn with_team(app: &TestApp, team: TeamId) -> i64 {
    app.number("SELECT COUNT(*) FROM conversations WHERE team_id = $1", &[team.get()]).await
}

#[db_test]
async fn of_two_lists_set_at_once_one_remains(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let (ada, bo) = (app.agent(account).await, app.agent(account).await);
    let team = app.team(account, true, &[]).await;
    let path = format!("teams/{team}/team_members");
    for _ in 0..5 {
        let (first, second) = tokio::join!(
            app.patch(&admin, &path, json!({ "user_ids": [ada.id] })),
            app.patch(&admin, &path, json!({ "user_ids": [bo.id] })),
        );
        first.expect(200);
        second.expect(200);
        let left = ids(&app.get(&admin, &path).await.expect(200).json());
        assert!(left == [ada.id.get()] || left == [bo.id.get()], "{left:?}");
    }
}
