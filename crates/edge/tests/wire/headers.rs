//! What every answer carries: headers, `ETag`, compression, cross-origin leave; time limit and panics.

use std::io::Read;
use std::time::Duration;

use axum::body::Body;
use axum::routing::get as on_get;
use axum::{Router, response::IntoResponse};
use edge::rewrite::Rewrite;
use edge::{Documented, Json, RequestId, Settings};
use http::{Method, Request, StatusCode};
use serde_json::json;

use crate::support::{Answer, app, get, send};

fn hello() -> Rewrite {
    let small = async || Json(json!({"hello": "world"}));
    let large = async || Json(vec!["hello world"; 1_000]);
    let huge = async || Json(vec!["hello world"; 100_000]);
    let bare = async || axum::Json(1);
    let stream = async || {
        let chunks = futures_util::stream::iter(["[1,", "2]"].map(Ok::<_, std::io::Error>));
        ([("content-type", "application/json")], Body::from_stream(chunks))
    };
    let own = async || ([("etag", "\"own\""), ("cache-control", "no-store")], Json(1));
    let widget = async || ([("content-security-policy", "frame-ancestors *"), ("content-type", "text/html")], "<p>");
    let picture = async || ([("content-type", "image/png")], vec![0_u8; 10_000]);
    let panics = async || -> Json<u8> { panic!("at the {}", "disco") };
    let slow = async || {
        tokio::time::sleep(Duration::from_hours(1)).await;
        Json(1)
    };
    let id = async |id: RequestId| Json(id.to_string());
    let router = Router::new()
        .route("/api/small", on_get(small).post(small))
        .route("/api/large", on_get(large))
        .route("/api/huge", on_get(huge))
        .route("/api/bare", on_get(bare))
        .route("/api/stream", on_get(stream))
        .route("/api/own", on_get(own))
        .route("/api/empty", on_get(async || StatusCode::OK.into_response()))
        .route("/widget", on_get(widget))
        .route("/picture", on_get(picture))
        .route("/api/panics", on_get(panics))
        .route("/api/slow", on_get(slow))
        .route("/api/id", on_get(id))
        .route("/public/api/v1/small", on_get(small));
    app(router)
}

