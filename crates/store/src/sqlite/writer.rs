//! The writer thread: up to [`MAX_BATCH`] waiting closures per commit, each in its own savepoint.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use rusqlite::Connection;
use tracing::{error, warn};

use super::open_writer;
use crate::conn::Engine;
use crate::work::WriteWork;
use crate::{Database, Error, Result, Shared, Tx};

const MAX_BATCH: usize = 128;

pub(super) fn start(
    shared: Arc<Shared>,
    connection: Connection,
    queue: flume::Receiver<Box<dyn WriteWork>>,
    checkpoints: flume::Sender<()>,
) -> Result<()> {
    thread::Builder::new()
        .name("sqlite-writer".into())
        .spawn(move || Writer { shared, connection, checkpoints }.run(&queue))
        .map_err(|cause| Error::Unavailable(format!("starting the writer thread: {cause}")))?;
    Ok(())
}

struct Writer {
    shared: Arc<Shared>,
    connection: Connection,
    checkpoints: flume::Sender<()>,
}

/// What became of a closure inside a batch.
enum Outcome {
    /// Its savepoint was released; the answer waits for the commit.
    Done,
    /// Its savepoint was rolled back; the answer can go.
    RolledBack,
    /// The whole transaction is gone (disk full, I/O error).
    TransactionLost,
}

impl Writer {
    fn run(mut self, queue: &flume::Receiver<Box<dyn WriteWork>>) {
        while let Ok(first) = queue.recv() {
            let mut batch = vec![first];
            while batch.len() < MAX_BATCH
                && let Ok(next) = queue.try_recv()
            {
                batch.push(next);
            }
            self.commit(batch);
            // A full channel means that the checkpoint thread knows already.
            drop(self.checkpoints.try_send(()));
        }
    }

    /// Runs `batch` in one transaction; when its COMMIT fails, each closure alone, so that the guilty one
    /// takes no innocent one along.
    fn commit(&mut self, batch: Vec<Box<dyn WriteWork>>) {
        let Some(left) = self.try_commit(batch) else { return };
        for work in left {
            if let Some(mut refused) = self.try_commit(vec![work])
                && let Some(work) = refused.pop()
            {
                work.fail(Error::Unavailable("the commit failed".into()));
            }
        }
    }

    /// Gives back the closures of a batch whose COMMIT failed.
    fn try_commit(&mut self, batch: Vec<Box<dyn WriteWork>>) -> Option<Vec<Box<dyn WriteWork>>> {
        if let Err(cause) = self.connection.execute_batch("BEGIN IMMEDIATE") {
            self.fail_all(batch, &cause);
            return None;
        }
        let mut done = Vec::with_capacity(batch.len());
        let mut wakes = false;
        let mut rest = batch.into_iter();
        while let Some(mut work) = rest.next() {
            match self.run_in_savepoint(work.as_mut(), &mut wakes) {
                Outcome::Done => done.push(work),
                Outcome::RolledBack => work.answer(),
                Outcome::TransactionLost => {
                    done.push(work);
                    done.extend(rest);
                    self.fail_all(done, &"the transaction was ended by the database");
                    self.reopen();
                    return None;
                }
            }
        }
        if let Err(cause) = self.connection.execute_batch("COMMIT") {
            error!(%cause, closures = done.len(), "a commit failed");
            self.roll_back();
            return Some(done);
        }
        for work in done {
            work.answer();
        }
        if wakes {
            self.shared.committed.notify_waiters();
        }
        None
    }

    fn run_in_savepoint(&self, work: &mut dyn WriteWork, wakes: &mut bool) -> Outcome {
        if self.connection.execute_batch("SAVEPOINT closure").is_err() {
            return Outcome::TransactionLost;
        }
        let begun = Instant::now();
        let mut tx = Tx::new(Engine::Sqlite(&self.connection), &self.shared, work.stats());
        let result = work.run(&mut tx);
        let elapsed = begun.elapsed();
        if elapsed > self.shared.options.write_budget {
            warn!(elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX), "a write closure took long; all writers waited");
        }
        if self.connection.is_autocommit() {
            return Outcome::TransactionLost;
        }
        let (end, outcome) = match result {
            Ok(wake) => {
                *wakes |= wake;
                ("RELEASE closure", Outcome::Done)
            }
            Err(()) => ("ROLLBACK TO closure; RELEASE closure", Outcome::RolledBack),
        };
        match self.connection.execute_batch(end) {
            Ok(()) => outcome,
            Err(_) => Outcome::TransactionLost,
        }
    }

    fn fail_all(&self, batch: Vec<Box<dyn WriteWork>>, cause: &dyn std::fmt::Display) {
        error!(%cause, closures = batch.len(), "a batch of writes failed");
        for work in batch {
            work.fail(Error::Unavailable(cause.to_string()));
        }
    }

    fn roll_back(&mut self) {
        if !self.connection.is_autocommit()
            && let Err(cause) = self.connection.execute_batch("ROLLBACK")
        {
            error!(%cause, "rolling back failed");
            self.reopen();
        }
    }

    /// After an error that ended the transaction nothing is known of the connection's state.
    fn reopen(&mut self) {
        let Database::Sqlite { path, durable } = &self.shared.options.database else { return };
        match open_writer(path, *durable) {
            Ok(connection) => self.connection = connection,
            Err(cause) => error!(%cause, "reopening the database failed; trying on with the old connection"),
        }
    }
}
