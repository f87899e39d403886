//! Who is in an inbox, and who may be assigned in it.

use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};
use store::testing::{Engine, OnEngine, db_test};
use types::{InboxId, UserId};

use super::attributes;
use crate::testing::{Answer, Caller, TestApp};

/// An inbox without members, and three agents of its account.
struct Desk {
    app: TestApp,
    administrator: Caller,
    agents: [Caller; 3],
    inbox: InboxId,
}

impl OnEngine for Desk {
    async fn on(engine: Engine) -> Self {
        let app = TestApp::on(engine).await;
        let account = app.account().await;
        let administrator = app.administrator(account).await;
        let agents = [app.agent(account).await, app.agent(account).await, app.agent(account).await];
        let inbox = app.api_inbox(&administrator).await;
        Self { app, administrator, agents, inbox }
    }
}

impl Desk {
    async fn send(&self, method: Method, caller: &Caller, path: &str, users: &[UserId]) -> Answer {
        let body = json!({ "inbox_id": self.inbox, "user_ids": users });
        self.app.call(method, &caller.path(path), Some(&caller.token), Some(&body)).await
    }

    async fn set(&self, users: &[UserId]) -> Vec<UserId> {
        ids(&self.send(Method::PATCH, &self.administrator, "inbox_members", users).await.expect(200).json())
    }

    async fn members(&self) -> Vec<UserId> {
        let path = format!("inbox_members/{}", self.inbox);
        ids(&self.app.get(&self.administrator, &path).await.expect(200).json())
    }

    /// To whom a new conversation goes.
    async fn next(&self) -> UserId {
        let number = self.app.conversation(&self.administrator, self.inbox).await;
        let path = format!("conversations/{number}");
        let conversation = self.app.get(&self.administrator, &path).await.expect(200).json();
        UserId::new(conversation["meta"]["assignee"]["id"].as_i64().unwrap())
    }
}

fn ids(list: &Value) -> Vec<UserId> {
    list["payload"].as_array().unwrap().iter().map(|agent| UserId::new(agent["id"].as_i64().unwrap())).collect()
}

#[db_test]
async fn members_are_replaced_and_it_is_told(desk: Desk) {
    let [one, two, three] = [0, 1, 2].map(|place| desk.agents[place].id);
    assert_eq!(desk.set(&[two, one]).await, [one, two]);
    let names = desk.app.event_names(desk.administrator.account).await;
    assert_eq!(desk.set(&[two, three, three]).await, [two, three]);
    let told = desk.app.event_names(desk.administrator.account).await.split_off(names.len());
    assert_eq!(told, ["inbox_member.added", "inbox_member.removed"]);
    assert_eq!(desk.set(&[two, three]).await, [two, three]);
    assert_eq!(desk.app.event_names(desk.administrator.account).await.len(), names.len() + 2, "nothing has changed");
    assert!(desk.set(&[]).await.is_empty());
    assert!(desk.members().await.is_empty());
}

#[db_test]
async fn who_stays_keeps_the_turn_and_who_joins_is_last(desk: Desk) {
    let [one, two, three] = [0, 1, 2].map(|place| desk.agents[place].id);
    for agent in &desk.agents {
        desk.app.set_online(agent).await;
    }
    desk.set(&[one, two]).await;
    assert_eq!(desk.next().await, one);
    desk.set(&[one, two, three]).await;
    let turns = [desk.next().await, desk.next().await, desk.next().await, desk.next().await];
    assert_eq!(turns, [two, one, three, two]);
    desk.set(&[one, three]).await;
    assert_eq!([desk.next().await, desk.next().await, desk.next().await], [one, three, one]);
    // Who leaves and comes back has lost the turn.
    desk.set(&[one]).await;
    desk.set(&[one, three]).await;
    assert_eq!([desk.next().await, desk.next().await], [one, three]);
}

