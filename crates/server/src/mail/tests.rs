//! Mails to users, from what owes them to what their links do.

use std::time::Duration;

use http::{HeaderMap, Method};
use serde_json::{Value, json};
use store::testing::db_test;
use types::UserId;

use super::Occasion;
use super::jobs::SendMail;
use crate::events::Actor;
use crate::testing::{Answer, Caller, TestApp};
use crate::user;

const PASSWORD: &str = "Sample-Pass-2022!";
const RESET: &str = "reset_password_token";
const CONFIRM: &str = "confirmation_token";

async fn call(app: &TestApp, method: Method, path: &str, body: Value) -> Answer {
    app.call(method, path, None, Some(&body)).await
}

async fn post(app: &TestApp, path: &str, body: Value) -> Answer {
    call(app, Method::POST, path, body).await
}

async fn sign_in(app: &TestApp, email: &str, password: &str) -> Answer {
    post(app, "/auth/sign_in", json!({ "email": email, "password": password })).await
}

async fn set_password(app: &TestApp, secret: &str, password: &str) -> Answer {
    call(app, Method::PUT, "/auth/password", json!({ RESET: secret, "password": password })).await
}

/// Who the session in the answer's headers belongs to.
async fn signed_in_as(app: &TestApp, answer: &Answer) -> Value {
    let mut request = http::Request::get("/api/v1/profile");
    let headers: &HeaderMap = &answer.headers;
    for name in ["access-token", "client", "uid"] {
        request = request.header(name, headers[name].clone());
    }
    app.send(request.body(axum::body::Body::empty()).unwrap()).await.expect(200).json()["id"].clone()
}

/// An administrator, and the id of somebody with this address whom it has just invited.
async fn invite(app: &TestApp, name: &str, email: &str) -> (Caller, i64) {
    let admin = app.administrator(app.account().await).await;
    let made = app.post(&admin, "agents", json!({ "name": name, "email": email })).await.expect(200).json();
    (admin, made["id"].as_i64().unwrap())
}

/// A user that a platform app made, with [`PASSWORD`].
async fn person(app: &TestApp, email: &str) -> i64 {
    let platform = app.platform_app().await;
    let body = json!({ "name": "Ada Reed", "email": email, "password": PASSWORD });
    let made = app.call(Method::POST, "/platform/api/v1/users", Some(&platform), Some(&body)).await.expect(200).json();
    assert_eq!(app.run_due_jobs().await, 0, "an operator vouches for the address: no mail");
    made["id"].as_i64().unwrap()
}

async fn stored(app: &TestApp, text: &'static str) -> Vec<String> {
    let rows = app.app.store.read(move |conn| conn.query_built(text, &[])).await;
    let rows: Vec<(String,)> = rows.map_err(|error: store::Error| error).unwrap();
    rows.into_iter().map(|(text,)| text).collect()
}

#[db_test]
async fn who_is_invited_chooses_a_password_by_the_mail_and_signs_in(app: TestApp) {
    let (admin, id) = invite(&app, "Mira Okonjo", "mira@larkbikes.example").await;
    let account = app.get(&admin, &format!("/api/v1/accounts/{}", admin.account)).await.expect(200).json();
    let inviter = app.get(&admin, "/api/v1/profile").await.expect(200).json();
    assert_eq!(app.run_due_jobs().await, 1);
    let mail = app.only_mail();
    assert_eq!((mail.to.as_str(), mail.from.as_str()), ("mira@larkbikes.example", "Desk <desk@sample.test>"));
    let (account, inviter) = (account["name"].as_str().unwrap(), inviter["name"].as_str().unwrap());
    assert_eq!(mail.subject, format!("{inviter} has added you to {account}"));
    let link = format!("http://localhost:3000/app/auth/password/edit?{RESET}=");
    for said in ["Mira Okonjo", account, inviter, &link] {
        assert!(mail.text.contains(said) && mail.html.contains(said), "{said}: {mail:#?}");
    }

    sign_in(&app, "mira@larkbikes.example", PASSWORD).await.expect(401);
    let secret = mail.secret(RESET);
    set_password(&app, &secret, "weak").await.expect(422);
    let answer = set_password(&app, &secret, PASSWORD).await.expect(200);
    let data = &answer.json()["data"];
    assert_eq!((&data["id"], &data["confirmed"]), (&json!(id), &json!(true)));
    assert_eq!(signed_in_as(&app, &answer).await, id);
    sign_in(&app, "mira@larkbikes.example", PASSWORD).await.expect(200);
    let again = set_password(&app, &secret, "Sample-Pass-2023!").await.expect(422).json();
    assert_eq!(again["redirect_url"], "/");
}

