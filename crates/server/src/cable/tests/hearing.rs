//! Who hears what (realtime.md §2.3, §2.4).

use std::collections::BTreeSet;

use serde_json::{Value, json};
use store::testing::db_test;

use super::{Desk, Ear};

/// In the order of [`ears`].
const AGENT: usize = 0;
const ROOKIE: usize = 1;
const ADMIN: usize = 2;
const OUTSIDER: usize = 3;
const CONTACT: usize = 4;
const OTHER_CONTACT: usize = 5;

async fn ears(desk: &Desk) -> Vec<Ear> {
    vec![
        desk.ear_of(&desk.agent).await,
        desk.ear_of(&desk.rookie).await,
        desk.ear_of(&desk.admin).await,
        desk.ear_of(&desk.outsider).await,
        desk.ear_of_contact(&desk.contact).await,
        desk.ear_of_contact(&desk.other_contact).await,
    ]
}

/// An expectation: what the agent and the administrator hear, what the contact hears, what all members hear besides.
struct Heard(&'static [&'static str], &'static [&'static str], &'static [&'static str]);

#[db_test]
async fn each_event_reaches_those_who_see_what_it_is_about_and_nobody_else(desk: Desk) {
    let mut ears = ears(&desk).await;
    let mut all = BTreeSet::new();
    let mut check = async |what: &str, Heard(team, contact, members): Heard| {
        let heard = desk.heard(&mut ears).await;
        let (team, contact): (BTreeSet<&str>, Vec<&str>) = (team.iter().copied().collect(), contact.to_vec());
        for who in [AGENT, ADMIN] {
            let names: Vec<&str> = heard[who].iter().map(String::as_str).filter(|name| team.contains(name)).collect();
            assert_eq!(names.iter().copied().collect::<BTreeSet<_>>(), team, "{what}: {who}");
            let besides: Vec<&str> =
                heard[who].iter().map(String::as_str).filter(|name| !team.contains(name)).collect();
            assert_eq!(besides, members, "{what}: {who}");
        }
        assert_eq!(heard[CONTACT], contact, "{what}: the contact");
        assert_eq!(heard[ROOKIE], members, "{what}: an agent outside of the inbox");
        assert_eq!(heard[OUTSIDER], Vec::<String>::new(), "{what}: another account");
        assert_eq!(heard[OTHER_CONTACT], Vec::<String>::new(), "{what}: another contact");
        all.extend(heard.into_iter().flatten());
    };
    let (app, admin, agent) = (&desk.app, &desk.admin, &desk.agent);

    let number = desk.conversation(&desk.contact).await;
    check("a conversation is made", Heard(&["conversation.created"], &["conversation.created"], &[])).await;
    let path = format!("conversations/{number}");
    let post =
        async |caller, what: &str, body: Value| app.post(caller, &format!("{path}/{what}"), body).await.expect(200);

    desk.public(&desk.contact, &format!("{path}/messages"), json!({ "content": "Hello" })).await;
    check("the contact writes", Heard(&["message.created"], &["message.created"], &["contact.updated"])).await;
    let written = post(agent, "messages", json!({ "content": "Yes?" })).await.json();
    check("a first answer", Heard(&["message.created", "first.reply.created"], &["message.created"], &[])).await;
    post(agent, "messages", json!({ "content": "A note", "private": true })).await;
    check("a private note", Heard(&["message.created"], &[], &[])).await;
    app.delete(agent, &format!("{path}/messages/{}", written["id"])).await.expect(200);
    check("a message is deleted", Heard(&["message.updated"], &["message.updated"], &[])).await;
    post(admin, "toggle_status", json!({ "status": "pending" })).await;
    check(
        "another status",
        Heard(
            &["conversation.status_changed", "message.created", "conversation.updated"],
            &["conversation.status_changed", "conversation.updated"],
            &[],
        ),
    )
    .await;
    post(admin, "assignments", json!({ "assignee_id": 0 })).await;
    // It was the agent's, who is online.
    check(
        "nobody answers",
        Heard(&["assignee.changed", "message.created", "conversation.updated"], &["conversation.updated"], &[]),
    )
    .await;
    let team = app.team(desk.account(), false, &[agent]).await;
    check("a team is made", Heard(&[], &[], &["account.cache_invalidated", "account.cache_invalidated"])).await;
    post(admin, "assignments", json!({ "team_id": team })).await;
    check(
        "a team",
        Heard(&["team.changed", "message.created", "conversation.updated"], &["conversation.updated"], &[]),
    )
    .await;
    post(agent, "labels", json!({ "labels": ["refund"] })).await;
    check("labels", Heard(&["message.created", "conversation.updated"], &["conversation.updated"], &[])).await;
    post(agent, "custom_attributes", json!({ "custom_attributes": { "plan": "gold" } })).await;
    check("attributes", Heard(&["conversation.updated"], &["conversation.updated"], &[])).await;
    post(agent, "toggle_priority", json!({ "priority": "high" })).await;
    check("priority", Heard(&["message.created", "conversation.updated"], &["conversation.updated"], &[])).await;

    post(admin, "toggle_typing_status", json!({ "typing_status": "on" })).await;
    // Not the one who types.
    let heard = desk.heard(&mut ears).await;
    let typing = vec!["conversation.typing_on".to_owned()];
    let none = Vec::<String>::new();
    assert_eq!(heard, [typing.clone(), none.clone(), none.clone(), none.clone(), typing, none.clone()]);
    let mut check = async |what: &str, expected: [&[&str]; 6]| {
        let heard = desk.heard(&mut ears).await;
        assert_eq!(heard, expected, "{what}");
        all.extend(heard.into_iter().flatten());
    };
    let off = ["conversation.typing_off"];
    desk.public(&desk.contact, &format!("{path}/toggle_typing"), json!({ "typing_status": "off", "is_private": true }))
        .await;
    check("the contact types no more", [&off, &[], &off, &[], &[], &[]]).await;
    post(agent, "toggle_typing_status", json!({ "typing_status": "off", "is_private": true })).await;
    check("a note is typed", [&[], &[], &off, &[], &[], &[]]).await;
    post(agent, "toggle_typing_status", json!({ "typing_status": "perhaps" })).await;
    check("no known word", [&[], &[], &[], &[], &[], &[]]).await;

    desk.public(&desk.contact, &format!("{path}/update_last_seen"), json!({})).await;
    // The answer was deleted and is read all the same.
    let read = ["conversation.read", "message.updated"];
    check("the contact reads", [&read, &[], &read, &[], &["message.updated"], &[]]).await;
    desk.public(&desk.contact, &format!("{path}/toggle_status"), json!({})).await;
    let ended = ["conversation.status_changed", "conversation.updated"];
    check("the contact ends it", [&ended, &[], &ended, &[], &ended, &[]]).await;
    desk.public(&desk.contact, &format!("{path}/toggle_status"), json!({})).await;
    check("again", [&[], &[], &[], &[], &[], &[]]).await;

    let mention = format!("Look, [@](mention://user/{}/x)", agent.id);
    post(admin, "messages", json!({ "content": mention, "private": true })).await;
    let told = ["message.created", "conversation.mentioned"];
    check("a mention", [&told, &[], &["message.created"], &[], &[], &[]]).await;

    let made = app.post(admin, "contacts", json!({ "name": "Cleo" })).await.expect(200).json();
    let cleo = made["payload"]["contact"]["id"].clone();
    let one = |name: &'static str| [name];
    let created = one("contact.created");
    check("a contact is made", [&created, &created, &created, &[], &[], &[]]).await;
    app.delete(admin, &format!("contacts/{cleo}")).await.expect(200);
    let gone = one("contact.deleted");
    check("a contact is deleted", [&gone, &gone, &gone, &[], &[], &[]]).await;
    app.post(admin, "labels", json!({ "title": "refund" })).await.expect(200);
    let stale = one("account.cache_invalidated");
    check("a label is made", [&stale, &stale, &stale, &[], &[], &[]]).await;

    // The other contact turns out to be somebody who is known: its conversation goes along.
    app.post(admin, "contacts", json!({ "name": "Bob", "email": "bob@larkbikes.example" })).await.expect(200);
    desk.conversation(&desk.other_contact).await;
    desk.heard(&mut ears).await;
    let body = json!({ "email": "bob@larkbikes.example" });
    app.call(http::Method::PATCH, &desk.other_contact.path, None, Some(&body)).await.expect(200);
    let team = ["contact.deleted", "conversation.contact_changed", "contact.updated"];
    let members = ["contact.deleted", "contact.updated"];
    let mut check = async |what: &str, expected: [&[&str]; 6]| {
        let heard = desk.heard(&mut ears).await;
        assert_eq!(heard, expected, "{what}");
        all.extend(heard.into_iter().flatten());
    };
    check("two contacts are one", [&team, &members, &team, &[], &[], &["contact.merged"]]).await;

    let known = [
        "account.cache_invalidated",
        "assignee.changed",
        "contact.created",
        "contact.deleted",
        "contact.merged",
        "contact.updated",
        "conversation.contact_changed",
        "conversation.created",
        "conversation.mentioned",
        "conversation.read",
        "conversation.status_changed",
        "conversation.typing_off",
        "conversation.updated",
        "first.reply.created",
        "message.created",
        "message.updated",
        "team.changed",
    ];
    assert_eq!(all.iter().map(String::as_str).collect::<Vec<_>>(), known);
}

