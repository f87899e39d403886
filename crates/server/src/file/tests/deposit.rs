//! Files that are stored before a message has them.

use axum::body::Body;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{Method, Request};
use md5::{Digest, Md5};
use serde_json::{Value, json};
use store::testing::db_test;

use super::gallery::Gallery;
use super::png;
use crate::testing::{Answer, Caller, Part, TestApp};

/// Sends a message with the file of a signed id.
async fn send(app: &TestApp, caller: &Caller, conversation: i64, signed_id: &Value) -> Answer {
    let body = json!({ "content": "Here", "attachments": [signed_id] });
    app.post(caller, &format!("conversations/{conversation}/messages"), body).await
}

async fn conversation(hall: &Gallery) -> i64 {
    let inbox = hall.app.api_inbox(&hall.administrator).await;
    hall.app.conversation(&hall.administrator, inbox).await
}

#[db_test]
async fn a_file_is_stored_first_and_sent_with_a_message_once(hall: Gallery) {
    let (app, admin) = (&hall.app, &hall.administrator);
    let conversation = conversation(&hall).await;
    let parts = [Part::file("attachment", "Größe 漢.txt", "text/plain", b"notes")];
    let path = admin.path("upload");
    let stored = app.send_form(Method::POST, &path, Some(&admin.token), &parts).await.expect(200).json();
    let file_url = stored["file_url"].as_str().unwrap();
    assert!(file_url.ends_with("/Gr%C3%B6%C3%9Fe%20%E6%BC%A2.txt"), "{stored}");
    assert!(stored["blob_id"].as_str().unwrap().starts_with(stored["blob_key"].as_str().unwrap()), "{stored}");

    let message = send(app, admin, conversation, &stored["blob_id"]).await.expect(200).json();
    assert_eq!(
        (&message["attachments"][0]["data_url"], &message["attachments"][0]["file_size"]),
        (&stored["file_url"], &json!(5))
    );
    send(app, admin, conversation, &stored["blob_id"]).await.expect(422);
    let stranger = app.administrator(app.account().await).await;
    let parts = [Part::file("attachment", "a.txt", "text/plain", b"notes")];
    let theirs = app.send_form(Method::POST, &stranger.path("upload"), Some(&stranger.token), &parts).await;
    send(app, admin, conversation, &theirs.expect(200).json()["blob_id"]).await.expect(422);
}

#[db_test]
async fn a_picture_at_an_address_is_stored(hall: Gallery) {
    let (app, server, admin) = (&hall.app, &hall.server, &hall.administrator);
    let picture = png(10, 10);
    let url = server.say("/a%20b.png", 200, &picture);
    let stored = app.post(admin, "upload", json!({ "external_url": url })).await.expect(200).json();
    assert!(stored["file_url"].as_str().unwrap().ends_with("/a%20b.png"), "{stored}");
    let message = send(app, admin, conversation(&hall).await, &stored["blob_id"]).await.expect(200).json();
    assert_eq!(message["attachments"][0]["file_size"], picture.len());

    let before = (app.row_counts().await, app.stored_files());
    let page = server.say("/page.png", 200, b"<html><script>1</script></html>");
    let text = server.say("/a.txt", 200, b"text");
    let gone = server.say("/gone.png", 404, b"");
    let large = server.say("/large.png", 200, &[picture, vec![0; 41 << 20]].concat());
    for url in [&*page, &text, &gone, &large, "http://10.0.0.1/a.png", "ftp://a.example/a.png", "a.png", ""] {
        let refused = app.post(admin, "upload", json!({ "external_url": url })).await.expect(422).json();
        assert!(refused["error"].as_str().unwrap().contains("external_url"), "{url}: {refused}");
        assert!(!refused["error"].as_str().unwrap().contains("10.0.0.1"), "{refused}");
    }
    app.post(admin, "upload", json!({})).await.expect(422);
    assert_eq!((app.row_counts().await, app.stored_files()), before);
}

/// Announces `content` under a name; gives the answer.
async fn announce(hall: &Gallery, conversation: i64, filename: &str, content: &[u8]) -> Value {
    let checksum = BASE64_STANDARD.encode(Md5::digest(content));
    let blob = json!({
        "filename": filename, "content_type": "image/png", "byte_size": content.len(), "checksum": checksum
    });
    let path = format!("conversations/{conversation}/direct_uploads");
    hall.app.post(&hall.administrator, &path, json!({ "blob": blob })).await.expect(200).json()
}

