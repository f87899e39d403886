//! Conversations as clients see them, with what follows from each change.

mod bot;
mod upkeep;

use std::collections::HashSet;

use ::store::testing::db_test;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::testing::{Caller, START, TestApp};

/// An account with an administrator, two agents and an inbox that both are in.
struct Desk {
    app: TestApp,
    administrator: Caller,
    agent: Caller,
    other: Caller,
    inbox: types::InboxId,
}

impl ::store::testing::OnEngine for Desk {
    async fn on(engine: ::store::testing::Engine) -> Self {
        let app = TestApp::on(engine).await;
        let account = app.account().await;
        let (administrator, agent) = (app.administrator(account).await, app.agent(account).await);
        let other = app.agent(account).await;
        let inbox = app.api_inbox(&administrator).await;
        app.join(&administrator, inbox, &[&agent, &other]).await;
        Self { app, administrator, agent, other, inbox }
    }
}

impl Desk {
    async fn conversation(&self) -> i64 {
        self.app.conversation(&self.agent, self.inbox).await
    }

    async fn show(&self, number: i64) -> Value {
        self.app.get(&self.administrator, &format!("conversations/{number}")).await.expect(200).json()
    }

    async fn toggle(&self, caller: &Caller, number: i64, body: Value) -> Value {
        let path = format!("conversations/{number}/toggle_status");
        self.app.post(caller, &path, body).await.expect(200).json()["payload"].clone()
    }

    async fn write(&self, caller: &Caller, number: i64, body: Value) -> Value {
        self.app.post(caller, &format!("conversations/{number}/messages"), body).await.expect(200).json()
    }

    /// Texts of the activity messages, oldest first.
    async fn activities(&self, number: i64) -> Vec<String> {
        let path = format!("conversations/{number}/messages");
        let messages = self.app.get(&self.administrator, &path).await.expect(200).json();
        let messages = messages["payload"].as_array().unwrap().clone();
        let texts = messages.into_iter().filter(|message| message["message_type"] == 2);
        texts.map(|message| message["content"].as_str().unwrap().to_owned()).collect()
    }

    async fn counts(&self, caller: &Caller, query: &str) -> [i64; 4] {
        let meta = self.app.get(caller, &format!("conversations/meta?{query}")).await.expect(200).json();
        ["mine_count", "assigned_count", "unassigned_count", "all_count"].map(|key| meta["meta"][key].as_i64().unwrap())
    }

    async fn events_of(&self, action: impl Future) -> Vec<String> {
        let before = self.app.event_names(self.agent.account).await.len();
        action.await;
        self.app.event_names(self.agent.account).await.split_off(before)
    }
}

#[db_test]
async fn numbers_start_at_one_in_every_account_and_have_no_gaps(desk: Desk) {
    let created = join_all((0..20).map(|_| desk.conversation())).await;
    let numbers: HashSet<i64> = created.into_iter().collect();
    assert_eq!(numbers, (1..=20).collect());
    let account = desk.app.account().await;
    let administrator = desk.app.administrator(account).await;
    let inbox = desk.app.api_inbox(&administrator).await;
    assert_eq!(desk.app.conversation(&administrator, inbox).await, 1);
}

#[db_test]
async fn creation_tells_of_nothing_but_the_creation(desk: Desk) {
    desk.app.set_online(&desk.agent).await;
    let contact = desk.app.contact(&desk.agent).await;
    let body = json!({ "inbox_id": desk.inbox, "contact_id": contact });
    let events = desk.events_of(desk.app.post(&desk.administrator, "conversations", body)).await;
    assert_eq!(events, ["conversation.created"]);
    let shown = desk.show(1).await;
    assert_eq!(shown["meta"]["assignee"]["id"], json!(desk.agent.id));
    assert_eq!(shown["messages"], json!([]));
}

