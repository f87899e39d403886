//! The SQL of deliveries.
//!
//! Whoever adds, ends or plans a delivery locks its endpoint first, so that a lane goes on exactly when its first one
//! ends, and [`Endpoint::due_at`] is true.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use ::store::{Conn, Sql, Tx, params, sql};
use edge::Result;
use types::{
    AccountId, AgentBotId, ChannelKind, DeliveryId, DeliveryState, EndpointId, EndpointKind, InboxId, Json, MessageId,
    Timestamp,
};
use uuid::Uuid;

use super::jobs::ReplayDeliveries;
use super::outcome::Attempt;
use super::service::LimitsDraft;
use super::{CONCURRENCY, Delivery, Endpoint, NewDelivery, Recipient};
use crate::inbox::channel::ApiSettings;
use crate::query::Conditions;
use crate::signing_secret::SigningSecrets;
use crate::{agent_bot, inbox, webhook};

/// How long people wait for a bot (decisions §4).
const BOT_HAS: Duration = Duration::from_mins(1);

/// The columns of [`Endpoint`].
macro_rules! endpoint_columns {
    () => {
        "id, account_id, kind, subject, timeout_seconds, concurrency, per_minute, failures, failing_since,
         open_until, held_until, paused_at, due_at"
    };
}

/// The columns of [`Delivery`].
macro_rules! delivery_columns {
    () => {
        "d.id, d.account_id, d.endpoint_id, d.uuid, d.event_key, d.part, d.event, d.lane, d.conversation_id,
         d.message_id, d.body, d.state, d.queued_at, d.tries, d.next_at, d.out_of_order, d.escalate_at, d.created_at,
         d.ended_at"
    };
}

/// API inboxes with a webhook.
pub fn list_told_inboxes(conn: &mut Conn<'_>, account: AccountId) -> Result<HashSet<InboxId>> {
    let rows: Vec<(InboxId, Json)> = conn.query(
        sql!(
            "SELECT i.id, ch.settings FROM channels ch JOIN inboxes i ON i.channel_id = ch.id
             WHERE ch.account_id = $1 AND ch.kind = $2 AND i.deleting_at IS NULL"
        ),
        (account, ChannelKind::Api),
    )?;
    let has_url = |settings: &Json| settings.read::<ApiSettings>().webhook_url.is_some_and(|url| !url.is_empty());
    Ok(rows.into_iter().filter(|(_, settings)| has_url(settings)).map(|(id, _)| id).collect())
}

/// Inboxes with a bot that is told, and their bots.
pub fn list_told_bots(conn: &mut Conn<'_>, account: AccountId) -> Result<HashMap<InboxId, AgentBotId>> {
    let rows: Vec<(InboxId, AgentBotId)> = conn.query(
        sql!(
            "SELECT l.inbox_id, b.id FROM agent_bot_inboxes l JOIN agent_bots b ON b.id = l.agent_bot_id
             WHERE l.account_id = $1 AND l.status = 'active' AND b.outgoing_url <> '' AND b.deleting_at IS NULL"
        ),
        (account,),
    )?;
    Ok(rows.into_iter().collect())
}

/// Where an endpoint is reached, and how it knows us.
#[derive(Clone)]
pub struct Target {
    /// Its address.
    pub url: String,
    /// What signs.
    pub secrets: SigningSecrets,
}

/// Where an endpoint is reached; `None` when it is gone or has no address any more.
pub fn find_target(conn: &mut Conn<'_>, endpoint: &Endpoint) -> Result<Option<Target>> {
    let (account, id) = (endpoint.account_id, endpoint.subject);
    let found = match endpoint.kind {
        EndpointKind::Webhook => webhook::store::find(conn, account, types::WebhookId::new(id))?
            .map(|webhook| Target { secrets: webhook.signing_secrets(), url: webhook.url }),
        EndpointKind::Inbox => inbox::store::find(conn, account, InboxId::new(id))?.and_then(|inbox| {
            let url = inbox.channel_settings.read::<ApiSettings>().webhook_url;
            url.zip(inbox.signing_secrets()).map(|(url, secrets)| Target { url, secrets })
        }),
        EndpointKind::AgentBot => agent_bot::store::find_usable(conn, account, AgentBotId::new(id))?
            .and_then(|bot| bot.outgoing_url.clone().map(|url| Target { url, secrets: bot.signing_secrets() })),
    };
    Ok(found.filter(|target| !target.url.is_empty()))
}

