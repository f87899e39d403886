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

#[db_test]
async fn dead_jobs_are_looked_at_tried_again_and_dropped_beside_a_server(installation: Installation) {
    let server = installation.serve().ready().await;
    let store = installation.store().await;
    // Nobody can read such payloads: the server gives both up.
    for key in ["first", "second"] {
        let pushed = store.write(move |tx| {
            let now = tx.now();
            tx.execute(
                store::sql!(
                    "INSERT INTO jobs (kind, unique_key, payload, run_at, attempts, max_attempts, state, created_at)
                     VALUES ('purge', $1, '{\"subject\": 7}', $2, 0, 20, 'waiting', $2)"
                ),
                (key, now),
            )
        });
        pushed.await.map_err(|error: store::Error| error).unwrap();
    }
    let dead = |count: usize| {
        let jobs = installation.run(["admin", "jobs", "list", "--state", "dead", "--json"]).expect_success();
        let jobs: serde_json::Value = serde_json::from_str(&jobs).unwrap();
        (jobs.as_array().unwrap().len() == count).then_some(jobs)
    };
    let jobs = until(|| dead(2)).await;
    assert_eq!(
        (&jobs[0]["kind"], &jobs[0]["key"], &jobs[0]["attempts"]),
        (&json!("purge"), &json!("first"), &json!(1))
    );
    assert_eq!(jobs[0]["payload"], json!({ "subject": 7 }));
    let table = installation.run(["admin", "jobs", "list", "--state", "dead"]).expect_success();
    assert!(table.starts_with("ID  STATE  KIND   KEY     TRIES  RUN AT"), "{table}");
    assert!(table.contains("dead   purge  second  1/20"), "{table}");

    let id = jobs[0]["id"].to_string();
    let shown = installation.run(["admin", "jobs", "show", &id]).expect_success();
    assert!(shown.contains("tries: 1 of 20") && shown.contains("cannot be read"), "{shown}");
    assert!(installation.run(["admin", "jobs", "show", "999"]).expect_code(1).contains("no job 999"));

    // Mended, and tried again: the server does it without being told.
    let mended = store.write(|tx| {
        let payload = types::Json::of(&json!({ "subject": { "kind": "account", "id": 999 } }));
        tx.execute(store::sql!("UPDATE jobs SET payload = $1 WHERE unique_key = 'first'"), (payload,))
    });
    mended.await.map_err(|error: store::Error| error).unwrap();
    assert_eq!(installation.run(["admin", "jobs", "retry", &id]).expect_success(), "");
    until(|| dead(1)).await;
    until(|| installation.run(["admin", "jobs", "show", &id]).status.code().filter(|code| *code == 1)).await;

    let id = jobs[1]["id"].to_string();
    assert_eq!(installation.run(["admin", "jobs", "drop", &id]).expect_success(), "");
    assert!(installation.run(["admin", "jobs", "drop", &id]).expect_code(1).contains("no job"));
    let left = installation.run(["admin", "jobs", "list", "--state", "dead"]).expect_success();
    assert_eq!(left, "no jobs\n", "the sweep of files waits, as always");
    drop(store);
    server.stop();
}

/// What `look` finds in the end.
async fn until<T>(look: impl Fn() -> Option<T>) -> T {
    let patience = std::time::Instant::now() + crate::support::LONG;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(std::time::Instant::now() < patience, "nothing came of it");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}