#[db_test]
async fn who_sees_a_conversation_hears_of_it_and_who_does_not_hears_nothing(desk: Desk) {
    let mut ears = [desk.ear_of(&desk.agent).await, desk.ear_of(&desk.rookie).await];
    let number = desk.conversation(&desk.contact).await;
    desk.heard(&mut ears).await;
    let path = format!("inbox_members/{}", desk.inbox);
    let members = |users: Value| json!({ "inbox_id": desk.inbox, "user_ids": users });
    let (agent, rookie) = (desk.agent.id, desk.rookie.id);
    for (turn, users) in [json!([rookie]), json!([agent, rookie]), json!([]), json!([agent])].into_iter().enumerate() {
        desk.app.patch(&desk.admin, "inbox_members", members(users)).await.expect(200);
        desk.heard(&mut ears).await;
        desk.public(&desk.contact, &format!("conversations/{number}/messages"), json!({ "content": "Hello" })).await;
        let heard = desk.heard(&mut ears).await;
        for (caller, heard) in [(&desk.agent, &heard[0]), (&desk.rookie, &heard[1])] {
            let list = desk.app.get(caller, "conversations").await.expect(200).json();
            let is_listed = !list["data"]["payload"].as_array().unwrap().is_empty();
            let is_told = heard.iter().any(|name| name == "message.created");
            assert_eq!(is_told, is_listed, "turn {turn}: {heard:?}");
        }
    }
    assert!(desk.app.get(&desk.admin, &path).await.expect(200).json()["payload"].is_array());
    // Out of the account: nothing more of it.
    desk.app.delete(&desk.admin, &format!("agents/{agent}")).await.expect(200);
    desk.heard(&mut ears).await;
    desk.public(&desk.contact, &format!("conversations/{number}/messages"), json!({ "content": "Hello" })).await;
    assert_eq!(desk.heard(&mut ears).await, [Vec::<&str>::new(), vec!["contact.updated"]]);
}

