//! One socket: commands come in, frames go out.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{self, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use metrics::{counter, gauge};
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tracing::debug;
use types::Clock;

use crate::Hub;
use crate::outbox::{Frame, Outbox};
use crate::protocol::{self, Command, SUBPROTOCOL, Since, Verb};

/// Commands of a socket that wait for the one before them; further ones wait in its network.
const MAX_WAITING: usize = 8;
/// The longest command.
const MAX_COMMAND: usize = 64 * 1024;
/// Kept for every socket, idle as most are: commands are short, and a longer one is read in several steps. The library
/// would keep 128 KiB. With less than 1 KiB its buffer would shrink to some bytes for each step.
const READ_BUFFER: usize = 1024;

/// What a socket may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Sockets of the process; who asks for a further one is told to come back.
    pub sockets: usize,
    /// Subscriptions of one socket; further ones are refused.
    pub subscriptions: usize,
    /// How often it gets a sign of life; clients give up after 6 s without.
    pub ping: Duration,
    /// How long the client's network may take for one frame before the socket is closed.
    pub send_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sockets: 20_000,
            subscriptions: 100,
            ping: Duration::from_secs(3),
            send_timeout: Duration::from_secs(10),
        }
    }
}

/// A subscription that is asked for.
#[derive(Debug)]
pub struct Subscribe {
    /// As the client sent it: a text that holds JSON.
    pub identifier: String,
    /// From where it hears.
    pub since: Since,
    /// The socket.
    pub outbox: Outbox,
}

/// Why there is no subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The client is told that it may not hear.
    Rejected,
    /// Nothing that the client could mean: it hears nothing of it.
    Ignored,
}

/// Who may hear what: the product's part of a socket.
pub trait Channel: Clone + Send + Sync + 'static {
    /// A subscription that was confirmed; dropping it ends it.
    type Subscription: Send + Sync + 'static;

    /// Confirms the subscription and begins to deliver, or says why not.
    fn subscribe(&self, asked: Subscribe) -> impl Future<Output = Result<Self::Subscription, Refusal>> + Send;

    /// Does what a client asks for on a subscription; `data` is a text that should hold JSON.
    fn perform(&self, subscription: Arc<Self::Subscription>, data: String) -> impl Future<Output = ()> + Send;
}

/// Answers a WebSocket handshake; the socket lives on `hub`.
pub fn upgrade<C: Channel>(
    request: WebSocketUpgrade,
    hub: Hub,
    clock: Arc<dyn Clock>,
    channel: C,
    limits: Limits,
) -> Response {
    request
        .protocols([SUBPROTOCOL])
        .max_message_size(MAX_COMMAND)
        .max_frame_size(MAX_COMMAND)
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .on_upgrade(move |socket| async move {
            // In a task of its own, which keeps nothing of the handshake as long as the socket lives.
            hub.sockets().spawn(serve(socket, hub.clone(), clock, channel, limits));
        })
}

type Work<S> = Pin<Box<dyn Future<Output = Done<S>> + Send>>;

/// What became of a command.
enum Done<S> {
    Subscribed(String, Result<S, Refusal>),
    Performed,
}

struct Socket<C: Channel> {
    stream: WebSocket,
    outbox: Outbox,
    channel: C,
    subscriptions: HashMap<String, Arc<C::Subscription>>,
    limits: Limits,
    /// Commands are worked on one after the other; frames go out meanwhile.
    work: Option<Work<C::Subscription>>,
    /// Commands that came meanwhile.
    waiting: VecDeque<ws::Utf8Bytes>,
}

/// Why a socket ends.
enum End {
    /// The client is gone, or does not read.
    Gone,
    /// It lagged, or may not hear any more.
    Closed,
    /// The server stops.
    Stopped,
}

/// Serves a socket until one side ends it.
pub fn serve<C: Channel>(
    stream: WebSocket,
    hub: Hub,
    clock: Arc<dyn Clock>,
    channel: C,
    limits: Limits,
) -> impl Future<Output = ()> + Send + 'static {
    let (outbox, frames) = Outbox::new();
    // Made outside of the future, which would else keep room for the stream twice.
    let mut open =
        Socket { stream, outbox, channel, subscriptions: HashMap::new(), limits, work: None, waiting: VecDeque::new() };
    async move {
        gauge!("cable_sockets").increment(1);
        let end = open.run(&hub, &*clock, frames).await;
        let last = match end {
            End::Gone => None,
            End::Closed => Some(protocol::disconnect("remote", true)),
            End::Stopped => Some(protocol::disconnect("server_restart", true)),
        };
        if let Some(last) = last
            && open.write(last).await.is_ok()
        {
            // The client may be gone by now; nobody waits for its answer.
            timeout(limits.send_timeout, open.stream.send(ws::Message::Close(None))).await.ok();
        }
        gauge!("cable_sockets").decrement(1);
    }
}

