//! Agents, through HTTP and as other features ask for them.

use http::Method;
use serde_json::json;
use types::Availability::{Busy, Offline, Online};
use types::{Availability, InboxId, UserId};

use super::{service, shown_availability, store as agents};
use crate::events::Actor;
use crate::testing::{Caller, TestApp};
use crate::user;

#[test]
fn only_a_status_set_by_hand_is_shown_as_it_is() {
    assert_eq!(shown_availability(Some(Online), Some(true), false), Some(Offline));
    assert_eq!(shown_availability(Some(Online), Some(true), true), Some(Online));
    assert_eq!(shown_availability(Some(Online), Some(false), false), Some(Online));
    assert_eq!(shown_availability(Some(Busy), Some(false), false), Some(Busy));
    assert_eq!(shown_availability(None, None, true), None);
}

async fn rename(app: &TestApp, caller: &Caller, name: &'static str) {
    let id = caller.id;
    app.app
        .store
        .write(move |tx| tx.execute(store::sql!("UPDATE users SET name = $2 WHERE id = $1"), (id, name)))
        .await
        .map_err(|error: store::Error| error)
        .unwrap();
}

async fn set_availability(app: &TestApp, caller: &Caller, availability: Availability, auto_offline: bool) {
    let (account, id) = (caller.account, caller.id);
    app.app
        .store
        .write(move |tx| service::set_availability(tx, account, id, availability, auto_offline, &Actor::Operator))
        .await
        .unwrap();
}

#[store::testing::db_test]
async fn members_are_listed_by_name_without_case(app: TestApp) {
    let account = app.account().await;
    let (zoe, emil, admin) = (app.agent(account).await, app.agent(account).await, app.administrator(account).await);
    rename(&app, &zoe, "zoe").await;
    rename(&app, &emil, "Émile").await;
    rename(&app, &admin, "ada").await;
    app.agent(app.account().await).await;

    let agents = app.get(&zoe, "agents").await.expect(200).json();
    let names: Vec<&str> = agents.as_array().unwrap().iter().map(|agent| agent["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["ada", "zoe", "Émile"]);
}

#[store::testing::db_test]
async fn an_agent_has_the_keys_of_the_contract(app: TestApp) {
    let account = app.account().await;
    let agent = app.agent(account).await;
    set_availability(&app, &agent, Busy, false).await;

    let agents = app.get(&agent, "agents").await.expect(200).json();
    let mut shown = agents[0].clone();
    let email = shown["email"].take();
    assert!(email.as_str().unwrap().ends_with("@sample.test"));
    let name = shown["name"].clone();
    assert_eq!(
        shown,
        json!({
            "id": agent.id, "account_id": account, "availability_status": "busy", "auto_offline": false,
            "confirmed": true, "email": null, "provider": "email", "available_name": name, "name": name,
            "role": "agent", "thumbnail": ""
        })
    );
}

#[store::testing::db_test]
async fn strangers_do_not_see_the_agents(app: TestApp) {
    let account = app.account().await;
    let path = format!("/api/v1/accounts/{account}/agents");
    app.call(Method::GET, &path, None, None).await.expect(401);
    app.call(Method::GET, &path, Some("nobody's token"), None).await.expect(401);
    let stranger = app.administrator(app.account().await).await;
    app.get(&stranger, &path).await.expect(403);
    app.get(&stranger, "/api/v1/accounts/99999999/agents").await.expect(404);
}

#[store::testing::db_test]
async fn look_ups_find_members_only(app: TestApp) {
    let account = app.account().await;
    let (first, second) = (app.agent(account).await, app.agent(account).await);
    let stranger = app.agent(app.account().await).await;
    let ids: Vec<UserId> = [&second, &stranger, &first, &second].map(|caller| caller.id).to_vec();
    app.app
        .store
        .read(move |conn| {
            assert_eq!(agents::find(conn, account, first.id)?.map(|agent| agent.id), Some(first.id));
            assert!(agents::find(conn, account, stranger.id)?.is_none());
            let found = agents::list_by_ids(conn, account, ids.clone())?;
            assert_eq!(found.iter().map(|agent| agent.id).collect::<Vec<_>>(), [first.id, second.id]);
            assert!(agents::list_by_ids(conn, account, Vec::new())?.is_empty());
            assert!(agents::list_of_inbox(conn, account, InboxId::new(1))?.is_empty());
            assert_eq!(user::store::find_name(conn, UserId::new(i64::MAX))?, None);
            Ok::<_, crate::Error>(())
        })
        .await
        .unwrap();
    app.app
        .store
        .write(move |tx| {
            assert!(agents::hold_all(tx, account, &[])?);
            assert!(agents::hold_all(tx, account, &[first.id, second.id, first.id])?);
            assert!(!agents::hold_all(tx, account, &[first.id, stranger.id])?);
            assert!(agents::hold(tx, account, stranger.id)?.is_none());
            Ok::<_, crate::Error>(())
        })
        .await
        .unwrap();
}

#[store::testing::db_test]
async fn changes_are_events_and_no_change_is_none(app: TestApp) {
    let account = app.account().await;
    let agent = app.agent(account).await;
    set_availability(&app, &agent, Online, true).await;
    assert_eq!(app.event_names(account).await, ["account.created", "agent.added"]);
    set_availability(&app, &agent, Busy, true).await;
    assert_eq!(app.event_names(account).await, ["account.created", "agent.added", "agent.updated"]);
    let settings =
        "SELECT COUNT(*) FROM notification_settings WHERE user_id = $1 AND email_flags = 2 AND push_flags = 2";
    assert_eq!(app.number(settings, &[agent.id.get()]).await, 1);
}

#[store::testing::db_test]
async fn whoever_is_no_member_has_no_availability(app: TestApp) {
    let account = app.account().await;
    let stranger = app.agent(app.account().await).await;
    let result = app
        .app
        .store
        .write(move |tx| service::set_availability(tx, account, stranger.id, Busy, false, &Actor::Operator))
        .await;
    assert!(matches!(result, Err(crate::Error::NotFound(_))));
}
