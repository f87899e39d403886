//! The queue on both databases: every job runs, whatever happens to its worker.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use store::testing::{Engine, OnEngine, TestDatabase, db_test};
use store::{Migration, Store};
use testing::FakeClock;
use tokio_util::sync::CancellationToken;
use types::{Clock as _, Timestamp};

use crate::{Counts, Job, JobError, Registry, Wish, Worker, cancel, counts, push, push_at};

const MIGRATIONS: &[Migration] = &[
    Migration { name: "0001_accounts.sql", sql: "CREATE TABLE accounts (id $ID)" },
    Migration { name: "0002_jobs.sql", sql: include_str!("../../../migrations/0006_events_and_jobs.sql") },
];

/// What the jobs of these tests do, and what they have done.
#[derive(Clone, Default)]
struct Log {
    ran: Arc<Mutex<Vec<String>>>,
    failures_left: Arc<AtomicUsize>,
}

#[derive(Serialize, Deserialize)]
struct Note {
    text: String,
}

impl Job for Note {
    type Context = Log;

    const NAME: &'static str = "note";
    const MAX_ATTEMPTS: i64 = 3;

    fn key(&self) -> String {
        self.text.clone()
    }

    async fn run(&self, log: &Log) -> Result<(), JobError> {
        match self.text.as_str() {
            "panics" => panic!("on purpose"),
            "endless" => std::future::pending().await,
            "slow" => tokio::time::sleep(Duration::from_mins(9)).await,
            _ => {}
        }
        if self.text == "refused" {
            return Err(JobError::Fatal("it will never work".into()));
        }
        let left = log.failures_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if left.is_ok() {
            return Err(JobError::Retry("not yet".into()));
        }
        log.ran.lock().unwrap().push(self.text.clone());
        Ok(())
    }
}

struct Queue {
    store: Store,
    clock: Arc<FakeClock>,
    log: Log,
    _database: TestDatabase,
}

impl OnEngine for Queue {
    async fn on(engine: Engine) -> Self {
        let clock = Arc::new(FakeClock::new(Timestamp::from_epoch_seconds(1_000_000)));
        let given = Arc::clone(&clock);
        // The jobs' table comes with tables that refer to others; the tests need it alone.
        let database =
            tokio::task::spawn_blocking(move || TestDatabase::new(engine, &only_jobs(), given)).await.unwrap();
        Self { store: database.open(), clock, log: Log::default(), _database: database }
    }
}

/// The statements of the migration that make the table of jobs.
fn only_jobs() -> Vec<Migration> {
    let statements: String = MIGRATIONS[1]
        .sql
        .split_inclusive(";\n")
        .filter(|statement| statement.contains("TABLE jobs") || statement.contains(" ON jobs "))
        .collect();
    vec![Migration { name: MIGRATIONS[1].name, sql: statements.leak() }]
}

impl Queue {
    fn worker(&self) -> Worker<Log> {
        let registry = Registry::default().with::<Note>();
        Worker::new(self.store.clone(), self.clock.clone(), self.log.clone(), registry)
    }

    async fn push(&self, text: &str, after: Duration) {
        let (text, at) = (text.to_owned(), self.clock.now().plus(after));
        self.store.write(move |tx| push_at(tx, &Note { text: text.clone() }, at)).await.unwrap();
    }

    fn ran(&self) -> Vec<String> {
        self.log.ran.lock().unwrap().clone()
    }

    async fn counts(&self) -> (i64, i64, i64) {
        let now = self.clock.now();
        let Counts { waiting, running, dead, .. } = self.store.read(move |conn| counts(conn, now)).await.unwrap();
        (waiting, running, dead)
    }
}

#[db_test]
async fn jobs_run_when_they_are_due_and_once(queue: Queue) {
    queue.push("later", Duration::from_mins(1)).await;
    queue.push("now", Duration::ZERO).await;
    assert_eq!(queue.worker().run_due().await, 1);
    assert_eq!(queue.ran(), ["now"]);
    queue.clock.advance(Duration::from_secs(61));
    assert_eq!(queue.worker().run_due().await, 1);
    assert_eq!(queue.worker().run_due().await, 0);
    assert_eq!((queue.ran(), queue.counts().await), (vec!["now".to_owned(), "later".to_owned()], (0, 0, 0)));
}

#[db_test]
async fn a_job_of_the_same_key_waits_once_with_the_newest_time(queue: Queue) {
    queue.push("wake", Duration::from_secs(10)).await;
    queue.push("wake", Duration::from_secs(100)).await;
    assert_eq!(queue.counts().await, (1, 0, 0));
    queue.clock.advance(Duration::from_secs(20));
    assert_eq!(queue.worker().run_due().await, 0);
    queue.store.write(|tx| cancel::<Note>(tx, "wake")).await.unwrap();
    queue.clock.advance(Duration::from_secs(200));
    assert_eq!(queue.worker().run_due().await, 0);
}

