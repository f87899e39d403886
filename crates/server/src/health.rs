//! Whether the server lives, is ready, and which version clients talk to.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use edge::{Error, Json, Result};
use http::StatusCode;
use serde::Serialize;
use store::{Conn, sql};
use utoipa::ToSchema;

use crate::App;
use crate::openapi::routes::{Routes, routes};

/// The routes of this file.
pub fn routes() -> Routes {
    Routes::new().routes(routes!(version)).routes(routes!(live)).routes(routes!(ready)).routes(routes!(health))
}

/// What clients check an installation's address with (rest.md §1.10).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = version)]
struct VersionJson {
    /// The compatible version.
    version: String,
    /// `YYYY-MM-DD HH:MM:SS`, UTC.
    timestamp: String,
    /// `ok`.
    queue_services: &'static str,
    /// `ok`.
    data_services: &'static str,
}

/// How ready the server is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = readiness)]
struct ReadyJson {
    /// `ready` or `not ready`.
    status: &'static str,
    /// `sqlite` or `postgres`.
    database: &'static str,
    /// Writes that wait for the database.
    waiting_writes: usize,
    /// Reads that wait for the database.
    waiting_reads: usize,
}

/// The version that the server is compatible with.
#[utoipa::path(get, path = "/api", operation_id = "getVersion", tag = "System",
    responses((status = 200, description = "The version", body = VersionJson)), security(()))]
async fn version(State(app): State<App>) -> Json<VersionJson> {
    let iso = app.clock.now().iso();
    let timestamp = format!("{} {}", &iso[..10], &iso[11..19]);
    Json(VersionJson {
        version: app.settings.api_version.clone(),
        timestamp,
        queue_services: "ok",
        data_services: "ok",
    })
}

/// The process answers.
#[utoipa::path(get, path = "/livez", operation_id = "isAlive", tag = "System",
    responses((status = 200, description = "Alive", body = String, content_type = "text/plain")), security(()))]
async fn live() -> &'static str {
    "alive"
}

/// The database answers and is migrated.
#[utoipa::path(get, path = "/readyz", operation_id = "isReady", tag = "System",
    responses(
        (status = 200, description = "Ready", body = ReadyJson),
        (status = 503, description = "Not ready", body = ReadyJson)
    ), security(()))]
async fn ready(State(app): State<App>) -> Response {
    let answers = app.store.read(check_database).await;
    let (waiting_writes, waiting_reads) = app.store.queue_depths();
    let (code, status) = match answers {
        Ok(()) => (StatusCode::OK, "ready"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "not ready"),
    };
    let body = ReadyJson { status, database: app.store.engine(), waiting_writes, waiting_reads };
    (code, Json(body)).into_response()
}

/// What load balancers of the compatible server ask.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = health)]
struct HealthJson {
    /// `woot`.
    status: &'static str,
}

/// The server is up, in the compatible server's words (rest.md §8.14).
#[utoipa::path(get, path = "/health", operation_id = "getHealth", tag = "System",
    responses((status = 200, description = "Up", body = HealthJson)), security(()))]
async fn health() -> Json<HealthJson> {
    Json(HealthJson { status: "woot" })
}

fn check_database(conn: &mut Conn<'_>) -> Result<()> {
    let migrated: Option<(String,)> =
        conn.query_opt(sql!("SELECT name FROM schema_migrations ORDER BY name DESC LIMIT 1"), ())?;
    migrated.map(drop).ok_or(Error::Unavailable)
}