#[db_test]
async fn round_robin_takes_online_members_in_turn_and_nobody_else(desk: Desk) {
    assert_eq!(desk.show(desk.conversation().await).await["meta"].get("assignee"), None);
    desk.app.set_online(&desk.agent).await;
    desk.app.set_online(&desk.other).await;
    desk.app.set_online(&desk.administrator).await;
    let mut picked = Vec::new();
    for _ in 0..6 {
        picked.push(desk.show(desk.conversation().await).await["meta"]["assignee"]["id"].as_i64().unwrap());
    }
    let (one, two) = (desk.agent.id.get(), desk.other.id.get());
    assert_eq!(picked, [one, two, one, two, one, two]);
}

#[db_test]
async fn conversations_that_open_at_once_are_shared_out_evenly(desk: Desk) {
    desk.app.set_online(&desk.agent).await;
    desk.app.set_online(&desk.other).await;
    join_all((0..20).map(|_| desk.conversation())).await;
    assert_eq!(desk.counts(&desk.agent, "").await, [10, 20, 0, 20]);
    assert_eq!(desk.counts(&desk.other, "").await, [10, 20, 0, 20]);
}

#[db_test]
async fn an_agent_who_opens_a_conversation_takes_it_over_and_an_administrator_does_not(desk: Desk) {
    let number = desk.conversation().await;
    desk.toggle(&desk.agent, number, json!({ "status": "pending" })).await;
    let opened = desk.events_of(desk.toggle(&desk.agent, number, json!({ "status": "open" }))).await;
    assert_eq!(
        opened,
        [
            "conversation.status_changed",
            "assignee.changed",
            "message.created",
            "message.created",
            "conversation.updated",
        ]
    );
    assert_eq!(desk.show(number).await["meta"]["assignee"]["id"], json!(desk.agent.id));

    let number = desk.conversation().await;
    desk.toggle(&desk.administrator, number, json!({})).await;
    desk.toggle(&desk.administrator, number, json!({})).await;
    let shown = desk.show(number).await;
    assert_eq!((&shown["status"], shown["meta"].get("assignee")), (&json!("open"), None));
}

#[db_test]
async fn the_same_again_changes_and_tells_nothing(desk: Desk) {
    let number = desk.conversation().await;
    desk.toggle(&desk.administrator, number, json!({ "status": "resolved" })).await;
    let before = desk.show(number).await;
    let status = desk.events_of(desk.toggle(&desk.administrator, number, json!({ "status": "resolved" }))).await;
    let path = format!("conversations/{number}/assignments");
    let assignee = desk.events_of(desk.app.post(&desk.agent, &path, json!({ "assignee_id": null }))).await;
    assert_eq!((status, assignee), (vec![], vec![]));
    assert_eq!(desk.show(number).await, before);
}

#[db_test]
async fn snoozing_ends_with_its_time_or_with_the_contacts_next_message(desk: Desk) {
    let timed = desk.conversation().await;
    let until = START.epoch_seconds() + 3_600;
    let body = json!({ "status": "snoozed", "snoozed_until": until.to_string() });
    let answer = desk.toggle(&desk.administrator, timed, body).await;
    assert_eq!(answer["snoozed_until"], "2026-01-05T11:00:00.000Z");
    desk.app.clock.advance(std::time::Duration::from_secs(3_599));
    desk.app.run_due_jobs().await;
    assert_eq!(desk.show(timed).await["status"], "snoozed");
    desk.app.clock.advance(std::time::Duration::from_secs(2));
    assert_eq!(desk.app.run_due_jobs().await, 1);
    let shown = desk.show(timed).await;
    assert_eq!((&shown["status"], &shown["snoozed_until"]), (&json!("open"), &Value::Null));

    let open_ended = desk.conversation().await;
    desk.toggle(&desk.administrator, open_ended, json!({ "status": "snoozed" })).await;
    desk.write(&desk.agent, open_ended, json!({ "content": "a note", "private": true })).await;
    assert_eq!(desk.show(open_ended).await["status"], "snoozed");
    desk.write(&desk.agent, open_ended, json!({ "content": "back", "message_type": "incoming" })).await;
    assert_eq!(desk.show(open_ended).await["status"], "open");
}