impl<C: Channel> Socket<C> {
    async fn run(&mut self, hub: &Hub, clock: &dyn Clock, mut frames: Receiver<Frame>) -> End {
        if self.write(protocol::welcome()).await.is_err() {
            return End::Gone;
        }
        let mut pings = interval_at(Instant::now() + self.limits.ping, self.limits.ping);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let closing = self.outbox.closing().clone();
        loop {
            let written = tokio::select! {
                () = hub.stop().cancelled() => return End::Stopped,
                () = closing.cancelled() => return End::Closed,
                Some(frame) = frames.recv() => self.write(frame.into_text()).await,
                done = finished(&mut self.work), if self.work.is_some() => {
                    self.work = None;
                    self.finish(done);
                    self.go_on();
                    Ok(())
                }
                // Also while a command is worked on: for a client that is gone no work goes on.
                received = self.stream.recv(), if self.waiting.len() < MAX_WAITING => match received {
                    Some(Ok(ws::Message::Text(text))) => {
                        self.waiting.push_back(text);
                        self.go_on();
                        Ok(())
                    }
                    // Pings are answered and other frames skipped by the library.
                    Some(Ok(ws::Message::Ping(_) | ws::Message::Pong(_) | ws::Message::Binary(_))) => Ok(()),
                    Some(Ok(ws::Message::Close(_)) | Err(_)) | None => return End::Gone,
                },
                _ = pings.tick() => self.write(protocol::ping(clock.now().epoch_seconds())).await,
            };
            if written.is_err() {
                return End::Gone;
            }
        }
    }

    async fn write(&mut self, text: String) -> Result<(), ()> {
        counter!("cable_frames_total").increment(1);
        let sent = timeout(self.limits.send_timeout, self.stream.send(ws::Message::Text(text.into()))).await;
        sent.map_err(|_| ())?.map_err(|_| ())
    }

    /// Begins the commands that wait, until one takes its time.
    fn go_on(&mut self) {
        while self.work.is_none()
            && let Some(text) = self.waiting.pop_front()
        {
            self.begin(&text);
        }
    }

    /// Begins what a command asks for; what cannot be understood is not heeded (realtime.md §1.3).
    fn begin(&mut self, text: &str) {
        let Ok(command) = serde_json::from_str::<Command>(text) else {
            debug!("a socket sent what is no command");
            return;
        };
        let identifier = command.identifier;
        match command.command {
            Verb::Subscribe => {
                if self.subscriptions.contains_key(&identifier) {
                    return;
                }
                if self.subscriptions.len() >= self.limits.subscriptions {
                    self.reject(&identifier);
                    return;
                }
                let (channel, outbox) = (self.channel.clone(), self.outbox.clone());
                self.work = Some(Box::pin(async move {
                    let asked = Subscribe { identifier: identifier.clone(), since: command.since, outbox };
                    Done::Subscribed(identifier, channel.subscribe(asked).await)
                }));
            }
            Verb::Unsubscribe => drop(self.subscriptions.remove(&identifier)),
            Verb::Message => {
                let Some(subscription) = self.subscriptions.get(&identifier).cloned() else { return };
                let channel = self.channel.clone();
                self.work = Some(Box::pin(async move {
                    channel.perform(subscription, command.data).await;
                    Done::Performed
                }));
            }
            Verb::Unknown => debug!("a socket sent a command that nobody knows"),
        }
    }

    fn finish(&mut self, done: Done<C::Subscription>) {
        match done {
            Done::Subscribed(identifier, Ok(subscription)) => {
                self.subscriptions.insert(identifier, Arc::new(subscription));
            }
            Done::Subscribed(identifier, Err(Refusal::Rejected)) => self.reject(&identifier),
            Done::Subscribed(_, Err(Refusal::Ignored)) | Done::Performed => {}
        }
    }

    /// A full outbox closes the socket by itself.
    fn reject(&self, identifier: &str) {
        self.outbox.push(Frame::Whole(protocol::rejected(&protocol::quoted(identifier)))).ok();
    }
}

async fn finished<S>(work: &mut Option<Work<S>>) -> Done<S> {
    match work {
        Some(work) => work.await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone)]
    struct Nobody;

    impl Channel for Nobody {
        type Subscription = ();

        async fn subscribe(&self, _asked: Subscribe) -> Result<(), Refusal> {
            Err(Refusal::Ignored)
        }

        async fn perform(&self, _subscription: Arc<()>, _data: String) {}
    }

    fn size_of_result<A, B, C, D, E, F>(_: impl FnOnce(A, B, C, D, E) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn what_every_socket_keeps_is_small() {
        let bytes = size_of_result(serve::<Nobody>);
        assert!(bytes <= 1_280, "{bytes}");
    }
}
