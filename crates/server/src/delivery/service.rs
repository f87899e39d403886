//! What administrators do with endpoints and deliveries.

use std::collections::HashSet;
use std::time::Duration;

use ::store::{Conn, Tx};
use edge::{Error, Problem, Result};
use serde_json::json;
use types::{AccountId, DeliveryId, DeliveryState, EndpointId, EndpointKind, Id, Timestamp};
use uuid::Uuid;

use super::jobs::ReplayDeliveries;
use super::outcome::Attempt;
use super::signature;
use super::store::{self, Target};
use super::{CONCURRENCY, Delivery, Endpoint, Recipient};
use crate::{App, account, agent_bot, inbox, webhook};

/// The name of what an endpoint is tested with.
const TEST: &str = "webhook_test";
/// How long a test takes at most: somebody waits for it.
const LONGEST_TEST: Duration = Duration::from_secs(10);
/// The most that can be set.
const MOST_SECONDS: i64 = 30;
const MOST_AT_ONCE: i64 = 32;
const MOST_PER_MINUTE: i64 = 6_000;

/// How much an endpoint is told at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitsDraft {
    /// How long it may take to answer; `None`: what the installation has.
    pub timeout_seconds: Option<i64>,
    /// Deliveries on their way at the same time.
    pub concurrency: i64,
    /// Deliveries in a minute; `None`: as many as there are.
    pub per_minute: Option<i64>,
}

impl LimitsDraft {
    /// Those of an endpoint.
    pub fn of(endpoint: &Endpoint) -> Self {
        let Endpoint { timeout_seconds, concurrency, per_minute, .. } = *endpoint;
        Self { timeout_seconds, concurrency, per_minute }
    }

    fn problems(self) -> Vec<Problem> {
        let within = |field: &'static str, value: Option<i64>, most: i64| {
            let is_good = value.is_none_or(|value| (1..=most).contains(&value));
            (!is_good).then(|| Problem::new(field, &format!("must be between 1 and {most}")))
        };
        let found = [
            within("timeout_seconds", self.timeout_seconds, MOST_SECONDS),
            within("concurrency", Some(self.concurrency), MOST_AT_ONCE),
            within("per_minute", self.per_minute, MOST_PER_MINUTE),
        ];
        found.into_iter().flatten().collect()
    }
}

impl Default for LimitsDraft {
    fn default() -> Self {
        Self { timeout_seconds: None, concurrency: CONCURRENCY, per_minute: None }
    }
}

/// Everything of the account that is told something by HTTP.
pub fn list_recipients(conn: &mut Conn<'_>, account: AccountId) -> Result<Vec<Recipient>> {
    let of = |kind: EndpointKind, mut subjects: Vec<i64>| {
        subjects.sort_unstable();
        subjects.into_iter().map(move |subject| Recipient { kind, subject })
    };
    let webhooks = webhook::store::list(conn, account)?.iter().map(|webhook| webhook.id.get()).collect();
    let inboxes = store::list_told_inboxes(conn, account)?.into_iter().map(Id::get).collect();
    let bots: HashSet<i64> = store::list_told_bots(conn, account)?.into_values().map(Id::get).collect();
    Ok(of(EndpointKind::Webhook, webhooks)
        .chain(of(EndpointKind::Inbox, inboxes))
        .chain(of(EndpointKind::AgentBot, bots.into_iter().collect()))
        .collect())
}

/// The endpoints of the account, with their addresses; those that nobody has asked for yet are made.
pub async fn list(app: &App, account: AccountId) -> Result<Vec<(Endpoint, Target, i64)>> {
    let read = move |conn: &mut Conn<'_>| {
        let recipients = list_recipients(conn, account)?;
        let known = store::list_endpoints(conn, account)?;
        let is_known = |recipient: &Recipient| known.iter().any(|(endpoint, _)| endpoint.is_of(*recipient));
        let missing: Vec<Recipient> = recipients.iter().filter(|recipient| !is_known(recipient)).copied().collect();
        let mut shown = Vec::new();
        for (endpoint, waiting) in known {
            // What is gone, or has no address, is told nothing.
            if recipients.iter().any(|recipient| endpoint.is_of(*recipient))
                && let Some(target) = store::find_target(conn, &endpoint)?
            {
                shown.push((endpoint, target, waiting));
            }
        }
        Ok::<_, Error>((shown, missing))
    };
    let (shown, missing) = app.store.read(read).await?;
    if missing.is_empty() {
        return Ok(shown);
    }
    let make = move |tx: &mut Tx<'_>| {
        missing.iter().try_for_each(|recipient| store::lock_of(tx, account, *recipient).map(drop))
    };
    app.store.write(make).await?;
    Ok(app.store.read(read).await?.0)
}

