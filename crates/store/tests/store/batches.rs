//! Many closures in one commit: each stands or falls alone.

use store::testing::db_test;
use store::{Error, Result, sql};

use crate::support::{Db, Gate, at_once, insert, names, until_queued, write_item};

#[db_test]
async fn a_failing_closure_rolls_back_alone(db: Db) {
    let store = db.open_narrow(|_| {});
    let gate = Gate::close(&store).await;
    let writes = (0..20).map(|number| {
        let store = store.clone();
        async move {
            let write = move |tx: &mut store::Tx<'_>| {
                insert(tx, &format!("item {number}"))?;
                if number % 5 == 0 { Err(Error::Busy) } else { Ok(()) }
            };
            store.write(write).await
        }
    });
    let (results, ()) = tokio::join!(at_once(writes), async {
        until_queued(&store, 20).await;
        gate.open().await.unwrap();
    });
    for (number, result) in results.iter().enumerate() {
        assert_eq!(result.is_ok(), number % 5 != 0, "closure {number}: {result:?}");
    }
    assert_eq!(names(&store).await.len(), 16);
}

#[db_test]
async fn a_panic_is_rolled_back_and_the_next_closure_runs(db: Db) {
    let store = db.open_narrow(|_| {});
    let outcome: Result<()> = store
        .write(|tx| {
            insert(tx, "lost")?;
            panic!("on purpose")
        })
        .await;
    assert!(matches!(outcome, Err(Error::Panicked(text)) if text == "on purpose"));
    write_item(store.clone(), "kept").await.unwrap();
    assert_eq!(names(&store).await, ["kept"]);
}

#[db_test]
async fn a_panicking_read_is_an_error_and_the_next_read_runs(db: Db) {
    let store = db.open_narrow(|_| {});
    let outcome: Result<()> = store
        .read(|conn| {
            let (_one,): (i64,) = conn.query_one(sql!("SELECT COUNT(*) FROM items"), ())?;
            panic!("on purpose")
        })
        .await;
    assert!(matches!(outcome, Err(Error::Panicked(_))));
    assert!(names(&store).await.is_empty());
}

#[db_test]
async fn a_commit_that_fails_takes_nobody_along(db: Db) {
    let store = db.open_narrow(|_| {});
    let gate = Gate::close(&store).await;
    let writes = (0..10).map(|number| {
        let store = store.clone();
        async move {
            let write = move |tx: &mut store::Tx<'_>| {
                let id = insert(tx, &format!("item {number}"))?;
                // A deferred constraint is looked at by COMMIT only.
                let item = if number == 4 { 1_000_000 } else { id };
                tx.execute(sql!("INSERT INTO parts (item_id) VALUES ($1)"), (item,))?;
                Ok(())
            };
            store.write(write).await
        }
    });
    let (results, ()): (Vec<Result<()>>, ()) = tokio::join!(at_once(writes), async {
        until_queued(&store, 10).await;
        gate.open().await.unwrap();
    });
    for (number, result) in results.iter().enumerate() {
        if number == 4 {
            assert!(matches!(result, Err(Error::Constraint(_))), "{result:?}");
        } else {
            assert!(result.is_ok(), "closure {number}: {result:?}");
        }
    }
    assert_eq!(names(&store).await.len(), 9);
}

#[db_test]
async fn a_failed_statement_that_is_ignored_fails_the_closure(db: Db) {
    write_item(db.store.clone(), "taken").await.unwrap();
    let outcome: Result<()> = db
        .store
        .write(|tx| {
            insert(tx, "before")?;
            insert(tx, "taken").ok();
            Ok(())
        })
        .await;
    assert!(matches!(outcome, Err(Error::Engine(_))), "{outcome:?}");
    let outcome = db
        .store
        .write(|tx| {
            insert(tx, "taken").ok();
            insert(tx, "after")
        })
        .await;
    assert!(matches!(outcome, Err(Error::Engine(_))), "{outcome:?}");
    assert_eq!(names(&db.store).await, ["taken"]);
}

#[db_test]
async fn a_full_queue_is_an_error_after_a_while_and_what_was_accepted_is_done(db: Db) {
    let store = db.open_narrow(|options| {
        options.write_queue = 1;
        options.queue_wait = std::time::Duration::from_millis(1);
    });
    let gate = Gate::close(&store).await;
    let accepted = write_item(store.clone(), "accepted");
    let (accepted, refused) = tokio::join!(accepted, async {
        until_queued(&store, 1).await;
        let refused = write_item(store.clone(), "refused").await;
        gate.open().await.unwrap();
        refused
    });
    assert!(matches!(refused, Err(Error::Busy)), "{refused:?}");
    accepted.unwrap();
    assert_eq!(names(&store).await, ["accepted"]);
}

#[db_test]
async fn a_caller_that_waits_for_room_gets_it(db: Db) {
    let store = db.open_narrow(|options| {
        options.write_queue = 1;
        options.queue_wait = std::time::Duration::from_mins(1);
    });
    let results = at_once((0..50).map(|number| write_item(store.clone(), format!("item {number}")))).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(store.queue_depths(), (0, 0));
}

#[db_test]
async fn a_write_whose_caller_has_gone_is_done_all_the_same(db: Db) {
    let store = db.open_narrow(|_| {});
    let gate = Gate::close(&store).await;
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(write_item(store.clone(), "orphan"));
    until_queued(&store, 1).await;
    tasks.shutdown().await;
    gate.open().await.unwrap();
    write_item(store.clone(), "next").await.unwrap();
    assert_eq!(names(&store).await, ["orphan", "next"]);
}
