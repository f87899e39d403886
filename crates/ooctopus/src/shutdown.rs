//! Stopping in two steps: take no more and finish what runs; then cancel.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

/// SIGTERM and SIGINT, in the order in which they come.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Listens from now on; the process does not die of them any more.
    pub fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).context("listening to signals");
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Resolves with the next one.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// The long-running parts of a server, and how they are told to stop.
#[derive(Debug, Default)]
pub struct Parts {
    tasks: TaskTracker,
    stop: CancellationToken,
    cancel: CancellationToken,
}

impl Parts {
    /// Told when a part has to take no more and to finish what runs. Also told when a part ends by itself.
    pub fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Runs a part, which ends by itself after [`Self::stop`].
    pub fn start(&self, part: impl Future<Output = ()> + Send + 'static) {
        // Dropped with the part, even when it panics: half a server is none.
        let guard = self.stop.clone().drop_guard();
        let cancel = self.cancel.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = part => {}
                () = cancel.cancelled() => {}
            }
            drop(guard);
        });
    }

    /// Stops all parts and waits for them: for `grace`, or until another signal.
    pub async fn finish(self, grace: Duration, signals: &mut Signals) {
        self.stop.cancel();
        self.tasks.close();
        info!("stopping: what runs has {grace:?} to finish; another signal ends at once");
        tokio::select! {
            () = self.tasks.wait() => info!("stopped"),
            () = tokio::time::sleep(grace) => warn!("stopped; what had not finished after {grace:?} was cancelled"),
            () = signals.next() => warn!("stopped at once"),
        }
        self.cancel.cancel();
        self.tasks.wait().await;
    }
}