async fn with(path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = headers.iter().fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
    send(&hello(), request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn json_answers_carry_the_recorded_headers() {
    for path in ["/api/small", "/api/bare"] {
        let answer = get(&hello(), path).await;
        assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
        assert_eq!(answer.header("cache-control"), "max-age=0, private, must-revalidate");
        assert_eq!(answer.header("x-frame-options"), "SAMEORIGIN");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(answer.header("etag").starts_with("W/\"") && answer.header("etag").len() == 36, "{answer:?}");
        let (seconds, fraction) = answer.header("x-runtime").split_once('.').unwrap();
        assert!(seconds.parse::<u64>().is_ok() && fraction.len() == 6, "{answer:?}");
        assert_eq!(answer.header("content-length"), answer.bytes.len().to_string());
    }
    let answer = send(&hello(), Request::post("/api/small").body(Body::empty()).unwrap()).await;
    assert!(!answer.header("etag").is_empty() && !answer.header("cache-control").is_empty());
}

#[tokio::test]
async fn other_answers_have_no_etag() {
    for path in ["/api/empty", "/api/stream", "/picture", "/api/nowhere"] {
        let answer = get(&hello(), path).await;
        assert_eq!((answer.header("etag"), answer.header("x-content-type-options")), ("", "nosniff"), "{path}");
    }
    assert_eq!(&get(&hello(), "/api/stream").await.bytes[..], b"[1,2]");
}

#[tokio::test]
async fn what_a_handler_says_itself_stays() {
    let answer = get(&hello(), "/api/own").await;
    assert_eq!((answer.header("etag"), answer.header("cache-control")), ("\"own\"", "no-store"));
    assert_eq!(with("/api/own", &[("if-none-match", "W/\"own\"")]).await.status, 304);
    assert_eq!(get(&hello(), "/widget").await.header("x-frame-options"), "");
}

#[tokio::test]
async fn a_client_that_has_the_answer_gets_304() {
    let tag = get(&hello(), "/api/small").await.header("etag").to_owned();
    let strong = tag.trim_start_matches("W/").to_owned();
    for known in [tag.as_str(), &strong, "*", &format!("\"x\", {tag}")] {
        let answer = with("/api/small", &[("if-none-match", known)]).await;
        assert_eq!((answer.status, answer.bytes.len()), (304, 0), "{known}");
        assert_eq!((answer.header("etag"), answer.header("content-type")), (tag.as_str(), ""));
        assert!(!answer.header("cache-control").is_empty());
    }
    assert_eq!(with("/api/small", &[("if-none-match", "\"x\"")]).await.status, 200);
    let post = Request::post("/api/small").header("if-none-match", &tag).body(Body::empty()).unwrap();
    assert_eq!(send(&hello(), post).await.status, 200);
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let whole = get(&hello(), "/api/small").await;
    let head = send(&hello(), Request::head("/api/small").body(Body::empty()).unwrap()).await;
    assert_eq!((head.status, head.bytes.len()), (200, 0));
    for name in ["etag", "content-length", "content-type"] {
        assert_eq!(head.header(name), whole.header(name));
    }
}

#[tokio::test]
async fn large_answers_are_compressed_for_who_wants_it() {
    for path in ["/api/large", "/api/huge"] {
        let plain = get(&hello(), path).await;
        assert_eq!((plain.header("content-encoding"), plain.header("vary")), ("", "Accept-Encoding"));
        for accepted in ["gzip", "br, GZIP;q=0.5", "deflate, gzip"] {
            let zipped = with(path, &[("accept-encoding", accepted)]).await;
            assert_eq!((zipped.header("content-encoding"), zipped.header("etag")), ("gzip", plain.header("etag")));
            assert_eq!(zipped.header("content-length"), zipped.bytes.len().to_string());
            let mut text = Vec::new();
            flate2::read::GzDecoder::new(&zipped.bytes[..]).read_to_end(&mut text).unwrap();
            assert!(text == plain.bytes && zipped.bytes.len() < plain.bytes.len() / 10, "{path}");
        }
        assert_eq!(with(path, &[("accept-encoding", "gzip;q=0, br")]).await.header("content-encoding"), "");
    }
    for path in ["/api/small", "/picture", "/api/stream"] {
        assert_eq!(with(path, &[("accept-encoding", "gzip")]).await.header("content-encoding"), "", "{path}");
    }
}

#[tokio::test]
async fn a_good_request_id_is_kept_and_a_bad_one_replaced() {
    let longest = "x".repeat(64);
    for good in ["a", "A-1_2.z", &longest] {
        let answer = with("/api/id", &[("X-Request-Id", good)]).await;
        assert_eq!((answer.header("x-request-id"), answer.json()), (good, json!(good)));
    }
    for bad in ["", "a b", "a\"b", "ä", &"x".repeat(65)] {
        let answer = with("/api/id", &[("x-request-id", bad)]).await;
        let id = answer.header("x-request-id");
        assert_eq!(uuid::Uuid::parse_str(id).unwrap().get_version_num(), 7, "{bad}");
        assert_eq!(answer.json(), json!(id));
    }
}

#[tokio::test]
async fn the_public_api_is_open_to_every_origin() {
    let preflight = |path: &str| {
        let request = Request::builder().method(Method::OPTIONS).uri(path).header("origin", "https://shop.test");
        let request = request.header("access-control-request-method", "PUT");
        request.header("access-control-request-headers", "x-a, x-b").body(Body::empty()).unwrap()
    };
    for path in ["/public/api/v1/small", "/public/api/v1/nowhere"] {
        let answer = send(&hello(), preflight(path)).await;
        assert_eq!((answer.status, answer.bytes.len()), (200, 0));
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("access-control-allow-methods").split(", ").count(), 7);
        assert_eq!(answer.header("access-control-allow-headers"), "x-a, x-b");
        assert_eq!(answer.header("access-control-max-age"), "7200");
    }
    let answer = send(&hello(), preflight("/api/small")).await;
    assert_eq!(answer.status, 200);
    assert!(!answer.headers.keys().any(|name| name.as_str().starts_with("access-control")), "{answer:?}");
    assert_eq!(get(&hello(), "/public/api/v1/small").await.header("access-control-allow-origin"), "*");
    assert_eq!(get(&hello(), "/public/api/v1/nowhere").await.header("access-control-allow-origin"), "*");
    assert_eq!(get(&hello(), "/api/small").await.header("access-control-allow-origin"), "");
    let options = Request::builder().method(Method::OPTIONS).uri("/api/small").body(Body::empty()).unwrap();
    assert_eq!(send(&hello(), options).await.status, 405);
}

#[tokio::test]
async fn a_panic_is_an_internal_error() {
    let answer = get(&hello(), "/api/panics").await;
    assert_eq!((answer.status, &answer.json()["error"]), (500, &json!("Internal Server Error")));
    assert!(!answer.header("x-request-id").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_request_has_a_time_limit() {
    let answer = get(&hello(), "/api/slow").await;
    assert_eq!((answer.status, answer.json()["error"].is_string()), (408, true));
    let slow = async || tokio::time::sleep(Duration::from_millis(500)).await;
    let router = |timeout| {
        edge::layers::wrap(
            Router::new().route("/", on_get(slow)),
            Documented::default(),
            Settings { timeout, ..Settings::default() },
        )
    };
    for (timeout, status) in [(Duration::from_millis(499), 408), (Duration::from_millis(501), 200)] {
        assert_eq!(get(&edge::rewrite::around(router(timeout), &[]), "/").await.status, status);
    }
}
