//! What the server says by itself, told by the app's clock. The tests begin on a Monday at ten, UTC.

use std::time::Duration;

use ::store::sql;
use ::store::testing::{Engine, OnEngine, db_test};
use http::Method;
use serde_json::{Value, json};
use types::{InboxId, MessageType};

use crate::testing::{Caller, TestApp};

/// An account with an administrator.
struct Desk {
    app: TestApp,
    administrator: Caller,
}

/// A contact's way into an API inbox.
struct Visitor {
    path: String,
}

impl OnEngine for Desk {
    async fn on(engine: Engine) -> Self {
        let app = TestApp::on(engine).await;
        let account = app.account().await;
        let administrator = app.administrator(account).await;
        Self { app, administrator }
    }
}

impl Desk {
    async fn inbox(&self, more: Value) -> (InboxId, String) {
        let mut body = json!({ "name": "Desk", "channel": { "type": "api" } });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let inbox = self.app.post(&self.administrator, "inboxes", body).await.expect(200).json();
        let identifier = inbox["inbox_identifier"].as_str().unwrap_or_default().to_owned();
        (InboxId::new(inbox["id"].as_i64().unwrap()), identifier)
    }

    /// A contact with a new conversation in the inbox: its number.
    async fn visit(&self, identifier: &str) -> (Visitor, i64) {
        let contacts = format!("/public/api/v1/inboxes/{identifier}/contacts");
        let contact = self.public(&contacts, json!({ "name": "ada reed" })).await;
        let path = format!("{contacts}/{}/conversations", contact["source_id"].as_str().unwrap());
        let conversation = self.public(&path, json!({})).await;
        (Visitor { path }, conversation["id"].as_i64().unwrap())
    }

    async fn public(&self, path: &str, body: Value) -> Value {
        self.app.call(Method::POST, path, None, Some(&body)).await.expect(200).json()
    }

    async fn say(&self, visitor: &Visitor, number: i64, text: &str) -> Value {
        self.public(&format!("{}/{number}/messages", visitor.path), json!({ "content": text })).await
    }

    async fn write(&self, number: i64, body: Value) -> Value {
        let path = format!("conversations/{number}/messages");
        self.app.post(&self.administrator, &path, body).await.expect(200).json()
    }

    /// Texts of all messages but activities, oldest first; what the server wrote stands in brackets.
    async fn talk(&self, number: i64) -> Vec<String> {
        let path = format!("conversations/{number}/messages");
        let page = self.app.get(&self.administrator, &path).await.expect(200).json();
        let messages = page["payload"].as_array().unwrap().iter();
        messages
            .filter(|message| message["message_type"] != MessageType::Activity.number())
            .map(|message| {
                let text = message["content"].as_str().unwrap().to_owned();
                if message["message_type"] == MessageType::Template.number() { format!("[{text}]") } else { text }
            })
            .collect()
    }

    async fn set(&self, number: i64, status: &str) {
        let path = format!("conversations/{number}/toggle_status");
        self.app.post(&self.administrator, &path, json!({ "status": status })).await.expect(200);
    }

    async fn events_since(&self, before: usize) -> Vec<String> {
        self.app.event_names(self.administrator.account).await.split_off(before)
    }

    fn later(&self, hours: u64) {
        self.app.clock.advance(Duration::from_hours(hours));
    }
}

fn greeting() -> Value {
    json!({ "greeting_enabled": true, "greeting_message": "Hello {{ contact.first_name }} at {{ inbox.name }}!" })
}

fn away() -> Value {
    json!({ "working_hours_enabled": true, "out_of_office_message": "We are away" })
}

#[db_test]
async fn the_first_message_is_greeted_once_in_the_same_transaction(desk: Desk) {
    let (_, identifier) = desk.inbox(greeting()).await;
    let (visitor, number) = desk.visit(&identifier).await;
    let before = desk.events_since(0).await.len();
    let message = desk.say(&visitor, number, "Hi").await;
    assert_eq!(message["content"], "Hi");
    assert_eq!(desk.events_since(before).await, ["message.created", "message.created", "contact.updated"]);
    desk.say(&visitor, number, "Still here").await;
    assert_eq!(desk.talk(number).await, ["Hi", "[Hello Ada at Desk!]", "Still here"]);

    let path = format!("conversations/{number}");
    let shown = desk.app.get(&desk.administrator, &path).await.expect(200).json();
    assert_eq!((&shown["unread_count"], &shown["first_reply_created_at"]), (&json!(2), &json!(0)));
    assert!(shown["waiting_since"].as_i64().unwrap() > 0, "a template is no answer of a person");
    let public = desk.app.call(Method::GET, &format!("{}/{number}/messages", visitor.path), None, None).await;
    let greeting = public.expect(200).json()[1].clone();
    assert_eq!((&greeting["message_type"], greeting.get("sender")), (&json!(3), None));
}

