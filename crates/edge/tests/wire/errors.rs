//! Failures as answers, for each family and route.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Path as AxumPath;
use axum::response::IntoResponse;
use axum::routing::get as on_get;
use edge::rewrite::Rewrite;
use edge::{Documented, Error, Json, OwnBody, Path, Problem};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use types::ContactId;
use utoipa::openapi::path::{HttpMethod, OperationBuilder};
use utoipa::openapi::{OpenApi, OpenApiBuilder, PathItem, PathsBuilder, ResponseBuilder};

use crate::support::{app, documented, get, send};

/// Makes the error that a route fails with.
type Make = fn() -> Error;

const FAMILIES: [&str; 3] = ["/api/v1/x", "/platform/api/v1/x", "/public/api/v1/x"];

/// An application whose every family fails with `error`.
fn failing(error: Make) -> Rewrite {
    let handler = move || async move { Err::<(), _>(error()) };
    let paths = FAMILIES.iter().chain(&["/auth/x"]);
    app(paths.fold(Router::new(), |router, path| router.route(path, on_get(handler))))
}

/// Status and body in each family.
async fn answers(error: Make) -> [(u16, Value); 3] {
    let app = failing(error);
    let mut answers = Vec::new();
    for path in FAMILIES {
        let answer = get(&app, path).await;
        let upper = answer.json().get("status").is_some();
        let expected = if upper { "application/json; charset=UTF-8" } else { "application/json; charset=utf-8" };
        assert_eq!(answer.header("content-type"), expected, "{path}");
        answers.push((answer.status, answer.json()));
    }
    answers.try_into().unwrap()
}

#[tokio::test]
async fn not_found_follows_the_family() {
    let plain = (404, json!({"status": 404, "error": "Not Found"}));
    let [application, platform, public] = answers(|| Error::NotFound("contact")).await;
    assert_eq!(application, (404, json!({"error": "contact not found"})));
    assert_eq!((platform, public), (plain.clone(), plain));
}

#[tokio::test]
async fn credentials_follow_the_family() {
    let [application, platform, _] = answers(|| Error::SignedOut).await;
    assert_eq!(application, (401, json!({"errors": ["a credential is needed"]})));
    assert_eq!(platform, (401, json!({"error": "a credential is needed"})));
    for (status, body) in answers(|| Error::BadCredential).await {
        assert_eq!((status, body), (401, json!({"error": "the credential is not valid"})));
    }
}

#[tokio::test]
async fn invalid_fields_are_named_once_each() {
    let error = || {
        let problems = [("email", "is taken"), ("phone_number", "is not E.164"), ("email", "is too long")];
        Error::Invalid(problems.map(|(field, problem)| Problem::new(field, problem)).to_vec())
    };
    for (status, body) in answers(error).await {
        let message = "Email is taken, Phone number is not E.164, Email is too long";
        assert_eq!((status, body), (422, json!({"message": message, "attributes": ["email", "phone_number"]})));
    }
}

#[tokio::test]
async fn the_other_kinds_are_alike_everywhere() {
    let cases: [(Make, u16, Value); 6] = [
        (|| Error::Refused("no".into()), 422, json!({"error": "no"})),
        (|| Error::Conflict("twice".into()), 409, json!({"error": "twice"})),
        (|| Error::Malformed("x".into()), 400, json!({"status": 400, "error": "Bad Request"})),
        (|| Error::TooLarge { limit_bytes: 5 }, 413, json!({"error": "the request is too large: at most 5 bytes"})),
        (|| Error::UnsupportedMedia, 415, json!({"error": "the content type is not supported"})),
        (|| Error::TooSlow, 408, json!({"error": "the request took too long"})),
    ];
    for (error, status, body) in cases {
        for answer in answers(error).await {
            assert_eq!(answer, (status, body.clone()));
        }
    }
}

