//! A client that comes back after its socket was cut, and goes on from what it heard last.

use serde_json::{Value, json};

use crate::cable::{self, Commands, Frame, Frames};

/// One subscription, on one socket after the other.
pub struct Listener {
    identifier: String,
    /// The number of the last event that was heard; `None` before the first subscription.
    seq: Option<i64>,
    socket: Option<(Commands, Frames)>,
}

impl Listener {
    /// Somebody who has a user's key.
    pub fn user(account: i64, user: i64, pubsub_token: &str) -> Self {
        let of = json!({
            "channel": "RoomChannel", "pubsub_token": pubsub_token, "account_id": account, "user_id": user
        });
        Self::new(&of)
    }

    /// Somebody who has a session's key.
    pub fn contact(pubsub_token: &str) -> Self {
        Self::new(&json!({ "channel": "RoomChannel", "pubsub_token": pubsub_token }))
    }

    fn new(identifier: &Value) -> Self {
        Self { identifier: identifier.to_string(), seq: None, socket: None }
    }

    /// The number of the last event that was heard, or after which it began.
    pub const fn seq(&self) -> Option<i64> {
        self.seq
    }

    /// Subscribes on a new socket; whether it was confirmed before the socket ended.
    ///
    /// # Panics
    /// When it is refused, or goes on from somewhere else.
    pub async fn listen(&mut self, base_url: &str) -> bool {
        self.cut();
        let Ok((mut commands, mut frames)) = cable::open(base_url).await else { return false };
        if commands.subscribe_since(&self.identifier, self.seq).await.is_err() {
            return false;
        }
        loop {
            match frames.next().await {
                Frame::Confirmed(_, from) => {
                    assert!(from.is_some() && self.seq.is_none_or(|seq| from == Some(seq)), "{from:?}, {:?}", self.seq);
                    self.seq = from;
                    self.socket = Some((commands, frames));
                    return true;
                }
                Frame::Ended(_) => return false,
                Frame::Rejected(identifier) => panic!("{identifier} is refused"),
                Frame::Welcome | Frame::Ping | Frame::Message(_) => {}
            }
        }
    }

    /// The next message; `None` when the socket has ended.
    pub async fn next(&mut self) -> Option<Value> {
        let (_, frames) = self.socket.as_mut()?;
        loop {
            match frames.next().await {
                Frame::Message(message) => {
                    self.seq = message["seq"].as_i64().or(self.seq);
                    return Some(message);
                }
                Frame::Ended(_) => {
                    self.cut();
                    return None;
                }
                Frame::Welcome | Frame::Ping | Frame::Confirmed(..) | Frame::Rejected(_) => {}
            }
        }
    }

    /// Calls an action; whether it could be sent.
    pub async fn perform(&mut self, action: &str) -> bool {
        let Some((commands, _)) = self.socket.as_mut() else { return false };
        commands.perform(&self.identifier, action).await.is_ok()
    }

    /// Drops the connection as it is, without a word.
    pub fn cut(&mut self) {
        self.socket = None;
    }
}