/// Puts bytes where the answer says.
async fn put(app: &TestApp, announced: &Value, content: &[u8]) -> Answer {
    let url = announced["direct_upload"]["url"].as_str().unwrap().strip_prefix(super::BASE).unwrap();
    let request = Request::put(url).header("content-type", "image/png").body(Body::from(content.to_vec()));
    app.send(request.unwrap()).await
}

#[db_test]
async fn an_announced_file_is_put_and_then_sent(hall: Gallery) {
    let (app, admin) = (&hall.app, &hall.administrator);
    let conversation = conversation(&hall).await;
    let picture = png(40, 20);
    let announced = announce(&hall, conversation, "../Zoë.png", &picture).await;
    for (key, value) in [
        ("filename", json!("Zoë.png")),
        ("content_type", json!("image/png")),
        ("byte_size", json!(picture.len())),
        ("metadata", json!({})),
    ] {
        assert_eq!(announced[key], value, "{key}");
    }
    // Nothing refers to a file that is not there.
    send(app, admin, conversation, &announced["signed_id"]).await.expect(422);
    for _ in 0..2 {
        assert!(put(app, &announced, &picture).await.expect(204).body.is_empty());
    }
    let message = send(app, admin, conversation, &announced["signed_id"]).await.expect(200).json();
    let attachment = &message["attachments"][0];
    assert_eq!((&attachment["width"], &attachment["content_type"]), (&json!(40), &json!("image/png")));
    assert_eq!(app.stored_files().len(), 1);
}

#[db_test]
async fn other_bytes_than_announced_are_refused(hall: Gallery) {
    let (app, admin) = (&hall.app, &hall.administrator);
    let conversation = conversation(&hall).await;
    let announced = announce(&hall, conversation, "a.txt", b"12345").await;
    for other in [b"12346".as_slice(), b"1234", b"123456", b""] {
        put(app, &announced, other).await.expect(422);
    }
    send(app, admin, conversation, &announced["signed_id"]).await.expect(422);
    assert_eq!(app.stored_files(), Vec::<String>::new());
    let mut forged = announced.clone();
    let url = announced["direct_upload"]["url"].as_str().unwrap().replace("upload-", "upload-0");
    forged["direct_upload"]["url"] = json!(url);
    put(app, &forged, b"12345").await.expect(404);
    // Whatever it was said to be, what it is is found by looking into it.
    put(app, &announced, b"12345").await.expect(204);
    let message = send(app, admin, conversation, &announced["signed_id"]).await.expect(200).json();
    assert_eq!(message["attachments"][0]["content_type"], "text/plain");
    app.clock.advance(std::time::Duration::from_mins(5));
    put(app, &announced, b"12345").await.expect(404);
}

#[db_test]
async fn what_cannot_be_announced_is_named(hall: Gallery) {
    let (app, admin) = (&hall.app, &hall.administrator);
    let conversation = conversation(&hall).await;
    let path = format!("conversations/{conversation}/direct_uploads");
    let good = json!({ "filename": "a.txt", "byte_size": 5, "checksum": BASE64_STANDARD.encode([7; 16]) });
    let outsider = app.agent(admin.account).await;
    let before = app.row_counts().await;
    for (field, value) in [
        ("filename", json!("")),
        ("filename", json!("x".repeat(1_001))),
        ("content_type", json!("text/plain\r\nx: y")),
        ("byte_size", json!(-1)),
        ("byte_size", json!((40 << 20) + 1)),
        ("byte_size", json!(null)),
        ("checksum", json!("abc")),
        ("checksum", json!(null)),
    ] {
        let mut blob = good.clone();
        blob[field] = value;
        let refused = app.post(admin, &path, json!({ "blob": blob })).await.expect(422).json();
        assert_eq!(refused["attributes"], json!([field]), "{refused}");
    }
    app.post(admin, "conversations/999999/direct_uploads", json!({ "blob": good })).await.expect(404);
    app.post(&outsider, &path, json!({ "blob": good })).await.expect(403);
    assert_eq!(app.row_counts().await, before);
}
