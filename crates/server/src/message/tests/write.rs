//! What a message may be, and who may write it.

use ::store::testing::db_test;
use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};

use super::Desk;
use crate::testing::{Caller, START};

#[db_test]
async fn a_message_is_outgoing_public_text_of_the_caller_unless_it_says_otherwise(desk: Desk) {
    let body = json!({ "content": "We have shipped it.", "echo_id": "tmp-8", "color": "unknown" });
    let message = desk.write(body).await;
    let expected = json!({
        "id": message["id"], "content": "We have shipped it.", "inbox_id": desk.inbox, "echo_id": "tmp-8",
        "conversation_id": desk.number, "message_type": 1, "content_type": "text", "status": "sent",
        "content_attributes": {}, "created_at": START.epoch_seconds(), "private": false, "source_id": null,
        "sender": message["sender"]
    });
    assert_eq!(message, expected);
    let sender = message["sender"].as_object().unwrap();
    let keys: Vec<&str> = sender.keys().map(String::as_str).collect();
    let mut expected = vec!["id", "name", "available_name", "avatar_url", "type", "availability_status", "thumbnail"];
    expected.sort_unstable();
    assert_eq!(
        {
            let mut keys = keys;
            keys.sort_unstable();
            keys
        },
        expected
    );
    assert_eq!((&sender["id"], &sender["type"]), (&json!(desk.agent.id), &json!("user")));

    let listed = desk.list("").await["payload"][0].clone();
    assert_eq!(listed.get("echo_id"), None, "only the answer to the creation has it");
    assert_eq!((&listed["id"], &listed["content"]), (&message["id"], &message["content"]));

    let bare = desk.write(json!({ "private": "1", "source_id": 17, "external_created_at": "yesterday" })).await;
    assert_eq!((&bare["content"], &bare["private"], &bare["source_id"]), (&Value::Null, &json!(true), &json!("17")));
    assert_eq!(bare["content_attributes"], json!({ "external_created_at": "yesterday" }));
    assert_eq!(bare.get("echo_id"), None);
    let number = desk.write(json!({ "content": 42 })).await;
    assert_eq!(number["content"], "42");
}

#[db_test]
async fn the_type_decides_who_sends(desk: Desk) {
    for (word, number) in [("incoming", 0), ("activity", 2), ("template", 3)] {
        let message = desk.write(json!({ "content": "x", "message_type": word })).await;
        assert_eq!((&message["message_type"], &message["sender"]["type"]), (&json!(number), &json!("contact")));
    }
    let (website, mail) = (desk.website().await, desk.post_office().await);
    for number in [website, mail] {
        desk.refuse(number, json!({ "content": "x", "message_type": "incoming" })).await;
        for word in ["outgoing", "activity", "template"] {
            let body = json!({ "content": "x", "message_type": word });
            desk.try_write(&desk.administrator, number, body).await.expect(200);
        }
    }
    desk.refuse(desk.number, json!({ "content": "x", "message_type": "whisper" })).await;
}

