//! Signing in and out, as a person does it in a browser.

use std::time::Duration;

use axum::body::Body;
use http::{HeaderMap, Method, Request};
use serde_json::Value;
use store::testing::{Engine, db_test};

use super::cookie;
use crate::auth::link::{self, Purpose};
use crate::events::Actor;
use crate::testing::{Answer, Caller, TestApp};
use crate::text::url_encoded;
use crate::user::password;
use crate::{BaseUrl, SecretKey, Settings, user};

const PASSWORD: &str = "Sample-Pass-2022!";

/// The cookie that an answer sets, as a browser sends it back.
#[track_caller]
pub fn cookie_of(answer: &Answer) -> String {
    let set = answer.headers["set-cookie"].to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}

/// The profile of whoever the session in the cookie belongs to, asked as the dashboard does.
pub async fn profile_of(app: &TestApp, cookie: &str) -> Value {
    profile(app, cookie).await.expect(200).json()
}

async fn profile(app: &TestApp, cookie: &str) -> Answer {
    let headers: HeaderMap = [(http::header::COOKIE, cookie.parse().unwrap())].into_iter().collect();
    let session = cookie::session_of(&headers).unwrap();
    let request = Request::get("/api/v1/profile")
        .header("access-token", session.token)
        .header("client", session.client)
        .header("uid", session.uid);
    app.send(request.body(Body::empty()).unwrap()).await
}

/// An agent with a password and its address.
async fn person(app: &TestApp) -> (Caller, String) {
    let caller = app.agent(app.account().await).await;
    let (id, hash) = (caller.id, password::hash(PASSWORD.into()).await.unwrap());
    let change = user::UserChange { password_hash: Some(hash), ..user::UserChange::default() };
    let user = app.app.store.write(move |tx| user::service::update(tx, id, &change, &Actor::Operator)).await.unwrap();
    (caller, user.email)
}

async fn sign_in(app: &TestApp, email: &str, password: &str) -> Answer {
    let form = format!("email={}&password={}", url_encoded(email), url_encoded(password));
    app.send_page("/app/login", &form, "").await
}

#[db_test]
async fn a_password_signs_in_as_the_api_does_and_leads_to_the_start(app: TestApp) {
    let (caller, email) = person(&app).await;
    let page = app.page("/app/login").await.expect(200);
    assert!(page.text().contains("<label for=\"password\">") && page.text().contains("autocomplete=\"username\""));

    let answer = sign_in(&app, &format!(" {} ", email.to_uppercase()), PASSWORD).await.expect(303);
    assert_eq!(answer.headers["location"], "/app");
    let set = answer.headers["set-cookie"].to_str().unwrap();
    // 59 days: two months after the 5th of January.
    assert!(set.ends_with("; Path=/; Max-Age=5097600; SameSite=Lax"), "{set}");
    let cookie = cookie_of(&answer);
    assert_eq!(profile_of(&app, &cookie).await["id"], caller.id.get());

    let page = app.page_with("/app", &cookie).await.expect(200);
    assert!(page.text().contains(&email) && page.text().contains("Sign out"), "{}", page.text());
    let login = app.page_with("/app/login", &cookie).await.expect(303);
    assert_eq!(login.headers["location"], "/app");
    // No API takes the cookie.
    let request = Request::get("/api/v1/profile").header("cookie", &cookie);
    app.send(request.body(Body::empty()).unwrap()).await.expect(401);
}

#[db_test]
async fn what_is_wrong_is_said_alike_and_the_address_stays(app: TestApp) {
    let (_, email) = person(&app).await;
    for (email, password) in [(email.as_str(), "Sample-Pass-2023!"), ("nobody@sample.test", PASSWORD), (&email, "")] {
        let page = sign_in(&app, email, password).await.expect(401);
        assert!(page.headers.get("set-cookie").is_none());
        let text = page.text();
        assert!(text.contains("The e-mail address or the password is not right."), "{text}");
        assert!(text.contains("role=\"alert\"") && text.contains("<title>Error: Sign in"), "{text}");
        assert!(text.contains(&format!("value=\"{email}\"")) && !text.contains("Sample-Pass"), "{text}");
    }
    let text = sign_in(&app, "\"><script>alert(1)</script>", "x").await.expect(401);
    assert!(text.text().contains("value=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\""), "{}", text.text());
    for form in ["", "email=", "password=x", "email[]=1&password[a]=2"] {
        let answer = app.send_page("/app/login", form, "").await;
        assert!(matches!(answer.status.as_u16(), 401 | 422), "{form}: {}", answer.status);
        assert!(answer.text().starts_with("<!DOCTYPE html>"), "{form}");
    }
}

