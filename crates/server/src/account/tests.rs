//! The account through HTTP, as its members see it.

use http::Method;
use serde_json::{Value, json};
use store::sql;
use store::testing::{OnEngine, db_test};
use types::{AccountId, Json};

use super::{AccountChange, service};
use crate::events::Actor;
use crate::testing::{Caller, Part, TestApp};

/// An account with an administrator and an agent.
struct Desk {
    app: TestApp,
    account: AccountId,
    administrator: Caller,
    agent: Caller,
}

impl OnEngine for Desk {
    async fn on(engine: store::testing::Engine) -> Self {
        let app = TestApp::on(engine).await;
        let account = app.account().await;
        let (administrator, agent) = (app.administrator(account).await, app.agent(account).await);
        Self { app, account, administrator, agent }
    }
}

impl Desk {
    fn path(&self) -> String {
        format!("/api/v1/accounts/{}", self.account)
    }

    async fn show(&self) -> Value {
        self.app.get(&self.agent, &self.path()).await.expect(200).json()
    }

    async fn patch(&self, body: Value) -> crate::testing::Answer {
        self.app.patch(&self.administrator, &self.path(), body).await
    }

    async fn key(&self, name: &str) -> String {
        let keys = self.app.get(&self.agent, "cache_keys").await.expect(200).json();
        keys["cache_keys"][name].as_str().unwrap().to_owned()
    }

    /// The last event's actor and changes.
    async fn last_event(&self) -> (String, String, Value) {
        let account = self.account;
        let rows: Vec<(String, String, Json)> = self
            .app
            .app
            .store
            .read(move |conn| {
                conn.query(
                    sql!("SELECT name, actor, changes FROM events WHERE account_id = $1 ORDER BY seq DESC LIMIT 1"),
                    (account,),
                )
            })
            .await
            .map_err(|error: store::Error| error)
            .unwrap();
        let (name, actor, changes) = rows.into_iter().next().unwrap();
        (name, actor, changes.read())
    }
}

#[db_test]
async fn every_member_sees_the_account(desk: Desk) {
    let shown = desk.show().await;
    let mut rest = shown.clone();
    assert!(rest["name"].take().as_str().unwrap().starts_with("Account "));
    let features = rest["features"].take();
    assert_eq!(features["inbox_management"], true);
    assert!(features.as_object().unwrap().values().all(|on| *on == true));
    assert_eq!(
        rest,
        json!({
            "id": desk.account, "name": null, "locale": "en", "domain": null, "support_email": null,
            "status": "active", "features": null, "settings": {}, "auto_resolve_duration": null,
            "custom_email_domain_enabled": false, "created_at": "2026-01-05T10:00:00.000Z",
            "cache_keys": { "label": "0000000000", "inbox": "0000000000", "team": "0000000000" }
        })
    );
    for path in [desk.path() + "/", desk.path() + ".json", format!("/accounts/{}", desk.account)] {
        assert_eq!(desk.app.get(&desk.administrator, &path).await.expect(200).json(), shown, "{path}");
    }
}

#[db_test]
async fn another_account_is_not_there(desk: Desk) {
    let elsewhere = desk.app.account().await;
    let stranger = desk.app.administrator(elsewhere).await;
    let unknown = format!("/api/v1/accounts/{}", i64::MAX);
    for path in [desk.path(), unknown] {
        for method in [Method::GET, Method::PATCH, Method::PUT] {
            let body = json!({ "name": "Mine now" });
            let answer = desk.app.call(method, &path, Some(&stranger.token), Some(&body)).await.expect(404).json();
            assert!(answer["error"].is_string());
        }
    }
    assert_ne!(desk.show().await["name"], "Mine now");
    for (method, path) in [(Method::GET, "cache_keys"), (Method::POST, "update_active_at")] {
        let path = format!("{}/{path}", desk.path());
        desk.app.call(method, &path, Some(&stranger.token), None).await.expect(403);
    }
}

#[db_test]
async fn an_administrator_changes_the_account_and_an_agent_does_not(desk: Desk) {
    let name = "Lark Bikes 🦊 שלום";
    let body = json!({
        "name": name, "locale": "pt_BR", "domain": "larkbikes.example", "support_email": "care@larkbikes.example",
        "auto_resolve_duration": "30"
    });
    desk.app.patch(&desk.agent, &desk.path(), body.clone()).await.expect(403);
    let before = desk.show().await;
    assert_ne!(before["name"], name);

    let changed = desk.patch(body.clone()).await.expect(200).json();
    assert_eq!(changed, desk.show().await);
    for (key, value) in body.as_object().unwrap() {
        let wanted = if key == "auto_resolve_duration" { &json!(30) } else { value };
        assert_eq!(&changed[key], wanted, "{key}");
    }
}

