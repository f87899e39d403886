//! What files owe: bytes that nobody refers to any more are deleted.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use jobs::{Job, JobError};
use serde::{Deserialize, Serialize};
use types::{FileId, Timestamp};

use super::store::{self, Swept};
use crate::jobs::to_job_error;
use crate::{App, Result};

/// Deletes the bytes of a file whose row is gone. Safe to run twice, early or late: the row decides.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeleteBlob {
    /// Names the blob.
    pub key: String,
}

impl Job for DeleteBlob {
    type Context = App;

    const NAME: &'static str = "delete_blob";

    fn key(&self) -> String {
        self.key.clone()
    }

    async fn run(&self, app: &App) -> Result<(), JobError> {
        let key = self.key.clone();
        let row = app.store.read(move |conn| store::find_by_key(conn, &key)).await.map_err(to_job_error)?;
        match row {
            Some(_) => Ok(()),
            None => app.files.delete(&self.key).await.map_err(|cause| JobError::Retry(cause.to_string())),
        }
    }
}

/// Files and bytes that nobody refers to are kept this long: a request may be about to refer to them.
const KEPT: Duration = Duration::from_hours(24);
/// From one part to the next, so that all 256 take about a day.
const PAUSE: Duration = Duration::from_mins(5);

/// Sweeps one part of the files: bytes without a row, and rows that nothing refers to. Goes on with the next part by
/// itself.
#[derive(Debug, Serialize, Deserialize)]
pub struct SweepFiles {
    /// The first two hex digits of the keys.
    pub shard: u8,
}

impl Job for SweepFiles {
    type Context = App;

    const NAME: &'static str = "sweep_files";

    fn key(&self) -> String {
        String::new()
    }

    async fn run(&self, app: &App) -> Result<(), JobError> {
        sweep(app, self.shard).await?;
        let next = Self { shard: self.shard.wrapping_add(1) };
        let pushed = app.store.write(move |tx| {
            let at = tx.now().plus(PAUSE);
            jobs::push_at(tx, &next, at)
        });
        pushed.await.map_err(|error| to_job_error(error.into()))
    }
}

/// Makes sure that the sweep goes on; to be called at start.
pub async fn keep_sweeping(app: &App) -> Result<()> {
    app.store
        .write(|tx| {
            let at = tx.now().plus(PAUSE);
            Ok(jobs::push_unless_waiting(tx, &SweepFiles { shard: 0 }, at)?)
        })
        .await
}

async fn sweep(app: &App, shard: u8) -> Result<(), JobError> {
    let retry = |cause: &dyn std::fmt::Display| JobError::Retry(cause.to_string());
    let blobs = app.files.blobs();
    // Listed first: a file that is stored in the meantime has no blob in the list.
    let entries = blobs.list(shard).await.map_err(|cause| retry(&cause))?;
    let rows = app.store.read(move |conn| {
        let (from, below) = (format!("{shard:02x}"), format!("{:02x}", u16::from(shard) + 1));
        // After `ff` comes `g`, which is no digit and above them all.
        let below = if shard == u8::MAX { "g".to_owned() } else { below };
        store::list_for_sweep(conn, &from, &below)
    });
    let rows = rows.await.map_err(to_job_error)?;

    let before = app.clock.now().minus(KEPT);
    let known: HashSet<&str> = rows.iter().map(|row| row.key.as_str()).collect();
    for entry in entries.iter().filter(|entry| !known.contains(entry.key()) && written_at(entry) < before) {
        blobs.delete(&entry.name).await.map_err(|cause| retry(&cause))?;
    }
    let whole: HashSet<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    let old = rows.iter().filter(|row| row.created_at < before);
    for row in old.clone().filter(|row| row.is_used && !whole.contains(row.key.as_str())) {
        tracing::error!(file = row.id.get(), key = row.key, "the bytes of a file are gone");
    }
    delete_unused(app, old.filter(|row| !row.is_used)).await?;
    blobs.delete_unfinished(shard, KEPT).await.map_err(|cause| retry(&cause))?;
    Ok(())
}

fn written_at(entry: &blobs::Entry) -> Timestamp {
    let since = entry.written_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

async fn delete_unused(app: &App, unused: impl Iterator<Item = &Swept>) -> Result<(), JobError> {
    let ids: Vec<FileId> = unused.map(|row| row.id).collect();
    for ids in ids.chunks(200) {
        let ids = ids.to_vec();
        app.store.write(move |tx| store::delete_unused(tx, &ids)).await.map_err(to_job_error)?;
    }
    Ok(())
}
