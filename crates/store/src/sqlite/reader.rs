//! A reader thread: each closure sees one snapshot and has a deadline.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use rusqlite::Connection;

use super::deadline::Deadline;
use crate::conn::{Conn, Engine};
use crate::queue::Receiver;
use crate::work::ReadWork;
use crate::{Error, Result, Shared};

pub(super) fn start(
    shared: Arc<Shared>,
    mut connection: Connection,
    queue: Receiver<Box<dyn ReadWork>>,
    number: usize,
) -> Result<()> {
    let deadline = Deadline::watch(&mut connection)?;
    thread::Builder::new()
        .name(format!("sqlite-reader-{number}"))
        .spawn(move || {
            while let Some(work) = queue.recv() {
                if work.is_wanted() {
                    run(&connection, &deadline, &shared, work);
                }
            }
        })
        .map_err(|cause| Error::Unavailable(format!("starting a reader thread: {cause}")))?;
    Ok(())
}

fn run(connection: &Connection, deadline: &Deadline, shared: &Shared, mut work: Box<dyn ReadWork>) {
    if let Err(cause) = run_cached(connection, "BEGIN") {
        return work.fail(cause.into());
    }
    let budget = shared.options.read_deadline;
    let stats = work.stats();
    deadline.set(budget);
    work.run(&mut Conn::new(Engine::Sqlite(connection), stats, Instant::now() + budget, shared.now()));
    deadline.clear();
    let ended = if connection.is_autocommit() { Ok(()) } else { run_cached(connection, "ROLLBACK") };
    match ended {
        Ok(()) => work.answer(),
        Err(cause) => work.fail(cause.into()),
    }
}

fn run_cached(connection: &Connection, text: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(text)?.execute([]).map(drop)
}