#[db_test]
async fn an_outgoing_message_may_be_a_bots(desk: Desk) {
    let account = desk.agent.account;
    let (own, token) = desk.app.bot(account, desk.inbox).await;
    let other_account = desk.app.account().await;
    let other_administrator = desk.app.administrator(other_account).await;
    let other_inbox = desk.app.api_inbox(&other_administrator).await;
    let (system, _) = desk.app.bot(other_account, other_inbox).await;
    desk.execute("UPDATE agent_bots SET account_id = NULL WHERE id = $1", &[system.get()]).await;
    let (foreign, _) = desk.app.bot(other_account, desk.app.api_inbox(&other_administrator).await).await;

    let by = |bot: types::AgentBotId| json!({ "content": "x", "sender_type": "AgentBot", "sender_id": bot });
    for bot in [own, system] {
        let sender = desk.write(by(bot)).await["sender"].clone();
        assert_eq!(sender, json!({ "id": bot, "name": "Bot", "avatar_url": "", "type": "agent_bot" }));
    }
    let not_a_bots = [
        by(foreign),
        json!({ "content": "x", "sender_type": "User", "sender_id": own }),
        json!({ "content": "x", "sender_id": own }),
        json!({ "content": "x", "sender_type": "AgentBot" }),
    ];
    for body in not_a_bots {
        assert_eq!(desk.write(body.clone()).await["sender"]["id"], json!(desk.agent.id), "{body}");
    }
    let incoming = json!({ "content": "x", "message_type": "incoming", "sender_type": "AgentBot", "sender_id": own });
    assert_eq!(desk.write(incoming).await["sender"]["type"], "contact");

    let bot = Caller { token, ..desk.agent.clone() };
    let message = desk.try_write(&bot, desk.number, json!({ "content": "I am a bot" })).await.expect(200).json();
    assert_eq!((&message["sender"]["type"], &message["sender"]["id"]), (&json!("agent_bot"), &json!(own)));
    let hidden = desk.app.api_inbox(&desk.administrator).await;
    let number = desk.app.conversation(&desk.administrator, hidden).await;
    desk.try_write(&bot, number, json!({ "content": "everywhere in the account" })).await.expect(200);
}

#[db_test]
async fn items_must_fit_their_content_type(desk: Desk) {
    let action = json!({ "type": "link", "text": "Details", "uri": "https://shop.example", "payload": "" });
    let good = [
        ("input_select", json!({ "title": "54 cm", "value": "54" })),
        ("cards", json!({ "title": "Heron", "description": "", "media_url": "", "actions": [action] })),
        (
            "form",
            json!({ "name": "kind", "type": "select", "label": "Kind", "placeholder": "", "default": "",
            "required": true, "pattern": "", "title": "", "pattern_error": "", "options": [{ "label": "a" }] }),
        ),
        ("article", json!({ "title": "Gear", "description": "", "link": "https://help.example" })),
    ];
    for (kind, item) in good {
        let attributes = json!({ "items": [item] });
        let body = json!({ "content_type": kind, "content_attributes": attributes });
        let message = desk.write(body).await;
        assert_eq!((&message["content_type"], &message["content_attributes"]), (&json!(kind), &attributes));
        let mut wrong = item.clone();
        wrong["colour"] = json!("red");
        for items in [json!([]), json!([wrong]), json!(["text"]), json!("text"), Value::Null] {
            desk.refuse(desk.number, json!({ "content_type": kind, "content_attributes": { "items": items } })).await;
        }
        desk.refuse(desk.number, json!({ "content_type": kind, "content": "no items" })).await;
    }
    for actions in [json!([]), Value::Null, json!(["x"]), json!([{ "text": "x", "colour": "red" }])] {
        let items = json!([{ "title": "x", "actions": actions }]);
        desk.refuse(desk.number, json!({ "content_type": "cards", "content_attributes": { "items": items } })).await;
    }
    for kind in ["input_text", "input_textarea", "input_email", "incoming_email", "input_csat"] {
        assert_eq!(desk.write(json!({ "content": "x", "content_type": kind })).await["content_type"], kind);
    }
    desk.refuse(desk.number, json!({ "content": "x", "content_type": "hologram" })).await;
}

#[db_test]
async fn attributes_come_as_an_object_or_its_text_and_stay_as_they_are(desk: Desk) {
    let attributes = json!({ "automation_rule_id": 3, "translations": { "de": "Hallo" }, "items": [] });
    for given in [attributes.clone(), json!(attributes.to_string())] {
        let message = desk.write(json!({ "content": "x", "content_attributes": given })).await;
        assert_eq!(message["content_attributes"], attributes);
    }
    let before = desk.app.row_counts().await;
    for bad in [json!({ "content": "x", "content_attributes": "no object" }), json!({ "content": { "a": 1 } })] {
        desk.try_write(&desk.agent, desk.number, bad).await.expect(422);
    }
    assert_eq!(desk.app.row_counts().await, before);
}

