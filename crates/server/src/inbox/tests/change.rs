//! Inboxes that change.

use axum::body::Body;
use futures_util::future::join_all;
use http::{Method, Request};
use serde_json::{Value, json};
use store::testing::db_test;

use super::{attributes, create};
use crate::testing::{Caller, TestApp};

async fn change(app: &TestApp, administrator: &Caller, id: &Value, body: Value) -> Value {
    app.patch(administrator, &format!("inboxes/{id}"), body).await.expect(200).json()
}

#[db_test]
async fn a_change_keeps_what_is_absent_and_clears_what_is_null(app: TestApp) {
    let administrator = app.administrator(app.account().await).await;
    let body = json!({
        "name": "Desk", "greeting_enabled": true, "greeting_message": "Hello", "business_name": "Shop",
        "csat_config": { "display_type": "star" }, "lock_to_single_conversation": true,
        "channel": { "type": "api", "webhook_url": "https://hooks.example", "additional_attributes": { "a": 1 } }
    });
    let inbox = create(&app, &administrator, body).await;
    let id = &inbox["id"];
    assert_eq!(change(&app, &administrator, id, json!({})).await, inbox);

    let body = json!({
        "name": "Front", "greeting_message": null, "enable_auto_assignment": false, "csat_config": { "message": "?" },
        "channel": { "type": "email", "hmac_mandatory": true, "additional_attributes": { "b": 2 } }
    });
    let changed = change(&app, &administrator, id, body).await;
    let mut expected = inbox.clone();
    for (key, value) in [
        ("name", json!("Front")),
        ("greeting_message", json!(null)),
        ("enable_auto_assignment", json!(false)),
        ("csat_config", json!({ "message": "?" })),
        ("hmac_mandatory", json!(true)),
        ("additional_attributes", json!({ "a": 1, "b": 2 })),
    ] {
        expected[key] = value;
    }
    assert_eq!(changed, expected, "the type of the channel is not heeded");
    let cleared = json!({ "business_name": null, "channel": { "webhook_url": null, "additional_attributes": null } });
    let changed = change(&app, &administrator, id, cleared).await;
    assert_eq!(changed["business_name"], json!(null));
    assert_eq!((&changed["webhook_url"], &changed["additional_attributes"]), (&json!(null), &json!({})));
    assert_eq!(app.get(&administrator, &format!("inboxes/{id}")).await.expect(200).json(), changed);
}

#[db_test]
async fn a_change_is_told_without_secrets_and_no_change_is_not(app: TestApp) {
    let administrator = app.administrator(app.account().await).await;
    let channel = json!({ "type": "email", "email": "told@sample.test" });
    let inbox = create(&app, &administrator, json!({ "name": "Post", "channel": channel })).await;
    let names = app.event_names(administrator.account).await;
    change(&app, &administrator, &inbox["id"], json!({ "name": "Post", "channel": { "imap_port": 0 } })).await;
    assert_eq!(app.event_names(administrator.account).await, names);

    let channel = json!({
        "email": "New@sample.test", "imap_enabled": true, "imap_login": "post", "imap_password": "very secret"
    });
    let changed = change(&app, &administrator, &inbox["id"], json!({ "name": "Mail", "channel": channel })).await;
    assert_eq!((&changed["email"], &changed["imap_password"]), (&json!("new@sample.test"), &json!("very secret")));
    let expected = json!({
        "name": ["Post", "Mail"], "email": ["told@sample.test", "new@sample.test"], "imap_enabled": [false, true],
        "imap_login": ["", "post"], "imap_password": [null, null]
    });
    assert_eq!(app.last_event(administrator.account).await, ("inbox.updated".into(), expected));
}

#[db_test]
async fn opening_hours_change_by_day(app: TestApp) {
    let administrator = app.administrator(app.account().await).await;
    let inbox = create(&app, &administrator, json!({ "name": "Desk", "channel": { "type": "api" } })).await;
    let days = json!([
        { "day_of_week": 1, "open_hour": 8, "open_minutes": 30 }, { "day_of_week": 0, "open_all_day": true,
          "closed_all_day": false }
    ]);
    let body = json!({ "working_hours_enabled": true, "timezone": "europe/berlin", "working_hours": days });
    let changed = change(&app, &administrator, &inbox["id"], body.clone()).await;
    assert_eq!(changed["timezone"], "Europe/Berlin");
    let monday = json!({
        "day_of_week": 1, "closed_all_day": false, "open_hour": 8, "open_minutes": 30, "close_hour": 17,
        "close_minutes": 0, "open_all_day": false
    });
    assert_eq!(changed["working_hours"][1], monday);
    assert_eq!(changed["working_hours"][0]["open_all_day"], json!(true));
    assert_eq!(changed["working_hours"][2], inbox["working_hours"][2]);
    let (name, told) = app.last_event(administrator.account).await;
    assert_eq!((name.as_str(), &told["working_hours"][1][1]), ("inbox.updated", &monday));

    let names = app.event_names(administrator.account).await;
    assert_eq!(change(&app, &administrator, &inbox["id"], body).await, changed);
    assert_eq!(app.event_names(administrator.account).await, names, "the same hours again are no change");
    for bad in [
        json!({}),
        json!([[1]]),
        json!([{ "day_of_week": 7 }]),
        json!([{ "day_of_week": 1, "open_hour": 18 }]),
        json!([{}]),
    ] {
        let body = json!({ "name": "Other", "working_hours": bad });
        let refused = app.patch(&administrator, &format!("inboxes/{}", inbox["id"]), body).await.expect(422);
        assert_eq!(attributes(&refused), json!(["working_hours"]));
    }
    let shown = app.get(&administrator, &format!("inboxes/{}", inbox["id"])).await.expect(200).json();
    assert_eq!(shown, changed, "what is refused changes nothing");
}

