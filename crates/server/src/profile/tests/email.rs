//! Changing one's own address.

use super::*;

const NEW: &str = "other@larkbikes.example";

impl Desk {
    /// The addresses of the mails that are due, and what the one to `NEW` carries.
    async fn mailed(&self) -> (Vec<String>, Option<String>) {
        self.app.run_due_jobs().await;
        let mails = self.app.take_mails();
        let secret = mails.iter().find(|mail| mail.to == NEW).map(|mail| mail.secret("confirmation_token"));
        let mut addresses: Vec<String> = mails.into_iter().map(|mail| mail.to).collect();
        addresses.sort();
        (addresses, secret)
    }

    async fn confirm(&self, secret: &str) -> Answer {
        let body = json!({ "confirmation_token": secret });
        self.app.call(Method::POST, "/auth/confirmation", None, Some(&body)).await
    }

    async fn email(&self) -> String {
        self.show().await["email"].as_str().unwrap().to_owned()
    }
}

#[db_test]
async fn another_address_counts_when_it_is_confirmed(desk: Desk) {
    let old = desk.email().await;
    let shown = desk.put(json!({ "name": "Mira", "email": " Other@Larkbikes.Example " })).await.expect(200).json();
    assert_eq!((&shown["email"], &shown["uid"], &shown["name"]), (&json!(old), &json!(old), &json!("Mira")));
    desk.app.run_due_jobs().await;
    let mut mails = desk.app.take_mails();
    mails.sort_by_key(|mail| mail.to == NEW);
    let [notice, question] = &mails[..] else { panic!("{mails:#?}") };
    assert_eq!((&notice.to, question.to.as_str()), (&old, NEW));
    assert!(notice.text.contains(NEW) && notice.text.contains("/app/auth/reset/password\r\n"), "{notice:#?}");
    assert!(!notice.text.contains("token="), "{notice:#?}");
    assert!(!question.text.contains("Mira") && !question.text.contains(&old), "who gets it may be a stranger");
    let secret = question.secret("confirmation_token");

    // What is wanted already is not mailed again, but on demand.
    desk.put(json!({ "email": NEW })).await.expect(200);
    desk.put(json!({ "email": old })).await.expect(200);
    assert!(desk.mailed().await.0.is_empty());
    let session = desk.app.session(&desk.agent).await;
    assert!(desk.send(Method::POST, "/resend_confirmation", json!({})).await.expect(200).body.is_empty());
    assert_eq!(desk.mailed().await.0, [NEW]);

    let data = desk.confirm(&secret).await.expect(200).json()["data"].clone();
    assert_eq!((&data["id"], &data["email"]), (&json!(desk.agent.id), &json!(NEW)));
    assert_eq!(desk.email().await, NEW);
    assert!(desk.is_session_good(&session).await, "a change of address signs nobody out");
    desk.sign_in(PASSWORD).await.expect(200);
    desk.confirm(&secret).await.expect(422);
    desk.send(Method::POST, "/resend_confirmation", json!({})).await.expect(200);
    assert!(desk.mailed().await.0.is_empty());
}

#[db_test]
async fn a_new_password_takes_the_address_back_and_makes_links_to_the_old_one_worthless(desk: Desk) {
    let old = desk.email().await;
    desk.put(json!({ "email": NEW })).await.expect(200);
    let (_, secret) = desk.mailed().await;
    let body = json!({ "current_password": PASSWORD, "password": OTHER_PASSWORD });
    desk.put(body).await.expect(200);
    desk.confirm(&secret.unwrap()).await.expect(422);
    assert_eq!(desk.email().await, old);

    // Both at once: the address is wanted under the new password.
    desk.put(json!({ "email": NEW, "current_password": OTHER_PASSWORD, "password": PASSWORD })).await.expect(200);
    let (addresses, secret) = desk.mailed().await;
    assert_eq!(addresses.len(), 2);
    let ask = json!({ "email": old });
    desk.app.call(Method::POST, "/auth/password", None, Some(&ask)).await.expect(200);
    desk.app.run_due_jobs().await;
    let reset = desk.app.only_mail().secret("reset_password_token");
    desk.confirm(&secret.unwrap()).await.expect(200);
    let body = json!({ "reset_password_token": reset, "password": OTHER_PASSWORD });
    desk.app.call(Method::PUT, "/auth/password", None, Some(&body)).await.expect(422);
}

#[db_test]
async fn who_gets_an_address_first_has_it(desk: Desk) {
    desk.put(json!({ "email": NEW })).await.expect(200);
    let (_, secret) = desk.mailed().await;
    let body = json!({ "name": "Other", "email": NEW });
    desk.app.post(&desk.administrator, "agents", body).await.expect(200);
    let before = desk.email().await;
    desk.confirm(&secret.unwrap()).await.expect(422);
    assert_eq!(desk.email().await, before);
    desk.put(json!({ "email": "third@larkbikes.example" })).await.expect(200);
    assert_eq!(desk.put(json!({ "email": NEW })).await.expect(422).json()["attributes"], json!(["email"]));
}

#[db_test]
async fn an_address_that_is_wanted_no_more_is_not_asked(desk: Desk) {
    let old = desk.email().await;
    desk.put(json!({ "email": NEW })).await.expect(200);
    desk.put(json!({ "email": "third@larkbikes.example" })).await.expect(200);
    let (addresses, _) = desk.mailed().await;
    assert_eq!(addresses, ["third@larkbikes.example", &old], "each once, and none to what is wanted no more");
}

#[db_test]
async fn mails_to_other_addresses_are_limited(engine: Engine) {
    let desk = Desk::of(TestApp::with_settings(engine, crate::Settings::default()).await).await;
    for number in 0..5 {
        desk.put(json!({ "email": format!("other{number}@larkbikes.example") })).await.expect(200);
        desk.send(Method::POST, "/resend_confirmation", json!({})).await.expect(200);
    }
    desk.put(json!({ "email": NEW })).await.expect(429);
    desk.send(Method::POST, "/resend_confirmation", json!({})).await.expect(429);
    desk.put(json!({ "name": "Mira" })).await.expect(200);
}
