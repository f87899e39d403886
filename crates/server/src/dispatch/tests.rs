//! Listeners, with listeners that note what they hear.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::store::testing::db_test;
use ::store::{Conn, Grown, Tx, sql};
use edge::{Error, Result};
use serde_json::json;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use types::{AccountId, LabelId};

use super::lease::{Lease, TIME};
use super::{Ahead, Dispatcher, Effect, Listener, store};
use crate::events::log::Logged;
use crate::events::{Actor, Event, record};
use crate::platform::audit;
use crate::testing::TestApp;

/// A second less than a lease lasts.
const ALMOST: Duration = Duration::from_secs(TIME.as_secs() - 1);
const EVERYTHING: Grown = Grown { accounts: BTreeSet::new(), any: true };

/// Notes each event in the audit log, unless it is out of order.
struct Notes {
    name: &'static str,
    fails: Arc<AtomicBool>,
}

impl Notes {
    fn listener(name: &'static str) -> Arc<dyn Listener> {
        Arc::new(Self { name, fails: Arc::default() })
    }
}

impl Listener for Notes {
    fn name(&self) -> &'static str {
        self.name
    }

    fn hear(&self, _: &mut Conn<'_>, account: AccountId, events: &[Logged]) -> Result<Option<Effect>> {
        let seqs: Vec<i64> = events.iter().map(|event| event.seq).collect();
        let (name, fails) = (self.name, Arc::clone(&self.fails));
        Ok(Some(Box::new(move |tx| {
            for seq in &seqs {
                audit::record_in(tx, account, &Actor::System, name, &json!({ "seq": seq }))?;
            }
            // After its effect, which goes with it.
            if fails.load(Ordering::Relaxed) { Err(Error::NotFound("what it looks for")) } else { Ok(()) }
        })))
    }
}

/// The numbers that a listener noted, in the order in which it did.
async fn noted(app: &TestApp, account: AccountId, name: &'static str) -> Vec<i64> {
    let read = move |conn: &mut Conn<'_>| {
        let rows: Vec<(types::Json,)> = conn.query(
            sql!("SELECT subject FROM audit_log WHERE account_id = $1 AND action = $2 ORDER BY id"),
            (account, name),
        )?;
        let seq = |subject: types::Json| subject.read::<serde_json::Value>()["seq"].as_i64().unwrap();
        Ok::<_, ::store::Error>(rows.into_iter().map(|(subject,)| seq(subject)).collect())
    };
    app.app.store.read(read).await.unwrap()
}

/// Lets the listener hear all that has happened; fails when it does in an account.
async fn hear_all(dispatcher: &Dispatcher, listener: &Arc<dyn Listener>, held: Lease) -> Result<()> {
    loop {
        let turn = dispatcher.hear(listener, held, &EVERYTHING, &BTreeSet::new(), &mut Ahead::new()).await?;
        if let Some(cause) = turn.failed.into_values().next() {
            return Err(cause);
        }
        if turn.more.is_empty() {
            return Ok(());
        }
    }
}

async fn happens(app: &TestApp, account: AccountId, count: i64) {
    let write = move |tx: &mut Tx<'_>| {
        for label in 0..count {
            record(tx, account, &Actor::System, &Event::LabelCreated(LabelId::new(label)));
        }
        Ok::<_, Error>(())
    };
    app.app.store.write(write).await.unwrap();
}

async fn head(app: &TestApp, account: AccountId) -> i64 {
    app.app.store.read(move |conn| crate::events::log::head(conn, account)).await.unwrap()
}

#[db_test]
async fn a_listener_hears_everything_once_and_in_order_from_when_it_is_new(app: TestApp) {
    let old = app.account().await;
    happens(&app, old, 3).await;
    let before = head(&app, old).await;
    let listener = Notes::listener("notes");
    let dispatcher = Dispatcher::new(&app.app, vec![Arc::clone(&listener)]);
    let held = dispatcher.hold().await.unwrap().unwrap();
    dispatcher.register(&listener).await.unwrap();
    hear_all(&dispatcher, &listener, held).await.unwrap();
    assert_eq!(noted(&app, old, "notes").await, Vec::<i64>::new());
    happens(&app, old, 120).await;
    let new = app.account().await;
    happens(&app, new, 2).await;
    for _ in 0..2 {
        hear_all(&dispatcher, &listener, held).await.unwrap();
        assert_eq!(noted(&app, old, "notes").await, (before + 1..=before + 120).collect::<Vec<_>>());
        assert_eq!(noted(&app, new, "notes").await, (1..=head(&app, new).await).collect::<Vec<_>>());
    }
    // An account that is gone is no trouble.
    app.app.store.write(move |tx| crate::account::service::delete(tx, new)).await.unwrap();
    app.run_due_jobs().await;
    let grown = Grown { accounts: [new, old].into(), any: true };
    let turn = dispatcher.hear(&listener, held, &grown, &BTreeSet::new(), &mut Ahead::new()).await.unwrap();
    assert!(turn.failed.is_empty(), "{:?}", turn.failed);
}

