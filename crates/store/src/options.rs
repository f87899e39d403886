//! How a database is opened.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use types::{Clock, SystemClock};

/// Where the data is.
#[derive(Clone)]
pub enum Database {
    /// A file of the embedded database.
    Sqlite {
        /// The file; made when missing.
        path: PathBuf,
        /// Whether a commit waits for the disk (`synchronous=FULL`). Only throwaway databases say no.
        durable: bool,
    },
    /// A PostgreSQL server, 15 or newer.
    Postgres {
        /// `postgres://user:password@host:port/database`.
        url: String,
        /// Connections for writing; as many again for reading.
        connections: usize,
    },
}

impl Database {
    /// `sqlite` or `postgres`.
    pub fn engine(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "sqlite",
            Self::Postgres { .. } => "postgres",
        }
    }
}

/// Settings of a [`crate::Store`].
#[derive(Clone)]
pub struct Options {
    /// Where the data is.
    pub database: Database,
    /// Where `tx.now()` comes from.
    pub clock: Arc<dyn Clock>,
    /// Whether other processes on a shared database are told of commits, and tell us.
    pub tells_others: bool,
    /// Closures that may wait for the writer.
    pub write_queue: usize,
    /// Closures that may wait for a reader.
    pub read_queue: usize,
    /// Reader threads on SQLite.
    pub readers: usize,
    /// How long a caller waits for room in a queue before it is told that the server is busy.
    pub queue_wait: Duration,
    /// How long a read closure may run before its statement is interrupted.
    pub read_deadline: Duration,
    /// How long a write closure may run before its statement is interrupted.
    pub write_deadline: Duration,
    /// How long a write closure may run before the log warns of it.
    pub write_budget: Duration,
    /// Size in bytes from which SQLite's write-ahead log is started anew, for which writers wait a moment.
    pub log_cap: u64,
}

impl Options {
    /// The defaults for `database`.
    pub fn new(database: Database) -> Self {
        Self {
            database,
            clock: Arc::new(SystemClock),
            tells_others: true,
            write_queue: 1024,
            read_queue: 1024,
            readers: 4,
            queue_wait: Duration::from_secs(2),
            read_deadline: Duration::from_secs(15),
            write_deadline: Duration::from_secs(30),
            write_budget: Duration::from_millis(50),
            log_cap: 64 * 1024 * 1024,
        }
    }
}
