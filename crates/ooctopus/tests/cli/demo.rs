//! The demo, and the commands that it prints.

use std::collections::BTreeSet;
use std::process::Command;

use store::testing::db_test;

use crate::support::{Installation, outcome_with_input, value_of};

#[db_test]
async fn the_printed_lines_do_the_main_job(installation: Installation) {
    let server = installation.serve_with(&["--demo"]).ready().await;
    let script = server.demo.clone();
    let outcome = outcome_with_input(Command::new("sh").arg("-eu").env("NO_PROXY", "*"), &script);
    assert_eq!(outcome.stderr, "");
    let printed = outcome.expect_success();
    let steps: Vec<&str> = (1..=7).map(|number| step(&printed, number)).collect();

    let number = steps[0].split("\"conversation_id\":").nth(1).unwrap().split([',', '}']).next().unwrap();
    assert!(steps[0].contains("\"content\":\"My parcel has not arrived.\""), "{printed}");
    assert!(steps[1].lines().any(|line| line == format!("\"conversation_id\":{number}")), "{printed}");
    assert!(steps[2].contains("jonas@lanternbikes.example"), "{printed}");
    assert!(steps[2].contains("{\"payload\":[\"delivery\"]}"), "{printed}");
    assert!(steps[2].contains("\"private\":true"), "{printed}");
    assert!(steps[3].contains("\"content\":\"A new parcel is on its way, Noor.\""), "{printed}");
    let read: Vec<&str> = steps[4].lines().collect();
    assert_eq!(
        read,
        ["\"content\":\"My parcel has not arrived.\"", "\"content\":\"A new parcel is on its way, Noor.\""]
    );
    assert!(steps[5].contains("\"current_status\":\"resolved\""), "{printed}");
    assert_eq!(steps[6].lines().last(), Some("\"status\":\"open\""), "{printed}");
    server.stop();
}

#[db_test]
async fn a_second_filling_adds_nothing_and_prints_the_same(installation: Installation) {
    let server = installation.serve_with(&["--demo"]).ready().await;
    let first = server.demo.clone();
    let token = value_of(&first, "ADMINISTRATOR_TOKEN");
    let before = server.get(&token, "/api/v1/accounts/1/conversations/meta?status=all").await;
    let beside = installation.run(["demo", "--base-url", &server.url]).expect_success();
    assert_eq!(beside, first);
    let listen = installation.run(["demo", "--listen", server.address()]).expect_success();
    assert_eq!(listen, first);
    assert_eq!(server.get(&token, "/api/v1/accounts/1/conversations/meta?status=all").await, before);
    assert_eq!(installation.run(["admin", "account", "list"]).expect_success().lines().count(), 1);
    assert_eq!(installation.run(["admin", "platform-app", "list"]).expect_success().lines().count(), 1);
    server.stop();

    let server = installation.serve_with(&["--demo"]).ready().await;
    let again = server.demo.clone();
    assert_eq!(again.replace(&server.url, ""), first.replace(&value_of(&first, "BASE_URL"), ""));
    server.stop();
}

#[db_test]
async fn processes_that_fill_at_once_make_one_demo(installation: Installation) {
    installation.run(["migrate"]).expect_success();
    let texts: Vec<String> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| installation.run(["demo"]).expect_success())).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
    assert_eq!(installation.run(["admin", "account", "list"]).expect_success().lines().count(), 1);
}

#[db_test]
async fn the_demo_shows_every_kind_of_thing(installation: Installation) {
    let text = installation.run(["demo"]).expect_success();
    let server = installation.serve().ready().await;
    let token = value_of(&text, "ADMINISTRATOR_TOKEN");
    let get = async |path: &str| server.get(&token, &format!("/api/v1/accounts/1/{path}")).await;

    let inboxes = get("inboxes").await;
    let kinds: BTreeSet<&str> =
        inboxes["payload"].as_array().unwrap().iter().map(|inbox| inbox["channel_type"].as_str().unwrap()).collect();
    assert_eq!(kinds, BTreeSet::from(["Channel::Api", "Channel::Email", "Channel::WebWidget"]));
    assert_eq!(get("inboxes/2").await["id"], 2);

    let agents = get("agents").await;
    let roles: Vec<&str> = agents.as_array().unwrap().iter().map(|agent| agent["role"].as_str().unwrap()).collect();
    assert_eq!(roles.iter().filter(|role| **role == "administrator").count(), 1);
    assert_eq!(roles.iter().filter(|role| **role == "agent").count(), 2);

    for status in ["open", "resolved", "pending", "snoozed"] {
        let list = get(&format!("conversations?status={status}")).await;
        assert!(!list["data"]["payload"].as_array().unwrap().is_empty(), "{status}");
    }
    let labelled = get("conversations?status=all&labels[]=repair").await;
    assert_eq!(labelled["data"]["payload"].as_array().unwrap().len(), 2);
    let messages = get("conversations/3/messages").await.to_string();
    assert!(messages.contains("Добрий день") && messages.contains("\"private\":true"), "{messages}");
    server.stop();
}

/// What step `number` printed.
fn step(printed: &str, number: usize) -> &str {
    let (_, rest) = printed.split_once(&format!("{number}. ")).unwrap_or_else(|| panic!("no step {number}\n{printed}"));
    let rest = rest.split_once('\n').unwrap().1;
    rest.split(&format!("{}. ", number + 1)).next().unwrap()
}
