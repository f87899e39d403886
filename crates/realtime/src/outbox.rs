//! What waits to be written to one socket.

use std::sync::Arc;

use metrics::counter;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio_util::sync::CancellationToken;

use crate::protocol;

/// Frames that wait for a slow client; one that lags more is closed and catches up after it is back.
pub(crate) const CAPACITY: usize = 512;

/// A frame, or what one is made of when its turn comes: until then sockets share the message.
#[derive(Debug, Clone)]
pub(crate) enum Frame {
    Whole(String),
    Message { quoted: Arc<str>, message: Arc<str> },
}

impl Frame {
    pub fn into_text(self) -> String {
        match self {
            Self::Whole(text) => text,
            Self::Message { quoted, message } => protocol::message(&quoted, &message),
        }
    }
}

/// The socket is gone, or too slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxClosed;

/// The way to one socket; cheap to clone.
#[derive(Debug, Clone)]
pub struct Outbox {
    frames: Sender<Frame>,
    /// Cancelled when the socket is to be closed.
    closing: CancellationToken,
}

impl Outbox {
    pub(crate) fn new() -> (Self, Receiver<Frame>) {
        let (frames, waiting) = mpsc::channel(CAPACITY);
        (Self { frames, closing: CancellationToken::new() }, waiting)
    }

    /// Ends when the socket is to be closed.
    pub(crate) fn closing(&self) -> &CancellationToken {
        &self.closing
    }

    /// Puts a frame behind those that wait; a socket for which too many wait is closed.
    pub(crate) fn push(&self, frame: Frame) -> Result<(), OutboxClosed> {
        if self.closing.is_cancelled() {
            return Err(OutboxClosed);
        }
        match self.frames.try_send(frame) {
            Ok(()) => Ok(()),
            Err(TrySendError::Closed(_)) => Err(OutboxClosed),
            Err(TrySendError::Full(_)) => {
                counter!("cable_lagging_sockets_total").increment(1);
                self.close();
                Err(OutboxClosed)
            }
        }
    }

    /// Puts a frame behind those that wait, once there is room.
    pub(crate) async fn send(&self, frame: Frame) -> Result<(), OutboxClosed> {
        tokio::select! {
            () = self.closing.cancelled() => Err(OutboxClosed),
            sent = self.frames.send(frame) => sent.map_err(|_| OutboxClosed),
        }
    }

    /// Has the socket closed; what waits is not written any more.
    pub fn close(&self) {
        self.closing.cancel();
    }
}
