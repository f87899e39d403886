//! The secret that signs what the webhook of an API inbox is sent.

use serde_json::{Value, json};
use store::testing::db_test;
use types::InboxId;

use super::{create, inboxes};
use crate::signing_secret::OVERLAP;
use crate::testing::{Caller, TestApp};

/// What signs now.
async fn valid(app: &TestApp, administrator: &Caller, id: InboxId) -> Vec<String> {
    let account = administrator.account;
    let found = app.app.store.read(move |conn| inboxes::find(conn, account, id)).await.unwrap().unwrap();
    let secrets = found.signing_secrets().unwrap();
    secrets.valid_at(app.app.clock.now()).into_iter().map(str::to_owned).collect()
}

async fn reset(app: &TestApp, administrator: &Caller, id: InboxId) -> Value {
    app.post(administrator, &format!("inboxes/{id}/reset_secret"), json!({})).await.expect(200).json()
}

#[db_test]
async fn an_api_inbox_gets_another_secret_and_the_one_before_stays_good_for_a_day(app: TestApp) {
    let administrator = app.administrator(app.account().await).await;
    let body = json!({ "name": "Desk", "channel": { "type": "api", "webhook_url": "https://hooks.example/inbox" } });
    let before = create(&app, &administrator, body).await;
    let id = InboxId::new(before["id"].as_i64().unwrap());
    let first = before["secret"].as_str().unwrap();
    assert_eq!(valid(&app, &administrator, id).await, [first]);

    let after = reset(&app, &administrator, id).await;
    let second = after["secret"].as_str().unwrap();
    assert_eq!(second.len(), 24);
    assert_ne!(second, first);
    let mut expected = before.clone();
    expected["secret"] = json!(second);
    assert_eq!(after, expected, "nothing else changes");
    assert_eq!(app.get(&administrator, &format!("inboxes/{id}")).await.expect(200).json(), after);
    let told = ("inbox.updated".to_owned(), json!({ "secret": [null, null] }));
    assert_eq!(app.last_event(administrator.account).await, told);

    app.patch(&administrator, &format!("inboxes/{id}"), json!({ "name": "Other" })).await.expect(200);
    assert_eq!(valid(&app, &administrator, id).await, [second, first], "another change keeps both");
    app.clock.advance(OVERLAP);
    assert_eq!(valid(&app, &administrator, id).await, [second]);
}

#[db_test]
async fn a_second_reset_ends_the_time_of_the_first_secret(app: TestApp) {
    let administrator = app.administrator(app.account().await).await;
    let id = app.api_inbox(&administrator).await;
    let second = reset(&app, &administrator, id).await["secret"].clone();
    app.clock.advance(OVERLAP / 2);
    let third = reset(&app, &administrator, id).await["secret"].clone();
    assert_eq!(json!(valid(&app, &administrator, id).await), json!([third, second]));
    app.clock.advance(OVERLAP / 2);
    assert_eq!(json!(valid(&app, &administrator, id).await), json!([third, second]), "its day began at the second");
    app.clock.advance(OVERLAP / 2);
    assert_eq!(json!(valid(&app, &administrator, id).await), json!([third]));
}

#[db_test]
async fn only_administrators_reset_secrets_and_only_of_api_inboxes(app: TestApp) {
    let account = app.account().await;
    let (administrator, agent) = (app.administrator(account).await, app.agent(account).await);
    let stranger = app.administrator(app.account().await).await;
    let inbox = app.api_inbox(&administrator).await;
    app.join(&administrator, inbox, &[&agent]).await;
    let mut others = Vec::new();
    for channel in [
        json!({ "type": "email", "email": format!("a{account}@sample.test") }),
        json!({ "type": "web_widget", "website_url": "https://shop.example" }),
    ] {
        let made = create(&app, &administrator, json!({ "name": "Other", "channel": channel })).await;
        others.push(InboxId::new(made["id"].as_i64().unwrap()));
    }
    let (rows, events) = (app.row_counts().await, app.event_names(account).await);
    let before = valid(&app, &administrator, inbox).await;
    let path = |id: InboxId| format!("inboxes/{id}/reset_secret");
    app.post(&agent, &path(inbox), json!({})).await.expect(403);
    app.post(&stranger, &path(inbox), json!({})).await.expect(404);
    app.post(&administrator, "inboxes/99999999/reset_secret", json!({})).await.expect(404);
    for other in others {
        app.post(&administrator, &path(other), json!({})).await.expect(404);
        let found = app.app.store.read(move |conn| inboxes::find(conn, account, other)).await.unwrap().unwrap();
        assert_eq!(found.signing_secrets(), None);
    }
    assert_eq!(valid(&app, &administrator, inbox).await, before);
    assert_eq!((app.row_counts().await, app.event_names(account).await), (rows, events));

    reset(&app, &administrator, inbox).await;
    let shown = app.get(&agent, &format!("inboxes/{inbox}")).await.expect(200).json();
    assert!(shown.as_object().unwrap().keys().all(|key| !key.contains("secret")), "{shown}");
}
