//! The bounded queues in front of an engine's threads.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Error, Result};

/// The sending end: waits for room, but not for ever.
pub(crate) struct Queue<W> {
    sender: flume::Sender<Waiting<W>>,
    room: Arc<Semaphore>,
    wait: Duration,
}

/// The receiving end; its clones share the work.
pub(crate) struct Receiver<W>(flume::Receiver<Waiting<W>>);

/// Work with the place it takes up. Who was told [`Error::Busy`] never had a place, so that its work is not run.
struct Waiting<W> {
    work: W,
    place: OwnedSemaphorePermit,
}

impl<W> Queue<W> {
    pub fn bounded(size: usize, wait: Duration) -> (Self, Receiver<W>) {
        let (sender, receiver) = flume::unbounded();
        let room = Arc::new(Semaphore::new(size.clamp(1, Semaphore::MAX_PERMITS)));
        (Self { sender, room, wait }, Receiver(receiver))
    }

    /// Full: waits a while, then [`Error::Busy`].
    pub async fn push(&self, work: W) -> Result<()> {
        let place = match Arc::clone(&self.room).try_acquire_owned() {
            Ok(place) => place,
            Err(_) => match tokio::time::timeout(self.wait, Arc::clone(&self.room).acquire_owned()).await {
                Ok(Ok(place)) => place,
                Ok(Err(_)) | Err(_) => return Err(Error::Busy),
            },
        };
        self.sender.send(Waiting { work, place }).map_err(|_| Error::Unavailable("the database has been closed".into()))
    }

    pub fn len(&self) -> usize {
        self.sender.len()
    }
}

impl<W> Receiver<W> {
    /// The next piece of work; `None` when the last [`Queue`] is gone and nothing is left.
    pub fn recv(&self) -> Option<W> {
        self.0.recv().ok().map(Waiting::take)
    }

    /// The next piece of work, if one waits.
    pub fn try_recv(&self) -> Option<W> {
        self.0.try_recv().ok().map(Waiting::take)
    }
}

impl<W> Waiting<W> {
    fn take(self) -> W {
        drop(self.place);
        self.work
    }
}

impl<W> Clone for Queue<W> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone(), room: Arc::clone(&self.room), wait: self.wait }
    }
}

impl<W> Clone for Receiver<W> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}
