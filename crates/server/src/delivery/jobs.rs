//! What deliveries owe to the clock: what has ended is kept for a while.

use std::time::Duration;

use ::jobs::{Job, JobError};
use serde::{Deserialize, Serialize};
use types::{DeliveryId, DeliveryState};

use super::outcome::GIVEN_UP_AFTER;
use super::{EndpointId, courier, service, store};
use crate::jobs::to_job_error;
use crate::{App, Result};

/// From one sweep to the next.
const PAUSE: Duration = Duration::from_mins(10);
/// Rows that are taken away in one transaction.
const AT_ONCE: i64 = 200;
/// Endpoints that are looked at in one sweep.
const ENDPOINTS: i64 = 50;

/// Takes away deliveries that ended long ago and those of endpoints that are gone, and gives up what waited too long for
/// a paused one. Goes on by itself. Safe to run twice.
#[derive(Debug, Serialize, Deserialize)]
pub struct SweepDeliveries {}

impl Job for SweepDeliveries {
    type Context = App;

    const NAME: &'static str = "sweep_deliveries";

    fn key(&self) -> String {
        String::new()
    }

    async fn run(&self, app: &App) -> Result<(), JobError> {
        sweep(app).await.map_err(to_job_error)?;
        let pushed = app.store.write(|tx| {
            let at = tx.now().plus(PAUSE);
            ::jobs::push_at(tx, &Self {}, at)
        });
        pushed.await.map_err(|error| to_job_error(error.into()))
    }
}

/// Puts deliveries that ended back into the queue, bit by bit and in their order. Safe to run twice: what was queued since
/// it was asked for stays as it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReplayDeliveries {
    /// The endpoint.
    pub endpoint_id: EndpointId,
    /// Those that were made since, in microseconds.
    pub since: i64,
    /// When that was asked for, in microseconds.
    pub asked_at: i64,
    /// Also those that were taken.
    pub is_everything: bool,
    /// Those after this one,
    pub after: DeliveryId,
    /// up to this one.
    pub last: DeliveryId,
}

impl Job for ReplayDeliveries {
    type Context = App;

    const NAME: &'static str = "replay_deliveries";

    fn key(&self) -> String {
        format!("{} {} {}", self.endpoint_id, self.asked_at, self.is_everything)
    }

    async fn run(&self, app: &App) -> Result<(), JobError> {
        let mut part = self.clone();
        loop {
            let next = part.clone();
            let replayed = app.store.write(move |tx| service::replay_some(tx, &next, AT_ONCE)).await;
            match replayed.map_err(to_job_error)? {
                Some(last) => part.after = last,
                None => return Ok(()),
            }
        }
    }
}

/// Makes sure that the sweep goes on; to be called at start.
pub async fn keep_sweeping(app: &App) -> Result<()> {
    app.store
        .write(|tx| {
            let at = tx.now().plus(PAUSE);
            Ok(::jobs::push_unless_waiting(tx, &SweepDeliveries {}, at)?)
        })
        .await
}

async fn sweep(app: &App) -> Result<()> {
    let kept = app.settings.deliveries_kept;
    while app.store.write(move |tx| store::delete_ended(tx, tx.now().minus(kept), AT_ONCE)).await? > 0 {}
    for endpoint in app.store.read(|conn| store::list_orphans(conn, ENDPOINTS)).await? {
        while !app.store.write(move |tx| take_orphan(tx, endpoint)).await? {}
    }
    for endpoint in app.store.read(store::list_paused).await? {
        while app.store.write(move |tx| give_up_some(tx, endpoint)).await? {}
    }
    Ok(())
}

fn take_orphan(tx: &mut ::store::Tx<'_>, endpoint: EndpointId) -> Result<bool> {
    let is_gone = store::find_endpoint(tx, endpoint)?.is_none();
    Ok(is_gone || store::delete_orphan(tx, endpoint, AT_ONCE)?)
}

/// Gives up what waited too long at a paused endpoint; whether there may be more.
fn give_up_some(tx: &mut ::store::Tx<'_>, endpoint: EndpointId) -> Result<bool> {
    let Some(endpoint) = store::lock(tx, endpoint)?.filter(|endpoint| endpoint.paused_at.is_some()) else {
        return Ok(false);
    };
    let before = tx.now().minus(GIVEN_UP_AFTER);
    let waiting = store::list_waiting(tx, endpoint.id, AT_ONCE)?;
    let old: Vec<_> = waiting.into_iter().filter(|delivery| delivery.queued_at < before).collect();
    for delivery in &old {
        courier::end(tx, &endpoint, delivery, DeliveryState::Failed, "the endpoint was paused for too long")?;
    }
    store::plan(tx, &endpoint)?;
    Ok(i64::try_from(old.len()).is_ok_and(|count| count == AT_ONCE))
}