/// The recipient's endpoint, made when there is none yet; locked until the end of the transaction.
pub fn lock_of(tx: &mut Tx<'_>, account: AccountId, recipient: Recipient) -> Result<Endpoint> {
    let now = tx.now();
    Ok(tx.query_one(
        sql!(
            "INSERT INTO webhook_endpoints (account_id, kind, subject, concurrency, created_at)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (kind, subject, account_id) DO UPDATE SET account_id = excluded.account_id
             RETURNING ",
            endpoint_columns!()
        ),
        (account, recipient.kind, recipient.subject, CONCURRENCY, now),
    )?)
}

/// The endpoint, locked until the end of the transaction.
pub fn lock(tx: &mut Tx<'_>, id: EndpointId) -> Result<Option<Endpoint>> {
    Ok(tx.query_opt(sql!("SELECT ", endpoint_columns!(), " FROM webhook_endpoints WHERE id = $1 FOR UPDATE"), (id,))?)
}

/// The endpoint.
pub fn find_endpoint(conn: &mut Conn<'_>, id: EndpointId) -> Result<Option<Endpoint>> {
    Ok(conn.query_opt(sql!("SELECT ", endpoint_columns!(), " FROM webhook_endpoints WHERE id = $1"), (id,))?)
}

/// Stores deliveries, those that are there already but once. The first of each lane is due.
pub fn enqueue(tx: &mut Tx<'_>, account: AccountId, recipient: Recipient, deliveries: &[NewDelivery]) -> Result<()> {
    let endpoint = lock_of(tx, account, recipient)?;
    let now = tx.now();
    for delivery in deliveries {
        let is_for_bot = recipient.kind == EndpointKind::AgentBot && delivery.message_id.is_some();
        let waits = endpoint.paused_at.is_some() || endpoint.open_until.is_some_and(|until| until > now);
        let escalate_at = is_for_bot.then(|| if waits { now } else { now.plus(BOT_HAS) });
        tx.execute(
            sql!(
                "INSERT INTO webhook_deliveries (account_id, endpoint_id, uuid, event_key, part, event, lane,
                     conversation_id, message_id, body, state, queued_at, next_at, escalate_at, created_at)
                 SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT), $3, $4, CAST($5 AS BIGINT), $6, $7,
                     CAST($8 AS BIGINT), CAST($9 AS BIGINT), $10, 'waiting', CAST($11 AS BIGINT),
                     CASE WHEN EXISTS (SELECT 1 FROM webhook_deliveries e WHERE e.endpoint_id = $2 AND e.lane = $7
                                       AND e.state = 'waiting' AND NOT e.out_of_order) THEN NULL ELSE CAST($11 AS BIGINT) END, CAST($12 AS BIGINT), CAST($11 AS BIGINT)
                 WHERE TRUE ON CONFLICT (endpoint_id, event_key, part) DO NOTHING"
            ),
            params![
                account,
                endpoint.id,
                Uuid::new_v4().to_string(),
                delivery.event_key,
                delivery.part,
                delivery.event,
                delivery.lane,
                delivery.conversation_id,
                delivery.message_id,
                delivery.body,
                now,
                escalate_at,
            ],
        )?;
    }
    plan(tx, &endpoint)
}

/// Notes when the locked endpoint has something to do.
pub fn plan(tx: &mut Tx<'_>, endpoint: &Endpoint) -> Result<()> {
    let (next,): (Option<Timestamp>,) = tx.query_one(
        sql!("SELECT MIN(next_at) FROM webhook_deliveries WHERE endpoint_id = $1 AND next_at IS NOT NULL"),
        (endpoint.id,),
    )?;
    let due = next.filter(|_| endpoint.paused_at.is_none());
    let due =
        due.map(|next| [endpoint.open_until, endpoint.held_until].into_iter().flatten().fold(next, Timestamp::max));
    tx.execute(
        sql!(
            "UPDATE webhook_endpoints SET failures = $2, failing_since = $3, open_until = $4, held_until = $5,
                 paused_at = $6, due_at = $7
             WHERE id = $1"
        ),
        (
            endpoint.id,
            endpoint.failures,
            endpoint.failing_since,
            endpoint.open_until,
            endpoint.held_until,
            endpoint.paused_at,
            due,
        ),
    )?;
    tx.wake();
    Ok(())
}