#[db_test]
async fn no_secret_of_a_mail_is_stored(app: TestApp) {
    invite(&app, "Mira", "mira@larkbikes.example").await;
    let payloads = stored(&app, "SELECT payload FROM jobs").await;
    assert_eq!(payloads.len(), 1);
    assert!(!payloads[0].contains('@') && !payloads[0].contains("token"), "ids alone: {payloads:?}");
    assert!(stored(&app, "SELECT token_digest FROM user_links").await.is_empty(), "the secret is made when it is sent");
    app.run_due_jobs().await;
    let secret = app.only_mail().secret(RESET);
    let digests = stored(&app, "SELECT token_digest FROM user_links").await;
    assert!(secret.len() >= 24 && digests == [crate::token::digest(&secret)]);
}

#[db_test]
async fn who_is_known_is_told_of_another_account(app: TestApp) {
    let email = "ada@larkbikes.example";
    person(&app, email).await;
    invite(&app, "Somebody", email).await;
    app.run_due_jobs().await;
    let mail = app.only_mail();
    assert!(
        mail.text.contains("Hello Ada Reed,") && mail.text.contains("http://localhost:3000/app/login\r\n"),
        "{mail:#?}"
    );
    assert!(!mail.text.contains("token="), "{mail:#?}");
}

#[db_test]
async fn an_invitation_that_was_taken_back_is_not_sent(app: TestApp) {
    let (admin, id) = invite(&app, "Mira", "mira@larkbikes.example").await;
    app.delete(&admin, &format!("agents/{id}")).await.expect(200);
    app.run_due_jobs().await;
    assert!(app.take_mails().is_empty());
}

#[db_test]
async fn names_are_shown_as_they_are_and_begin_nothing(app: TestApp) {
    let name = format!("<b>Zoë</b> \"🦊\" & \r\nBcc: eve@example.com {}", "x".repeat(200));
    invite(&app, &name, "zoe@larkbikes.example").await;
    app.run_due_jobs().await;
    let mail = app.only_mail();
    assert_eq!(mail.to, "zoe@larkbikes.example");
    assert!(mail.html.contains("&lt;b&gt;Zoë&lt;/b&gt;") && !mail.html.contains("<b>Zoë"), "{}", mail.html);
    assert!(mail.text.contains("<b>Zoë</b> \"🦊\" &"), "{}", mail.text);
}

#[db_test]
async fn a_forgotten_password_is_set_by_a_mail_and_all_sessions_end(app: TestApp) {
    let email = "ada@larkbikes.example";
    let id = person(&app, email).await;
    let before = sign_in(&app, email, PASSWORD).await.expect(200);
    post(&app, "/auth/password", json!({ "email": " ADA@larkbikes.example " })).await.expect(200);
    app.run_due_jobs().await;
    let mail = app.only_mail();
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), (email, "Set another password"));
    sign_in(&app, email, PASSWORD).await.expect(200);

    let other = "Sample-Pass-2023!";
    let answer = set_password(&app, &mail.secret(RESET), other).await.expect(200);
    assert_eq!(signed_in_as(&app, &answer).await, id);
    let mut request = http::Request::get("/api/v1/profile");
    for name in ["access-token", "client", "uid"] {
        request = request.header(name, before.headers[name].clone());
    }
    app.send(request.body(axum::body::Body::empty()).unwrap()).await.expect(401);
    sign_in(&app, email, PASSWORD).await.expect(401);
    sign_in(&app, email, other).await.expect(200);
}

