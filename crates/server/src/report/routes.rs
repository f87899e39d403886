//! Reports over HTTP (rest.md §5.17). Administrators only.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use edge::{Empty, Error, ErrorJson, Json, Query, Result};
use http::StatusCode;

use super::range::Range;
use super::read::{Question, word};
use super::scope::Scope;
use super::wire::{LiveJson, PointJson, ReportQuery, SummaryJson};
use super::{Sums, live, store};
use crate::App;
use crate::access::Administrator;

/// A figure over time.
#[utoipa::path(
    get,
    path = "/api/v2/accounts/{account_id}/reports",
    operation_id = "listAllConversationStatistics",
    tag = "Reports",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("metric" = String, Query, description = "conversations_count, incoming_messages_count, outgoing_messages_count, resolutions_count, avg_first_response_time, avg_resolution_time, reply_time, bot_resolutions_count or bot_handoffs_count"),
        ("type" = String, Query, description = "account, agent, inbox, label or team"),
        ("id" = Option<String>, Query, description = "Which of them; not of the account"),
        ("since" = Option<String>, Query, description = "From this second on"),
        ("until" = Option<String>, Query, description = "Up to this second, exclusive"),
        ("group_by" = Option<String>, Query, description = "hour, day (by default), week, month or year"),
        ("timezone_offset" = Option<String>, Query, description = "Hours that local time is ahead of UTC"),
        ("business_hours" = Option<bool>, Query, description = "Averages count the time within opening hours only")
    ),
    responses(
        (status = 200, description = "By time; without a bound from the first part that has something to the last", body = Vec<PointJson>),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "Nothing has this id", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn series(
    State(app): State<App>,
    Administrator(member): Administrator,
    Query(query): Query<ReportQuery>,
) -> Result<Json<Vec<PointJson>>> {
    let account = member.account_id;
    let points = app
        .store
        .read(move |conn| {
            let question = Question::read(conn, account, &query)?;
            let found = store::series(conn, account, &question)?;
            let filled = question.buckets.fill(question.range, &found)?;
            let point = |(start, figure)| PointJson::new(question.metric, start, figure);
            Ok::<_, Error>(filled.into_iter().map(point).collect())
        })
        .await?;
    Ok(Json(points))
}

/// The sums of a span of time, and of the one before.
#[utoipa::path(
    get,
    path = "/api/v2/accounts/{account_id}/reports/summary",
    operation_id = "listAllConversationStatisticsSummary",
    tag = "Reports",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("type" = String, Query, description = "account, agent, inbox, label or team"),
        ("id" = Option<String>, Query, description = "Which of them; not of the account"),
        ("since" = Option<String>, Query, description = "From this second on"),
        ("until" = Option<String>, Query, description = "Up to this second, exclusive"),
        ("business_hours" = Option<bool>, Query, description = "Averages count the time within opening hours only")
    ),
    responses(
        (status = 200, description = "Over all time when a bound is missing", body = SummaryJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "Nothing has this id", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn summary(
    State(app): State<App>,
    Administrator(member): Administrator,
    Query(query): Query<ReportQuery>,
) -> Result<Json<SummaryJson>> {
    let account = member.account_id;
    let summary = app
        .store
        .read(move |conn| {
            let range = Range::read(query.since.as_ref(), query.until.as_ref())?;
            let scope = Scope::find(conn, account, word(query.r#type.as_ref()), word(query.id.as_ref()))?;
            let previous = range.previous();
            let whole = if previous.is_some() { range } else { Range::default() };
            let sums = store::sums(conn, account, &scope, whole, query.business_hours())?;
            let before = match previous {
                Some(range) => store::sums(conn, account, &scope, range, query.business_hours())?,
                None => Sums::default(),
            };
            Ok::<_, Error>(SummaryJson { sums: sums.into(), previous: before.into() })
        })
        .await?;
    Ok(Json(summary))
}

/// What is open now in the account. Without a type 422, and no body (recorded).
#[utoipa::path(
    get,
    path = "/api/v2/accounts/{account_id}/reports/conversations",
    operation_id = "getAccountConversationMetrics",
    tag = "Reports",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("type" = String, Query, description = "account; agent shows the agents one by one")
    ),
    responses(
        (status = 200, description = "Now", body = LiveJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such account", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn account_live(
    State(app): State<App>,
    Administrator(member): Administrator,
    Query(query): Query<ReportQuery>,
) -> Result<Response> {
    if word(query.r#type.as_ref()).is_empty() {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Empty).into_response());
    }
    let account = member.account_id;
    let base_url = app.settings.base_url.clone();
    let live = app
        .store
        .read(move |conn| match word(query.r#type.as_ref()) {
            "account" => live::of_account(conn, account).map(LiveJson::Account),
            "agent" => {
                let page = word(query.page.as_ref()).parse().ok().filter(|page| *page > 0).unwrap_or(1);
                live::of_agents(conn, account, page, &base_url).map(LiveJson::Agents)
            }
            _ => Err(Error::Refused("type must be account or agent".into())),
        })
        .await?;
    Ok(Json(live).into_response())
}

/// What is open now, agent by agent: the same address with a slash at its end, as the contract prints it.
#[utoipa::path(
    get,
    path = "/api/v2/accounts/{account_id}/reports/conversations/",
    operation_id = "getAgentConversationMetrics",
    tag = "Reports",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("type" = String, Query, description = "agent; account shows the whole account"),
        ("user_id" = Option<String>, Query, description = "Not heeded: all members are shown"),
        ("page" = Option<i64>, Query, description = "From 1; 25 members on a page")
    ),
    responses(
        (status = 200, description = "Those with the most first", body = LiveJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such account", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn agent_live(
    state: State<App>,
    administrator: Administrator,
    query: Query<ReportQuery>,
) -> Result<Response> {
    account_live(state, administrator, query).await
}