#[db_test]
async fn a_conversation_that_was_opened_by_hand_is_not_woken(desk: Desk) {
    let number = desk.conversation().await;
    let until = START.epoch_seconds() + 60;
    desk.toggle(&desk.administrator, number, json!({ "status": "snoozed", "snoozed_until": until })).await;
    desk.toggle(&desk.administrator, number, json!({ "status": "resolved" })).await;
    desk.app.clock.advance(std::time::Duration::from_mins(2));
    desk.app.run_due_jobs().await;
    assert_eq!(desk.show(number).await["status"], "resolved");
}

#[db_test]
async fn a_bot_starts_a_conversation_as_pending_and_hands_it_over(desk: Desk) {
    let account = desk.agent.account;
    let (_, token) = desk.app.bot(account, desk.inbox).await;
    let bot = Caller { token, ..desk.agent.clone() };
    let contact = desk.app.contact(&desk.agent).await;
    let body = json!({ "inbox_id": desk.inbox, "contact_id": contact, "status": "open" });
    let number = desk.app.post(&bot, "conversations", body).await.expect(200).json()["id"].as_i64().unwrap();
    assert_eq!(desk.show(number).await["status"], "pending");
    desk.app.set_online(&desk.other).await;
    desk.toggle(&bot, number, json!({ "status": "open" })).await;
    let shown = desk.show(number).await;
    assert_eq!((&shown["status"], &shown["meta"]["assignee"]["id"]), (&json!("open"), &json!(desk.other.id)));
    assert!(desk.activities(number).await.is_empty(), "what a bot does leaves no activity");

    desk.toggle(&desk.administrator, number, json!({ "status": "resolved" })).await;
    desk.write(&desk.agent, number, json!({ "content": "again", "message_type": "incoming" })).await;
    assert_eq!(desk.show(number).await["status"], "pending", "a resolved conversation goes back to the bot");
}

#[db_test]
async fn a_team_takes_the_assignee_who_is_not_in_it_away_and_picks_its_own(desk: Desk) {
    let account = desk.agent.account;
    let quiet = desk.app.team(account, false, &[&desk.agent]).await;
    let picking = desk.app.team(account, true, &[&desk.other]).await;
    desk.app.set_online(&desk.other).await;
    desk.app.set_online(&desk.agent).await;
    let number = desk.conversation().await;
    let path = format!("conversations/{number}/assignments");
    desk.app.post(&desk.administrator, &path, json!({ "assignee_id": desk.agent.id })).await.expect(200);

    let assign = |team: types::TeamId| desk.app.post(&desk.administrator, &path, json!({ "team_id": team }));
    assert_eq!(assign(quiet).await.expect(200).json()["allow_auto_assign"], false);
    assert_eq!(desk.show(number).await["meta"]["assignee"]["id"], json!(desk.agent.id));
    let events = desk.events_of(assign(picking)).await;
    assert_eq!(events, ["assignee.changed", "team.changed", "message.created", "conversation.updated"]);
    let shown = desk.show(number).await;
    assert_eq!(shown["meta"]["assignee"]["id"], json!(desk.other.id));
    assert_eq!(shown["meta"]["team"]["is_member"], false);
    let removed = desk.app.post(&desk.administrator, &path, json!({ "team_id": 0 })).await.expect(200);
    assert_eq!(removed.body, b"null");
    assert_eq!(desk.show(number).await["meta"]["assignee"]["id"], json!(desk.other.id));
}

