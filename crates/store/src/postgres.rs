//! The server engine: threads that each own a connection.
//!
//! The connections are made, used and dropped on threads of our own: the blocking client brings a runtime
//! and panics inside another one.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use postgres::error::SqlState;
use bytes::BytesMut;
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, NoTls, Row, Statement};
use tracing::{error, warn};
use types::{Clock as _, SystemClock, Value, ValueRef};

use crate::conn::{Conn, Engine, Text};
use crate::migration::{self, Migration};
use crate::sql::Sql;
use crate::work::{ReadWork, WriteWork};
use crate::{Database, Error, Result, Shared, Tx};

/// Runs of one closure before its serialisation failure is given to the caller.
const MAX_RUNS: u32 = 10;
/// Statements of run-time texts kept prepared per connection.
const MAX_BUILT: usize = 256;
/// Advisory lock held while migrating: "ooct".
const MIGRATION_LOCK: i64 = 0x6f6f_6374;

pub(crate) fn start(
    shared: &Arc<Shared>,
    writes: &flume::Receiver<Box<dyn WriteWork>>,
    reads: &flume::Receiver<Box<dyn ReadWork>>,
) -> Result<()> {
    let Database::Postgres { connections, .. } = &shared.options.database else {
        return Err(Error::Engine("not a PostgreSQL database".into()));
    };
    let (ready, started) = flume::bounded(2 * connections);
    for number in 0..*connections {
        let (shared_, queue, ready_) = (Arc::clone(shared), writes.clone(), ready.clone());
        spawn(format!("postgres-writer-{number}"), move || {
            serve(&shared_, &queue, &ready_, Session::write, |work, error| work.fail(error));
        })?;
        let (shared_, queue, ready_) = (Arc::clone(shared), reads.clone(), ready.clone());
        spawn(format!("postgres-reader-{number}"), move || {
            serve(&shared_, &queue, &ready_, Session::read, |work, error| work.fail(error));
        })?;
    }
    drop(ready);
    // The first connection tells whether the address is right; the others may follow later.
    started.recv().unwrap_or_else(|_| Err(Error::Unavailable("no connection thread started".into())))
}

fn spawn(name: String, run: impl FnOnce() + Send + 'static) -> Result<()> {
    let started = thread::Builder::new().name(name).spawn(run);
    started.map(drop).map_err(|cause| Error::Unavailable(format!("starting a connection thread: {cause}")))
}

/// One thread: takes work, runs it on its connection, connects again when that is lost.
fn serve<W>(
    shared: &Shared,
    queue: &flume::Receiver<W>,
    ready: &flume::Sender<Result<()>>,
    run: fn(&mut Session, &Shared, W),
    fail: fn(W, Error),
) {
    let mut session = match Session::connect(shared) {
        Ok(session) => {
            drop(ready.try_send(Ok(())));
            Some(session)
        }
        Err(error) => {
            drop(ready.try_send(Err(error)));
            None
        }
    };
    while let Ok(work) = queue.recv() {
        if session.as_ref().is_none_or(|session| session.client.is_closed()) {
            session = match Session::connect(shared) {
                Ok(session) => Some(session),
                Err(error) => {
                    warn!(%error, "connecting to PostgreSQL failed");
                    fail(work, error);
                    continue;
                }
            };
        }
        if let Some(session) = session.as_mut() {
            run(session, shared, work);
        }
    }
}

/// A connection with its prepared statements.
pub(crate) struct Session {
    client: Client,
    prepared: HashMap<usize, Statement>,
    built: HashMap<String, Statement>,
    /// The last statement failed because of another transaction: another run may succeed.
    run_again: bool,
}

impl Session {
    fn connect(shared: &Shared) -> Result<Self> {
        let Database::Postgres { url, .. } = &shared.options.database else {
            return Err(Error::Engine("not a PostgreSQL database".into()));
        };
        let mut client = connect(url)?;
        let deadline = shared.options.read_deadline.as_millis();
        client.batch_execute(&format!("SET statement_timeout = {deadline}"))?;
        Ok(Self { client, prepared: HashMap::new(), built: HashMap::new(), run_again: false })
    }

