//! Surveys: when a contact is asked, and how it answers by the API and on the page.

use std::time::Duration;

use ::store::testing::{Engine, OnEngine, db_test};
use http::Method;
use serde_json::{Value, json};
use types::InboxId;

use super::{RuleOperator, SurveyConfig, SurveyRules};
use crate::testing::{Answer, Caller, TestApp};

/// An account with an administrator, an agent and an API inbox that asks.
struct Desk {
    app: TestApp,
    administrator: Caller,
    agent: Caller,
    inbox: InboxId,
}

impl OnEngine for Desk {
    async fn on(engine: Engine) -> Self {
        let app = TestApp::on(engine).await;
        let account = app.account().await;
        let (administrator, agent) = (app.administrator(account).await, app.agent(account).await);
        let desk = Self { app, administrator, agent, inbox: InboxId::new(0) };
        let inbox = desk.inbox(json!({})).await;
        Self { inbox, ..desk }
    }
}

impl Desk {
    /// An inbox that asks, with `more` of its body, and the agent in it.
    async fn inbox(&self, more: Value) -> InboxId {
        let mut body = json!({ "name": "Asking", "csat_survey_enabled": true, "channel": { "type": "api" } });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let inbox = self.app.post(&self.administrator, "inboxes", body).await.expect(200).json();
        let inbox = InboxId::new(inbox["id"].as_i64().unwrap());
        self.app.join(&self.administrator, inbox, &[&self.agent]).await;
        inbox
    }

    async fn set(&self, number: i64, status: &str) {
        let path = format!("conversations/{number}/toggle_status");
        self.app.post(&self.administrator, &path, json!({ "status": status })).await.expect(200);
    }

    async fn messages(&self, number: i64) -> Vec<Value> {
        let path = format!("conversations/{number}/messages");
        let page = self.app.get(&self.administrator, &path).await.expect(200).json();
        page["payload"].as_array().unwrap().clone()
    }

    async fn surveys(&self, number: i64) -> Vec<Value> {
        self.messages(number).await.into_iter().filter(|message| message["content_type"] == "input_csat").collect()
    }

    /// A resolved conversation of the inbox: its number and its uuid.
    async fn resolved(&self) -> (i64, String) {
        let number = self.app.conversation(&self.administrator, self.inbox).await;
        self.set(number, "resolved").await;
        let shown = self.app.get(&self.administrator, &format!("conversations/{number}")).await.expect(200).json();
        (number, shown["uuid"].as_str().unwrap().to_owned())
    }

    async fn show(&self, uuid: &str) -> Answer {
        self.app.call(Method::GET, &format!("/public/api/v1/csat_survey/{uuid}"), None, None).await
    }

    async fn answer(&self, uuid: &str, response: Value) -> Answer {
        let body = json!({ "message": { "submitted_values": { "csat_survey_response": response } } });
        self.app.call(Method::PUT, &format!("/public/api/v1/csat_survey/{uuid}"), None, Some(&body)).await
    }

    async fn answers(&self) -> i64 {
        self.app.number("SELECT COUNT(*) FROM csat_survey_responses", &[]).await
    }

    async fn page(&self, uuid: &str) -> Answer {
        self.app.page(&format!("/survey/responses/{uuid}")).await
    }

    async fn send_form(&self, uuid: &str, form: &str) -> Answer {
        self.app.send_page(&format!("/survey/responses/{uuid}"), form, "").await
    }

    async fn events(&self) -> Vec<String> {
        self.app.event_names(self.administrator.account).await
    }
}

fn text(answer: Answer) -> String {
    String::from_utf8(answer.body).unwrap()
}

