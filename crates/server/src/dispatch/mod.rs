//! Listeners of the event log that miss nothing.
//!
//! Each has a place in every account's log. It hears events in a snapshot, where it may look around and make what it
//! needs without keeping a writer from its work; what it then does about them and its step to the next place are one
//! transaction: a process that is killed leaves neither or both, and another one goes on from there. Of all processes on
//! a database one listens, under a [`lease`]; when it dies, another takes over within seconds. Each listener goes its own
//! pace: one that fails or takes long delays no other. Accounts take turns, a batch each: a long log, or one in which a
//! listener fails, delays no other account.

pub mod lease;
mod store;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;
use std::mem::take;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::store::{Conn, Grown, Tx};
use edge::{Error, Result};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::warn;
use types::AccountId;

use self::lease::{Claim, Lease, TIME};
use crate::App;
use crate::events::log::{self, Logged};

/// Under which listeners listen.
pub const LEASE: &str = "dispatch";
/// Events that a listener hears at a time.
const BATCH: i64 = 50;
/// Logs are looked at this often even when nobody said that they have grown.
const POLL: Duration = Duration::from_secs(2);
/// Places that are moved in one transaction.
const ACCOUNTS: usize = 100;
/// How long a listener that failed waits.
const PAUSE: Duration = Duration::from_secs(1);