#[db_test]
async fn a_bots_id_is_not_taken_for_a_users(desk: Desk) {
    let number = desk.conversation().await;
    let path = format!("conversations/{number}/assignments");
    let body = json!({ "assignee_id": desk.agent.id, "assignee_type": "AgentBot" });
    let refused = desk.app.post(&desk.agent, &path, body).await.expect(422).json();
    assert_eq!(refused["attributes"], json!(["assignee_type"]));
    assert_eq!(desk.show(number).await["meta"].get("assignee"), None);
    let body = json!({ "assignee_id": desk.agent.id, "assignee_type": "User" });
    desk.app.post(&desk.agent, &path, body).await.expect(200);
}

#[db_test]
async fn labels_are_one_whatever_the_case_and_keep_their_first_spelling(desk: Desk) {
    let number = desk.conversation().await;
    let path = format!("conversations/{number}/labels");
    let set = |labels: Value| desk.app.post(&desk.agent, &path, json!({ "labels": labels }));
    assert_eq!(
        set(json!(["Vip", "vip", "äpfel, Birnen"])).await.expect(200).json()["payload"],
        json!(["Vip", "äpfel", "Birnen"])
    );
    assert_eq!(set(json!("VIP,ÄPFEL")).await.expect(200).json()["payload"], json!(["Vip", "äpfel"]));
    for query in ["labels=vIp", "labels[]=ÄPFEL&labels[]=none", "labels=none,vip"] {
        assert_eq!(desk.counts(&desk.agent, query).await, [0, 0, 1, 1], "{query}");
    }
    assert_eq!(desk.counts(&desk.agent, "labels=").await, [0, 0, 0, 0]);
    let events = desk.events_of(set(json!(["new"]))).await;
    assert_eq!(events, ["message.created", "message.created", "conversation.updated"]);
    assert_eq!(desk.activities(number).await.len(), 4);
    assert_eq!(desk.events_of(set(json!(["NEW"]))).await, Vec::<String>::new());
}

#[db_test]
async fn new_labels_are_made_in_one_order_and_shown_in_the_one_they_came_in(desk: Desk) {
    let number = desk.conversation().await;
    let path = format!("conversations/{number}/labels");
    let given = json!(["zebra", "apple", "mule", "birds"]);
    let set = desk.app.post(&desk.agent, &path, json!({ "labels": given })).await.expect(200).json();
    assert_eq!(set["payload"], given);
    assert_eq!(desk.app.get(&desk.agent, &path).await.expect(200).json()["payload"], given);
    // Requests that make the same labels lock them in the same order, whatever order they name them in.
    let crossed = "SELECT COUNT(*) FROM tags a JOIN tags b ON a.folded_name < b.folded_name AND a.id > b.id";
    assert_eq!(desk.app.number(crossed, &[]).await, 0);
}

#[db_test]
async fn counts_follow_every_change(desk: Desk) {
    let numbers = [desk.conversation().await, desk.conversation().await, desk.conversation().await];
    assert_eq!(desk.counts(&desk.agent, "").await, [0, 0, 3, 3]);
    let path = format!("conversations/{}/assignments", numbers[0]);
    desk.app.post(&desk.agent, &path, json!({ "assignee_id": desk.agent.id })).await.expect(200);
    assert_eq!(desk.counts(&desk.agent, "").await, [1, 1, 2, 3]);
    assert_eq!(desk.counts(&desk.other, "").await, [0, 1, 2, 3]);
    desk.toggle(&desk.agent, numbers[0], json!({})).await;
    assert_eq!(desk.counts(&desk.agent, "").await, [0, 0, 2, 2]);
    assert_eq!(desk.counts(&desk.agent, "status=all").await, [1, 1, 2, 3]);
    assert_eq!(desk.counts(&desk.agent, "status=1").await, [1, 1, 0, 1]);
    // Kept counts and counted rows agree: a team that nobody is in narrows nothing but asks for counting.
    assert_eq!(desk.counts(&desk.agent, "status=all&updated_within=100000").await, [1, 1, 2, 3]);
}

