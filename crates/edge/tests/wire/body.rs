//! Parameters: media types, names, limits, hostile input.

use axum::extract::Extension;
use axum::routing::post as on_post;
use axum::{Router, body};
use edge::rewrite::Rewrite;
use edge::{Body, BodyLimit, Json, Query, Shape};
use http::Request;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::support::{Answer, app, get, post, send};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// Takes anything.
#[derive(Deserialize)]
#[serde(transparent)]
struct Echo(Map<String, Value>);
impl Shape for Echo {}

/// Takes anything below `label`.
#[derive(Deserialize)]
#[serde(transparent)]
struct Label(Map<String, Value>);
impl Shape for Label {
    const WRAPPER: Option<&'static str> = Some("label");
}

fn echo() -> Rewrite {
    let flat = async |Body(Echo(map)): Body<Echo>| Json(map);
    let wrapped = async |body: Body<Label>| Json(body.into_inner().0);
    let query = async |Query(Echo(map)): Query<Echo>| Json(map);
    let router = Router::new()
        .route("/api/flat", on_post(flat).get(query).delete(flat))
        .route("/api/wrapped", on_post(wrapped))
        .route("/api/small", on_post(flat).layer(Extension(BodyLimit(10))));
    app(router)
}

async fn flat(kind: &str, body: impl Into<body::Body>) -> Answer {
    post(&echo(), "/api/flat", kind, body).await
}

#[tokio::test]
async fn the_three_media_types_give_the_same_map() {
    let expected = json!({"a": "1", "b": {"c": "x y"}, "d": ["1", "2"]});
    let multipart = "--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n\
        --X\r\nContent-Disposition: form-data; name=\"b[c]\"\r\n\r\nx y\r\n\
        --X\r\nContent-Disposition: form-data; name=\"d[]\"\r\n\r\n1\r\n\
        --X\r\nContent-Disposition: form-data; name=\"d[]\"\r\n\r\n2\r\n--X--\r\n";
    let cases = [
        (JSON, expected.to_string()),
        ("Application/JSON; charset=utf-8", expected.to_string()),
        ("application/vnd.api+json", expected.to_string()),
        (FORM, "a=1&b[c]=x+y&d%5B%5D=1&d[]=2".to_owned()),
        ("multipart/form-data; boundary=X", multipart.to_owned()),
    ];
    for (kind, body) in cases {
        let answer = flat(kind, body).await;
        assert_eq!((answer.status, answer.json()), (200, expected.clone()), "{kind}");
    }
}

#[tokio::test]
async fn an_empty_body_has_no_parameters_whatever_its_type() {
    for kind in [JSON, FORM, "multipart/form-data; boundary=X", "multipart/form-data", "text/plain", "", "ü"] {
        assert_eq!(flat(kind, "").await.json(), json!({}), "{kind}");
        let chunks = futures_util::stream::iter([Ok::<_, std::io::Error>(""), Ok("")]);
        assert_eq!(flat(kind, body::Body::from_stream(chunks)).await.json(), json!({}), "{kind}, in chunks");
    }
    assert_eq!(send(&echo(), Request::post("/api/flat").body(body::Body::empty()).unwrap()).await.json(), json!({}));
}

#[tokio::test]
async fn other_types_and_coded_bodies_are_refused() {
    for kind in ["text/plain", "", "application/xml", "application/jsonp", "ü", ";"] {
        assert_eq!(flat(kind, "{}").await.status, 415, "{kind}");
    }
    let request = Request::post("/api/flat").header("content-type", JSON).header("content-encoding", "gzip");
    let answer = send(&echo(), request.body(body::Body::from(&b"\x1f\x8b\x08"[..])).unwrap()).await;
    assert_eq!((answer.status, answer.json()["error"].is_string()), (415, true));
    let request = Request::post("/api/flat").header("content-type", JSON).header("content-encoding", "Identity");
    assert_eq!(send(&echo(), request.body("{}".into()).unwrap()).await.status, 200);
}