/// What a listener does about events, in the transaction of its step to the next place. The transaction may be run again.
pub type Effect = Box<dyn Fn(&mut Tx<'_>) -> Result<()> + Send + Sync>;

/// Hears every event of every account, in the order of each account's log.
pub trait Listener: Send + Sync + 'static {
    /// Stored in rows: never reuse a name.
    fn name(&self) -> &'static str;

    /// Hears the next events of the account, and says what is to be done about them; `None`: nothing. What may take time
    /// becomes a job there. After a failure, here or there, the events are heard again, and none behind them before.
    fn hear(&self, conn: &mut Conn<'_>, account: AccountId, events: &[Logged]) -> Result<Option<Effect>>;
}

/// How far a listener has heard in a log.
#[derive(Debug, Clone, Copy)]
struct Heard {
    /// Its place.
    before: i64,
    /// The number of the last event that it heard.
    last: i64,
}

/// What came of a batch in each account.
#[derive(Debug, Default)]
struct Turn {
    /// Accounts that may have more to tell.
    more: BTreeSet<AccountId>,
    /// Accounts in which the listener failed.
    failed: BTreeMap<AccountId, Error>,
}

/// How far a listener has heard in logs in which there was nothing to do since its place: known here alone, so that not
/// every event costs a transaction of its own.
type Ahead = BTreeMap<AccountId, Heard>;

/// The listeners of one process.
#[derive(Clone)]
pub struct Dispatcher {
    app: App,
    /// Tells this process from others.
    holder: String,
    listeners: Vec<Arc<dyn Listener>>,
    /// How it asks for the lease next time.
    claim: Arc<Mutex<Claim>>,
    /// Who works under the same lease hears of it here.
    lease: watch::Sender<Option<Lease>>,
}

impl Dispatcher {
    /// Of this process.
    pub fn new(app: &App, listeners: Vec<Arc<dyn Listener>>) -> Self {
        let claim = Arc::new(Mutex::new(Claim::AtStart));
        let lease = watch::Sender::new(None);
        Self { app: app.clone(), holder: app.settings.process.clone(), listeners, claim, lease }
    }

    /// The lease while this process has it, for what works under it too.
    pub fn lease(&self) -> watch::Receiver<Option<Lease>> {
        self.lease.subscribe()
    }

    /// Lets the listeners hear all that has happened; the lease, if this process can have it. For tests and commands.
    pub async fn hear_all(&self) -> Result<Option<Lease>> {
        let Some(held) = self.hold().await? else { return Ok(None) };
        for listener in &self.listeners {
            self.register(listener).await?;
            let grown = Grown { any: true, ..Grown::default() };
            let mut ahead = Ahead::new();
            loop {
                let turn = self.hear(listener, held, &grown, &BTreeSet::new(), &mut ahead).await?;
                if let Some(cause) = turn.failed.into_values().next() {
                    return Err(cause);
                }
                if turn.more.is_empty() {
                    break;
                }
            }
            self.catch_up(listener, held, &mut ahead).await?;
        }
        Ok(Some(held))
    }

    /// Listens until `stop`, whenever this process has the lease; then leaves it to others.
    pub async fn run(self, stop: CancellationToken) {
        let mut listening = JoinSet::new();
        for listener in &self.listeners {
            let (dispatcher, listener) = (self.clone(), Arc::clone(listener));
            let (lease, stop) = (self.lease.subscribe(), stop.clone());
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
                    self.lease.send_if_modified(|before| std::mem::replace(before, held) != held);
                }
                // What it still has, it has; a step under a lease that is over is refused.
                Err(cause) => warn!(%cause, "asking for the lease of listeners failed"),
            }
        }
        while listening.join_next().await.is_some() {}
        // Who works under the lease finishes what it has begun.
        loop {
            tokio::select! {
                () = self.lease.closed() => break,
                _ = renewals.tick() => if let Err(cause) = self.hold().await {
                    warn!(%cause, "asking for the lease of listeners failed");
                },
            }
        }
        let held = *self.lease.borrow();
        if let Some(held) = held
            && let Err(cause) = self.release(held).await
        {
            warn!(%cause, "giving the lease of listeners back failed; it ends by itself");
        }
    }

    /// Takes the lease, or renews it; `None`: another process has it.
    pub async fn hold(&self) -> Result<Option<Lease>> {
        let (holder, claim) = (self.holder.clone(), *self.claim.lock().unwrap_or_else(PoisonError::into_inner));
        let held = self.app.store.write(move |tx| lease::hold(tx, LEASE, &holder, claim)).await?;
        *self.claim.lock().unwrap_or_else(PoisonError::into_inner) = Claim::Again(held);
        Ok(held)
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
        while let Err(cause) = self.register(&listener).await {
            warn!(%cause, listener = listener.name(), "a listener could not be noted; trying again");
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(PAUSE) => {}
            }
        }
        let mut poll = interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut grown = Grown { any: true, ..Grown::default() };
        let mut ahead = Ahead::new();
        // Accounts in which it failed, and until when they are left alone.
        let mut resting = BTreeSet::new();
        let mut rested = Instant::now();
        loop {
            let held = *lease.borrow_and_update();
            let heard = match held {
                Some(held) => self.hear(&listener, held, &grown, &resting, &mut ahead).await,
                None => Ok(Turn::default()),
            };
            let turn = heard.unwrap_or_else(|cause| {
                warn!(%cause, listener = listener.name(), "looking for logs that have grown failed; looking again");
                Turn::default()
            });
            if let Some((account, cause)) = turn.failed.first_key_value() {
                let accounts = turn.failed.len();
                warn!(%cause, %account, accounts, listener = listener.name(), "a listener failed; it hears the events again");
                if resting.is_empty() {
                    rested = Instant::now() + PAUSE;
                }
                resting.extend(turn.failed.into_keys());
            }
            grown = tokio::select! {
                biased;
                () = stop.cancelled() => {
                    if let Some(held) = held
                        && let Err(cause) = self.catch_up(&listener, held, &mut ahead).await
                    {
                        warn!(%cause, listener = listener.name(), "its place stays behind; it looks at events again");
                    }
                    return;
                }
                // Whoever gets the lease looks at every log.
                changed = lease.changed() => match changed {
                    Ok(()) => {
                        ahead.clear();
                        Grown { any: true, ..Grown::default() }
                    }
                    Err(_) => return,
                },
                () = sleep_until(rested), if !resting.is_empty() => Grown { accounts: take(&mut resting), any: false },
                _ = poll.tick() => {
                    if let Some(held) = held
                        && let Err(cause) = self.catch_up(&listener, held, &mut ahead).await
                    {
                        warn!(%cause, listener = listener.name(), "its place stays behind; it is moved later");
                    }
                    Grown { any: true, ..Grown::default() }
                }
                grown = watch.grown(), if held.is_some() => grown,
                () = ready(()), if !turn.more.is_empty() => Grown::default(),
            };
            grown.accounts.extend(turn.more);
        }
    }

    /// Notes a listener that is new: it hears what happens from now on.
    pub async fn register(&self, listener: &Arc<dyn Listener>) -> Result<()> {
        let name = listener.name();
        self.app.store.write(move |tx| store::register(tx, name)).await
    }

    /// Lets the listener hear the next events of each log that has grown, but for those of accounts that rest.
    async fn hear(
        &self,
        listener: &Arc<dyn Listener>,
        held: Lease,
        grown: &Grown,
        resting: &BTreeSet<AccountId>,
        ahead: &mut Ahead,
    ) -> Result<Turn> {
        let mut accounts: BTreeSet<AccountId> = grown.accounts.clone();
        if grown.any {
            let name = listener.name();
            accounts.extend(self.app.store.read(move |conn| store::list_behind(conn, name)).await?);
        }
        let mut turn = Turn::default();
        for account in accounts.difference(resting).copied() {
            match self.hear_next(listener, held, account, ahead).await {
                Ok(true) => {
                    turn.more.insert(account);
                }
                Ok(false) => {}
                Err(cause) => {
                    turn.failed.insert(account, cause);
                }
            }
        }
        Ok(turn)
    }

    /// Lets the listener hear the next events of one account; whether there were any.
    async fn hear_next(
        &self,
        listener: &Arc<dyn Listener>,
        held: Lease,
        account: AccountId,
        ahead: &mut Ahead,
    ) -> Result<bool> {
        let (name, ears, known) = (listener.name(), Arc::clone(listener), ahead.get(&account).copied());
        let hear = move |conn: &mut Conn<'_>| {
            let before = store::find_cursor(conn, name, account)?;
            let after = known.filter(|known| known.before == before).map_or(before, |known| known.last);
            let events = log::read_after(conn, account, after, BATCH)?;
            let Some(last) = events.last().map(|event| event.seq) else { return Ok(None) };
            let effect = ears.hear(conn, account, &events)?;
            Ok::<_, Error>(Some((Heard { before, last }, effect)))
        };
        let Some((heard, effect)) = self.app.store.read(hear).await? else { return Ok(false) };
        let Some(effect) = effect else {
            ahead.insert(account, heard);
            return Ok(true);
        };
        ahead.remove(&account);
        self.app.store.write(move |tx| step(tx, name, held, account, heard, Some(&effect))).await
    }

    /// Moves the places of the listener to where it has heard that there was nothing to do.
    async fn catch_up(&self, listener: &Arc<dyn Listener>, held: Lease, ahead: &mut Ahead) -> Result<()> {
        let (name, heard) = (listener.name(), take(ahead));
        for some in heard.into_iter().collect::<Vec<_>>().chunks(ACCOUNTS) {
            let some = some.to_vec();
            let steps = move |tx: &mut Tx<'_>| {
                some.iter().try_for_each(|(account, heard)| step(tx, name, held, *account, *heard, None).map(drop))
            };
            self.app.store.write(steps).await?;
        }
        Ok(())
    }
}

/// Does what is to be done and moves the place of the listener; false when the account is gone.
fn step(
    tx: &mut Tx<'_>,
    name: &'static str,
    held: Lease,
    account: AccountId,
    heard: Heard,
    effect: Option<&Effect>,
) -> Result<bool> {
    // An account that is gone has nothing more to tell.
    let Some(place) = store::lock_cursor(tx, name, account)? else { return Ok(false) };
    if !lease::is_held(tx, LEASE, held)? {
        return Err(Error::Unavailable);
    }
    // Otherwise somebody else has done it meanwhile.
    if place == heard.before {
        if let Some(effect) = effect {
            effect(tx)?;
        }
        store::set_cursor(tx, name, account, heard.last)?;
    }
    Ok(true)
}
