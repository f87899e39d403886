//! What constraints say, and how to live with them.

use store::testing::db_test;
use store::{Error, Result, sql};

use crate::support::{Db, insert, names, write_item};

#[db_test]
async fn a_unique_constraint_is_told_apart(db: Db) {
    write_item(db.store.clone(), "one").await.unwrap();
    let again = write_item(db.store.clone(), "one").await;
    assert!(matches!(again, Err(Error::Duplicate(_))), "{again:?}");
    let same_id: Result<u64> = db
        .store
        .write(|tx| {
            let (id,): (i64,) = tx.query_one(sql!("SELECT MAX(id) FROM items"), ())?;
            tx.execute(sql!("INSERT INTO items (id, name, amount, created_at) VALUES ($1, 'two', 0, 0)"), (id,))
        })
        .await;
    assert!(matches!(same_id, Err(Error::Duplicate(_))), "{same_id:?}");
}

#[db_test]
async fn foreign_keys_and_missing_values_are_constraints(db: Db) {
    let orphan: Result<u64> =
        db.store.write(|tx| tx.execute(sql!("INSERT INTO labels (item_id) VALUES ($1)"), (12345_i64,))).await;
    assert!(matches!(orphan, Err(Error::Constraint(_))), "{orphan:?}");
    let missing: Result<u64> =
        db.store.write(|tx| tx.execute(sql!("INSERT INTO labels (item_id) VALUES ($1)"), (None::<i64>,))).await;
    assert!(matches!(missing, Err(Error::Constraint(_))), "{missing:?}");
}

#[db_test]
async fn a_refused_row_does_not_end_the_transaction_when_the_statement_allows_for_it(db: Db) {
    let first = write_item(db.store.clone(), "one").await.unwrap();
    let found: Result<i64> = db
        .store
        .write(|tx| {
            let inserted: Option<(i64,)> = tx.query_opt(
                sql!(
                    "INSERT INTO items (name, amount, created_at) VALUES ($1, 0, 0)
                     ON CONFLICT (name) DO NOTHING RETURNING id"
                ),
                ("one",),
            )?;
            assert_eq!(inserted, None);
            insert(tx, "two")?;
            let (id,) = tx.query_one(sql!("SELECT id FROM items WHERE name = $1"), ("one",))?;
            Ok(id)
        })
        .await;
    assert_eq!(found.unwrap(), first);
    assert_eq!(names(&db.store).await, ["one", "two"]);
}

#[db_test]
async fn a_row_that_must_be_there_is_missed(db: Db) {
    let outcome: Result<(i64,)> =
        db.store.read(|conn| conn.query_one(sql!("SELECT id FROM items WHERE name = $1"), ("nobody",))).await;
    assert!(matches!(outcome, Err(Error::NoRow(_))), "{outcome:?}");
}

#[db_test]
async fn a_closure_may_go_on_after_a_column_of_another_type(db: Db) {
    let outcome = db.store.write(|tx| {
        let id = insert(tx, "one")?;
        let wrong: Result<(i64,)> = tx.query_one(sql!("SELECT name FROM items"), ());
        assert!(matches!(wrong, Err(Error::BadColumn { column: 0, .. })), "{wrong:?}");
        Ok::<_, Error>(id)
    });
    outcome.await.unwrap();
    assert_eq!(names(&db.store).await, ["one"]);
}

#[db_test]
async fn an_id_is_never_used_twice(db: Db) {
    write_item(db.store.clone(), "one").await.unwrap();
    let last = write_item(db.store.clone(), "two").await.unwrap();
    let gone: Result<u64> =
        db.store.write(move |tx| tx.execute(sql!("DELETE FROM items WHERE id = $1"), (last,))).await;
    assert_eq!(gone.unwrap(), 1);
    assert!(write_item(db.store.clone(), "three").await.unwrap() > last);
}