#[db_test]
async fn opening_hours_are_taken_from_forms_and_at_creation(app: TestApp) {
    let administrator = app.administrator(app.account().await).await;
    let days = json!([{ "day_of_week": 6, "closed_all_day": false, "open_hour": 10, "open_minutes": 0,
        "close_hour": 12, "close_minutes": 0 }]);
    let body = json!({ "name": "Desk", "working_hours": days, "channel": { "type": "api" } });
    let inbox = create(&app, &administrator, body).await;
    assert_eq!(inbox["working_hours"][6]["open_hour"], 10);

    let form = "working_hours[0][day_of_week]=1&working_hours[0][open_hour]=7&working_hours[1][day_of_week]=2\
                &working_hours[1][closed_all_day]=true";
    let request = Request::builder()
        .method(Method::PATCH)
        .uri(administrator.path(&format!("inboxes/{}", inbox["id"])))
        .header("api_access_token", &administrator.token)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form))
        .unwrap();
    let changed = app.send(request).await.expect(200).json();
    assert_eq!(changed["working_hours"][1]["open_hour"], 7);
    assert_eq!(changed["working_hours"][2]["closed_all_day"], true);
    assert_eq!(changed["working_hours"][6], inbox["working_hours"][6]);
}

#[db_test]
async fn a_change_that_cannot_be_is_refused_by_field(app: TestApp) {
    let administrator = app.administrator(app.account().await).await;
    let post = |email: &str| json!({ "name": "Post", "channel": { "type": "email", "email": email } });
    create(&app, &administrator, post("taken@sample.test")).await;
    let inbox = create(&app, &administrator, post("own@sample.test")).await;
    let path = format!("inboxes/{}", inbox["id"]);
    for (body, fields) in [
        (json!({ "name": "" }), json!(["name"])),
        (json!({ "name": "a@b", "timezone": "Mars/Olympus" }), json!(["name", "timezone"])),
        (json!({ "channel": { "email": "Taken@sample.test" } }), json!(["email"])),
        (json!({ "channel": { "email": null } }), json!(["email"])),
        (json!({ "channel": { "imap_port": 70_000 } }), json!(["imap_port"])),
    ] {
        let refused = app.patch(&administrator, &path, body.clone()).await.expect(422);
        assert_eq!(attributes(&refused), fields, "{body}");
    }
    assert_eq!(app.get(&administrator, &path).await.expect(200).json(), inbox);
}

#[db_test]
async fn only_administrators_of_the_account_change_its_inboxes(app: TestApp) {
    let account = app.account().await;
    let (administrator, agent) = (app.administrator(account).await, app.agent(account).await);
    let stranger = app.administrator(app.account().await).await;
    let inbox = app.api_inbox(&administrator).await;
    app.join(&administrator, inbox, &[&agent]).await;
    let path = format!("inboxes/{inbox}");
    app.patch(&agent, &path, json!({ "name": "Mutiny" })).await.expect(403);
    app.patch(&agent, "inboxes/0", json!({ "name": "Mutiny" })).await.expect(404);
    app.patch(&stranger, &path, json!({ "name": "Mine" })).await.expect(404);
    assert_ne!(app.get(&administrator, &path).await.expect(200).json()["name"], "Mine");
}

#[db_test]
async fn attributes_that_are_merged_at_once_are_all_there(app: TestApp) {
    let administrator = app.administrator(app.account().await).await;
    let inbox = create(&app, &administrator, json!({ "name": "Desk", "channel": { "type": "api" } })).await;
    let bodies = (0..6).map(|number| json!({ "channel": { "additional_attributes": { format!("key{number}"): 1 } } }));
    join_all(bodies.map(|body| change(&app, &administrator, &inbox["id"], body))).await;
    let shown = app.get(&administrator, &format!("inboxes/{}", inbox["id"])).await.expect(200).json();
    assert_eq!(shown["additional_attributes"].as_object().unwrap().len(), 6);
}

#[db_test]
async fn of_two_inboxes_that_take_one_address_at_once_one_gets_it(app: TestApp) {
    let administrator = app.administrator(app.account().await).await;
    let post = |email: String| json!({ "name": "Post", "channel": { "type": "email", "email": email } });
    let inbox = create(&app, &administrator, post("first@sample.test".into())).await;
    let path = format!("inboxes/{}", inbox["id"]);
    for round in 0..5 {
        let email = format!("race{round}@sample.test");
        let (changed, made) = tokio::join!(
            app.patch(&administrator, &path, json!({ "channel": { "email": email.clone() } })),
            app.post(&administrator, "inboxes", post(email.clone()))
        );
        let mut statuses = [changed.status.as_u16(), made.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422]);
        let refused = if changed.status == 422 { changed } else { made };
        assert_eq!(attributes(&refused), json!(["email"]));
    }
}