    fn write(&mut self, shared: &Shared, mut work: Box<dyn WriteWork>) {
        for run in 1.. {
            if let Err(cause) = self.client.batch_execute("BEGIN") {
                return work.fail(cause.into());
            }
            self.run_again = false;
            let begun = Instant::now();
            let stats = work.stats();
            let result = {
                let mut tx = Tx::new(Engine::Postgres(self), shared, stats);
                work.run(&mut tx)
            };
            if begun.elapsed() > shared.options.write_budget {
                warn!(elapsed_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX), "a write closure took long");
            }
            let ended = self.client.batch_execute(if result.is_ok() { "COMMIT" } else { "ROLLBACK" });
            match (result, ended) {
                (Ok(wakes), Ok(())) => {
                    work.answer();
                    if wakes {
                        shared.committed.notify_waiters();
                    }
                    return;
                }
                (_, Err(cause)) if !(is_conflict(&cause) && run < MAX_RUNS) => {
                    error!(%cause, "ending a transaction failed");
                    return work.fail(cause.into());
                }
                (Err(()), Ok(())) if !(self.run_again && run < MAX_RUNS) => return work.answer(),
                _ => thread::sleep(Duration::from_millis(u64::from(run))),
            }
        }
    }

    fn read(&mut self, _: &Shared, mut work: Box<dyn ReadWork>) {
        if let Err(cause) = self.client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") {
            return work.fail(cause.into());
        }
        let stats = work.stats();
        work.run(&mut Conn { engine: Engine::Postgres(self), stats });
        match self.client.batch_execute("COMMIT") {
            Ok(()) => work.answer(),
            Err(cause) => work.fail(cause.into()),
        }
    }

    pub(crate) fn query(&mut self, text: &Text<'_>, values: &[Value]) -> Result<Vec<Row>> {
        let statement = self.statement(text)?;
        let bound: Vec<Bound<'_>> = values.iter().map(Bound).collect();
        let params: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|value| value as _).collect();
        let rows = self.client.query(&statement, &params);
        self.note(rows)
    }

    pub(crate) fn execute(&mut self, sql: &'static Sql, values: &[Value]) -> Result<u64> {
        let statement = self.statement(&Text::Static(sql))?;
        let bound: Vec<Bound<'_>> = values.iter().map(Bound).collect();
        let params: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|value| value as _).collect();
        let changed = self.client.execute(&statement, &params);
        self.note(changed)
    }

    fn statement(&mut self, text: &Text<'_>) -> Result<Statement> {
        match text {
            Text::Static(sql) => {
                let key = sql.text().as_ptr() as usize;
                if let Some(statement) = self.prepared.get(&key) {
                    return Ok(statement.clone());
                }
                let prepared = self.client.prepare(sql.text());
                let statement = self.note(prepared)?;
                self.prepared.insert(key, statement.clone());
                Ok(statement)
            }
            Text::Dynamic(text) => {
                if let Some(statement) = self.built.get(*text) {
                    return Ok(statement.clone());
                }
                let prepared = self.client.prepare(text);
                let statement = self.note(prepared)?;
                if self.built.len() >= MAX_BUILT {
                    self.built.clear();
                }
                self.built.insert((*text).to_owned(), statement.clone());
                Ok(statement)
            }
        }
    }

    /// Remembers of a failure whether another run is worth while.
    fn note<T>(&mut self, result: std::result::Result<T, postgres::Error>) -> Result<T> {
        result.map_err(|cause| {
            // "cached plan must not change result type": a migration ran beside us.
            let stale = cause.code() == Some(&SqlState::FEATURE_NOT_SUPPORTED);
            if stale {
                self.prepared.clear();
                self.built.clear();
            }
            self.run_again = stale || is_conflict(&cause);
            cause.into()
        })
    }
}

fn is_conflict(cause: &postgres::Error) -> bool {
    cause.code().is_some_and(|code| *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED)
}

fn connect(url: &str) -> Result<Client> {
    let mut config: postgres::Config =
        url.parse().map_err(|cause| Error::Unavailable(format!("the database address cannot be read: {cause}")))?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(5));
    }
    config.application_name("ooctopus");
    Ok(config.connect(NoTls)?)
}