#[db_test]
async fn who_is_not_confirmed_hears_so(app: TestApp) {
    let new = user::NewUser {
        name: "Ida".into(),
        email: "ida@sample.test".into(),
        display_name: None,
        password_hash: password::hash(PASSWORD.into()).await.unwrap(),
        custom_attributes: types::Json::object(),
        confirmed: false,
    };
    app.app.store.write(move |tx| user::service::create(tx, &new)).await.unwrap();
    let page = sign_in(&app, "ida@sample.test", PASSWORD).await.expect(401);
    assert!(page.text().contains("not confirmed yet"), "{}", page.text());
}

#[db_test]
async fn a_sign_in_link_is_followed_by_a_form_and_works_once(app: TestApp) {
    let (caller, email) = person(&app).await;
    let id = caller.id;
    let (base_url, to) = (app.app.settings.base_url.clone(), email.clone());
    let link = app.app.store.write(move |tx| crate::auth::service::sign_in_link(tx, &base_url, id, &to)).await.unwrap();
    let path = link.strip_prefix("http://localhost:3000").unwrap();
    let secret = path.rsplit('=').next().unwrap();
    // Programs that look into mails follow links too: that uses nothing up.
    for _ in 0..2 {
        let page = app.page(path).await.expect(200);
        assert!(page.headers.get("set-cookie").is_none());
        assert_eq!(page.headers["referrer-policy"], "no-referrer");
        assert!(page.text().contains(&format!("name=\"sso_auth_token\" value=\"{secret}\"")), "{}", page.text());
    }
    let form = format!("email={}&sso_auth_token={secret}", url_encoded(&email));
    let answer = app.send_page("/app/login", &form, "").await.expect(303);
    assert_eq!(answer.headers["location"], "/app");
    assert_eq!(profile_of(&app, &cookie_of(&answer)).await["id"], caller.id.get());
    let again = app.send_page("/app/login", &form, "").await.expect(401);
    assert!(again.text().contains("This sign-in link does not work any more") && !again.text().contains(secret));
}

#[db_test]
async fn nobody_writes_on_our_page_by_a_link(app: TestApp) {
    for path in [
        "/app/login?email=Call%20us%20at%20555&sso_auth_token=x",
        "/app/login?email=Call%20us%20at%20555",
        "/app/login?error=Call%20us%20at%20555",
        "/app/Call%20us%20at%20555",
        "/installation/onboarding?token=Call%20us%20at%20555",
    ] {
        let page = app.page(path).await;
        let visible = page.text().replace("value=\"Call us at 555\"", "");
        assert!(!visible.contains("Call us"), "{path}: {visible}");
    }
    let page = app.page("/app/login?email=a@b.test&sso_auth_token=%22%3E%3Cscript%3E").await.expect(200);
    assert!(page.text().contains("value=\"&quot;&gt;&lt;script&gt;\""), "{}", page.text());
}

#[db_test]
async fn no_address_leads_to_another_site(app: TestApp) {
    let (_, email) = person(&app).await;
    let cookie = cookie_of(&sign_in(&app, &email, PASSWORD).await.expect(303));
    for path in ["/", "/app/login", "/app/login?redirect=//evil.test&next=https://evil.test", "/app/login//evil.test"] {
        let answer = app.page_with(path, &cookie).await;
        if let Some(location) = answer.headers.get("location") {
            assert_eq!(location, "/app", "{path}");
        }
    }
    for path in ["/", "/app", "/app/", "/app/accounts/1/conversations/2", "/app//evil.test"] {
        let answer = app.page(path).await.expect(303);
        let location = &answer.headers["location"];
        assert!(location == "/app/login" || (path == "/" && location == "/app"), "{path}: {location:?}");
    }
    let form = format!("email={email}&password={PASSWORD}&return_to=https://evil.test&redirect_url=//evil.test");
    assert_eq!(app.send_page("/app/login", &form, "").await.expect(303).headers["location"], "/app");
}

