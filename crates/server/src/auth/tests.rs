//! Signing in and out, through HTTP.

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{HeaderValue, Method, Request};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use store::testing::{Engine, db_test};

use crate::testing::{Answer, Caller, START, TestApp};
use crate::user::password;
use crate::{Settings, user};

const PASSWORD: &str = "Sample-Pass-2022!";
const SESSION: [&str; 5] = ["access-token", "token-type", "client", "expiry", "uid"];

/// An agent with a password, and its address.
async fn person(app: &TestApp) -> (Caller, String) {
    let caller = app.agent(app.account().await).await;
    let hash = password::hash(PASSWORD.into()).await.unwrap();
    set(app, &caller, "password_hash", &hash).await;
    let profile = app.get(&caller, "/api/v1/profile").await.expect(200).json();
    (caller, profile["email"].as_str().unwrap().to_owned())
}

/// Sets a column of the user.
async fn set(app: &TestApp, caller: &Caller, column: &'static str, text: &str) {
    let (id, text) = (caller.id, text.to_owned());
    let sql = match column {
        "password_hash" => store::sql!("UPDATE users SET password_hash = $2 WHERE id = $1"),
        "email" => store::sql!("UPDATE users SET email = $2 WHERE id = $1"),
        _ => panic!("{column}"),
    };
    app.app
        .store
        .write(move |tx| tx.execute(sql, (id, text.as_str())))
        .await
        .map_err(|error: store::Error| error)
        .unwrap();
}

async fn post(app: &TestApp, path: &str, body: Value) -> Answer {
    app.call(Method::POST, path, None, Some(&body)).await
}

async fn sign_in(app: &TestApp, email: &str, password: &str) -> Answer {
    post(app, "/auth/sign_in", json!({ "email": email, "password": password, "sso_auth_token": "" })).await
}

/// The session's headers in the answer.
fn session(answer: &Answer) -> Vec<(&'static str, HeaderValue)> {
    SESSION.map(|name| (name, answer.headers[name].clone())).to_vec()
}

