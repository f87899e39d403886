//! Writers that want the same row.

use store::testing::db_test;
use store::{Error, Result, Store, sql};

use crate::support::{Db, at_once, write_item};

async fn amount(store: &Store, id: i64) -> i64 {
    let row: Result<(i64,)> =
        store.read(move |conn| conn.query_one(sql!("SELECT amount FROM items WHERE id = $1"), (id,))).await;
    row.unwrap().0
}

#[db_test]
async fn no_update_is_lost_when_the_row_is_locked_first(db: Db) {
    let id = write_item(db.store.clone(), "counter").await.unwrap();
    let writes = (0..100).map(|_| {
        let store = db.store.clone();
        async move {
            let write = move |tx: &mut store::Tx<'_>| {
                let (amount,): (i64,) =
                    tx.query_one(sql!("SELECT amount FROM items WHERE id = $1 FOR UPDATE"), (id,))?;
                tx.execute(sql!("UPDATE items SET amount = $2 WHERE id = $1"), (id, amount + 1))?;
                Ok::<_, Error>(())
            };
            store.write(write).await
        }
    });
    let results = at_once(writes).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(amount(&db.store, id).await, 100);
}

#[db_test]
async fn no_update_is_lost_when_the_update_comes_first(db: Db) {
    let id = write_item(db.store.clone(), "counter").await.unwrap();
    let writes = (0..100).map(|_| {
        let store = db.store.clone();
        async move {
            let write = move |tx: &mut store::Tx<'_>| {
                let (amount,): (i64,) =
                    tx.query_one(sql!("UPDATE items SET amount = amount + 1 WHERE id = $1 RETURNING amount"), (id,))?;
                Ok::<_, Error>(amount)
            };
            store.write(write).await
        }
    });
    let mut seen: Vec<i64> = at_once(writes).await.into_iter().map(Result::unwrap).collect();
    seen.sort_unstable();
    assert_eq!(seen, (1..=100).collect::<Vec<_>>());
}

#[db_test]
async fn of_those_who_insert_the_same_row_one_wins(db: Db) {
    let results = at_once((0..50).map(|_| write_item(db.store.clone(), "the one"))).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let losers = results.iter().filter(|result| matches!(result, Err(Error::Duplicate(_)))).count();
    assert_eq!(losers, 49, "{results:?}");
}

#[db_test]
async fn waiting_work_is_claimed_once(db: Db) {
    for number in 0..20 {
        write_item(db.store.clone(), format!("item {number}")).await.unwrap();
    }
    let claims = (0..20).map(|_| {
        let store = db.store.clone();
        async move {
            let claim = |tx: &mut store::Tx<'_>| {
                let claimed: Vec<(i64,)> = tx.query(
                    sql!(
                        "UPDATE items SET amount = 1 WHERE id IN (
                            SELECT id FROM items WHERE amount = 0 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
                         ) RETURNING id"
                    ),
                    (),
                )?;
                Ok::<_, Error>(claimed)
            };
            store.write(claim).await
        }
    });
    let mut claimed: Vec<i64> = at_once(claims).await.into_iter().flat_map(Result::unwrap).map(|(id,)| id).collect();
    let all = claimed.len();
    claimed.sort_unstable();
    claimed.dedup();
    assert_eq!((claimed.len(), all), (20, 20));
}
