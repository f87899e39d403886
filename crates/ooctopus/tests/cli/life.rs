//! Starting, running and stopping.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use serde_json::json;
use store::testing::db_test;
use testing::cable::{self, Frame};

use crate::support::{Installation, LONG, mode, value_of};

#[db_test]
async fn the_first_start_needs_no_configuration(installation: Installation) {
    let server = installation.serve().ready().await;
    let data = installation.data();
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("secret.key")), 0o600);
    let database = data.join("ooctopus.db");
    assert!(!database.exists() || mode(&database) == 0o600);
    let key = std::fs::read_to_string(data.join("secret.key")).unwrap();
    assert!(key.trim_end().len() == 64 && key.trim_end().bytes().all(|digit| digit.is_ascii_hexdigit()), "{key}");
    let is_embedded = data.join("ooctopus.db").exists();
    let ready = server.get("", "/readyz").await;
    assert_eq!(ready["database"], if is_embedded { "sqlite" } else { "postgres" });
    server.stop();
}

#[db_test]
async fn a_restart_keeps_the_data_and_the_key(installation: Installation) {
    let server = installation.serve_with(&["--demo"]).ready().await;
    let key = std::fs::read(installation.data().join("secret.key")).unwrap();
    let first = server.demo.clone();
    server.stop();
    let server = installation.serve().ready().await;
    let contacts = server.get(&value_of(&first, "ADMINISTRATOR_TOKEN"), "/api/v1/accounts/1/contacts").await;
    assert_eq!(contacts["meta"]["count"], 7);
    assert_eq!(std::fs::read(installation.data().join("secret.key")).unwrap(), key);
    server.stop();
}

#[tokio::test]
async fn a_second_server_in_the_same_folder_is_refused() {
    let installation = Installation::new();
    let server = installation.serve().ready().await;
    let refusal = installation.run(["serve", "--listen", "127.0.0.1:0"]).expect_code(1);
    assert!(refusal.contains("another ooctopus serves"), "{refusal}");
    assert_eq!(refusal.lines().count(), 1, "{refusal}");
    server.kill();
    // The lock does not outlive its process.
    installation.serve().ready().await.stop();
}

#[tokio::test]
async fn a_taken_address_is_named() {
    let installation = Installation::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refusal = installation.run(["serve", "--listen", &address]).expect_code(1);
    assert!(refusal.contains(&format!("listening on {address}: ")), "{refusal}");
}

#[db_test]
async fn a_request_in_flight_is_finished_before_the_end(installation: Installation) {
    let server = installation.serve_with(&["--demo"]).ready().await;
    let mut stream = begin_message(&server);
    server.signal("TERM");
    wait_until_closed(server.address());
    // Half of the body came before the signal, the other half comes after it.
    stream.write_all(b"llo\"}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let outcome = server.wait();
    assert_eq!(outcome.status.code(), Some(0), "{outcome:?}");
}

#[tokio::test]
async fn sockets_are_told_to_come_back() {
    let installation = Installation::new();
    let server = installation.serve().ready().await;
    let (_commands, mut frames) = cable::open(&server.url).await.unwrap();
    assert_eq!(frames.next().await, Frame::Welcome);
    server.stop();
    let last = r#"{"type":"disconnect","reason":"server_restart","reconnect":true}"#;
    assert_eq!(frames.next().await, Frame::Ended(last.to_owned()));
}

#[tokio::test]
async fn a_second_signal_ends_at_once() {
    let installation = Installation::new();
    let server = installation.serve_with(&["--demo", "--shutdown-grace", "1h"]).ready().await;
    let stream = begin_message(&server);
    server.signal("INT");
    wait_until_closed(server.address());
    server.signal("INT");
    let outcome = server.wait();
    assert_eq!(outcome.status.code(), Some(0), "{outcome:?}");
    assert!(outcome.stderr.contains("stopped at once"), "{}", outcome.stderr);
    drop(stream);
}

#[tokio::test]
async fn the_grace_period_ends() {
    let installation = Installation::new();
    let server = installation.serve_with(&["--demo", "--shutdown-grace", "10ms"]).ready().await;
    let stream = begin_message(&server);
    let outcome = server.stop();
    assert!(outcome.stderr.contains("was cancelled"), "{}", outcome.stderr);
    drop(stream);
}

#[tokio::test]
async fn the_log_can_be_json_and_the_output_stays_apart() {
    let installation = Installation::new();
    let server = installation.serve_with(&["--log-format", "json"]).ready().await;
    let outcome = server.stop();
    assert_eq!(outcome.stdout, "");
    for line in outcome.stderr.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["message"].is_string() && line["timestamp"].is_string(), "{line}");
    }
}

#[db_test]
async fn metrics_have_a_listener_of_their_own(installation: Installation) {
    let server = installation.serve_with(&["--metrics-listen", "127.0.0.1:0", "--log-format", "json"]).ready().await;
    let not_here = reqwest::get(format!("{}/metrics", server.url)).await.unwrap();
    assert_eq!(not_here.status(), 404);
    let metrics_url = server.logged_after("metrics are at ");
    let answer = reqwest::get(&metrics_url).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    let text = answer.text().await.unwrap();
    for expected in [
        "ooctopus_build_info{version=",
        "store_queue_depth{queue=\"write\"} 0",
        "jobs{state=\"dead\"} 0",
        "http_requests_total{method=\"GET\",route=\"/readyz\",status=\"2xx\"}",
        "http_request_duration_seconds_bucket{",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    server.stop();
}

/// Sends a request of the Public API whose body stops in the middle, and waits until the server has it.
fn begin_message(server: &crate::support::Server) -> TcpStream {
    let text = server.demo.clone();
    let identifier = value_of(&text, "INBOX_IDENTIFIER");
    let body = json!({ "name": "Hello" }).to_string();
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    // The server answers `100 Continue` when a handler begins to read the body: then the request is in flight.
    write!(
        stream,
        "POST /public/api/v1/inboxes/{identifier}/contacts HTTP/1.1\r\nHost: localhost\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    )
    .unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(&body.as_bytes()[..body.len() - 5]).unwrap();
    stream
}

/// Waits until nobody listens any more.
fn wait_until_closed(address: &str) {
    let begun = Instant::now();
    while TcpStream::connect(address).is_ok() {
        assert!(begun.elapsed() < LONG, "the server goes on listening");
        std::thread::yield_now();
    }
}
