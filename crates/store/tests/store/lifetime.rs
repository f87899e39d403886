//! Opening, closing and opening once more.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use store::testing::{Engine, TestDatabase, db_test};
use store::{Error, Options, Store};
use types::{Clock, SystemClock, Timestamp};

use crate::support::{Db, MIGRATIONS, at_once, names, write_item};

#[db_test]
async fn a_store_is_opened_and_dropped_inside_a_runtime(db: Db) {
    let second = db.open_with(|_| {});
    write_item(second.clone(), "one").await.unwrap();
    drop(second);
    let unused = db.open_with(|_| {});
    drop(unused);
    assert_eq!(names(&db.store).await, ["one"]);
}

#[db_test]
async fn a_store_is_opened_and_dropped_outside_a_runtime(engine: Engine) {
    let thread = std::thread::spawn(move || {
        let database = TestDatabase::new(engine, MIGRATIONS, Arc::new(SystemClock));
        drop(database.open());
        let store = database.open();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(write_item(store.clone(), "one")).unwrap();
        drop(runtime);
        drop(store);
    });
    tokio::task::spawn_blocking(|| thread.join()).await.unwrap().unwrap();
}

#[db_test]
async fn the_threads_end_with_the_last_handle(engine: Engine) {
    struct Held;
    impl Clock for Held {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(1)
        }
    }
    let database = TestDatabase::new(engine, MIGRATIONS, Arc::new(SystemClock));
    let clock: Arc<dyn Clock> = Arc::new(Held);
    let watched: Weak<dyn Clock> = Arc::downgrade(&clock);
    let store = Store::open(Options { clock, ..database.options.clone() }).unwrap();
    let copy = store.clone();
    write_item(store, "one").await.unwrap();
    write_item(copy, "two").await.unwrap();
    let begun = Instant::now();
    // Every thread holds the settings, and the settings hold the clock.
    while watched.strong_count() > 0 {
        assert!(begun.elapsed() < Duration::from_mins(1), "a thread lives on");
        tokio::task::yield_now().await;
    }
}

#[db_test]
async fn two_handles_write_the_same_database(db: Db) {
    let other = db.open_with(|_| {});
    let writes = (0..200).map(|number| {
        let store = if number % 2 == 0 { db.store.clone() } else { other.clone() };
        write_item(store, format!("item {number}"))
    });
    let results = at_once(writes).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(names(&db.store).await.len(), 200);
    assert_eq!(names(&other).await.len(), 200);
}

#[db_test]
async fn a_database_that_cannot_be_reached_is_unavailable(db: Db) {
    let mut options = db.database.options.clone();
    match &mut options.database {
        store::Database::Sqlite { path, .. } => *path = path.join("no/such/folder.db"),
        store::Database::Postgres { url, .. } => *url = store::testing::with_database(url, "no_such_database"),
    }
    let refused = Store::open(options.clone()).err();
    assert!(matches!(refused, Some(Error::Unavailable(_))), "{refused:?}");
    let refused = Store::migrate(&options, MIGRATIONS).err();
    assert!(matches!(refused, Some(Error::Unavailable(_))), "{refused:?}");
}
