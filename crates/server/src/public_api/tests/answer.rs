//! What contacts answer to messages that ask.

use std::time::Duration;

use ::store::testing::db_test;
use futures_util::future::join;
use http::Method;
use serde_json::{Value, json};

use super::Site;
use crate::testing::Answer;

/// Two sessions, a conversation of the first, and how they answer a message of it.
struct Talk<'a> {
    site: &'a Site,
    session: String,
    stranger: String,
    number: i64,
}

impl<'a> Talk<'a> {
    async fn new(site: &'a Site) -> Self {
        let session = site.session("Aino").await;
        let number = site.open(&session).await;
        Self { session, stranger: site.session("Bo").await, number, site }
    }

    async fn ask(&self, body: Value) -> Value {
        self.site.answer(self.number, body).await["id"].clone()
    }

    async fn answer_as(&self, session: &str, message: &Value, body: Value) -> Answer {
        let path = format!("/{session}/conversations/{}/messages/{message}", self.number);
        self.site.call(Method::PATCH, &path, Some(body)).await
    }

    async fn answer(&self, message: &Value, body: Value) -> Answer {
        self.answer_as(&self.session, message, body).await
    }

    async fn submitted(&self, message: &Value, body: Value) -> Value {
        self.answer(message, body).await.expect(200).json()["content_attributes"]["submitted_values"].clone()
    }

    async fn events(&self) -> Vec<String> {
        self.site.app.event_names(self.site.administrator.account).await
    }
}

fn choice() -> Value {
    json!({ "content": "Which one?", "content_type": "input_select",
            "content_attributes": { "items": [{ "title": "Red", "value": "red" }] } })
}

#[db_test]
async fn a_choice_is_answered_once_or_again_and_nothing_else_of_the_message_changes(site: Site) {
    let talk = Talk::new(&site).await;
    let question = talk.ask(choice()).await;
    let before = talk.events().await.len();
    let first = json!({ "submitted_values": [{ "title": "Red", "value": "red", "colour": "dropped" }],
                        "content": "Mine", "content_attributes": {} });
    assert_eq!(talk.submitted(&question, first).await, json!([{ "title": "Red", "value": "red" }]));
    let alone = json!({ "submitted_values": { "name": "size", "value": "ÄÖ 7" } });
    for _ in 0..2 {
        assert_eq!(talk.submitted(&question, alone.clone()).await, json!({ "name": "size", "value": "ÄÖ 7" }));
    }
    let nothing = talk.answer(&question, json!({})).await.expect(200).json();
    assert_eq!(nothing["content"], "Which one?");
    assert_eq!(nothing["content_attributes"]["items"], json!([{ "title": "Red", "value": "red" }]));
    assert_eq!(nothing["content_attributes"]["submitted_values"], json!({ "name": "size", "value": "ÄÖ 7" }));
    assert_eq!(talk.events().await[before..], ["message.updated", "message.updated"]);
}

#[db_test]
async fn what_was_not_asked_for_is_refused_and_nothing_is_kept(site: Site) {
    let talk = Talk::new(&site).await;
    let text = talk.ask(json!({ "content": "Hello" })).await;
    let choice = talk.ask(choice()).await;
    let survey = talk.ask(json!({ "content_type": "input_csat" })).await;
    let values = json!({ "submitted_values": [{ "value": "red" }] });
    let rating = |rating: Value| json!({ "submitted_values": { "csat_survey_response": { "rating": rating } } });
    let before = talk.events().await.len();
    for (message, body, field) in [
        (&text, values.clone(), "submitted_values"),
        (&survey, values, "submitted_values"),
        (&choice, rating(json!(3)), "submitted_values"),
        (&choice, json!({ "submitted_values": [{ "value": { "a": 1 } }] }), "submitted_values"),
        (&choice, json!({ "submitted_values": ["red"] }), "submitted_values"),
        (&choice, json!({ "submitted_values": "red" }), "submitted_values"),
        (&choice, json!({ "submitted_values": [{ "value": "x".repeat(20_001) }] }), "submitted_values"),
        (&choice, json!({ "submitted_values": vec![json!({}); 1_001] }), "submitted_values"),
        (&choice, json!({ "submitted_email": "ada@sample.test" }), "submitted_email"),
        (&survey, rating(json!(0)), "rating"),
        (&survey, rating(json!(6)), "rating"),
        (&survey, rating(json!("good")), "submitted_values"),
        (&survey, rating(Value::Null), "submitted_values"),
    ] {
        let refused = talk.answer(message, body.clone()).await.expect(422).json();
        assert_eq!(refused["attributes"], json!([field]), "{body}");
    }
    assert_eq!(talk.events().await.len(), before);
}

