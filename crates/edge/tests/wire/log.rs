//! The log line and the metrics of a request.

use std::cell::RefCell;
use std::io::Write;
use std::sync::{Arc, Once};

use axum::Router;
use axum::routing::get as on_get;
use edge::rewrite::Rewrite;
use edge::{Error, Who};
use http::request::Parts;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::Value;
use store::testing::{Engine, TestDatabase};
use types::SystemClock;

use crate::support::{app, get};

thread_local! {
    /// What was logged on this thread, which runs one test.
    static LOGGED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Writes to the log of the test that runs on the thread.
///
/// One subscriber serves all tests: tracing's cache of who listens is shared by all threads.
struct OwnTest;

impl Write for OwnTest {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOGGED.with_borrow_mut(|logged| logged.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
#[error("disk full")]
struct DiskFull;

#[derive(Debug, thiserror::Error)]
#[error("cannot write")]
struct CannotWrite(#[source] DiskFull);

struct Caller;

impl<S: Sync> axum::extract::FromRequestParts<S> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        Who("user 7".into()).note(&parts.extensions);
        Ok(Self)
    }
}

fn logged() -> Rewrite {
    let fails = async |_: Caller| Err::<(), _>(Error::internal(CannotWrite(DiskFull)));
    let fine = async || (axum::Extension(Who("bot 3".into())), ());
    let router = Router::new()
        .route("/api/v1/accounts/{account_id}/contacts/{id}", on_get(fails))
        .route("/api/v1/inboxes/{id}", on_get(fine))
        .route("/api/v1/panics", on_get(async || -> () { panic!("oops") }));
    app(router)
}

async fn lines(path: &str) -> Vec<Value> {
    lines_of(&logged(), path).await
}

/// The lines that `GET path` writes.
async fn lines_of(app: &Rewrite, path: &str) -> Vec<Value> {
    static SUBSCRIBED: Once = Once::new();
    SUBSCRIBED.call_once(|| tracing_subscriber::fmt().json().with_writer(|| OwnTest).init());
    LOGGED.take();
    get(app, path).await;
    String::from_utf8_lossy(&LOGGED.take()).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn a_failure_is_one_line_with_all_causes() {
    let [line] = lines("/accounts/5/contacts/6/").await.try_into().unwrap();
    let fields = &line["fields"];
    assert_eq!(line["level"], "ERROR");
    assert_eq!(fields["message"], "GET /api/v1/accounts/{account_id}/contacts/{id} 500");
    assert_eq!(fields["error"], "internal error: cannot write: disk full");
    assert_eq!((&fields["account"], &fields["who"], &fields["status"]), (&5.into(), &"user 7".into(), &500.into()));
    assert_eq!((&fields["queries"], &fields["sql_ms"]), (&0.into(), &0.0.into()));
    assert!(fields["id"].is_string() && fields["duration_ms"].is_f64());
    let [line] = lines("/api/v1/panics").await.try_into().unwrap();
    assert_eq!(line["fields"]["error"], "internal error: panic: oops");
}

#[tokio::test]
async fn a_success_names_the_route_and_not_the_address() {
    let [line] = lines("/api/v1/inboxes/secret?q=private").await.try_into().unwrap();
    assert_eq!((&line["level"], &line["fields"]["who"]), (&"INFO".into(), &"bot 3".into()));
    assert_eq!(line["fields"]["route"], "/api/v1/inboxes/{id}");
    assert!(!line.to_string().contains("secret") && !line.to_string().contains("private"), "{line}");
}

#[tokio::test]
async fn an_unknown_address_is_logged_as_it_was_sent_but_not_endlessly() {
    let [line] = lines("/accounts/5/nowhere/").await.try_into().unwrap();
    assert_eq!(line["fields"]["path"], "/accounts/5/nowhere/");
    let [line] = lines(&format!("/{}", "x".repeat(5_000))).await.try_into().unwrap();
    assert_eq!(line["fields"]["path"].as_str().unwrap().len(), 200);
}

#[tokio::test]
async fn statements_of_the_handler_are_counted() {
    let database = TestDatabase::new(Engine::Sqlite, &[], Arc::new(SystemClock));
    let store = database.open();
    let twice = async move || -> Result<(), Error> {
        for _ in 0..2 {
            store.read(|conn| conn.query_one::<(i64,)>(store::sql!("SELECT 1"), ())).await?;
        }
        Ok(())
    };
    let [line] = lines_of(&app(Router::new().route("/", on_get(twice))), "/").await.try_into().unwrap();
    assert_eq!((&line["level"], &line["fields"]["queries"]), (&"INFO".into(), &2.into()), "{line}");
}

#[test]
fn requests_are_counted_by_route_and_status() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            for path in ["/api/v1/inboxes/1", "/api/v1/inboxes/2", "/nowhere"] {
                get(&logged(), path).await;
            }
        });
    });
    let text = recorder.handle().render();
    let counted = "http_requests_total{method=\"GET\",route=\"/api/v1/inboxes/{id}\",status=\"2xx\"} 2";
    assert!(text.contains(counted), "{text}");
    assert!(text.contains("http_requests_total{method=\"GET\",route=\"none\",status=\"4xx\"} 1"), "{text}");
    assert!(text.contains("http_request_duration_seconds"), "{text}");
}
