//! Word of commits between the processes that share a database: `LISTEN` and `NOTIFY`.
//!
//! Words leave a few milliseconds after their commits, many in one, over a connection of their own: inside of the
//! transactions themselves they would cost a fifth of the throughput and more. A word may be lost, with a connection or
//! a process; who listens looks at the logs from time to time all the same.

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use std::thread::sleep;
use std::time::Duration;

use postgres::Client;
use postgres::fallible_iterator::FallibleIterator;
use serde::{Deserialize, Serialize};
use tracing::warn;
use types::AccountId;
use uuid::Uuid;

use super::{connect, spawn};
use crate::{Result, Shared};

const CHANNEL: &str = "ooctopus";
/// How long words wait for others to come along.
const BATCH: Duration = Duration::from_millis(5);
/// PostgreSQL takes less than 8,000 bytes.
const MAX_BYTES: usize = 7_900;
/// How long after a failure another connection is tried.
const PAUSE: Duration = Duration::from_secs(1);
/// A listener looks this often whether the store is still there.
const LOOK: Duration = Duration::from_secs(1);
/// Words between two looks.
const MAX_HEARD: usize = 1_000;

/// Something to be told to other processes.
pub(crate) enum Word {
    Grown(BTreeSet<AccountId>),
    Note(Arc<str>),
}

/// What stands in a notification.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Told {
    /// Who tells: nobody listens to itself.
    from: Uuid,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    accounts: BTreeSet<AccountId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

/// Starts to listen to others and to tell what comes in through `words`.
pub(crate) fn start(shared: &Arc<Shared>, url: &str, words: flume::Receiver<Word>) -> Result<()> {
    let me = Uuid::new_v4();
    let (teller, listener) = (url.to_owned(), url.to_owned());
    spawn("postgres-teller".into(), move || tell(me, &teller, &words))?;
    let shared = Arc::downgrade(shared);
    spawn("postgres-listener".into(), move || listen(me, &listener, &shared))
}

fn tell(me: Uuid, url: &str, words: &flume::Receiver<Word>) {
    let mut client = None;
    while let Ok(first) = words.recv() {
        sleep(BATCH);
        for text in pack(me, std::iter::once(first).chain(words.try_iter())) {
            if let Err(cause) = send(&mut client, url, &text) {
                // Others look at the logs by themselves; they are late, and miss notes.
                warn!(%cause, "telling other processes of a commit failed");
                client = None;
                sleep(PAUSE);
            }
        }
    }
}

fn send(client: &mut Option<Client>, url: &str, text: &str) -> Result<()> {
    let client = match client {
        Some(client) => client,
        None => client.insert(connect(url)?),
    };
    client.execute("SELECT pg_notify($1, $2)", &[&CHANNEL, &text])?;
    Ok(())
}

/// As few notifications as hold all words. A note that fits none is left out.
fn pack(me: Uuid, words: impl Iterator<Item = Word>) -> Vec<String> {
    let (mut accounts, mut notes) = (BTreeSet::new(), Vec::new());
    for word in words {
        match word {
            Word::Grown(more) => accounts.extend(more),
            Word::Note(note) => notes.push(note),
        }
    }
    let mut packed = Vec::new();
    let mut told = Told { from: me, ..Told::default() };
    let mut push = |add: &dyn Fn(&mut Told), take: &dyn Fn(&mut Told)| {
        add(&mut told);
        if text(&told).len() > MAX_BYTES {
            take(&mut told);
            packed.push(text(&told));
            told = Told { from: me, ..Told::default() };
            add(&mut told);
        }
    };
    for account in accounts {
        push(
            &|told| {
                told.accounts.insert(account);
            },
            &|told| {
                told.accounts.remove(&account);
            },
        );
    }
    for note in notes {
        push(&|told| told.notes.push(note.to_string()), &|told| {
            told.notes.pop();
        });
    }
    packed.push(text(&told));
    packed.retain(|text| text.len() <= MAX_BYTES);
    packed
}

fn text(told: &Told) -> String {
    serde_json::to_string(told).expect("ids and texts")
}

fn listen(me: Uuid, url: &str, shared: &Weak<Shared>) {
    while shared.strong_count() > 0 {
        if let Err(cause) = listen_once(me, url, shared) {
            warn!(%cause, "listening to other processes failed; trying again");
            sleep(PAUSE);
        }
    }
}

/// Listens until the store is gone or the connection is lost.
fn listen_once(me: Uuid, url: &str, shared: &Weak<Shared>) -> Result<()> {
    let mut client = connect(url)?;
    client.batch_execute(&format!("LISTEN {CHANNEL}"))?;
    // What was told until now went past us.
    if let Some(shared) = shared.upgrade() {
        shared.watchers.tell_of_a_gap();
    }
    while shared.strong_count() > 0 {
        for notification in client.notifications().timeout_iter(LOOK).take(MAX_HEARD).iterator() {
            let notification = notification?;
            let Some(shared) = shared.upgrade() else { return Ok(()) };
            match serde_json::from_str::<Told>(notification.payload()) {
                Ok(told) if told.from == me => {}
                Ok(told) => {
                    shared.watchers.tell(&told.accounts);
                    for note in told.notes {
                        // Nobody in this process may care.
                        shared.watchers.notes.send(note.into()).ok();
                    }
                    shared.watchers.committed.notify_waiters();
                }
                Err(cause) => warn!(%cause, "another process told what cannot be read"),
            }
        }
        if client.is_closed() {
            return Err(crate::Error::Unavailable("the connection was lost".into()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{MAX_BYTES, Told, Word, pack};
    use types::AccountId;
    use uuid::Uuid;

    #[test]
    fn words_are_packed_into_few_notifications_and_none_is_too_long() {
        let accounts = (1..=3_000).map(|id| Word::Grown([AccountId::new(id)].into()));
        let notes = (0..40).map(|number| Word::Note(format!("{number}{}", "ü\"".repeat(200)).into()));
        let too_long = Word::Note("x".repeat(MAX_BYTES).into());
        let packed = pack(Uuid::nil(), accounts.chain(notes).chain([too_long]));
        assert!(packed.iter().all(|text| text.len() <= MAX_BYTES) && packed.len() < 12, "{}", packed.len());
        let told: Vec<Told> = packed.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
        assert_eq!(told.iter().map(|told| told.accounts.len()).sum::<usize>(), 3_000);
        assert_eq!(told.iter().map(|told| told.notes.len()).sum::<usize>(), 40);
    }
}