#[db_test]
async fn a_listener_that_fails_delays_no_other_and_loses_nothing(app: TestApp) {
    let account = app.account().await;
    let fails = Arc::new(AtomicBool::new(true));
    let failing: Arc<dyn Listener> = Arc::new(Notes { name: "failing", fails: Arc::clone(&fails) });
    let dispatcher = Dispatcher::new(&app.app, vec![Notes::listener("well"), failing]);
    let stop = CancellationToken::new();
    let mut running = JoinSet::new();
    running.spawn(dispatcher.run(stop.clone()));
    let heard = async |name: &'static str, count: usize| {
        let wait = async {
            while noted(&app, account, name).await.len() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), wait).await.expect("heard in time");
    };
    // Both are there before anything happens.
    let registered = async || app.number("SELECT COUNT(*) FROM event_listeners", &[]).await;
    while registered().await < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let before = head(&app, account).await;
    happens(&app, account, 3).await;
    heard("well", 3).await;
    assert_eq!(noted(&app, account, "failing").await, Vec::<i64>::new());
    fails.store(false, Ordering::Relaxed);
    heard("failing", 3).await;
    for name in ["well", "failing"] {
        assert_eq!(noted(&app, account, name).await, (before + 1..=before + 3).collect::<Vec<_>>());
    }
    stop.cancel();
    running.join_all().await;
    // It was given back: another process need not wait.
    let other = Dispatcher { holder: "other".into(), ..Dispatcher::new(&app.app, Vec::new()) };
    assert!(other.hold().await.unwrap().is_some());
}

#[db_test]
async fn a_listener_that_fails_is_not_taken_for_an_account_that_is_gone(app: TestApp) {
    let account = app.account().await;
    let fails = Arc::new(AtomicBool::new(true));
    let listener: Arc<dyn Listener> = Arc::new(Notes { name: "notes", fails: Arc::clone(&fails) });
    let dispatcher = Dispatcher::new(&app.app, vec![Arc::clone(&listener)]);
    let held = dispatcher.hold().await.unwrap().unwrap();
    dispatcher.register(&listener).await.unwrap();
    let before = head(&app, account).await;
    happens(&app, account, 1).await;
    assert!(hear_all(&dispatcher, &listener, held).await.is_err());
    let turn =
        dispatcher.hear(&listener, held, &EVERYTHING, &BTreeSet::from([account]), &mut Ahead::new()).await.unwrap();
    assert!(turn.failed.is_empty(), "it rests");
    fails.store(false, Ordering::Relaxed);
    hear_all(&dispatcher, &listener, held).await.unwrap();
    assert_eq!(noted(&app, account, "notes").await, [before + 1]);
}

#[db_test]
async fn an_account_with_a_long_log_delays_no_other(app: TestApp) {
    let (long, short) = (app.account().await, app.account().await);
    let listener = Notes::listener("notes");
    let dispatcher = Dispatcher::new(&app.app, vec![Arc::clone(&listener)]);
    let held = dispatcher.hold().await.unwrap().unwrap();
    dispatcher.register(&listener).await.unwrap();
    happens(&app, long, 120).await;
    happens(&app, short, 1).await;
    hear_all(&dispatcher, &listener, held).await.unwrap();
    let read = |conn: &mut Conn<'_>| {
        let rows: Vec<(AccountId,)> =
            conn.query(sql!("SELECT account_id FROM audit_log WHERE action = 'notes' ORDER BY id"), ())?;
        Ok::<_, ::store::Error>(rows.into_iter().map(|(account,)| account).collect())
    };
    let turns: Vec<AccountId> = app.app.store.read(read).await.unwrap();
    assert_eq!(turns.len(), 121);
    let place = turns.iter().position(|account| *account == short).unwrap();
    assert!(place < 60, "heard only after {place} events of the other one");
}

#[db_test]
async fn another_process_takes_over_from_a_dead_one_which_changes_nothing_any_more(app: TestApp) {
    let account = app.account().await;
    let listener = Notes::listener("notes");
    let first = Dispatcher::new(&app.app, vec![Arc::clone(&listener)]);
    let second = Dispatcher { holder: "second".into(), ..Dispatcher::new(&app.app, vec![Arc::clone(&listener)]) };
    let held = first.hold().await.unwrap().unwrap();
    first.register(&listener).await.unwrap();
    assert_eq!(second.hold().await.unwrap(), None);
    let before = head(&app, account).await;
    happens(&app, account, 2).await;
    hear_all(&first, &listener, held).await.unwrap();
    app.clock.advance(ALMOST);
    assert_eq!(first.hold().await.unwrap(), Some(held), "renewed");
    app.clock.advance(ALMOST);
    assert_eq!(second.hold().await.unwrap(), None);
    app.clock.advance(Duration::from_secs(1));
    let taken = second.hold().await.unwrap().unwrap();
    assert_ne!(taken, held);
    happens(&app, account, 2).await;
    // The first one was only slow, and does not know yet.
    assert!(hear_all(&first, &listener, held).await.is_err());
    assert_eq!(first.hold().await.unwrap(), None);
    assert_eq!(noted(&app, account, "notes").await.len(), 2);
    hear_all(&second, &listener, taken).await.unwrap();
    assert_eq!(noted(&app, account, "notes").await, (before + 1..=before + 4).collect::<Vec<_>>());
}

