//! SQLite and PostgreSQL behind one code path.
//!
//! A use case is a closure: [`Store::write`] runs it in one transaction, [`Store::read`] in one read-only
//! snapshot. The closure is synchronous, may be run again and cannot reach the network. What it returns
//! leaves only after the commit.

mod conn;
mod error;
mod event;
mod migration;
mod options;
mod postgres;
mod queue;
mod row;
mod sql;
mod sqlite;
mod stamp;
mod stats;
mod tx;
mod watch;
mod work;

pub mod testing;

use std::sync::Arc;

use tokio::sync::{broadcast, oneshot};
use types::Timestamp;

pub use conn::{Conn, Params};
pub use error::{Error, Result};
pub use event::NewEvent;
pub use migration::Migration;
pub use options::{Database, Options};
pub use row::{FromRow, Row};
pub use sql::Sql;
pub use stamp::Stamps;
pub use stats::QueryStats;
pub use tx::{Deferred, Tx};
pub use watch::{Grown, LogWatch};

/// What the macros of this crate expand to.
#[doc(hidden)]
pub mod private {
    pub use crate::sql::Registered;
    pub use crate::testing::run_test;
    pub use inventory;
    pub use types::ToValue;
}

use postgres::Word;
use queue::Queue;
use watch::{Aftermath, Watchers};
use work::{ReadWork, WriteWork};

/// A handle on the database; cheap to clone.
///
/// Dropping the last one lets the queues run dry and ends the threads.
#[derive(Clone)]
pub struct Store {
    writes: Queue<Box<dyn WriteWork>>,
    reads: Queue<Box<dyn ReadWork>>,
    shared: Arc<Shared>,
}

/// Words to other processes that wait to be sent.
const WORDS: usize = 4096;

/// What the handle and the threads of an engine share.
pub(crate) struct Shared {
    pub options: Options,
    pub watchers: Watchers,
    /// To the other processes on the database, where there may be some.
    others: Option<flume::Sender<Word>>,
    last_now: std::sync::atomic::AtomicI64,
}

impl Shared {
    fn new(options: Options, others: Option<flume::Sender<Word>>) -> Arc<Self> {
        let last_now = std::sync::atomic::AtomicI64::new(i64::MIN);
        Arc::new(Self { options, watchers: Watchers::default(), others, last_now })
    }

    /// Tells everybody who waits of what has been committed.
    pub fn tell(&self, aftermath: Aftermath) {
        let Aftermath { wakes, grown, notes } = aftermath;
        if wakes {
            self.watchers.committed.notify_waiters();
        }
        if !grown.is_empty() {
            self.watchers.tell(&grown);
            self.tell_others(Word::Grown(grown));
        }
        for note in notes {
            self.note(note);
        }
    }

    /// Tells everybody who listens at this moment.
    pub fn note(&self, note: Arc<str>) {
        // Nobody in this process may care.
        self.watchers.notes.send(Arc::clone(&note)).ok();
        self.tell_others(Word::Note(note));
    }

    /// A full queue loses the word: others look at the logs by themselves.
    fn tell_others(&self, word: Word) {
        if let Some(others) = &self.others {
            others.try_send(word).ok();
        }
    }

    /// The clock's time, never earlier than what an earlier transaction of this process got.
    pub fn now(&self) -> Timestamp {
        let now = self.options.clock.now().as_micros();
        let earlier = self.last_now.fetch_max(now, std::sync::atomic::Ordering::Relaxed);
        Timestamp::from_micros(now.max(earlier))
    }
}

impl Store {
    /// Opens the database and starts its threads; migrates nothing.
    pub fn open(options: Options) -> Result<Self> {
        let (words, told) = flume::bounded(WORDS);
        let is_shared = options.tells_others && matches!(options.database, Database::Postgres { .. });
        let shared = Shared::new(options, is_shared.then_some(words));
        let (writes, write_queue) = Queue::bounded(shared.options.write_queue, shared.options.queue_wait);
        let (reads, read_queue) = Queue::bounded(shared.options.read_queue, shared.options.queue_wait);
        match &shared.options.database {
            Database::Sqlite { .. } => sqlite::start(&shared, &write_queue, &read_queue)?,
            Database::Postgres { url, .. } => {
                postgres::start(&shared, &write_queue, &read_queue)?;
                if is_shared {
                    postgres::start_bus(&shared, url, told)?;
                }
            }
        }
        Ok(Self { writes, reads, shared })
    }

    /// Runs `migrations` that have not been run yet, each in its own transaction; returns their names.
    ///
    /// Only one process migrates at a time; the others wait and find nothing left to do.
    pub fn migrate(options: &Options, migrations: &[Migration]) -> Result<Vec<String>> {
        match &options.database {
            Database::Sqlite { path, .. } => sqlite::migrate(path, migrations),
            Database::Postgres { url, .. } => postgres::migrate(url, migrations),
        }
    }

    /// The names of the migrations that the database has.
    pub async fn applied_migrations(&self) -> Result<Vec<String>> {
        self.read(migration::applied).await
    }

    /// Runs `closure` in one transaction and gives its result after the commit.
    ///
    /// The closure may be run again (a failed batch, a serialisation failure). An error rolls back what this
    /// closure did and nothing else; so does a failed statement, whatever the closure makes of it. Waits for room in the queue; after [`Options::queue_wait`] it fails with
    /// [`Error::Busy`].
    pub async fn write<T, E, F>(&self, closure: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (sender, answer) = oneshot::channel();
        self.writes.push(work::write(closure, sender, stats::current())).await?;
        answer.await.unwrap_or_else(|_| Err(Error::Unavailable("the database has been closed".into()).into()))
    }

    /// Runs `closure` in one read-only snapshot, for at most [`Options::read_deadline`].
    pub async fn read<T, E, F>(&self, closure: F) -> Result<T, E>
    where
        F: Fn(&mut Conn<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (sender, answer) = oneshot::channel();
        self.reads.push(work::read(closure, sender, stats::current())).await?;
        answer.await.unwrap_or_else(|_| Err(Error::Unavailable("the database has been closed".into()).into()))
    }

    /// Resolves after the next commit that recorded an event or pushed a job.
    ///
    /// Counts from the call, not from the first poll: call it, look for work, then await it, and no commit is missed.
    pub fn committed(&self) -> impl Future<Output = ()> + Send {
        self.shared.watchers.committed.notified()
    }

    /// Hears from now on which logs grow.
    pub fn watch_logs(&self) -> LogWatch {
        self.shared.watchers.watch()
    }

    /// Hears from now on what [`Tx::tell`] tells in this process, and that and [`Store::tell_others`] in others on the
    /// same database.
    pub fn notes(&self) -> broadcast::Receiver<Arc<str>> {
        self.shared.watchers.notes.subscribe()
    }

    /// Tells a short text to the other processes that listen at this moment; it is kept nowhere. At most a few
    /// kilobytes.
    pub fn tell_others(&self, note: impl Into<Arc<str>>) {
        self.shared.tell_others(Word::Note(note.into()));
    }

    /// Closures that wait for the writer and for a reader.
    pub fn queue_depths(&self) -> (usize, usize) {
        (self.writes.len(), self.reads.len())
    }

    /// `sqlite` or `postgres`.
    pub fn engine(&self) -> &'static str {
        self.shared.options.database.engine()
    }
}
