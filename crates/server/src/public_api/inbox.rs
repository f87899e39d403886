//! What the clients of contacts need to know of an inbox (rest.md §5.21).

use axum::extract::State;
use edge::{Error, ErrorJson, Json, Path, Result};

use super::access;
use super::wire::PublicInboxJson;
use crate::App;
use crate::inbox::hours;

/// An API inbox: its name, its opening hours and what it asks of contacts.
#[utoipa::path(
    get,
    path = "/public/api/v1/inboxes/{inbox_identifier}",
    operation_id = "getPublicInbox",
    tag = "InboxesAPI",
    params(("inbox_identifier" = String, Path, description = "The API inbox's identifier")),
    responses(
        (status = 200, description = "The inbox", body = PublicInboxJson),
        (status = 404, description = "No such inbox", body = ErrorJson)
    ),
    security(())
)]
pub async fn show(State(app): State<App>, Path(identifier): Path<String>) -> Result<Json<PublicInboxJson>> {
    let answer = app
        .store
        .read(move |conn| {
            let inbox = access::find_inbox(conn, &identifier)?;
            let days = hours::list(conn, inbox.account_id, &[inbox.id])?;
            Ok::<_, Error>(PublicInboxJson {
                identifier: identifier.clone(),
                identity_validation_enabled: inbox.hmac_mandatory,
                name: inbox.name,
                timezone: inbox.timezone,
                working_hours: days.into_iter().map(Into::into).collect(),
                working_hours_enabled: inbox.working_hours_enabled,
                csat_survey_enabled: inbox.csat_survey_enabled,
                greeting_enabled: inbox.greeting_enabled,
            })
        })
        .await?;
    Ok(Json(answer))
}
