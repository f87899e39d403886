//! Sending what is due.
//!
//! Each endpoint that is due has a task of its own while there is something to send to it, so that one that is slow or
//! dead delays no other. What is on its way is known only here: after a kill it is sent again.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use ::store::{Conn, Tx};
use edge::Result;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::warn;
use types::{DeliveryId, DeliveryState, EndpointId, EndpointKind, Timestamp};

use super::outcome::{Attempt, GIVEN_UP_AFTER, KEEPS_ORDER_FOR, Verdict, delay};
use super::store::Target;
use super::{Delivery, Endpoint, escalation, pause, signature, store};
use crate::App;
use crate::dispatch::LEASE;
use crate::dispatch::lease::{self, Lease};

/// Calls at the same time, to all endpoints together.
pub const CALLS: usize = 256;
/// Endpoints that are looked for at a time.
const ENDPOINTS: i64 = 256;
/// Escalations at a time.
const ESCALATIONS: i64 = 50;
/// How long a conversation that could not be handed over waits: it holds up no other.
const PUT_OFF: Duration = Duration::from_mins(1);
/// Endpoints are looked for this often even when nothing woke us.
const POLL: Duration = Duration::from_secs(2);
/// How long after a commit a busy endpoint with free places is looked at: many commits are one look.
const GLANCE: Duration = Duration::from_millis(20);
/// How long an endpoint is left alone after the database failed.
const PAUSE: Duration = Duration::from_secs(1);
/// So many failures in a row, and an endpoint is left alone for a while.
const FAILURES: i64 = 5;
/// How long, twice as long each time.
const FIRST_OPEN: Duration = Duration::from_secs(10);
const LONGEST_OPEN: Duration = Duration::from_mins(10);
/// After so long without a success, an endpoint is paused until somebody resumes it.
const PAUSED_AFTER: Duration = Duration::from_hours(24);
/// A bot has so many tries before people take over (decisions §4).
const TRIES_OF_BOT: i64 = 3;
/// Deliveries that are brought forward when an endpoint takes some again.
pub const HURRIED: i64 = 500;
/// Deliveries that are given up in one transaction.
const AT_ONCE: i64 = 200;

/// Sends deliveries while this process has the lease.
#[derive(Clone)]
pub struct Courier {
    app: App,
    lease: watch::Receiver<Option<Lease>>,
    calls: Arc<Semaphore>,
}

/// What there is to do for an endpoint.
struct Work {
    endpoint: Endpoint,
    /// `None`: it is gone.
    target: Option<Target>,
    deliveries: Vec<Delivery>,
}

impl Courier {
    /// Works under the lease of a dispatcher.
    pub fn new(app: &App, lease: watch::Receiver<Option<Lease>>) -> Self {
        Self { app: app.clone(), lease, calls: Arc::new(Semaphore::new(CALLS)) }
    }

