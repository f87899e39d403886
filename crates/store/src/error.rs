//! How the database can fail.

use types::BadValue;

/// The result of a database call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failed statement, transaction or queue.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A unique constraint refused the row.
    #[error("a unique constraint refused the row: {0}")]
    Duplicate(String),
    /// A foreign key or check constraint refused the row.
    #[error("a constraint refused the row: {0}")]
    Constraint(String),
    /// A row that must be there is not.
    #[error("the statement gave no row: {0}")]
    NoRow(&'static str),
    /// An event for an account that is being deleted, or is gone.
    #[error("the account's log is closed")]
    LogClosed,
    /// A column does not fit the type it is read as.
    #[error("column {column}: {source}")]
    BadColumn {
        /// Position in the row, from 0.
        column: usize,
        /// What was wrong.
        source: BadValue,
    },
    /// A read took longer than its deadline.
    #[error("the query took longer than its deadline")]
    TooSlow,
    /// A queue stayed full.
    #[error("the queue of the database is full")]
    Busy,
    /// The database cannot be reached or cannot write.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The closure panicked; what it did was rolled back.
    #[error("a use case panicked: {0}")]
    Panicked(String),
    /// A migration failed; nothing of it remains.
    #[error("migration {name}: {source}")]
    Migration {
        /// The migration's name.
        name: String,
        /// Why it failed.
        source: Box<Error>,
    },
    /// Anything else that an engine says.
    #[error("{0}")]
    Engine(String),
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        use rusqlite::ffi;
        let rusqlite::Error::SqliteFailure(failure, ref message) = error else {
            return Self::Engine(error.to_string());
        };
        let text = message.clone().unwrap_or_else(|| failure.to_string());
        match (failure.code, failure.extended_code) {
            (_, ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID) => {
                Self::Duplicate(text)
            }
            (ErrorCode::ConstraintViolation, _) => Self::Constraint(text),
            (ErrorCode::OperationInterrupted, _) => Self::TooSlow,
            (
                ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::OutOfMemory,
                _,
            ) => Self::Unavailable(text),
            _ => Self::Engine(text),
        }
    }
}

impl From<postgres::Error> for Error {
    fn from(error: postgres::Error) -> Self {
        use postgres::error::SqlState;
        let Some(failure) = error.as_db_error() else {
            let text = chain(&error);
            return if is_lost(&error) { Self::Unavailable(text) } else { Self::Engine(text) };
        };
        let text = format!("{} ({})", failure.message(), failure.code().code());
        match failure.code() {
            code if *code == SqlState::UNIQUE_VIOLATION => Self::Duplicate(text),
            code if *code == SqlState::QUERY_CANCELED => Self::TooSlow,
            code if code.code().starts_with("23") => Self::Constraint(text),
            code if UNAVAILABLE.iter().any(|class| code.code().starts_with(class)) => Self::Unavailable(text),
            _ => Self::Engine(text),
        }
    }
}

/// Classes of SQLSTATE that say nothing about the statement: connection, login, no such database, a conflict that came
/// again and again, a full disk, the server going down, its own I/O, a server that only reads.
const UNAVAILABLE: [&str; 9] = ["08", "28", "3D", "40", "53", "57", "58", "25006", "F0"];

/// Whether the connection failed, and not what was asked of it.
fn is_lost(error: &postgres::Error) -> bool {
    use std::error::Error as _;
    error.is_closed() || error.source().is_some_and(<dyn std::error::Error>::is::<std::io::Error>)
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
