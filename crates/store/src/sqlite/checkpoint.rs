//! The checkpoint thread: moves the write-ahead log into the database file beside the writer.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use tracing::warn;

use super::prepare;
use crate::{Error, Result};

/// How long starting the log anew waits for readers of the old one. The writer waits as well.
const WAIT_FOR_READERS: Duration = Duration::from_millis(50);
/// The log is copied each time that it has grown by this part of its cap.
const PARTS: u64 = 16;
/// A page and its header in the log.
const FRAME_BYTES: u64 = 4096 + 24;

/// The writer's side: says when the log is worth copying.
pub(super) struct Checkpoints {
    sender: flume::Sender<Request>,
    /// Frames in the log after the last commit.
    frames: Arc<AtomicU32>,
    /// Frames in the log when it was last sent to be copied.
    asked_at: u64,
    cap: u64,
}

enum Request {
    /// Copies what it can, stopping nobody.
    Copy,
    /// Empties the log, if no reader is in the way, while the writer waits for the answer.
    ///
    /// Beside a busy writer this would not get the lock; and with a long wait for readers it would hold it, so that one
    /// slow reader stopped all writers.
    StartAnew(flume::Sender<()>),
}

impl Checkpoints {
    /// Starts the thread; it ends after this is dropped, leaving a small log behind.
    pub fn start(path: &Path, cap: u64) -> Result<Self> {
        let connection = Connection::open(path)?;
        prepare(&connection)?;
        connection.busy_timeout(WAIT_FOR_READERS)?;
        let (sender, requests) = flume::bounded(1);
        thread::Builder::new()
            .name("sqlite-checkpoint".into())
            .spawn(move || {
                while let Ok(request) = requests.recv() {
                    match request {
                        Request::Copy => copy(&connection, "PASSIVE"),
                        Request::StartAnew(done) => {
                            copy(&connection, "TRUNCATE");
                            drop(done);
                        }
                    }
                }
                copy(&connection, "TRUNCATE");
            })
            .map_err(|cause| Error::Unavailable(format!("starting the checkpoint thread: {cause}")))?;
        Ok(Self { sender, frames: Arc::default(), asked_at: 0, cap })
    }

    /// Counts the frames that `connection` writes.
    pub fn count(&self, connection: &mut Connection) -> Result<()> {
        let frames = Arc::clone(&self.frames);
        connection.wal_hook(Some(move |_: &mut _, in_log: i32| {
            frames.store(u32::try_from(in_log).unwrap_or_default(), Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(())
    }

    /// To be called between two transactions.
    pub fn after_commit(&mut self) {
        let frames = u64::from(self.frames.load(Ordering::Relaxed));
        if frames < self.asked_at {
            self.asked_at = 0;
        }
        if (frames - self.asked_at) * FRAME_BYTES < self.cap / PARTS {
            return;
        }
        self.asked_at = frames;
        if frames * FRAME_BYTES < self.cap {
            // A full channel means that the thread has enough to do.
            self.sender.try_send(Request::Copy).ok();
            return;
        }
        let (done, finished) = flume::bounded(1);
        if self.sender.send(Request::StartAnew(done)).is_ok() {
            // The answer is that the other end is gone.
            finished.recv().ok();
        }
    }
}

fn copy(connection: &Connection, mode: &str) {
    if let Err(cause) = connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(())) {
        warn!(%cause, mode, "a checkpoint failed; the next one tries again");
    }
}