#[db_test]
async fn two_that_both_believe_to_listen_do_everything_once(app: TestApp) {
    let account = app.account().await;
    let listener = Notes::listener("notes");
    let dispatcher = Dispatcher::new(&app.app, vec![Arc::clone(&listener)]);
    let held = dispatcher.hold().await.unwrap().unwrap();
    dispatcher.register(&listener).await.unwrap();
    let before = head(&app, account).await;
    happens(&app, account, 60).await;
    let turns = futures_util::future::join_all((0..6).map(|_| hear_all(&dispatcher, &listener, held))).await;
    assert!(turns.into_iter().all(|turn| turn.is_ok()));
    assert_eq!(noted(&app, account, "notes").await, (before + 1..=before + 60).collect::<Vec<_>>());
}

#[db_test]
async fn after_a_restart_a_process_goes_on_at_once_and_of_two_with_one_name_the_last_one_does(app: TestApp) {
    let [before, after] = [(); 2].map(|()| Dispatcher::new(&app.app, Vec::new()));
    let held = before.hold().await.unwrap().unwrap();
    let taken = after.hold().await.unwrap().unwrap();
    assert_ne!(held, taken);
    // The one before is no ghost: its folder was copied.
    for _ in 0..3 {
        assert_eq!(before.hold().await.unwrap(), None);
        assert_eq!(after.hold().await.unwrap(), Some(taken));
        app.clock.advance(ALMOST);
    }
    app.clock.advance(Duration::from_secs(1));
    assert!(before.hold().await.unwrap().is_some());
}

/// Hears everything, and has nothing to do but about labels.
struct Picky(Arc<Mutex<Vec<i64>>>);

impl Listener for Picky {
    fn name(&self) -> &'static str {
        "picky"
    }

    fn hear(&self, _: &mut Conn<'_>, _: AccountId, events: &[Logged]) -> Result<Option<Effect>> {
        self.0.lock().unwrap().extend(events.iter().map(|event| event.seq));
        let is_wanted = events.iter().any(|event| matches!(event.event, Some(Event::LabelDeleted(_))));
        Ok(is_wanted.then(|| -> Effect { Box::new(|_| Ok(())) }))
    }
}

#[db_test]
async fn where_there_is_nothing_to_do_the_place_moves_later_and_nothing_is_heard_twice(app: TestApp) {
    let account = app.account().await;
    let heard = Arc::new(Mutex::new(Vec::new()));
    let listener: Arc<dyn Listener> = Arc::new(Picky(Arc::clone(&heard)));
    let dispatcher = Dispatcher::new(&app.app, vec![Arc::clone(&listener)]);
    let held = dispatcher.hold().await.unwrap().unwrap();
    dispatcher.register(&listener).await.unwrap();
    let place = || async { app.app.store.read(move |conn| store::find_cursor(conn, "picky", account)).await.unwrap() };
    let begin = place().await;
    let mut ahead = Ahead::new();
    let nobody = BTreeSet::new();
    for round in 1..=3 {
        happens(&app, account, 2).await;
        dispatcher.hear(&listener, held, &EVERYTHING, &nobody, &mut ahead).await.unwrap();
        assert_eq!(place().await, begin);
        assert_eq!(heard.lock().unwrap().len(), 2 * round);
    }
    dispatcher.catch_up(&listener, held, &mut ahead).await.unwrap();
    assert_eq!((place().await, ahead.len()), (begin + 6, 0));
    happens(&app, account, 1).await;
    dispatcher.hear(&listener, held, &EVERYTHING, &nobody, &mut ahead).await.unwrap();
    let delete = move |tx: &mut Tx<'_>| {
        record(tx, account, &Actor::System, &Event::LabelDeleted(LabelId::new(1)));
        Ok::<_, Error>(())
    };
    app.app.store.write(delete).await.unwrap();
    dispatcher.hear(&listener, held, &EVERYTHING, &nobody, &mut ahead).await.unwrap();
    assert_eq!((place().await, ahead.len()), (begin + 8, 0));
    assert_eq!(*heard.lock().unwrap(), (begin + 1..=begin + 8).collect::<Vec<_>>());
}
