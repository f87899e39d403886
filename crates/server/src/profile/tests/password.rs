//! Another password, by somebody who is signed in.

use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use serde_json::json;
use store::testing::db_test;

use super::{Desk, OTHER_PASSWORD, PASSWORD, PROFILE, with_session};
use crate::Settings;
use crate::testing::TestApp;

#[db_test]
async fn another_password_ends_every_other_session(desk: Desk) {
    let (mine, other) = (desk.app.session(&desk.agent).await, desk.app.session(&desk.agent).await);
    let before = desk.show().await;
    let body = json!({ "profile": {
        "current_password": PASSWORD, "password": OTHER_PASSWORD, "password_confirmation": OTHER_PASSWORD
    } });
    let changed = desk.app.send(with_session(Method::PUT, PROFILE, &mine, Some(&body))).await.expect(200).json();
    assert_ne!(changed["pubsub_token"], before["pubsub_token"], "sockets of other devices end too");
    assert_eq!(changed["access_token"], before["access_token"]);
    assert!(desk.is_session_good(&mine).await);
    assert!(!desk.is_session_good(&other).await);
    desk.sign_in(PASSWORD).await.expect(401);
    desk.sign_in(OTHER_PASSWORD).await.expect(200);

    // With an API key there is no session of one's own.
    let body = json!({ "current_password": OTHER_PASSWORD, "password": PASSWORD });
    desk.put(body).await.expect(200);
    assert!(!desk.is_session_good(&mine).await);
    desk.sign_in(PASSWORD).await.expect(200);
}

#[db_test]
async fn a_password_is_changed_by_who_knows_it_only(desk: Desk) {
    let session = desk.app.session(&desk.agent).await;
    for current in [json!("Wrong-Pass-2022!"), json!(""), json!(null), json!(OTHER_PASSWORD)] {
        let body = json!({ "name": "Eve", "current_password": current, "password": OTHER_PASSWORD });
        let problem = desk.put(body).await.expect(422).json();
        assert!(problem["error"].as_str().unwrap().contains("password"), "{problem}");
    }
    desk.put(json!({ "password": OTHER_PASSWORD })).await.expect(422);
    assert_ne!(desk.show().await["name"], "Eve");
    assert!(desk.is_session_good(&session).await);
    desk.sign_in(PASSWORD).await.expect(200);
    // Nothing is asked for what is no password.
    desk.put(json!({ "current_password": "Wrong-Pass-2022!", "name": "Mira" })).await.expect(200);
}

#[db_test]
async fn of_two_changes_of_a_password_at_once_one_wins(desk: Desk) {
    let passwords = [OTHER_PASSWORD, "Wren-Pass-2024!", "Lark-Pass-2025!"];
    let bodies = passwords.map(|password| json!({ "current_password": PASSWORD, "password": password }));
    let answers = join_all(bodies.map(|body| desk.put(body))).await;
    let won: Vec<usize> = (0..3).filter(|at| answers[*at].status == 200).collect();
    assert_eq!(won.len(), 1, "{answers:?}");
    assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 200 | 422)));
    desk.sign_in(passwords[won[0]]).await.expect(200);
}

#[db_test]
async fn passwords_cannot_be_guessed_through_the_profile(desk: Desk) {
    let desk = Desk::of(TestApp::with_settings(desk.app.engine, Settings::default()).await).await;
    let wrong = json!({ "current_password": "Wrong-Pass-2022!", "password": OTHER_PASSWORD });
    for _ in 0..10 {
        desk.put(wrong.clone()).await.expect(422);
    }
    let right = json!({ "current_password": PASSWORD, "password": OTHER_PASSWORD });
    let answer = desk.put(right.clone()).await.expect(429);
    assert_eq!(answer.headers["retry-after"], "900");
    desk.put(json!({ "name": "Mira" })).await.expect(200);
    desk.app.clock.advance(Duration::from_mins(15));
    desk.put(right).await.expect(200);
}
