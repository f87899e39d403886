//! The receivers of a run, and what they heard.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite;

use super::hooks::{Call, Hooks};
use crate::cable::{self, Commands, Frame, Frames};

/// How long a socket may take to answer a command.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Frames that wait to be looked at; then the sockets are no longer read.
const WAITING: usize = 1024;
/// How a webhook is called.
pub const METHOD: &str = "POST";

/// One event at one receiver.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Who heard it, such as `cable:agent` or `webhook:account`.
    pub receiver: String,
    /// Its name.
    pub event: String,
    /// How a webhook was told what is in it; `None` on a socket.
    pub content_type: Option<String>,
    /// What came with it.
    pub payload: Value,
}

/// How a subscription was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subscribed {
    /// It was accepted.
    Confirmed,
    /// It was refused.
    Rejected,
    /// Nothing came back.
    NoAnswer,
}

impl Subscribed {
    /// The word of the recordings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Rejected => "rejected",
            Self::NoAnswer => "no answer",
        }
    }
}

/// Why nothing more can be heard.
#[derive(Debug, thiserror::Error)]
pub enum HearingError {
    /// A socket could not be opened, or nothing be sent on it.
    #[error("{receiver}: {source}")]
    Socket {
        /// Which one.
        receiver: String,
        /// What went wrong.
        source: Box<tungstenite::Error>,
    },
    /// A socket was closed, or something came that is no frame.
    #[error("{receiver} can hear nothing more: {reason}")]
    Ended {
        /// Which one.
        receiver: String,
        /// What it said at last.
        reason: String,
    },
    /// A frame that must come did not come in time.
    #[error("{receiver} heard nothing of {what}")]
    Silent {
        /// Which one.
        receiver: String,
        /// What should have come.
        what: &'static str,
    },
    /// A webhook was called otherwise than webhooks are.
    #[error("{receiver} was called with {how}")]
    NoWebhook {
        /// Which one.
        receiver: &'static str,
        /// What is wrong with it.
        how: String,
    },
}

/// The receivers of a run, and what they heard.
///
/// What sockets hear comes through one queue; a task for each fills it. The webhooks keep what came until it is taken:
/// they must answer while nobody looks.
pub struct Ears<'a> {
    base_url: String,
    hooks: Option<&'a Hooks>,
    sockets: BTreeMap<String, Ear>,
    arrivals: mpsc::Receiver<(String, Frame)>,
    arrive: mpsc::Sender<(String, Frame)>,
    /// One for each socket; they end with the ears.
    tasks: JoinSet<()>,
    heard: Vec<Delivery>,
    /// How many of the deliveries belong to what was before.
    before: usize,
    markers: usize,
}

struct Ear {
    commands: Commands,
    identifier: String,
}

impl<'a> Ears<'a> {
    /// No socket yet; they will be opened on the `/cable` of this server.
    pub fn new(base_url: &str, hooks: Option<&'a Hooks>) -> Self {
        let (arrive, arrivals) = mpsc::channel(WAITING);
        Self {
            base_url: base_url.to_owned(),
            hooks,
            sockets: BTreeMap::new(),
            arrivals,
            arrive,
            tasks: JoinSet::new(),
            heard: Vec::new(),
            before: 0,
            markers: 0,
        }
    }

    /// What was heard since the last mark, in the order in which each receiver heard it.
    pub fn heard(&self) -> &[Delivery] {
        &self.heard[self.before..]
    }

    /// What was heard over the whole run.
    pub fn heard_at_all(&self) -> &[Delivery] {
        &self.heard
    }

    /// What comes from now on does not belong to what was heard.
    pub const fn mark(&mut self) {
        self.before = self.heard.len();
    }

    /// Opens a socket for `receiver` and asks for a subscription; it goes on listening whatever the answer is.
    pub async fn subscribe(&mut self, receiver: &str, identifier: String) -> Result<Subscribed, HearingError> {
        let mut commands = self.open(receiver).await?;
        commands.subscribe(&identifier).await.map_err(socket_error(receiver))?;
        self.sockets.insert(receiver.to_owned(), Ear { commands, identifier: identifier.clone() });
        let is_answer =
            |frame: &Frame| matches!(frame, Frame::Confirmed(of, _) | Frame::Rejected(of) if *of == identifier);
        Ok(match self.wait(receiver, is_answer).await? {
            Some(Frame::Confirmed(..)) => Subscribed::Confirmed,
            Some(_) => Subscribed::Rejected,
            None => Subscribed::NoAnswer,
        })
    }

    /// Calls an action of the receiver's subscription; without a socket nothing happens.
    pub async fn perform(&mut self, receiver: &str, action: &str) -> Result<(), HearingError> {
        let Some(ear) = self.sockets.get_mut(receiver) else { return Ok(()) };
        ear.commands.perform(&ear.identifier, action).await.map_err(socket_error(receiver))
    }