#[db_test]
async fn agents_list_what_is_in_their_inboxes_and_administrators_everything(desk: Desk) {
    let hidden = desk.app.api_inbox(&desk.administrator).await;
    let secret = desk.app.conversation(&desk.administrator, hidden).await;
    let shared = desk.conversation().await;
    let ids = async |caller: &Caller, query: &str| -> Vec<i64> {
        let list = desk.app.get(caller, &format!("conversations?{query}")).await.expect(200).json();
        let rows = list["data"]["payload"].as_array().unwrap();
        rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
    };
    assert_eq!(ids(&desk.administrator, "").await, [shared, secret]);
    assert_eq!(ids(&desk.agent, "").await, [shared]);
    assert_eq!(ids(&desk.agent, &format!("inbox_id={hidden}")).await, Vec::<i64>::new());
    assert_eq!(desk.counts(&desk.agent, "").await, [0, 0, 1, 1]);
    assert_eq!(ids(&desk.administrator, &format!("inbox_id={hidden}")).await, [secret]);
    for empty in ["inbox_id=", "inbox_id=abc", "inbox_id=99999999"] {
        assert_eq!(ids(&desk.administrator, empty).await, Vec::<i64>::new(), "{empty}");
    }
    desk.app.get(&desk.agent, &format!("conversations/{secret}")).await.expect(403);
}

#[db_test]
async fn a_search_finds_texts_without_case_and_signs_literally(desk: Desk) {
    let number = desk.conversation().await;
    desk.write(&desk.agent, number, json!({ "content": "Größe ÉCLAIR 100%_", "private": true })).await;
    desk.toggle(&desk.administrator, number, json!({ "status": "resolved" })).await;
    for (query, expected) in
        [("q=gr%C3%B6SSe", 0), ("q=%20%C3%A9clair%20", 1), ("q=100%25_", 1), ("q=1__%25", 0), ("q=reopened", 0)]
    {
        assert_eq!(desk.counts(&desk.agent, query).await[3], expected, "{query}");
    }
}

#[db_test]
async fn lists_refuse_an_unknown_status_and_miss_an_unknown_team(desk: Desk) {
    let refused = desk.app.get(&desk.agent, "conversations?status=sleeping").await.expect(422).json();
    assert_eq!(refused["attributes"], json!(["status"]));
    desk.app.get(&desk.agent, "conversations?status=").await.expect(200);
    for team in ["team_id=99999999", "team_id=", "team_id=abc&status=sleeping"] {
        desk.app.get(&desk.agent, &format!("conversations?{team}")).await.expect(404);
    }
}

