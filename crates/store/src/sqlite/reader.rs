//! A reader thread: each closure sees one snapshot and has a deadline.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use rusqlite::Connection;

use crate::conn::{Conn, Engine};
use crate::work::ReadWork;
use crate::{Error, Result, Shared};

/// Virtual-machine steps between two looks at the deadline.
const STEPS: i32 = 10_000;

pub(super) fn start(
    shared: Arc<Shared>,
    mut connection: Connection,
    queue: flume::Receiver<Box<dyn ReadWork>>,
    number: usize,
) -> Result<()> {
    let begun = Instant::now();
    // Milliseconds after `begun` at which the running closure is interrupted.
    let deadline = Arc::new(AtomicU64::new(u64::MAX));
    let seen = Arc::clone(&deadline);
    connection.progress_handler(STEPS, Some(move || millis(begun) > seen.load(Ordering::Relaxed)))?;
    let budget = u64::try_from(shared.options.read_deadline.as_millis()).unwrap_or(u64::MAX);
    thread::Builder::new()
        .name(format!("sqlite-reader-{number}"))
        .spawn(move || {
            while let Ok(work) = queue.recv() {
                deadline.store(millis(begun).saturating_add(budget), Ordering::Relaxed);
                run(&connection, work);
                deadline.store(u64::MAX, Ordering::Relaxed);
            }
        })
        .map_err(|cause| Error::Unavailable(format!("starting a reader thread: {cause}")))?;
    Ok(())
}

fn run(connection: &Connection, mut work: Box<dyn ReadWork>) {
    if let Err(cause) = connection.execute_batch("BEGIN") {
        return work.fail(cause.into());
    }
    let stats = work.stats();
    work.run(&mut Conn { engine: Engine::Sqlite(connection), stats });
    match connection.execute_batch("COMMIT") {
        Ok(()) => work.answer(),
        Err(cause) => {
            if !connection.is_autocommit() {
                drop(connection.execute_batch("ROLLBACK"));
            }
            work.fail(cause.into());
        }
    }
}

fn millis(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}