    /// Sends until `stop`; then finishes what is on its way.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut running = JoinSet::new();
        let mut busy = HashSet::new();
        while !stop.is_cancelled() {
            // Registered before we look, so that a commit in between is not missed.
            let store = self.app.store.clone();
            let woken = store.committed();
            let held = *self.lease.borrow_and_update();
            let mut wait = POLL;
            if let Some(held) = held {
                match self.look(held, &busy).await {
                    Ok((due, next)) => {
                        for endpoint in due {
                            busy.insert(endpoint);
                            let (courier, stop) = (self.clone(), stop.clone());
                            running.spawn(async move {
                                if let Err(cause) = courier.serve(endpoint, held, &stop).await {
                                    warn!(%cause, %endpoint, "sending to an endpoint failed; it is tried again");
                                    sleep(PAUSE).await;
                                }
                                endpoint
                            });
                        }
                        wait = next.unwrap_or(POLL).min(POLL);
                    }
                    Err(cause) => warn!(%cause, "looking for deliveries failed; looking again"),
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = woken, if held.is_some() => {}
                changed = self.lease.changed() => if changed.is_err() { break },
                Some(ended) = running.join_next() => {
                    busy.remove(&ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())));
                }
                () = sleep(wait) => {}
            }
        }
        while running.join_next().await.is_some() {}
    }

    /// Sends everything that is due, and what becomes due by it; whether there was anything. For tests and commands.
    pub async fn run_due(&self, held: Lease) -> Result<bool> {
        let mut was_due = false;
        loop {
            let (due, _) = self.look(held, &HashSet::new()).await?;
            if due.is_empty() {
                return Ok(was_due);
            }
            was_due = true;
            let mut running = JoinSet::new();
            for endpoint in due {
                let courier = self.clone();
                running.spawn(async move { courier.serve(endpoint, held, &CancellationToken::new()).await });
            }
            while let Some(served) = running.join_next().await {
                served.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
            }
        }
    }

    /// Lets people take over where a bot did not answer in time; then the endpoints that are due, and how long the next
    /// thing is away.
    async fn look(&self, held: Lease, busy: &HashSet<EndpointId>) -> Result<(Vec<EndpointId>, Option<Duration>)> {
        loop {
            let busy: Vec<EndpointId> = busy.iter().copied().collect();
            let read = move |conn: &mut Conn<'_>| {
                let late = store::list_to_escalate(conn, ESCALATIONS)?;
                let next = store::find_next(conn)?.map(|next| next.since(conn.now()));
                Ok::<_, edge::Error>((late, store::list_due(conn, &busy, ENDPOINTS)?, next))
            };
            let (late, due, next) = self.app.store.read(read).await?;
            if late.is_empty() {
                return Ok((due, next));
            }
            for id in late {
                let hand_over = move |tx: &mut Tx<'_>| check(tx, held).and_then(|()| escalation::hand_over(tx, id));
                if let Err(cause) = self.app.store.write(hand_over).await {
                    warn!(%cause, delivery = %id, "a conversation could not be handed over; it is tried again");
                    let put_off = move |tx: &mut Tx<'_>| {
                        check(tx, held)?;
                        let until = tx.now().plus(PUT_OFF);
                        store::postpone_escalation(tx, id, until)
                    };
                    self.app.store.write(put_off).await?;
                }
            }
        }
    }

    /// Sends to one endpoint until there is nothing more to send at this moment.
    async fn serve(&self, endpoint: EndpointId, held: Lease, stop: &CancellationToken) -> Result<()> {
        let mut sending: JoinSet<(DeliveryId, Result<()>)> = JoinSet::new();
        let mut on_its_way = HashSet::new();
        let mut failed = None;
        let mut places = 0;
        loop {
            // Registered before we look, so that a commit in between is not missed.
            let store = self.app.store.clone();
            let woken = store.committed();
            if !stop.is_cancelled() && failed.is_none() {
                match self.next(endpoint, held, &on_its_way).await {
                    Ok(Some(Work { endpoint, target: Some(target), deliveries })) => {
                        places = usize::try_from(endpoint.places()).unwrap_or_default();
                        for delivery in deliveries {
                            on_its_way.insert(delivery.id);
                            let (courier, endpoint, target) = (self.clone(), endpoint, target.clone());
                            sending.spawn(async move {
                                let id = delivery.id;
                                (id, courier.send(endpoint, &target, delivery, held).await)
                            });
                        }
                    }
                    Ok(Some(Work { endpoint, target: None, .. })) => {
                        let id = endpoint.id;
                        let give_up = move |tx: &mut Tx<'_>| check(tx, held).and_then(|()| give_up_some(tx, id));
                        // What is on its way is still to be settled.
                        while failed.is_none() {
                            match self.app.store.write(give_up).await {
                                Ok(true) => {}
                                Ok(false) => break,
                                Err(cause) => failed = Some(cause),
                            }
                        }
                    }
                    Ok(None) => {}
                    Err(cause) => failed = Some(cause),
                }
            }
            // Something for a free place may come while others are on their way.
            let is_full = on_its_way.len() >= places || failed.is_some();
            let may_be_more = async {
                woken.await;
                sleep(GLANCE).await;
            };
            let sent = tokio::select! {
                sent = sending.join_next() => sent,
                () = may_be_more, if !is_full && !sending.is_empty() => continue,
            };
            let Some(sent) = sent else { break };
            let (id, sent) = sent.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
            on_its_way.remove(&id);
            if let Err(cause) = sent {
                failed = Some(cause);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// What else is to be sent to an endpoint; `None`: nothing.
    async fn next(&self, id: EndpointId, held: Lease, on_its_way: &HashSet<DeliveryId>) -> Result<Option<Work>> {
        let on_its_way: Vec<DeliveryId> = on_its_way.iter().copied().collect();
        let read = move |conn: &mut Conn<'_>| {
            let Some(endpoint) = store::find_endpoint(conn, id)? else { return Ok(None) };
            let is_due = endpoint.due_at.is_some_and(|due| due <= conn.now()) && lease::is_held(conn, LEASE, held)?;
            let room = endpoint.places() - i64::try_from(on_its_way.len()).unwrap_or(i64::MAX);
            if !is_due || room <= 0 {
                return Ok(None);
            }
            let Some(target) = store::find_target(conn, &endpoint)? else {
                return Ok(Some(Work { endpoint, target: None, deliveries: Vec::new() }));
            };
            let deliveries = store::list_sendable(conn, id, &on_its_way, room)?;
            Ok::<_, edge::Error>(Some(Work { endpoint, target: Some(target), deliveries }))
        };
        self.app.store.read(read).await
    }

    async fn send(&self, endpoint: Endpoint, target: &Target, delivery: Delivery, held: Lease) -> Result<()> {
        let attempt = self.attempt(&endpoint, target, &delivery).await;
        let (id, endpoint) = (delivery.id, delivery.endpoint_id);
        self.app.store.write(move |tx| check(tx, held).and_then(|()| settle(tx, endpoint, id, &attempt))).await
    }

    /// Sends a delivery once.
    async fn attempt(&self, endpoint: &Endpoint, target: &Target, delivery: &Delivery) -> Attempt {
        // Nobody's time runs while others are sent.
        let _call = self.calls.acquire().await;
        let at = self.app.clock.now();
        let headers =
            signature::headers(&delivery.uuid, &delivery.name(), at, &delivery.body, &target.secrets.valid_at(at));
        let time = endpoint.timeout(self.app.settings.webhook_timeout);
        Attempt::make(&self.app, &target.url, headers, delivery.body.clone(), time).await
    }
}

impl Endpoint {
    /// How many deliveries may be on their way: one while nobody knows whether it takes any.
    fn places(&self) -> i64 {
        if self.failures >= FAILURES || self.per_minute.is_some() { 1 } else { self.concurrency }
    }

    fn note_success(&mut self) {
        (self.failures, self.failing_since, self.open_until) = (0, None, None);
    }

    /// A failure that is not a refusal opens the circuit after a while.
    fn note_failure(&mut self, delivery: &Delivery, now: Timestamp, verdict: Verdict) {
        self.failing_since.get_or_insert(now);
        if verdict != Verdict::Refused {
            self.failures += 1;
            let times = u32::try_from((self.failures - FAILURES).clamp(0, 16)).unwrap_or(0);
            if self.failures >= FAILURES {
                let until = now.plus((FIRST_OPEN * 2_u32.pow(times)).min(LONGEST_OPEN));
                // The one that failed holds up its lane no longer than it may.
                let keeps_order_until = Some(delivery.queued_at.plus(KEEPS_ORDER_FOR)).filter(|until| *until > now);
                self.open_until = Some(keeps_order_until.map_or(until, |last| until.min(last)));
            }
        }
    }
}

/// Fails when another process has taken over.
fn check(tx: &mut Tx<'_>, held: Lease) -> Result<()> {
    if lease::is_held(tx, LEASE, held)? { Ok(()) } else { Err(edge::Error::Unavailable) }
}

/// Notes what came of a delivery, and what follows from it for its endpoint and its lane.
fn settle(tx: &mut Tx<'_>, endpoint: EndpointId, id: DeliveryId, attempt: &Attempt) -> Result<()> {
    let Some(mut endpoint) = store::lock(tx, endpoint)? else { return Ok(()) };
    let Some(mut delivery) = store::find(tx, id)? else { return store::plan(tx, &endpoint) };
    let now = tx.now();
    store::insert_attempt(tx, id, attempt)?;
    delivery.tries += 1;
    if let Some(per_minute) = endpoint.per_minute {
        let between = Duration::from_mins(1) / u32::try_from(per_minute.max(1)).unwrap_or(1);
        endpoint.held_until = Some(now.plus(between));
    }
    match attempt.failure() {
        None => {
            let was_failing = endpoint.failures > 0;
            endpoint.note_success();
            end(tx, &endpoint, &delivery, DeliveryState::Succeeded, "")?;
            if was_failing {
                store::hurry(tx, endpoint.id, HURRIED)?;
            }
        }
        Some(reason) => {
            endpoint.note_failure(&delivery, now, attempt.verdict);
            let again = match attempt.verdict {
                Verdict::Again(after) => next_try(&delivery, now, after),
                Verdict::Taken | Verdict::Refused => None,
            };
            match again {
                Some(at) => {
                    delivery.next_at = Some(at);
                    if !delivery.out_of_order && now >= delivery.queued_at.plus(KEEPS_ORDER_FOR) {
                        delivery.out_of_order = true;
                        // It may be the delivery and not the endpoint: the next one tries.
                        endpoint.open_until = None;
                    }
                    if delivery.tries >= TRIES_OF_BOT || endpoint.failures >= FAILURES {
                        delivery.escalate_at = delivery.escalate_at.map(|_| now);
                    }
                    store::update(tx, &delivery)?;
                }
                None => end(tx, &endpoint, &delivery, DeliveryState::Failed, &reason)?,
            }
            let is_dead = endpoint.failing_since.is_some_and(|since| now.since(since) >= PAUSED_AFTER);
            // One that fails by itself for long says little about the endpoint.
            if is_dead && !delivery.out_of_order && endpoint.paused_at.is_none() {
                pause::pause(tx, &mut endpoint, now)?;
            }
        }
    }
    store::plan(tx, &endpoint)
}

/// When a delivery that failed is tried again; `None`: never. It holds its lane for no longer than it may, and its last
/// try is at the end of its time.
fn next_try(delivery: &Delivery, now: Timestamp, after: Option<Duration>) -> Option<Timestamp> {
    let last = delivery.queued_at.plus(GIVEN_UP_AFTER);
    if now >= last {
        return None;
    }
    let wait = delay(delivery.tries, now.jitter()).max(after.unwrap_or_default());
    let keeps_order_until = delivery.queued_at.plus(KEEPS_ORDER_FOR);
    let at = now.plus(wait).min(last);
    Some(if now < keeps_order_until { at.min(keeps_order_until) } else { at })
}

/// Ends a delivery of a locked endpoint; who waits for its message learns when it failed.
pub fn end(
    tx: &mut Tx<'_>,
    endpoint: &Endpoint,
    delivery: &Delivery,
    state: DeliveryState,
    reason: &str,
) -> Result<()> {
    let now = tx.now();
    let escalate_at = delivery.escalate_at.filter(|_| state == DeliveryState::Failed).map(|_| now);
    let ended = Delivery { state, next_at: None, escalate_at, ended_at: Some(now), ..delivery.clone() };
    store::update(tx, &ended)?;
    if state == DeliveryState::Failed && endpoint.kind == EndpointKind::Inbox {
        escalation::fail_message(tx, &ended, reason)?;
    }
    Ok(())
}

/// Gives up some of what waits for an endpoint that has no address any more; whether there may be more.
fn give_up_some(tx: &mut Tx<'_>, id: EndpointId) -> Result<bool> {
    let Some(endpoint) = store::lock(tx, id)? else { return Ok(false) };
    let waiting = store::list_waiting(tx, id, AT_ONCE)?;
    for delivery in &waiting {
        end(tx, &endpoint, delivery, DeliveryState::Failed, "there is no address any more")?;
    }
    store::plan(tx, &endpoint)?;
    Ok(i64::try_from(waiting.len()).is_ok_and(|count| count == AT_ONCE))
}
