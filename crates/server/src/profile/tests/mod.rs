//! The profile through HTTP.

mod email;
mod membership;
mod password;

use std::time::Duration;

use futures_util::future::join_all;
use http::{Method, Request};
use serde_json::{Value, json};
use store::sql;
use store::testing::{Engine, OnEngine, db_test};
use types::AccountId;

use crate::events::Actor;
use crate::testing::{Answer, Caller, Part, TestApp};
use crate::{auth, user};

const PROFILE: &str = "/api/v1/profile";
const PASSWORD: &str = "Sample-Pass-2022!";
const OTHER_PASSWORD: &str = "Finch 🦊 Pass-2023";

/// An agent with a password, in an account with an administrator.
struct Desk {
    app: TestApp,
    account: AccountId,
    administrator: Caller,
    agent: Caller,
}

impl OnEngine for Desk {
    async fn on(engine: Engine) -> Self {
        Self::of(TestApp::on(engine).await).await
    }
}

impl Desk {
    async fn of(app: TestApp) -> Self {
        let account = app.account().await;
        let (administrator, agent) = (app.administrator(account).await, app.agent(account).await);
        let hash = user::password::hash(PASSWORD.into()).await.unwrap();
        let id = agent.id;
        let set = app.app.store.write(move |tx| auth::service::set_password(tx, id, &hash, None, &Actor::Operator));
        set.await.unwrap();
        Self { app, account, administrator, agent }
    }