pub(crate) fn migrate(url: &str, migrations: &[Migration]) -> Result<Vec<String>> {
    let url = url.to_owned();
    let migrations = migrations.to_vec();
    let thread = thread::spawn(move || migrate_here(&url, &migrations));
    thread.join().unwrap_or_else(|_| Err(Error::Panicked("while migrating".into())))
}

fn migrate_here(url: &str, migrations: &[Migration]) -> Result<Vec<String>> {
    let mut client = connect(url)?;
    client.execute("SELECT pg_advisory_lock($1)", &[&MIGRATION_LOCK])?;
    client.batch_execute("SET client_min_messages = warning")?;
    client.batch_execute(migration::CREATE_TABLE)?;
    let mut done = Vec::new();
    for migration in migrations {
        let Some(text) = migration::for_postgres(migration) else { continue };
        let applied = apply(&mut client, migration.name, &text)
            .map_err(|cause| Error::Migration { name: migration.name.to_owned(), source: Box::new(cause.into()) })?;
        if applied {
            done.push(migration.name.to_owned());
        }
    }
    Ok(done)
}

/// Runs one migration in a transaction; `false` when it has been run before.
fn apply(client: &mut Client, name: &str, text: &str) -> std::result::Result<bool, postgres::Error> {
    let mut transaction = client.transaction()?;
    let known = transaction.query_one("SELECT COUNT(*) FROM schema_migrations WHERE name = $1", &[&name])?;
    if known.get::<_, i64>(0) > 0 {
        return Ok(false);
    }
    transaction.batch_execute(text)?;
    let now = SystemClock.now().as_micros();
    transaction.execute("INSERT INTO schema_migrations (name, applied_at) VALUES ($1, $2)", &[&name, &now])?;
    transaction.commit()?;
    Ok(true)
}

/// A column of `row`.
pub(crate) fn column(row: &Row, column: usize) -> Result<ValueRef<'_>> {
    let kind = row.columns().get(column).map(|column| column.type_().clone());
    let bad = |cause: postgres::Error| Error::Engine(cause.to_string());
    Ok(match kind {
        Some(Type::INT8) => row.try_get::<_, Option<i64>>(column).map_err(bad)?.map_or(ValueRef::Null, ValueRef::Int),
        Some(Type::INT4) => {
            row.try_get::<_, Option<i32>>(column).map_err(bad)?.map_or(ValueRef::Null, |number| ValueRef::Int(number.into()))
        }
        Some(Type::BOOL) => row.try_get::<_, Option<bool>>(column).map_err(bad)?.map_or(ValueRef::Null, ValueRef::Bool),
        Some(Type::FLOAT8) => row.try_get::<_, Option<f64>>(column).map_err(bad)?.map_or(ValueRef::Null, ValueRef::Real),
        Some(Type::TEXT | Type::VARCHAR | Type::NAME) => {
            row.try_get::<_, Option<&str>>(column).map_err(bad)?.map_or(ValueRef::Null, ValueRef::Text)
        }
        other => return Err(Error::Engine(format!("column {column} has the type {other:?}; cast it in the statement"))),
    })
}

/// A value on its way into a statement, in the form of the parameter's type.
#[derive(Debug)]
struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> std::result::Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match (self.0, kind) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Int(number), &Type::INT8) => number.to_sql(kind, out),
            (Value::Int(number), &Type::INT4) => i32::try_from(*number)?.to_sql(kind, out),
            #[expect(clippy::cast_precision_loss, reason = "a whole number bound to a real column")]
            (Value::Int(number), &Type::FLOAT8) => (*number as f64).to_sql(kind, out),
            (Value::Real(number), &Type::FLOAT8) => number.to_sql(kind, out),
            (Value::Bool(truth), &Type::BOOL) => truth.to_sql(kind, out),
            (Value::Text(text), &(Type::TEXT | Type::VARCHAR | Type::NAME)) => text.to_sql(kind, out),
            (Value::Ints(numbers), &Type::INT8_ARRAY) => numbers.to_sql(kind, out),
            (Value::Texts(texts), &Type::TEXT_ARRAY) => texts.to_sql(kind, out),
            (value, kind) => Err(format!("cannot bind {value:?} to a parameter of type {kind}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
