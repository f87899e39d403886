//! What only a server can do: lose connections, deadlock, change a type under a plan.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};

use store::testing::{Engine, OnEngine, run_on};
use store::{Conn, Database, Error, Options, Result, Store, Tx, sql};

use crate::support::{Db, names, write_item};

async fn database() -> Db {
    Db::on(Engine::Postgres).await
}

fn address(db: &Db) -> &str {
    match &db.database.options.database {
        Database::Postgres { url, .. } => url,
        Database::Sqlite { .. } => unreachable!("these tests run on the server"),
    }
}

fn process(conn: &mut Conn<'_>) -> Result<i32> {
    let rows: Vec<(i64,)> = conn.query_built("SELECT CAST(pg_backend_pid() AS BIGINT)", &[])?;
    Ok(i32::try_from(rows[0].0).expect("a process id"))
}

/// Ends a connection's process and waits until it is gone.
fn end(db: &Db, process: i32) {
    run_on(address(db), vec![format!("SELECT pg_terminate_backend({process}, 60000)")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_made_anew_without_a_failed_call() {
    let db = database().await;
    let store = db.open_narrow(|_| {});
    for round in 0..3 {
        let writer = store.write(|tx| process(tx)).await.unwrap();
        let reader = store.read(process).await.unwrap();
        end(&db, writer);
        end(&db, reader);
        write_item(store.clone(), format!("item {round}")).await.unwrap();
        assert_eq!(names(&store).await.len(), round + 1);
        assert_ne!(store.write(|tx| process(tx)).await.unwrap(), writer);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_lost_inside_a_transaction_is_an_error_and_nothing_remains() {
    let db = database().await;
    let store = db.open_narrow(|_| {});
    let url = address(&db).to_owned();
    let outcome: Result<i64> = store
        .write(move |tx| {
            crate::support::insert(tx, "lost")?;
            let process = process(tx)?;
            run_on(&url, vec![format!("SELECT pg_terminate_backend({process}, 60000)")]);
            crate::support::insert(tx, "never")
        })
        .await;
    assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
    write_item(store.clone(), "kept").await.unwrap();
    assert_eq!(names(&store).await, ["kept"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_victim_of_a_deadlock_runs_again() {
    let db = database().await;
    let one = write_item(db.store.clone(), "one").await.unwrap();
    let two = write_item(db.store.clone(), "two").await.unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let meeting = Arc::new(Barrier::new(2));
    let cross = |first: i64, second: i64| {
        let (store, runs, meeting) = (db.store.clone(), Arc::clone(&runs), Arc::clone(&meeting));
        async move {
            let write = move |tx: &mut Tx<'_>| {
                let _patience: Vec<(String,)> =
                    tx.query_built("SELECT set_config('deadlock_timeout', '10ms', TRUE)", &[])?;
                let add = sql!("UPDATE items SET amount = amount + 1 WHERE id = $1");
                tx.execute(add, (first,))?;
                // Both hold their first row before either asks for its second; who runs again meets nobody.
                if runs.fetch_add(1, Ordering::Relaxed) < 2 {
                    meeting.wait();
                }
                tx.execute(add, (second,))?;
                Ok::<_, Error>(())
            };
            store.write(write).await
        }
    };
    let (first, second) = tokio::join!(cross(one, two), cross(two, one));
    first.unwrap();
    second.unwrap();
    // The victim may be quick enough to take its first row again, and be the victim once more.
    assert!(runs.load(Ordering::Relaxed) >= 3);
    let amounts: Result<Vec<(i64,)>> = db.store.read(|conn| conn.query(sql!("SELECT amount FROM items"), ())).await;
    assert_eq!(amounts.unwrap(), [(2,), (2,)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_serialisation_failure_runs_again_even_when_the_closure_ignores_it() {
    let db = database().await;
    let id = write_item(db.store.clone(), "one").await.unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    let url = address(&db).to_owned();
    let written: Result<()> = db
        .store
        .write(move |tx| {
            let none: Vec<(i64,)> = tx.query_built("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", &[])?;
            assert!(none.is_empty());
            let _snapshot: (i64,) = tx.query_one(sql!("SELECT amount FROM items WHERE id = $1"), (id,))?;
            if counted.fetch_add(1, Ordering::Relaxed) == 0 {
                run_on(&url, vec![format!("UPDATE items SET amount = 10 WHERE id = {id}")]);
            }
            tx.execute(sql!("UPDATE items SET amount = amount + 1 WHERE id = $1"), (id,)).ok();
            Ok(())
        })
        .await;
    written.unwrap();
    assert_eq!(runs.load(Ordering::Relaxed), 2);
    let amount: Result<(i64,)> = db.store.read(|conn| conn.query_one(sql!("SELECT amount FROM items"), ())).await;
    assert_eq!(amount.unwrap(), (11,));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_made_before_a_migration_is_made_anew() {
    let db = database().await;
    let store = db.open_narrow(|_| {});
    let read = |conn: &mut Conn<'_>| -> Result<Vec<(String,)>> { conn.query(sql!("SELECT name FROM items"), ()) };
    write_item(store.clone(), "one").await.unwrap();
    let write = |tx: &mut Tx<'_>| -> Result<Vec<(String,)>> {
        tx.query(sql!("UPDATE items SET amount = 1 RETURNING name"), ())
    };
    store.read(read).await.unwrap();
    store.write(write).await.unwrap();
    run_on(address(&db), vec!["ALTER TABLE items ALTER COLUMN name TYPE VARCHAR(100)".into()]);
    assert_eq!(store.read(read).await.unwrap(), [("one".into(),)]);
    assert_eq!(store.write(write).await.unwrap(), [("one".into(),)]);
    run_on(address(&db), vec!["ALTER TABLE items ALTER COLUMN name TYPE TEXT".into()]);
    let built = |conn: &mut Conn<'_>| -> Result<Vec<(String,)>> { conn.query_built("SELECT name FROM items", &[]) };
    store.read(built).await.unwrap();
    run_on(address(&db), vec!["ALTER TABLE items ALTER COLUMN name TYPE VARCHAR(100)".into()]);
    assert_eq!(store.read(built).await.unwrap(), [("one".into(),)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn isolation_is_chosen_by_the_store_and_not_by_the_server() {
    let db = database().await;
    run_on(address(&db), vec![
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = serializable', current_database()); END $$".into(),
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$".into(),
    ]);
    let store = db.open_narrow(|_| {});
    let level = |conn: &mut Conn<'_>| -> Result<Vec<(String,)>> {
        conn.query_built("SELECT current_setting('transaction_isolation')", &[])
    };
    assert_eq!(store.write(move |tx| level(tx)).await.unwrap(), [("read committed".into(),)]);
    assert_eq!(store.read(level).await.unwrap(), [("repeatable read".into(),)]);
    write_item(store, "one").await.unwrap();
}

#[test]
fn an_address_that_asks_for_tls_is_refused_in_plain_words() {
    for mode in ["require", "verify-ca", "verify-full"] {
        let url = format!("postgres://somebody:secret@127.0.0.1:1/ooctopus?sslmode={mode}");
        let refused = Store::open(Options::new(Database::Postgres { url, connections: 1 })).err().unwrap().to_string();
        assert!(refused.contains("TLS") && refused.contains("sslmode=disable"), "{refused}");
        assert!(!refused.contains("secret"));
    }
}

#[test]
fn an_address_that_leads_nowhere_is_unavailable() {
    for url in ["postgres://somebody:secret@127.0.0.1:1/ooctopus", "postgres://127.0.0.1:no-port/x?secret"] {
        let options = Options::new(Database::Postgres { url: url.into(), connections: 2 });
        let refused = Store::open(options).err();
        assert!(matches!(&refused, Some(Error::Unavailable(text)) if !text.contains("secret")), "{refused:?}");
    }
}
