//! What a job is.

use std::future::Future;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Work that is owed: done after the transaction that pushed it, whatever is killed when.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What it needs to run.
    type Context: Clone + Send + Sync + 'static;

    /// Stored in rows: never reuse a name, keep old payloads readable.
    const NAME: &'static str;

    /// Runs before the job is given up and stays as dead.
    const MAX_ATTEMPTS: i64 = 20;

    /// Longest run; what takes longer is tried again, so long work is cut into pieces.
    const TIME_LIMIT: Duration = Duration::from_mins(10);

    /// What it is about; at most one job of a name and key waits.
    fn key(&self) -> String;

    /// Does what is left to do.
    fn run(&self, context: &Self::Context) -> impl Future<Output = Result<(), JobError>> + Send;
}

/// Why a job did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Worth another try.
    #[error("{0}")]
    Retry(String),
    /// Would fail again: the job is dead at once.
    #[error("{0}")]
    Fatal(String),
}