/// The endpoint of the account with its address and what waits for it.
pub fn find(conn: &mut Conn<'_>, account: AccountId, id: EndpointId) -> Result<(Endpoint, Target, i64)> {
    let known = store::list_endpoints(conn, account)?.into_iter().find(|(endpoint, _)| endpoint.id == id);
    let (endpoint, waiting) = known.ok_or(Error::NotFound("webhook endpoint"))?;
    let target = store::find_target(conn, &endpoint)?.ok_or(Error::NotFound("webhook endpoint"))?;
    Ok((endpoint, target, waiting))
}

fn lock(tx: &mut Tx<'_>, account: AccountId, id: EndpointId) -> Result<Endpoint> {
    let found = store::lock(tx, id)?.filter(|endpoint| endpoint.account_id == account);
    found.ok_or(Error::NotFound("webhook endpoint"))
}

/// Sets the limits of an endpoint.
pub fn update(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: EndpointId,
    change: impl Fn(LimitsDraft) -> LimitsDraft,
) -> Result<()> {
    let before = lock(tx, account, id)?;
    let draft = change(LimitsDraft::of(&before));
    let problems = draft.problems();
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    store::update_limits(tx, id, draft)?;
    let held_until = before.held_until.filter(|_| draft.per_minute.is_some());
    store::plan(tx, &Endpoint { held_until, ..before })
}

/// Sends nothing to an endpoint until it is resumed. What happens meanwhile waits, for three days.
pub fn pause(tx: &mut Tx<'_>, account: AccountId, id: EndpointId) -> Result<()> {
    let endpoint = lock(tx, account, id)?;
    let paused_at = endpoint.paused_at.or(Some(tx.now()));
    store::plan(tx, &Endpoint { paused_at, ..endpoint })
}

/// Sends to an endpoint again, beginning with what waits.
pub fn resume(tx: &mut Tx<'_>, account: AccountId, id: EndpointId) -> Result<()> {
    let endpoint = lock(tx, account, id)?;
    begin_anew(tx, endpoint)
}

/// What a recipient did at its old address says nothing about its new one.
pub fn address_changed(tx: &mut Tx<'_>, recipient: Recipient) -> Result<()> {
    for id in store::list_of_recipient(tx, recipient)? {
        if let Some(endpoint) = store::lock(tx, id)? {
            begin_anew(tx, endpoint)?;
        }
    }
    Ok(())
}

fn begin_anew(tx: &mut Tx<'_>, endpoint: Endpoint) -> Result<()> {
    store::hurry(tx, endpoint.id, super::courier::HURRIED)?;
    store::plan(tx, &Endpoint { failures: 0, failing_since: None, open_until: None, paused_at: None, ..endpoint })
}

/// Sends a test to an endpoint at once and tells what came of it. It is kept among the deliveries.
pub async fn test(app: &App, account: AccountId, id: EndpointId) -> Result<DeliveryId> {
    let read = move |conn: &mut Conn<'_>| {
        let (endpoint, target, _) = find(conn, account, id)?;
        let name = account::store::find(conn, account)?.map(|account| account.name).unwrap_or_default();
        Ok::<_, Error>((endpoint, target, name, conn.now()))
    };
    let (endpoint, target, name, now) = app.store.read(read).await?;
    let (uuid, key) = (Uuid::new_v4().to_string(), Uuid::new_v4().to_string());
    let body = json!({ "event": TEST, "account": { "id": account, "name": name }, "sent_at": now }).to_string();
    let headers = signature::headers(&uuid, &key, now, &body, &target.secrets.valid_at(now));
    let time = endpoint.timeout(app.settings.webhook_timeout).min(LONGEST_TEST);
    let attempt = Attempt::make(app, &target.url, headers, body.clone(), time).await;
    let state = if attempt.failure().is_none() { DeliveryState::Succeeded } else { DeliveryState::Failed };
    let write = move |tx: &mut Tx<'_>| {
        lock(tx, account, id)?;
        let delivery = store::insert_test(tx, account, id, (&uuid, &key), TEST, &body, state)?;
        store::insert_attempt(tx, delivery, &attempt)?;
        Ok(delivery)
    };
    app.store.write(write).await
}