#[db_test]
async fn a_reply_points_to_a_message_of_its_conversation_or_to_nothing(desk: Desk) {
    let known = desk.write(json!({ "content": "first" })).await["id"].clone();
    let other = desk.app.conversation(&desk.agent, desk.inbox).await;
    let elsewhere = desk.write_to(other, json!({ "content": "there" })).await["id"].clone();
    let text = json!(known.to_string());
    for (given, kept) in [
        (known.clone(), known.clone()),
        (text, known),
        (elsewhere, Value::Null),
        (json!(999_999_999), Value::Null),
        (json!("abc"), Value::Null),
        (json!([1]), Value::Null),
        (Value::Null, Value::Null),
    ] {
        let message = desk.write(json!({ "content": "x", "content_attributes": { "in_reply_to": given } })).await;
        assert_eq!(message["content_attributes"], json!({ "in_reply_to": kept }), "{given}");
    }
}

#[db_test]
async fn copies_are_kept_as_lists_in_email_inboxes_only(desk: Desk) {
    let mail = desk.post_office().await;
    let body = json!({
        "content": "x", "cc_emails": "a@b.example, c@d.example ,", "bcc_emails": "e@f.example", "to_emails": ""
    });
    let message = desk.try_write(&desk.administrator, mail, body.clone()).await.expect(200).json();
    assert_eq!(
        message["content_attributes"],
        json!({ "cc_emails": ["a@b.example", "c@d.example"], "bcc_emails": ["e@f.example"], "to_emails": [] })
    );
    assert_eq!(desk.write(body).await["content_attributes"], json!({}));
    for key in ["cc_emails", "bcc_emails", "to_emails"] {
        for bad in ["nobody", "a@b.example, nobody", "a b@c.example"] {
            desk.refuse(mail, json!({ "content": "x", key: bad })).await;
            desk.write(json!({ "content": "not heeded here", key: bad })).await;
        }
    }
}

#[db_test]
async fn a_template_needs_a_name_and_is_kept_with_its_campaign(desk: Desk) {
    for params in [json!({}), json!({ "name": null }), json!({ "name": 5 }), json!({ "language": "fi" })] {
        desk.refuse(desk.number, json!({ "content": "x", "template_params": params })).await;
    }
    let params = json!({ "name": "shipped", "language": "fi", "processed_params": { "1": "Aino" } });
    desk.write(json!({ "content": "x", "template_params": params, "campaign_id": "12" })).await;
    let shown = desk.show(desk.number).await;
    let kept = &shown["last_non_activity_message"]["additional_attributes"];
    assert_eq!(*kept, json!({ "template_params": params, "campaign_id": 12 }));
}

#[db_test]
async fn content_is_limited_in_characters(desk: Desk) {
    let longest = "é".repeat(150_000);
    assert_eq!(desk.write(json!({ "content": longest })).await["content"].as_str().unwrap().len(), 300_000);
    desk.refuse(desk.number, json!({ "content": longest + "x" })).await;
    desk.refuse(desk.number, json!({ "content": "x".repeat(150_001), "private": true })).await;
}

#[db_test]
async fn only_members_of_the_inbox_administrators_and_bots_get_in(desk: Desk) {
    let account = desk.agent.account;
    let outsider = desk.app.agent(account).await;
    let stranger = desk.app.administrator(desk.app.account().await).await;
    let path = format!("conversations/{}/messages", desk.number);
    let before = desk.app.row_counts().await;
    let body = json!({ "content": "x" });
    desk.app.post(&outsider, &path, body.clone()).await.expect(403);
    desk.app.get(&outsider, &path).await.expect(401);
    let foreign = format!("/api/v1/accounts/{account}/{path}");
    desk.app.post(&stranger, &foreign, body.clone()).await.expect(403);
    desk.app.get(&stranger, &foreign).await.expect(401);
    desk.app.post(&stranger, &path, body.clone()).await.expect(404);
    desk.app.post(&desk.agent, "conversations/999999/messages", body.clone()).await.expect(404);
    desk.app.post(&outsider, "conversations/999999/messages", body.clone()).await.expect(404);
    let answer = desk.app.call(Method::POST, &desk.agent.path(&path), None, Some(&body)).await.expect(401);
    assert!(answer.json()["errors"].is_array());
    desk.app.call(Method::POST, &desk.agent.path(&path), Some("wrong"), Some(&body)).await.expect(401);
    assert_eq!(desk.app.row_counts().await, before);
    let token = desk.app.bot(account, desk.inbox).await.1;
    let bot = Caller { token, ..desk.agent.clone() };
    desk.app.get(&bot, &path).await.expect(401);
    desk.app.post(&bot, &path, body).await.expect(200);
}