#[db_test]
async fn resolving_asks_once_after_the_activity_with_a_link(desk: Desk) {
    let number = desk.app.conversation(&desk.administrator, desk.inbox).await;
    let before = desk.events().await.len();
    desk.set(number, "resolved").await;
    assert_eq!(
        desk.events().await.split_off(before),
        ["conversation.status_changed", "message.created", "message.created", "conversation.updated"]
    );
    let messages = desk.messages(number).await;
    let kinds: Vec<_> = messages.iter().map(|message| message["message_type"].as_i64().unwrap()).collect();
    assert_eq!(kinds, [2, 3]);
    let shown = desk.app.get(&desk.administrator, &format!("conversations/{number}")).await.expect(200).json();
    let link = format!(" http://localhost:3000/survey/responses/{}", shown["uuid"].as_str().unwrap());
    let survey = &messages[1];
    assert!(survey["content"].as_str().unwrap().ends_with(&link), "{survey}");
    assert_eq!(survey["content_attributes"], json!({ "display_type": "emoji" }));
    assert_eq!((survey.get("sender"), &survey["content_type"]), (None, &json!("input_csat")));
    assert!(shown["last_non_activity_message"]["content"].as_str().unwrap().ends_with(&link), "{shown}");

    desk.set(number, "open").await;
    desk.set(number, "resolved").await;
    assert_eq!(desk.surveys(number).await.len(), 1);
}

#[db_test]
async fn other_changes_and_other_inboxes_ask_nothing(desk: Desk) {
    let number = desk.app.conversation(&desk.administrator, desk.inbox).await;
    for status in ["pending", "snoozed", "open"] {
        desk.set(number, status).await;
    }
    assert_eq!(desk.surveys(number).await.len(), 0);
    let silent = desk.app.api_inbox(&desk.administrator).await;
    let number = desk.app.conversation(&desk.administrator, silent).await;
    desk.set(number, "resolved").await;
    assert_eq!(desk.surveys(number).await.len(), 0);
}

#[db_test]
async fn a_website_is_asked_in_its_own_words_without_a_link(desk: Desk) {
    let inbox = desk
        .inbox(json!({
            "csat_config": { "display_type": "star", "message": "How did we do, {{ contact.first_name }}?" },
            "channel": { "type": "web_widget", "website_url": "https://shop.sample.test" }
        }))
        .await;
    let number = desk.app.conversation(&desk.administrator, inbox).await;
    desk.set(number, "resolved").await;
    let surveys = desk.surveys(number).await;
    assert_eq!(surveys[0]["content"], "How did we do, Contact?");
    assert_eq!(surveys[0]["content_attributes"], json!({ "display_type": "star" }));
}

#[db_test]
async fn labels_decide_who_is_asked(desk: Desk) {
    for (operator, labels, asked) in [
        ("contains", vec!["VIP", "other"], true),
        ("contains", vec!["other"], false),
        ("contains", vec![], false),
        ("does_not_contain", vec!["vip"], false),
        ("does_not_contain", vec!["other"], true),
        ("does_not_contain", vec![], true),
    ] {
        let config = json!({ "survey_rules": { "operator": operator, "values": ["vip", "gold"] } });
        let inbox = desk.inbox(json!({ "csat_config": config })).await;
        let number = desk.app.conversation(&desk.administrator, inbox).await;
        let body = json!({ "labels": labels });
        desk.app.post(&desk.administrator, &format!("conversations/{number}/labels"), body).await.expect(200);
        desk.set(number, "resolved").await;
        assert_eq!(desk.surveys(number).await.len(), usize::from(asked), "{operator} {labels:?}");
    }
}

#[db_test]
async fn outside_of_the_answering_window_an_activity_says_why_nobody_was_asked(desk: Desk) {
    let channel = json!({ "type": "api", "additional_attributes": { "agent_reply_time_window": "24" } });
    let inbox = desk.inbox(json!({ "channel": channel })).await;
    let number = desk.app.conversation(&desk.administrator, inbox).await;
    desk.set(number, "resolved").await;
    assert_eq!(desk.surveys(number).await.len(), 0);
    let messages = desk.messages(number).await;
    assert_eq!(messages.len(), 2);
    assert!(messages[1]["content"].as_str().unwrap().contains("survey was not sent"), "{messages:?}");

    let body = json!({ "content": "Hello", "message_type": "incoming" });
    desk.app.post(&desk.administrator, &format!("conversations/{number}/messages"), body).await.expect(200);
    desk.app.clock.advance(Duration::from_hours(23));
    desk.set(number, "resolved").await;
    assert_eq!(desk.surveys(number).await.len(), 1);
}

