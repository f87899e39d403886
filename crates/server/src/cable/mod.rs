//! Sockets at `/cable`: everybody hears of what he may see, at once and in order (realtime.md §1, §2).
//!
//! Events of an account's log go out in the log's order. [`tail`] reads each log that somebody here listens to, once for
//! all its listeners; `render` decides who hears an event and makes its message; the hub of the crate `realtime`
//! brings it to the sockets. A stream is named by the secret key of who listens, a user's or a session's, so that a key
//! that was changed hears nothing from that moment on.

mod channel;
mod note;
mod render;
pub mod routes;
mod scope;
mod tail;
#[cfg(test)]
mod tests;

use realtime::Hub;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use types::AccountId;

pub use note::{Note, Typing, Typist, typing};
#[cfg(test)]
pub use tail::dispatched;
pub use tail::{Tail, tail};

/// The sockets of this process.
#[derive(Debug)]
pub struct Cable {
    /// Who listens.
    pub hub: Hub,
    /// Logs that somebody has begun to listen to: at most one word for each subscription that begins.
    opened: UnboundedSender<AccountId>,
    waiting: std::sync::Mutex<Option<UnboundedReceiver<AccountId>>>,
}

impl Default for Cable {
    fn default() -> Self {
        let (opened, waiting) = unbounded_channel();
        Self { hub: Hub::default(), opened, waiting: std::sync::Mutex::new(Some(waiting)) }
    }
}

impl Cable {
    /// Has the log looked at, which may have grown while its room was being opened.
    fn opened(&self, account: AccountId) {
        // Without a tail nothing is delivered anyway.
        self.opened.send(account).ok();
    }
}
