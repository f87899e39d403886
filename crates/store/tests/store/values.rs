//! What goes in comes out, the same on both engines.

use store::testing::db_test;
use store::{Error, Result, Tx, params, row, sql};
use types::{AccountId, Value};

use crate::support::{Db, write_item};

const WORDS: [&str; 7] = ["", "it's", "\"quoted\" \\ and\n\ttabbed", "Grüße", "日本語", "👩‍👩‍👧 e\u{301}", "$1 ?1 %_"];

row! {
    /// A row of every type.
    #[derive(Debug, PartialEq)]
    struct Sample {
        truth: Option<bool>,
        real: Option<f64>,
        number: Option<i64>,
        words: Option<String>,
    }
}

async fn round_trip(
    db: &Db,
    truth: Option<bool>,
    real: Option<f64>,
    number: Option<i64>,
    words: Option<&str>,
) -> Sample {
    let given = params![truth, real, number, words];
    let write = move |tx: &mut Tx<'_>| {
        tx.query_one(
            sql!("INSERT INTO samples (truth, real, number, words) VALUES ($1, $2, $3, $4) RETURNING truth, real, number, words"),
            given.clone(),
        )
    };
    db.store.write::<_, Error, _>(write).await.unwrap()
}

#[db_test]
async fn every_type_comes_back(db: Db) {
    for real in [0.0, -1.5, 0.1, 1e300, f64::MIN_POSITIVE, f64::INFINITY] {
        assert_eq!(round_trip(&db, None, Some(real), None, None).await.real, Some(real));
    }
    for number in [0, -1, i64::MIN, i64::MAX] {
        assert_eq!(round_trip(&db, None, None, Some(number), None).await.number, Some(number));
    }
    for truth in [true, false] {
        assert_eq!(round_trip(&db, Some(truth), None, None, None).await.truth, Some(truth));
    }
    for words in WORDS {
        assert_eq!(round_trip(&db, None, None, None, Some(words)).await.words.as_deref(), Some(words));
    }
    let nothing = Sample { truth: None, real: None, number: None, words: None };
    assert_eq!(round_trip(&db, None, None, None, None).await, nothing);
}

#[db_test]
async fn booleans_work_in_conditions(db: Db) {
    round_trip(&db, Some(true), None, Some(1), None).await;
    round_trip(&db, Some(false), None, Some(2), None).await;
    let found: Result<Vec<(i64, bool)>> = db
        .store
        .read(|conn| {
            conn.query(
                sql!("SELECT number, truth AND TRUE FROM samples WHERE truth = $1 OR truth IS FALSE ORDER BY number"),
                (true,),
            )
        })
        .await;
    assert_eq!(found.unwrap(), [(1, true), (2, false)]);
}

#[db_test]
async fn a_list_of_texts_finds_its_members(db: Db) {
    for words in WORDS {
        write_item(db.store.clone(), words).await.unwrap();
    }
    let wanted: Vec<String> = WORDS.iter().chain(&["missing"]).map(|word| (*word).to_owned()).collect();
    let found: Result<Vec<(String,)>> = db
        .store
        .read(move |conn| {
            conn.query(sql!("SELECT name FROM items WHERE name = ANY($1) ORDER BY id"), (wanted.as_slice(),))
        })
        .await;
    assert_eq!(found.unwrap().into_iter().map(|(name,)| name).collect::<Vec<_>>(), WORDS);
}

#[db_test]
async fn a_list_of_ids_finds_or_leaves_out_its_members(db: Db) {
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(write_item(db.store.clone(), format!("item {number}")).await.unwrap());
    }
    let typed: Vec<AccountId> = [ids[1], ids[3], i64::MAX].map(AccountId::new).to_vec();
    let others = typed.clone();
    let found: Result<Vec<(i64,)>> = db
        .store
        .read(move |conn| conn.query(sql!("SELECT id FROM items WHERE id = ANY($1) ORDER BY id"), (typed.as_slice(),)))
        .await;
    assert_eq!(found.unwrap(), [(ids[1],), (ids[3],)]);
    let left: Result<Vec<(i64,)>> = db
        .store
        .read(move |conn| {
            conn.query(sql!("SELECT id FROM items WHERE id <> ALL($1) ORDER BY id"), (others.as_slice(),))
        })
        .await;
    assert_eq!(left.unwrap(), [(ids[0],), (ids[2],), (ids[4],)]);
}

#[db_test]
async fn an_empty_list_finds_nothing_and_leaves_nothing_out(db: Db) {
    write_item(db.store.clone(), "one").await.unwrap();
    let none: Vec<i64> = Vec::new();
    let counts: Result<(i64, i64)> = db
        .store
        .read(move |conn| {
            conn.query_one(
                sql!("SELECT COUNT(*) FILTER (WHERE id = ANY($1)), COUNT(*) FILTER (WHERE id <> ALL($1)) FROM items"),
                (none.clone(),),
            )
        })
        .await;
    assert_eq!(counts.unwrap(), (0, 1));
}

#[db_test]
async fn a_built_statement_takes_its_values_by_number(db: Db) {
    write_item(db.store.clone(), "one").await.unwrap();
    write_item(db.store.clone(), "two").await.unwrap();
    // More texts than a connection keeps prepared.
    for round in 0..300 {
        let found: Result<Vec<(String,)>> = db
            .store
            .read(move |conn| {
                let text = format!("SELECT name FROM items WHERE name = $2 AND {round} < $1 ORDER BY id");
                conn.query_built(&text, &[Value::Int(1_000), Value::Text("two".into())])
            })
            .await;
        assert_eq!(found.unwrap(), [("two".into(),)]);
    }
}

#[db_test]
async fn a_value_of_another_type_is_an_error_and_not_a_lost_connection(db: Db) {
    let outcome: Result<u64> =
        db.store.write(|tx| tx.execute(sql!("INSERT INTO labels (item_id) VALUES ($1)"), ("not a number",))).await;
    assert!(matches!(outcome, Err(Error::Engine(_) | Error::Constraint(_))), "{outcome:?}");
    write_item(db.store.clone(), "next").await.unwrap();
}