#[db_test]
async fn a_survey_is_a_link_outside_of_websites(desk: Desk) {
    let uuid = desk.show(desk.number).await["uuid"].as_str().unwrap().to_owned();
    let body = json!({ "content": "How was it, {{ contact.name }}?", "content_type": "input_csat" });
    let message = desk.write(body.clone()).await;
    let link = format!("/survey/responses/{uuid}");
    assert!(message["content"].as_str().unwrap().ends_with(&link), "{message}");
    let website = desk.website().await;
    let message = desk.try_write(&desk.administrator, website, body).await.expect(200).json();
    assert!(message["content"].as_str().unwrap().starts_with("How was it, Contact "), "{message}");
}

#[db_test]
async fn a_form_is_as_good_as_json_and_may_carry_files(desk: Desk) {
    let send = async |parts: &[(&str, &str)]| {
        let parts = parts.iter().map(|(name, content)| {
            let file = if name.starts_with("attachments") { "; filename=\"a.txt\"" } else { "" };
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n")
        });
        let body = parts.collect::<Vec<_>>().concat();
        let path = desk.agent.path(&format!("conversations/{}/messages", desk.number));
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header("api_access_token", &desk.agent.token)
            .header("content-type", "multipart/form-data; boundary=b")
            .body(Body::from(body + "--b--\r\n"))
            .unwrap();
        desk.app.send(request).await
    };
    let message = send(&[("content", "from a form"), ("private", "true"), ("echo_id", "e1")]).await.expect(200).json();
    assert_eq!((&message["private"], &message["echo_id"]), (&json!(true), &json!("e1")));
    let public = send(&[("content", "x"), ("private", "false"), ("content_attributes[in_reply_to]", "1")]).await;
    assert_eq!(public.expect(200).json()["private"], false);
    let carried = send(&[("content", "with a file"), ("attachments[]", "hello")]).await.expect(200).json();
    assert_eq!((&carried["content"], carried["attachments"].as_array().unwrap().len()), (&json!("with a file"), 1));
}

#[db_test]
async fn whatever_is_wrong_is_told_as_one_error_that_names_the_field(desk: Desk) {
    let before = desk.app.row_counts().await;
    for (body, field) in [
        (json!({ "content": { "a": 1 } }), "content"),
        (json!({ "content": ["a"] }), "content"),
        (json!({ "content": "a\u{0}b" }), "content"),
        (json!({ "content": "a", "content_attributes": 7 }), "content_attributes"),
        (json!({ "content": "a", "content_attributes": { "a\u{0}": 1 } }), "content_attributes"),
        (json!({ "content": "a", "content_attributes": { "by": { "key": ["\u{0}"] } } }), "content_attributes"),
        (json!({ "content": "a", "template_params": "x" }), "template_params"),
        (json!({ "content": "a", "campaign_id": "soon" }), "campaign_id"),
        (json!({ "content": "a", "sender_id": [1], "sender_type": "AgentBot" }), "sender_id"),
        (json!({ "content": "x".repeat(150_001) }), "content"),
    ] {
        let refused = desk.try_write(&desk.agent, desk.number, body.clone()).await.expect(422).json();
        let keys: Vec<&String> = refused.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["error"], "{field}");
        let text = refused["error"].as_str().unwrap().to_lowercase().replace('_', " ");
        assert!(text.contains(&field.replace('_', " ")), "{field}: {text}");
    }
    assert_eq!(desk.app.row_counts().await, before);
}