#[db_test]
async fn nobody_learns_who_has_an_address(app: TestApp) {
    person(&app, "ada@larkbikes.example").await;
    let mut answers = Vec::new();
    for email in [json!("ada@larkbikes.example"), json!("nobody@larkbikes.example"), json!("no address"), Value::Null] {
        let before = app.number("SELECT COUNT(*) FROM jobs", &[]).await;
        let answer = post(&app, "/auth/password", json!({ "email": email })).await.expect(200);
        answers.push(answer.text().to_owned());
        let after = app.number("SELECT COUNT(*) FROM jobs", &[]).await;
        assert_eq!(after - before, 1, "the same work: {email}");
        app.run_due_jobs().await;
        let again = post(&app, "/resend_confirmation", json!({ "email": email })).await.expect(200);
        assert!(again.body.is_empty());
        app.run_due_jobs().await;
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(app.only_mail().to, "ada@larkbikes.example", "one mail, and none about a confirmed address");
}

#[db_test]
async fn a_link_for_a_password_ends_with_its_time_and_with_what_makes_it_stale(app: TestApp) {
    let email = "ada@larkbikes.example";
    let id = UserId::new(person(&app, email).await);
    let link = async || {
        post(&app, "/auth/password", json!({ "email": email })).await.expect(200);
        app.run_due_jobs().await;
        app.only_mail().secret(RESET)
    };
    let late = link().await;
    app.clock.advance(Duration::from_hours(6));
    set_password(&app, &late, PASSWORD).await.expect(422);

    // A password that was set meanwhile, and one that is still to be mailed.
    let (used, stale) = (link().await, link().await);
    post(&app, "/auth/password", json!({ "email": email })).await.expect(200);
    set_password(&app, &used, PASSWORD).await.expect(200);
    app.run_due_jobs().await;
    assert!(app.take_mails().is_empty());
    set_password(&app, &stale, PASSWORD).await.expect(422);

    // Another address: who has the old one is somebody else.
    let stale = link().await;
    let change = user::UserChange { email: Some("other@larkbikes.example".into()), ..user::UserChange::default() };
    app.app.store.write(move |tx| user::service::update(tx, id, &change, &Actor::Operator)).await.unwrap();
    set_password(&app, &stale, PASSWORD).await.expect(422);
}

async fn sign_up(app: &TestApp, email: &str) -> Answer {
    let body =
        json!({ "account_name": "Lark Bikes", "user_full_name": "Ada Reed", "email": email, "password": PASSWORD });
    post(app, "/api/v1/accounts", body).await
}

#[db_test]
async fn who_signs_up_confirms_the_address_and_is_the_administrator(app: TestApp) {
    let email = "ada@larkbikes.example";
    let answer = sign_up(&app, " Ada@Larkbikes.Example").await.expect(200);
    assert_eq!(answer.json(), json!({ "email": email }));
    assert!(!answer.headers.contains_key("access-token"));
    app.run_due_jobs().await;
    let mail = app.only_mail();
    assert!(mail.text.contains(&format!("http://localhost:3000/app/auth/confirmation?{CONFIRM}=")), "{mail:#?}");
    assert!(!mail.text.contains("Ada Reed") && !mail.html.contains("Ada Reed"), "no stranger's words: {mail:#?}");
    assert_eq!(sign_in(&app, email, PASSWORD).await.expect(401).json()["error_code"], "user_not_confirmed");

    // Another mail, and the first one still works.
    post(&app, "/resend_confirmation", json!({ "email": email })).await.expect(200);
    app.run_due_jobs().await;
    let other = app.only_mail().secret(CONFIRM);
    let confirm = async |secret: &str| post(&app, "/auth/confirmation", json!({ CONFIRM: secret })).await;
    confirm("unknown").await.expect(422);
    let answer = confirm(&mail.secret(CONFIRM)).await.expect(200);
    let data = answer.json()["data"].clone();
    assert_eq!(
        (&data["email"], &data["role"], &data["confirmed"]),
        (&json!(email), &json!("administrator"), &json!(true))
    );
    assert_eq!(data["accounts"][0]["name"], "Lark Bikes");
    assert_eq!(signed_in_as(&app, &answer).await, data["id"]);
    for secret in [&mail.secret(CONFIRM), &other] {
        assert_eq!(confirm(secret).await.expect(422).json()["redirect_url"], "/");
    }
    sign_in(&app, email, PASSWORD).await.expect(200);
}

#[db_test]
async fn who_signed_up_with_anothers_address_does_not_get_in_by_an_invitation(app: TestApp) {
    let email = "mira@larkbikes.example";
    sign_up(&app, email).await.expect(200);
    app.run_due_jobs().await;
    app.take_mails();
    invite(&app, "Mira", email).await;
    app.run_due_jobs().await;
    set_password(&app, &app.only_mail().secret(RESET), "Mira-Pass-2023!").await.expect(200);
    sign_in(&app, email, PASSWORD).await.expect(401);
    sign_in(&app, email, "Mira-Pass-2023!").await.expect(200);
}

#[db_test]
async fn a_sign_up_that_cannot_be_is_told_and_stores_nothing(app: TestApp) {
    person(&app, "ada@larkbikes.example").await;
    let before = app.row_counts().await;
    for email in ["ada@larkbikes.example", "no address", ""] {
        let refused = sign_up(&app, email).await.expect(403).json();
        assert!(refused["message"].is_string(), "{refused}");
    }
    let good =
        json!({ "account_name": "Lark", "user_full_name": "Mira", "email": "mira@x.example", "password": PASSWORD });
    for (key, value, status, told) in [
        ("account_name", json!(" "), 422, "account_name"),
        ("password", json!("weak"), 422, "password"),
        ("password", Value::Null, 422, "password"),
        ("locale", json!("tlh"), 422, "locale"),
        ("user_full_name", json!("x".repeat(256)), 422, "user_full_name"),
    ] {
        let mut body = good.clone();
        body[key] = value;
        let refused = post(&app, "/api/v1/accounts", body).await.expect(status).json();
        assert_eq!(refused["attributes"], json!([told]), "{refused}");
    }
    let nameless = json!({ "email": "mira@x.example", "password": PASSWORD });
    assert!(post(&app, "/api/v1/accounts", nameless).await.expect(403).json()["message"].is_string());
    assert_eq!(app.row_counts().await, before);
    let short = json!({ "account_name": "Lark", "email": "mira@x.example", "password": PASSWORD, "locale": "pt_BR" });
    post(&app, "/api/v1/accounts", short).await.expect(200);
}

#[db_test]
async fn a_caller_gets_another_account_and_a_session(app: TestApp) {
    let caller = app.agent(app.account().await).await;
    let body = json!({ "account_name": "Second", "email": "ignored@x.example", "locale": "de" });
    let answer = app.call(Method::POST, "/api/v1/accounts", Some(&caller.token), Some(&body)).await.expect(200);
    let data = &answer.json()["data"];
    assert_eq!((&data["id"], &data["role"]), (&json!(caller.id), &json!("administrator")));
    let accounts = data["accounts"].as_array().unwrap();
    assert_eq!((accounts.len(), &accounts[1]["id"], &accounts[1]["locale"]), (2, &data["account_id"], &json!("de")));
    assert_eq!(signed_in_as(&app, &answer).await, caller.id.get());
    assert_eq!(app.run_due_jobs().await, 0);
}

#[db_test]
async fn strangers_sign_up_only_where_they_may(engine: store::testing::Engine) {
    let settings = crate::Settings { sign_in_limits: false, ..crate::Settings::default() };
    let app = TestApp::with_settings(engine, settings).await;
    let before = app.row_counts().await;
    sign_up(&app, "ada@larkbikes.example").await.expect(404);
    assert_eq!(app.row_counts().await, before);
}

#[db_test]
async fn what_mails_and_links_cost_is_limited(engine: store::testing::Engine) {
    let settings = crate::Settings { enable_signup: true, ..crate::Settings::default() };
    let app = TestApp::with_settings(engine, settings).await;
    for (path, body, most) in [
        ("/auth/password", json!({ "email": "" }), 5),
        ("/resend_confirmation", json!({ "email": "" }), 5),
        ("/api/v1/accounts", json!({}), 5),
        ("/auth/confirmation", json!({ CONFIRM: "x" }), 20),
    ] {
        for _ in 0..most {
            let answer = post(&app, path, body.clone()).await;
            assert_ne!(answer.status, 429, "{path}");
        }
        assert_eq!(post(&app, path, body).await.expect(429).headers["content-type"], "text/plain; charset=utf-8");
    }
    set_password(&app, "x", PASSWORD).await.expect(429);
    app.clock.advance(Duration::from_mins(30));
    // One address of the net is let in again, one mailbox is not yet.
    for number in 0..6 {
        app.clock.advance(Duration::from_mins(6));
        let answer = post(&app, "/auth/password", json!({ "email": "ada@larkbikes.example" })).await;
        assert_eq!(answer.status, if number < 5 { 200 } else { 429 }, "{number}");
    }
}

#[db_test]
async fn a_mail_that_nobody_takes_is_tried_again_and_one_without_address_is_dead(app: TestApp) {
    let id = UserId::new(person(&app, "\"@larkbikes.example").await);
    let owed = SendMail { user_id: id, occasion: Occasion::ForgottenPassword };
    app.app.store.write(move |tx| jobs::push(tx, &owed)).await.map_err(|error: store::Error| error).unwrap();
    app.run_due_jobs().await;
    assert_eq!(stored(&app, "SELECT state FROM jobs").await, ["dead"]);
    assert_eq!(stored(&app, "SELECT last_error FROM jobs").await, ["mail cannot go to this address"]);
}
