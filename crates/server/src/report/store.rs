//! The SQL of reports: figures of a scope within a range.

use std::collections::BTreeMap;

use edge::Result;
use store::Conn;
use types::{AccountId, MessageType, Status};

use super::buckets::Buckets;
use super::range::Range;
use super::read::Question;
use super::scope::Scope;
use super::{Figure, Metric};
use crate::query::Conditions;

/// The figures of the buckets that have something, by their start.
pub fn series(conn: &mut Conn<'_>, account: AccountId, question: &Question) -> Result<BTreeMap<i64, Figure>> {
    let Question { metric, scope, range, buckets, business_hours } = question;
    let (alias, mut rows) = rows(account, *metric, scope);
    within(&mut rows, alias, *range);
    let micros = 1_000_000;
    let (offset, unit) = (buckets.offset * micros, buckets.unit() * micros);
    let counted = if *metric == Metric::BotHandoffs { "DISTINCT e.conversation_id" } else { "*" };
    let columns = format!(
        "({alias}.created_at + CAST($1 AS BIGINT)) / CAST($2 AS BIGINT), COUNT({counted}), {}",
        sum(*metric, *business_hours)
    );
    let (text, values) = rows.select(&columns, &[&offset, &unit]);
    let found: Vec<(i64, i64, f64)> = conn.query_built(&format!("{text} GROUP BY 1"), &values)?;
    Ok(collect(*buckets, &found))
}

/// Units of the database, put together to buckets.
fn collect(buckets: Buckets, found: &[(i64, i64, f64)]) -> BTreeMap<i64, Figure> {
    let mut all: BTreeMap<i64, Figure> = BTreeMap::new();
    for (units, count, sum) in found {
        let figure = all.entry(buckets.start_of_unit(*units)).or_default();
        figure.count += count;
        figure.sum += sum;
    }
    all
}

fn rows(account: AccountId, metric: Metric, scope: &Scope) -> (&'static str, Conditions) {
    match metric {
        Metric::Conversations => ("c", scope.conversations(account)),
        Metric::Resolutions => {
            let mut rows = scope.conversations(account);
            rows.and("c.status = $1", &[&Status::Resolved]);
            ("c", rows)
        }
        Metric::Incoming | Metric::Outgoing => {
            let mut rows = scope.messages(account);
            let is_incoming = metric == Metric::Incoming;
            let kind = if is_incoming { MessageType::Incoming } else { MessageType::Outgoing };
            rows.and("m.message_type = $1", &[&kind]);
            ("m", rows)
        }
        Metric::FirstResponse | Metric::Resolution | Metric::Reply | Metric::BotResolutions | Metric::BotHandoffs => {
            let mut rows = scope.events(account);
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

fn within(rows: &mut Conditions, alias: &str, range: Range) {
    let (since, until) = range.times();
    if let Some(since) = since {
        rows.and(&format!("{alias}.created_at >= $1"), &[&since]);
    }
    if let Some(until) = until {
        rows.and(&format!("{alias}.created_at < $1"), &[&until]);
    }
}

/// All figures of a summary.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sums {
    /// Conversations that were made.
    pub conversations: i64,
    /// Those of them that are resolved now.
    pub resolutions: i64,
    /// Messages of contacts.
    pub incoming: i64,
    /// Messages of the team.
    pub outgoing: i64,
    /// Times to the first answer.
    pub first_response: Figure,
    /// Times to the resolution.
    pub resolution: Figure,
    /// Times to every other answer.
    pub reply: Figure,
}

/// The figures of a scope within a range, in three statements.
pub fn sums(
    conn: &mut Conn<'_>,
    account: AccountId,
    scope: &Scope,
    range: Range,
    business_hours: bool,
) -> Result<Sums> {
    let mut sums = Sums::default();
    let mut rows = scope.conversations(account);
    within(&mut rows, "c", range);
    let (text, values) = rows.select("COUNT(*), COUNT(*) FILTER (WHERE c.status = $1)", &[&Status::Resolved]);
    let found: Vec<(i64, i64)> = conn.query_built(&text, &values)?;
    (sums.conversations, sums.resolutions) = found.first().copied().unwrap_or_default();

    let mut rows = scope.messages(account);
    within(&mut rows, "m", range);
    let columns = "COUNT(*) FILTER (WHERE m.message_type = $1), COUNT(*) FILTER (WHERE m.message_type = $2)";
    let (text, values) = rows.select(columns, &[&MessageType::Incoming, &MessageType::Outgoing]);
    let found: Vec<(i64, i64)> = conn.query_built(&text, &values)?;
    (sums.incoming, sums.outgoing) = found.first().copied().unwrap_or_default();

    let mut rows = scope.events(account);
    within(&mut rows, "e", range);
    let columns = format!("e.name, COUNT(*), {}", sum(Metric::Reply, business_hours));
    let (text, values) = rows.select(&columns, &[]);
    let found: Vec<(String, i64, f64)> = conn.query_built(&format!("{text} GROUP BY 1"), &values)?;
    for (name, count, sum) in found {
        let figure = Figure { count, sum };
        match name.as_str() {
            "first_response" => sums.first_response = figure,
            "conversation_resolved" => sums.resolution = figure,
            "reply_time" => sums.reply = figure,
            _ => {}
        }
    }
    Ok(sums)
}