#[tokio::test]
async fn the_query_wins_over_the_body() {
    let answer = post(&echo(), "/api/flat?a=query&c[]=1", JSON, r#"{"a":"body","b":2}"#).await;
    assert_eq!(answer.json(), json!({"a": "query", "b": 2, "c": ["1"]}));
    let request = Request::delete("/api/flat?a=1").header("content-type", JSON);
    let answer = send(&echo(), request.body(r#"{"user_ids":[1]}"#.into()).unwrap()).await;
    assert_eq!(answer.json(), json!({"a": "1", "user_ids": [1]}));
}

#[tokio::test]
async fn a_query_is_read_like_a_form() {
    let cases = [
        ("", json!({})),
        ("?", json!({})),
        ("?&&a&b=&=c", json!({"a": null, "b": ""})),
        ("?a=1&a=2", json!({"a": "2"})),
        ("?a[b]=1&a=2", json!({"a": "2"})),
        ("?a=x%2By+z&b=%E2%82%AC", json!({"a": "x+y z", "b": "€"})),
        ("?ids[]=1&ids[]&ids[]=2", json!({"ids": ["1", "2"]})),
        ("?a=b=c", json!({"a": "b=c"})),
    ];
    for (query, expected) in cases {
        let answer = get(&echo(), &format!("/api/flat{query}")).await;
        assert_eq!((answer.status, answer.json()), (200, expected), "{query}");
    }
}

#[tokio::test]
async fn queries_that_cannot_be_read_are_malformed() {
    let deep = format!("a{}=1", "[b]".repeat(50));
    for query in ["a=%", "a=%4", "a=%zz", "%ff=1", "a=%c3%28", "a=%+1", "a[]=1&a[b]=2", "a=1&a[b]=2", &deep] {
        let answer = get(&echo(), &format!("/api/flat?{query}")).await;
        assert_eq!((answer.status, answer.json()), (400, json!({"status": 400, "error": "Bad Request"})), "{query}");
        assert_eq!(answer.header("content-type"), "application/json; charset=UTF-8");
        assert_eq!(flat(FORM, query.to_owned()).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_malformed() {
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200));
    let bodies: [&[u8]; 12] = [
        b"{",
        b"{\"a\":1}}",
        b"{'a':1}",
        b"{\"a\":NaN}",
        b"{\"a\":1e999}",
        b"\xef\xbb\xbf{}",
        b"{\"a\":\"\xff\"}",
        b"{\"\xc3\x28\":1}",
        br#"{"a":"\ud800"}"#,
        br#"{"a":"\udc00\ud800"}"#,
        b" ",
        deep.as_bytes(),
    ];
    for body in bodies {
        let answer = flat(JSON, body.to_vec()).await;
        assert_eq!(answer.status, 400, "{}", String::from_utf8_lossy(body));
    }
    assert_eq!(flat(JSON, "[".repeat(900_000)).await.status, 400);
    assert_eq!(flat(FORM, &b"a=\xff"[..]).await.status, 400);
}

#[tokio::test]
async fn the_parsers_own_key_opens_no_way_around_the_depth() {
    let mut text = "1".to_owned();
    for _ in 0..14 {
        let inner = format!("{}{text}{}", "[".repeat(100), "]".repeat(100));
        text = json!({ "$serde_json::private::RawValue": inner }).to_string();
    }
    assert_eq!(flat(JSON, format!("{{\"a\":{text}}}")).await.status, 400);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_malformed() {
    for kind in [JSON, FORM, "multipart/form-data; boundary=X"] {
        let chunks = [Ok("{"), Err(std::io::Error::other("reset"))];
        let body = body::Body::from_stream(futures_util::stream::iter(chunks));
        assert_eq!(flat(kind, body).await.status, 400, "{kind}");
    }
}

#[tokio::test]
async fn the_last_of_two_equal_keys_counts() {
    assert_eq!(flat(JSON, r#"{"a":1,"a":2}"#).await.json(), json!({"a": 2}));
}

#[tokio::test]
async fn a_body_that_is_no_object() {
    assert_eq!(flat(JSON, "[1,null,{}]").await.json(), json!({"_json": [1, {}]}));
    assert_eq!(flat(JSON, "null").await.json(), json!({}));
    for scalar in ["1", "\"a\"", "true", "1.5"] {
        assert_eq!(flat(JSON, scalar).await.status, 422, "{scalar}");
    }
}

#[tokio::test]
async fn nulls_of_lists_are_dropped_at_any_depth() {
    let body = r#"{"a":[1,null,2],"b":{"c":[null,[null],{"d":[null],"e":null}]}}"#;
    assert_eq!(flat(JSON, body).await.json(), json!({"a": [1, 2], "b": {"c": [[], {"d": [], "e": null}]}}));
}

#[tokio::test]
async fn nul_characters_are_refused_by_name() {
    for (body, field) in [
        (r#"{"a":"x\u0000"}"#, "a"),
        (r#"{"a":{"b":["x",{"c":"\u0000"}]}}"#, "c"),
        (r#"{"a":{"b":["\u0000"]}}"#, "b"),
        (r#"{"a":{"x\u0000y":1}}"#, "xy"),
        (r#"{"\u0000":1}"#, "base"),
    ] {
        assert_eq!(flat(JSON, body).await.attributes(), [field], "{body}");
    }
    assert_eq!(flat(FORM, "a[b]=%00").await.attributes(), ["b"]);
    assert_eq!(flat(FORM, "a%00=1").await.attributes(), ["a"]);
    assert_eq!(get(&echo(), "/api/flat?q=x%00").await.attributes(), ["q"]);
    assert_eq!(post(&echo(), "/api/flat?q=%00", JSON, "{}").await.attributes(), ["q"]);
    let part = "--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\0\r\n--X--\r\n";
    assert_eq!(flat("multipart/form-data; boundary=X", part).await.attributes(), ["a"]);
}

#[tokio::test]
async fn a_wrapper_may_be_left_out_in_json_only() {
    let wrapped = async |path: &str, kind: &str, body: &str| post(&echo(), path, kind, body.to_owned()).await;
    let same = json!({"title": "x"});
    for (path, kind, body) in [
        ("/api/wrapped", JSON, r#"{"title":"x"}"#),
        ("/api/wrapped", JSON, r#"{"label":{"title":"x"},"title":"y"}"#),
        ("/api/wrapped", FORM, "label[title]=x&title=y"),
        ("/api/wrapped?label[title]=x", FORM, ""),
        ("/api/wrapped?label[title]=x", JSON, r#"{"title":"y"}"#),
    ] {
        assert_eq!(wrapped(path, kind, body).await.json(), same, "{path} {body}");
    }
    for (path, kind, body) in [
        ("/api/wrapped", JSON, ""),
        ("/api/wrapped", JSON, "{}"),
        ("/api/wrapped", JSON, "[1]"),
        ("/api/wrapped", JSON, r#"{"label":{},"title":"x"}"#),
        ("/api/wrapped", JSON, r#"{"label":null}"#),
        ("/api/wrapped?title=x", JSON, "{}"),
        ("/api/wrapped", FORM, "title=x"),
        ("/api/wrapped", FORM, "label="),
        ("/api/wrapped", FORM, ""),
    ] {
        let answer = wrapped(path, kind, body).await;
        assert_eq!((answer.status, answer.json()["error"].is_string()), (422, true), "{path} {body}");
    }
    assert_eq!(wrapped("/api/wrapped", JSON, r#"{"label":"x"}"#).await.attributes(), ["label"]);
    assert_eq!(wrapped("/api/wrapped", JSON, r#"{"label":[1]}"#).await.attributes(), ["label"]);
}

#[tokio::test]
async fn a_body_has_a_limit_that_a_route_may_change() {
    let text = |size: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(size));
    assert_eq!(flat(JSON, text(999_000)).await.status, 200);
    assert_eq!(flat(JSON, text(1_000_000)).await.status, 413);
    assert_eq!(flat(FORM, format!("a={}", "x".repeat(1_000_000))).await.status, 413);
    assert_eq!(post(&echo(), "/api/small", JSON, r#"{"a":"b"}"#).await.status, 200);
    assert_eq!(post(&echo(), "/api/small", JSON, r#"{"a":"bcd"}"#).await.status, 413);
}

#[tokio::test]
async fn what_is_counted_is_what_arrives_and_not_what_was_announced() {
    let chunks = futures_util::stream::iter((0..200).map(|_| Ok::<_, std::io::Error>(vec![b' '; 10_000])));
    let request = Request::post("/api/flat").header("content-type", JSON).header("content-length", "2");
    assert_eq!(send(&echo(), request.body(body::Body::from_stream(chunks)).unwrap()).await.status, 413);
    let request = Request::post("/api/flat").header("content-type", JSON).header("content-length", "99999999999");
    assert_eq!(send(&echo(), request.body("{}".into()).unwrap()).await.status, 200);
}

#[tokio::test]
async fn forms_have_a_bounded_number_of_parameters() {
    let many = |count: usize| vec!["a[]=1"; count].join("&");
    assert_eq!(flat(FORM, many(10_000)).await.status, 200);
    assert_eq!(flat(FORM, many(10_001)).await.status, 422);
    assert_eq!(flat(FORM, many(100_000)).await.status, 422);
    let part = "--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n";
    let body = format!("{}--X--\r\n", part.repeat(10_001));
    assert_eq!(flat("multipart/form-data; boundary=X", body).await.status, 422);
}