#[db_test]
async fn what_only_the_operator_may_change_stays(desk: Desk) {
    let before = desk.show().await;
    let body = json!({
        "id": 7, "status": "suspended", "features": { "sla": true }, "limits": { "agents": 1 },
        "custom_attributes": { "plan_name": "gold" }, "settings": { "x": 1 }, "created_at": "2020-01-01"
    });
    assert_eq!(desk.patch(body).await.expect(200).json(), before);
    assert_eq!(desk.app.event_names(desk.account).await.last().unwrap(), "agent.added", "nothing changed");
}

#[db_test]
async fn settings_and_attributes_are_merged(desk: Desk) {
    let first = json!({
        "auto_resolve_after": 1440, "auto_resolve_message": "Bye 👋", "auto_resolve_ignore_waiting": true,
        "auto_resolve_label": "silent", "industry": "bikes", "company_size": 12, "user_role": "founder"
    });
    let shown = desk.patch(first).await.expect(200).json();
    assert_eq!(
        shown["settings"],
        json!({
            "auto_resolve_after": 1440, "auto_resolve_message": "Bye 👋", "auto_resolve_ignore_waiting": true,
            "auto_resolve_label": "silent"
        })
    );
    let nothing_known = json!({ "plan_name": null, "subscribed_quantity": null, "subscription_status": null, "subscription_ends_on": null });
    let mut attributes = nothing_known.clone();
    attributes["industry"] = "bikes".into();
    attributes["company_size"] = "12".into();
    assert_eq!(shown["custom_attributes"], attributes);

    let second = json!({
        "auto_resolve_after": null, "auto_resolve_ignore_waiting": "false", "audio_transcriptions": true,
        "website": "https://larkbikes.example", "industry": null
    });
    let shown = desk.patch(second).await.expect(200).json();
    assert_eq!(
        shown["settings"],
        json!({
            "auto_resolve_after": null, "auto_resolve_message": "Bye 👋", "auto_resolve_ignore_waiting": false,
            "auto_resolve_label": "silent", "audio_transcriptions": true
        })
    );
    let mut attributes = nothing_known;
    attributes["company_size"] = "12".into();
    attributes["website"] = "https://larkbikes.example".into();
    assert_eq!(shown["custom_attributes"], attributes);
}

#[db_test]
async fn what_the_operator_keeps_to_itself_is_not_shown(desk: Desk) {
    let account = desk.account;
    let attributes = json!({ "plan_name": "gold", "onboarding_step": "invite_team", "margin": 3, "logo": null });
    let change = AccountChange { custom_attributes: Some(Json::of(&attributes)), ..AccountChange::default() };
    let made = desk.app.app.store.write(move |tx| service::update(tx, account, &change, &Actor::Operator));
    made.await.unwrap();
    desk.patch(json!({ "timezone": "Europe/Lisbon" })).await.expect(200);
    assert_eq!(
        desk.show().await["custom_attributes"],
        json!({
            "plan_name": "gold", "subscribed_quantity": null, "subscription_status": null,
            "subscription_ends_on": null, "onboarding_step": "invite_team", "timezone": "Europe/Lisbon"
        })
    );
    let kept = "SELECT COUNT(*) FROM accounts WHERE id = $1 AND custom_attributes LIKE '%\"margin\":3%'";
    assert_eq!(desk.app.number(kept, &[account.get()]).await, 1);
}

#[db_test]
async fn an_account_that_cannot_be_so_is_refused_by_field(desk: Desk) {
    let long = "é".repeat(256);
    let cases = [
        (json!({ "name": " " }), "name"),
        (json!({ "name": null }), "name"),
        (json!({ "name": long }), "name"),
        (json!({ "locale": "tlh" }), "locale"),
        (json!({ "domain": "d".repeat(101) }), "domain"),
        (json!({ "support_email": "nobody" }), "support_email"),
        (json!({ "auto_resolve_after": 9 }), "auto_resolve_after"),
        (json!({ "auto_resolve_after": 1_439_857 }), "auto_resolve_after"),
        (json!({ "auto_resolve_after": "soon" }), "auto_resolve_after"),
        (json!({ "auto_resolve_duration": 0 }), "auto_resolve_duration"),
        (json!({ "auto_resolve_duration": 1000 }), "auto_resolve_duration"),
        (json!({ "auto_resolve_message": "é".repeat(150_001) }), "auto_resolve_message"),
        (json!({ "auto_resolve_label": long }), "auto_resolve_label"),
        (json!({ "auto_resolve_ignore_waiting": {} }), "auto_resolve_ignore_waiting"),
        (json!({ "audio_transcriptions": [] }), "audio_transcriptions"),
        (json!({ "website": long }), "website"),
        (json!({ "timezone": {} }), "timezone"),
    ];
    let before = desk.show().await;
    for (mut body, field) in cases {
        body["industry"] = "must not be stored".into();
        let problem = desk.patch(body).await.expect(422).json();
        assert_eq!(problem["attributes"], json!([field]), "{problem}");
    }
    let both = desk.patch(json!({ "name": "", "auto_resolve_after": 1, "website": long })).await.expect(422).json();
    assert_eq!(both["attributes"], json!(["name", "auto_resolve_after", "website"]));
    assert_eq!(desk.show().await, before);
    for minutes in [10, 1_439_856] {
        desk.patch(json!({ "auto_resolve_after": minutes })).await.expect(200);
    }
}

