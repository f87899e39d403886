//! How many calls run at once, and how many may wait.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Error;

/// Counts calls: all that are there, those that run, and those that run against one server.
#[derive(Debug)]
pub(crate) struct Permits {
    all: Arc<Semaphore>,
    running: Arc<Semaphore>,
    hosts: Mutex<HashMap<String, Weak<Semaphore>>>,
    per_host: usize,
}

impl Permits {
    pub fn new(all: usize, running: usize, per_host: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(all)),
            running: Arc::new(Semaphore::new(running)),
            hosts: Mutex::default(),
            per_host,
        }
    }

    /// A place among those that run or wait; there is none when the house is full.
    pub fn enter(&self) -> Result<OwnedSemaphorePermit, Error> {
        Arc::clone(&self.all).try_acquire_owned().map_err(|_| Error::Busy)
    }

    /// Waits until a call to the server may run. Those that wait for one slow server keep no place from others.
    pub async fn run(&self, host: &str) -> Result<[OwnedSemaphorePermit; 2], Error> {
        let of_host = self.host(host).acquire_owned().await.map_err(|_| Error::Busy)?;
        let of_all = Arc::clone(&self.running).acquire_owned().await.map_err(|_| Error::Busy)?;
        Ok([of_host, of_all])
    }

    /// The server's semaphore; permits keep it alive.
    fn host(&self, host: &str) -> Arc<Semaphore> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = hosts.get(host).and_then(Weak::upgrade) {
            return known;
        }
        hosts.retain(|_, semaphore| semaphore.strong_count() > 0);
        let new = Arc::new(Semaphore::new(self.per_host));
        hosts.insert(host.to_owned(), Arc::downgrade(&new));
        new
    }
}
