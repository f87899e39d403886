//! The checkpoint thread: moves the write-ahead log into the database file beside the writer.

use std::path::{Path, PathBuf};
use std::thread;

use tracing::warn;

use super::{BUSY_TIMEOUT, Connection};
use crate::{Error, Result};

/// From this size on the log is copied without stopping anyone.
const WORTH_COPYING: u64 = 4 * 1024 * 1024;
/// From this size on the log is also started anew, for which writers wait a moment.
const CAP: u64 = 64 * 1024 * 1024;

pub(super) fn start(path: &Path, due: flume::Receiver<()>) -> Result<()> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let log = log_path(path);
    thread::Builder::new()
        .name("sqlite-checkpoint".into())
        .spawn(move || {
            while due.recv().is_ok() {
                let size = std::fs::metadata(&log).map_or(0, |metadata| metadata.len());
                if size >= WORTH_COPYING {
                    copy(&connection, size);
                }
            }
            // The writer has gone: leave a small file behind.
            copy(&connection, CAP);
        })
        .map_err(|cause| Error::Unavailable(format!("starting the checkpoint thread: {cause}")))?;
    Ok(())
}

fn copy(connection: &Connection, size: u64) {
    let mode = if size >= CAP { "TRUNCATE" } else { "PASSIVE" };
    if let Err(cause) = connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(())) {
        warn!(%cause, mode, "a checkpoint failed; the next one tries again");
    }
}

fn log_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}
