//! Sessions, contactable inboxes and conversations of a contact.

use ::store::testing::db_test;
use serde_json::{Value, json};
use types::InboxId;

use super::Desk;
use crate::contact::reach;

impl Desk {
    /// A mailbox that no other test has.
    async fn mailbox(&self) -> InboxId {
        self.inbox(json!({ "type": "email", "email": format!("room{}@sample.test", self.agent.id) })).await
    }

    /// Inbox and `source_id` of each contactable inbox.
    async fn contactable(&self, contact: i64) -> Vec<(Value, String)> {
        let list = self.list(&format!("contacts/{contact}/contactable_inboxes")).await;
        let inboxes = list["payload"].as_array().unwrap().iter();
        inboxes.map(|one| (one["inbox"]["id"].clone(), one["source_id"].as_str().unwrap().to_owned())).collect()
    }
}

#[db_test]
async fn a_session_is_made_once(desk: Desk) {
    let api = desk.app.api_inbox(&desk.administrator).await;
    desk.app.join(&desk.administrator, api, &[&desk.agent]).await;
    let (ada, bo) = (desk.add("Ada", json!({})).await, desk.add("Bo", json!({})).await);
    let path = format!("contacts/{ada}/contact_inboxes");
    let body = json!({ "inbox_id": api, "source_id": "mine" });
    for _ in 0..2 {
        let made = desk.app.post(&desk.agent, &path, body.clone()).await.expect(200).json();
        assert_eq!((&made["source_id"], &made["inbox"]["id"]), (&json!("mine"), &json!(api)));
        assert!(made["inbox"].get("hmac_token").is_none(), "agents see no secrets");
    }
    let count = "SELECT COUNT(*) FROM contact_inboxes WHERE contact_id = $1";
    assert_eq!(desk.app.number(count, &[ada]).await, 1);

    let another = desk.app.post(&desk.agent, &path, json!({ "inbox_id": api })).await.expect(200).json();
    assert_eq!(another["source_id"].as_str().unwrap().len(), 36);
    let taken = desk.app.post(&desk.agent, &format!("contacts/{bo}/contact_inboxes"), body).await.expect(422).json();
    assert_eq!(taken["attributes"], json!(["source_id"]));
}

#[db_test]
async fn a_session_needs_an_inbox_that_the_caller_sees_and_that_fits(desk: Desk) {
    let api = desk.app.api_inbox(&desk.administrator).await;
    let mail = desk.mailbox().await;
    let id = desk.add("Ada", json!({})).await;
    let path = format!("contacts/{id}/contact_inboxes");
    desk.app.post(&desk.agent, &path, json!({ "inbox_id": api })).await.expect(401);
    for inbox in [json!(0), json!("x"), json!(null)] {
        desk.app.post(&desk.agent, &path, json!({ "inbox_id": inbox })).await.expect(404);
    }
    desk.app.post(&desk.agent, &path, json!({})).await.expect(404);
    desk.app.post(&desk.administrator, "contacts/0/contact_inboxes", json!({ "inbox_id": api })).await.expect(404);
    let refused = desk.app.post(&desk.administrator, &path, json!({ "inbox_id": mail })).await.expect(422).json();
    assert!(refused["error"].is_string());
    let bad = json!({ "inbox_id": mail, "source_id": "no address" });
    let refused = desk.app.post(&desk.administrator, &path, bad).await.expect(422).json();
    assert_eq!(refused["attributes"], json!(["source_id"]));
}

#[db_test]
async fn a_session_may_be_made_as_verified(desk: Desk) {
    let api = desk.app.api_inbox(&desk.administrator).await;
    let id = desk.add("Ada", json!({})).await;
    let path = format!("contacts/{id}/contact_inboxes");
    desk.app.post(&desk.administrator, &path, json!({ "inbox_id": api, "source_id": "plain" })).await.expect(200);
    let body = json!({ "inbox_id": api, "source_id": "proved", "hmac_verified": true });
    desk.app.post(&desk.administrator, &path, body).await.expect(200);
    let verified = "SELECT COUNT(*) FROM contact_inboxes WHERE contact_id = $1 AND hmac_verified";
    assert_eq!(desk.app.number(verified, &[id]).await, 1);
}