#[db_test]
async fn a_transaction_that_fails_owes_nothing(queue: Queue) {
    let failed: Result<(), store::Error> = queue
        .store
        .write(|tx| {
            push(tx, &Note { text: "never".into() })?;
            Err(store::Error::NoRow("on purpose"))
        })
        .await;
    assert!(failed.is_err());
    assert_eq!((queue.worker().run_due().await, queue.counts().await), (0, (0, 0, 0)));
}

#[db_test]
async fn a_failed_job_is_tried_again_later_and_given_up_in_the_end(queue: Queue) {
    queue.log.failures_left.store(2, Ordering::SeqCst);
    queue.push("third time", Duration::ZERO).await;
    assert_eq!(queue.worker().run_due().await, 1);
    assert_eq!(queue.worker().run_due().await, 0, "it waits before another try");
    for _ in 0..2 {
        queue.clock.advance(Duration::from_mins(1));
        queue.worker().run_due().await;
    }
    assert_eq!((queue.ran(), queue.counts().await), (vec!["third time".to_owned()], (0, 0, 0)));

    queue.log.failures_left.store(usize::MAX, Ordering::SeqCst);
    queue.push("hopeless", Duration::ZERO).await;
    for _ in 0..5 {
        queue.worker().run_due().await;
        queue.clock.advance(Duration::from_hours(1));
    }
    queue.push("refused", Duration::ZERO).await;
    queue.worker().run_due().await;
    assert_eq!(queue.counts().await, (0, 0, 2), "dead jobs stay visible");
}

#[db_test]
async fn a_newer_job_takes_the_place_of_one_that_failed(queue: Queue) {
    queue.log.failures_left.store(1, Ordering::SeqCst);
    queue.push("same", Duration::ZERO).await;
    let worker = queue.worker();
    let claimed = queue.store.write(|tx| crate::queue::claim(tx, 1, Duration::from_mins(5))).await.unwrap();
    queue.push("same", Duration::ZERO).await;
    let failed = Arc::new(Err(JobError::Retry("not yet".into())));
    queue.store.write(move |tx| crate::queue::finish(tx, &claimed[0], &failed, 0.5)).await.unwrap();
    assert_eq!(queue.counts().await, (1, 0, 0));
    queue.log.failures_left.store(0, Ordering::SeqCst);
    assert_eq!(worker.run_due().await, 1);
}

#[db_test]
async fn what_a_killed_worker_had_taken_is_taken_over_when_its_lease_ends(queue: Queue) {
    queue.push("orphan", Duration::ZERO).await;
    let lost = queue.store.write(|tx| crate::queue::claim(tx, 10, Duration::from_mins(5))).await.unwrap();
    assert_eq!((lost.len(), queue.counts().await), (1, (0, 1, 0)));
    assert_eq!(queue.worker().run_due().await, 0);
    queue.clock.advance(Duration::from_mins(6));
    assert_eq!(queue.worker().run_due().await, 1);
    assert_eq!(queue.ran(), ["orphan"]);
    // The first worker comes back late: the job is gone, and nothing of it is undone.
    let late = Arc::new(Ok(()));
    queue.store.write(move |tx| crate::queue::finish(tx, &lost[0], &late, 0.5)).await.unwrap();
    assert_eq!(queue.counts().await, (0, 0, 0));
}

#[db_test]
async fn a_job_that_kills_its_worker_each_time_is_given_up(queue: Queue) {
    queue.push("deadly", Duration::ZERO).await;
    for _ in 0..3 {
        let taken = queue.store.write(|tx| crate::queue::claim(tx, 1, Duration::from_mins(5))).await.unwrap();
        assert_eq!(taken.len(), 1);
        queue.clock.advance(Duration::from_mins(6));
    }
    assert_eq!((queue.worker().run_due().await, queue.counts().await), (0, (0, 0, 1)));
}

#[db_test]
async fn two_workers_never_take_the_same_job(queue: Queue) {
    for number in 0..40 {
        queue.push(&format!("job {number}"), Duration::ZERO).await;
    }
    let (one, two) = (queue.worker(), queue.worker());
    let (first, second) = tokio::join!(one.run_due(), two.run_due());
    assert_eq!(first + second, 40);
    let mut ran = queue.ran();
    ran.sort();
    ran.dedup();
    assert_eq!(ran.len(), 40);
}

