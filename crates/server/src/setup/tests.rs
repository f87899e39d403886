//! Setting up, as a person does it in a browser.

use std::time::Duration;

use http::{Method, Request};
use serde_json::json;
use store::testing::{Engine, db_test};

use super::service;
use crate::auth::page::tests::{cookie_of, profile_of};
use crate::testing::{Answer, TestApp};
use crate::text::url_encoded;
use crate::{Error, Settings};

const PASSWORD: &str = "Sample-Pass-2022!";

/// The secret of a new link.
async fn link(app: &TestApp) -> String {
    let base_url = app.app.settings.base_url.clone();
    let link = app.app.store.write(move |tx| service::issue_link(tx, &base_url)).await.unwrap();
    link.strip_prefix("http://localhost:3000/installation/onboarding?token=").unwrap().to_owned()
}

async fn open(app: &TestApp, secret: &str) -> Answer {
    app.page(&format!("/installation/onboarding?token={secret}")).await
}

fn form(secret: &str, account_name: &str, name: &str, email: &str, password: &str) -> String {
    let [account_name, name, email, password] = [account_name, name, email, password].map(url_encoded);
    format!("token={secret}&account_name={account_name}&name={name}&email={email}&password={password}")
}

async fn send(app: &TestApp, form: &str) -> Answer {
    app.send_page("/installation/onboarding", form, "").await
}

fn good(secret: &str) -> String {
    form(secret, " Lantern Bikes ", "Ada Reed", " Ada@Sample.test", PASSWORD)
}

async fn count(app: &TestApp, table: &str) -> i64 {
    let text = match table {
        "accounts" => "SELECT COUNT(*) FROM accounts",
        "users" => "SELECT COUNT(*) FROM users",
        _ => "SELECT COUNT(*) FROM setup_link",
    };
    app.number(text, &[]).await
}

#[db_test]
async fn the_link_makes_an_account_and_its_administrator_who_is_signed_in(app: TestApp) {
    let secret = link(&app).await;
    let page = open(&app, &secret).await.expect(200);
    assert!(page.text().contains(&format!("name=\"token\" value=\"{secret}\"")), "{}", page.text());
    assert_eq!(page.headers["referrer-policy"], "no-referrer");
    assert_eq!(page.headers["cache-control"], "no-store");

    let answer = send(&app, &good(&secret)).await.expect(303);
    assert_eq!(answer.headers["location"], "/app");
    let profile = profile_of(&app, &cookie_of(&answer)).await;
    assert_eq!((&profile["name"], &profile["email"]), (&json!("Ada Reed"), &json!("ada@sample.test")));
    assert_eq!(profile["confirmed"], true);
    let account = &profile["accounts"][0];
    assert_eq!((&account["name"], &account["role"]), (&json!("Lantern Bikes"), &json!("administrator")));
    let account = types::AccountId::new(account["id"].as_i64().unwrap());
    assert_eq!(app.event_names(account).await, ["account.created", "agent.added"]);
    let noted = "SELECT COUNT(*) FROM audit_log WHERE action = 'installation.set_up'";
    assert_eq!(app.number(noted, &[]).await, 1);
    let signed_in = app.send_page("/app/login", &format!("email=ada@sample.test&password={PASSWORD}"), "").await;
    assert_eq!(signed_in.expect(303).headers["location"], "/app");
}

#[db_test]
async fn the_link_works_once_and_nothing_is_left_to_set_up(app: TestApp) {
    let secret = link(&app).await;
    send(&app, &good(&secret)).await.expect(303);
    for page in [
        open(&app, &secret).await,
        app.page("/installation/onboarding").await,
        send(&app, &form(&secret, "Other", "Eve", "eve@sample.test", PASSWORD)).await,
    ] {
        let page = page.expect(404);
        assert!(page.text().contains("Nothing left to set up") && !page.text().contains("name=\"token\""));
    }
    assert_eq!((count(&app, "accounts").await, count(&app, "users").await, count(&app, "links").await), (1, 1, 0));
    let base_url = app.app.settings.base_url.clone();
    let refused = app.app.store.write(move |tx| service::issue_link(tx, &base_url)).await;
    assert!(matches!(refused, Err(Error::Refused(_))));
    assert_eq!(count(&app, "links").await, 0, "a refused link is not stored");
    assert!(service::link_at_start(&app.app).await.unwrap().is_none());
}

#[db_test]
async fn only_the_newest_link_works_and_only_for_a_day(app: TestApp) {
    let (old, new) = (link(&app).await, link(&app).await);
    let page = open(&app, &old).await.expect(422);
    assert!(page.text().contains("does not work any more") && page.text().contains("admin setup-link"));
    send(&app, &good(&old)).await.expect(422);
    for nonsense in ["", "x", "%00", "%27%22%3E%3Cscript%3E"] {
        let page = open(&app, nonsense).await;
        assert!(!page.text().contains("name=\"token\"") && !page.text().contains("<script>"), "{}", page.text());
    }
    app.page("/installation/onboarding").await.expect(200);
    app.clock.advance(Duration::from_hours(24) - Duration::from_secs(1));
    open(&app, &new).await.expect(200);
    app.clock.advance(Duration::from_secs(1));
    open(&app, &new).await.expect(422);
    send(&app, &good(&new)).await.expect(422);
    assert_eq!((count(&app, "accounts").await, count(&app, "users").await), (0, 0));
    let last = service::link_at_start(&app.app).await.unwrap().unwrap();
    send(&app, &good(last.rsplit('=').next().unwrap())).await.expect(303);
}