#[db_test]
async fn a_contact_answers_and_may_change_its_mind_for_14_days(desk: Desk) {
    let (number, uuid) = desk.resolved().await;
    let account = desk.administrator.account;
    let body = json!({ "assignee_id": desk.agent.id });
    desk.app.post(&desk.administrator, &format!("conversations/{number}/assignments"), body).await.expect(200);
    let asked = desk.show(&uuid).await.expect(200).json();
    assert_eq!(asked["csat_survey_response"], Value::Null);
    assert_eq!((&asked["display_type"], &asked["content"]), (&json!("emoji"), &Value::Null));
    assert_eq!((&asked["inbox_name"], &asked["locale"]), (&json!("Asking"), &json!("en")));

    let before = desk.events().await.len();
    let answered = desk.answer(&uuid, json!({ "rating": 4, "feedback_message": "Quick <help>" })).await.expect(200);
    assert_eq!(answered.json()["csat_survey_response"], Value::Null, "the survey as it was before");
    assert_eq!(desk.events().await.split_off(before), ["message.updated"]);
    let body = json!({ "assignee_id": Value::Null });
    desk.app.post(&desk.administrator, &format!("conversations/{number}/assignments"), body).await.expect(200);
    desk.app.clock.advance(Duration::from_hours(14 * 24));
    let again = desk.answer(&uuid, json!({ "rating": "5" })).await.expect(200).json();
    let first = &again["csat_survey_response"];
    assert_eq!((&first["rating"], &first["feedback_message"]), (&json!(4), &json!("Quick <help>")));
    assert_eq!((&first["account_id"], &first["message_id"]), (&json!(account), &asked["id"]));
    let stored = desk.show(&uuid).await.expect(200).json()["csat_survey_response"].clone();
    assert_eq!((&stored["rating"], &stored["feedback_message"]), (&json!(5), &Value::Null));
    assert_eq!(stored["assigned_agent_id"], json!(desk.agent.id), "the assignee of the first answer");
    assert_eq!((desk.answers().await, &stored["id"]), (1, &first["id"]));
    let message = &desk.surveys(number).await[0];
    assert_eq!(
        message["content_attributes"],
        json!({
            "display_type": "emoji",
            "submitted_values": { "csat_survey_response": { "rating": 5, "feedback_message": "" } }
        })
    );

    desk.app.clock.advance(Duration::from_secs(1));
    let late = desk.answer(&uuid, json!({ "rating": 1 })).await.expect(422).json();
    assert!(late["error"].is_string(), "{late}");
    assert_eq!(desk.show(&uuid).await.expect(200).json()["csat_survey_response"]["rating"], 5);
}

#[db_test]
async fn what_is_no_rating_is_refused_and_not_stored(desk: Desk) {
    let (_, uuid) = desk.resolved().await;
    let before = desk.app.row_counts().await;
    for rating in [json!(0), json!(6), json!(-1), json!("x"), json!(null), json!([1])] {
        let answer = desk.answer(&uuid, json!({ "rating": rating })).await.expect(422).json();
        assert!(answer.to_string().contains("rating"), "{answer}");
    }
    let long = "x".repeat(20_001);
    desk.answer(&uuid, json!({ "rating": 3, "feedback_message": long })).await.expect(422);
    let path = format!("/public/api/v1/csat_survey/{uuid}");
    for body in [json!({}), json!({ "message": {} }), json!({ "message": { "submitted_values": {} } })] {
        desk.app.call(Method::PUT, &path, None, Some(&body)).await.expect(422);
    }
    assert_eq!(desk.app.row_counts().await, before);
}

#[db_test]
async fn a_conversation_without_a_survey_has_none_to_answer(desk: Desk) {
    let number = desk.app.conversation(&desk.administrator, desk.inbox).await;
    let shown = desk.app.get(&desk.administrator, &format!("conversations/{number}")).await.expect(200).json();
    for uuid in [shown["uuid"].as_str().unwrap(), "no-such-conversation", "%00", &number.to_string()] {
        let status = if uuid == "%00" { desk.show(uuid).await.status.as_u16() } else { 404 };
        assert!(status == 404 || status == 422, "{uuid}: {status}");
        if uuid != "%00" {
            desk.show(uuid).await.expect(404);
            desk.answer(uuid, json!({ "rating": 3 })).await.expect(404);
            assert!(text(desk.page(uuid).await.expect(404)).contains("no such survey"));
            desk.send_form(uuid, "rating=3").await.expect(404);
        }
    }
    assert_eq!(desk.answers().await, 0);
}