#[db_test]
async fn a_running_worker_is_woken_by_the_commit_and_stops_when_told(queue: Queue) {
    let stop = CancellationToken::new();
    let worker = queue.worker().run(stop.clone());
    let push_and_stop = async {
        queue.push("woken", Duration::ZERO).await;
        while queue.ran().is_empty() || queue.counts().await != (0, 0, 0) {
            tokio::task::yield_now().await;
        }
        stop.cancel();
    };
    tokio::join!(worker, push_and_stop);
    assert_eq!(queue.ran(), ["woken"]);
}

#[db_test]
async fn a_job_that_panics_is_tried_again_and_others_go_on(queue: Queue) {
    queue.push("panics", Duration::ZERO).await;
    queue.push("fine", Duration::ZERO).await;
    assert_eq!(queue.worker().run_due().await, 2);
    assert_eq!((queue.ran(), queue.counts().await), (vec!["fine".to_owned()], (1, 0, 0)));
    for _ in 0..3 {
        queue.clock.advance(Duration::from_hours(1));
        queue.worker().run_due().await;
    }
    assert_eq!(queue.counts().await, (0, 0, 1));
}

#[db_test]
async fn a_job_that_takes_long_keeps_its_lease_and_one_that_takes_too_long_is_stopped(queue: Queue) {
    queue.push("slow", Duration::ZERO).await;
    queue.push("endless", Duration::ZERO).await;
    let taken = queue.store.write(|tx| crate::queue::claim(tx, 10, Duration::from_mins(1))).await.unwrap();
    // Time in the worker runs ahead by itself, the clock of the rows does not: renewals show in the rows.
    let before = leases(&queue).await;
    queue.clock.advance(Duration::from_secs(50));
    for job in &taken {
        let job = job.clone();
        assert!(queue.store.write(move |tx| crate::queue::renew(tx, &job, Duration::from_mins(1))).await.unwrap());
    }
    let after = leases(&queue).await;
    assert!(before.iter().zip(&after).all(|(before, after)| after > before), "{before:?} {after:?}");
    queue.clock.advance(Duration::from_secs(30));
    assert_eq!(queue.worker().run_due().await, 0, "nobody takes over what is alive");

    // Taken over after all: the first worker cannot renew, nor end it.
    queue.clock.advance(Duration::from_mins(2));
    let again = queue.store.write(|tx| crate::queue::claim(tx, 10, Duration::from_mins(1))).await.unwrap();
    assert_eq!(again.len(), 2);
    let late = taken[0].clone();
    assert!(!queue.store.write(move |tx| crate::queue::renew(tx, &late, Duration::from_mins(1))).await.unwrap());
}

async fn leases(queue: &Queue) -> Vec<i64> {
    let rows: Result<Vec<(i64,)>, store::Error> =
        queue.store.read(|conn| conn.query(store::sql!("SELECT locked_until FROM jobs ORDER BY id"), ())).await;
    rows.unwrap().into_iter().map(|(until,)| until).collect()
}

#[db_test]
async fn an_operator_tries_a_dead_job_again_or_drops_it(queue: Queue) {
    queue.push("refused", Duration::ZERO).await;
    queue.push("waits", Duration::from_hours(1)).await;
    queue.worker().run_due().await;
    let jobs = queue.store.read(|conn| crate::list(conn, None, 10)).await.unwrap();
    let shown: Vec<_> = jobs.iter().map(|job| (job.unique_key.as_str(), job.state.as_str(), job.attempts)).collect();
    assert_eq!(shown, [("refused", "dead", 1), ("waits", "waiting", 0)]);
    assert_eq!(jobs[0].last_error.as_deref(), Some("it will never work"));
    let (dead, waiting) = (jobs[0].id, jobs[1].id);
    let only = queue.store.read(|conn| crate::list(conn, Some("waiting"), 10)).await.unwrap();
    assert_eq!(only.len(), 1);

    let wish = |id, drops: bool| {
        let store = queue.store.clone();
        let act = move |tx: &mut store::Tx<'_>| if drops { crate::drop_dead(tx, id) } else { crate::retry(tx, id) };
        async move { store.write(act).await.map_err(|error: store::Error| error).unwrap() }
    };
    assert_eq!(wish(waiting, false).await, Wish::NotDead);
    assert_eq!(wish(waiting, true).await, Wish::NotDead);
    assert_eq!(wish(types::JobId::new(999), false).await, Wish::NotFound);
    assert_eq!(wish(dead, false).await, Wish::Done);
    assert_eq!(queue.counts().await, (2, 0, 0));
    assert_eq!(queue.worker().run_due().await, 1, "it is due at once");
    queue.push("refused", Duration::from_hours(1)).await;
    assert_eq!(wish(dead, false).await, Wish::Superseded);
    assert_eq!(wish(dead, true).await, Wish::Done);
    assert!(queue.store.read(move |conn| crate::find(conn, dead)).await.unwrap().is_none());
}