#[db_test]
async fn a_change_is_recorded_once_with_who_did_it(desk: Desk) {
    let before = desk.show().await["name"].clone();
    let form = [Part::text("name", "Finch Bikes"), Part::text("auto_resolve_after", "20")];
    desk.app.send_form(Method::PUT, &desk.path(), Some(&desk.administrator.token), &form).await.expect(200);
    let (name, actor, changes) = desk.last_event().await;
    assert_eq!((name.as_str(), actor), ("account.updated", format!("user:{}", desk.administrator.id)));
    assert_eq!(changes, json!({ "name": [before, "Finch Bikes"], "settings": [{}, { "auto_resolve_after": 20 }] }));
    let noted = "SELECT COUNT(*) FROM audit_log WHERE account_id = $1 AND action = 'account.updated'";
    assert_eq!(desk.app.number(noted, &[desk.account.get()]).await, 1);

    let events = desk.app.event_names(desk.account).await.len();
    desk.patch(json!({ "name": "Finch Bikes", "auto_resolve_after": 20 })).await.expect(200);
    desk.patch(json!({})).await.expect(200);
    assert_eq!(desk.app.event_names(desk.account).await.len(), events, "nothing has changed");
}

#[db_test]
async fn changes_at_once_lose_nothing_of_each_other(desk: Desk) {
    let bodies = [
        json!({ "auto_resolve_message": "Bye" }),
        json!({ "auto_resolve_label": "silent" }),
        json!({ "industry": "bikes" }),
        json!({ "website": "https://larkbikes.example" }),
        json!({ "name": "Lark Bikes" }),
    ];
    let answers = bodies.map(|body| desk.patch(body));
    for answer in futures_util::future::join_all(answers).await {
        answer.expect(200);
    }
    let shown = desk.show().await;
    assert_eq!(shown["settings"], json!({ "auto_resolve_message": "Bye", "auto_resolve_label": "silent" }));
    let attributes = &shown["custom_attributes"];
    assert_eq!(
        (&attributes["industry"], &attributes["website"]),
        (&json!("bikes"), &json!("https://larkbikes.example"))
    );
    assert_eq!(shown["name"], "Lark Bikes");
}

#[db_test]
async fn going_to_an_account_makes_it_the_active_one(desk: Desk) {
    let second = desk.app.account().await;
    let id = desk.agent.id;
    let joined = desk.app.app.store.write(move |tx| {
        crate::agent::service::add_member(tx, second, id, types::Role::Administrator, &Actor::Operator)
    });
    joined.await.unwrap();
    for account in [second, desk.account] {
        desk.app.clock.advance(std::time::Duration::from_mins(1));
        let path = format!("/api/v1/accounts/{account}/update_active_at");
        let answer = desk.app.call(Method::POST, &path, Some(&desk.agent.token), Some(&json!({}))).await.expect(200);
        assert!(answer.body.is_empty());
        let profile = desk.app.get(&desk.agent, "/api/v1/profile").await.expect(200).json();
        assert_eq!(profile["account_id"], json!(account));
    }
    let profile = desk.app.get(&desk.agent, "/api/v1/profile").await.expect(200).json();
    let times = [0, 1].map(|place| profile["accounts"][place]["active_at"].as_str().unwrap().to_owned());
    assert_eq!(times, ["2026-01-05T10:02:00.000Z", "2026-01-05T10:01:00.000Z"]);
}

