//! The bot of an inbox.

use futures_util::future::join_all;
use serde_json::{Value, json};
use store::testing::db_test;

use crate::testing::{Caller, TestApp};

/// A new bot of the administrator's account.
async fn bot(app: &TestApp, administrator: &Caller) -> Value {
    app.post(administrator, "agent_bots", json!({ "name": "Echo" })).await.expect(200).json()["id"].clone()
}

#[db_test]
async fn an_inbox_has_one_bot_and_agents_see_no_key(app: TestApp) {
    let account = app.account().await;
    let (administrator, agent, outside) =
        (app.administrator(account).await, app.agent(account).await, app.agent(account).await);
    let inbox = app.api_inbox(&administrator).await;
    app.join(&administrator, inbox, &[&agent]).await;
    let (first, second) = (bot(&app, &administrator).await, bot(&app, &administrator).await);
    let (shown, set) = (format!("inboxes/{inbox}/agent_bot"), format!("inboxes/{inbox}/set_agent_bot"));
    assert_eq!(app.get(&agent, &shown).await.expect(200).json(), json!({}));

    let names = app.event_names(account).await.len();
    for id in [&first, &second, &second] {
        let answer = app.post(&administrator, &set, json!({ "agent_bot": id })).await.expect(200);
        assert!(answer.body.is_empty());
    }
    let told = app.event_names(account).await.split_off(names);
    assert_eq!(told, ["agent_bot.connected", "agent_bot.disconnected", "agent_bot.connected"]);
    let by_administrator = app.get(&administrator, &shown).await.expect(200).json();
    assert_eq!(by_administrator["agent_bot"]["id"], second);
    for key in ["access_token", "secret"] {
        assert!(by_administrator["agent_bot"][key].is_string(), "{key}");
    }
    let by_agent = app.get(&agent, &shown).await.expect(200).json();
    assert_eq!(by_agent["agent_bot"]["id"], second);
    assert_eq!((by_agent["agent_bot"].get("access_token"), by_agent["agent_bot"].get("secret")), (None, None));
    app.get(&outside, &shown).await.expect(403);
    app.post(&agent, &set, json!({ "agent_bot": first })).await.expect(403);

    app.post(&administrator, &set, json!({})).await.expect(200);
    assert_eq!(app.get(&administrator, &shown).await.expect(200).json(), json!({}));
    assert!(app.event_names(account).await.ends_with(&["agent_bot.disconnected".to_owned()]));
}

#[db_test]
async fn conversations_of_an_inbox_with_a_bot_begin_as_pending(app: TestApp) {
    let administrator = app.administrator(app.account().await).await;
    let inbox = app.api_inbox(&administrator).await;
    let bot = bot(&app, &administrator).await;
    let set = format!("inboxes/{inbox}/set_agent_bot");
    for (body, status) in [(json!({ "agent_bot": bot }), "pending"), (json!({ "agent_bot": null }), "open")] {
        app.post(&administrator, &set, body).await.expect(200);
        let number = app.conversation(&administrator, inbox).await;
        let shown = app.get(&administrator, &format!("conversations/{number}")).await.expect(200).json();
        assert_eq!(shown["status"], status);
    }
}

#[db_test]
async fn bots_and_inboxes_of_other_accounts_are_not_found(app: TestApp) {
    let administrator = app.administrator(app.account().await).await;
    let stranger = app.administrator(app.account().await).await;
    let (inbox, foreign) = (app.api_inbox(&administrator).await, bot(&app, &stranger).await);
    let own = bot(&app, &administrator).await;
    let set = format!("inboxes/{inbox}/set_agent_bot");
    app.post(&administrator, &set, json!({ "agent_bot": own })).await.expect(200);
    for id in [foreign, json!(0)] {
        app.post(&administrator, &set, json!({ "agent_bot": id })).await.expect(404);
    }
    app.post(&administrator, "inboxes/0/set_agent_bot", json!({ "agent_bot": own })).await.expect(404);
    app.post(&stranger, &set, json!({ "agent_bot": null })).await.expect(404);
    app.get(&stranger, &format!("inboxes/{inbox}/agent_bot")).await.expect(404);
    let shown = app.get(&administrator, &format!("inboxes/{inbox}/agent_bot")).await.expect(200).json();
    assert_eq!(shown["agent_bot"]["id"], own);
}

#[db_test]
async fn a_bot_that_is_removed_while_it_is_connected_stays_nowhere(app: TestApp) {
    let administrator = app.administrator(app.account().await).await;
    let inbox = app.api_inbox(&administrator).await;
    let set = format!("inboxes/{inbox}/set_agent_bot");
    for _ in 0..5 {
        let (doomed, other) = (bot(&app, &administrator).await, bot(&app, &administrator).await);
        let gone = format!("agent_bots/{doomed}");
        let (removed, connected) = tokio::join!(
            app.delete(&administrator, &gone),
            join_all([&doomed, &other].map(|id| app.post(&administrator, &set, json!({ "agent_bot": id }))))
        );
        removed.expect(200);
        assert!([200, 404].contains(&connected[0].status.as_u16()));
        assert_eq!(connected[1].status, 200);
        let shown = app.get(&administrator, &format!("inboxes/{inbox}/agent_bot")).await.expect(200).json();
        assert_ne!(shown["agent_bot"]["id"], doomed);
        let rows = app.number("SELECT COUNT(*) FROM agent_bot_inboxes", &[]).await;
        assert_eq!(rows, i64::from(shown["agent_bot"].is_object()));
    }
}
