//! Endpoints and deliveries as the wire has them.

use edge::field::{Int, Maybe, Text, Word};
use edge::{Error, Result};
use serde::{Deserialize, Serialize};
use types::{AccountId, DeliveryId, DeliveryState, EndpointId, EndpointKind, Json, MessageId, Timestamp};
use utoipa::ToSchema;

use super::service::LimitsDraft;
use super::store::{DeliveryRow, StoredAttempt};
use super::{Delivery, Endpoint};

/// Whether an endpoint is told what happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = webhook_endpoint_state)]
pub enum EndpointState {
    /// It is told.
    Active,
    /// Its last deliveries failed; they are tried again.
    Failing,
    /// Nothing is sent until somebody resumes it.
    Paused,
}

/// Something of the account that is told by HTTP what happens; only administrators see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = webhook_endpoint)]
pub struct EndpointJson {
    /// Its id.
    pub id: EndpointId,
    /// The account.
    pub account_id: AccountId,
    /// What it is.
    pub kind: EndpointKind,
    /// The id of the webhook, inbox or agent bot.
    pub subject_id: i64,
    /// The name of that, if it has one.
    pub name: Option<String>,
    /// The address.
    pub url: String,
    /// Whether it is told.
    pub state: EndpointState,
    /// Failures since the last success.
    pub failures: i64,
    /// Since when there was no success.
    pub failing_since: Option<Timestamp>,
    /// Since when it is paused.
    pub paused_at: Option<Timestamp>,
    /// When the next delivery is due; null: none is.
    pub next_delivery_at: Option<Timestamp>,
    /// Deliveries that have not ended.
    pub waiting: i64,
    /// Seconds in which it has to answer; null: what the installation has.
    pub timeout_seconds: Option<i64>,
    /// Deliveries on their way at the same time.
    pub concurrency: i64,
    /// Most deliveries in a minute; null: no limit.
    pub per_minute: Option<i64>,
}

impl EndpointJson {
    /// With what it belongs to.
    pub fn new(endpoint: Endpoint, url: String, name: Option<String>, waiting: i64) -> Self {
        let state = match (endpoint.paused_at, endpoint.failures) {
            (Some(_), _) => EndpointState::Paused,
            (None, 0) => EndpointState::Active,
            (None, _) => EndpointState::Failing,
        };
        Self {
            id: endpoint.id,
            account_id: endpoint.account_id,
            kind: endpoint.kind,
            subject_id: endpoint.subject,
            name,
            url,
            state,
            failures: endpoint.failures,
            failing_since: endpoint.failing_since,
            paused_at: endpoint.paused_at,
            next_delivery_at: endpoint.due_at,
            waiting,
            timeout_seconds: endpoint.timeout_seconds,
            concurrency: endpoint.concurrency,
            per_minute: endpoint.per_minute,
        }
    }
}

/// All endpoints in their wrapper.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = webhook_endpoint_list)]
pub struct EndpointListJson {
    /// Webhooks, then inboxes, then bots, each by id.
    pub payload: Vec<EndpointJson>,
}

/// Limits to be set.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = webhook_endpoint_update)]
pub struct EndpointBody {
    /// Seconds in which it has to answer, 1 to 30; null: what the installation has.
    #[serde(default)]
    pub timeout_seconds: Maybe<Int>,
    /// Deliveries on their way at the same time, 1 to 32; null: 4.
    #[serde(default)]
    pub concurrency: Maybe<Int>,
    /// Most deliveries in a minute, 1 to 6,000; null: no limit.
    #[serde(default)]
    pub per_minute: Maybe<Int>,
}

impl edge::Shape for EndpointBody {}

impl EndpointBody {
    /// What `before` becomes.
    pub fn onto(&self, before: LimitsDraft) -> LimitsDraft {
        let concurrency = self.concurrency.map(Int::get).or_null(LimitsDraft::default().concurrency);
        LimitsDraft {
            timeout_seconds: self.timeout_seconds.map(Int::get).or_keep(before.timeout_seconds),
            concurrency: concurrency.unwrap_or(before.concurrency),
            per_minute: self.per_minute.map(Int::get).or_keep(before.per_minute),
        }
    }
}

/// Which deliveries to send once more.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = webhook_replay)]
pub struct ReplayBody {
    /// From when on: ISO text or epoch seconds.
    pub since: Option<Text>,
    /// `failed` (default): what was given up. `all`: also what was taken.
    pub state: Option<Text>,
}

impl edge::Shape for ReplayBody {}