    /// Takes in everything that the server wrote to the sockets, and every webhook that was answered, up to now.
    ///
    /// Frames are written in order: before the refusal of a subscription stands all that the socket was sent before.
    pub async fn drain(&mut self) -> Result<(), HearingError> {
        self.markers += 1;
        let token = format!("marker-{}", self.markers);
        let marker = json!({"channel": "RoomChannel", "pubsub_token": token}).to_string();
        for (receiver, ear) in &mut self.sockets {
            ear.commands.subscribe(&marker).await.map_err(socket_error(receiver))?;
        }
        let mut open: BTreeSet<String> = self.sockets.keys().cloned().collect();
        let end = Instant::now() + TIMEOUT;
        while let Some(receiver) = open.first() {
            let silent = HearingError::Silent { receiver: receiver.clone(), what: "the refusal of an unknown token" };
            let (receiver, frame) = self.next(end).await?.ok_or(silent)?;
            if frame == Frame::Rejected(marker.clone()) {
                open.remove(&receiver);
            }
        }
        self.take_calls()?;
        Ok(())
    }

    /// Takes in what comes, until nothing came for so long.
    pub async fn wait_for_silence(&mut self, silence: Duration) -> Result<(), HearingError> {
        let mut end = Instant::now() + silence;
        loop {
            let came = match self.next(end).await? {
                Some((_, frame)) => frame != Frame::Ping,
                None if self.take_calls()? == 0 => return Ok(()),
                None => true,
            };
            if came {
                end = Instant::now() + silence;
            }
        }
    }

    async fn open(&mut self, receiver: &str) -> Result<Commands, HearingError> {
        let silent = |what| HearingError::Silent { receiver: receiver.to_owned(), what };
        let opened = timeout(TIMEOUT, cable::open(&self.base_url)).await.map_err(|_| silent("the handshake"))?;
        let (commands, frames) = opened.map_err(socket_error(receiver))?;
        self.tasks.spawn(listen(receiver.to_owned(), frames, self.arrive.clone()));
        let welcome = self.wait(receiver, |frame| *frame == Frame::Welcome).await?;
        welcome.ok_or_else(|| silent("a welcome"))?;
        Ok(commands)
    }

    /// The next frame of `receiver` for which `is_wanted`; `None` if it does not come in time.
    async fn wait(
        &mut self,
        receiver: &str,
        is_wanted: impl Fn(&Frame) -> bool,
    ) -> Result<Option<Frame>, HearingError> {
        let end = Instant::now() + TIMEOUT;
        while let Some((from, frame)) = self.next(end).await? {
            if from == receiver && is_wanted(&frame) {
                return Ok(Some(frame));
            }
        }
        Ok(None)
    }

    /// The next frame of any receiver, events taken down; `None` if nothing comes before `end`.
    async fn next(&mut self, end: Instant) -> Result<Option<(String, Frame)>, HearingError> {
        let Ok(Some((receiver, frame))) = timeout_at(end, self.arrivals.recv()).await else { return Ok(None) };
        match &frame {
            Frame::Ended(reason) => return Err(HearingError::Ended { receiver, reason: reason.clone() }),
            Frame::Message(message) => {
                let part = |key: &str| message.get(key).cloned().unwrap_or_default();
                let event = part("event").as_str().unwrap_or_default().to_owned();
                let (receiver, payload) = (receiver.clone(), part("data"));
                self.heard.push(Delivery { receiver, event, content_type: None, payload });
            }
            Frame::Welcome | Frame::Ping | Frame::Confirmed(..) | Frame::Rejected(_) => {}
        }
        Ok(Some((receiver, frame)))
    }

    /// Takes in what webhooks were told; how much that was.
    fn take_calls(&mut self) -> Result<usize, HearingError> {
        let calls = self.hooks.map(Hooks::take).unwrap_or_default();
        let count = calls.len();
        for call in calls {
            self.heard.push(delivery(call)?);
        }
        Ok(count)
    }
}

/// What a webhook was told.
fn delivery(call: Call) -> Result<Delivery, HearingError> {
    let Call { receiver, method, content_type, body } = call;
    let no_webhook = |how: String| HearingError::NoWebhook { receiver, how };
    if method != METHOD {
        return Err(no_webhook(method));
    }
    let payload: Value = serde_json::from_slice(&body).map_err(|error| no_webhook(format!("no JSON: {error}")))?;
    let event = payload.get("event").and_then(Value::as_str).ok_or_else(|| no_webhook("no event".to_owned()))?;
    let (receiver, event) = (receiver.to_owned(), event.to_owned());
    Ok(Delivery { receiver, event, content_type: Some(content_type), payload })
}

/// Passes on what a socket hears, until it ends or nobody wants it.
async fn listen(receiver: String, mut frames: Frames, arrive: mpsc::Sender<(String, Frame)>) {
    loop {
        let frame = frames.next().await;
        let is_last = matches!(frame, Frame::Ended(_));
        if arrive.send((receiver.clone(), frame)).await.is_err() || is_last {
            return;
        }
    }
}

fn socket_error(receiver: &str) -> impl FnOnce(Box<tungstenite::Error>) -> HearingError {
    let receiver = receiver.to_owned();
    move |source| HearingError::Socket { receiver, source }
}