#[db_test]
async fn the_secret_is_not_stored(app: TestApp) {
    let secret = link(&app).await;
    let (digest,): (String,) = app
        .app
        .store
        .read(|conn| conn.query_one(store::sql!("SELECT token_digest FROM setup_link"), ()))
        .await
        .map_err(|error: store::Error| error)
        .unwrap();
    assert_eq!(digest, crate::token::digest(&secret));
    assert!(!digest.contains(&secret));
}

#[db_test]
async fn of_many_who_send_the_form_at_once_one_sets_up(app: TestApp) {
    let secret = link(&app).await;
    let forms: Vec<String> = (0..8)
        .map(|number| form(&secret, &format!("Account {number}"), "Ada", &format!("ada{number}@sample.test"), PASSWORD))
        .collect();
    let sent = forms.iter().map(|form| send(&app, form));
    let answers = futures_util::future::join_all(sent).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![303], vec![404; 7]].concat());
    assert_eq!((count(&app, "accounts").await, count(&app, "users").await), (1, 1));
}

#[db_test]
async fn links_that_are_made_while_somebody_sets_up_make_no_second_account(app: TestApp) {
    let secret = link(&app).await;
    let form = good(&secret);
    let setting_up = send(&app, &form);
    let issuing = async {
        let base_url = app.app.settings.base_url.clone();
        app.app.store.write(move |tx| service::issue_link(tx, &base_url)).await
    };
    let (answer, issued) = futures_util::future::join(setting_up, issuing).await;
    match issued {
        Ok(link) => {
            // The old link was worthless from then on, unless it had been used before.
            let status = answer.status.as_u16();
            assert!(status == 422, "{status}");
            send(&app, &good(link.rsplit('=').next().unwrap())).await.expect(303);
        }
        Err(_) => assert_eq!(answer.status.as_u16(), 303),
    }
    assert_eq!((count(&app, "accounts").await, count(&app, "users").await), (1, 1));
}

#[db_test]
async fn whatever_is_wrong_is_said_beside_its_field_and_the_link_stays_good(app: TestApp) {
    let secret = link(&app).await;
    let before = app.row_counts().await;
    let long = "h".repeat(256);
    for (fields, wrong) in [
        (["", "Ada", "ada@sample.test", PASSWORD], "account_name_problem"),
        ([&long, "Ada", "ada@sample.test", PASSWORD], "account_name_problem"),
        (["Lantern", " ", "ada@sample.test", PASSWORD], "name_problem"),
        (["Lantern", "Ada", "no address", PASSWORD], "email_problem"),
        (["Lantern", "Ada", "", PASSWORD], "email_problem"),
        (["Lantern", "Ada", "ada@sample.test", "weak"], "password_problem"),
        (["Lantern", "Ada", "ada@sample.test", ""], "password_problem"),
    ] {
        let [account_name, name, email, password] = fields;
        let page = send(&app, &form(&secret, account_name, name, email, password)).await.expect(422);
        let text = page.text();
        assert!(text.contains(&format!("aria-describedby=\"{wrong}")), "{wrong}: {text}");
        assert_eq!(text.matches("aria-invalid=\"true\"").count(), 1, "{wrong}: {text}");
        assert!(text.contains("role=\"alert\"") && text.contains("<title>Error: "), "{text}");
        assert!(!text.contains(PASSWORD) && text.contains(&secret), "{text}");
    }
    let twice = format!("{}&password_confirmation=other", good(&secret));
    assert!(send(&app, &twice).await.expect(422).text().contains("password_confirmation_problem"));
    let form = form(&secret, "\"><b>Größe</b>", "علي", "x", PASSWORD);
    let text = send(&app, &form).await.expect(422);
    assert!(text.text().contains("value=\"&quot;&gt;&lt;b&gt;Größe&lt;/b&gt;\""), "{}", text.text());
    assert!(text.text().contains("value=\"علي\""), "{}", text.text());
    for nul in ["name", "account_name", "token"] {
        send(&app, &format!("{}&{nul}=a%00b", good(&secret))).await.expect(422);
    }
    assert_eq!(app.row_counts().await, before);
    send(&app, &good(&secret)).await.expect(303);
}

#[db_test]
async fn a_form_of_another_site_and_a_body_that_is_none_are_refused(app: TestApp) {
    let secret = link(&app).await;
    for site in ["cross-site", "same-site"] {
        let request = Request::post("/installation/onboarding")
            .header("sec-fetch-site", site)
            .header("content-type", "application/x-www-form-urlencoded");
        let answer = app.send(request.body(good(&secret).into()).unwrap()).await.expect(403);
        assert!(answer.text().contains("another site"));
    }
    let request = Request::post("/installation/onboarding").header("content-type", "text/csv");
    let answer = app.send(request.body("a,b".into()).unwrap()).await.expect(415);
    assert!(answer.text().starts_with("<!DOCTYPE html>"));
    assert_eq!(count(&app, "users").await, 0);
    let answer = app.call(Method::GET, "/installation/onboarding", None, None).await;
    answer.expect(406);
}

#[db_test]
async fn forms_from_one_address_are_limited(engine: Engine) {
    let app = TestApp::with_settings(engine, Settings::default()).await;
    let secret = link(&app).await;
    for _ in 0..20 {
        send(&app, &form("wrong", "Lantern", "Ada", "ada@sample.test", PASSWORD)).await.expect(422);
    }
    let page = send(&app, &good(&secret)).await.expect(429);
    assert_eq!(page.headers["retry-after"], "900");
    assert!(page.text().contains("Please try again in 15 minutes.") && page.text().contains("Lantern Bikes"));
    app.clock.advance(Duration::from_mins(15));
    send(&app, &good(&secret)).await.expect(303);
}
