//! What operators do beside a running server.

use serde_json::json;
use store::testing::db_test;

use crate::support::{Installation, Outcome, outcome_with_input};

#[db_test]
async fn a_platform_app_is_made_beside_a_server_and_prints_its_token_alone(installation: Installation) {
    let server = installation.serve().ready().await;
    let printed = installation.run(["admin", "platform-app", "create", "Onboarding"]).expect_success();
    let token = printed.trim_end();
    assert_eq!(printed, format!("{token}\n"));
    assert_eq!(token.len(), 24);
    let account = server.post(Some(token), "/platform/api/v1/accounts", &json!({ "name": "Lark Bikes" })).await;
    assert!(account["id"].is_number(), "{account}");
    let listed = installation.run(["admin", "platform-app", "list"]).expect_success();
    assert_eq!(listed, "1\tOnboarding\n");
    server.stop();
}

#[db_test]
async fn accounts_and_users_are_made_beside_a_server(installation: Installation) {
    let server = installation.serve().ready().await;
    let account = installation.run(["admin", "account", "create", "Lark Bikes", "--locale", "pt_BR"]).expect_success();
    let account = account.trim_end();
    let listed = installation.run(["admin", "account", "list"]).expect_success();
    assert_eq!(listed, format!("{account}\tLark Bikes\tactive\n"));

    let created = create_user(&installation, account, "olu@larkbikes.example", &[]).expect_success();
    let token = field(&created, "token");
    assert!(field(&created, "password").len() >= 24, "{created}");
    let agents = server.get(&token, &format!("/api/v1/accounts/{account}/agents")).await;
    assert_eq!(agents[0]["email"], "olu@larkbikes.example");
    assert_eq!(agents[0]["role"], "administrator");

    let args = ["admin", "user", "token", "--email", "Olu@larkbikes.example", "--account", account];
    assert_eq!(installation.run(args).expect_success(), format!("{token}\n"));

    let path = ["admin", "user", "availability", "--account", account, "--email", "olu@larkbikes.example"];
    let args = path.iter().chain(&["--availability", "busy", "--auto-offline", "false"]);
    assert_eq!(installation.run(args).expect_success(), "");
    let agents = server.get(&token, &format!("/api/v1/accounts/{account}/agents")).await;
    assert_eq!(agents[0]["availability_status"], "busy");
    server.stop();
}

#[db_test]
async fn a_known_user_joins_another_account_and_keeps_the_password(installation: Installation) {
    let first = installation.run(["admin", "account", "create", "Lark Bikes"]).expect_success();
    let second = installation.run(["admin", "account", "create", "Reed Books"]).expect_success();
    let created = create_user(&installation, first.trim_end(), "olu@larkbikes.example", &[]).expect_success();
    let joined = create_user(&installation, second.trim_end(), "olu@larkbikes.example", &[]).expect_success();
    assert_eq!(field(&joined, "token"), field(&created, "token"));
    assert!(field(&joined, "password").contains("keeps it"), "{joined}");
}

#[tokio::test]
async fn a_password_is_read_from_the_standard_input() {
    let installation = Installation::new();
    installation.run(["admin", "account", "create", "Lark Bikes"]).expect_success();
    let args = [
        "admin",
        "user",
        "create",
        "--account",
        "1",
        "--email",
        "olu@larkbikes.example",
        "--name",
        "Olu Adeyemi",
        "--role",
        "agent",
        "--password",
        "-",
    ];
    let refusal = outcome_with_input(&mut installation.command(args), "weak\n").expect_code(1);
    assert!(refusal.contains("Password must have"), "{refusal}");
    let created = outcome_with_input(&mut installation.command(args), "Sample-Pass-2022!\n").expect_success();
    assert!(!created.contains("assword"), "{created}");
}

#[db_test]
async fn refusals_are_one_line_on_the_standard_error(installation: Installation) {
    let refusals = [
        (vec!["admin", "account", "create", " "], "Name can't be blank"),
        (vec!["admin", "platform-app", "create", ""], "Name can't be blank"),
        (vec!["admin", "user", "token", "--email", "nobody@larkbikes.example"], "user not found"),
    ];
    for (args, expected) in refusals {
        let outcome = installation.run(&args);
        assert_eq!(outcome.stdout, "");
        assert_eq!(outcome.expect_code(1), format!("ooctopus: {expected}\n"), "{args:?}");
    }
    let refusal = create_user(&installation, "99", "olu@larkbikes.example", &[]).expect_code(1);
    assert_eq!(refusal, "ooctopus: account not found\n");
}

fn create_user(installation: &Installation, account: &str, email: &str, more: &[&str]) -> Outcome {
    let args = [
        "admin",
        "user",
        "create",
        "--account",
        account,
        "--email",
        email,
        "--name",
        "Olu Adeyemi",
        "--role",
        "administrator",
    ];
    installation.run(args.iter().chain(more))
}

/// The value of a line `name: value`.
fn field(text: &str, name: &str) -> String {
    let value = text.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    value.unwrap_or_else(|| panic!("no {name} in\n{text}")).to_owned()
}
