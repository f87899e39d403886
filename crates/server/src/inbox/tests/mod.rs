//! Inboxes through HTTP, as clients see them.

mod bot;
mod change;
mod members;
mod secret;

use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};
use store::testing::db_test;
use types::{AccountId, InboxId, Timestamp, UserId};

use super::channel::Channel;
use super::draft::Draft;
use super::{hours, service, store as inboxes};
use crate::Error;
use crate::events::Actor;
use crate::testing::{Answer, Caller, TestApp};

/// The fields that a refusal names.
fn attributes(answer: &Answer) -> Value {
    answer.json()["attributes"].clone()
}

fn names(answer: &Answer) -> Vec<String> {
    let list = answer.json()["payload"].as_array().unwrap().clone();
    list.iter().map(|inbox| inbox["name"].as_str().unwrap().to_owned()).collect()
}

async fn create(app: &TestApp, administrator: &Caller, body: Value) -> Value {
    app.post(administrator, "inboxes", body).await.expect(200).json()
}

#[db_test]
async fn an_api_inbox_has_tokens_and_office_hours(app: TestApp) {
    let account = app.account().await;
    let administrator = app.administrator(account).await;
    let body = json!({"name": "Desk", "color": "unknown", "channel": {"type": "api", "webhook_url": ""}});
    let inbox = create(&app, &administrator, body).await;
    assert_eq!(inbox["channel_type"], "Channel::Api");
    assert_eq!(inbox["hmac_token"].as_str().unwrap().len(), 24);
    assert_eq!(inbox["inbox_identifier"].as_str().unwrap().len(), 24);
    assert_eq!(inbox["secret"].as_str().unwrap().len(), 24);
    let expected = json!({
        "avatar_url": "", "name": "Desk", "greeting_enabled": false, "greeting_message": null,
        "working_hours_enabled": false, "enable_email_collect": true, "csat_survey_enabled": false,
        "csat_config": {}, "enable_auto_assignment": true, "auto_assignment_config": {},
        "out_of_office_message": null, "timezone": "UTC", "callback_webhook_url": null,
        "allow_messages_after_resolved": true, "lock_to_single_conversation": false,
        "sender_name_type": "friendly", "business_name": null, "allowed_domains": null, "widget_color": null,
        "website_url": null, "hmac_mandatory": false, "welcome_title": null, "welcome_tagline": null,
        "web_widget_script": null, "website_token": null, "selected_feature_flags": null, "reply_time": null,
        "messaging_service_sid": null, "phone_number": null, "provider": null, "webhook_url": "",
        "additional_attributes": {}
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(inbox.get(key), Some(value), "{key}");
    }
    for absent in ["pre_chat_form_options", "email", "forward_to_email", "imap_login", "smtp_login"] {
        assert_eq!(inbox.get(absent), None, "{absent}");
    }
    let closed = json!({
        "day_of_week": 0, "closed_all_day": true, "open_hour": null, "open_minutes": null, "close_hour": null,
        "close_minutes": null, "open_all_day": false
    });
    let open = json!({
        "day_of_week": 1, "closed_all_day": false, "open_hour": 9, "open_minutes": 0, "close_hour": 17,
        "close_minutes": 0, "open_all_day": false
    });
    assert_eq!(inbox["working_hours"].as_array().unwrap().len(), 7);
    assert_eq!((&inbox["working_hours"][0], &inbox["working_hours"][1]), (&closed, &open));
    assert!(app.event_names(account).await.contains(&"inbox.created".to_owned()));
}

#[db_test]
async fn a_website_inbox_has_a_widget(app: TestApp) {
    let administrator = app.administrator(app.account().await).await;
    let channel = json!({
        "type": "web_widget", "website_url": "https://shop.example", "welcome_title": "Hello", "reply_time": "in_a_day",
        "hmac_mandatory": true, "pre_chat_form_enabled": true, "continuity_via_email": false,
        "selected_feature_flags": ["emoji_picker", "attachments"]
    });
    let inbox = create(&app, &administrator, json!({"name": "Shop", "channel": channel})).await;
    let expected = json!({
        "channel_type": "Channel::WebWidget", "website_url": "https://shop.example", "widget_color": "#1f93ff",
        "welcome_title": "Hello", "welcome_tagline": null, "reply_time": "in_a_day", "hmac_mandatory": true,
        "pre_chat_form_enabled": true, "continuity_via_email": false, "allowed_domains": "",
        "selected_feature_flags": ["attachments", "emoji_picker"]
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(inbox.get(key), Some(value), "{key}");
    }
    assert_eq!(inbox["pre_chat_form_options"]["pre_chat_fields"].as_array().unwrap().len(), 3);
    let token = inbox["website_token"].as_str().unwrap();
    assert!(inbox["web_widget_script"].as_str().unwrap().contains(token));
    assert_eq!((inbox.get("webhook_url"), inbox.get("inbox_identifier"), inbox.get("secret")), (None, None, None));
}

#[db_test]
async fn an_address_belongs_to_one_email_inbox_of_the_installation(app: TestApp) {
    let administrator = app.administrator(app.account().await).await;
    let body = |email: &str| json!({"name": "Post", "channel": {"type": "email", "email": email, "smtp_port": "587"}});
    let inbox = create(&app, &administrator, body("Post@sample.test")).await;
    let expected = json!({
        "channel_type": "Channel::Email", "email": "post@sample.test", "hmac_mandatory": null, "imap_login": "",
        "imap_password": "", "imap_address": "", "imap_port": 0, "imap_enabled": false, "imap_enable_ssl": true,
        "smtp_login": "", "smtp_password": "", "smtp_address": "", "smtp_port": 587, "smtp_enabled": false,
        "smtp_domain": "", "smtp_enable_ssl_tls": false, "smtp_enable_starttls_auto": true,
        "smtp_openssl_verify_mode": "none", "smtp_authentication": "login"
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(inbox.get(key), Some(value), "{key}");
    }
    let (user, domain) = inbox["forward_to_email"].as_str().unwrap().split_once('@').unwrap();
    assert_eq!((user.len(), domain), (32, "localhost"));
    assert_eq!(inbox.get("hmac_token"), None);

    let elsewhere = app.administrator(app.account().await).await;
    let before = app.row_counts().await;
    let refused = app.post(&elsewhere, "inboxes", body("post@SAMPLE.test")).await.expect(422);
    assert_eq!(attributes(&refused), json!(["email"]));
    assert_eq!(app.row_counts().await, before);
}

#[db_test]
async fn answers_of_every_kind_are_as_documented(app: TestApp) {
    let account = app.account().await;
    let (administrator, agent) = (app.administrator(account).await, app.agent(account).await);
    let document = serde_json::to_value(crate::routes::document()).unwrap();
    let validator = testing::openapi::Validator::new(document);
    for (number, channel) in [
        json!({"type": "api"}),
        json!({"type": "web_widget", "website_url": "https://shop.example"}),
        json!({"type": "email", "email": "documented@sample.test"}),
    ]
    .into_iter()
    .enumerate()
    {
        let body = json!({"name": format!("Desk {number}"), "channel": channel});
        let inbox = create(&app, &administrator, body).await;
        validator.check("POST", &administrator.path("inboxes"), 200, &inbox).unwrap();
        app.join(&administrator, InboxId::new(inbox["id"].as_i64().unwrap()), &[&agent]).await;
    }
    for caller in [&administrator, &agent] {
        let path = caller.path("inboxes");
        validator.check("GET", &path, 200, &app.get(caller, "inboxes").await.expect(200).json()).unwrap();
    }
}

#[db_test]
async fn forms_and_multipart_say_the_same_as_json(app: TestApp) {
    let administrator = app.administrator(app.account().await).await;
    let send = async |kind: &str, body: &'static str| {
        let request = Request::post(administrator.path("inboxes"))
            .header("api_access_token", &administrator.token)
            .header("content-type", kind)
            .body(Body::from(body))
            .unwrap();
        app.send(request).await
    };
    let form = "name=Desk&greeting_enabled=true&greeting_message=null&enable_auto_assignment=0\
                &channel[type]=web_widget&channel[website_url]=https%3A%2F%2Fa.example\
                &channel[selected_feature_flags][]=emoji_picker";
    let inbox = send("application/x-www-form-urlencoded", form).await.expect(200).json();
    assert_eq!((&inbox["greeting_enabled"], &inbox["greeting_message"]), (&json!(true), &Value::Null));
    assert_eq!((&inbox["enable_auto_assignment"], &inbox["website_url"]), (&json!(false), &json!("https://a.example")));
    assert_eq!(inbox["selected_feature_flags"], json!(["emoji_picker"]));

    let multipart = "--x\r\ncontent-disposition: form-data; name=\"name\"\r\n\r\nDesk\r\n\
                     --x\r\ncontent-disposition: form-data; name=\"channel[type]\"\r\n\r\napi\r\n";
    let kind = "multipart/form-data; boundary=x";
    let whole: &'static str = Box::leak(format!("{multipart}--x--\r\n").into_boxed_str());
    assert_eq!(send(kind, whole).await.expect(200).json()["channel_type"], "Channel::Api");
    let picture = "--x\r\ncontent-disposition: form-data; name=\"avatar\"; filename=\"a.png\"\r\n\r\nPNG\r\n--x--\r\n";
    let with_picture: &'static str = Box::leak(format!("{multipart}{picture}").into_boxed_str());
    let refused = send(kind, with_picture).await.expect(422);
    assert_eq!(attributes(&refused), json!(["avatar"]));
}

#[db_test]
async fn what_an_inbox_cannot_be_is_refused_and_nothing_is_stored(app: TestApp) {
    let administrator = app.administrator(app.account().await).await;
    let before = app.row_counts().await;
    let api = json!({"type": "api"});
    let cases = [
        (json!({"name": "X", "channel": {"type": "pigeon"}}), "channel"),
        (json!({"name": "X", "channel": {"type": "whatsapp", "phone_number": "+1"}}), "channel"),
        (json!({"name": "X", "channel": {"type": "web_widget"}}), "website_url"),
        (json!({"name": "X", "channel": {"type": "email"}}), "email"),
        (json!({"name": "X", "timezone": "Mars/Olympus", "channel": api}), "timezone"),
        (json!({"name": "Bad <Name>", "channel": api}), "name"),
        (json!({"channel": api}), "name"),
        (json!({"name": "X", "channel": {"type": "api", "webhook_url": "javascript:x"}}), "webhook_url"),
        (json!({"name": "X", "greeting_message": "x".repeat(10_001), "channel": api}), "greeting_message"),
        (
            json!({"name": "X", "channel": {"type": "api", "additional_attributes": {"agent_reply_time_window": "-1"}}}),
            "agent_reply_time_window",
        ),
        (
            json!({"name": "X", "channel": {"type": "web_widget", "website_url": "x", "reply_time": "never"}}),
            "reply_time",
        ),
        (
            json!({"name": "X", "channel": {"type": "web_widget", "website_url": "x", "selected_feature_flags": ["x"]}}),
            "selected_feature_flags",
        ),
    ];
    for (body, field) in cases {
        let refused = app.post(&administrator, "inboxes", body).await.expect(422);
        assert_eq!(attributes(&refused), json!([field]));
    }
    for body in [json!({}), json!({"name": "X"})] {
        let refused = app.post(&administrator, "inboxes", body).await.expect(422).json();
        assert!(refused["error"].is_string());
    }
    assert_eq!(app.row_counts().await, before);
}

#[db_test]
async fn agents_see_their_own_inboxes_without_secrets(app: TestApp) {
    let account = app.account().await;
    let (administrator, agent) = (app.administrator(account).await, app.agent(account).await);
    let mut ids = Vec::new();
    for (name, channel) in [
        ("Zebra", json!({"type": "api"})),
        ("Apple", json!({"type": "email", "email": format!("a{account}@sample.test")})),
        ("Other", json!({"type": "api"})),
    ] {
        let inbox = create(&app, &administrator, json!({"name": name, "channel": channel})).await;
        ids.push(InboxId::new(inbox["id"].as_i64().unwrap()));
    }
    assert!(names(&app.get(&agent, "inboxes").await.expect(200)).is_empty());
    app.join(&administrator, ids[1], &[&agent]).await;
    app.join(&administrator, ids[0], &[&agent]).await;
    assert_eq!(names(&app.get(&administrator, "inboxes").await.expect(200)), ["Zebra", "Apple", "Other"]);
    let own = app.get(&agent, "inboxes").await.expect(200);
    assert_eq!(names(&own), ["Zebra", "Apple"]);
    let secrets = |inbox: &Value| -> Vec<String> {
        let is_secret = |key: &&String| {
            key.starts_with("imap_") || key.starts_with("smtp_") || ["hmac_token", "secret"].contains(&key.as_str())
        };
        inbox.as_object().unwrap().keys().filter(is_secret).cloned().collect()
    };
    let own = own.json();
    assert_eq!(own["payload"][0]["hmac_mandatory"], false);
    assert!(own["payload"][1]["forward_to_email"].is_string());
    for inbox in own["payload"].as_array().unwrap() {
        assert!(secrets(inbox).is_empty(), "{inbox}");
    }
    let shown = app.get(&agent, &format!("inboxes/{}", ids[0])).await.expect(200).json();
    assert!(secrets(&shown).is_empty());
    let shown = app.get(&administrator, &format!("inboxes/{}", ids[0])).await.expect(200).json();
    assert_eq!(secrets(&shown), ["hmac_token", "secret"]);
}

#[db_test]
async fn who_may_not_is_told_so_after_what_is_not_there(app: TestApp) {
    let account = app.account().await;
    let (administrator, agent) = (app.administrator(account).await, app.agent(account).await);
    let stranger = app.administrator(app.account().await).await;
    let inbox = app.api_inbox(&administrator).await;
    for path in [format!("inboxes/{inbox}"), format!("inbox_members/{inbox}")] {
        app.get(&agent, &path).await.expect(403);
        app.get(&stranger, &path).await.expect(404);
        app.call(Method::GET, &administrator.path(&path), None, None).await.expect(401);
        app.call(Method::GET, &administrator.path(&path), Some(&stranger.token), None).await.expect(403);
    }
    for path in ["inboxes/99999999", "inboxes/abc", "inbox_members/99999999"] {
        app.get(&agent, path).await.expect(404);
    }
    let new = json!({"name": "X", "channel": {"type": "api"}});
    app.post(&agent, "inboxes", new.clone()).await.expect(403);
    let (_, bot) = app.bot(account, inbox).await;
    app.call(Method::GET, &administrator.path("inboxes"), Some(&bot), None).await.expect(403);
    app.call(Method::POST, &administrator.path("inboxes"), None, Some(&new)).await.expect(401);
    app.post(&agent, "inbox_members", json!({"inbox_id": inbox, "user_ids": [agent.id]})).await.expect(403);
    app.post(&agent, "inbox_members", json!({"inbox_id": 99_999_999, "user_ids": [agent.id]})).await.expect(404);
    app.post(&stranger, "inbox_members", json!({"inbox_id": inbox, "user_ids": [stranger.id]})).await.expect(404);
}

#[db_test]
async fn members_are_added_once_each(app: TestApp) {
    let account = app.account().await;
    let administrator = app.administrator(account).await;
    let (first, second) = (app.agent(account).await, app.agent(account).await);
    let inbox = app.api_inbox(&administrator).await;
    let ids = |answer: &Answer| -> Vec<i64> {
        let list = answer.json()["payload"].as_array().unwrap().clone();
        list.iter().map(|agent| agent["id"].as_i64().unwrap()).collect()
    };
    let add = async |body: Value| app.post(&administrator, "inbox_members", body).await;
    let answer = add(json!({"inbox_id": inbox, "user_ids": [second.id]})).await.expect(200);
    assert_eq!(ids(&answer), [second.id.get()]);
    let body = json!({"inbox_id": inbox.to_string(), "user_ids": [first.id.to_string(), second.id, null, first.id]});
    let both = [first.id.get(), second.id.get()];
    assert_eq!(ids(&add(body).await.expect(200)), both);
    assert_eq!(ids(&add(json!({"inbox_id": inbox, "user_ids": []})).await.expect(200)), both);
    let listed = app.get(&first, &format!("inbox_members/{inbox}")).await.expect(200);
    assert_eq!(ids(&listed), both);
    assert_eq!(listed.json()["payload"][0]["account_id"], account.get());
    let added = app.event_names(account).await.iter().filter(|name| *name == "inbox_member.added").count();
    assert_eq!(added, 2);
    let turns = app
        .number(
            "SELECT COUNT(*) FROM inbox_members a JOIN inbox_members b ON b.inbox_id = a.inbox_id
         WHERE a.inbox_id = $1 AND a.user_id = $2 AND b.user_id = $3 AND a.turn < b.turn",
            &[inbox.get(), second.id.get(), first.id.get()],
        )
        .await;
    assert_eq!(turns, 1);
}

#[db_test]
async fn members_must_be_users_of_the_account(app: TestApp) {
    let account = app.account().await;
    let administrator = app.administrator(account).await;
    let agent = app.agent(account).await;
    let stranger = app.agent(app.account().await).await;
    let inbox = app.api_inbox(&administrator).await;
    for wrong in [UserId::new(99_999_999), stranger.id] {
        let body = json!({"inbox_id": inbox, "user_ids": [agent.id, wrong]});
        let refused = app.post(&administrator, "inbox_members", body).await.expect(422);
        assert_eq!(attributes(&refused), json!(["user"]));
    }
    let refused = app.post(&administrator, "inbox_members", json!({"inbox_id": inbox})).await.expect(422);
    assert!(refused.json()["error"].is_string());
    for body in [json!({"user_ids": [agent.id]}), json!({"inbox_id": "x", "user_ids": [agent.id]})] {
        app.post(&administrator, "inbox_members", body).await.expect(404);
    }
    let members = app.get(&administrator, &format!("inbox_members/{inbox}")).await.expect(200);
    assert_eq!(members.json()["payload"], json!([]));
}

#[db_test]
async fn other_code_finds_inboxes_and_who_sees_them(app: TestApp) {
    let account = app.account().await;
    let administrator = app.administrator(account).await;
    let (member, outsider) = (app.agent(account).await, app.agent(account).await);
    let inbox = app.api_inbox(&administrator).await;
    app.join(&administrator, inbox, &[&member]).await;
    let users = [outsider.id, member.id, administrator.id, UserId::new(99_999_999)];
    let store = &app.app.store;
    let found = store
        .read(move |conn| {
            let found = inboxes::find(conn, account, inbox)?.ok_or(Error::NotFound("inbox"))?;
            let identifier = found.identifier.clone().unwrap_or_default();
            assert_eq!(inboxes::find_by_identifier(conn, &identifier)?.map(|inbox| inbox.id), Some(inbox));
            assert!(inboxes::find_by_identifier(conn, "unknown")?.is_none());
            assert_eq!(inboxes::filter_viewers(conn, account, inbox, &users)?, {
                let mut viewers = vec![administrator.id, member.id];
                viewers.sort_unstable();
                viewers
            });
            assert!(inboxes::is_member(conn, account, inbox, member.id)?);
            assert!(!inboxes::is_member(conn, account, inbox, administrator.id)?);
            assert!(inboxes::assigns_automatically(conn, account, inbox)?);
            assert!(!inboxes::keeps_single_conversation(conn, account, inbox)?);
            assert!(!inboxes::has_active_bot(conn, account, inbox)?);
            assert_eq!(inboxes::find_channel_kind(conn, account, inbox)?, types::ChannelKind::Api);
            assert_eq!(inboxes::list_by_ids(conn, account, &[inbox, InboxId::new(99_999_999)])?.len(), 1);
            Ok::<_, Error>(found)
        })
        .await
        .unwrap();
    app.bot(account, inbox).await;
    assert!(store.read(move |conn| inboxes::has_active_bot(conn, account, inbox)).await.unwrap());
    store
        .write(move |tx| {
            tx.execute(::store::sql!("UPDATE accounts SET status = 'suspended' WHERE id = $1"), (account,))
        })
        .await
        .map_err(Error::from)
        .unwrap();
    let identifier = found.identifier.unwrap();
    assert!(store.read(move |conn| inboxes::find_by_identifier(conn, &identifier)).await.unwrap().is_none());
}

#[db_test]
async fn opening_hours_count_only_when_they_are_switched_on(app: TestApp) {
    let account = app.account().await;
    let draft = |working_hours_enabled: bool| Draft {
        working_hours_enabled,
        timezone: "Europe/Berlin".into(),
        ..Draft::new("Desk", Channel::api())
    };
    let (on, off) = (make(&app, account, draft(true)).await, make(&app, account, draft(false)).await);
    // 2026-01-05 is a Monday; Berlin is an hour ahead.
    let start = Timestamp::parse_iso("2026-01-05T07:00:00Z").unwrap();
    let end = Timestamp::parse_iso("2026-01-05T09:30:00Z").unwrap();
    let seconds = async |inbox: InboxId| {
        app.app.store.read(move |conn| hours::seconds_open(conn, account, inbox, start, end)).await.unwrap()
    };
    assert!((seconds(on).await - 5_400.0).abs() < 1e-6);
    assert!(seconds(off).await.abs() < 1e-6);
    assert!(seconds(InboxId::new(99_999_999)).await.abs() < 1e-6);
}

async fn make(app: &TestApp, account: AccountId, draft: Draft) -> InboxId {
    let made = app.app.store.write(move |tx| service::create(tx, account, &draft, &Actor::Operator)).await;
    made.unwrap().id
}
