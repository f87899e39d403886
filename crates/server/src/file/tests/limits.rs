//! How many uploads are received at a time, and how long a client is waited for.

use std::path::PathBuf;
use std::time::Duration;

use axum::body::{Body, Bytes};
use edge::Uploads;
use futures_util::{StreamExt, stream};
use http::{Method, Request};
use serde_json::json;
use store::testing::{Engine, OnEngine, db_test};

use super::{Desk, header, png};
use crate::Settings;
use crate::testing::{Part, TestApp};

/// A product that receives one request with files at a time, for which others do not wait long.
struct Busy(TestApp);

/// One that does not wait long for what a client sends.
struct Impatient(TestApp);

impl OnEngine for Busy {
    async fn on(engine: Engine) -> Self {
        Self(app(engine, Duration::from_millis(20), Duration::from_mins(10)).await)
    }
}

impl OnEngine for Impatient {
    async fn on(engine: Engine) -> Self {
        Self(app(engine, Duration::from_mins(10), Duration::from_millis(20)).await)
    }
}

async fn app(engine: Engine, longest_wait: Duration, longest_silence: Duration) -> TestApp {
    let uploads = Uploads::new(PathBuf::new(), 1, 1024).with_patience(longest_wait, longest_silence);
    TestApp::with_settings(engine, Settings { uploads, ..Settings::default() }).await
}

/// A message with a file of which no more than the beginning ever comes.
fn hanging(desk: &Desk<'_>) -> Request<Body> {
    let head = "--edge\r\nContent-Disposition: form-data; name=\"attachments[]\"; filename=\"a.bin\"\r\n\r\n";
    let begun = Bytes::from([head.as_bytes(), &[7; 5_000]].concat());
    let body = stream::iter([Ok::<_, std::io::Error>(begun)]).chain(stream::pending());
    Request::post(desk.path())
        .header("api_access_token", &desk.administrator.token)
        .header("content-type", "multipart/form-data; boundary=edge")
        .body(Body::from_stream(body))
        .unwrap()
}

#[db_test]
async fn a_client_that_falls_silent_is_not_waited_for(Impatient(app): Impatient) {
    let desk = Desk::new(&app).await;
    app.send(hanging(&desk)).await.expect(408);
    assert_eq!(app.stored_files(), Vec::<String>::new());
    assert_eq!(app.number("SELECT COUNT(*) FROM messages", &[]).await, 0);
    // Its place is free again.
    desk.attach("a.txt", "text/plain", b"text").await;
}

#[db_test]
async fn uploads_beyond_the_limit_are_told_to_come_back(Busy(app): Busy) {
    let desk = Desk::new(&app).await;
    let first = app.send(hanging(&desk));
    let meanwhile = async {
        while app.app.settings.uploads.free() > 0 {
            tokio::task::yield_now().await;
        }
        let picture = png(10, 10);
        let file = Part::file("attachments[]", "a.png", "image/png", &picture);
        let refused = desk.send(&[file]).await.expect(503);
        assert_ne!(header(&refused, "retry-after"), "");
        let avatar = Part::file("avatar", "a.png", "image/png", &picture);
        let administrator = &desk.administrator;
        for (method, path) in [(Method::POST, "contacts"), (Method::POST, "agent_bots")] {
            let path = administrator.path(path);
            app.send_form(method, &path, Some(&administrator.token), &[avatar]).await.expect(503);
        }
        // What has no files need not wait, whatever its form.
        desk.send(&[Part::text("content", "Hello")]).await.expect(200);
        app.post(administrator, "contacts", json!({ "name": "Ada" })).await.expect(200);
    };
    tokio::select! {
        answer = first => panic!("{answer:?}"),
        () = meanwhile => {}
    }
    // The first client has gone away, and its place is free.
    desk.attach("a.txt", "text/plain", b"text").await;
    assert_eq!(app.stored_files().len(), 1);
}
