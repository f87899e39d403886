//! The writer thread: up to [`MAX_BATCH`] waiting closures per commit, each in its own savepoint.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tracing::{error, warn};

use super::checkpoint::Checkpoints;
use super::deadline::Deadline;
use super::{look_at_sizes, open_writer};
use crate::conn::Engine;
use crate::queue::Receiver;
use crate::watch::Aftermath;
use crate::work::WriteWork;
use crate::{Database, Error, Result, Shared, Tx};

const MAX_BATCH: usize = 128;
/// How often the sizes of tables are looked at; they are at start too.
const LOOK: Duration = Duration::from_hours(1);

type Work = Box<dyn WriteWork>;

pub(super) fn start(shared: Arc<Shared>, checkpoints: Checkpoints, queue: Receiver<Work>) -> Result<()> {
    let mut writer = Writer { shared, checkpoints, open: None, looked_at: Instant::now() };
    writer.open = Some(writer.connect()?);
    thread::Builder::new()
        .name("sqlite-writer".into())
        .spawn(move || writer.run(&queue))
        .map_err(|cause| Error::Unavailable(format!("starting the writer thread: {cause}")))?;
    Ok(())
}

struct Writer {
    shared: Arc<Shared>,
    checkpoints: Checkpoints,
    /// `None` after an error that left the connection in an unknown state; the next batch opens another.
    open: Option<Open>,
    looked_at: Instant,
}

struct Open {
    connection: Connection,
    deadline: Deadline,
}

/// The closures of one transaction: one to begin with, then those that wait in the queue by then.
struct Batch<'a> {
    first: Option<Work>,
    queue: Option<&'a Receiver<Work>>,
    left: usize,
    until: Instant,
}

/// Closures whose COMMIT failed, and what it said.
struct Refused(Vec<Work>, rusqlite::Error);

impl Writer {
    fn run(mut self, queue: &Receiver<Work>) {
        while let Some(first) = queue.recv() {
            let until = Instant::now() + self.shared.options.write_budget;
            self.commit(Batch { first: Some(first), queue: Some(queue), left: MAX_BATCH - 1, until });
            self.checkpoints.after_commit();
            self.look_at_sizes_at_times();
        }
    }

    /// Plans that are made without knowing the sizes are slower ones, no wrong ones: a failure is told of, no more.
    fn look_at_sizes_at_times(&mut self) {
        let Some(open) = self.open.as_ref().filter(|_| self.looked_at.elapsed() > LOOK) else { return };
        self.looked_at = Instant::now();
        if let Err(cause) = look_at_sizes(&open.connection) {
            warn!(%cause, "the sizes of tables could not be looked at");
        }
    }

    /// Runs `batch` in one transaction; when its COMMIT fails, each closure alone, so that the guilty one
    /// takes no innocent one along.
    fn commit(&mut self, batch: Batch<'_>) {
        let Some(Refused(closures, _)) = self.try_commit(batch) else { return };
        for work in closures {
            if let Some(Refused(mut alone, cause)) = self.try_commit(Batch::of(work))
                && let Some(guilty) = alone.pop()
            {
                guilty.fail(cause.into());
            }
        }
    }

    fn try_commit(&mut self, mut batch: Batch<'_>) -> Option<Refused> {
        let open = match self.begin() {
            Ok(open) => open,
            Err(cause) => {
                fail_all(batch.all(), &cause);
                return None;
            }
        };
        let mut closures = Vec::new();
        let mut aftermath = Aftermath::default();
        while let Some(mut work) = batch.next() {
            let run = self.run_in_savepoint(&open, work.as_mut());
            closures.push(work);
            match run {
                Ok(left) => aftermath.add(left),
                Err(cause) => {
                    fail_all(closures, &cause);
                    return None;
                }
            }
        }
        if let Err(cause) = open.connection.execute_batch("COMMIT") {
            error!(%cause, closures = closures.len(), "a commit failed");
            return Some(Refused(closures, cause));
        }
        self.open = Some(open);
        // Failed closures are answered no earlier: they may have seen what others of their batch did.
        for work in closures {
            work.answer();
        }
        self.shared.tell(aftermath);
        None
    }

    /// Begins a transaction on a connection that is put back only when all went well: closing one rolls back.
    fn begin(&mut self) -> Result<Open> {
        let open = self.open.take().map_or_else(|| self.connect(), Ok)?;
        open.connection.execute_batch("BEGIN IMMEDIATE")?;
        Ok(open)
    }

    /// Runs one closure; gives what it leaves for others. An error means that the whole transaction is lost, as it is
    /// after a full disk.
    fn run_in_savepoint(&self, open: &Open, work: &mut dyn WriteWork) -> Result<Aftermath> {
        let connection = &open.connection;
        connection.prepare_cached("SAVEPOINT closure")?.execute([])?;
        let begun = Instant::now();
        open.deadline.set(self.shared.options.write_deadline);
        let mut tx = Tx::new(Engine::Sqlite(connection), &self.shared, work.stats());
        let result = work.run(&mut tx);
        open.deadline.clear();
        let elapsed = begun.elapsed();
        if elapsed > self.shared.options.write_budget {
            let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
            warn!(elapsed_ms, "a write closure took long; all writers waited");
        }
        if connection.is_autocommit() {
            return Err(Error::Unavailable("the database ended the transaction".into()));
        }
        if result.is_err() {
            connection.prepare_cached("ROLLBACK TO closure")?.execute([])?;
        }
        connection.prepare_cached("RELEASE closure")?.execute([])?;
        Ok(result.unwrap_or_default())
    }

    fn connect(&self) -> Result<Open> {
        let Database::Sqlite { path, durable } = &self.shared.options.database else {
            return Err(Error::Engine("not a SQLite database".into()));
        };
        let mut connection = open_writer(path, *durable)?;
        self.checkpoints.count(&mut connection)?;
        let deadline = Deadline::watch(&mut connection)?;
        Ok(Open { connection, deadline })
    }
}

impl Batch<'_> {
    /// One closure and no other.
    fn of(work: Work) -> Self {
        Self { first: Some(work), queue: None, left: 0, until: Instant::now() }
    }

    /// The next closure, unless the batch is full or those in it have waited long enough.
    fn next(&mut self) -> Option<Work> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        if self.left == 0 || Instant::now() > self.until {
            return None;
        }
        self.left -= 1;
        self.queue?.try_recv()
    }

    /// All of them, now.
    fn all(self) -> Vec<Work> {
        let waiting = std::iter::from_fn(|| self.queue?.try_recv()).take(self.left);
        self.first.into_iter().chain(waiting).collect()
    }
}

fn fail_all(closures: Vec<Work>, cause: &Error) {
    error!(%cause, closures = closures.len(), "a batch of writes failed");
    for work in closures {
        work.fail(Error::Unavailable(cause.to_string()));
    }
}
