//! From the query of a report to the question that it asks.

use edge::field::Text;
use edge::{Error, Result};
use store::Conn;
use types::AccountId;

use super::Metric;
use super::buckets::{Buckets, Group, offset};
use super::range::Range;
use super::scope::Scope;
use super::wire::ReportQuery;

/// What a series shows.
#[derive(Debug, Clone)]
pub struct Question {
    /// What is counted or averaged.
    pub metric: Metric,
    /// What it is about.
    pub scope: Scope,
    /// From when to when.
    pub range: Range,
    /// In which parts.
    pub buckets: Buckets,
    /// Averages count the time within opening hours only.
    pub business_hours: bool,
}

impl Question {
    /// Reads a query.
    pub fn read(conn: &mut Conn<'_>, account: AccountId, query: &ReportQuery) -> Result<Self> {
        let metric = Metric::named(word(query.metric.as_ref()));
        let metric = metric.ok_or_else(|| Error::Refused("metric must be the name of one".into()))?;
        let group = Group::named(word(query.group_by.as_ref()));
        let group = group.ok_or_else(|| Error::Refused("group_by must be hour, day, week, month or year".into()))?;
        Ok(Self {
            metric,
            range: Range::read(query.since.as_ref(), query.until.as_ref())?,
            buckets: Buckets { group, offset: offset(word(query.timezone_offset.as_ref())) },
            business_hours: query.business_hours(),
            scope: Scope::find(conn, account, word(query.r#type.as_ref()), word(query.id.as_ref()))?,
        })
    }
}

/// The text of a parameter; a missing one is blank.
pub fn word(text: Option<&Text>) -> &str {
    text.map_or("", |text| text.0.trim())
}
