//! What only the embedded database can do: run out of room, grow a log, share a file.

use std::path::PathBuf;
use std::sync::{Arc, Barrier, mpsc};
use std::time::{Duration, Instant};

use store::testing::{Engine, OnEngine, TestDatabase, temporary_folder};
use store::{Database, Error, Migration, Options, Result, Store, Tx, sql};
use types::SystemClock;

use crate::support::{Db, Gate, MIGRATIONS, at_once, insert, names, until_queued, write_item};

async fn database() -> Db {
    Db::on(Engine::Sqlite).await
}

fn log_path(db: &Db) -> PathBuf {
    match &db.database.options.database {
        Database::Sqlite { path, .. } => PathBuf::from(format!("{}-wal", path.display())),
        Database::Postgres { .. } => unreachable!("these tests run on a file"),
    }
}

fn log_size(db: &Db) -> u64 {
    std::fs::metadata(log_path(db)).map_or(0, |metadata| metadata.len())
}

/// Leaves no room in the database for what the closure writes next.
fn fill_disk(tx: &mut Tx<'_>) -> Result<()> {
    let rows: Vec<(i64,)> = tx.query_built("PRAGMA max_page_count = 1", &[])?;
    assert!(rows[0].0 > 1, "the limit is the present size");
    tx.execute(sql!("INSERT INTO samples (words) VALUES (printf('%.*c', 10000000, 'x'))"), ())?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_fails_its_batch_and_later_writes_work() {
    let db = database().await;
    for ignores in [false, true] {
        let gate = Gate::close(&db.store).await;
        let before = write_item(db.store.clone(), "before");
        let full = async {
            until_queued(&db.store, 1).await;
            let write = move |tx: &mut Tx<'_>| {
                let filled = fill_disk(tx);
                assert!(matches!(filled, Err(Error::Unavailable(_))), "{filled:?}");
                if ignores {
                    insert(tx, "behind its back").ok();
                    Ok(())
                } else {
                    filled
                }
            };
            db.store.write(write).await
        };
        let (before, full, ()) = tokio::join!(before, full, async {
            until_queued(&db.store, 2).await;
            gate.open().await.ok();
        });
        assert!(matches!(before, Err(Error::Unavailable(_))), "{before:?}");
        assert!(matches!(full, Err(Error::Unavailable(_))), "{full:?}");
        assert!(names(&db.store).await.is_empty());
        write_item(db.store.clone(), "after").await.unwrap();
        let emptied: Result<u64> = db.store.write(|tx| tx.execute(sql!("DELETE FROM items"), ())).await;
        assert_eq!(emptied.unwrap(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_a_start_the_planner_gets_to_know_how_large_tables_are() {
    let db = database().await;
    let known = async || {
        let read = db.store.read(|conn| {
            let is_there: Vec<(i64,)> =
                conn.query_built("SELECT COUNT(*) FROM sqlite_master WHERE name = 'sqlite_stat1'", &[])?;
            if is_there == [(0,)] {
                return Ok(Vec::new());
            }
            conn.query_built::<(String,)>("SELECT stat FROM sqlite_stat1 WHERE tbl = 'items'", &[])
        });
        read.await.map_err(|error: Error| error).unwrap()
    };
    let filled = db.store.write(|tx| (0..500).try_for_each(|number| insert(tx, &format!("item {number}")).map(drop)));
    filled.await.map_err(|error: Error| error).unwrap();
    assert!(known().await.is_empty());
    let options = db.database.options.clone();
    tokio::task::spawn_blocking(move || Store::migrate(&options, MIGRATIONS)).await.unwrap().unwrap();
    let known = known().await;
    assert!(known.iter().any(|(sizes,)| sizes.starts_with("500")), "{known:?}");
}

/// Writes about `bytes` into the log without making the database larger.
async fn churn(store: &Store, bytes: usize) -> Result<()> {
    store
        .write(move |tx| {
            // A page that does not change is not written.
            let (marked,): (i64,) = tx.query_one(sql!("SELECT COUNT(*) FROM samples WHERE words LIKE 'x%'"), ())?;
            let words = if marked == 0 { "x" } else { "y" }.repeat(bytes);
            tx.execute(
                sql!(
                    "INSERT INTO samples (id, words) VALUES (1, $1)
                     ON CONFLICT (id) DO UPDATE SET words = excluded.words"
                ),
                (words,),
            )?;
            Ok(())
        })
        .await
}

const CAP: u64 = 1024 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn the_log_stays_near_its_cap() {
    let db = database().await;
    let store = db.open_with(|options| options.log_cap = CAP);
    let writers = (0..8).map(|_| {
        let store = store.clone();
        async move {
            for _ in 0..50 {
                churn(&store, 100_000).await.unwrap();
            }
        }
    });
    let (_, largest) = tokio::join!(at_once(writers), async {
        let mut largest = 0;
        for number in 0..100 {
            write_item(store.clone(), format!("item {number}")).await.unwrap();
            largest = largest.max(log_size(&db));
        }
        largest
    });
    // The last batch before it is started anew may be a large one.
    assert!(largest < 3 * CAP, "{largest} bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_reader_holds_the_log_but_no_writer() {
    let db = database().await;
    let store = db.open_with(|options| options.log_cap = CAP);
    write_item(store.clone(), "before").await.unwrap();
    let (enter, mut entered) = tokio::sync::mpsc::unbounded_channel();
    let (release, released) = mpsc::channel::<()>();
    let reading = store.read(move |conn| {
        let before: Vec<(String,)> = conn.query(sql!("SELECT name FROM items"), ())?;
        enter.send(()).expect("the test waits for this");
        released.recv().ok();
        let after: Vec<(String,)> = conn.query(sql!("SELECT name FROM items"), ())?;
        Ok::<_, Error>((before, after))
    });
    let (seen, ()) = tokio::join!(reading, async {
        entered.recv().await.unwrap();
        write_item(store.clone(), "meanwhile").await.unwrap();
        let begun = Instant::now();
        for _ in 0..40 {
            churn(&store, 100_000).await.unwrap();
        }
        // Waiting for the reader would take as long as the reader does, or until a time-out of ten seconds.
        assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
        assert!(log_size(&db) > 2 * CAP, "the reader was not in the way");
        drop(release);
    });
    let (before, after) = seen.unwrap();
    assert_eq!((before.len(), after.len()), (1, 1));
    let mut writes = 0;
    while log_size(&db) > 2 * CAP {
        churn(&store, 100_000).await.unwrap();
        writes += 1;
        assert!(writes < 100, "the log is not started anew");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_durable_database_waits_for_the_disk_and_keeps_foreign_keys() {
    let db = database().await;
    for (durable, expected) in [(true, 2), (false, 0)] {
        let store = db.open_with(|options| {
            if let Database::Sqlite { durable: setting, .. } = &mut options.database {
                *setting = durable;
            }
        });
        let settings: Result<(i64, i64, String)> = store
            .write(|tx| {
                let synchronous: Vec<(i64,)> = tx.query_built("PRAGMA synchronous", &[])?;
                let foreign_keys: Vec<(i64,)> = tx.query_built("PRAGMA foreign_keys", &[])?;
                let journal: Vec<(String,)> = tx.query_built("PRAGMA journal_mode", &[])?;
                Ok((synchronous[0].0, foreign_keys[0].0, journal[0].0.clone()))
            })
            .await;
        assert_eq!(settings.unwrap(), (expected, 1, "wal".into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn times_follow_ids_across_concurrent_writes() {
    let db = database().await;
    let results = at_once((0..200).map(|number| write_item(db.store.clone(), format!("item {number}")))).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    let rows: Result<Vec<(i64,)>> =
        db.store.read(|conn| conn.query(sql!("SELECT created_at FROM items ORDER BY id"), ())).await;
    assert!(rows.unwrap().is_sorted());
}

#[test]
fn a_table_is_made_anew_without_the_rows_that_refer_to_it() {
    let first = Migration {
        name: "0001_first.sql",
        sql: "CREATE TABLE parents (id $ID); CREATE TABLE children (id $ID,
                parent_id BIGINT NOT NULL REFERENCES parents (id) ON DELETE CASCADE);
              INSERT INTO parents (id) VALUES (7); INSERT INTO children (parent_id) VALUES (7);",
    };
    let second = Migration {
        name: "0002_second.sqlite.sql",
        sql: "CREATE TABLE parents_new (id $ID, name TEXT); INSERT INTO parents_new (id) SELECT id FROM parents;
              DROP TABLE parents; ALTER TABLE parents_new RENAME TO parents;",
    };
    let third = Migration { name: "0003_third.sql", sql: "DELETE FROM parents" };
    let database = TestDatabase::new(Engine::Sqlite, &[first, second], Arc::new(SystemClock));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let children = |store: Store| {
        runtime.block_on(store.read(|conn| {
            let (count,): (i64,) = conn.query_one(sql!("SELECT COUNT(*) FROM children"), ())?;
            Ok::<_, Error>(count)
        }))
    };
    assert_eq!(children(database.open()).unwrap(), 1);
    // Rows that would be left without their parent are an error, not a surprise for later.
    let refused = Store::migrate(&database.options, &[first, second, third]).unwrap_err();
    assert!(matches!(&refused, Error::Migration { name, .. } if name == "0003_third.sql"), "{refused:?}");
    assert_eq!(children(database.open()).unwrap(), 1);
}

#[test]
fn processes_that_make_the_same_file_at_once_do_not_refuse_each_other() {
    for _ in 0..60 {
        let folder = temporary_folder();
        let options = Options::new(Database::Sqlite { path: folder.path().join("fresh.db"), durable: false });
        let together = Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    together.wait();
                    Store::migrate(&options, MIGRATIONS).unwrap();
                });
            }
        });
    }
}
