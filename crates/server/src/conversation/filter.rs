//! Filters of conversations (rest.md §5.10, semantics §5).

use axum::extract::State;
use edge::{Body, Error, ErrorJson, Json, Result};
use store::Conn;
use types::Value;

use super::list::{self, PAGE};
use super::view::{self, Viewer, columns};
use super::wire::{ConversationPage, Counts};
use crate::App;
use crate::access::Member;
use crate::filter::sql::{Scope, condition};
use crate::filter::wire::FilterBody;
use crate::filter::{Catalogue, Subject, Tree, read};
use crate::query::Conditions;
use crate::text::utc_day;

/// The conversations of which the conditions are true, newest activity first, with counts over all pages. Agents see
/// those of their inboxes.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/conversations/filter",
    operation_id = "conversationFilter",
    tag = "Conversations",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("page" = Option<i64>, Query, description = "From 1; 25 on a page")
    ),
    request_body = FilterBody,
    responses(
        (status = 200, description = "A page", body = ConversationPage),
        (status = 400, description = "The request cannot be read", body = ErrorJson)
    ),
    security(("userApiKey" = []), ("agentBotApiKey" = []))
)]
pub async fn filter(
    State(app): State<App>,
    member: Member,
    Body(body): Body<FilterBody>,
) -> Result<Json<ConversationPage>> {
    let now = app.clock.now();
    let base_url = app.settings.base_url.clone();
    let page = body.page.as_ref().and_then(|page| page.0.trim().parse().ok()).filter(|page| *page > 0).unwrap_or(1);
    let found = app
        .store
        .read(move |conn| {
            let catalogue = Catalogue::load(conn, member.account_id, Subject::Conversation)?;
            let tree = read::read(&catalogue, body.conditions(), utc_day(now))?;
            let rows = conditions(conn, &member, &tree)?;
            let (text, values) = statement(&rows, page);
            let conversations = conn.query_built(&text, &values)?;
            let (all, unassigned, mine) = list::count(conn, &rows, member.user_id)?;
            let meta = Counts {
                mine_count: mine,
                assigned_count: all - unassigned,
                unassigned_count: unassigned,
                all_count: all,
            };
            let payload = view::load(conn, &Viewer::member(&member, now, &base_url), conversations)?;
            Ok::<_, Error>(ConversationPage { meta, payload })
        })
        .await?;
    Ok(Json(found))
}

/// What the member sees of what `tree` finds.
pub(crate) fn conditions(conn: &mut Conn<'_>, member: &Member, tree: &Tree) -> Result<Conditions> {
    let account = member.account_id;
    let counts_deleting = list::is_deleting_users(conn)?;
    let mut rows = Conditions::on("conversations", "c");
    rows.and("c.account_id = $1", &[&account]);
    list::must_be_shown(&mut rows, account);
    if !member.is_administrator() {
        list::must_be_seen(&mut rows, account, member.user_id);
    }
    rows.and_tree(condition(Scope { account, subject: Subject::Conversation, counts_deleting }, tree));
    Ok(rows)
}

/// The statement of a page, and its values.
pub(crate) fn statement(rows: &Conditions, page: i64) -> (String, Vec<Value>) {
    rows.page(columns(), "c.last_activity_at DESC, c.id DESC", PAGE, (page - 1).saturating_mul(PAGE))
}