/// Endpoints that have something to do, but for those that are `busy`; those that have waited longest first. Nothing is
/// told of an account that is being deleted.
pub fn list_due(conn: &mut Conn<'_>, busy: &[EndpointId], limit: i64) -> Result<Vec<EndpointId>> {
    let now = conn.now();
    let rows: Vec<(EndpointId,)> = conn.query(
        sql!(
            "SELECT e.id FROM webhook_endpoints e JOIN accounts a ON a.id = e.account_id
             WHERE e.due_at <= $1 AND e.id <> ALL($2) AND a.deleting_at IS NULL ORDER BY e.due_at, e.id LIMIT $3"
        ),
        (now, busy, limit),
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// When an endpoint or an escalation will be due that is not yet.
pub fn find_next(conn: &mut Conn<'_>) -> Result<Option<Timestamp>> {
    let now = conn.now();
    let (endpoint,): (Option<Timestamp>,) =
        conn.query_one(sql!("SELECT MIN(due_at) FROM webhook_endpoints WHERE due_at > $1"), (now,))?;
    let (escalation,): (Option<Timestamp>,) =
        conn.query_one(sql!("SELECT MIN(escalate_at) FROM webhook_deliveries WHERE escalate_at > $1"), (now,))?;
    Ok(endpoint.into_iter().chain(escalation).min())
}

/// What is to be sent to the endpoint now, but for what is on its way.
pub fn list_sendable(
    conn: &mut Conn<'_>,
    endpoint: EndpointId,
    on_its_way: &[DeliveryId],
    limit: i64,
) -> Result<Vec<Delivery>> {
    let now = conn.now();
    Ok(conn.query(
        sql!(
            "SELECT ",
            delivery_columns!(),
            " FROM webhook_deliveries d
              WHERE d.endpoint_id = $1 AND d.next_at <= $2 AND d.id <> ALL($3) ORDER BY d.next_at, d.id LIMIT $4"
        ),
        (endpoint, now, on_its_way, limit),
    )?)
}

/// The delivery.
pub fn find(conn: &mut Conn<'_>, id: DeliveryId) -> Result<Option<Delivery>> {
    Ok(conn.query_opt(sql!("SELECT ", delivery_columns!(), " FROM webhook_deliveries d WHERE d.id = $1"), (id,))?)
}

/// Notes what came of sending a delivery.
pub fn insert_attempt(tx: &mut Tx<'_>, id: DeliveryId, attempt: &Attempt) -> Result<()> {
    let milliseconds = i64::try_from(attempt.duration.as_millis()).unwrap_or(i64::MAX);
    tx.execute(
        sql!(
            "INSERT INTO webhook_attempts (delivery_id, attempted_at, duration_ms, status, error, answer)
             VALUES ($1, $2, $3, $4, $5, $6)"
        ),
        (id, attempt.at, milliseconds, attempt.status.map(i64::from), attempt.error.as_deref(), &attempt.answer),
    )?;
    Ok(())
}

/// Writes back how far a delivery of a locked endpoint has come. When it holds its lane no longer, the next one follows.
pub fn update(tx: &mut Tx<'_>, delivery: &Delivery) -> Result<()> {
    tx.execute(
        sql!(
            "UPDATE webhook_deliveries SET state = $2, queued_at = $3, tries = $4, next_at = $5, out_of_order = $6,
                 escalate_at = $7, ended_at = $8
             WHERE id = $1"
        ),
        (
            delivery.id,
            delivery.state,
            delivery.queued_at,
            delivery.tries,
            delivery.next_at,
            delivery.out_of_order,
            delivery.escalate_at,
            delivery.ended_at,
        ),
    )?;
    if delivery.state != DeliveryState::Waiting || delivery.out_of_order {
        promote(tx, delivery.endpoint_id, &delivery.lane)?;
    }
    Ok(())
}

/// Makes the first waiting delivery of a lane due.
pub fn promote(tx: &mut Tx<'_>, endpoint: EndpointId, lane: &str) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!(
            "UPDATE webhook_deliveries SET next_at = $3
             WHERE next_at IS NULL AND id = (
                 SELECT id FROM webhook_deliveries
                 WHERE endpoint_id = $1 AND lane = $2 AND state = 'waiting' AND NOT out_of_order ORDER BY id LIMIT 1)"
        ),
        (endpoint, lane, now),
    )?;
    Ok(())
}

