//! A transaction: a connection that also records events.

use std::any::Any;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Instant;

use types::AccountId;

use crate::conn::{Conn, Engine};
use crate::event::{self, NewEvent};
use crate::stats::QueryStats;
use crate::watch::Aftermath;
use crate::{Result, Shared};

/// What a transaction collects and writes once, right before its events are numbered: rows that many transactions
/// change are locked for a moment only.
pub trait Deferred: Default + Any {
    /// Writes it.
    fn write(self, tx: &mut Tx<'_>) -> Result<()>;
}

trait AnyDeferred: Any {
    fn write_boxed(self: Box<Self>, tx: &mut Tx<'_>) -> Result<()>;
}

impl<D: Deferred> AnyDeferred for D {
    fn write_boxed(self: Box<Self>, tx: &mut Tx<'_>) -> Result<()> {
        (*self).write(tx)
    }
}

/// A read-write transaction, as a write closure gets it.
pub struct Tx<'a> {
    conn: Conn<'a>,
    events: Vec<NewEvent>,
    deferred: Vec<Box<dyn AnyDeferred>>,
    wakes: bool,
    notes: Vec<Arc<str>>,
}

impl<'a> Tx<'a> {
    pub(crate) fn new(engine: Engine<'a>, shared: &Shared, stats: QueryStats) -> Self {
        let conn = Conn::new(engine, stats, Instant::now() + shared.options.write_deadline, shared.now());
        Self { conn, events: Vec::new(), deferred: Vec::new(), wakes: false, notes: Vec::new() }
    }

    /// Records an event; it is numbered in its account's log by the last statements of the transaction.
    pub fn record(&mut self, event: NewEvent) {
        self.events.push(event);
    }

    /// What this transaction has collected of the kind so far; written when the transaction ends.
    pub fn deferred<D: Deferred>(&mut self) -> &mut D {
        let found = self.deferred.iter().position(|work| (work.as_ref() as &dyn Any).is::<D>());
        let place = found.unwrap_or_else(|| {
            self.deferred.push(Box::new(D::default()));
            self.deferred.len() - 1
        });
        let work: &mut dyn Any = self.deferred[place].as_mut();
        work.downcast_mut().expect("found by its type")
    }

    /// Closes the log of an account that is being deleted: a transaction that records an event for it fails with
    /// [`crate::Error::LogClosed`], also one that has begun already.
    pub fn close_log(&mut self, account: AccountId) -> Result<()> {
        event::close(self, account)
    }

    /// Wakes those who wait for [`crate::Store::committed`] after this commit, as a recorded event does.
    pub fn wake(&mut self) {
        self.wakes = true;
    }

    /// Tells a short text after the commit, to everybody who listens at that moment, in this process and in others on
    /// the same database; it is kept nowhere.
    pub fn tell(&mut self, note: impl Into<Arc<str>>) {
        self.notes.push(note.into());
    }

    /// Writes what was deferred, then the buffered events; the last thing done in a transaction.
    ///
    /// A failed statement that the closure made nothing of is a failure: PostgreSQL turns its COMMIT into a ROLLBACK
    /// without a word.
    pub(crate) fn finish(&mut self) -> Result<Aftermath> {
        self.conn.check()?;
        for work in std::mem::take(&mut self.deferred) {
            work.write_boxed(self)?;
        }
        let events = std::mem::take(&mut self.events);
        let wakes = self.wakes || !events.is_empty();
        event::append(self, &events)?;
        let grown = events.iter().map(|event| event.account_id).collect();
        Ok(Aftermath { wakes, grown, notes: std::mem::take(&mut self.notes) })
    }
}

impl<'a> Deref for Tx<'a> {
    type Target = Conn<'a>;

    fn deref(&self) -> &Conn<'a> {
        &self.conn
    }
}

impl<'a> DerefMut for Tx<'a> {
    fn deref_mut(&mut self) -> &mut Conn<'a> {
        &mut self.conn
    }
}