/// Sends a delivery that has ended once more: the same bytes, by itself. One that waits for its next try is tried now.
pub fn replay(tx: &mut Tx<'_>, account: AccountId, id: DeliveryId) -> Result<()> {
    let missing = || Error::NotFound("webhook delivery");
    let seen = store::find(tx, id)?.filter(|delivery| delivery.account_id == account).ok_or_else(missing)?;
    let endpoint = lock(tx, account, seen.endpoint_id)?;
    let delivery = store::find(tx, id)?.ok_or_else(missing)?;
    let now = tx.now();
    let queued = match delivery.state {
        DeliveryState::Waiting => Delivery { next_at: delivery.next_at.map(|_| now), ..delivery },
        DeliveryState::Succeeded | DeliveryState::Failed => {
            Delivery { out_of_order: true, next_at: Some(now), ..again(tx, delivery) }
        }
    };
    store::update(tx, &queued)?;
    store::plan(tx, &endpoint)
}

/// Sends what an endpoint was told since a time once more, in order: what failed, or everything that ended.
pub fn replay_since(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: EndpointId,
    since: Timestamp,
    is_everything: bool,
) -> Result<i64> {
    let endpoint = lock(tx, account, id)?;
    let (count, last) = store::count_ended(tx, endpoint.id, since, is_everything)?;
    if let Some(last) = last {
        let after = DeliveryId::new(0);
        // After everything that was queued before.
        let asked_at = tx.now().as_micros() + 1;
        let since = since.as_micros();
        ::jobs::push(tx, &ReplayDeliveries { endpoint_id: id, since, asked_at, is_everything, after, last })?;
    }
    Ok(count)
}

/// Puts some of them back in the queue; the last one, when there may be more.
pub fn replay_some(tx: &mut Tx<'_>, replay: &ReplayDeliveries, limit: i64) -> Result<Option<DeliveryId>> {
    let Some(endpoint) = store::lock(tx, replay.endpoint_id)? else { return Ok(None) };
    let ended = store::list_ended(tx, replay, limit)?;
    for delivery in &ended {
        store::update(tx, &Delivery { out_of_order: false, next_at: None, ..again(tx, delivery.clone()) })?;
        store::promote(tx, endpoint.id, &delivery.lane)?;
    }
    store::plan(tx, &endpoint)?;
    let is_full = i64::try_from(ended.len()).is_ok_and(|count| count == limit);
    Ok(ended.last().filter(|_| is_full).map(|delivery| delivery.id))
}

/// A delivery that waits as if it were new. People took over long ago, if they did.
fn again(tx: &Tx<'_>, delivery: Delivery) -> Delivery {
    Delivery {
        state: DeliveryState::Waiting,
        queued_at: tx.now(),
        tries: 0,
        escalate_at: None,
        ended_at: None,
        ..delivery
    }
}

/// The name of what an endpoint belongs to.
pub fn find_name(conn: &mut Conn<'_>, endpoint: &Endpoint) -> Result<Option<String>> {
    let (account, id) = (endpoint.account_id, endpoint.subject);
    Ok(match endpoint.kind {
        EndpointKind::Webhook => webhook::store::find(conn, account, Id::new(id))?.and_then(|found| found.name),
        EndpointKind::Inbox => inbox::store::find(conn, account, Id::new(id))?.map(|found| found.name),
        EndpointKind::AgentBot => {
            agent_bot::store::find_usable(conn, account, Id::new(id))?.and_then(|found| found.name)
        }
    })
}

impl Endpoint {
    /// Whether it is the recipient's.
    pub fn is_of(&self, recipient: Recipient) -> bool {
        self.kind == recipient.kind && self.subject == recipient.subject
    }

    /// How long it may take to answer.
    pub fn timeout(&self, installation: Duration) -> Duration {
        let own = self.timeout_seconds.and_then(|seconds| u64::try_from(seconds).ok());
        own.map_or(installation, Duration::from_secs)
    }
}
