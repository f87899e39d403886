//! The caller's own data over HTTP (rest.md §5.16).

use axum::extract::State;
use edge::{Error, ErrorJson, Json, Result};

use crate::App;
use crate::access::CurrentUser;
use crate::user;
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
    let base_url = app.settings.base_url.clone();
    let answer = app
        .store
        .read(move |conn| {
            let user = user::store::find(conn, id)?.ok_or(Error::BadCredential)?;
            Ok::<_, Error>(ProfileJson::new(user, user::store::list_memberships(conn, id)?, &base_url))
        })
        .await?;
    Ok(Json(answer))
}
