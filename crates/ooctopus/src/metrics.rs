//! Metrics, for Prometheus, on a listener of their own.

use std::time::Duration;

use anyhow::{Result, anyhow};
use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use metrics::{describe_gauge, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use server::App;
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// How often samples are folded together, so that they do not pile up while nobody asks.
const UPKEEP: Duration = Duration::from_secs(5);

/// Bounds of the buckets of durations, in seconds.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// What is measured from now on.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
    app: App,
}

impl Metrics {
    /// Starts to measure the process; once.
    pub fn start(app: App) -> Result<Self> {
        let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)?;
        let handle = builder.install_recorder().map_err(|cause| anyhow!("starting the metrics: {cause}"))?;
        describe();
        gauge!("ooctopus_build_info", "version" => env!("CARGO_PKG_VERSION"), "database" => app.store.engine())
            .set(1.0);
        Ok(Self { handle, app })
    }

    /// `/metrics`.
    pub fn router(&self) -> Router {
        Router::new().route("/metrics", get(show)).with_state(self.clone())
    }

    /// Keeps the samples few, until `stop`.
    pub async fn keep_up(self, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(UPKEEP);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => self.handle.run_upkeep(),
            }
        }
    }

    async fn refresh(&self) {
        let (writes, reads) = self.app.store.queue_depths();
        gauge!("store_queue_depth", "queue" => "write").set(count(writes));
        gauge!("store_queue_depth", "queue" => "read").set(count(reads));
        let now = self.app.clock.now();
        match self.app.store.read(move |conn| jobs::counts(conn, now)).await {
            Ok(jobs) => {
                gauge!("jobs", "state" => "waiting").set(count(jobs.waiting));
                gauge!("jobs", "state" => "running").set(count(jobs.running));
                gauge!("jobs", "state" => "dead").set(count(jobs.dead));
                let age = jobs.oldest_due.map_or(Duration::ZERO, |due| now.since(due));
                gauge!("jobs_oldest_due_age_seconds").set(age.as_secs_f64());
            }
            Err(error) => warn!(%error, "counting the jobs for the metrics failed"),
        }
    }
}

fn describe() {
    describe_gauge!("ooctopus_build_info", "1; the labels say which version runs on which database.");
    describe_gauge!("store_queue_depth", "Closures that wait for the database.");
    describe_gauge!("jobs", "Jobs by state: waiting, running, or dead, which were given up.");
    describe_gauge!("jobs_oldest_due_age_seconds", "How long the oldest due job has been waiting.");
}

async fn show(State(metrics): State<Metrics>) -> impl IntoResponse {
    metrics.refresh().await;
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.handle.render())
}

/// As a gauge has it; what does not fit is no count that anybody has.
fn count<T: TryInto<u32>>(number: T) -> f64 {
    f64::from(number.try_into().unwrap_or(u32::MAX))
}
