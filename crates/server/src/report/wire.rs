//! Reports as the wire has them (rest.md §5.17).

use edge::field::{Flag, Text};
use serde::{Deserialize, Serialize};
use serde_json::Number;
use types::{Availability, UserId};
use utoipa::ToSchema;

use super::{Figure, Metric, Sums};

/// What a report asks.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct ReportQuery {
    /// What is counted or averaged.
    pub metric: Option<Text>,
    /// `account`, `agent`, `inbox`, `label` or `team`.
    pub r#type: Option<Text>,
    /// Which of them.
    pub id: Option<Text>,
    /// Epoch seconds.
    pub since: Option<Text>,
    /// Epoch seconds.
    pub until: Option<Text>,
    /// `hour`, `day`, `week`, `month` or `year`.
    pub group_by: Option<Text>,
    /// Hours that local time is ahead of UTC.
    pub timezone_offset: Option<Text>,
    /// Whether averages count the time within opening hours only.
    pub business_hours: Option<Flag>,
    /// From 1; of agents only.
    pub page: Option<Text>,
}

impl ReportQuery {
    /// Whether averages count the time within opening hours only.
    pub fn business_hours(&self) -> bool {
        self.business_hours.is_some_and(Flag::get)
    }
}

/// A part of time and its figure.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = report_point)]
pub struct PointJson {
    /// A number of things, or the mean of their seconds.
    #[schema(value_type = f64)]
    pub value: Number,
    /// When the part begins, in epoch seconds.
    pub timestamp: i64,
    /// How many the mean is of; of averages only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
}

impl PointJson {
    /// The figure of the part that begins at `timestamp`.
    pub fn new(metric: Metric, timestamp: i64, figure: Figure) -> Self {
        if metric.is_average() {
            Self { value: mean(figure), timestamp, count: Some(figure.count) }
        } else {
            Self { value: figure.count.into(), timestamp, count: None }
        }
    }
}

/// The mean as a number; 0 of nothing.
fn mean(figure: Figure) -> Number {
    let mean = Number::from_f64(figure.mean());
    mean.filter(|_| figure.count > 0).unwrap_or_else(|| 0.into())
}

/// The figures of a span of time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = report_sums)]
pub struct SumsJson {
    /// Conversations that were made.
    pub conversations_count: i64,
    /// Messages of contacts.
    pub incoming_messages_count: i64,
    /// Messages of the team, its bots and its rules, private notes included.
    pub outgoing_messages_count: i64,
    /// Mean seconds to the first answer.
    #[schema(value_type = f64)]
    pub avg_first_response_time: Number,
    /// Mean seconds to the resolution.
    #[schema(value_type = f64)]
    pub avg_resolution_time: Number,
    /// Conversations that were made and are resolved now.
    pub resolutions_count: i64,
    /// Mean seconds to every other answer.
    #[schema(value_type = f64)]
    pub reply_time: Number,
}

impl From<Sums> for SumsJson {
    fn from(sums: Sums) -> Self {
        Self {
            conversations_count: sums.conversations,
            incoming_messages_count: sums.incoming,
            outgoing_messages_count: sums.outgoing,
            avg_first_response_time: mean(sums.first_response),
            avg_resolution_time: mean(sums.resolution),
            resolutions_count: sums.resolutions,
            reply_time: mean(sums.reply),
        }
    }
}

/// The figures of a span of time, and of the one before.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = report_summary)]
pub struct SummaryJson {
    /// Of the span.
    #[serde(flatten)]
    pub sums: SumsJson,
    /// Of the span of equal length before; zeros when a bound is missing.
    pub previous: SumsJson,
}

/// What is open now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = report_open)]
pub struct OpenJson {
    /// Open conversations.
    pub open: i64,
    /// Those of them without a first answer.
    pub unattended: i64,
    /// Those of them without assignee.
    pub unassigned: i64,
    /// Conversations that a bot has.
    pub pending: i64,
}

/// What is open of an agent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = report_open_of_agent)]
pub struct AgentOpenJson {
    /// The user.
    pub id: UserId,
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// The address of the picture; empty without one.
    pub thumbnail: String,
    /// Whether it takes conversations.
    pub availability: Availability,
    /// The figures.
    pub metric: AgentOpen,
}

/// How many conversations an agent has open.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
#[schema(as = report_open_counts)]
pub struct AgentOpen {
    /// Open conversations.
    pub open: i64,
    /// Those of them without a first answer.
    pub unattended: i64,
}

/// What is open now: of the account, or of its agents.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = report_live)]
pub enum LiveJson {
    /// Of the account.
    Account(OpenJson),
    /// Of its agents, those with the most first.
    Agents(Vec<AgentOpenJson>),
}