async fn with(app: &TestApp, method: Method, path: &str, session: &[(&'static str, HeaderValue)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in session {
        request = request.header(*name, value);
    }
    app.send(request.body(Body::empty()).unwrap()).await
}

#[track_caller]
fn is_unsuccessful(answer: Answer, status: u16) {
    let body = answer.expect(status).json();
    assert_eq!(body["success"], false);
    assert!(body["errors"][0].is_string(), "{body}");
}

#[db_test]
async fn a_password_begins_a_session_that_does_what_the_token_does(app: TestApp) {
    let (caller, email) = person(&app).await;
    let answer = sign_in(&app, &format!(" {} ", email.to_uppercase()), PASSWORD).await.expect(200);
    let profile = app.get(&caller, "/api/v1/profile").await.expect(200).json();
    assert_eq!(answer.json(), json!({ "data": profile }));
    let session = session(&answer);
    let text = |at: usize| session[at].1.to_str().unwrap();
    assert_eq!((text(1), text(4)), ("Bearer", email.as_str()));
    // 2026-03-05 10:00 UTC, two months after the start.
    assert_eq!(text(3), "1772704800");
    let path = "/api/v1/profile";
    let mine = with(&app, Method::GET, path, &session).await.expect(200);
    assert_eq!(mine.json(), profile);
    for (name, value) in &session {
        assert_eq!(mine.headers[*name], value, "{name}");
    }
    assert!(app.get(&caller, path).await.headers.get("access-token").is_none());
    // The secret is not kept.
    let count = "SELECT COUNT(*) FROM user_sessions WHERE user_id = $1";
    assert_eq!(app.number(count, &[caller.id.get()]).await, 1);
    let (secret, id) = (text(0).to_owned(), caller.id);
    let (digest,): (String,) = app
        .app
        .store
        .read(move |conn| {
            conn.query_one(store::sql!("SELECT token_digest FROM user_sessions WHERE user_id = $1"), (id,))
        })
        .await
        .map_err(|error: store::Error| error)
        .unwrap();
    assert!(!digest.contains(&secret) && digest.len() == 64);
}

#[db_test]
async fn whatever_is_wrong_is_answered_alike(app: TestApp) {
    let (_, email) = person(&app).await;
    let nobody = app.agent(app.account().await).await;
    let nobody = app.get(&nobody, "/api/v1/profile").await.json()["email"].as_str().unwrap().to_owned();
    let bodies = [
        json!({ "email": email, "password": "Sample-Pass-2023!" }),
        json!({ "email": "nobody@sample.test", "password": PASSWORD }),
        json!({ "email": nobody, "password": "none" }),
        json!({ "email": email }),
        json!({ "email": email, "password": "" }),
        json!({ "email": email, "sso_auth_token": "0".repeat(64) }),
        json!({ "password": PASSWORD }),
        json!({}),
    ];
    let before = app.row_counts().await;
    for body in bodies {
        let answer = post(&app, "/auth/sign_in", body.clone()).await;
        assert!(SESSION.iter().all(|name| !answer.headers.contains_key(*name)), "{body}");
        is_unsuccessful(answer, 401);
    }
    assert_eq!(app.row_counts().await, before);
}

#[db_test]
async fn an_address_must_be_confirmed_first(app: TestApp) {
    let hash = password::hash(PASSWORD.into()).await.unwrap();
    let new = user::NewUser {
        name: "Ida".into(),
        email: "ida@sample.test".into(),
        display_name: None,
        password_hash: hash,
        custom_attributes: types::Json::object(),
        confirmed: false,
    };
    app.app.store.write(move |tx| user::service::create(tx, &new)).await.unwrap();
    let body = sign_in(&app, "ida@sample.test", PASSWORD).await.expect(401).json();
    assert_eq!((&body["success"], &body["error_code"]), (&json!(false), &json!("user_not_confirmed")));
    // Only who knows the password hears of it.
    let body = sign_in(&app, "ida@sample.test", "Sample-Pass-2023!").await.expect(401).json();
    assert!(body.get("error_code").is_none());
}

#[db_test]
async fn an_imported_password_is_stored_as_ours_once_it_is_used(app: TestApp) {
    let (caller, email) = person(&app).await;
    set(&app, &caller, "password_hash", &bcrypt::hash(PASSWORD, 4).unwrap()).await;
    sign_in(&app, &email, "Sample-Pass-2023!").await.expect(401);
    let ours = "SELECT COUNT(*) FROM users WHERE id = $1 AND password_hash LIKE '$argon2id$%'";
    assert_eq!(app.number(ours, &[caller.id.get()]).await, 0);
    sign_in(&app, &email, PASSWORD).await.expect(200);
    assert_eq!(app.number(ours, &[caller.id.get()]).await, 1);
    sign_in(&app, &email, PASSWORD).await.expect(200);
}

#[db_test]
async fn a_session_is_validated_by_headers_and_by_query(app: TestApp) {
    let (caller, email) = person(&app).await;
    let begun = session(&sign_in(&app, &email, PASSWORD).await.expect(200));
    let answer = with(&app, Method::GET, "/auth/validate_token", &begun).await.expect(200);
    assert_eq!(session(&answer), begun);
    let mut profile = app.get(&caller, "/api/v1/profile").await.expect(200).json();
    profile["created_at"] = json!("2026-01-05T10:00:00.000Z");
    assert_eq!(answer.json(), json!({ "payload": { "success": true, "data": profile } }));
    let text = |at: usize| crate::text::url_encoded(begun[at].1.to_str().unwrap());
    let query = format!("/auth/validate_token?access-token={}&client={}&uid={}", text(0), text(2), text(4));
    assert_eq!(session(&with(&app, Method::GET, &query, &[]).await.expect(200)), begun);

    is_unsuccessful(with(&app, Method::GET, "/auth/validate_token", &[]).await, 401);
    for (at, value) in [(0, "wrong"), (2, "wrong"), (4, "other@sample.test")] {
        let mut wrong = begun.clone();
        wrong[at].1 = HeaderValue::from_static(value);
        is_unsuccessful(with(&app, Method::GET, "/auth/validate_token", &wrong).await, 401);
        let refused = with(&app, Method::GET, "/api/v1/profile", &wrong).await.expect(401);
        assert!(refused.json()["errors"][0].is_string());
        assert!(!refused.headers.contains_key("access-token"));
    }
    // An access token is no session.
    is_unsuccessful(app.get(&caller, "/auth/validate_token").await, 401);
}

#[db_test]
async fn signing_out_ends_this_session_only(app: TestApp) {
    let (_, email) = person(&app).await;
    let one = session(&sign_in(&app, &email, PASSWORD).await.expect(200));
    let two = session(&sign_in(&app, &email, PASSWORD).await.expect(200));
    assert_ne!(one[2], two[2]);
    let answer = with(&app, Method::DELETE, "/auth/sign_out", &one).await.expect(200);
    assert_eq!(answer.json(), json!({ "success": true }));
    assert!(!answer.headers.contains_key("access-token"));
    is_unsuccessful(with(&app, Method::DELETE, "/auth/sign_out", &one).await, 404);
    is_unsuccessful(with(&app, Method::DELETE, "/auth/sign_out", &[]).await, 404);
    with(&app, Method::GET, "/api/v1/profile", &one).await.expect(401);
    with(&app, Method::GET, "/api/v1/profile", &two).await.expect(200);
}

#[db_test]
async fn sessions_end_by_themselves_and_the_oldest_gives_way(app: TestApp) {
    let (caller, email) = person(&app).await;
    let first = session(&sign_in(&app, &email, PASSWORD).await.expect(200));
    let mut others = Vec::new();
    for _ in 0..24 {
        others.push(app.session(&caller).await);
    }
    with(&app, Method::GET, "/api/v1/profile", &first).await.expect(200);
    let last = app.session(&caller).await;
    with(&app, Method::GET, "/api/v1/profile", &first).await.expect(401);
    with(&app, Method::GET, "/api/v1/profile", &others[0]).await.expect(200);
    let count = "SELECT COUNT(*) FROM user_sessions WHERE user_id = $1";
    assert_eq!(app.number(count, &[caller.id.get()]).await, 25);

    let lasts = Duration::from_hours(59 * 24);
    app.clock.set(START.plus(lasts).minus(Duration::from_secs(1)));
    with(&app, Method::GET, "/api/v1/profile", &last).await.expect(200);
    app.clock.set(START.plus(lasts));
    with(&app, Method::GET, "/api/v1/profile", &last).await.expect(401);
    app.session(&caller).await;
    assert_eq!(app.number(count, &[caller.id.get()]).await, 1, "what is over goes");
}

#[db_test]
async fn a_session_outlives_a_change_of_address(app: TestApp) {
    let (caller, email) = person(&app).await;
    let begun = session(&sign_in(&app, &email, PASSWORD).await.expect(200));
    set(&app, &caller, "email", "another@sample.test").await;
    let answer = with(&app, Method::GET, "/api/v1/profile", &begun).await.expect(200);
    assert_eq!(answer.headers["uid"], "another@sample.test");
    with(&app, Method::GET, "/api/v1/profile", &session(&answer)).await.expect(200);
}

#[db_test]
async fn a_sign_in_link_works_once_and_for_five_minutes(app: TestApp) {
    let (caller, email) = person(&app).await;
    let platform = app.platform_app().await;
    let id = caller.id;
    let link = async || {
        let path = format!("/platform/api/v1/users/{id}/login");
        let answer = app.call(Method::GET, &path, Some(&platform), None).await.expect(200).json();
        let url = answer["url"].as_str().unwrap().to_owned();
        let start = format!("http://localhost:3000/app/login?email={}&sso_auth_token=", email.replace('@', "%40"));
        url.strip_prefix(&start).unwrap_or_else(|| panic!("{url}")).to_owned()
    };
    let refused = app.call(Method::GET, &format!("/platform/api/v1/users/{id}/login"), Some(&platform), None).await;
    refused.expect(401);
    app.app
        .store
        .write(move |tx| {
            let (app,): (types::PlatformAppId,) =
                tx.query_one(store::sql!("SELECT id FROM platform_apps ORDER BY id DESC LIMIT 1"), ())?;
            crate::access::grant_user(tx, app, id)
        })
        .await
        .unwrap();
    let (secret, other) = (link().await, link().await);
    assert!(secret.len() == 64 && secret != other);
    let follow = async |email: &str, secret: &str| {
        post(&app, "/auth/sign_in", json!({ "email": email, "sso_auth_token": secret })).await
    };
    is_unsuccessful(follow("other@sample.test", &secret).await, 401);
    let answer = follow(&email, &secret).await.expect(200);
    with(&app, Method::GET, "/api/v1/profile", &session(&answer)).await.expect(200);
    is_unsuccessful(follow(&email, &secret).await, 401);
    app.clock.advance(Duration::from_secs(299));
    follow(&email, &other).await.expect(200);
    let late = link().await;
    app.clock.advance(Duration::from_mins(5));
    is_unsuccessful(follow(&email, &late).await, 401);
}

/// A sign-in from an address of the net.
async fn from(app: &TestApp, peer: &str, forwarded: Option<&str>, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password }).to_string();
    let mut request = Request::post("/auth/sign_in").header("content-type", "application/json");
    if let Some(forwarded) = forwarded {
        request = request.header("x-forwarded-for", forwarded);
    }
    let mut request = request.body(Body::from(body)).unwrap();
    request.extensions_mut().insert(ConnectInfo(format!("{peer}:4711").parse::<SocketAddr>().unwrap()));
    app.send(request).await
}

