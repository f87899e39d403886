//! The caller's own data over HTTP (rest.md §5.16).

use axum::extract::State;
use edge::{ErrorJson, Json, Result};

use crate::App;
use crate::access::CurrentUser;
use crate::auth;
use crate::user::wire::ProfileJson;

/// The caller, with its API key and its accounts.
#[utoipa::path(
    get,
    path = "/api/v1/profile",
    operation_id = "fetchProfile",
    tag = "Profile",
    responses(
        (status = 200, description = "The user", body = ProfileJson),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn show(State(app): State<App>, CurrentUser { id, .. }: CurrentUser) -> Result<Json<ProfileJson>> {
    let person = app.store.read(move |conn| auth::service::person(conn, id)).await?;
    Ok(Json(person.into_json(&app.settings.base_url)))
}