#[db_test]
async fn a_survey_is_answered_within_two_weeks_and_its_rating_is_a_row(site: Site) {
    let talk = Talk::new(&site).await;
    let survey = talk.ask(json!({ "content_type": "input_csat" })).await;
    let answered =
        |rating: i64, text: &str| json!({ "csat_survey_response": { "rating": rating, "feedback_message": text } });
    for (rating, text) in [(2, "slow"), (5, "")] {
        let body = json!({ "submitted_values": answered(rating, text) });
        assert_eq!(talk.submitted(&survey, body).await, answered(rating, text));
        let count = "SELECT COUNT(*) FROM csat_survey_responses WHERE rating = $1";
        assert_eq!(site.app.number(count, &[rating]).await, 1);
    }
    site.app.clock.advance(Duration::from_hours(14 * 24 + 1));
    talk.answer(&survey, json!({ "submitted_values": answered(1, "") })).await.expect(422);
    assert_eq!(site.app.number("SELECT rating FROM csat_survey_responses", &[]).await, 5);
}

#[db_test]
async fn an_address_that_was_asked_for_becomes_the_contacts(site: Site) {
    let talk = Talk::new(&site).await;
    let question = talk.ask(json!({ "content": "Your address?", "content_type": "input_email" })).await;
    talk.answer(&question, json!({ "submitted_email": "no address" })).await.expect(422);
    let answer = talk.answer(&question, json!({ "submitted_email": "Aino@Reed.example" })).await.expect(200).json();
    assert_eq!(answer["content_attributes"]["submitted_email"], "aino@reed.example");
    assert_eq!(site.get(&format!("/{}", talk.session)).await["email"], "aino@reed.example");
}

#[db_test]
async fn only_the_contact_of_the_conversation_answers_and_only_what_it_sees(site: Site) {
    let talk = Talk::new(&site).await;
    let question = talk.ask(choice()).await;
    let note = talk.ask(json!({ "content": "Ask him", "private": true })).await;
    let elsewhere = Talk::new(&site).await.ask(choice()).await;
    let body = json!({ "submitted_values": [{ "value": "red" }] });
    talk.answer_as(&talk.stranger, &question, body.clone()).await.expect(404);
    talk.answer(&note, body.clone()).await.expect(404);
    talk.answer(&elsewhere, body.clone()).await.expect(404);
    talk.answer(&json!(99_999_999), json!({})).await.expect(404);
    talk.answer(&question, body).await.expect(200);
}

#[db_test]
async fn an_answer_and_a_deletion_at_once_leave_a_deleted_message(site: Site) {
    let talk = Talk::new(&site).await;
    for _ in 0..5 {
        let question = talk.ask(choice()).await;
        let path = format!("conversations/{}/messages/{question}", talk.number);
        let values = json!({ "submitted_values": [{ "title": "Red", "value": "red" }] });
        let (deleted, answered) =
            join(site.app.delete(&site.administrator, &path), talk.answer(&question, values)).await;
        assert_eq!(deleted.status, 200);
        assert!(matches!(answered.status.as_u16(), 200 | 422), "{}", answered.status);
        let left = site.get(&format!("/{}/conversations/{}/messages", talk.session, talk.number)).await;
        let left = left.as_array().unwrap().iter().find(|message| message["id"] == question).unwrap();
        assert_eq!(left["content_attributes"], json!({ "deleted": true }), "whoever came first");
    }
}
