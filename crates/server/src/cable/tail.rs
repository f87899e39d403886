//! Following the logs that somebody here listens to.

use std::collections::HashSet;
use std::time::Duration;

use edge::Result;
use store::{Grown, LogWatch};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::warn;
use types::AccountId;

use super::note::{self, Note};
use super::render::{Delivery, Listeners, Renderer};
use crate::App;
use crate::events::log;

/// Events that are read at a time.
const BATCH: u16 = 100;
/// Logs that are read at the same time: one that takes long leaves room for others.
const AT_ONCE: usize = 4;
/// Logs are looked at this often even when nobody said that they have grown.
const POLL: Duration = Duration::from_secs(2);

/// Follows the logs; there is one in a process.
pub struct Tail {
    app: App,
    grown: LogWatch,
    notes: broadcast::Receiver<std::sync::Arc<str>>,
    opened: mpsc::UnboundedReceiver<AccountId>,
    /// Logs that may have grown.
    waiting: HashSet<AccountId>,
    /// Logs that are being read.
    reading: HashSet<AccountId>,
}

/// A piece of work that is done.
enum Done {
    Delivered(AccountId),
    Looked(Result<Vec<AccountId>>),
    Told,
}

/// Hears of all that is committed from now on.
///
/// # Panics
/// When there is one already.
pub fn tail(app: &App) -> Tail {
    let opened = app.cable.waiting.lock().expect("nobody panics with it").take().expect("one tail in a process");
    Tail {
        app: app.clone(),
        grown: app.store.watch_logs(),
        notes: app.store.notes(),
        opened,
        waiting: HashSet::new(),
        reading: HashSet::new(),
    }
}

impl Tail {
    /// Delivers what happens until `stop`, then has all sockets closed.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut poll = interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut work = JoinSet::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                grown = self.grown.grown() => self.note_grown(&grown),
                Some(account) = self.opened.recv() => { self.waiting.insert(account); }
                told = self.notes.recv() => self.hear(told, &mut work),
                _ = poll.tick() => {
                    let app = self.app.clone();
                    work.spawn(async move { Done::Looked(behind(&app).await) });
                }
                Some(done) = work.join_next() => self.finish(done),
            }
            self.start(&mut work);
        }
        self.app.cable.hub.shut_down().await;
    }

    fn note_grown(&mut self, grown: &Grown) {
        let listened = self.app.cable.hub.cursors().into_iter().map(|(account, _)| account);
        self.waiting.extend(listened.filter(|account| grown.any || grown.accounts.contains(account)));
    }

    fn finish(&mut self, done: std::result::Result<Done, JoinError>) {
        match done {
            Ok(Done::Delivered(account)) => {
                self.reading.remove(&account);
            }
            Ok(Done::Looked(Ok(behind))) => self.waiting.extend(behind),
            Ok(Done::Looked(Err(cause))) => warn!(%cause, "looking at the logs failed; trying again"),
            Ok(Done::Told) => {}
            // Which log it was is not known: all may be read again, and nothing is delivered twice.
            Err(cause) => {
                warn!(%cause, "delivering events panicked");
                self.reading.clear();
            }
        }
    }

    fn start(&mut self, work: &mut JoinSet<Done>) {
        while self.reading.len() < AT_ONCE {
            let Some(account) = self.waiting.iter().find(|account| !self.reading.contains(account)).copied() else {
                return;
            };
            self.waiting.remove(&account);
            self.reading.insert(account);
            let app = self.app.clone();
            work.spawn(async move {
                if let Err(cause) = deliver(&app, account).await {
                    warn!(%cause, %account, "delivering events failed; trying again");
                }
                Done::Delivered(account)
            });
        }
    }

    fn hear(&self, told: std::result::Result<std::sync::Arc<str>, RecvError>, work: &mut JoinSet<Done>) {
        let note = match told {
            Ok(text) => Note::read(&text),
            Err(RecvError::Lagged(count)) => {
                warn!(count, "notes were lost");
                None
            }
            Err(RecvError::Closed) => None,
        };
        match note {
            Some(Note::KeyChanged { key }) => self.app.cable.hub.close(&key),
            Some(Note::Typing(typing)) => {
                let app = self.app.clone();
                work.spawn(async move {
                    if let Err(cause) = note::typing_here(&app, typing).await {
                        warn!(%cause, "telling who types failed");
                    }
                    Done::Told
                });
            }
            None => {}
        }
    }
}

/// Logs that somebody listens to and that have more than was delivered.
pub(super) async fn behind(app: &App) -> Result<Vec<AccountId>> {
    let cursors = app.cable.hub.cursors();
    if cursors.is_empty() {
        return Ok(Vec::new());
    }
    let accounts: Vec<AccountId> = cursors.iter().map(|(account, _)| *account).collect();
    let heads = app.store.read(move |conn| log::heads(conn, &accounts)).await?;
    let delivered = |account: &AccountId| cursors.iter().find(|(of, _)| of == account).map_or(0, |(_, seq)| *seq);
    Ok(heads.into_iter().filter(|(account, head)| *head > delivered(account)).map(|(account, _)| account).collect())
}

#[cfg(test)]
/// Waits until whatever has been committed was delivered.
pub async fn dispatched(app: &App) {
    while !behind(app).await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Delivers what the account's log has more than was delivered, until there is no more.
async fn deliver(app: &App, account: AccountId) -> Result<()> {
    let hub = &app.cable.hub;
    while let Some(after) = hub.cursor(account) {
        let (base_url, listeners) = (app.settings.base_url.clone(), hub.clone());
        let deliveries = app
            .store
            .read(move |conn| {
                let events = log::read_after(conn, account, after, i64::from(BATCH))?;
                let mut renderer = Renderer::new(conn, account, &base_url, Listeners::Hub(&listeners));
                events.iter().map(|logged| renderer.render(conn, logged)).collect::<Result<Vec<Delivery>>>()
            })
            .await?;
        let count = deliveries.len();
        for Delivery { seq, message } in deliveries {
            match message {
                Some((message, streams)) => hub.deliver(account, seq, &message, &streams),
                None => hub.pass(account, seq),
            }
        }
        // What is committed meanwhile is told of after its commit, and has the log looked at again.
        if count < usize::from(BATCH) {
            break;
        }
    }
    Ok(())
}