impl ReplayBody {
    /// From when on, and whether everything.
    pub fn read(&self) -> Result<(Timestamp, bool)> {
        let since = self.since.as_ref().map(Text::as_str).unwrap_or_default();
        let seconds = since.trim().parse().ok().filter(|seconds: &i64| (0..=99_999_999_999).contains(seconds));
        let since = seconds.map(Timestamp::from_epoch_seconds).or_else(|| Timestamp::parse_iso(since));
        let since = since.ok_or_else(|| Error::invalid("since", "must be a time: ISO text or epoch seconds"))?;
        match self.state.as_ref().map_or("failed", Text::as_str) {
            "failed" => Ok((since, false)),
            "all" => Ok((since, true)),
            _ => Err(Error::invalid("state", "must be failed or all")),
        }
    }
}

/// How many deliveries are sent once more.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = webhook_replay_answer)]
pub struct ReplayJson {
    /// They go back into the queue bit by bit.
    pub deliveries: i64,
}

/// Which deliveries to list.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct DeliveryQuery {
    /// Of this endpoint.
    pub endpoint_id: Option<Int>,
    /// That have come so far.
    pub state: Option<Word<DeliveryState>>,
    /// About this event.
    pub event: Option<Text>,
    /// Older than this one.
    pub before: Option<Int>,
}

/// A delivery without its bytes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = webhook_delivery)]
pub struct DeliveryJson {
    /// Grows with time; the cursor of lists.
    pub id: DeliveryId,
    /// Whom it is for.
    pub endpoint_id: EndpointId,
    /// The header `X-Chatwoot-Delivery`.
    pub uuid: String,
    /// The header `webhook-id`: names the event, the same for every endpoint.
    pub webhook_id: String,
    /// The name of the event.
    pub event: String,
    /// How far it has come.
    pub state: DeliveryState,
    /// How often it was tried since it was queued last.
    pub tries: i64,
    /// When it is tried next; null while it waits for another one about the same conversation, or has ended.
    pub next_try_at: Option<Timestamp>,
    /// Later ones about the same conversation went on without it.
    pub out_of_order: bool,
    /// The conversation's number, if it is about one.
    pub conversation_id: Option<i64>,
    /// The message, if it is about one.
    pub message_id: Option<MessageId>,
    /// ISO text.
    pub created_at: Timestamp,
    /// When it was taken or given up.
    pub ended_at: Option<Timestamp>,
}

impl From<DeliveryRow> for DeliveryJson {
    fn from(row: DeliveryRow) -> Self {
        let webhook_id = super::name_of(&row.event_key, row.part);
        Self {
            id: row.id,
            endpoint_id: row.endpoint_id,
            uuid: row.uuid,
            webhook_id,
            event: row.event,
            state: row.state,
            tries: row.tries,
            next_try_at: row.next_at,
            out_of_order: row.out_of_order,
            conversation_id: row.display_id,
            message_id: row.message_id,
            created_at: row.created_at,
            ended_at: row.ended_at,
        }
    }
}

/// A page of deliveries.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = webhook_delivery_list)]
pub struct DeliveryListJson {
    /// At most 50, the newest first.
    pub payload: Vec<DeliveryJson>,
}

/// A try to send a delivery.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = webhook_attempt)]
pub struct AttemptJson {
    /// When it began.
    pub attempted_at: Timestamp,
    /// Milliseconds.
    pub duration_ms: i64,
    /// The answer's status; null: there was none.
    pub status: Option<i64>,
    /// Why there was none.
    pub error: Option<String>,
    /// The first 2 KB of the answer.
    pub answer: String,
}

impl From<StoredAttempt> for AttemptJson {
    fn from(attempt: StoredAttempt) -> Self {
        Self {
            attempted_at: attempt.attempted_at,
            duration_ms: attempt.duration_ms,
            status: attempt.status,
            error: attempt.error,
            answer: attempt.answer,
        }
    }
}

/// A delivery with its bytes and every try.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = webhook_delivery_detail)]
pub struct DeliveryDetailJson {
    /// The delivery.
    #[serde(flatten)]
    pub delivery: DeliveryJson,
    /// What is sent.
    pub body: Json,
    /// Every try, in their order.
    pub attempts: Vec<AttemptJson>,
}

/// The bytes of a delivery as JSON; it was stored as such.
pub fn body_of(delivery: &Delivery) -> Json {
    Json::of(&serde_json::from_str::<serde_json::Value>(&delivery.body).unwrap_or_default())
}
