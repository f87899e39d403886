//! The same through a socket.

use axum::Router;
use axum::routing::post as on_post;
use edge::{Body, Json, Shape};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::app;

#[derive(Deserialize)]
#[serde(transparent)]
struct Echo(Map<String, Value>);
impl Shape for Echo {}

/// Sends `request`, ends the sending side, gives all that comes back.
async fn exchange(request: &str) -> String {
    let echo = async |Body(Echo(map)): Body<Echo>| Json(map);
    let app = app(Router::new().route("/api/v1/profile", on_post(echo).get(echo)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let client = async {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        socket.shutdown().await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        answer
    };
    tokio::select! {
        answer = client => answer,
        served = axum::serve(listener, app.into_make_service()) => panic!("{served:?}"),
    }
}

fn request(head: &str, body: &str) -> String {
    format!("{head}\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{body}")
}

#[tokio::test]
async fn requests_are_answered_through_a_socket() {
    let answer = exchange(&request("POST /profile/ HTTP/1.1\r\nContent-Length: 7", "{\"a\":1}")).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\n{\"a\":1}"), "{answer}");
    let answer = exchange(&request("HEAD /profile?a=1 HTTP/1.1", "")).await;
    assert!(answer.contains("content-length: 9\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
    let answer =
        exchange(&request("POST /profile HTTP/1.1\r\nTransfer-Encoding: chunked", "7\r\n{\"a\":1}\r\n0\r\n\r\n")).await;
    assert!(answer.ends_with("\r\n\r\n{\"a\":1}"), "{answer}");
}

#[tokio::test]
async fn a_length_that_lies_harms_nobody() {
    let answer = exchange(&request("POST /profile HTTP/1.1\r\nContent-Length: 1", "{\"a\":1}")).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "shorter than the body: {answer}");
    let answer = exchange(&request("POST /profile HTTP/1.1\r\nContent-Length: 99999999", "{}")).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "beyond the limit: {answer}");
    let answer = exchange(&request("POST /profile HTTP/1.1\r\nContent-Length: 50", "{\"a\":1}")).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "longer than the body: {answer}");
}