#[db_test]
async fn members_are_taken_out_in_both_forms(desk: Desk) {
    let [one, two, three] = [0, 1, 2].map(|place| desk.agents[place].id);
    desk.set(&[one, two, three]).await;
    let removed = desk.send(Method::DELETE, &desk.administrator, "inbox_members", &[three]).await.expect(200);
    assert!(removed.body.is_empty());
    assert_eq!(desk.members().await, [one, two]);
    let path = format!("inbox_members/{}", desk.inbox);
    let removed = desk.send(Method::DELETE, &desk.administrator, &path, &[one]).await.expect(200);
    assert!(removed.body.is_empty());
    assert_eq!(desk.members().await, [two]);
    assert!(desk.app.event_names(desk.administrator.account).await.ends_with(&["inbox_member.removed".to_owned()]));

    // Who is not in it is not found, and then nobody leaves.
    for path in ["inbox_members", &path] {
        desk.send(Method::DELETE, &desk.administrator, path, &[two, one]).await.expect(404);
        let unknown = desk.send(Method::DELETE, &desk.administrator, path, &[two, UserId::new(0)]).await.expect(422);
        assert_eq!(attributes(&unknown), json!(["user"]));
    }
    assert_eq!(desk.members().await, [two]);
}

#[db_test]
async fn bad_members_change_nothing(desk: Desk) {
    let [one, two, _] = [0, 1, 2].map(|place| desk.agents[place].id);
    desk.set(&[one]).await;
    let stranger = desk.app.agent(desk.app.account().await).await;
    for users in [[two, stranger.id], [two, UserId::new(0)]] {
        let refused = desk.send(Method::PATCH, &desk.administrator, "inbox_members", &users).await.expect(422);
        assert_eq!(attributes(&refused), json!(["user"]));
    }
    for method in [Method::PATCH, Method::DELETE] {
        let call = |body: Value| {
            let path = desk.administrator.path("inbox_members");
            let (app, token, method) = (&desk.app, &desk.administrator.token, method.clone());
            async move { app.call(method, &path, Some(token), Some(&body)).await }
        };
        let missing = call(json!({ "inbox_id": desk.inbox })).await.expect(422).json();
        assert!(missing["error"].is_string());
        for inbox in [json!(0), json!("x"), json!(null)] {
            call(json!({ "inbox_id": inbox, "user_ids": [one] })).await.expect(404);
        }
        desk.send(method.clone(), &desk.agents[0], "inbox_members", &[one]).await.expect(403);
        let elsewhere = desk.app.administrator(stranger.account).await;
        desk.send(method.clone(), &elsewhere, "inbox_members", &[stranger.id]).await.expect(404);
    }
    assert_eq!(desk.members().await, [one]);
}

#[db_test]
async fn of_replacements_at_once_one_is_the_last(desk: Desk) {
    let [one, two, three] = [0, 1, 2].map(|place| desk.agents[place].id);
    for _ in 0..5 {
        let sets: [&[UserId]; 4] = [&[one, two], &[three], &[two, three], &[one]];
        let answers = join_all(sets.iter().map(|users| desk.set(users))).await;
        for (answer, users) in answers.iter().zip(sets) {
            assert_eq!(answer, users, "an answer shows its own replacement");
        }
        let members = desk.members().await;
        assert!(sets.contains(&members.as_slice()), "{members:?}");
    }
}

#[db_test]
async fn assignable_are_the_members_of_all_inboxes_and_administrators(desk: Desk) {
    let app = &desk.app;
    let [one, two, three] = &desk.agents;
    let other = app.api_inbox(&desk.administrator).await;
    app.join(&desk.administrator, desk.inbox, &[two, one]).await;
    app.join(&desk.administrator, other, &[two, three, &desk.administrator]).await;
    let second = app.administrator(desk.administrator.account).await;
    let list = async |caller: &Caller, path: String| ids(&app.get(caller, &path).await.expect(200).json());

    let in_one = list(one, format!("inboxes/{}/assignable_agents", desk.inbox)).await;
    assert_eq!(in_one, [one.id, two.id, desk.administrator.id, second.id]);
    let in_other = list(three, format!("assignable_agents?inbox_ids[]={other}")).await;
    assert_eq!(in_other, [desk.administrator.id, two.id, three.id, second.id]);
    let in_both = list(two, format!("assignable_agents?inbox_ids[]={}&inbox_ids[]={other}", desk.inbox)).await;
    assert_eq!(in_both, [two.id, desk.administrator.id, second.id]);

    let both = format!("assignable_agents?inbox_ids[]={}&inbox_ids[]={other}", desk.inbox);
    app.get(one, &both).await.expect(403);
    for path in ["assignable_agents", "assignable_agents?inbox_ids[]=0", "inboxes/0/assignable_agents"] {
        app.get(&desk.administrator, path).await.expect(404);
    }
    let stranger = app.administrator(app.account().await).await;
    app.get(&stranger, &both).await.expect(404);
}
