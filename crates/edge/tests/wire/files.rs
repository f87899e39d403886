//! Files in multipart bodies.

use axum::Router;
use axum::body::Body as Bytes;
use axum::extract::Extension;
use axum::routing::post as on_post;
use edge::rewrite::Rewrite;
use edge::{Body, BodyLimit, BodyWithFiles, Json, MultipartLimit, Shape};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::support::{app, post};

const KIND: &str = "multipart/form-data; boundary=X";

#[derive(Deserialize)]
#[serde(transparent)]
struct Echo(Map<String, Value>);
impl Shape for Echo {}

/// Fields that stand in `profile`.
#[derive(Deserialize)]
#[serde(transparent)]
struct Wrapped(Map<String, Value>);
impl Shape for Wrapped {
    const WRAPPER: Option<&'static str> = Some("profile");
}

fn echo() -> Rewrite {
    let keep = async |body: BodyWithFiles<Echo>| {
        let files = body.files.iter().map(|(field, file)| {
            json!([field, file.filename, file.content_type, std::io::read_to_string(file.reader()).unwrap()])
        });
        Json(json!({ "value": body.value.0, "files": files.collect::<Vec<_>>() }))
    };
    let skip = async |Body(Echo(map)): Body<Echo>| Json(map);
    let wrapped = async |body: BodyWithFiles<Wrapped>| Json(json!([body.value.0, body.files.len()]));
    let limits = Extension(MultipartLimit { request_bytes: 1_000, file_bytes: 100 });
    let router = Router::new()
        .route("/api/keep", on_post(keep))
        .route("/api/skip", on_post(skip))
        .route("/api/wrapped", on_post(wrapped))
        .route("/api/small", on_post(keep).layer((limits, Extension(BodyLimit(50)))))
        .route("/api/small_skip", on_post(skip).layer(limits));
    app(router)
}

fn part(disposition: &str, content: &str) -> String {
    format!("--X\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{content}\r\n")
}

fn body(parts: &[String]) -> String {
    format!("{}--X--\r\n", parts.concat())
}

#[tokio::test]
async fn files_are_kept_beside_the_parameters() {
    let typed = "--X\r\nContent-Disposition: form-data; name=\"avatar\"; filename=\"C:\\\\pictures\\\\a.png\"\r\n\
        Content-Type: image/png\r\n\r\nPNG\r\n";
    let sent = body(&[
        part("name=\"content\"", "hello"),
        part("name=\"attachments[]\"; filename=\"../../etc/a.txt\"", "one"),
        part("name=\"attachments[]\"; filename=\"b.txt\"", ""),
        typed.to_owned(),
        part("name=\"none\"; filename=\"\"", ""),
    ]);
    let answer = post(&echo(), "/api/keep", KIND, sent.clone()).await;
    let expected = json!({
        "value": {"content": "hello"},
        "files": [
            ["attachments[]", "a.txt", null, "one"],
            ["attachments[]", "b.txt", null, ""],
            ["avatar", "a.png", "image/png", "PNG"],
        ],
    });
    assert_eq!(answer.json(), expected);
    assert_eq!(post(&echo(), "/api/skip", KIND, sent).await.json(), json!({"content": "hello"}));
}

#[tokio::test]
async fn a_wrapper_may_hold_nothing_but_files() {
    let file = |field: &str| part(&format!("name=\"{field}\"; filename=\"a.png\""), "PNG");
    let send = async |parts: &[String]| post(&echo(), "/api/wrapped", KIND, body(parts)).await;
    assert_eq!(send(&[file("profile[avatar]")]).await.json(), json!([{}, 1]));
    let both = [file("profile[avatar]"), part("name=\"profile[name]\"", "Mira")];
    assert_eq!(send(&both).await.json(), json!([{ "name": "Mira" }, 1]));
    for alone in ["avatar", "profiles[avatar]", "profile"] {
        assert_eq!(send(&[file(alone)]).await.status, 422, "{alone}");
    }
}

#[tokio::test]
async fn files_texts_and_the_whole_have_limits() {
    let file = |size: usize| part("name=\"f\"; filename=\"f\"", &"x".repeat(size));
    let text = |size: usize| part("name=\"t[]\"", &"x".repeat(size));
    let cases = [
        (vec![file(100)], 200),
        (vec![file(101)], 413),
        (vec![text(50)], 200),
        (vec![text(51)], 413),
        (vec![text(25), text(25)], 200),
        (vec![text(25), text(26)], 413),
        (vec![file(100); 8], 413),
    ];
    for (parts, status) in cases {
        assert_eq!(post(&echo(), "/api/small", KIND, body(&parts)).await.status, status, "{parts:?}");
    }
    assert_eq!(post(&echo(), "/api/small_skip", KIND, body(&[file(101)])).await.status, 413);
}

#[tokio::test]
async fn broken_bodies_are_malformed() {
    let part_of = part("name=\"a\"", "1");
    let whole = format!("{part_of}--X--\r\n");
    let cases = [
        ("multipart/form-data", whole.clone()),
        ("multipart/form-data; boundary=", whole.clone()),
        ("multipart/form-data; boundary=Y", whole.clone()),
        (KIND, part_of),
        (KIND, "--X".to_owned()),
        (KIND, "garbage".to_owned()),
        (KIND, body(&[part("filename=\"f\"", "1")])),
        (KIND, body(&[part("name=\"\"", "1")])),
        (KIND, body(&["--X\r\nContent-Type: text/plain\r\n\r\n1\r\n".to_owned()])),
        (KIND, body(&["--X\r\nno header\r\n\r\n1\r\n".to_owned()])),
        (KIND, body(&[part("name=\"a\"", "1"), part("name=\"a[b]\"", "1")])),
        (KIND, body(&[part(&format!("name=\"a{}\"", "[b]".repeat(50)), "1")])),
    ];
    for (kind, sent) in cases {
        assert_eq!(post(&echo(), "/api/keep", kind, sent.clone()).await.status, 400, "{kind} {sent}");
    }
    let invalid = [b"--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xff\r\n--X--\r\n".as_slice()].concat();
    assert_eq!(post(&echo(), "/api/keep", KIND, invalid).await.status, 400);
}

#[tokio::test]
async fn endless_headers_are_not_searched_again_and_again() {
    let chunk =
        |index: usize| Ok::<_, std::io::Error>(if index == 0 { "--X\r\nA: ".to_owned() } else { "x".repeat(1_000) });
    let sent = futures_util::stream::iter((0..50_000).map(chunk));
    assert_eq!(post(&echo(), "/api/keep", KIND, Bytes::from_stream(sent)).await.status, 400);
}