#[db_test]
async fn signing_out_ends_the_session_and_takes_the_cookie(app: TestApp) {
    let (_, email) = person(&app).await;
    let cookie = cookie_of(&sign_in(&app, &email, PASSWORD).await.expect(303));
    let other = cookie_of(&sign_in(&app, &email, PASSWORD).await.expect(303));
    // Another site cannot do it.
    let request = Request::post("/app/sign_out").header("cookie", &cookie).header("sec-fetch-site", "cross-site");
    app.send(request.body(Body::empty()).unwrap()).await.expect(403);
    app.page_with("/app", &cookie).await.expect(200);

    let answer = app.send_page("/app/sign_out", "", &cookie).await.expect(303);
    assert_eq!(answer.headers["location"], "/app/login");
    assert_eq!(answer.headers["set-cookie"], "cw_d_session_info=; Path=/; Max-Age=0; SameSite=Lax");
    profile(&app, &cookie).await.expect(401);
    app.page_with("/app", &cookie).await.expect(303);
    app.page_with("/app", &other).await.expect(200);
    app.send_page("/app/sign_out", "", &cookie).await.expect(303);
    app.send_page("/app/sign_out", "", "").await.expect(303);
    app.page("/app/sign_out").await.expect(303);
}

#[db_test]
async fn a_session_that_is_over_leads_to_the_form(app: TestApp) {
    let (caller, email) = person(&app).await;
    let cookie = cookie_of(&sign_in(&app, &email, PASSWORD).await.expect(303));
    app.clock.advance(Duration::from_hours(59 * 24));
    let answer = app.page_with("/app", &cookie).await.expect(303);
    assert_eq!(answer.headers["location"], "/app/login");
    app.page_with("/app/login", &cookie).await.expect(200);
    for wrong in ["cw_d_session_info=x", "cw_d_session_info=%7B%7D", "cw_d_session_info=%7B%22client%22%3A1%7D"] {
        app.page_with("/app", wrong).await.expect(303);
    }
    let cookie = cookie_of(&sign_in(&app, &email, PASSWORD).await.expect(303));
    let id = caller.id;
    app.app.store.write(move |tx| user::service::delete(tx, id, &crate::events::Actor::Operator)).await.unwrap();
    app.page_with("/app", &cookie).await.expect(303);
}

#[db_test]
async fn names_on_the_start_are_text(app: TestApp) {
    let (caller, email) = person(&app).await;
    let id = caller.id;
    let change = user::UserChange { name: Some("<b>علي & \"Co\"".into()), ..user::UserChange::default() };
    app.app.store.write(move |tx| user::service::update(tx, id, &change, &Actor::Operator)).await.unwrap();
    let cookie = cookie_of(&sign_in(&app, &email, PASSWORD).await.expect(303));
    let page = app.page_with("/app", &cookie).await.expect(200);
    assert!(page.text().contains("&lt;b&gt;علي &amp; &quot;Co&quot;</strong>"), "{}", page.text());
    assert!(!page.text().contains("access_token") && !page.text().contains(&caller.token));
}