#[db_test]
async fn messages_carry_what_clients_read(desk: Desk) {
    let mut ears = ears(&desk).await;
    let number = desk.conversation(&desk.contact).await;
    desk.heard(&mut ears).await;
    let path = format!("conversations/{number}");
    let body = json!({ "content": "Hi", "echo_id": "tmp-7" });
    let written = desk.app.post(&desk.agent, &format!("{path}/messages"), body).await.expect(200).json();
    desk.app.run_due_jobs().await;
    crate::cable::dispatched(&desk.app.app).await;
    let heard = ears[CONTACT].flush().await;
    let data = &heard[0]["data"];
    assert_eq!((&data["id"], &data["echo_id"]), (&written["id"], &json!("tmp-7")));
    assert_eq!((&data["account_id"], &data["conversation_id"]), (&json!(desk.account()), &json!(number)));
    assert_eq!(data["performer"]["id"], json!(desk.agent.id));
    assert_eq!(data["sender"]["availability_status"], "online", "the agent has a socket");
    assert!(data.get("previous_changes").is_none());
    desk.app.delete(&desk.agent, &format!("{path}/messages/{}", written["id"])).await.expect(200);
    crate::cable::dispatched(&desk.app.app).await;
    let heard = ears[CONTACT].flush().await;
    let changes = &heard[0]["data"]["previous_changes"];
    assert_eq!(changes["content"], json!(["Hi", "This message was deleted"]));
    assert_eq!(changes["content_attributes"][1]["deleted"], true);
    assert!(heard[0]["data"].get("echo_id").is_none());
    // What a contact does has no performer.
    desk.public(&desk.contact, &format!("{path}/messages"), json!({ "content": "Oh" })).await;
    crate::cable::dispatched(&desk.app.app).await;
    let heard = ears[AGENT].flush().await;
    assert!(heard.iter().all(|message| message["data"]["performer"].is_null()
        || message["event"] != "message.created"
        || message["data"]["message_type"] == 1));
    assert!(
        heard.iter().any(|message| message["data"]["content"] == "Oh" && message["data"].get("performer").is_none())
    );
}