async fn limited(engine: Engine) -> TestApp {
    let settings = Settings { trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()], ..Settings::default() };
    TestApp::with_settings(engine, settings).await
}

#[db_test]
async fn an_address_may_try_five_times_in_five_minutes(engine: Engine) {
    let app = limited(engine).await;
    let (_, email) = person(&app).await;
    for number in 0..5 {
        from(&app, "203.0.113.9", None, &format!("{number}@sample.test"), "x").await.expect(401);
        app.clock.advance(Duration::from_secs(10));
    }
    let answer = from(&app, "203.0.113.9", None, &email, PASSWORD).await.expect(429);
    assert_eq!(answer.headers["retry-after"], "250");
    assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8");
    assert!(serde_json::from_slice::<Value>(&answer.body).is_err() && !answer.body.is_empty());
    // Others are not held up, nor are those behind a proxy by one another; what a stranger claims is not believed.
    from(&app, "203.0.113.10", None, &email, PASSWORD).await.expect(200);
    from(&app, "203.0.113.9", Some("198.51.100.1"), &email, PASSWORD).await.expect(429);
    from(&app, "10.0.0.1", Some("203.0.113.9"), &email, PASSWORD).await.expect(429);
    from(&app, "10.0.0.1", Some("203.0.113.11"), &email, PASSWORD).await.expect(200);
    app.clock.advance(Duration::from_secs(249));
    from(&app, "203.0.113.9", None, &email, PASSWORD).await.expect(429);
    app.clock.advance(Duration::from_secs(1));
    from(&app, "203.0.113.9", None, &email, PASSWORD).await.expect(200);
    from(&app, "203.0.113.9", None, &email, PASSWORD).await.expect(429);
}

#[db_test]
async fn a_user_may_be_tried_ten_times_in_a_quarter_of_an_hour(engine: Engine) {
    let app = limited(engine).await;
    let (_, email) = person(&app).await;
    for number in 0..10 {
        from(&app, &format!("203.0.113.{number}"), None, &email.to_uppercase(), "x").await.expect(401);
    }
    from(&app, "203.0.113.99", None, &email, PASSWORD).await.expect(429);
    app.clock.advance(Duration::from_mins(15));
    from(&app, "203.0.113.99", None, &email, PASSWORD).await.expect(200);
}