#[db_test]
async fn cache_keys_move_with_every_change_of_their_list_and_with_nothing_else(desk: Desk) {
    let (app, administrator, agent) = (&desk.app, &desk.administrator, &desk.agent);
    let inbox = app.api_inbox(administrator).await;
    let team = app.team(desk.account, false, &[]).await;
    let picture = png();
    let inbox_path = format!("inboxes/{inbox}");
    let members = json!({ "inbox_id": inbox, "user_ids": [agent.id] });
    let team_members = format!("teams/{team}/team_members");
    let team_users = json!({ "user_ids": [agent.id] });
    let removed = app.agent(desk.account).await;
    let agents = |id: types::UserId| format!("agents/{id}");
    let desks: [(&str, Method, String, Value); 15] = [
        ("inbox", Method::POST, "inboxes".into(), json!({ "name": "Two", "channel": { "type": "api" } })),
        ("inbox", Method::PATCH, inbox_path.clone(), json!({ "name": "Three" })),
        ("inbox", Method::POST, "inbox_members".into(), members.clone()),
        ("inbox", Method::DELETE, "inbox_members".into(), members),
        ("inbox", Method::DELETE, inbox_path.clone(), json!({})),
        ("team", Method::POST, "teams".into(), json!({ "name": "second" })),
        ("team", Method::PATCH, format!("teams/{team}"), json!({ "description": "New" })),
        ("team", Method::POST, team_members.clone(), team_users.clone()),
        ("team", Method::DELETE, team_members, team_users),
        ("team", Method::DELETE, format!("teams/{team}"), json!({})),
        ("inbox", Method::PATCH, agents(removed.id), json!({ "role": "administrator" })),
        ("inbox team", Method::DELETE, agents(removed.id), json!({})),
        ("", Method::PATCH, agents(agent.id), json!({ "availability": "busy" })),
        ("", Method::POST, "contacts".into(), json!({ "name": "Ada" })),
        ("", Method::PATCH, desk.path(), json!({ "name": "Wren Bikes" })),
    ];
    let path = administrator.path(&inbox_path);
    let before = desk.key("inbox").await;
    let parts = [Part::file("avatar", "desk.png", "image/png", &picture)];
    app.send_form(Method::PATCH, &path, Some(&administrator.token), &parts).await.expect(200);
    assert!(desk.key("inbox").await > before, "the picture of an inbox is part of it");

    // The clock stands still: keys move all the same.
    for (moved, method, path, body) in desks {
        let before = desk.show().await["cache_keys"].clone();
        let path = administrator.path(&path);
        app.call(method.clone(), &path, Some(&administrator.token), Some(&body)).await.expect(200);
        let after = desk.show().await["cache_keys"].clone();
        for name in ["label", "inbox", "team"] {
            let (before, after) = (before[name].as_str().unwrap(), after[name].as_str().unwrap());
            assert_eq!(after.len(), 10);
            if moved.contains(name) {
                assert!(after > before, "{method} {path}: {name} stays {after}");
            } else {
                assert_eq!(after, before, "{method} {path}: {name}");
            }
        }
    }
    desk.app.clock.advance(std::time::Duration::from_hours(1));
    app.post(administrator, "teams", json!({ "name": "third" })).await.expect(200);
    assert_eq!(desk.key("team").await, (crate::testing::START.epoch_seconds() + 3600).to_string());
}

#[db_test]
async fn cache_keys_are_of_one_account_and_may_be_kept_for_ten_seconds(desk: Desk) {
    let elsewhere = desk.app.account().await;
    desk.app.api_inbox(&desk.app.administrator(elsewhere).await).await;
    let answer = desk.app.get(&desk.agent, "cache_keys").await.expect(200);
    assert_eq!(answer.headers["cache-control"], "max-age=10, private");
    let keys = json!({ "label": "0000000000", "inbox": "0000000000", "team": "0000000000" });
    assert_eq!(answer.json(), json!({ "cache_keys": keys }));
}

#[db_test]
async fn the_account_shows_the_servers_address_where_it_has_none(desk: Desk) {
    let settings =
        crate::Settings { mail_sender: Some("Care <care@app.example>".into()), ..crate::Settings::default() };
    let app = TestApp::with_settings(desk.app.engine, settings).await;
    let account = app.account().await;
    let administrator = app.administrator(account).await;
    let path = format!("/api/v1/accounts/{account}");
    assert_eq!(app.get(&administrator, &path).await.expect(200).json()["support_email"], "Care <care@app.example>");
    let own = json!({ "support_email": "own@larkbikes.example" });
    assert_eq!(
        app.patch(&administrator, &path, own).await.expect(200).json()["support_email"],
        "own@larkbikes.example"
    );
    let none = json!({ "support_email": "" });
    assert_eq!(
        app.patch(&administrator, &path, none).await.expect(200).json()["support_email"],
        "Care <care@app.example>"
    );
}

fn png() -> Vec<u8> {
    let mut picture = Vec::new();
    let image = image::RgbImage::from_pixel(8, 8, image::Rgb([10, 200, 10]));
    image.write_to(&mut std::io::Cursor::new(&mut picture), image::ImageFormat::Png).unwrap();
    picture
}