#[db_test]
async fn pages_hold_twenty_five_newest_activity_first(desk: Desk) {
    for _ in 0..27 {
        desk.app.clock.advance(std::time::Duration::from_secs(1));
        desk.conversation().await;
    }
    desk.app.clock.advance(std::time::Duration::from_secs(1));
    desk.write(&desk.agent, 5, json!({ "content": "bump" })).await;
    let page = async |number: &str| -> Vec<i64> {
        let list = desk.app.get(&desk.agent, &format!("conversations?page={number}")).await.expect(200).json();
        assert_eq!(list["data"]["meta"]["all_count"], 27);
        list["data"]["payload"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
    };
    let first = page("1").await;
    assert_eq!((first.len(), first[0], first[1]), (25, 5, 27));
    assert_eq!(page("2").await, [2, 1]);
    assert_eq!(page("3").await, Vec::<i64>::new());
    assert_eq!(page("-1").await, first);
}

#[db_test]
async fn an_answering_window_closes(desk: Desk) {
    let body = json!({
        "name": "Window", "channel": { "type": "api", "additional_attributes": { "agent_reply_time_window": "2" } }
    });
    let inbox = desk.app.post(&desk.administrator, "inboxes", body).await.expect(200).json()["id"].as_i64().unwrap();
    let number = desk.app.conversation(&desk.administrator, types::InboxId::new(inbox)).await;
    assert_eq!(desk.show(number).await["can_reply"], false, "the contact has never written");
    desk.write(&desk.administrator, number, json!({ "content": "hi", "message_type": "incoming" })).await;
    assert_eq!(desk.show(number).await["can_reply"], true);
    desk.app.clock.advance(std::time::Duration::from_secs(2 * 3_600 + 1));
    assert_eq!(desk.show(number).await["can_reply"], false);
}

#[db_test]
async fn writers_that_race_for_one_conversation_lose_nothing(desk: Desk) {
    let number = desk.conversation().await;
    let writes = (0..24).map(|turn| {
        let kind = if turn % 2 == 0 { "incoming" } else { "outgoing" };
        let desk = &desk;
        async move {
            if turn % 6 == 5 {
                desk.toggle(&desk.administrator, number, json!({})).await;
            } else {
                desk.write(&desk.agent, number, json!({ "content": "x", "message_type": kind })).await;
            }
        }
    });
    join_all(writes).await;
    assert_eq!(desk.show(number).await["unread_count"], 12);
    let messages = "SELECT COUNT(*) FROM messages WHERE message_type IN ('incoming', 'outgoing')";
    assert_eq!(desk.app.number(messages, &[]).await, 20);
    let kept = "SELECT CAST(SUM(conversation_count) AS BIGINT) FROM conversation_counters WHERE bucket = 'all'";
    assert_eq!(desk.app.number(kept, &[]).await, 1);
    let gaps = "SELECT MAX(seq) - COUNT(*) FROM events WHERE account_id = $1";
    assert_eq!(desk.app.number(gaps, &[desk.agent.account.get()]).await, 0);
}

#[db_test]
async fn an_inbox_of_single_conversations_keeps_to_one_when_many_open_at_once(desk: Desk) {
    let body = json!({ "name": "Single", "lock_to_single_conversation": true, "channel": { "type": "api" } });
    let inbox = desk.app.post(&desk.administrator, "inboxes", body).await.expect(200).json()["id"].clone();
    let body = json!({ "inbox_id": inbox, "source_id": "one" });
    desk.app.post(&desk.administrator, "contacts", body).await.expect(200);
    let body = json!({ "source_id": "one" });
    let open = || desk.app.post(&desk.administrator, "conversations", body.clone());
    let numbers = join_all((0..12).map(|_| open())).await;
    let numbers: HashSet<i64> = numbers.into_iter().map(|one| one.expect(200).json()["id"].as_i64().unwrap()).collect();
    assert_eq!(numbers.len(), 1);
}

#[db_test]
async fn a_list_costs_the_same_number_of_statements_whatever_it_holds(desk: Desk) {
    let count = async || {
        let stats = ::store::QueryStats::default();
        stats.clone().counting(desk.list_in_process()).await;
        stats.statements()
    };
    let number = desk.conversation().await;
    desk.write(&desk.agent, number, json!({ "content": "hi" })).await;
    let one = count().await;
    for _ in 0..24 {
        let number = desk.conversation().await;
        desk.write(&desk.agent, number, json!({ "content": "hi" })).await;
        desk.write(&desk.agent, number, json!({ "content": "hi", "message_type": "incoming" })).await;
    }
    let many = count().await;
    // One more for each kind of sender that a page of one conversation does not have.
    assert!(many <= one + 1, "{one} statements for one conversation, {many} for twenty-five");
}

impl Desk {
    /// The list without the edge, whose own counter would hide ours.
    async fn list_in_process(&self) {
        let member = crate::access::Member {
            account_id: self.agent.account,
            user_id: self.agent.id,
            name: String::new(),
            role: types::Role::Agent,
        };
        let state = axum::extract::State(self.app.app.clone());
        let query = edge::Query(super::wire::ListQuery::default());
        super::routes::list(state, member, query).await.unwrap();
    }
}
