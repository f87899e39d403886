//! A thread with a connection, and the two kinds of work that run on it.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tracing::{error, warn};

use super::is_conflict;
use super::session::Session;
use crate::conn::{Conn, Engine};
use crate::queue::Receiver;
use crate::work::{ReadWork, WriteWork};
use crate::{Error, Result, Shared, Tx};

/// Runs of one closure before its serialisation failure is given to the caller.
const MAX_RUNS: u64 = 10;

/// One thread: takes work, runs it on its connection, connects again when that is lost.
pub(super) struct Lane<W> {
    shared: Arc<Shared>,
    queue: Receiver<W>,
    deadline: Duration,
}

/// Work that a lane can take.
pub(super) trait Runs: Sized {
    /// Whether somebody still waits for it.
    fn is_wanted(&self) -> bool;
    /// Runs it; gives it back when the transaction could not even begin.
    fn run(self, session: &mut Session, shared: &Shared) -> Option<Self>;
    fn fail(self, error: Error);
}

impl<W: Runs> Lane<W> {
    pub fn new(shared: &Arc<Shared>, queue: &Receiver<W>, deadline: Duration) -> Self {
        Self { shared: Arc::clone(shared), queue: queue.clone(), deadline }
    }

    pub fn serve(self, opened: &flume::Sender<Result<()>>) {
        let mut session = match Session::connect(&self.shared, self.deadline) {
            Ok(session) => {
                opened.try_send(Ok(())).ok();
                Some(session)
            }
            Err(error) => {
                opened.try_send(Err(error)).ok();
                None
            }
        };
        while let Some(work) = self.queue.recv() {
            if work.is_wanted() {
                session = self.run(session, work);
            }
        }
    }

    /// Runs `work` on `session`, or on a new one; gives back one that can be used again.
    fn run(&self, session: Option<Session>, work: W) -> Option<Session> {
        let mut work = work;
        if let Some(mut session) = session {
            match work.run(&mut session, &self.shared) {
                None => return Some(session).filter(Session::is_usable),
                // A connection shows only in use that it is lost. Nothing was done yet, so another may do it.
                Some(not_begun) => work = not_begun,
            }
        }
        match Session::connect(&self.shared, self.deadline) {
            Ok(mut session) => {
                if let Some(work) = work.run(&mut session, &self.shared) {
                    work.fail(Error::Unavailable("the connection was lost".into()));
                }
                Some(session).filter(Session::is_usable)
            }
            Err(error) => {
                warn!(%error, "connecting to PostgreSQL failed");
                work.fail(error);
                None
            }
        }
    }
}

impl Runs for Box<dyn WriteWork> {
    fn is_wanted(&self) -> bool {
        true
    }

    fn run(mut self, session: &mut Session, shared: &Shared) -> Option<Self> {
        let mut runs = 0;
        loop {
            runs += 1;
            if !session.begin("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE") {
                return Some(self);
            }
            let begun = Instant::now();
            let stats = self.stats();
            let result = WriteWork::run(&mut *self, &mut Tx::new(Engine::Postgres(session), shared, stats));
            let elapsed = begun.elapsed();
            if elapsed > shared.options.write_budget {
                warn!(elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX), "a write closure took long");
            }
            let ended = session.end(if result.is_ok() { "COMMIT" } else { "ROLLBACK" });
            match (result, ended) {
                (Ok(aftermath), Ok(())) => {
                    self.answer();
                    shared.tell(aftermath);
                    return None;
                }
                (Err(()), Ok(())) if !session.run_again() || runs == MAX_RUNS => {
                    self.answer();
                    return None;
                }
                (_, Err(cause)) if !is_conflict(&cause) || runs == MAX_RUNS => {
                    error!(%cause, "ending a transaction failed");
                    WriteWork::fail(self, cause.into());
                    return None;
                }
                _ => {}
            }
            thread::sleep(Duration::from_millis(runs));
        }
    }

    fn fail(self, error: Error) {
        WriteWork::fail(self, error);
    }
}

impl Runs for Box<dyn ReadWork> {
    fn is_wanted(&self) -> bool {
        ReadWork::is_wanted(&**self)
    }

    fn run(mut self, session: &mut Session, shared: &Shared) -> Option<Self> {
        let mut runs = 0;
        loop {
            runs += 1;
            if !session.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") {
                return Some(self);
            }
            let stats = self.stats();
            let deadline = Instant::now() + shared.options.read_deadline;
            ReadWork::run(&mut *self, &mut Conn::new(Engine::Postgres(session), stats, deadline, shared.now()));
            // The closure has what it wanted; a lost connection is noticed by the next one.
            session.end("ROLLBACK").ok();
            if !(session.run_again() && runs < MAX_RUNS) {
                self.answer();
                return None;
            }
        }
    }

    fn fail(self, error: Error) {
        ReadWork::fail(self, error);
    }
}
