//! Users and the profile, through HTTP and as other features make them.

use http::Method;
use serde_json::{Value, json};
use types::{AccountId, Availability, Json, Role, Timestamp};

use super::{Membership, NewUser, active, normal_email, service as users};
use crate::events::Actor;
use crate::testing::TestApp;
use crate::{account, agent};

fn membership(id: i64, active_at: Option<i64>) -> Membership {
    Membership {
        account_id: AccountId::new(id),
        account_name: "Lark Bikes".into(),
        status: account::Status::Active,
        account_attributes: Json::object(),
        active_at: active_at.map(Timestamp::from_epoch_seconds),
        role: Role::Agent,
        availability: Availability::Online,
        auto_offline: true,
        is_present: false,
        inviter_id: None,
    }
}

#[test]
fn the_active_account_is_the_one_opened_last() {
    let id = |memberships: &[Membership]| active(memberships).map(|membership| membership.account_id.get());
    assert_eq!(id(&[]), None);
    assert_eq!(id(&[membership(1, None), membership(2, None)]), Some(1));
    assert_eq!(id(&[membership(1, None), membership(2, Some(5)), membership(3, Some(9))]), Some(3));
    assert_eq!(id(&[membership(1, Some(9)), membership(2, Some(9)), membership(3, None)]), Some(1));
}

#[test]
fn addresses_are_compared_trimmed_and_in_lower_case() {
    assert_eq!(normal_email(" Olu@Larkbikes.Example "), "olu@larkbikes.example");
}

#[store::testing::db_test]
async fn the_profile_shows_the_caller_and_its_accounts(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let profile = app.get(&admin, "/profile").await.expect(200).json();
    assert_eq!(profile, app.get(&admin, "/api/v1/profile").await.expect(200).json());
    assert_eq!(profile["id"], json!(admin.id));
    assert_eq!(profile["access_token"], json!(admin.token));
    assert_eq!(profile["uid"], profile["email"]);
    assert_eq!(profile["account_id"], json!(account));
    assert_eq!(profile["role"], "administrator");
    assert!(profile.get("custom_attributes").is_none());
    for key in ["inviter_id", "display_name", "message_signature", "type"] {
        assert_eq!(profile.get(key), Some(&Value::Null), "{key}");
    }
    let mut shown = profile["accounts"][0].clone();
    assert!(shown["name"].take().is_string());
    assert_eq!(
        shown,
        json!({
            "id": account, "name": null, "status": "active", "onboarding_step": null, "active_at": null,
            "role": "administrator", "permissions": ["administrator"], "availability": "online",
            "availability_status": "offline", "auto_offline": true
        })
    );
}

#[store::testing::db_test]
async fn only_users_have_a_profile(app: TestApp) {
    let path = "/api/v1/profile";
    let answer = app.call(Method::GET, path, None, None).await.expect(401).json();
    assert!(answer["errors"][0].is_string());
    let platform = app.platform_app().await;
    let answer = app.call(Method::GET, path, Some(&platform), None).await.expect(401).json();
    assert!(answer["error"].is_string());
}

#[store::testing::db_test]
async fn the_account_opened_last_is_the_active_one(app: TestApp) {
    let (first, second) = (app.account().await, app.account().await);
    let caller = app.agent(first).await;
    let id = caller.id;
    app.app
        .store
        .write(move |tx| {
            agent::service::add_member(tx, second, id, Role::Administrator, &Actor::Operator)?;
            let now = tx.now();
            let sql = store::sql!("UPDATE account_users SET active_at = $2 WHERE account_id = $1");
            tx.execute(sql, (second, now))?;
            Ok::<_, crate::Error>(())
        })
        .await
        .unwrap();
    let profile = app.get(&caller, "/api/v1/profile").await.expect(200).json();
    assert_eq!((&profile["account_id"], &profile["role"]), (&json!(second), &json!("administrator")));
    assert_eq!(profile["accounts"][0]["id"], json!(first));
    assert_eq!(profile["accounts"][1]["active_at"], "2026-01-05T10:00:00.000Z");
}

#[store::testing::db_test]
async fn a_known_address_gives_the_user_who_has_it(app: TestApp) {
    let new = |email: &str, confirmed| NewUser {
        name: "Nina".into(),
        email: email.into(),
        display_name: None,
        password_hash: "none".into(),
        custom_attributes: Json::object(),
        confirmed,
    };
    let (unconfirmed, confirmed) = (new("nina@sample.test", false), new(" Nina@Sample.test ", true));
    let (first, second) = app
        .app
        .store
        .write(move |tx| Ok::<_, crate::Error>((users::create(tx, &unconfirmed)?, users::create(tx, &confirmed)?)))
        .await
        .unwrap();
    assert_eq!(first, second);
    let count = "SELECT COUNT(*) FROM users WHERE email = 'nina@sample.test' AND confirmed_at IS NOT NULL AND id = $1";
    assert_eq!(app.number(count, &[first.0.get()]).await, 1);
    assert_eq!(app.number("SELECT COUNT(*) FROM audit_log WHERE account_id IS NULL", &[]).await, 2);
}