#[tokio::test]
async fn who_comes_too_often_or_too_early_is_told_when_to_come_back() {
    let cases: [(Make, u16, &str); 3] = [
        (|| Error::RateLimited { retry_after: Duration::from_millis(1_001) }, 429, "2"),
        (|| Error::RateLimited { retry_after: Duration::ZERO }, 429, "1"),
        (|| Error::Unavailable, 503, "1"),
    ];
    for (error, status, seconds) in cases {
        let answer = get(&failing(error), "/api/v1/x").await;
        assert_eq!((answer.status, answer.header("retry-after")), (status, seconds));
        // Plain text where a limit was reached (rest.md §1.8).
        let kind = if status == 429 { "text/plain; charset=utf-8" } else { "application/json; charset=utf-8" };
        assert_eq!(answer.header("content-type"), kind);
    }
}

#[tokio::test]
async fn a_failure_that_is_told_on_a_page_has_its_status_and_the_pages_text() {
    let handler = async || {
        let mut response = ([("content-type", "text/html; charset=utf-8")], "<p>Later</p>").into_response();
        let failure = Error::RateLimited { retry_after: Duration::from_secs(7) };
        response.extensions_mut().insert(Arc::new(failure));
        response.extensions_mut().insert(OwnBody);
        response
    };
    let answer = get(&app(Router::new().route("/page", on_get(handler))), "/page").await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, "7"));
    assert_eq!(
        (answer.header("content-type"), &answer.bytes[..]),
        ("text/html; charset=utf-8", b"<p>Later</p>".as_slice())
    );
}

#[tokio::test]
async fn signing_in_fails_in_a_form_of_its_own() {
    let cases: [(Make, u16, Value); 5] = [
        (|| Error::BadCredential, 401, json!({"success": false, "errors": ["the credential is not valid"]})),
        (|| Error::SignedOut, 401, json!({"success": false, "errors": ["a credential is needed"]})),
        (|| Error::NotFound("session"), 404, json!({"success": false, "errors": ["session not found"]})),
        (|| Error::BadLink, 422, json!({"message": "this link does not work any more", "redirect_url": "/"})),
        (|| Error::Unwelcome("no".into()), 403, json!({"message": "no"})),
    ];
    for (error, status, body) in cases {
        let answer = get(&failing(error), "/auth/x").await;
        assert_eq!((answer.status, answer.json()), (status, body));
    }
    let body = get(&failing(|| Error::Unconfirmed), "/auth/x").await.json();
    assert_eq!((&body["success"], &body["error_code"]), (&json!(false), &json!("user_not_confirmed")));
}

#[tokio::test]
async fn an_internal_error_tells_only_its_request_id() {
    let answer = get(&failing(|| Error::internal("secret")), "/api/v1/x").await;
    let id = answer.header("x-request-id");
    assert_eq!(answer.json(), json!({"status": 500, "error": "Internal Server Error", "request_id": id}));
    assert_eq!((answer.status, id.is_empty()), (500, false));
}

fn document(operations: &[(&str, HttpMethod, &[&str])]) -> OpenApi {
    let mut paths = PathsBuilder::new();
    for (path, method, statuses) in operations {
        let responses = statuses.iter().map(|status| (*status, ResponseBuilder::new().build()));
        let operation =
            responses.fold(OperationBuilder::new(), |builder, (status, response)| builder.response(status, response));
        paths = paths.path(*path, PathItem::new(method.clone(), operation));
    }
    OpenApiBuilder::new().paths(paths).build()
}

