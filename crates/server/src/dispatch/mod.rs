//! Listeners of the event log that miss nothing.
//!
//! Each has a place in every account's log. What it does with an event and its step to the next place are one
//! transaction: a process that is killed leaves neither or both, and another one goes on from there. Of all processes on
//! a database one listens, under a [`lease`]; when it dies, another takes over within seconds. Each listener goes its own
//! pace: one that fails or takes long delays no other.

pub mod lease;
mod store;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ::store::{Grown, Tx};
use edge::{Error, Result};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep};
use tokio_util::sync::CancellationToken;
use tracing::warn;
use types::AccountId;
use uuid::Uuid;

use self::lease::{Lease, TIME};
use crate::App;
use crate::events::log::{self, Logged};

/// Under which listeners listen.
const LEASE: &str = "dispatch";
/// Events that a listener hears in one transaction.
const BATCH: i64 = 50;
/// Logs are looked at this often even when nobody said that they have grown.
const POLL: Duration = Duration::from_secs(2);
/// How long a listener that failed waits.
const PAUSE: Duration = Duration::from_secs(1);

/// Hears every event of every account, in the order of each account's log.
pub trait Listener: Send + Sync + 'static {
    /// Stored in rows: never reuse a name.
    fn name(&self) -> &'static str;

    /// Does what it does with an event. What may take time becomes a job in this transaction. An event is heard again
    /// after a failure, and none behind it before; the transaction may be run again.
    fn hear(&self, tx: &mut Tx<'_>, account: AccountId, event: &Logged) -> Result<()>;
}

/// The listeners of one process.
#[derive(Clone)]
pub struct Dispatcher {
    app: App,
    /// Tells this process from others.
    holder: String,
    listeners: Vec<Arc<dyn Listener>>,
}

impl Dispatcher {
    /// Of this process.
    pub fn new(app: &App, listeners: Vec<Arc<dyn Listener>>) -> Self {
        Self { app: app.clone(), holder: Uuid::new_v4().to_string(), listeners }
    }

    /// Listens until `stop`, whenever this process has the lease; then leaves it to others.
    pub async fn run(self, stop: CancellationToken) {
        let (has, lease) = watch::channel(None);
        let mut listening = JoinSet::new();
        for listener in &self.listeners {
            let (dispatcher, listener) = (self.clone(), Arc::clone(listener));
            let (lease, stop) = (lease.clone(), stop.clone());
            listening.spawn(async move { dispatcher.listen(listener, lease, stop).await });
        }
        let mut renewals = interval(TIME / 5);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = renewals.tick() => {}
            }
            match self.hold().await {
                Ok(held) => {
                    has.send_if_modified(|before| std::mem::replace(before, held) != held);
                }
                // What it still has, it has; a step under a lease that is over is refused.
                Err(cause) => warn!(%cause, "asking for the lease of listeners failed"),
            }
        }
        while listening.join_next().await.is_some() {}
        let held = *has.borrow();
        if let Some(held) = held
            && let Err(cause) = self.release(held).await
        {
            warn!(%cause, "giving the lease of listeners back failed; it ends by itself");
        }
    }

    /// Takes the lease, or renews it; `None`: another process has it.
    pub async fn hold(&self) -> Result<Option<Lease>> {
        let holder = self.holder.clone();
        self.app.store.write(move |tx| lease::hold(tx, LEASE, &holder)).await
    }

    async fn release(&self, held: Lease) -> Result<()> {
        self.app.store.write(move |tx| lease::release(tx, LEASE, held)).await
    }

    async fn listen(
        self,
        listener: Arc<dyn Listener>,
        mut lease: watch::Receiver<Option<Lease>>,
        stop: CancellationToken,
    ) {
        let watch = self.app.store.watch_logs();
        let mut grown = Grown { any: true, ..Grown::default() };
        while let Err(cause) = self.register(&listener).await {
            warn!(%cause, listener = listener.name(), "a listener could not be noted; trying again");
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(PAUSE) => {}
            }
        }
        while !stop.is_cancelled() {
            let held = *lease.borrow_and_update();
            let heard = match held {
                Some(held) => self.hear(&listener, held, &grown).await,
                None => Ok(()),
            };
            let failed = heard.is_err();
            if let Err(cause) = heard {
                warn!(%cause, listener = listener.name(), "a listener failed; it hears the event again");
            }
            grown = tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(PAUSE), if failed => Grown { any: true, ..Grown::default() },
                grown = watch.grown(), if !failed && held.is_some() => grown,
                // Whoever gets the lease looks at every log.
                changed = lease.changed() => match changed {
                    Ok(()) => Grown { any: true, ..Grown::default() },
                    Err(_) => return,
                },
                () = sleep(POLL), if !failed => Grown { any: true, ..Grown::default() },
            };
        }
    }

    /// Notes a listener that is new: it hears what happens from now on.
    pub async fn register(&self, listener: &Arc<dyn Listener>) -> Result<()> {
        let name = listener.name();
        self.app.store.write(move |tx| store::register(tx, name)).await
    }

    /// Lets the listener hear what the logs that have grown have; one that fails in one account goes on in the others.
    pub async fn hear(&self, listener: &Arc<dyn Listener>, held: Lease, grown: &Grown) -> Result<()> {
        let mut accounts: BTreeSet<AccountId> = grown.accounts.clone();
        if grown.any {
            let name = listener.name();
            accounts.extend(self.app.store.read(move |conn| store::list_behind(conn, name)).await?);
        }
        let mut result = Ok(());
        for account in accounts {
            if let Err(cause) = self.hear_account(listener, held, account).await {
                result = Err(cause);
            }
        }
        result
    }

    async fn hear_account(&self, listener: &Arc<dyn Listener>, held: Lease, account: AccountId) -> Result<()> {
        loop {
            let listener = Arc::clone(listener);
            let step = move |tx: &mut Tx<'_>| {
                let before = store::lock_cursor(tx, listener.name(), account)?;
                if !lease::is_held(tx, LEASE, held)? {
                    return Err(Error::Unavailable);
                }
                let events = log::read_after(tx, account, before, BATCH)?;
                for event in &events {
                    listener.hear(tx, account, event)?;
                }
                let Some(last) = events.last() else { return Ok(false) };
                store::set_cursor(tx, listener.name(), account, last.seq)?;
                Ok(true)
            };
            match self.app.store.write(step).await {
                Ok(true) => {}
                // An account that is gone has nothing more to tell.
                Ok(false) | Err(Error::NotFound(_)) => return Ok(()),
                Err(cause) => return Err(cause),
            }
        }
    }
}
