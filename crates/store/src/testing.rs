//! Throwaway databases for tests: a migrated template, copied for each test.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use postgres::NoTls;
use tempfile::TempDir;
pub use testing_macros::db_test;
use tracing::warn;
use types::Clock;

use crate::{Database, Error, Migration, Options, Result, Store};

/// The environment variable with the address of the private PostgreSQL server that `make test` starts.
pub const POSTGRES_VARIABLE: &str = "OOCTOPUS_TEST_POSTGRES";

/// The engine that a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file in a folder in memory, where there is one.
    Sqlite,
    /// A database of the private server.
    Postgres,
}

/// What a test with [`db_test`] is run on: made anew for each engine.
pub trait OnEngine: Sized {
    /// Makes one on `engine`.
    fn on(engine: Engine) -> impl Future<Output = Self> + Send;
}

impl OnEngine for Engine {
    async fn on(engine: Engine) -> Self {
        engine
    }
}

/// A migrated database that is gone when this is dropped.
pub struct TestDatabase {
    /// How to open it.
    pub options: Options,
    cleanup: Cleanup,
}

enum Cleanup {
    Folder(#[expect(dead_code, reason = "removes the folder when dropped")] TempDir),
    Database { admin_url: String, name: String },
}

impl TestDatabase {
    /// A fresh database with `migrations`.
    ///
    /// # Panics
    /// When there is no private PostgreSQL server: a skipped engine is a failure.
    pub fn new(engine: Engine, migrations: &[Migration], clock: Arc<dyn Clock>) -> Self {
        let (database, cleanup) = match engine {
            Engine::Sqlite => sqlite(migrations),
            Engine::Postgres => postgres(migrations),
        };
        let options = Options { clock, readers: 2, tells_others: false, ..Options::new(database) };
        Self { options, cleanup }
    }

    /// Opens it.
    pub fn open(&self) -> Store {
        Store::open(self.options.clone()).expect("a throwaway database opens")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Cleanup::Database { admin_url, name } = &self.cleanup {
            // A test that failed may have taken the server along; its own message matters more than this one.
            if let Err(cause) = try_on(admin_url, vec![format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")]) {
                warn!(%cause, name, "a throwaway database could not be removed");
            }
        }
    }
}

static NUMBER: AtomicU64 = AtomicU64::new(0);

fn next_number() -> u64 {
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

/// A folder in memory where the machine has one: thousands of test databases should not reach the disk.
pub fn temporary_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let builder = tempfile::Builder::new().prefix("ooctopus-test-").to_owned();
    let folder = if memory.is_dir() { builder.tempdir_in(memory) } else { builder.tempdir() };
    folder.expect("a temporary folder can be made")
}

/// What one list of migrations makes of an empty database, made once per process.
struct Template<T> {
    migrations: Vec<(&'static str, &'static str)>,
    content: T,
}

/// The template for `migrations` among `templates`, made by `make` when it is the first.
fn template<T: Clone>(templates: &Mutex<Vec<Template<T>>>, migrations: &[Migration], make: impl FnOnce() -> T) -> T {
    let migrations: Vec<_> = migrations.iter().map(|migration| (migration.name, migration.sql)).collect();
    let mut templates = templates.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(template) = templates.iter().find(|template| template.migrations == migrations) {
        return template.content.clone();
    }
    let content = make();
    templates.push(Template { migrations, content: content.clone() });
    content
}

fn sqlite(migrations: &[Migration]) -> (Database, Cleanup) {
    static TEMPLATES: Mutex<Vec<Template<Arc<[u8]>>>> = Mutex::new(Vec::new());
    let content = template(&TEMPLATES, migrations, || {
        let folder = temporary_folder();
        let path = folder.path().join("template.db");
        let options = Options::new(Database::Sqlite { path: path.clone(), durable: false });
        // Nobody has it open afterwards, so that all of it is in the one file.
        Store::migrate(&options, migrations).expect("the migrations run on an empty SQLite database");
        std::fs::read(path).expect("the template can be read").into()
    });
    let folder = temporary_folder();
    let path = folder.path().join("ooctopus.db");
    std::fs::write(&path, content).expect("the template can be copied");
    (Database::Sqlite { path, durable: false }, Cleanup::Folder(folder))
}

fn postgres(migrations: &[Migration]) -> (Database, Cleanup) {
    static TEMPLATES: Mutex<Vec<Template<String>>> = Mutex::new(Vec::new());
    let admin_url = std::env::var(POSTGRES_VARIABLE)
        .unwrap_or_else(|_| panic!("{POSTGRES_VARIABLE} is not set: run the tests with `make test`"));
    let template = template(&TEMPLATES, migrations, || {
        let name = format!("ooctopus_template_{}_{}", std::process::id(), next_number());
        run_on(&admin_url, vec![format!("CREATE DATABASE {name}")]);
        let options = Options::new(Database::Postgres { url: with_database(&admin_url, &name), connections: 1 });
        Store::migrate(&options, migrations).expect("the migrations run on an empty PostgreSQL database");
        name
    });
    let name = format!("ooctopus_test_{}_{}", std::process::id(), next_number());
    run_on(&admin_url, vec![format!("CREATE DATABASE {name} TEMPLATE {template}")]);
    let url = with_database(&admin_url, &name);
    (Database::Postgres { url, connections: 4 }, Cleanup::Database { admin_url, name })
}

/// The address of another database on the same server.
pub fn with_database(url: &str, name: &str) -> String {
    let (server, query) = url.split_once('?').map_or((url, None), |(server, query)| (server, Some(query)));
    let (server, _) = server.rsplit_once('/').expect("the address names a database");
    query.map_or_else(|| format!("{server}/{name}"), |query| format!("{server}/{name}?{query}"))
}

/// Runs statements outside of a transaction, on a thread of its own: the blocking client must not meet a runtime.
pub fn run_on(url: &str, statements: Vec<String>) {
    try_on(url, statements).expect("the private PostgreSQL server does what it is told");
}

fn try_on(url: &str, statements: Vec<String>) -> Result<()> {
    let url = url.to_owned();
    let thread = thread::spawn(move || {
        let mut client = postgres::Client::connect(&url, NoTls)?;
        statements.iter().try_for_each(|statement| client.batch_execute(statement))
    });
    Ok(thread.join().map_err(|_| Error::Panicked("while talking to PostgreSQL".into()))??)
}

/// The environment variable with the minutes that a test may take, for those that are told to do more than usual.
const PATIENCE_VARIABLE: &str = "OOCTOPUS_TEST_MINUTES";

/// How long a test may take before it counts as hanging.
fn patience() -> Duration {
    let minutes = std::env::var(PATIENCE_VARIABLE).map_or(2, |minutes| minutes.parse().expect("minutes are a number"));
    Duration::from_mins(minutes)
}

/// Runs what a test with [`db_test`] expands to, on a runtime of its own.
#[doc(hidden)]
pub fn run_test<T: OnEngine, F: Future<Output = ()>>(engine: Engine, test: impl FnOnce(T) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let whole = async { tokio::time::timeout(patience(), async { test(T::on(engine).await).await }).await };
    runtime.expect("a runtime starts").block_on(whole).expect("the test ends in time");
}