/// Brings forward what waits for its next try at an endpoint that takes deliveries again.
pub fn hurry(tx: &mut Tx<'_>, endpoint: EndpointId, limit: i64) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!(
            "UPDATE webhook_deliveries SET next_at = $2 WHERE id IN (
                 SELECT id FROM webhook_deliveries WHERE endpoint_id = $1 AND next_at > $2 ORDER BY id LIMIT $3)"
        ),
        (endpoint, now, limit),
    )?;
    Ok(())
}

/// Waiting deliveries of an endpoint, the oldest first.
pub fn list_waiting(conn: &mut Conn<'_>, endpoint: EndpointId, limit: i64) -> Result<Vec<Delivery>> {
    Ok(conn.query(
        sql!(
            "SELECT ",
            delivery_columns!(),
            " FROM webhook_deliveries d WHERE d.endpoint_id = $1 AND d.state = 'waiting' ORDER BY d.id LIMIT $2"
        ),
        (endpoint, limit),
    )?)
}

/// Deliveries whose bot was not heard of in time.
pub fn list_to_escalate(conn: &mut Conn<'_>, limit: i64) -> Result<Vec<DeliveryId>> {
    let now = conn.now();
    let rows: Vec<(DeliveryId,)> = conn.query(
        sql!(
            "SELECT d.id FROM webhook_deliveries d JOIN accounts a ON a.id = d.account_id
             WHERE d.escalate_at <= $1 AND a.deleting_at IS NULL ORDER BY d.escalate_at, d.id LIMIT $2"
        ),
        (now, limit),
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Takes the escalation of a delivery, if it is still due.
pub fn take_escalation(tx: &mut Tx<'_>, id: DeliveryId) -> Result<Option<Delivery>> {
    let now = tx.now();
    let taken = tx.execute(
        sql!("UPDATE webhook_deliveries SET escalate_at = NULL WHERE id = $1 AND escalate_at <= $2"),
        (id, now),
    )?;
    if taken == 0 { Ok(None) } else { find(tx, id) }
}

/// The endpoints of the account, each with the number of deliveries that wait for it: by kind, each by what it is of.
pub fn list_endpoints(conn: &mut Conn<'_>, account: AccountId) -> Result<Vec<(Endpoint, i64)>> {
    let endpoints: Vec<Endpoint> = conn.query(
        sql!(
            "SELECT ",
            endpoint_columns!(),
            " FROM webhook_endpoints WHERE account_id = $1 ORDER BY
                CASE kind WHEN 'webhook' THEN 0 WHEN 'inbox' THEN 1 ELSE 2 END, subject"
        ),
        (account,),
    )?;
    let ids: Vec<EndpointId> = endpoints.iter().map(|endpoint| endpoint.id).collect();
    let counts: Vec<(EndpointId, i64)> = conn.query(
        sql!(
            "SELECT endpoint_id, COUNT(*) FROM webhook_deliveries
             WHERE endpoint_id = ANY($1) AND state = 'waiting' GROUP BY endpoint_id"
        ),
        (&ids,),
    )?;
    let counts: HashMap<EndpointId, i64> = counts.into_iter().collect();
    let counted = |endpoint: Endpoint| {
        let waiting = counts.get(&endpoint.id).copied().unwrap_or_default();
        (endpoint, waiting)
    };
    Ok(endpoints.into_iter().map(counted).collect())
}

/// The recipient's endpoints, in every account that it hears of.
pub fn list_of_recipient(conn: &mut Conn<'_>, recipient: Recipient) -> Result<Vec<EndpointId>> {
    let rows: Vec<(EndpointId,)> = conn.query(
        sql!("SELECT id FROM webhook_endpoints WHERE kind = $1 AND subject = $2 ORDER BY id"),
        (recipient.kind, recipient.subject),
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Writes the limits of a locked endpoint.
pub fn update_limits(tx: &mut Tx<'_>, id: EndpointId, limits: LimitsDraft) -> Result<()> {
    tx.execute(
        sql!("UPDATE webhook_endpoints SET timeout_seconds = $2, concurrency = $3, per_minute = $4 WHERE id = $1"),
        (id, limits.timeout_seconds, limits.concurrency, limits.per_minute),
    )?;
    Ok(())
}

/// Stores a test that has ended.
pub fn insert_test(
    tx: &mut Tx<'_>,
    account: AccountId,
    endpoint: EndpointId,
    (uuid, key): (&str, &str),
    event: &str,
    body: &str,
    state: DeliveryState,
) -> Result<DeliveryId> {
    let now = tx.now();
    let (id,): (DeliveryId,) = tx.query_one(
        sql!(
            "INSERT INTO webhook_deliveries (account_id, endpoint_id, uuid, event_key, part, event, lane, body, state,
                 queued_at, tries, created_at, ended_at)
             VALUES ($1, $2, $3, $4, 0, $5, 'test', $6, $7, $8, 1, $8, $8) RETURNING id"
        ),
        params![account, endpoint, uuid, key, event, body, state, now],
    )?;
    Ok(id)
}

/// Which deliveries are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Of this endpoint.
    pub endpoint_id: Option<EndpointId>,
    /// That have come so far.
    pub state: Option<DeliveryState>,
    /// About this event.
    pub event: Option<String>,
    /// Older than this one.
    pub before: Option<DeliveryId>,
}

::store::row! {
    /// A delivery as lists show it.
    #[derive(Debug, Clone)]
    pub struct DeliveryRow {
        /// Its id.
        pub id: DeliveryId,
        /// Whom it is for.
        pub endpoint_id: EndpointId,
        /// Names it for the receiver.
        pub uuid: String,
        /// The event's id in the log.
        pub event_key: String,
        /// Which of the things that the event tells.
        pub part: i64,
        /// Its name for the receiver.
        pub event: String,
        /// How far it has come.
        pub state: DeliveryState,
        /// How often it was tried.
        pub tries: i64,
        /// When it is tried.
        pub next_at: Option<Timestamp>,
        /// Whether others in its lane go on without it.
        pub out_of_order: bool,
        /// The message, if it is about one.
        pub message_id: Option<MessageId>,
        /// When it was stored.
        pub created_at: Timestamp,
        /// When it was taken or given up.
        pub ended_at: Option<Timestamp>,
        /// The number of the conversation, if it is about one.
        pub display_id: Option<i64>,
    }
}

/// The columns of [`DeliveryRow`].
const ROW: &str = "d.id, d.endpoint_id, d.uuid, d.event_key, d.part, d.event, d.state, d.tries, d.next_at,
    d.out_of_order, d.message_id, d.created_at, d.ended_at,
    (SELECT c.display_id FROM conversations c WHERE c.id = d.conversation_id) AS display_id";

/// The wanted deliveries of the account, the newest first.
pub fn list(conn: &mut Conn<'_>, account: AccountId, wanted: &Wanted, limit: i64) -> Result<Vec<DeliveryRow>> {
    let mut conditions = Conditions::on("webhook_deliveries", "d");
    conditions.and("d.account_id = $1", &[&account]);
    if let Some(endpoint) = &wanted.endpoint_id {
        conditions.and("d.endpoint_id = $1", &[endpoint]);
    }
    if let Some(state) = &wanted.state {
        conditions.and("d.state = $1", &[state]);
    }
    if let Some(event) = &wanted.event {
        conditions.and("d.event = $1", &[event]);
    }
    if let Some(before) = &wanted.before {
        conditions.and("d.id < $1", &[before]);
    }
    let (text, values) = conditions.page(ROW, "d.id DESC", limit, 0);
    Ok(conn.query_built(&text, &values)?)
}

/// The delivery of the account as lists show it.
pub fn find_row(conn: &mut Conn<'_>, account: AccountId, id: DeliveryId) -> Result<Option<DeliveryRow>> {
    let mut conditions = Conditions::on("webhook_deliveries", "d");
    conditions.and("d.account_id = $1 AND d.id = $2", &[&account, &id]);
    let (text, values) = conditions.select(ROW, &[]);
    Ok(conn.query_built(&text, &values)?.pop())
}

::store::row! {
    /// A try to send a delivery.
    #[derive(Debug, Clone)]
    pub struct StoredAttempt {
        /// When it began.
        pub attempted_at: Timestamp,
        /// Milliseconds.
        pub duration_ms: i64,
        /// The answer's status, if there was one.
        pub status: Option<i64>,
        /// Why there was none.
        pub error: Option<String>,
        /// The beginning of the answer's body.
        pub answer: String,
    }
}

/// Every try to send a delivery, in their order.
pub fn list_attempts(conn: &mut Conn<'_>, id: DeliveryId) -> Result<Vec<StoredAttempt>> {
    Ok(conn.query(
        sql!(
            "SELECT attempted_at, duration_ms, status, error, answer FROM webhook_attempts
             WHERE delivery_id = $1 ORDER BY id"
        ),
        (id,),
    )?)
}

/// How many deliveries of an endpoint ended that were made since a time, and the last one of them.
pub fn count_ended(
    conn: &mut Conn<'_>,
    endpoint: EndpointId,
    since: Timestamp,
    is_everything: bool,
) -> Result<(i64, Option<DeliveryId>)> {
    Ok(conn.query_one(
        sql!(
            "SELECT COUNT(*), MAX(id) FROM webhook_deliveries
             WHERE endpoint_id = $1 AND created_at >= $2 AND lane <> 'test'
                 AND (state = 'failed' OR (state = 'succeeded' AND $3))"
        ),
        (endpoint, since, is_everything),
    )?)
}

/// Some of them, in their order.
pub fn list_ended(conn: &mut Conn<'_>, wanted: &ReplayDeliveries, limit: i64) -> Result<Vec<Delivery>> {
    Ok(conn.query(
        sql!(
            "SELECT ",
            delivery_columns!(),
            " FROM webhook_deliveries d
              WHERE d.endpoint_id = $1 AND d.created_at >= $2 AND d.lane <> 'test' AND d.id > $3 AND d.id <= $4
                  AND (d.state = 'failed' OR (d.state = 'succeeded' AND $5)) AND d.queued_at < $6
              ORDER BY d.id LIMIT $7"
        ),
        (wanted.endpoint_id, wanted.since, wanted.after, wanted.last, wanted.is_everything, wanted.asked_at, limit),
    )?)
}

/// Puts an escalation that failed off.
pub fn postpone_escalation(tx: &mut Tx<'_>, id: DeliveryId, until: Timestamp) -> Result<()> {
    tx.execute(
        sql!("UPDATE webhook_deliveries SET escalate_at = $2 WHERE id = $1 AND escalate_at IS NOT NULL"),
        (id, until),
    )?;
    Ok(())
}

/// Deletes some deliveries that ended before `ended_before`; how many.
pub fn delete_ended(tx: &mut Tx<'_>, ended_before: Timestamp, limit: i64) -> Result<u64> {
    Ok(tx.execute(
        sql!(
            "DELETE FROM webhook_deliveries WHERE id IN (
                 SELECT id FROM webhook_deliveries WHERE ended_at < $1 ORDER BY ended_at LIMIT $2)"
        ),
        (ended_before, limit),
    )?)
}

/// Endpoints that are paused.
pub fn list_paused(conn: &mut Conn<'_>) -> Result<Vec<EndpointId>> {
    let rows: Vec<(EndpointId,)> =
        conn.query(sql!("SELECT id FROM webhook_endpoints WHERE paused_at IS NOT NULL ORDER BY id"), ())?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Endpoints whose webhook, inbox or bot is gone.
pub fn list_orphans(conn: &mut Conn<'_>, limit: i64) -> Result<Vec<EndpointId>> {
    let rows: Vec<(EndpointId,)> = conn.query(
        sql!(
            "SELECT e.id FROM webhook_endpoints e WHERE
                 (e.kind = 'webhook' AND NOT EXISTS (SELECT 1 FROM webhooks w WHERE w.id = e.subject))
                 OR (e.kind = 'inbox' AND NOT EXISTS (SELECT 1 FROM inboxes i WHERE i.id = e.subject))
                 OR (e.kind = 'agent_bot' AND NOT EXISTS (SELECT 1 FROM agent_bots b WHERE b.id = e.subject))
             ORDER BY e.id LIMIT $1"
        ),
        (limit,),
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Deletes some deliveries of an endpoint that is gone, and the endpoint when there are none left; whether it is gone.
pub fn delete_orphan(tx: &mut Tx<'_>, id: EndpointId, limit: i64) -> Result<bool> {
    let some: &Sql = sql!(
        "DELETE FROM webhook_deliveries WHERE id IN (
             SELECT id FROM webhook_deliveries WHERE endpoint_id = $1 ORDER BY id LIMIT $2)"
    );
    if lock(tx, id)?.is_none() || tx.execute(some, (id, limit))? > 0 {
        return Ok(false);
    }
    tx.execute(sql!("DELETE FROM webhook_endpoints WHERE id = $1"), (id,))?;
    Ok(true)
}
