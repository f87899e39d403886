//! Files of messages, from the upload to the bytes.

mod deposit;
mod fetch;
mod gallery;
mod limits;
mod picture;

use std::io::Cursor;
use std::time::Duration;

use axum::body::Body;
use futures_util::StreamExt;
use http::{Method, Request, StatusCode};
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};
use store::testing::db_test;

use super::jobs::SweepFiles;
use crate::testing::{Answer, Caller, Part, START, TestApp};

const BASE: &str = "http://localhost:3000";

/// A desk with one conversation.
struct Desk<'a> {
    app: &'a TestApp,
    administrator: Caller,
    conversation: i64,
}

impl<'a> Desk<'a> {
    async fn new(app: &'a TestApp) -> Self {
        let account = app.account().await;
        let administrator = app.administrator(account).await;
        let inbox = app.api_inbox(&administrator).await;
        let conversation = app.conversation(&administrator, inbox).await;
        Self { app, administrator, conversation }
    }

    fn path(&self) -> String {
        self.administrator.path(&format!("conversations/{}/messages", self.conversation))
    }

    async fn send(&self, parts: &[Part<'_>]) -> Answer {
        self.app.send_form(Method::POST, &self.path(), Some(&self.administrator.token), parts).await
    }

    /// Sends one file; gives its attachment.
    async fn attach(&self, filename: &str, media: &str, content: &[u8]) -> Value {
        let message = self.send(&[Part::file("attachments[]", filename, media, content)]).await.expect(200).json();
        message["attachments"][0].clone()
    }

    async fn get(&self, url: &str, headers: &[(&str, &str)]) -> Answer {
        self.request(Method::GET, url, headers).await
    }

    async fn request(&self, method: Method, url: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(url.strip_prefix(BASE).unwrap());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.app.send(request.body(Body::empty()).unwrap()).await
    }

    /// Where the permanent address leads to.
    async fn location(&self, url: &Value) -> String {
        let answer = self.get(url.as_str().unwrap(), &[]).await.expect(302);
        assert_eq!(header(&answer, "cache-control"), "max-age=300, private");
        header(&answer, "location")
    }
}

fn header(answer: &Answer, name: &str) -> String {
    answer.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let picture = RgbImage::from_pixel(width, height, Rgb([200, 10, 10]));
    picture.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
    bytes
}

#[db_test]
async fn files_go_with_a_message_and_come_back_as_they_were(app: TestApp) {
    let desk = Desk::new(&app).await;
    let (picture, note) = (png(400, 200), b"some notes\n".as_slice());
    let message = desk
        .send(&[
            Part::text("content", "Two files"),
            Part::text("echo_id", "e1"),
            Part::file("attachments[]", "Zo\u{eb} 漢字.png", "image/png", &picture),
            Part::file("attachments[]", "notes.txt", "text/plain", note),
        ])
        .await
        .expect(200)
        .json();
    assert_eq!((&message["content"], &message["echo_id"]), (&json!("Two files"), &json!("e1")));
    let attachments = message["attachments"].as_array().unwrap();
    assert_eq!(attachments.len(), 2);
    let (first, second) = (&attachments[0], &attachments[1]);
    assert_eq!(first["message_id"], message["id"]);
    assert_eq!(first["account_id"], json!(desk.administrator.account));
    for (key, picture_has, note_has) in [
        ("file_type", json!("image"), json!("file")),
        ("extension", json!(null), json!(null)),
        ("file_size", json!(picture.len()), json!(note.len())),
        ("content_type", json!("image/png"), json!("text/plain")),
        ("width", json!(400), json!(null)),
        ("height", json!(200), json!(null)),
    ] {
        assert_eq!((&first[key], &second[key]), (&picture_has, &note_has), "{key}");
    }
    assert_eq!(second["thumb_url"], "");

    let location = desk.location(&first["data_url"]).await;
    let served = desk.get(&location, &[]).await.expect(200);
    assert_eq!(served.body, picture);
    assert_eq!(header(&served, "content-type"), "image/png");
    assert_eq!(header(&served, "content-length"), picture.len().to_string());
    assert_eq!(
        header(&served, "content-disposition"),
        "inline; filename=\"Zo____.png\"; filename*=UTF-8''Zo%C3%AB%20%E6%BC%A2%E5%AD%97%2Epng"
    );
    let note_location = desk.location(&second["data_url"]).await;
    let served = desk.get(&note_location, &[]).await.expect(200);
    assert_eq!(served.body, note);
    assert!(header(&served, "content-disposition").starts_with("attachment; "));

    let list = app.get(&desk.administrator, &desk.path()).await.expect(200).json();
    assert_eq!(list["payload"].as_array().unwrap().last().unwrap()["attachments"], message["attachments"]);
    let shown = app.get(&desk.administrator, &format!("conversations/{}", desk.conversation)).await.expect(200).json();
    assert_eq!(shown["messages"][0]["attachments"], message["attachments"]);
    assert_eq!(shown["last_non_activity_message"]["attachments"], message["attachments"]);
    assert!(app.event_names(desk.administrator.account).await.contains(&"message.created".to_owned()));
    assert_eq!(app.stored_files().len(), 2, "{:?}", app.stored_files());
}

#[db_test]
async fn a_contact_sends_files_and_sees_them(app: TestApp) {
    let desk = Desk::new(&app).await;
    let inbox = app.post(&desk.administrator, "inboxes", json!({ "name": "Api", "channel": { "type": "api" } })).await;
    let identifier = inbox.expect(200).json()["inbox_identifier"].as_str().unwrap().to_owned();
    let base = format!("/public/api/v1/inboxes/{identifier}/contacts");
    let contact = app.call(Method::POST, &base, None, Some(&json!({}))).await.expect(200).json();
    let base = format!("{base}/{}/conversations", contact["source_id"].as_str().unwrap());
    let number = app.call(Method::POST, &base, None, Some(&json!({}))).await.expect(200).json()["id"].clone();
    let messages = format!("{base}/{number}/messages");
    let picture = png(10, 10);
    let part = Part::file("attachments[]", "receipt.png", "image/png", &picture);
    let sent = app.send_form(Method::POST, &messages, None, &[part]).await.expect(200).json();
    assert_eq!((&sent["content"], &sent["attachments"][0]["file_type"]), (&json!(null), &json!("image")));
    let list = app.call(Method::GET, &messages, None, None).await.expect(200).json();
    assert_eq!(list[0]["attachments"], sent["attachments"]);
    let conversations = app.call(Method::GET, &base, None, None).await.expect(200).json();
    assert_eq!(conversations[0]["messages"][0]["attachments"], sent["attachments"]);
}

#[db_test]
async fn a_preview_fits_into_its_square_and_is_made_once(app: TestApp) {
    let desk = Desk::new(&app).await;
    let attachment = desk.attach("wide.png", "image/png", &png(1000, 500)).await;
    assert_eq!(app.stored_files().len(), 1);
    let location = desk.location(&attachment["thumb_url"]).await;
    let served = desk.get(&location, &[]).await.expect(200);
    let preview = image::load_from_memory(&served.body).unwrap();
    assert_eq!((preview.width(), preview.height()), (250, 125));
    assert_eq!(header(&served, "content-type"), "image/jpeg");
    assert!(header(&served, "content-disposition").starts_with("inline; "));
    assert_eq!(app.stored_files().len(), 2);
    assert_eq!(desk.get(&location, &[]).await.expect(200).body, served.body);
    let other = attachment["thumb_url"].as_str().unwrap().replace("/preview/", "/9000x9000/");
    desk.get(&other, &[]).await.expect(404);

    let text = desk.attach("a.txt", "text/plain", b"text").await;
    let url = text["data_url"].as_str().unwrap().replace("/blobs/redirect/", "/representations/redirect/");
    let url = url.replace("/a.txt", "/preview/a.txt");
    desk.get(&url, &[]).await.expect(404);
}

#[db_test]
async fn parts_of_a_file_are_served_and_what_the_client_has_is_not(app: TestApp) {
    let desk = Desk::new(&app).await;
    let content: Vec<u8> = (0..=255).cycle().take(3_000_000).collect();
    let attachment = desk.attach("a.bin", "application/octet-stream", &content).await;
    let url = desk.location(&attachment["data_url"]).await;
    let whole = desk.get(&url, &[]).await.expect(200);
    assert!(whole.body == content && header(&whole, "accept-ranges") == "bytes");
    let etag = header(&whole, "etag");

    let part = desk.get(&url, &[("range", "bytes=1000-1999")]).await.expect(206);
    assert_eq!(part.body, content[1000..2000]);
    assert_eq!(header(&part, "content-range"), "bytes 1000-1999/3000000");
    assert_eq!(header(&part, "content-length"), "1000");
    assert_eq!(desk.get(&url, &[("range", "bytes=-5")]).await.expect(206).body, content[2_999_995..]);
    let beyond = desk.get(&url, &[("range", "bytes=3000000-")]).await.expect(416);
    assert_eq!(header(&beyond, "content-range"), "bytes */3000000");
    let other = [("range", "bytes=0-1"), ("if-range", "\"other\"")];
    assert_eq!(desk.get(&url, &other).await.expect(200).body.len(), 3_000_000);

    let same = desk.get(&url, &[("if-none-match", etag.as_str())]).await.expect(304);
    assert!(same.body.is_empty());
    let head = desk.request(Method::HEAD, &url, &[]).await.expect(200);
    assert!(head.body.is_empty() && header(&head, "content-length") == "3000000");
}

#[db_test]
async fn addresses_that_we_did_not_make_or_that_expired_lead_nowhere(app: TestApp) {
    let desk = Desk::new(&app).await;
    let attachment = desk.attach("a.png", "image/png", &png(5, 5)).await;
    let permanent = attachment["data_url"].as_str().unwrap().to_owned();
    let location = desk.location(&attachment["data_url"]).await;
    for url in [&permanent, &location] {
        for at in [url.find("--").unwrap() - 1, url.find("--").unwrap() + 5] {
            let mut bytes = url.clone().into_bytes();
            bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
            desk.get(&String::from_utf8(bytes).unwrap(), &[]).await.expect(404);
        }
    }
    let key = "0".repeat(32);
    let signed = app.app.settings.base_url.of_file(&key, "a.png");
    desk.get(&signed, &[]).await.expect(404);

    app.clock.set(START.plus(Duration::from_secs(299)));
    desk.get(&location, &[]).await.expect(200);
    app.clock.set(START.plus(Duration::from_mins(5)));
    desk.get(&location, &[]).await.expect(404);
    let again = desk.location(&attachment["data_url"]).await;
    desk.get(&again, &[]).await.expect(200);
}

#[db_test]
async fn a_refused_message_leaves_no_file(app: TestApp) {
    let desk = Desk::new(&app).await;
    let picture = png(5, 5);
    let file = Part::file("attachments[]", "a.png", "image/png", &picture);
    let long = "x".repeat(150_001);
    desk.send(&[Part::text("content", &long), file]).await.expect(422);
    desk.send(&[Part::text("message_type", "no such"), file]).await.expect(422);
    desk.send(&[file; 16]).await.expect(422);
    desk.send(&[file, Part::text("attachments[]", "no signed id")]).await.expect(422);
    let path = desk.administrator.path("conversations/999/messages");
    app.send_form(Method::POST, &path, Some(&desk.administrator.token), &[file]).await.expect(404);
    app.send_form(Method::POST, &desk.path(), Some("no token"), &[file]).await.expect(401);
    assert_eq!(app.stored_files(), Vec::<String>::new());
    assert_eq!(app.number("SELECT COUNT(*) FROM files", &[]).await, 0);
    desk.send(&[file; 15]).await.expect(200);
    assert_eq!(app.stored_files().len(), 15);
}

#[db_test]
async fn a_message_sent_again_with_its_key_has_its_files_once(app: TestApp) {
    let desk = Desk::new(&app).await;
    let send = async |content: &[u8]| {
        let part = format!(
            "--edge\r\nContent-Disposition: form-data; name=\"attachments[]\"; filename=\"a.txt\"\r\n\r\n{}\r\n--edge--\r\n",
            std::str::from_utf8(content).unwrap()
        );
        let request = Request::post(desk.path())
            .header("api_access_token", &desk.administrator.token)
            .header("idempotency-key", "k")
            .header("content-type", "multipart/form-data; boundary=edge");
        app.send(request.body(Body::from(part)).unwrap()).await
    };
    let first = send(b"one").await.expect(200).json();
    assert_eq!(send(b"one").await.expect(200).json(), first);
    send(b"two").await.expect(422);
    assert_eq!(app.number("SELECT COUNT(*) FROM attachments", &[]).await, 1);
    assert_eq!(app.stored_files().len(), 1);
}

#[db_test]
async fn website_inboxes_take_common_types_only(app: TestApp) {
    let desk = Desk::new(&app).await;
    let body =
        json!({ "name": "Site", "channel": { "type": "web_widget", "website_url": "https://shop.sample.test" } });
    let inbox = app.post(&desk.administrator, "inboxes", body).await.expect(200).json()["id"].as_i64().unwrap();
    let conversation = app.conversation(&desk.administrator, types::InboxId::new(inbox)).await;
    let site = Desk { conversation, ..desk };
    site.attach("a.png", "image/png", &png(5, 5)).await;
    site.attach("a.csv", "text/csv", b"a,b\n").await;
    let program = Part::file("attachments[]", "a.exe", "application/pdf", b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0");
    site.send(&[program]).await.expect(422);
    assert_eq!(app.stored_files().len(), 2);
}

#[db_test]
async fn deleted_attachments_are_gone_with_their_bytes(app: TestApp) {
    let desk = Desk::new(&app).await;
    let attachment = desk.attach("a.png", "image/png", &png(300, 300)).await;
    let location = desk.location(&attachment["thumb_url"]).await;
    desk.get(&location, &[]).await.expect(200);
    let other = desk.attach("b.png", "image/png", &png(5, 5)).await;
    let (account, message) = (desk.administrator.account, attachment["message_id"].as_i64().unwrap());
    app.app
        .store
        .write(move |tx| crate::message::attachment::delete_all(tx, account, types::MessageId::new(message)))
        .await
        .unwrap();
    for url in [attachment["data_url"].as_str().unwrap(), attachment["thumb_url"].as_str().unwrap(), &location] {
        desk.get(url, &[]).await.expect(404);
    }
    assert_eq!(app.run_due_jobs().await, 1);
    assert_eq!(app.stored_files().len(), 1);
    desk.location(&other["data_url"]).await;
}

#[db_test]
async fn the_sweep_deletes_what_nothing_refers_to_and_only_that(app: TestApp) {
    let desk = Desk::new(&app).await;
    let attachment = desk.attach("kept.png", "image/png", &png(5, 5)).await;
    desk.location(&attachment["data_url"]).await;
    let key = attachment["data_url"].as_str().unwrap().rsplit('/').nth(1).unwrap()[..32].to_owned();
    let shard = u8::from_str_radix(&key[..2], 16).unwrap();
    // Bytes that no row knows, and a row that nothing refers to.
    let lost = format!("{}{}", &key[..2], "0".repeat(30));
    let unused = format!("{}{}", &key[..2], "1".repeat(30));
    for name in [lost.clone(), format!("{lost}.preview"), unused.clone()] {
        app.app.files.blobs().put(&name, "x".into()).await.unwrap();
    }
    let (account, unused_key) = (desk.administrator.account, unused.clone());
    let new = super::upload::NewFile {
        key: unused_key,
        filename: "x".into(),
        content_type: "text/plain".into(),
        size_bytes: 1,
        checksum: String::new(),
        width: None,
        height: None,
    };
    app.app.store.write(move |tx| super::store::insert(tx, Some(account), &new)).await.unwrap();

    let sweep = async || {
        app.app.store.write(move |tx| ::jobs::push(tx, &SweepFiles { shard })).await.unwrap();
        app.run_due_jobs().await;
        let mut left = app.stored_files();
        left.sort();
        left
    };
    assert_eq!(sweep().await.len(), 4, "what is young is left alone");
    // Blobs have the time of the machine, rows that of the clock.
    app.clock.set(types::Timestamp::from_epoch_seconds(4_102_444_800));
    assert_eq!(sweep().await, [key]);
    assert_eq!(app.number("SELECT COUNT(*) FROM files", &[]).await, 1);
    let waiting = "SELECT COUNT(*) FROM jobs WHERE kind = 'sweep_files' AND state = 'waiting'";
    assert_eq!(app.number(waiting, &[]).await, 1, "it goes on with the next part");
    desk.location(&attachment["data_url"]).await;
}

#[db_test]
async fn a_cut_off_upload_leaves_nothing(app: TestApp) {
    let desk = Desk::new(&app).await;
    let head = "--edge\r\nContent-Disposition: form-data; name=\"attachments[]\"; filename=\"a.bin\"\r\n\r\n";
    let request = |body: Body| {
        Request::post(desk.path())
            .header("api_access_token", &desk.administrator.token)
            .header("content-type", "multipart/form-data; boundary=edge")
            .body(body)
            .unwrap()
    };
    // The body ends in the middle of a file.
    let cut = [head.as_bytes(), &vec![7; 3_000_000]].concat();
    app.send(request(Body::from(cut.clone()))).await.expect(400);
    // The client goes away: its connection fails.
    let pieces = vec![Ok(cut.clone()), Err(std::io::Error::other("gone"))];
    app.send(request(Body::from_stream(futures_util::stream::iter(pieces)))).await.expect(400);
    // The request is dropped while it waits for more.
    let waiting = futures_util::stream::iter([Ok::<_, std::io::Error>(cut)]).chain(futures_util::stream::pending());
    let sent = app.send(request(Body::from_stream(waiting)));
    assert!(tokio::time::timeout(Duration::from_millis(300), sent).await.is_err());
    assert_eq!(app.stored_files(), Vec::<String>::new());
    assert_eq!(app.number("SELECT COUNT(*) FROM messages", &[]).await, 0);
}

#[db_test]
async fn what_is_too_large_is_refused_and_leaves_nothing(app: TestApp) {
    let desk = Desk::new(&app).await;
    let content = vec![7; 41 * 1024 * 1024];
    let file = |size: usize| Part::file("attachments[]", "a.bin", "application/octet-stream", &content[..size]);
    desk.send(&[file(content.len())]).await.expect(413);
    desk.send(&[file(35 << 20), file(35 << 20), file(35 << 20)]).await.expect(413);
    assert_eq!(app.stored_files(), Vec::<String>::new());
    let attachment = desk.send(&[file(40 << 20)]).await.expect(200).json()["attachments"][0].clone();
    assert_eq!(attachment["file_size"], 40 << 20);
    let url = desk.location(&attachment["data_url"]).await;
    assert!(desk.get(&url, &[]).await.expect(200).body == content[..40 << 20]);
}

/// What is sent, with the name and the type that it claims; what is stored of it; whether it may be shown in place.
const CORPUS: &[(&str, &str, &[u8], &str, bool)] = &[
    ("wrong.png", "image/png", b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01", "image/jpeg", true),
    (
        "script.svg",
        "image/svg+xml",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        "image/svg+xml",
        false,
    ),
    ("script.png", "image/png", b"<?xml version='1.0'?>\n<!-- x --><svg onload='alert(1)'/>", "image/svg+xml", false),
    ("page.png", "image/png", b"<!DOCTYPE html><html><script>alert(1)</script></html>", "text/html", false),
    ("page.jpg", "image/jpeg", b"\n\n <ScRiPt>alert(1)</sCrIpT>", "text/html", false),
    ("page.html", "text/html", b"<html><body onload=alert(1)>", "text/html", false),
    (
        "page.xhtml",
        "application/xhtml+xml",
        b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'/>",
        "text/html",
        false,
    ),
    ("style.xml", "text/xml", b"<?xml version='1.0'?><?xml-stylesheet href='x.xsl'?><a/>", "application/xml", false),
    ("code.js", "text/javascript", b"alert(document.domain)", "text/plain", false),
    ("both.js", "text/javascript", b"GIF89a=1;/*\0\0*/alert(1)//", "image/gif", true),
    ("both.html", "text/html", b"%PDF-1.4\n<html><script>alert(1)</script>", "application/pdf", true),
    ("empty.png", "image/png", b"", "application/octet-stream", false),
    ("cut.png", "image/png", b"\x89PNG\r\n\x1a\n\0\0", "image/png", true),
    ("../../etc/passwd", "text/plain", b"root", "text/plain", false),
    ("..\\..\\boot.ini", "text/plain", b"root", "text/plain", false),
    (
        "photo\u{202e}gnp.exe",
        "image/png",
        b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0",
        "application/vnd.microsoft.portable-executable",
        false,
    ),
    ("\u{1f98a} emoji.txt", "audio/mpeg", b"text", "text/plain", false),
    ("data.json", "text/html", b"{}", "application/json", false),
    ("sound.mp3", "text/html", b"ID3\x03\0\0\0\0\0\0", "audio/mpeg", true),
];

#[db_test]
async fn nothing_that_can_run_is_ever_shown_in_place(app: TestApp) {
    let desk = Desk::new(&app).await;
    for (filename, claimed, content, kind, shown) in CORPUS {
        let attachment = desk.attach(filename, claimed, content).await;
        assert_eq!(attachment["content_type"], *kind, "{filename}");
        let data_url = attachment["data_url"].as_str().unwrap();
        let name = data_url.rsplit('/').next().unwrap();
        assert!(!name.contains("..") && !name.contains("%2F") && !name.contains("%5C"), "{data_url}");
        let url = desk.location(&attachment["data_url"]).await;
        let served = desk.get(&url, &[]).await.expect(200);
        assert_eq!(served.body, *content, "{filename}");
        let (kind, disposition) = (header(&served, "content-type"), header(&served, "content-disposition"));
        assert_eq!(disposition.starts_with("inline; "), *shown, "{filename}: {disposition}");
        assert!(*shown || disposition.starts_with("attachment; "), "{filename}: {disposition}");
        for runs in ["html", "xml", "svg", "script"] {
            assert!(!kind.contains(runs), "{filename}: {kind}");
        }
        assert_eq!(header(&served, "x-content-type-options"), "nosniff", "{filename}");
        let policy = header(&served, "content-security-policy");
        assert!(policy.starts_with("default-src 'none'; ") && policy.ends_with("sandbox"), "{filename}: {policy}");
    }
}

#[db_test]
async fn pictures_that_are_bombs_take_no_memory_and_have_no_preview(app: TestApp) {
    let desk = Desk::new(&app).await;
    // 50,000 by 50,000 pixels, as the header says.
    let mut huge = png(10, 10);
    huge[16..24].copy_from_slice(&[0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50]);
    let attachment = desk.attach("huge.png", "image/png", &huge).await;
    assert_eq!((&attachment["width"], &attachment["thumb_url"]), (&json!(50_000), &json!("")));

    // A megabyte of zeros for each kilobyte, where ten by ten pixels should be.
    let mut inflated = png(7_000, 7_000);
    inflated[16..24].copy_from_slice(&[0, 0, 0, 10, 0, 0, 0, 10]);
    for (name, content) in [("inflated.png", inflated), ("cut.png", png(900, 900)[..600].to_vec())] {
        let attachment = desk.attach(name, "image/png", &content).await;
        let url = desk.location(&attachment["thumb_url"]).await;
        let answer = desk.get(&url, &[]).await;
        assert!(matches!(answer.status, StatusCode::OK | StatusCode::NOT_FOUND), "{name}: {}", answer.status);
    }
}
