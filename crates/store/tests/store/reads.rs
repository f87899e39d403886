//! One snapshot per read, with a deadline, beside writes.

use std::sync::mpsc;
use std::time::Duration;

use store::testing::db_test;
use store::{Conn, Error, Result, sql};

use crate::support::{Db, names, write_item};

fn count(conn: &mut Conn<'_>) -> Result<i64> {
    let (count,) = conn.query_one(sql!("SELECT COUNT(*) FROM items"), ())?;
    Ok(count)
}

#[db_test]
async fn a_long_reader_sees_one_snapshot_and_stops_no_writer(db: Db) {
    write_item(db.store.clone(), "before").await.unwrap();
    let (enter, mut entered) = tokio::sync::mpsc::unbounded_channel();
    let (release, released) = mpsc::channel::<()>();
    let reading = db.store.read(move |conn| {
        let first = count(conn)?;
        enter.send(()).expect("the test waits for this");
        released.recv().ok();
        Ok::<_, Error>((first, count(conn)?))
    });
    let (seen, ()) = tokio::join!(reading, async {
        entered.recv().await.unwrap();
        for number in 0..50 {
            write_item(db.store.clone(), format!("item {number}")).await.unwrap();
        }
        assert_eq!(names(&db.store).await.len(), 51);
        drop(release);
    });
    assert_eq!(seen.unwrap(), (1, 1));
}

#[db_test]
async fn an_endless_query_is_interrupted(db: Db) {
    let store = db.open_narrow(|options| options.read_deadline = Duration::from_millis(50));
    let outcome: Result<(i64,)> = store
        .read(|conn| {
            conn.query_one(
                sql!("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i > 0) SELECT COUNT(*) FROM (SELECT i % 1000 AS i FROM n) AS m"),
                (),
            )
        })
        .await;
    assert!(matches!(outcome, Err(Error::TooSlow)), "{outcome:?}");
    assert!(names(&store).await.is_empty());
}

#[db_test]
async fn endless_short_queries_are_interrupted(db: Db) {
    let store = db.open_narrow(|options| options.read_deadline = Duration::from_millis(50));
    let outcome: Result<()> = store
        .read(|conn| {
            loop {
                count(conn)?;
            }
        })
        .await;
    assert!(matches!(outcome, Err(Error::TooSlow)), "{outcome:?}");
    assert!(names(&store).await.is_empty());
}

#[db_test]
async fn an_endless_write_is_interrupted_and_rolled_back(db: Db) {
    let store = db.open_narrow(|options| options.write_deadline = Duration::from_millis(50));
    let outcome: Result<()> = store
        .write(|tx| {
            crate::support::insert(tx, "lost")?;
            let _count: (i64,) = tx.query_one(
                sql!("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i % 1000 + 1 FROM n) SELECT COUNT(*) FROM n"),
                (),
            )?;
            Ok(())
        })
        .await;
    assert!(matches!(outcome, Err(Error::TooSlow)), "{outcome:?}");
    write_item(store.clone(), "kept").await.unwrap();
    assert_eq!(names(&store).await, ["kept"]);
}

#[db_test]
async fn a_read_cannot_write(db: Db) {
    let outcome: Result<u64> = db
        .store
        .read(|conn| conn.execute(sql!("INSERT INTO items (name, amount, created_at) VALUES ('x', 0, 0)"), ()))
        .await;
    assert!(outcome.is_err());
    assert!(names(&db.store).await.is_empty());
}

#[db_test]
async fn a_read_sees_what_was_acknowledged_before_it(db: Db) {
    for number in 1..=50 {
        write_item(db.store.clone(), format!("item {number}")).await.unwrap();
        assert_eq!(db.store.read(count).await.unwrap(), number);
    }
}

#[db_test]
async fn a_failed_read_leaves_its_connection_usable(db: Db) {
    let store = db.open_narrow(|_| {});
    for _ in 0..3 {
        let outcome: Result<i64> = store
            .read(|conn| {
                let division: Result<(i64,)> =
                    conn.query_one(sql!("SELECT CAST(amount AS BIGINT) FROM no_such_table"), ());
                assert!(division.is_err());
                count(conn)
            })
            .await;
        assert!(matches!(outcome, Err(Error::Engine(_))), "{outcome:?}");
        assert_eq!(store.read(count).await.unwrap(), 0);
    }
}
