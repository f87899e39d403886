//! Running what is due.

use std::collections::HashMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use store::Store;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, warn};
use types::Clock;

use crate::queue::{self, Claimed};
use crate::{Job, JobError};

/// How long after its last sign of life a worker's job is taken over by another one.
const LEASE: Duration = Duration::from_mins(1);
/// A running job gives this often a sign of life.
const RENEWAL: Duration = Duration::from_secs(20);
/// Jobs that run at the same time.
const CONCURRENCY: usize = 8;
/// The queue is looked at this often even when nothing woke us: another process may have pushed.
const POLL: Duration = Duration::from_secs(5);

type Outcome = Pin<Box<dyn Future<Output = Result<(), JobError>> + Send>>;
type Runner<C> = Arc<dyn Fn(&Claimed, C) -> Outcome + Send + Sync>;

/// Every kind of job that a process can run.
pub struct Registry<C> {
    runners: HashMap<&'static str, Runner<C>>,
}

impl<C> Clone for Registry<C> {
    fn clone(&self) -> Self {
        Self { runners: self.runners.clone() }
    }
}

impl<C> Default for Registry<C> {
    fn default() -> Self {
        Self { runners: HashMap::new() }
    }
}

impl<C: Clone + Send + Sync + 'static> Registry<C> {
    /// Adds a kind.
    ///
    /// # Panics
    /// When the name is taken: two kinds of job would read each other's rows.
    #[must_use]
    pub fn with<J: Job<Context = C>>(mut self) -> Self {
        let runner: Runner<C> = Arc::new(|claimed, context| {
            let read: Result<J, _> = serde_json::from_str(claimed.payload.as_str());
            Box::pin(async move {
                let job = read.map_err(|cause| JobError::Fatal(format!("the payload cannot be read: {cause}")))?;
                let ended = tokio::time::timeout(J::TIME_LIMIT, caught(job.run(&context))).await;
                ended.unwrap_or_else(|_| Err(JobError::Retry(format!("it took longer than {:?}", J::TIME_LIMIT))))
            })
        });
        let before = self.runners.insert(J::NAME, runner);
        assert!(before.is_none(), "two kinds of job are named {}", J::NAME);
        self
    }
}

/// Takes due jobs and runs them.
#[derive(Clone)]
pub struct Worker<C> {
    store: Store,
    clock: Arc<dyn Clock>,
    context: C,
    registry: Registry<C>,
}

impl<C: Clone + Send + Sync + 'static> Worker<C> {
    /// A worker for the jobs of `registry`.
    pub fn new(store: Store, clock: Arc<dyn Clock>, context: C, registry: Registry<C>) -> Self {
        Self { store, clock, context, registry }
    }

    /// Runs jobs until `stop`; then takes no more and waits for those that run.
    pub async fn run(self, stop: CancellationToken) {
        let running = TaskTracker::new();
        let permits = Arc::new(Semaphore::new(CONCURRENCY));
        while !stop.is_cancelled() {
            // Registered before we look, so that a commit in between is not missed.
            let store = self.store.clone();
            let woken = store.committed();
            let free = permits.available_permits();
            if free == 0 {
                tokio::select! {
                    () = stop.cancelled() => {}
                    permit = permits.acquire() => drop(permit),
                }
                continue;
            }
            let claimed = self.claim(free).await;
            if claimed.is_empty() {
                let wait = self.wait_for_next().await;
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = woken => {}
                    () = tokio::time::sleep(wait) => {}
                }
                continue;
            }
            for job in claimed {
                let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { break };
                let worker = self.clone();
                running.spawn(async move {
                    worker.run_one(job).await;
                    drop(permit);
                });
            }
        }
        running.close();
        running.wait().await;
    }

    /// Runs everything that is due, and what that makes due; gives the number of runs. For tests and commands.
    pub async fn run_due(&self) -> usize {
        let mut runs = 0;
        loop {
            let claimed = self.claim(CONCURRENCY).await;
            if claimed.is_empty() {
                return runs;
            }
            for job in claimed {
                self.run_one(job).await;
                runs += 1;
            }
        }
    }

    async fn claim(&self, limit: usize) -> Vec<Claimed> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        match self.store.write(move |tx| queue::claim(tx, limit, LEASE)).await {
            Ok(claimed) => claimed,
            Err(error) => {
                warn!(%error, "looking for due jobs failed; trying again");
                Vec::new()
            }
        }
    }

    async fn run_one(&self, job: Claimed) {
        let result = match self.registry.runners.get(job.kind.as_str()) {
            Some(runner) => {
                let Some(result) = self.keep_leased(&job, runner(&job, self.context.clone())).await else { return };
                result
            }
            None => Err(JobError::Retry(format!("this version knows no job named {}", job.kind))),
        };
        metrics::counter!("jobs_run_total", "kind" => job.kind.clone(), "ok" => if result.is_ok() { "yes" } else { "no" })
            .increment(1);
        if let Err(cause) = &result {
            warn!(job.id = %job.id, job.kind, job.attempts, %cause, "a job failed");
        }
        let result = Arc::new(result);
        let jitter = self.clock.now().jitter();
        let ended = self.store.write(move |tx| queue::finish(tx, &job, &result, jitter)).await;
        if let Err(error) = ended {
            error!(%error, "noting a job's end failed; it runs again when its lease is over");
        }
    }

    /// Runs the job and renews its lease meanwhile; `None` when the lease is lost: another worker has the job.
    async fn keep_leased(&self, job: &Claimed, mut run: Outcome) -> Option<Result<(), JobError>> {
        loop {
            tokio::select! {
                result = &mut run => return Some(result),
                () = tokio::time::sleep(RENEWAL) => {}
            }
            let leased = job.clone();
            match self.store.write(move |tx| queue::renew(tx, &leased, LEASE)).await {
                Ok(true) => {}
                Ok(false) => {
                    warn!(job.id = %job.id, job.kind, "another worker has taken the job over; leaving it");
                    return None;
                }
                Err(error) => warn!(%error, job.id = %job.id, job.kind, "renewing a job's lease failed"),
            }
        }
    }

    /// Until the next job is due, at most [`POLL`].
    async fn wait_for_next(&self) -> Duration {
        let now = self.clock.now();
        match self.store.read(queue::find_next_due).await {
            Ok(Some(due)) => due.since(now).clamp(Duration::from_millis(10), POLL),
            Ok(None) => POLL,
            Err(error) => {
                warn!(%error, "reading the next due time failed");
                POLL
            }
        }
    }
}

/// A panic is a failure like any other: the worker and its other jobs go on.
async fn caught(run: impl Future<Output = Result<(), JobError>> + Send) -> Result<(), JobError> {
    let mut run = std::pin::pin!(run);
    std::future::poll_fn(move |context| {
        catch_unwind(AssertUnwindSafe(|| run.as_mut().poll(context)))
            .unwrap_or_else(|_| Poll::Ready(Err(JobError::Retry("it panicked; the log says where".into()))))
    })
    .await
}