#[db_test]
async fn messages_that_an_api_client_writes_for_the_contact_are_greeted_too(desk: Desk) {
    let (inbox, _) = desk.inbox(greeting()).await;
    let number = desk.app.conversation(&desk.administrator, inbox).await;
    desk.write(number, json!({ "content": "Hi", "message_type": "incoming" })).await;
    assert_eq!(desk.talk(number).await, ["Hi", "[Hello Contact at Desk!]"]);
}

#[db_test]
async fn nobody_is_greeted_who_was_answered_or_where_it_is_off_or_blank(desk: Desk) {
    let (_, identifier) = desk.inbox(greeting()).await;
    let (visitor, number) = desk.visit(&identifier).await;
    desk.write(number, json!({ "content": "We saw your order" })).await;
    desk.say(&visitor, number, "Hi").await;
    assert_eq!(desk.talk(number).await, ["We saw your order", "Hi"]);

    for more in [
        json!({ "greeting_enabled": false, "greeting_message": "Hello" }),
        json!({ "greeting_enabled": true, "greeting_message": "  " }),
        json!({ "greeting_enabled": true }),
    ] {
        let (_, identifier) = desk.inbox(more).await;
        let (visitor, number) = desk.visit(&identifier).await;
        desk.say(&visitor, number, "Hi").await;
        assert_eq!(desk.talk(number).await, ["Hi"]);
    }
}

#[db_test]
async fn outgoing_messages_and_notes_call_for_nothing(desk: Desk) {
    let (_, identifier) = desk.inbox(greeting()).await;
    let (_, number) = desk.visit(&identifier).await;
    desk.write(number, json!({ "content": "note", "private": true })).await;
    desk.set(number, "resolved").await;
    assert_eq!(desk.talk(number).await, ["note"]);
}

#[db_test]
async fn outside_of_the_opening_hours_the_contact_is_told_once_a_day(desk: Desk) {
    let (_, identifier) = desk.inbox(away()).await;
    let (visitor, number) = desk.visit(&identifier).await;
    desk.say(&visitor, number, "at ten").await;
    desk.later(8);
    desk.say(&visitor, number, "at six").await;
    desk.say(&visitor, number, "again").await;
    desk.later(5);
    desk.say(&visitor, number, "at eleven").await;
    desk.later(2);
    desk.say(&visitor, number, "at one").await;
    desk.later(9);
    desk.say(&visitor, number, "at ten again").await;
    let said = ["at ten", "at six", "[We are away]", "again", "at eleven", "at one", "[We are away]", "at ten again"];
    assert_eq!(desk.talk(number).await, said);
}

#[db_test]
async fn the_last_minute_is_open_and_the_day_is_that_of_the_inbox(desk: Desk) {
    let zone = json!({ "timezone": "Pacific/Auckland" });
    let mut body = away();
    body.as_object_mut().unwrap().extend(zone.as_object().unwrap().clone());
    // 10:00 UTC is 23:00 in Auckland.
    let (_, identifier) = desk.inbox(body).await;
    let (visitor, number) = desk.visit(&identifier).await;
    desk.say(&visitor, number, "23:00").await;
    desk.later(2);
    desk.say(&visitor, number, "1:00").await;
    desk.later(8);
    desk.say(&visitor, number, "9:00").await;
    desk.app.clock.advance(Duration::from_secs(8 * 3_600 + 59));
    desk.say(&visitor, number, "17:00:59").await;
    desk.app.clock.advance(Duration::from_secs(1));
    desk.say(&visitor, number, "17:01").await;
    let said = ["23:00", "[We are away]", "1:00", "[We are away]", "9:00", "17:00:59", "17:01"];
    assert_eq!(desk.talk(number).await, said, "one a day: that of one o'clock is today's");
}