#[db_test]
async fn the_page_is_a_form_that_works_without_a_script(desk: Desk) {
    let (_, uuid) = desk.resolved().await;
    let answer = desk.page(&uuid).await.expect(200);
    assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
    let policy = answer.headers["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'none'"), "{policy}");
    assert_eq!(
        (&answer.headers["referrer-policy"], &answer.headers["cache-control"]),
        (&"no-referrer".parse().unwrap(), &"no-store".parse().unwrap())
    );
    let page = text(answer);
    assert!(!page.contains("<script") && page.contains("<html lang=\"en\">") && page.contains("name=\"viewport\""));
    assert_eq!((page.matches("type=\"radio\"").count(), page.matches(" checked").count()), (5, 0));
    assert!(page.contains("<label for=\"feedback\">"), "{page}");

    let sent =
        desk.send_form(&uuid, "rating=2&feedback_message=%3C%2Ftextarea%3E%3Cb%3E+%22so%22+%26+so").await.expect(303);
    assert_eq!(sent.headers["location"], format!("/survey/responses/{uuid}"));
    let page = text(desk.page(&uuid).await.expect(200));
    assert!(page.contains("value=\"2\" required checked") && page.contains("role=\"status\""), "{page}");
    assert!(page.contains("&lt;/textarea&gt;&lt;b&gt; &quot;so&quot; &amp; so</textarea>"), "{page}");
    assert_eq!(desk.show(&uuid).await.json()["csat_survey_response"]["rating"], 2);
}

#[db_test]
async fn the_page_says_what_went_wrong_and_when_it_is_over(desk: Desk) {
    let (_, uuid) = desk.resolved().await;
    for form in ["", "rating=", "rating=9", "rating=x", "feedback_message=hello"] {
        let page = text(desk.send_form(&uuid, form).await.expect(422));
        assert!(page.contains("role=\"alert\"") && page.contains("<form"), "{form}: {page}");
    }
    assert_eq!(desk.answers().await, 0);
    desk.app.clock.advance(Duration::from_hours(15 * 24));
    let page = text(desk.page(&uuid).await.expect(200));
    assert!(page.contains("closed") && !page.contains("<form"), "{page}");
    desk.send_form(&uuid, "rating=3").await.expect(422);
    assert_eq!(desk.answers().await, 0);
}

#[db_test]
async fn names_of_inboxes_are_text_on_the_page(desk: Desk) {
    let config = json!({ "message": "<i>How</i> & why?", "display_type": "star" });
    let inbox = desk.inbox(json!({ "name": "A & \"B\" 'C'", "csat_config": config })).await;
    let desk = Desk { inbox, ..desk };
    let (_, uuid) = desk.resolved().await;
    let page = text(desk.page(&uuid).await.expect(200));
    assert!(page.contains("A &amp; &quot;B&quot; 'C'") && page.contains("&lt;i&gt;How&lt;/i&gt; &amp; why?"));
    assert!(page.contains("★★★★★"), "{page}");
}

#[test]
fn a_configuration_may_lack_anything_or_say_nonsense() {
    let read = |value: Value| types::Json::of(&value).read::<SurveyConfig>();
    for config in [json!({}), json!({ "display_type": "moon", "survey_rules": { "operator": "maybe" } })] {
        let config = read(config);
        assert_eq!((config.display_type.as_str(), config.question()), ("emoji", None));
        assert!(config.survey_rules.fit(&[]));
    }
    assert_eq!(read(json!({ "message": "  " })).question(), None);
    let rules = SurveyRules { operator: RuleOperator::Contains, values: vec!["Größe".into()] };
    assert!(rules.fit(&["GRÖSSE".into()]) || rules.fit(&["größe".into()]));
}
