//! Migrations run once, whole or not at all.

use std::sync::Arc;

use store::testing::{Engine, OnEngine, TestDatabase, db_test};
use store::{Error, Migration, Store, sql};
use types::SystemClock;

use crate::support::{MIGRATIONS, write_item};

/// A database without any table of ours.
struct Empty(TestDatabase);

impl OnEngine for Empty {
    async fn on(engine: Engine) -> Self {
        Self(TestDatabase::new(engine, &[], Arc::new(SystemClock)))
    }
}

impl Empty {
    fn migrate(&self, migrations: &[Migration]) -> store::Result<Vec<String>> {
        Store::migrate(&self.0.options, migrations)
    }
}

#[db_test]
async fn migrations_run_from_empty_and_only_once(db: Empty) {
    assert_eq!(db.migrate(MIGRATIONS).unwrap(), ["0001_items.sql", "0002_events.sql"]);
    assert!(db.migrate(MIGRATIONS).unwrap().is_empty());
    let store = db.0.open();
    assert_eq!(store.applied_migrations().await.unwrap(), ["0001_items.sql", "0002_events.sql"]);
    write_item(store, "one").await.unwrap();
}

#[db_test]
async fn a_later_migration_runs_alone(db: Empty) {
    db.migrate(&MIGRATIONS[..1]).unwrap();
    assert_eq!(db.migrate(MIGRATIONS).unwrap(), ["0002_events.sql"]);
    assert_eq!(db.0.open().applied_migrations().await.unwrap().len(), 2);
}

#[db_test]
async fn a_migration_for_one_engine_is_skipped_on_the_other(db: Empty) {
    let both = [
        Migration { name: "0001_one.pg.sql", sql: "CREATE TABLE only_postgres (id $ID)" },
        Migration { name: "0001_one.sqlite.sql", sql: "CREATE TABLE only_sqlite (id $ID)" },
    ];
    let done = db.migrate(&both).unwrap();
    let expected = if db.0.open().engine() == "postgres" { "0001_one.pg.sql" } else { "0001_one.sqlite.sql" };
    assert_eq!(done, [expected]);
    tokio::task::yield_now().await;
}

#[db_test]
async fn a_migration_that_fails_half_way_leaves_nothing_and_runs_when_mended(db: Empty) {
    let broken = [
        Migration { name: "0001_first.sql", sql: "CREATE TABLE first (id $ID)" },
        Migration {
            name: "0002_second.sql",
            sql: "CREATE TABLE second (id $ID); INSERT INTO no_such_table VALUES (1);",
        },
        Migration { name: "0003_third.sql", sql: "CREATE TABLE third (id $ID)" },
    ];
    let failed = db.migrate(&broken).unwrap_err();
    assert!(matches!(&failed, Error::Migration { name, .. } if name == "0002_second.sql"), "{failed:?}");
    let store = db.0.open();
    assert_eq!(store.applied_migrations().await.unwrap(), ["0001_first.sql"]);

    let mended = Migration { name: "0002_second.sql", sql: "CREATE TABLE second (id $ID, name TEXT)" };
    assert_eq!(db.migrate(&[broken[0], mended, broken[2]]).unwrap(), ["0002_second.sql", "0003_third.sql"]);
    let count: store::Result<(i64,)> =
        store.read(|conn| conn.query_one(sql!("SELECT COUNT(name) FROM second"), ())).await;
    assert_eq!(count.unwrap(), (0,));
}

#[db_test]
async fn of_processes_that_migrate_at_once_one_does_each_migration(db: Empty) {
    let done: Vec<String> = std::thread::scope(|scope| {
        let migrate = || db.migrate(MIGRATIONS).unwrap();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(migrate)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let mut sorted = done.clone();
    sorted.sort();
    assert_eq!(sorted, ["0001_items.sql", "0002_events.sql"], "{done:?}");
    write_item(db.0.open(), "one").await.unwrap();
}

#[db_test]
async fn a_database_is_migrated_beside_an_open_store(db: Empty) {
    db.migrate(&MIGRATIONS[..1]).unwrap();
    let store = db.0.open();
    write_item(store.clone(), "one").await.unwrap();
    let wider = Migration { name: "0003_wider.sql", sql: "ALTER TABLE items ADD COLUMN colour TEXT" };
    db.migrate(&[MIGRATIONS[0], wider]).unwrap();
    write_item(store.clone(), "two").await.unwrap();
    let rows: store::Result<Vec<(String, Option<String>)>> =
        store.read(|conn| conn.query(sql!("SELECT name, colour FROM items ORDER BY id"), ())).await;
    assert_eq!(rows.unwrap(), [("one".into(), None), ("two".into(), None)]);
}
