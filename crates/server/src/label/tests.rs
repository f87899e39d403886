//! Labels of accounts, conversations and contacts, through HTTP.

use serde_json::{Value, json};
use store::testing::db_test;

use crate::testing::{Caller, TestApp};

async fn titles(app: &TestApp, caller: &Caller) -> Vec<String> {
    let list = app.get(caller, "labels").await.expect(200).json();
    list["payload"].as_array().unwrap().iter().map(|label| label["title"].as_str().unwrap().to_owned()).collect()
}

async fn on(app: &TestApp, caller: &Caller, path: &str) -> Value {
    app.get(caller, &format!("{path}/labels")).await.expect(200).json()["payload"].clone()
}

#[db_test]
async fn administrators_offer_labels_and_every_member_sees_them(app: TestApp) {
    let account = app.account().await;
    let (admin, agent) = (app.administrator(account).await, app.agent(account).await);
    assert_eq!(app.get(&agent, "labels").await.expect(200).json(), json!({ "payload": [] }));
    let body =
        json!({ "label": { "title": "VIP", "description": "Important", "color": "#aa0044", "show_on_sidebar": true } });
    let vip = app.post(&admin, "labels", body).await.expect(200).json();
    assert_eq!(
        vip,
        json!({ "id": vip["id"], "title": "vip", "description": "Important", "color": "#aa0044", "show_on_sidebar": true })
    );
    let plain = app.post(&admin, "labels", json!({ "title": "größe-2" })).await.expect(200).json();
    assert_eq!(
        plain,
        json!({ "id": plain["id"], "title": "größe-2", "description": null, "color": "#1f93ff", "show_on_sidebar": null })
    );
    assert_eq!(titles(&app, &agent).await, ["größe-2", "vip"]);
    let path = format!("labels/{}", vip["id"]);
    assert_eq!(app.get(&admin, &path).await.expect(200).json(), vip);
    let changed = app.patch(&admin, &path, json!({ "color": null, "show_on_sidebar": false })).await.expect(200).json();
    assert_eq!((&changed["color"], &changed["show_on_sidebar"]), (&json!("#1f93ff"), &json!(false)));
    assert!(app.delete(&admin, &path).await.expect(200).body.is_empty());
    app.delete(&admin, &path).await.expect(404);
    assert_eq!(titles(&app, &agent).await, ["größe-2"]);
    let events = app.event_names(account).await;
    let about_them: Vec<_> = events.iter().filter(|name| name.starts_with("label")).collect();
    assert_eq!(about_them, ["label.created", "label.created", "label.updated", "label.deleted"]);
}

#[db_test]
async fn titles_have_rules(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    app.post(&admin, "labels", json!({ "title": "taken" })).await.expect(200);
    for title in ["", " ", "x", "two words", "-a", "_a", "a,b", "a!", "TAKEN", &"x".repeat(256)] {
        let refused = app.post(&admin, "labels", json!({ "title": title })).await.expect(422).json();
        assert_eq!(refused["attributes"], json!(["title"]), "{title}");
    }
    let other = app.administrator(app.account().await).await;
    app.post(&other, "labels", json!({ "title": "taken" })).await.expect(200);
    assert_eq!(titles(&app, &admin).await, ["taken"]);
}

#[db_test]
async fn a_new_title_goes_to_all_that_has_the_old_one_and_a_removed_one_leaves(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let inbox = app.api_inbox(&admin).await;
    let contact = format!("contacts/{}", app.contact(&admin).await);
    let first = format!("conversations/{}", app.conversation(&admin, inbox).await);
    let second = format!("conversations/{}", app.conversation(&admin, inbox).await);
    for (path, labels) in
        [(&contact, json!(["Old", "kept"])), (&first, json!(["old"])), (&second, json!(["old", "new"]))]
    {
        app.post(&admin, &format!("{path}/labels"), json!({ "labels": labels })).await.expect(200);
    }
    let label = app.post(&admin, "labels", json!({ "title": "old" })).await.expect(200).json();
    let path = format!("labels/{}", label["id"]);
    // Nothing has this name: it is everywhere at once.
    app.patch(&admin, &path, json!({ "title": "fresh" })).await.expect(200);
    assert_eq!(on(&app, &admin, &contact).await, json!(["fresh", "kept"]));
    assert_eq!(on(&app, &admin, &second).await, json!(["fresh", "new"]));
    // Some have this one already: each has it once.
    app.patch(&admin, &path, json!({ "title": "new" })).await.expect(200);
    assert_eq!(app.run_due_jobs().await, 1);
    assert_eq!(on(&app, &admin, &first).await, json!(["new"]));
    assert_eq!(on(&app, &admin, &second).await, json!(["new"]));
    assert_eq!(on(&app, &admin, &contact).await, json!(["new", "kept"]));
    app.delete(&admin, &path).await.expect(200);
    // What gets the name after that keeps it.
    app.clock.advance(std::time::Duration::from_secs(1));
    app.post(&admin, &format!("{second}/labels"), json!({ "labels": ["late"] })).await.expect(200);
    app.post(&admin, &format!("{second}/labels"), json!({ "labels": ["new"] })).await.expect(200);
    assert_eq!(app.run_due_jobs().await, 1);
    assert_eq!(on(&app, &admin, &first).await, json!([]));
    assert_eq!(on(&app, &admin, &contact).await, json!(["kept"]));
    assert_eq!(on(&app, &admin, &second).await, json!(["new"]));
}

#[db_test]
async fn labels_of_a_contact_replace_each_other_and_are_told_of_when_they_change(app: TestApp) {
    let account = app.account().await;
    let agent = app.agent(account).await;
    let path = format!("contacts/{}/labels", app.contact(&agent).await);
    let set = async |labels: Value| app.post(&agent, &path, json!({ "labels": labels })).await.expect(200).json();
    assert_eq!(set(json!(["VIP", "new, two words", "vip"])).await, json!({ "payload": ["VIP", "new", "two words"] }));
    assert_eq!(set(json!(["new", "Vip"])).await, json!({ "payload": ["new", "VIP"] }));
    assert_eq!(app.get(&agent, &path).await.expect(200).json(), json!({ "payload": ["VIP", "new"] }));
    let before = app.event_names(account).await.len();
    set(json!(["VIP", "new"])).await;
    assert_eq!(app.event_names(account).await.len(), before, "nothing changed");
    assert_eq!(set(json!([])).await, json!({ "payload": [] }));
    assert_eq!(app.event_names(account).await.last().unwrap(), "contact.updated");
    let other = app.agent(app.account().await).await;
    app.call(http::Method::GET, &other.path(&path), Some(&other.token), None).await.expect(404);
}
