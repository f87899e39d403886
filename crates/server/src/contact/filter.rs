//! Filters of contacts (rest.md §5.9, semantics §5).

use axum::extract::State;
use edge::{Body, ErrorJson, Json, Result};

use super::list::List;
use super::routes::load_list;
use super::wire::{ContactListJson, ContactListQuery};
use crate::App;
use crate::access::Member;
use crate::filter::wire::FilterBody;
use crate::filter::{Catalogue, Subject, read, sql};
use crate::text::utc_day;

/// The contacts of which the conditions are true, anonymous visitors included.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/contacts/filter",
    operation_id = "contactFilter",
    tag = "Contacts",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("page" = Option<i64>, Query, description = "From 1; 15 on a page")
    ),
    request_body = FilterBody,
    responses(
        (status = 200, description = "A page", body = ContactListJson),
        (status = 400, description = "The request cannot be read", body = ErrorJson)
    ),
    security(("userApiKey" = []), ("agentBotApiKey" = []))
)]
pub async fn filter(
    State(app): State<App>,
    member: Member,
    Body(body): Body<FilterBody>,
) -> Result<Json<ContactListJson>> {
    let today = utc_day(app.clock.now());
    let account = member.account_id;
    let query = ContactListQuery {
        page: body.page.clone(),
        sort: body.sort.clone(),
        include_contact_inboxes: body.include_contact_inboxes.clone(),
        ..ContactListQuery::default()
    };
    let tree = app
        .store
        .read(move |conn| {
            let catalogue = Catalogue::load(conn, account, Subject::Contact)?;
            read::read(&catalogue, body.conditions(), today)
        })
        .await?;
    load_list(&app, &member, List::filter(account, &query, sql::contacts(account, &tree))).await
}