#[tokio::test]
async fn forbidden_has_the_status_that_the_operation_documents() {
    let forbidden = || async { Err::<(), _>(Error::Forbidden) };
    let router = Router::new()
        .route("/api/v1/accounts/{account_id}/with", on_get(forbidden).post(forbidden))
        .route("/api/v1/accounts/{account_id}/without", on_get(forbidden))
        .route("/api/v1/accounts/{account_id}/beyond", on_get(forbidden));
    let document = document(&[
        ("/api/v1/accounts/{account_id}/with", HttpMethod::Get, &["200", "403"]),
        ("/api/v1/accounts/{account_id}/without", HttpMethod::Get, &["200", "401", "default"]),
    ]);
    let app = documented(router, Documented::when_asked(move || document));
    for (method, path, status) in [
        (Method::GET, "/api/v1/accounts/1/with", 403),
        (Method::GET, "/accounts/1/with/", 403),
        (Method::POST, "/api/v1/accounts/1/with", 403),
        (Method::GET, "/api/v1/accounts/1/without", 401),
        (Method::HEAD, "/api/v1/accounts/1/without", 401),
        (Method::GET, "/api/v1/accounts/1/beyond", 403),
    ] {
        let head = method == Method::HEAD;
        let answer = send(&app, Request::builder().method(method).uri(path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(head || answer.json() == json!({"error": "not allowed"}));
    }
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_json() {
    let app = failing(|| Error::Forbidden);
    for path in
        ["/", "/nowhere", "/api/v1/nowhere", "/platform/api/v1/nowhere", "/public/x", "/api/v1//x", "/api/v1/x%00"]
    {
        let answer = get(&app, path).await;
        assert_eq!((answer.status, answer.json()["error"].is_string()), (404, true), "{path}");
    }
    for (method, target) in [(Method::OPTIONS, "*"), (Method::CONNECT, "host:80")] {
        let request = Request::builder().method(method).uri(target).body(Body::empty()).unwrap();
        assert_eq!(send(&app, request).await.status, 404, "{target}");
    }
    for path in FAMILIES {
        let answer = send(&app, Request::post(path).body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status, answer.header("allow")), (405, "GET,HEAD"), "{path}");
        assert_eq!(answer.json().get("status").is_some(), path != FAMILIES[0], "{path}");
    }
}

#[tokio::test]
async fn a_path_parameter_of_the_wrong_type_is_not_found() {
    let ours = async |Path(id): Path<ContactId>| Json(id);
    let pair = async |Path((a, b)): Path<(ContactId, ContactId)>| Json([a, b]);
    let theirs = async |AxumPath(id): AxumPath<u32>| Json(id);
    let text = async |Path(name): Path<String>| Json(name);
    let router = Router::new()
        .route("/api/ours/{id}", on_get(ours))
        .route("/api/pair/{a}/{b}", on_get(pair))
        .route("/api/theirs/{id}", on_get(theirs))
        .route("/platform/theirs/{id}", on_get(theirs))
        .route("/api/text/{name}", on_get(text));
    let app = app(router);
    assert_eq!(get(&app, "/api/ours/7").await.json(), 7);
    assert_eq!(get(&app, "/api/pair/7/8").await.json(), json!([7, 8]));
    assert_eq!(get(&app, "/api/text/a%20b").await.json(), "a b");
    for path in [
        "/api/ours/abc",
        "/api/ours/99999999999999999999",
        "/api/ours/7.5",
        "/api/pair/7/x",
        "/api/theirs/abc",
        "/api/theirs/-1",
        "/api/text/%ff",
        "/api/text/%00",
    ] {
        let answer = get(&app, path).await;
        assert_eq!((answer.status, answer.header("content-type")), (404, "application/json; charset=utf-8"), "{path}");
        assert!(answer.json()["error"].is_string(), "{path}");
    }
    assert_eq!(get(&app, "/platform/theirs/abc").await.json(), json!({"status": 404, "error": "Not Found"}));
}

#[tokio::test]
async fn the_frameworks_texts_never_leave_an_api() {
    let query = async |_: axum::extract::Query<Vec<u32>>| ();
    let body = async |_: axum::Json<u32>| ();
    let probe = async || (StatusCode::SERVICE_UNAVAILABLE, "database is down");
    let empty = async || StatusCode::UNPROCESSABLE_ENTITY.into_response();
    let router = Router::new()
        .route("/api/query", on_get(query).post(body))
        .route("/readyz", on_get(probe))
        .route("/api/empty", on_get(empty));
    let app = app(router);
    let answer = get(&app, "/api/query?a").await;
    assert_eq!((answer.status, answer.json()), (400, json!({"status": 400, "error": "Bad Request"})));
    let answer = send(&app, Request::post("/api/query").body("x".into()).unwrap()).await;
    assert_eq!((answer.status, answer.json()["error"].is_string()), (415, true));
    let answer = get(&app, "/readyz").await;
    assert_eq!((answer.status, &answer.bytes[..]), (503, &b"database is down"[..]));
    let answer = get(&app, "/api/empty").await;
    assert_eq!((answer.status, answer.bytes.len()), (422, 0));
}
