//! The embedded engine: one writer thread with group commit, reader threads, a checkpoint thread.

mod checkpoint;
mod deadline;
mod reader;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::functions::FunctionFlags;
use rusqlite::{
    Connection, ErrorCode, OpenFlags, Statement, ToSql, Transaction, TransactionBehavior, params_from_iter,
};
use types::{Clock as _, SystemClock, Value, ValueRef};

use crate::conn::Text;
use crate::migration::{self, Migration};
use crate::queue::Receiver;
use crate::work::{ReadWork, WriteWork};
use crate::{Database, Error, Result, Shared};
use checkpoint::Checkpoints;

/// How long a statement waits for another process, such as `ooctopus admin` beside a server.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const CACHED_STATEMENTS: usize = 512;

pub(crate) fn start(
    shared: &Arc<Shared>,
    writes: &Receiver<Box<dyn WriteWork>>,
    reads: &Receiver<Box<dyn ReadWork>>,
) -> Result<()> {
    let Database::Sqlite { path, .. } = &shared.options.database else {
        return Err(Error::Engine("not a SQLite database".into()));
    };
    let checkpoints = Checkpoints::start(path, shared.options.log_cap)?;
    writer::start(Arc::clone(shared), checkpoints, writes.clone())?;
    for number in 0..shared.options.readers.max(1) {
        reader::start(Arc::clone(shared), open_reader(path)?, reads.clone(), number)?;
    }
    Ok(())
}

pub(crate) fn migrate(path: &Path, migrations: &[Migration]) -> Result<Vec<String>> {
    let connection = open_writer(path, true)?;
    // Otherwise a table that is dropped to be made anew would take the rows that refer to it along.
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.execute_batch(migration::CREATE_TABLE)?;
    let mut done = Vec::new();
    for migration in migrations {
        let Some(text) = migration::for_sqlite(migration) else { continue };
        let applied = apply(&connection, migration.name, &text)
            .map_err(|cause| Error::Migration { name: migration.name.to_owned(), source: Box::new(cause) })?;
        if applied {
            done.push(migration.name.to_owned());
        }
    }
    look_at_sizes(&connection)?;
    Ok(done)
}

/// Lets the planner know how large tables are and how well indexes divide them, where it does not know or where that has
/// changed tenfold. It looks at some rows of each index only.
fn look_at_sizes(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA optimize = 0x10002")
}

/// Runs one migration in a transaction; `false` when it has been run before.
fn apply(connection: &Connection, name: &str, text: &str) -> Result<bool> {
    // Dropped without a commit it rolls back.
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let known: i64 =
        transaction.query_row("SELECT COUNT(*) FROM schema_migrations WHERE name = ?1", [name], |row| row.get(0))?;
    if known > 0 {
        return Ok(false);
    }
    transaction.execute_batch(text)?;
    let orphans: i64 = transaction.query_row("SELECT COUNT(*) FROM pragma_foreign_key_check", [], |row| row.get(0))?;
    if orphans > 0 {
        return Err(Error::Constraint(format!("{orphans} rows refer to rows that are not there")));
    }
    let now = SystemClock.now().as_micros();
    transaction.execute("INSERT INTO schema_migrations (name, applied_at) VALUES (?1, ?2)", (name, now))?;
    transaction.commit()?;
    Ok(true)
}

fn open_writer(path: &Path, durable: bool) -> Result<Connection> {
    let connection = Connection::open(path)?;
    prepare(&connection)?;
    start_log(&connection, path)?;
    // The checkpoint thread does this, so that no commit waits for it.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "synchronous", if durable { "FULL" } else { "OFF" })?;
    connection.pragma_update(None, "cache_size", -64 * 1024)?;
    Ok(connection)
}

/// Turns the write-ahead log on. SQLite does not wait for another process that is doing the same.
fn start_log(connection: &Connection, path: &Path) -> Result<()> {
    let begun = Instant::now();
    loop {
        match connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0)) {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => {
                let path = path.display();
                return Err(Error::Unavailable(format!("{path} has no write-ahead log, but the journal {mode}")));
            }
            Err(cause) if is_busy(&cause) && begun.elapsed() < BUSY_TIMEOUT => thread::sleep(Duration::from_millis(5)),
            Err(cause) => return Err(cause.into()),
        }
    }
}

fn is_busy(cause: &rusqlite::Error) -> bool {
    matches!(cause.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

fn open_reader(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    prepare(&connection)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "cache_size", -16 * 1024)?;
    Ok(connection)
}

fn prepare(connection: &Connection) -> Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "mmap_size", 256 * 1024 * 1024)?;
    // Plans do not depend on bound values. Otherwise a statement that might use a partial index is planned anew each
    // time it runs, which costs more than running it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // PostgreSQL has a function of the same name from a migration.
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("fold", 1, flags, |context| {
        let text: Option<&str> = context.get_raw(0).as_str_or_null()?;
        Ok(text.map(types::fold))
    })?;
    Ok(())
}

pub(crate) fn execute(connection: &Connection, text: &str, values: &[Value]) -> Result<u64> {
    let mut statement = connection.prepare_cached(text)?;
    let changed = statement.execute(params_from_iter(values.iter().map(Bound)))?;
    Ok(changed as u64)
}

pub(crate) fn query<R>(
    connection: &Connection,
    text: &Text<'_>,
    values: &[Value],
    read: impl FnMut(&rusqlite::Row<'_>) -> Result<R>,
) -> Result<Vec<R>> {
    match text {
        Text::Static(sql) => collect(&mut *connection.prepare_cached(sql.sqlite())?, values, read),
        Text::Dynamic(text) => collect(&mut *connection.prepare_cached(&crate::sql::for_sqlite(text))?, values, read),
    }
}

fn collect<R>(
    statement: &mut Statement<'_>,
    values: &[Value],
    mut read: impl FnMut(&rusqlite::Row<'_>) -> Result<R>,
) -> Result<Vec<R>> {
    let mut rows = statement.query(params_from_iter(values.iter().map(Bound)))?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(read(row)?);
    }
    Ok(out)
}

/// A column of `row`.
pub(crate) fn column<'a>(row: &'a rusqlite::Row<'_>, column: usize) -> Result<ValueRef<'a>> {
    use rusqlite::types::ValueRef as Stored;
    Ok(match row.get_ref(column)? {
        Stored::Null => ValueRef::Null,
        Stored::Integer(number) => ValueRef::Int(number),
        Stored::Real(number) => ValueRef::Real(number),
        Stored::Text(bytes) => {
            ValueRef::Text(std::str::from_utf8(bytes).map_err(|_| Error::Engine("text that is not UTF-8".into()))?)
        }
        Stored::Blob(_) => return Err(Error::Engine("a binary column".into())),
    })
}

/// A value on its way into a statement.
struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef as Stored};
        Ok(match self.0 {
            Value::Null => ToSqlOutput::Borrowed(Stored::Null),
            Value::Int(number) => ToSqlOutput::Borrowed(Stored::Integer(*number)),
            Value::Real(number) => ToSqlOutput::Borrowed(Stored::Real(*number)),
            Value::Bool(truth) => ToSqlOutput::Borrowed(Stored::Integer(i64::from(*truth))),
            Value::Text(text) => ToSqlOutput::Borrowed(Stored::Text(text.as_bytes())),
            Value::Ints(numbers) => ToSqlOutput::Owned(Owned::Text(json(numbers))),
            Value::Texts(texts) => ToSqlOutput::Owned(Owned::Text(json(texts))),
        })
    }
}

fn json<T: serde::Serialize>(list: &[T]) -> String {
    serde_json::to_string(list).expect("numbers and texts always serialise")
}