    async fn show(&self) -> Value {
        self.app.get(&self.agent, PROFILE).await.expect(200).json()
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> Answer {
        let path = format!("{PROFILE}{path}");
        self.app.call(method, &path, Some(&self.agent.token), Some(&body)).await
    }

    async fn put(&self, body: Value) -> Answer {
        self.send(Method::PUT, "", body).await
    }

    async fn put_form(&self, parts: &[Part<'_>]) -> Answer {
        self.app.send_form(Method::PUT, PROFILE, Some(&self.agent.token), parts).await
    }

    /// The agent as colleagues see it.
    async fn colleague(&self) -> Value {
        let agents = self.app.get(&self.administrator, "agents").await.expect(200).json();
        agents.as_array().unwrap().iter().find(|agent| agent["id"] == json!(self.agent.id)).unwrap().clone()
    }

    async fn sign_in(&self, password: &str) -> Answer {
        let body = json!({ "email": self.show().await["email"], "password": password });
        self.app.call(Method::POST, "/auth/sign_in", None, Some(&body)).await
    }

    async fn is_session_good(&self, session: &[(&'static str, http::HeaderValue)]) -> bool {
        let answer = self.app.send(with_session(Method::GET, PROFILE, session, None)).await;
        assert!(matches!(answer.status.as_u16(), 200 | 401));
        answer.status == 200
    }

    async fn audited(&self, action: &'static str) -> i64 {
        let id = self.agent.id;
        let rows: Vec<(i64,)> = self
            .app
            .app
            .store
            .read(move |conn| {
                let count = sql!("SELECT COUNT(*) FROM audit_log WHERE action = $1 AND actor = $2");
                conn.query(count, (action, format!("user:{id}")))
            })
            .await
            .map_err(|error: store::Error| error)
            .unwrap();
        rows[0].0
    }
}

fn with_session(
    method: Method,
    path: &str,
    session: &[(&'static str, http::HeaderValue)],
    body: Option<&Value>,
) -> Request<axum::body::Body> {
    let mut request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    for (name, value) in session {
        request = request.header(*name, value);
    }
    request.body(body.map_or_else(axum::body::Body::empty, |body| body.to_string().into())).unwrap()
}

fn png(red: u8) -> Vec<u8> {
    let mut picture = Vec::new();
    let image = image::RgbImage::from_pixel(8, 8, image::Rgb([red, 200, 10]));
    image.write_to(&mut std::io::Cursor::new(&mut picture), image::ImageFormat::Png).unwrap();
    picture
}

#[db_test]
async fn a_profile_changes_inside_of_its_wrapper_and_without(desk: Desk) {
    let body = json!({
        "name": "Mira Okonjo 🦊", "display_name": "מירה", "message_signature": "-- \nMira\u{301}",
        "ui_settings": { "is_contact_sidebar_open": true, "list": [1, null, { "a": "é" }] },
        "phone_number": " +351 21 000 00 00 "
    });
    let changed = desk.put(json!({ "profile": body.clone() })).await.expect(200).json();
    assert_eq!(changed, desk.show().await);
    for key in ["name", "display_name", "message_signature"] {
        assert_eq!(changed[key], body[key], "{key}");
    }
    assert_eq!(changed["available_name"], "מירה");
    assert_eq!(changed["ui_settings"], json!({ "is_contact_sidebar_open": true, "list": [1, { "a": "é" }] }));
    assert_eq!(changed["custom_attributes"], json!({ "phone_number": "+351 21 000 00 00" }));
    let seen = desk.colleague().await;
    assert_eq!((&seen["name"], &seen["available_name"]), (&body["name"], &body["display_name"]));

    let flat = desk.send(Method::PATCH, "", json!({ "display_name": null, "ui_settings": {} })).await;
    let changed = flat.expect(200).json();
    assert_eq!((&changed["display_name"], &changed["available_name"]), (&Value::Null, &body["name"]));
    assert_eq!((&changed["ui_settings"], &changed["name"]), (&json!({}), &body["name"]));

    let form = [
        Part::text("profile[message_signature]", "Bye"),
        Part::text("profile[ui_settings][locale]", "pt_BR"),
        Part::text("profile[phone_number]", ""),
        Part::text("profile[password]", ""),
    ];
    let changed = desk.put_form(&form).await.expect(200).json();
    assert_eq!(
        (&changed["message_signature"], &changed["ui_settings"]),
        (&json!("Bye"), &json!({ "locale": "pt_BR" }))
    );
    assert!(changed.get("custom_attributes").is_none());
    desk.sign_in(PASSWORD).await.expect(200);
    desk.put_form(&[Part::text("name", "No wrapper")]).await.expect(422);
    desk.put(json!({})).await.expect(422);
    desk.put(json!({ "profile": {} })).await.expect(422);
}

#[db_test]
async fn what_is_sent_again_changes_nothing_and_is_not_noted(desk: Desk) {
    let body = json!({ "name": "Mira", "display_name": "M", "email": desk.show().await["email"], "ui_settings": {} });
    desk.put(body.clone()).await.expect(200);
    assert_eq!(desk.audited("user.updated").await, 1);
    let updated_at = "SELECT updated_at FROM users WHERE id = $1";
    let before = desk.app.number(updated_at, &[desk.agent.id.get()]).await;
    desk.app.clock.advance(Duration::from_secs(5));
    desk.put(body).await.expect(200);
    assert_eq!(desk.app.number(updated_at, &[desk.agent.id.get()]).await, before);
    // Clients note every click in it.
    desk.put(json!({ "ui_settings": { "open": true }, "message_signature": "x" })).await.expect(200);
    assert_ne!(desk.app.number(updated_at, &[desk.agent.id.get()]).await, before);
    assert_eq!(desk.audited("user.updated").await, 1);
}

#[db_test]
async fn only_the_caller_changes(desk: Desk) {
    let before = desk.app.get(&desk.administrator, PROFILE).await.expect(200).json();
    let body = json!({
        "id": desk.administrator.id, "user_id": desk.administrator.id, "name": "Mira", "role": "administrator",
        "access_token": "mine", "pubsub_token": "mine", "confirmed": false, "type": "SuperAdmin", "provider": "saml",
        "custom_attributes": { "plan": "gold" }, "accounts": [], "uid": "root"
    });
    let was = desk.show().await;
    let mut changed = desk.put(body).await.expect(200).json();
    assert_eq!(changed["name"].take(), "Mira");
    assert_eq!(changed["available_name"].take(), "Mira");
    let mut was = was;
    was["name"].take();
    was["available_name"].take();
    assert_eq!(changed, was);
    assert_eq!(desk.app.get(&desk.administrator, PROFILE).await.expect(200).json(), before);
}

#[db_test]
async fn a_profile_that_cannot_be_so_is_refused_by_field(desk: Desk) {
    let long = "é".repeat(256);
    let large = json!({ "text": "x".repeat(64 * 1024) });
    let taken = desk.app.get(&desk.administrator, PROFILE).await.expect(200).json()["email"].clone();
    let cases = [
        (json!({ "name": " " }), "name"),
        (json!({ "name": null }), "name"),
        (json!({ "name": long }), "name"),
        (json!({ "name": ["x"] }), "name"),
        (json!({ "display_name": long }), "display_name"),
        (json!({ "display_name": {} }), "display_name"),
        (json!({ "email": "" }), "email"),
        (json!({ "email": null }), "email"),
        (json!({ "email": "nobody" }), "email"),
        (json!({ "email": taken }), "email"),
        (json!({ "message_signature": "é".repeat(20_001) }), "message_signature"),
        (json!({ "ui_settings": "nothing" }), "ui_settings"),
        (json!({ "ui_settings": [1] }), "ui_settings"),
        (json!({ "ui_settings": large }), "ui_settings"),
        (json!({ "phone_number": long }), "phone_number"),
        (json!({ "phone_number": {} }), "phone_number"),
        (json!({ "current_password": PASSWORD, "password": "weak" }), "password"),
        (json!({ "current_password": PASSWORD, "password": {} }), "password"),
        (
            json!({ "current_password": PASSWORD, "password": OTHER_PASSWORD, "password_confirmation": "x" }),
            "password_confirmation",
        ),
    ];
    let before = desk.show().await;
    for (mut body, field) in cases {
        if field != "message_signature" {
            body["message_signature"] = "must not be stored".into();
        }
        let problem = desk.put(json!({ "profile": body })).await.expect(422).json();
        assert_eq!(problem["attributes"], json!([field]), "{problem}");
    }
    let all = json!({ "name": "", "email": "x", "phone_number": long, "password": "weak" });
    let problem = desk.put(all).await.expect(422).json();
    assert_eq!(problem["attributes"], json!(["name", "email", "phone_number", "password"]));
    assert_eq!(desk.show().await, before);
    desk.sign_in(PASSWORD).await.expect(200);
    let fits = json!({ "message_signature": "é".repeat(20_000), "ui_settings": { "text": "x".repeat(60 * 1024) } });
    desk.put(fits).await.expect(200);
}

#[db_test]
async fn a_picture_comes_with_the_form_or_alone_and_goes(desk: Desk) {
    assert_eq!(desk.send(Method::DELETE, "/avatar", json!({})).await.expect(200).json(), desk.show().await);
    let (first, second) = (png(10), png(20));
    let parts = [Part::text("profile[name]", "Mira"), Part::file("profile[avatar]", "mira.png", "image/png", &first)];
    let changed = desk.put_form(&parts).await.expect(200).json();
    assert_eq!(changed["name"], "Mira");
    let address = changed["avatar_url"].as_str().unwrap().to_owned();
    assert_eq!(desk.colleague().await["thumbnail"], address.as_str());
    let shown = async |address: &str| {
        let path = address[address.find("/rails").unwrap()..].to_owned();
        desk.app.call(Method::GET, &path, None, None).await.status.as_u16()
    };
    assert_eq!(shown(&address).await, 302);

    let parts = [Part::file("profile[avatar]", "again.png", "image/png", &second)];
    let changed = desk.put_form(&parts).await.expect(200).json();
    let again = changed["avatar_url"].as_str().unwrap().to_owned();
    assert_ne!(again, address);
    desk.app.run_due_jobs().await;
    assert_eq!((shown(&address).await, shown(&again).await), (404, 302), "the old one is gone");

    for (parts, field) in [
        (vec![Part::file("profile[avatar]", "x.svg", "image/svg+xml", b"<svg/>")], "avatar"),
        (vec![Part::file("profile[avatar]", "x.png", "image/png", &second), Part::text("profile[name]", "")], "name"),
    ] {
        let problem = desk.put_form(&parts).await.expect(422).json();
        assert_eq!(problem["attributes"], json!([field]));
    }
    assert_eq!(desk.show().await["avatar_url"], again.as_str());

    let without = desk.send(Method::DELETE, "/avatar", json!({})).await.expect(200).json();
    assert_eq!((&without["avatar_url"], &without["name"]), (&json!(""), &json!("Mira")));
    assert_eq!(desk.colleague().await["thumbnail"], "");
    desk.app.run_due_jobs().await;
    assert_eq!(shown(&again).await, 404);
    assert_eq!(desk.app.stored_files(), Vec::<String>::new(), "no bytes are left");
}

#[db_test]
async fn changes_at_once_lose_nothing_of_each_other(desk: Desk) {
    let bodies = [
        json!({ "name": "Mira" }),
        json!({ "display_name": "M" }),
        json!({ "message_signature": "Bye" }),
        json!({ "ui_settings": { "open": true } }),
        json!({ "phone_number": "+351210000000" }),
    ];
    for answer in join_all(bodies.map(|body| desk.put(body))).await {
        answer.expect(200);
    }
    let shown = desk.show().await;
    let keys = ["name", "display_name", "message_signature", "ui_settings", "custom_attributes"];
    assert_eq!(
        json!(keys.map(|key| &shown[key])),
        json!(["Mira", "M", "Bye", { "open": true }, { "phone_number": "+351210000000" }])
    );
}

#[db_test]
async fn the_old_api_key_is_worth_nothing_at_once(desk: Desk) {
    let session = desk.app.session(&desk.agent).await;
    let changed = desk.send(Method::POST, "/reset_access_token", json!({})).await.expect(200).json();
    let token = changed["access_token"].as_str().unwrap().to_owned();
    assert!(token.len() >= 24 && token != desk.agent.token);
    let refused = desk.app.call(Method::GET, PROFILE, Some(&desk.agent.token), None).await.expect(401).json();
    assert!(refused["error"].is_string());
    let path = desk.agent.path("agents");
    desk.app.call(Method::GET, &path, Some(&desk.agent.token), None).await.expect(401);
    let shown = desk.app.call(Method::GET, PROFILE, Some(&token), None).await.expect(200).json();
    assert_eq!(shown, changed);
    assert!(desk.is_session_good(&session).await);
    assert_eq!(desk.audited("user.token_reset").await, 1);

    let resets = (0..3).map(|_| {
        let path = format!("{PROFILE}/reset_access_token");
        let session = session.clone();
        let app = &desk.app;
        async move { app.send(with_session(Method::POST, &path, &session, None)).await.expect(200).json() }
    });
    let tokens: Vec<Value> = join_all(resets).await.into_iter().map(|mut user| user["access_token"].take()).collect();
    let mut good = 0;
    for token in &tokens {
        let answer = desk.app.call(Method::GET, PROFILE, token.as_str(), None).await;
        good += usize::from(answer.status == 200);
    }
    assert_eq!(good, 1, "of keys that were made at once one is good");
    desk.app.call(Method::GET, PROFILE, Some(&token), None).await.expect(401);
}
