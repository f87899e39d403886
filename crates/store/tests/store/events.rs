//! The log: no gaps, no reordering, whatever fails beside it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use store::testing::{Engine, OnEngine, TestDatabase, db_test};
use store::{Error, NewEvent, Result, Stamps, Store, Tx, sql};
use types::{AccountId, Clock, Json, Timestamp};

use crate::support::{Db, MIGRATIONS, at_once, insert, write_item};

fn event(account: i64, item: i64) -> NewEvent {
    NewEvent {
        account_id: AccountId::new(account),
        name: "item.created",
        actor: "system".into(),
        cause_id: None,
        subject: Json::of(&serde_json::json!({ "item_id": item })),
        changes: Json::of(&serde_json::json!({})),
        stamps: &[],
    }
}

async fn numbers(store: &Store, account: i64) -> Vec<i64> {
    let rows: Result<Vec<(i64,)>> = store
        .read(move |conn| conn.query(sql!("SELECT seq FROM events WHERE account_id = $1 ORDER BY seq"), (account,)))
        .await;
    rows.unwrap().into_iter().map(|(seq,)| seq).collect()
}

#[db_test]
async fn events_are_numbered_without_gaps_beside_failures(db: Db) {
    let writes = (0..200_i64).map(|number| {
        let store = db.store.clone();
        async move {
            let write = move |tx: &mut Tx<'_>| {
                let id = insert(tx, &format!("item {number}"))?;
                tx.record(event(1 + number % 2, id));
                tx.record(event(2 - number % 2, id));
                if number % 7 == 0 { Err(Error::Busy) } else { Ok(()) }
            };
            store.write(write).await.is_ok()
        }
    });
    let done = Arc::new(AtomicBool::new(false));
    let watcher = {
        let (store, done) = (db.store.clone(), Arc::clone(&done));
        async move {
            while !done.load(Ordering::Relaxed) {
                let seen = numbers(&store, 1).await;
                // Whoever reads up to the last number has read them all: none comes in later below it.
                assert_eq!(seen, (1..=i64::try_from(seen.len()).unwrap()).collect::<Vec<_>>());
            }
        }
    };
    let (written, ()) = tokio::join!(
        async {
            let written = at_once(writes).await.into_iter().filter(|ok| *ok).count();
            done.store(true, Ordering::Relaxed);
            written
        },
        watcher
    );
    assert_eq!(written, 171);
    assert_eq!(numbers(&db.store, 1).await, (1..=171).collect::<Vec<_>>());
    assert_eq!(numbers(&db.store, 2).await, (1..=171).collect::<Vec<_>>());
}

#[db_test]
async fn an_event_keeps_what_was_recorded(db: Db) {
    let write = |tx: &mut Tx<'_>| {
        tx.record(event(5, 7));
        Ok(tx.now())
    };
    let now = db.store.write::<_, Error, _>(write).await.unwrap();
    let row: Result<(String, String, Option<String>, String, i64, String)> = db
        .store
        .read(|conn| conn.query_one(sql!("SELECT name, actor, cause, subject, created_at, id FROM events"), ()))
        .await;
    let (name, actor, cause, subject, created_at, id) = row.unwrap();
    assert_eq!((name.as_str(), actor.as_str(), cause), ("item.created", "system", None));
    assert_eq!(subject, r#"{"item_id":7}"#);
    assert_eq!(created_at, now.as_micros());
    let (seconds, _) = id.parse::<uuid::Uuid>().unwrap().get_timestamp().unwrap().to_unix();
    assert_eq!(i64::try_from(seconds).unwrap(), now.epoch_seconds());
}

#[db_test]
async fn a_commit_with_an_event_wakes_and_others_do_not(db: Db) {
    let store = db.open_narrow(|_| {});
    let woken = store.committed();
    write_item(store.clone(), "silent").await.unwrap();
    let failed: Result<()> = store
        .write(|tx| {
            tx.record(event(1, 1));
            Err(Error::Busy)
        })
        .await;
    assert!(failed.is_err());
    assert!(tokio::time::timeout(std::time::Duration::ZERO, woken).await.is_err());

    // The commit comes between the call and the waiting.
    let woken = store.committed();
    let recorded: Result<()> = store
        .write(|tx| {
            tx.record(event(1, 1));
            Ok(())
        })
        .await;
    recorded.unwrap();
    woken.await;

    let woken = store.committed();
    let woke: Result<()> = store
        .write(|tx| {
            tx.wake();
            Ok(())
        })
        .await;
    woke.unwrap();
    woken.await;
}

#[db_test]
async fn a_stamp_moves_with_every_change_however_fast_they_come(db: Db) {
    let stamps =
        async |account: i64| db.store.read(move |conn| Stamps::load(conn, AccountId::new(account))).await.unwrap();
    let change = |account: i64, stamps: &'static [&'static str]| {
        let store = db.store.clone();
        async move {
            let write = move |tx: &mut Tx<'_>| {
                // Twice in one transaction is one change.
                tx.record(NewEvent { stamps, ..event(account, 1) });
                tx.record(NewEvent { stamps, ..event(account, 2) });
                Ok(tx.now().epoch_seconds())
            };
            store.write::<_, Error, _>(write).await.unwrap()
        }
    };
    let first = change(1, &["inbox"]).await;
    assert_eq!(stamps(1).await.second("inbox"), first);
    at_once((0..20).map(|_| change(1, &["inbox", "team"]))).await;
    let after = stamps(1).await;
    assert!(after.second("inbox") >= first + 20, "{after:?}");
    assert!(after.second("team") >= first + 19, "{after:?}");
    assert_eq!(after.second("label"), 0);

    change(1, &[]).await;
    let failed: Result<()> = db
        .store
        .write(|tx| {
            tx.record(NewEvent { stamps: &["inbox"], ..event(1, 1) });
            Err(Error::Busy)
        })
        .await;
    assert!(failed.is_err());
    assert_eq!(stamps(1).await, after, "nothing of the kind changed");
    assert_eq!(stamps(2).await, Stamps::default(), "of another account");
}

/// A clock that is set back now and then.
struct Jumping(AtomicUsize);

impl Clock for Jumping {
    fn now(&self) -> Timestamp {
        const TIMES: [i64; 5] = [1_000, 2_000, 500, 3_000, 1];
        Timestamp::from_micros(TIMES[self.0.fetch_add(1, Ordering::Relaxed) % TIMES.len()])
    }
}

struct Jumpy {
    store: Store,
    _database: TestDatabase,
}

impl OnEngine for Jumpy {
    async fn on(engine: Engine) -> Self {
        let database = TestDatabase::new(engine, MIGRATIONS, Arc::new(Jumping(AtomicUsize::new(0))));
        Self { store: database.open(), _database: database }
    }
}

#[db_test]
async fn times_follow_ids_when_the_clock_is_set_back(db: Jumpy) {
    for number in 0..10 {
        write_item(db.store.clone(), format!("item {number}")).await.unwrap();
    }
    let rows: Result<Vec<(i64,)>> =
        db.store.read(|conn| conn.query(sql!("SELECT created_at FROM items ORDER BY id"), ())).await;
    let times: Vec<i64> = rows.unwrap().into_iter().map(|(time,)| time).collect();
    assert_eq!(times, [1_000, 2_000, 2_000, 3_000, 3_000, 3_000, 3_000, 3_000, 3_000, 3_000]);
}