#[db_test]
async fn a_contact_who_was_just_answered_is_not_told_that_nobody_is_there(desk: Desk) {
    let (_, identifier) = desk.inbox(away()).await;
    let (visitor, number) = desk.visit(&identifier).await;
    desk.later(8);
    desk.write(number, json!({ "content": "Late, but here" })).await;
    desk.app.clock.advance(Duration::from_secs(299));
    desk.say(&visitor, number, "Thanks").await;
    desk.app.clock.advance(Duration::from_secs(1));
    desk.say(&visitor, number, "Anything else?").await;
    assert_eq!(desk.talk(number).await, ["Late, but here", "Thanks", "Anything else?", "[We are away]"]);
}

#[db_test]
async fn who_is_told_that_nobody_is_there_is_not_greeted(desk: Desk) {
    let mut body = away();
    body.as_object_mut().unwrap().extend(greeting().as_object().unwrap().clone());
    let (_, identifier) = desk.inbox(body).await;
    let (visitor, number) = desk.visit(&identifier).await;
    desk.later(8);
    desk.say(&visitor, number, "Hi").await;
    assert_eq!(desk.talk(number).await, ["Hi", "[We are away]"]);
}

#[db_test]
async fn a_website_asks_once_for_an_address_that_it_does_not_have(desk: Desk) {
    let website = json!({ "channel": { "type": "web_widget", "website_url": "https://shop.sample.test" } });
    let (inbox, _) = desk.inbox(website).await;
    let known = desk.app.conversation(&desk.administrator, inbox).await;
    let unknown = desk.app.conversation(&desk.administrator, inbox).await;
    forget_email(&desk, unknown).await;
    for number in [known, unknown] {
        for _ in 0..2 {
            write_as_contact(&desk, number).await;
        }
    }
    assert_eq!(desk.talk(known).await, ["Hi", "Hi"]);
    let talk = desk.talk(unknown).await;
    assert_eq!((talk.len(), &talk[0], &talk[3]), (4, &"Hi".to_owned(), &"Hi".to_owned()), "{talk:?}");
    let path = format!("conversations/{unknown}/messages");
    let page = desk.app.get(&desk.administrator, &path).await.expect(200).json();
    let kinds: Vec<_> =
        page["payload"].as_array().unwrap().iter().map(|message| message["content_type"].clone()).collect();
    assert_eq!(kinds, ["text", "text", "input_email", "text"]);
}

#[db_test]
async fn an_address_that_is_left_becomes_the_contacts_own_unless_somebody_has_it(desk: Desk) {
    let website = json!({ "channel": { "type": "web_widget", "website_url": "https://shop.sample.test" } });
    let (inbox, _) = desk.inbox(website).await;
    let taken = json!({ "name": "Other", "email": "taken@sample.test" });
    desk.app.post(&desk.administrator, "contacts", taken).await.expect(200);
    for (left, own) in [("taken@sample.test", Value::Null), (" Ada@Sample.TEST ", json!("ada@sample.test"))] {
        let number = desk.app.conversation(&desk.administrator, inbox).await;
        forget_email(&desk, number).await;
        write_as_contact(&desk, number).await;
        assert!(leave(&desk, number, "no address").await.is_err());
        let before = desk.events_since(0).await.len();
        leave(&desk, number, left).await.unwrap();
        let events = desk.events_since(before).await;
        let expected = if own.is_null() { vec!["message.updated"] } else { vec!["message.updated", "contact.updated"] };
        assert_eq!(events, expected, "{left}");
        let path = format!("conversations/{number}/messages");
        let page = desk.app.get(&desk.administrator, &path).await.expect(200).json();
        let question = &page["payload"][2];
        assert_eq!(question["content_attributes"]["submitted_email"], left.trim().to_lowercase());
        assert_eq!(page["meta"]["contact"]["email"], own, "{left}");
    }
}

/// Answers the question of the conversation, its third message.
async fn leave(desk: &Desk, number: i64, email: &'static str) -> edge::Result<()> {
    let account = desk.administrator.account;
    let path = format!("conversations/{number}/messages");
    let page = desk.app.get(&desk.administrator, &path).await.expect(200).json();
    let id = types::MessageId::new(page["payload"][2]["id"].as_i64().unwrap());
    let answered = desk.app.app.store.write(move |tx| {
        let found = crate::conversation::store::find(tx, account, number)?.unwrap();
        let conversation = crate::conversation::store::lock(tx, account, found.id)?.unwrap();
        let question = crate::message::store::list_by_ids(tx, account, &[id])?.remove(0);
        super::answer_email(tx, &conversation, &question, email)
    });
    answered.await
}

