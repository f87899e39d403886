//! The first start: the link that sets up the first account.

use store::testing::db_test;

use crate::support::{Installation, Server};

const MARK: &str = "/installation/onboarding?token=";

/// Sends the form of the page that the link leads to; gives the status and where the answer leads.
async fn set_up(server: &Server, link: &str, email: &str) -> (u16, String) {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let (_, secret) = link.split_once(MARK).unwrap();
    let fields = [
        ("token", secret),
        ("account_name", "Lantern Bikes"),
        ("name", "Ada Reed"),
        ("email", email),
        ("password", "Sample-Pass-2022!"),
    ];
    let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let request = client
        .post(format!("{}/installation/onboarding", server.url))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.join("&"));
    let answer = request.send().await.unwrap();
    let location = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
    (answer.status().as_u16(), location.unwrap_or_default())
}

#[db_test]
async fn the_first_start_logs_a_link_that_sets_up_the_first_account(installation: Installation) {
    let server = installation.serve().ready().await;
    let link = format!("{}{MARK}{}", server.url, server.logged_after(MARK));
    let page = reqwest::get(&link).await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.text().await.unwrap().contains("Set up your desk"));
    assert_eq!(set_up(&server, &link, "ada@sample.test").await, (303, "/app".into()));
    assert_eq!(set_up(&server, &link, "eve@sample.test").await.0, 404);
    assert_eq!(server.stop().stderr.matches(MARK).count(), 1, "it is logged once");
    assert_eq!(installation.run(["admin", "account", "list"]).expect_success(), "1\tLantern Bikes\tactive\n");
    let again = installation.serve().ready().await.stop();
    assert!(!again.stderr.contains(MARK), "{}", again.stderr);
}

#[db_test]
async fn an_operator_asks_for_another_link_while_there_is_no_user(installation: Installation) {
    let server = installation.serve().ready().await;
    let first = format!("{MARK}{}", server.logged_after(MARK));
    let args = ["admin", "setup-link", "--base-url", "https://desk.sample.test"];
    let printed = installation.run(args).expect_success();
    let link = printed.trim_end();
    assert!(link.starts_with(&format!("https://desk.sample.test{MARK}")) && printed.lines().count() == 1, "{printed}");
    assert_eq!(set_up(&server, &first, "ada@sample.test").await.0, 422, "the one before is worthless");
    assert_eq!(set_up(&server, link, "ada@sample.test").await.0, 303);
    let refusal = installation.run(["admin", "setup-link"]).expect_code(1);
    assert_eq!(refusal, "ooctopus: this installation has users: an administrator can add others\n");
    server.stop();
}

#[tokio::test]
async fn a_demo_needs_no_setting_up() {
    let installation = Installation::new();
    let outcome = installation.serve_with(&["--demo"]).ready().await.stop();
    assert!(!outcome.stderr.contains(MARK), "{}", outcome.stderr);
    installation.run(["admin", "setup-link"]).expect_code(1);
}
