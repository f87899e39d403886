//! Throwaway databases for tests: a migrated template, copied for each test.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use postgres::NoTls;
use tempfile::TempDir;
use types::Clock;

use crate::{Database, Migration, Options, Store};

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
        let options = Options { clock, readers: 2, ..Options::new(database) };
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
            let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            run_on(admin_url.clone(), vec![statement]);
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

fn sqlite(migrations: &[Migration]) -> (Database, Cleanup) {
    static TEMPLATES: Mutex<Vec<(usize, Arc<TempDir>)>> = Mutex::new(Vec::new());
    let folder = temporary_folder();
    let path = folder.path().join("ooctopus.db");
    {
        let mut templates = TEMPLATES.lock().unwrap_or_else(PoisonError::into_inner);
        let key = migrations.as_ptr() as usize;
        let template = match templates.iter().find(|(known, _)| *known == key) {
            Some((_, template)) => Arc::clone(template),
            None => {
                let template = Arc::new(temporary_folder());
                let options = Options::new(Database::Sqlite { path: template.path().join("template.db"), durable: false });
                Store::migrate(&options, migrations).expect("the migrations run on an empty SQLite database");
                templates.push((key, Arc::clone(&template)));
                template
            }
        };
        copy_database(&template.path().join("template.db"), &path);
    }
    (Database::Sqlite { path, durable: false }, Cleanup::Folder(folder))
}

/// Copies a database that nobody has open, with its log.
fn copy_database(from: &Path, to: &Path) {
    std::fs::copy(from, to).expect("the template can be copied");
    let log = |path: &Path| PathBuf::from(format!("{}-wal", path.display()));
    if log(from).exists() {
        std::fs::copy(log(from), log(to)).expect("the template's log can be copied");
    }
}

fn postgres(migrations: &[Migration]) -> (Database, Cleanup) {
    static TEMPLATES: Mutex<Vec<(usize, String)>> = Mutex::new(Vec::new());
    let admin_url = std::env::var(POSTGRES_VARIABLE)
        .unwrap_or_else(|_| panic!("{POSTGRES_VARIABLE} is not set: run the tests with `make test`"));
    let template = {
        let mut templates = TEMPLATES.lock().unwrap_or_else(PoisonError::into_inner);
        let key = migrations.as_ptr() as usize;
        match templates.iter().find(|(known, _)| *known == key) {
            Some((_, template)) => template.clone(),
            None => {
                let template = format!("ooctopus_template_{}_{}", std::process::id(), next_number());
                run_on(admin_url.clone(), vec![format!("CREATE DATABASE {template}")]);
                let options = Options::new(Database::Postgres { url: with_database(&admin_url, &template), connections: 1 });
                Store::migrate(&options, migrations).expect("the migrations run on an empty PostgreSQL database");
                templates.push((key, template.clone()));
                template
            }
        }
    };
    let name = format!("ooctopus_test_{}_{}", std::process::id(), next_number());
    run_on(admin_url.clone(), vec![format!("CREATE DATABASE {name} TEMPLATE {template}")]);
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
pub fn run_on(url: String, statements: Vec<String>) {
    let thread = thread::spawn(move || {
        let mut client = postgres::Client::connect(&url, NoTls).expect("the private PostgreSQL server answers");
        for statement in statements {
            client.batch_execute(&statement).unwrap_or_else(|cause| panic!("{statement}: {cause}"));
        }
    });
    thread.join().expect("the statements run");
}
