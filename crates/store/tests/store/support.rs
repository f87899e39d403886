//! A database with a few tables, and ways to hold its writer still.

use std::sync::Arc;
use std::sync::mpsc;

use store::testing::{Engine, OnEngine, TestDatabase};
use store::{Database, Migration, Options, Result, Store, Tx, sql};
use tokio::task::JoinSet;
use types::SystemClock;

pub const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "0001_items.sql",
        sql:
            "CREATE TABLE items (id $ID, name TEXT NOT NULL UNIQUE, amount BIGINT NOT NULL, created_at BIGINT NOT NULL);
              CREATE TABLE parts (id $ID, item_id BIGINT NOT NULL REFERENCES items (id) DEFERRABLE INITIALLY DEFERRED);
              CREATE TABLE labels (id $ID, item_id BIGINT NOT NULL REFERENCES items (id));
              CREATE TABLE samples (id $ID, truth BOOLEAN, real DOUBLE PRECISION, number BIGINT, words TEXT);",
    },
    Migration {
        name: "0002_events.sql",
        sql: "CREATE TABLE account_counters (account_id BIGINT NOT NULL PRIMARY KEY, event_seq BIGINT NOT NULL,
                  is_closed BOOLEAN NOT NULL DEFAULT FALSE);
              CREATE TABLE account_stamps (account_id BIGINT NOT NULL, name TEXT NOT NULL, second BIGINT NOT NULL,
                  PRIMARY KEY (account_id, name));
              CREATE TABLE events (
                  account_id BIGINT NOT NULL, seq BIGINT NOT NULL, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
                  actor TEXT NOT NULL, cause TEXT, subject $JSON NOT NULL, changes $JSON NOT NULL,
                  created_at BIGINT NOT NULL, PRIMARY KEY (account_id, seq));",
    },
];

/// A migrated database and a handle on it.
pub struct Db {
    // Closed before the database is removed.
    pub store: Store,
    pub database: TestDatabase,
}

impl OnEngine for Db {
    async fn on(engine: Engine) -> Self {
        let database = TestDatabase::new(engine, MIGRATIONS, Arc::new(SystemClock));
        Self { store: database.open(), database }
    }
}

impl Db {
    /// Another handle on the same database, with other settings.
    pub fn open_with(&self, change: impl FnOnce(&mut Options)) -> Store {
        let mut options = self.database.options.clone();
        change(&mut options);
        Store::open(options).expect("the database opens once more")
    }

    /// Another handle with one writer and one reader on either engine.
    pub fn open_narrow(&self, change: impl FnOnce(&mut Options)) -> Store {
        self.open_with(|options| {
            options.readers = 1;
            if let Database::Postgres { connections, .. } = &mut options.database {
                *connections = 1;
            }
            change(options);
        })
    }
}

/// A writer that is busy with a closure until the gate is opened.
pub struct Gate {
    release: mpsc::Sender<()>,
    held: JoinSet<Result<()>>,
}

impl Gate {
    /// Resolves once a writer of `store` is inside the gate.
    pub async fn close(store: &Store) -> Self {
        let (release, released) = mpsc::channel::<()>();
        let (enter, mut entered) = tokio::sync::mpsc::unbounded_channel();
        let mut held = JoinSet::new();
        let store = store.clone();
        held.spawn(async move {
            let closure = move |_: &mut Tx<'_>| {
                // The closure may run again, when nobody listens any more.
                enter.send(()).ok();
                // Ends when the other half is dropped.
                released.recv().ok();
                Ok(())
            };
            store.write(closure).await
        });
        entered.recv().await.expect("the closure runs");
        Self { release, held }
    }

    /// Lets the writer go on. Its own closure may be part of a batch that is meant to fail.
    pub async fn open(mut self) -> Result<()> {
        drop(self.release);
        self.held.join_next().await.expect("one task").expect("it ends")
    }
}

/// Waits until `count` closures wait for a writer of `store`.
pub async fn until_queued(store: &Store, count: usize) {
    while store.queue_depths().0 < count {
        tokio::task::yield_now().await;
    }
}

/// Runs the futures at once; their results, in the order of the futures.
pub async fn at_once<T: Send + 'static>(
    futures: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let mut tasks = JoinSet::new();
    for (number, future) in futures.into_iter().enumerate() {
        tasks.spawn(async move { (number, future.await) });
    }
    let mut results = tasks.join_all().await;
    results.sort_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Writes an item and gives its id.
pub fn insert(tx: &mut Tx<'_>, name: &str) -> Result<i64> {
    let now = tx.now();
    let (id,) = tx
        .query_one(sql!("INSERT INTO items (name, amount, created_at) VALUES ($1, 0, $2) RETURNING id"), (name, now))?;
    Ok(id)
}

/// Writes an item in a transaction of its own.
pub async fn write_item(store: Store, name: impl Into<String>) -> Result<i64> {
    let name = name.into();
    store.write(move |tx| insert(tx, &name)).await
}

/// The names of all items, in the order of their ids.
pub async fn names(store: &Store) -> Vec<String> {
    let rows: Result<Vec<(String,)>> =
        store.read(|conn| conn.query(sql!("SELECT name FROM items ORDER BY id"), ())).await;
    rows.unwrap().into_iter().map(|(name,)| name).collect()
}