#[db_test]
async fn contactable_inboxes_depend_on_channel_and_contact(desk: Desk) {
    let api = desk.app.api_inbox(&desk.administrator).await;
    let web = desk.inbox(json!({ "type": "web_widget", "website_url": "https://shop.sample.test" })).await;
    let mail = desk.mailbox().await;
    for inbox in [api, web, mail] {
        desk.app.join(&desk.administrator, inbox, &[&desk.agent]).await;
    }
    let hidden = desk.app.api_inbox(&desk.administrator).await;
    let id = desk.add("Ada", json!({})).await;
    let made_up = desk.contactable(id).await;
    assert_eq!(made_up.len(), 1);
    assert_eq!((&made_up[0].0, made_up[0].1.len()), (&json!(api), 36));
    assert_eq!(desk.app.number("SELECT COUNT(*) FROM contact_inboxes", &[]).await, 0, "nothing is stored");

    desk.app.patch(&desk.agent, &format!("contacts/{id}"), json!({ "email": "ada@reed.example" })).await.expect(200);
    let path = format!("contacts/{id}/contact_inboxes");
    for (inbox, source_id) in [(api, "old"), (api, "new"), (web, "visitor")] {
        desk.app.post(&desk.agent, &path, json!({ "inbox_id": inbox, "source_id": source_id })).await.expect(200);
    }
    let expected =
        [(json!(api), "new".into()), (json!(web), "visitor".into()), (json!(mail), "ada@reed.example".into())];
    assert_eq!(desk.contactable(id).await, expected);

    let opened = json!({ "inbox_id": web, "contact_id": id, "source_id": "visitor" });
    desk.app.post(&desk.agent, "conversations", opened).await.expect(200);
    let inboxes: Vec<Value> = desk.contactable(id).await.into_iter().map(|(inbox, _)| inbox).collect();
    assert_eq!(inboxes, [json!(api), json!(mail)], "the visitor's session is in use");
    let all = desk.app.get(&desk.administrator, &format!("contacts/{id}/contactable_inboxes")).await.expect(200).json();
    assert_eq!(all["payload"].as_array().unwrap().len(), 3, "administrators see {hidden} too");
}

#[db_test]
async fn conversations_of_a_contact_are_those_that_the_caller_sees(desk: Desk) {
    let (seen, hidden) = (desk.app.api_inbox(&desk.administrator).await, desk.app.api_inbox(&desk.administrator).await);
    desk.app.join(&desk.administrator, seen, &[&desk.agent]).await;
    let id = desk.add("Ada", json!({})).await;
    let mut numbers = Vec::new();
    for (inbox, status) in [(seen, "open"), (hidden, "open"), (seen, "resolved")] {
        desk.app.clock.advance(std::time::Duration::from_mins(1));
        let body = json!({ "inbox_id": inbox, "contact_id": id, "status": status });
        let made = desk.app.post(&desk.administrator, "conversations", body).await.expect(200).json();
        numbers.push(made["id"].clone());
    }
    let path = format!("contacts/{id}/conversations");
    let shown = |list: &Value| -> Vec<Value> {
        list["payload"].as_array().unwrap().iter().map(|conversation| conversation["id"].clone()).collect()
    };
    let by_agent = desk.list(&path).await;
    assert_eq!(shown(&by_agent), [numbers[2].clone(), numbers[0].clone()]);
    assert_eq!(by_agent["payload"][0]["meta"]["sender"]["id"], json!(id));
    let by_administrator = desk.app.get(&desk.administrator, &path).await.expect(200).json();
    assert_eq!(shown(&by_administrator), [numbers[2].clone(), numbers[1].clone(), numbers[0].clone()]);
    desk.app.get(&desk.agent, "contacts/0/conversations").await.expect(404);
}

#[db_test]
async fn lists_of_a_contact_cost_the_same_number_of_statements_whatever_they_hold(desk: Desk) {
    let id = desk.add("Ada", json!({ "email": "ada@reed.example" })).await;
    let count = async || {
        let stats = ::store::QueryStats::default();
        let member = || crate::access::Member {
            account_id: desk.administrator.account,
            user_id: desk.administrator.id,
            name: String::new(),
            role: types::Role::Administrator,
        };
        let (app, path) = (
            || axum::extract::State(desk.app.app.clone()),
            || edge::Path((desk.administrator.account, types::ContactId::new(id))),
        );
        let lists = async {
            reach::list_contactable_inboxes(app(), member(), path()).await.unwrap();
            reach::list_conversations(app(), member(), path()).await.unwrap();
        };
        stats.clone().counting(lists).await;
        stats.statements()
    };
    let open = async || {
        let inbox = desk.app.api_inbox(&desk.administrator).await;
        let body = json!({ "inbox_id": inbox, "contact_id": id, "message": { "content": "Hello" } });
        desk.app.post(&desk.administrator, "conversations", body).await.expect(200);
    };
    open().await;
    let one = count().await;
    for _ in 0..12 {
        open().await;
    }
    assert_eq!(count().await, one);
}