/// Takes the address off the contact of a conversation.
async fn forget_email(desk: &Desk, number: i64) {
    let account = desk.administrator.account;
    let forgotten = desk.app.app.store.write(move |tx| {
        let text = sql!(
            "UPDATE contacts SET email = NULL WHERE account_id = $1
             AND id = (SELECT contact_id FROM conversations WHERE account_id = $1 AND display_id = $2)"
        );
        tx.execute(text, (account, number))
    });
    forgotten.await.map_err(crate::Error::from).unwrap();
}

/// A contact's message in a website inbox, which has no route of its own yet.
async fn write_as_contact(desk: &Desk, number: i64) {
    let account = desk.administrator.account;
    desk.app
        .app
        .store
        .write(move |tx| {
            let found = crate::conversation::store::find(tx, account, number)?.unwrap();
            let mut conversation = crate::conversation::store::lock(tx, account, found.id)?.unwrap();
            let draft = crate::message::draft::Draft::text(MessageType::Incoming, Some("Hi".into()), None)?;
            let contact = conversation.contact_id;
            let actor = crate::events::Actor::Contact { id: contact };
            crate::message::service::create(tx, &mut conversation, &draft.from_contact(contact), &actor, None)?;
            Ok::<_, crate::Error>(())
        })
        .await
        .unwrap();
}

#[db_test]
async fn an_api_inbox_asks_for_no_address(desk: Desk) {
    let (_, identifier) = desk.inbox(json!({ "enable_email_collect": true })).await;
    let (visitor, number) = desk.visit(&identifier).await;
    desk.say(&visitor, number, "Hi").await;
    assert_eq!(desk.talk(number).await, ["Hi"]);
}

#[db_test]
async fn while_a_bot_handles_the_conversation_the_server_is_silent(desk: Desk) {
    let (inbox, identifier) = desk.inbox(greeting()).await;
    let (_, token) = desk.app.bot(desk.administrator.account, inbox).await;
    let (visitor, number) = desk.visit(&identifier).await;
    desk.say(&visitor, number, "Hi").await;
    assert_eq!(desk.talk(number).await, ["Hi"]);
    desk.set(number, "open").await;
    desk.say(&visitor, number, "A person, please").await;
    assert_eq!(desk.talk(number).await, ["Hi", "A person, please", "[Hello Ada at Desk!]"]);

    let (visitor, number) = desk.visit(&identifier).await;
    desk.say(&visitor, number, "Hi").await;
    let bot = Caller { token, ..desk.administrator.clone() };
    desk.app.post(&bot, &format!("conversations/{number}/messages"), json!({ "content": "Beep" })).await.expect(200);
    desk.set(number, "open").await;
    desk.say(&visitor, number, "A person, please").await;
    assert_eq!(desk.talk(number).await, ["Hi", "Beep", "A person, please"], "the bot has greeted");
}

#[db_test]
async fn a_conversation_that_stays_closed_is_not_answered(desk: Desk) {
    let (_, identifier) = desk.inbox(greeting()).await;
    let (visitor, number) = desk.visit(&identifier).await;
    desk.set(number, "resolved").await;
    let account = desk.administrator.account;
    let mute = move |tx: &mut ::store::Tx<'_>| {
        tx.execute(sql!("UPDATE conversations SET muted = TRUE WHERE account_id = $1"), (account,))
    };
    desk.app.app.store.write(mute).await.map_err(crate::Error::from).unwrap();
    desk.say(&visitor, number, "Hello?").await;
    assert_eq!(desk.talk(number).await, ["Hello?"]);
}

#[db_test]
async fn a_mail_that_a_machine_wrote_is_not_answered(desk: Desk) {
    let (inbox, _) = desk.inbox(greeting()).await;
    let number = desk.app.conversation(&desk.administrator, inbox).await;
    let attributes = json!({ "email": { "auto_reply": true } });
    let body = json!({ "content": "Out sailing", "message_type": "incoming", "content_attributes": attributes });
    desk.write(number, body).await;
    assert_eq!(desk.talk(number).await, ["Out sailing"]);
}

#[db_test]
async fn text_that_is_no_good_template_is_sent_as_it_is(desk: Desk) {
    let (_, identifier) =
        desk.inbox(json!({ "greeting_enabled": true, "greeting_message": "Hello {{ contact.name" })).await;
    let (visitor, number) = desk.visit(&identifier).await;
    desk.say(&visitor, number, "Hi").await;
    assert_eq!(desk.talk(number).await, ["Hi", "[Hello {{ contact.name]"]);
}