#[db_test]
async fn pages_are_for_people_and_carry_a_strict_policy(app: TestApp) {
    person(&app).await;
    for path in ["/app", "/app/login", "/app/accounts/1", "/survey/responses/x"] {
        app.call(Method::GET, path, None, None).await.expect(406);
    }
    let page = app.page("/app/login").await.expect(200);
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    for part in
        ["default-src 'none'", "style-src 'sha256-", "script-src 'sha256-", "form-action 'self'", "base-uri 'none'"]
    {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
    let text = page.text();
    assert!(!text.contains(" style=") && !text.contains(" onclick") && !text.contains("javascript:"), "{text}");
    assert!(!text.contains("src=") && !text.contains("@import") && !text.contains("url("), "{text}");
}

#[db_test]
async fn a_server_that_nobody_can_sign_in_to_says_how_to_set_it_up(app: TestApp) {
    assert!(app.page("/app/login").await.expect(200).text().contains("href=\"/installation/onboarding\""));
    person(&app).await;
    assert!(!app.page("/app/login").await.expect(200).text().contains("/installation/onboarding"));
}

#[db_test]
async fn tries_are_limited_as_those_of_the_api_are(engine: Engine) {
    let app = TestApp::with_settings(engine, Settings::default()).await;
    let (_, email) = person(&app).await;
    for _ in 0..5 {
        sign_in(&app, &email, "wrong").await.expect(401);
    }
    let page = sign_in(&app, &email, PASSWORD).await.expect(429);
    assert_eq!(page.headers["retry-after"], "300");
    assert!(page.text().contains("Too many tries. Please try again in 5 minutes."), "{}", page.text());
    app.clock.advance(Duration::from_mins(5));
    sign_in(&app, &email, PASSWORD).await.expect(303);
}

#[db_test]
async fn the_cookie_is_for_tls_where_the_server_is_reached_by_it(engine: Engine) {
    let base_url = BaseUrl::new("https://desk.sample.test", &SecretKey::new([0; 32]));
    let app = TestApp::with_settings(engine, Settings { base_url, ..Settings::default() }).await;
    let (_, email) = person(&app).await;
    let answer = sign_in(&app, &email, PASSWORD).await.expect(303);
    assert!(answer.headers["set-cookie"].to_str().unwrap().ends_with("; SameSite=Lax; Secure"));
}

#[db_test]
async fn links_for_other_things_do_not_sign_in(app: TestApp) {
    let (caller, email) = person(&app).await;
    let id = caller.id;
    let secret = app.app.store.write(move |tx| link::issue(tx, id, Purpose::Password, None)).await.unwrap();
    let form = format!("email={}&sso_auth_token={secret}", url_encoded(&email));
    app.send_page("/app/login", &form, "").await.expect(401);
}

/// The secret in the only mail that was sent, once what is due has run.
async fn mailed(app: &TestApp, name: &str) -> String {
    app.run_due_jobs().await;
    app.only_mail().secret(name)
}

#[db_test]
async fn a_forgotten_password_is_asked_for_and_set_on_pages(app: TestApp) {
    let (caller, email) = person(&app).await;
    let login = app.page("/app/login").await.expect(200);
    assert!(login.text().contains("<a href=\"/app/auth/reset/password\">"), "{}", login.text());
    app.page("/app/auth/reset/password").await.expect(200);
    let wrong = app.send_page("/app/auth/reset/password", "email=nobody", "").await.expect(422);
    assert!(wrong.text().contains("aria-describedby=\"email_problem\"") && wrong.text().contains("value=\"nobody\""));

    let known = app.send_page("/app/auth/reset/password", &format!("email={}", url_encoded(&email)), "").await;
    let unknown = app.send_page("/app/auth/reset/password", "email=nobody%40sample.test", "").await.expect(200);
    assert_eq!(known.expect(200).text(), unknown.text(), "whoever has it");

    let secret = mailed(&app, "reset_password_token").await;
    let path = "/app/auth/password/edit";
    let page = app.page(&format!("{path}?reset_password_token={secret}")).await.expect(200);
    assert!(page.text().contains(&email) && page.text().contains("autocomplete=\"new-password\""), "{}", page.text());
    assert_eq!(
        (&page.headers["referrer-policy"], &page.headers["cache-control"]),
        (&"no-referrer".parse().unwrap(), &"no-store".parse().unwrap())
    );

    let form = |password: &str, again: &str| {
        let [password, again] = [password, again].map(url_encoded);
        format!("reset_password_token={secret}&password={password}&password_confirmation={again}")
    };
    let weak = app.send_page(path, &form("weak", "weak"), "").await.expect(422);
    assert!(weak.text().contains("id=\"password_problem\"") && weak.text().contains(&secret), "{}", weak.text());
    let differs = app.send_page(path, &form("Sample-Pass-2023!", "x"), "").await.expect(422);
    assert!(differs.text().contains("id=\"password_confirmation_problem\"") && !differs.text().contains("2023"));
    let answer = app.send_page(path, &form("Sample-Pass-2023!", "Sample-Pass-2023!"), "").await.expect(303);
    assert_eq!(answer.headers["location"], "/app");
    assert_eq!(profile_of(&app, &cookie_of(&answer)).await["id"], caller.id.get());
    sign_in(&app, &email, PASSWORD).await.expect(401);

    for page in [
        app.page(&format!("{path}?reset_password_token={secret}")).await,
        app.send_page(path, &form(PASSWORD, PASSWORD), "").await,
        app.page(path).await,
    ] {
        assert!(page.expect(422).text().contains("href=\"/app/auth/reset/password\""));
    }
}

#[db_test]
async fn an_address_is_confirmed_by_a_button_and_not_by_following_the_link(app: TestApp) {
    let body = serde_json::json!({
        "account_name": "Lark", "user_full_name": "Ada", "email": "ada@sample.test", "password": PASSWORD
    });
    app.call(Method::POST, "/api/v1/accounts", None, Some(&body)).await.expect(200);
    let secret = mailed(&app, "confirmation_token").await;
    let refused = sign_in(&app, "ada@sample.test", PASSWORD).await.expect(401);
    assert!(refused.text().contains("href=\"/app/auth/confirmation/new\""), "{}", refused.text());

    app.page("/app/auth/confirmation/new").await.expect(200);
    app.send_page("/app/auth/confirmation/new", "email=ada%40sample.test", "").await.expect(200);
    let newer = mailed(&app, "confirmation_token").await;
    for path in ["/app/auth/confirmation", "/auth/confirmation"] {
        let page = app.page(&format!("{path}?confirmation_token={newer}")).await.expect(200);
        assert!(page.text().contains("ada@sample.test") && page.text().contains("data-go"), "{}", page.text());
    }
    sign_in(&app, "ada@sample.test", PASSWORD).await.expect(401);
    let path = "/app/auth/confirmation";
    let answer = app.send_page(path, &format!("confirmation_token={newer}"), "").await.expect(303);
    assert_eq!(profile_of(&app, &cookie_of(&answer)).await["email"], "ada@sample.test");
    for secret in [&newer, &secret] {
        let again = app.send_page(path, &format!("confirmation_token={secret}"), "").await.expect(200);
        assert!(again.text().contains("href=\"/app/login\"") && !again.headers.contains_key("set-cookie"));
    }
    for page in [app.page(path).await, app.send_page(path, "confirmation_token=x", "").await] {
        assert!(page.expect(422).text().contains("href=\"/app/auth/confirmation/new\""));
    }
}

#[db_test]
async fn pages_about_mails_are_for_our_own_forms_and_not_without_end(engine: Engine) {
    let app = TestApp::with_settings(engine, Settings::default()).await;
    for path in
        ["/app/auth/reset/password", "/app/auth/password/edit", "/app/auth/confirmation", "/app/auth/confirmation/new"]
    {
        let request = Request::post(path).header("sec-fetch-site", "cross-site");
        app.send(request.body(Body::empty()).unwrap()).await.expect(403);
    }
    for (path, form, most) in [
        ("/app/auth/reset/password", "email=ada%40sample.test", 5),
        ("/app/auth/confirmation/new", "email=ada%40sample.test", 5),
        ("/app/auth/password/edit", "reset_password_token=x", 20),
    ] {
        for _ in 0..most {
            assert_ne!(app.send_page(path, form, "").await.status, 429);
        }
        let page = app.send_page(path, form, "").await.expect(429);
        assert!(page.text().contains("Too many tries. Please try again in"), "{}", page.text());
    }
    app.send_page("/app/auth/confirmation", "confirmation_token=x", "").await.expect(429);
}
