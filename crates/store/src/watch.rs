//! Who waits for what others commit: logs that have grown, and notes that are kept nowhere.

use std::collections::BTreeSet;
use std::mem::take;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::{Notify, broadcast};
use types::AccountId;

/// Notes that wait for a slow listener; older ones are lost to it.
const NOTES: usize = 1024;

/// What a transaction leaves for others, once it is committed.
#[derive(Debug, Default)]
pub(crate) struct Aftermath {
    /// Jobs may wait.
    pub wakes: bool,
    /// Logs that have grown.
    pub grown: BTreeSet<AccountId>,
    /// To be told to everybody who listens.
    pub notes: Vec<Arc<str>>,
}

impl Aftermath {
    pub fn add(&mut self, other: Self) {
        self.wakes |= other.wakes;
        self.grown.extend(other.grown);
        self.notes.extend(other.notes);
    }
}

/// Which logs have grown since the last look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grown {
    /// These.
    pub accounts: BTreeSet<AccountId>,
    /// Any other may have grown too: word of it may have been lost.
    pub any: bool,
}

/// Hears of logs that grow, by this process or, on a shared database, by another one. Words that nobody has fetched
/// yet are laid together: a slow listener costs no memory.
#[derive(Debug)]
pub struct LogWatch(Arc<Watched>);

#[derive(Debug, Default)]
struct Watched {
    grown: Mutex<Grown>,
    changed: Notify,
}

impl LogWatch {
    /// Waits until a log has grown since the last call.
    pub async fn grown(&self) -> Grown {
        loop {
            let changed = self.0.changed.notified();
            let grown = take(&mut *self.0.lock());
            if grown.any || !grown.accounts.is_empty() {
                return grown;
            }
            changed.await;
        }
    }
}

impl Watched {
    fn lock(&self) -> MutexGuard<'_, Grown> {
        self.grown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everybody in this process who waits for a commit.
pub(crate) struct Watchers {
    /// Told after every commit that recorded an event or pushed a job.
    pub committed: Notify,
    logs: Mutex<Vec<Weak<Watched>>>,
    pub notes: broadcast::Sender<Arc<str>>,
}

impl Default for Watchers {
    fn default() -> Self {
        Self { committed: Notify::new(), logs: Mutex::default(), notes: broadcast::channel(NOTES).0 }
    }
}

impl Watchers {
    pub fn watch(&self) -> LogWatch {
        let watched = Arc::new(Watched::default());
        self.lock().push(Arc::downgrade(&watched));
        LogWatch(watched)
    }

    /// Tells of logs that have grown.
    pub fn tell(&self, grown: &BTreeSet<AccountId>) {
        self.each(|waiting| waiting.accounts.extend(grown));
    }

    /// Tells that word of other processes may have been lost.
    pub fn tell_of_a_gap(&self) {
        self.each(|waiting| waiting.any = true);
    }

    fn each(&self, tell: impl Fn(&mut Grown)) {
        self.lock().retain(|watched| {
            let Some(watched) = watched.upgrade() else { return false };
            tell(&mut watched.lock());
            watched.changed.notify_one();
            true
        });
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Weak<Watched>>> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use types::AccountId;

    use super::{Grown, Watchers};

    #[tokio::test]
    async fn words_are_laid_together_until_they_are_fetched() {
        let watchers = Watchers::default();
        let (first, second) = (watchers.watch(), watchers.watch());
        let accounts = |ids: &[i64]| ids.iter().map(|id| AccountId::new(*id)).collect::<BTreeSet<_>>();
        watchers.tell(&accounts(&[1]));
        watchers.tell(&accounts(&[1, 2]));
        assert_eq!(first.grown().await, Grown { accounts: accounts(&[1, 2]), any: false });
        watchers.tell_of_a_gap();
        assert_eq!(first.grown().await, Grown { accounts: accounts(&[]), any: true });
        assert_eq!(second.grown().await, Grown { accounts: accounts(&[1, 2]), any: true });
        let mut waits = Box::pin(first.grown());
        tokio::select! {
            biased;
            grown = &mut waits => panic!("nothing has grown: {grown:?}"),
            () = std::future::ready(()) => {}
        }
        watchers.tell(&accounts(&[3]));
        assert_eq!(waits.await.accounts, accounts(&[3]));
    }
}
