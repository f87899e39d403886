//! Figures that are counted row by row: of labels and teams, and what kept figures leave over.

use edge::{Error, Result};
use store::Conn;
use types::{AccountId, MessageType, Status};

use super::range::Range;
use super::read::Question;
use super::scope::{Scope, Which};
use super::{Figure, Metric, Sums};
use crate::query::Conditions;

/// The figures of a range by units of a bucket, local time.
pub fn series(
    conn: &mut Conn<'_>,
    account: AccountId,
    question: &Question,
    range: Range,
    which: Which,
) -> Result<Vec<(i64, i64, f64)>> {
    let Question { metric, scope, buckets, business_hours, .. } = question;
    let (alias, mut rows) = rows(account, *metric, scope, which);
    within(&mut rows, alias, range);
    let micros = 1_000_000;
    let (offset, unit) = (buckets.offset * micros, buckets.unit() * micros);
    let counted = if *metric == Metric::BotHandoffs { "DISTINCT e.conversation_id" } else { "*" };
    let columns = format!(
        "({alias}.created_at + CAST($1 AS BIGINT)) / CAST($2 AS BIGINT), COUNT({counted}), {}",
        sum(*metric, *business_hours)
    );
    let (text, values) = rows.select(&columns, &[&offset, &unit]);
    Ok(conn.query_built(&format!("{text} GROUP BY 1"), &values)?)
}

/// The rows that a metric counts, and what they are called.
pub fn rows(account: AccountId, metric: Metric, scope: &Scope, which: Which) -> (&'static str, Conditions) {
    match metric {
        Metric::Conversations => ("c", scope.conversations(account, which)),
        Metric::Resolutions => {
            let mut rows = scope.conversations(account, which);
            rows.and("c.status = $1", &[&Status::Resolved]);
            ("c", rows)
        }
        Metric::Incoming | Metric::Outgoing => {
            let mut rows = scope.messages(account, which);
            let is_incoming = metric == Metric::Incoming;
            let kind = if is_incoming { MessageType::Incoming } else { MessageType::Outgoing };
            rows.and("m.message_type = $1", &[&kind]);
            ("m", rows)
        }
        Metric::FirstResponse | Metric::Resolution | Metric::Reply | Metric::BotResolutions | Metric::BotHandoffs => {
            let mut rows = scope.events(account, which);
            rows.and("e.name = $1", &[&metric.event()]);
            ("e", rows)
        }
    }
}

fn sum(metric: Metric, business_hours: bool) -> &'static str {
    match (metric.is_average(), business_hours) {
        (false, _) => "CAST(0 AS DOUBLE PRECISION)",
        (true, false) => "SUM(e.value)",
        (true, true) => "SUM(e.value_in_business_hours)",
    }
}

/// Those of the rows, called `alias`, that were made within the range.
pub fn within(rows: &mut Conditions, alias: &str, range: Range) {
    let (since, until) = range.times();
    if let Some(since) = since {
        rows.and(&format!("{alias}.created_at >= $1"), &[&since]);
    }
    if let Some(until) = until {
        rows.and(&format!("{alias}.created_at < $1"), &[&until]);
    }
}

/// The figures of a scope within a range. Each is a statement of its own: the indexes have the rows by conversation, kind
/// and time, so that none reads what another one counts.
pub fn sums(
    conn: &mut Conn<'_>,
    account: AccountId,
    scope: &Scope,
    range: Range,
    business_hours: bool,
    which: Which,
) -> Result<Sums> {
    let mut figure = |metric| {
        let (alias, mut rows) = rows(account, metric, scope, which);
        within(&mut rows, alias, range);
        let sum = sum(metric, business_hours);
        let (text, values) = rows.select(&format!("COUNT(*), COALESCE({sum}, CAST(0 AS DOUBLE PRECISION))"), &[]);
        let found: Vec<(i64, f64)> = conn.query_built(&text, &values)?;
        Ok::<_, Error>(found.first().map_or_else(Figure::default, |(count, sum)| Figure { count: *count, sum: *sum }))
    };
    Ok(Sums {
        conversations: figure(Metric::Conversations)?.count,
        resolutions: figure(Metric::Resolutions)?.count,
        incoming: figure(Metric::Incoming)?.count,
        outgoing: figure(Metric::Outgoing)?.count,
        first_response: figure(Metric::FirstResponse)?,
        resolution: figure(Metric::Resolution)?,
        reply: figure(Metric::Reply)?,
    })
}
