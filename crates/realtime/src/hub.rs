//! Who hears which stream, and how far each log has been delivered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrics::gauge;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use types::AccountId;

use crate::outbox::{Frame, Outbox, OutboxClosed};
use crate::protocol;

/// A message, made once for all who hear it: `{"event":…,"data":…}`.
#[derive(Debug, Clone)]
pub struct Message(Arc<str>);

impl Message {
    /// A message that stands in the log under `seq`, or in none.
    pub fn new(event: &str, data: &str, seq: Option<i64>) -> Self {
        let event = protocol::quoted(event);
        let seq = seq.map(|seq| format!(r#","seq":{seq}"#)).unwrap_or_default();
        Self(format!(r#"{{"event":{event},"data":{data}{seq}}}"#).into())
    }
}

/// The rooms of all accounts that somebody listens to, one for each log; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Hub(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    rooms: Mutex<HashMap<AccountId, Room>>,
    stop: CancellationToken,
    sockets: TaskTracker,
}

#[derive(Debug)]
struct Room {
    /// The number up to which the log has been delivered.
    cursor: i64,
    streams: HashMap<Arc<str>, Vec<Arc<Seated>>>,
}

/// A subscription that is in a room.
#[derive(Debug)]
struct Seated {
    account: AccountId,
    stream: Arc<str>,
    /// The identifier, as it stands in frames.
    quoted: Arc<str>,
    outbox: Outbox,
    /// What was delivered while the log is replayed; `None` when that is over.
    held: Mutex<Option<Vec<Message>>>,
}

/// A place in a room; dropping it leaves.
#[derive(Debug)]
pub struct Seat {
    hub: Hub,
    seated: Arc<Seated>,
}

/// A seat, and the number after which its subscription is delivered to.
#[derive(Debug)]
pub struct Joined {
    /// The seat.
    pub seat: Seat,
    /// The number of the log's last event that was delivered before.
    pub cursor: i64,
}

impl Hub {
    /// Seats a subscription of `stream`, which hears what is delivered from now on but holds it until
    /// [`Seat::go_live`]. `head` is a number that the log had before this call: a room that is opened begins there.
    pub fn join(&self, account: AccountId, head: i64, stream: &str, identifier: &str, outbox: &Outbox) -> Joined {
        let mut rooms = self.rooms();
        let room = rooms.entry(account).or_insert_with(|| Room { cursor: head, streams: HashMap::new() });
        let stream: Arc<str> = room.streams.get_key_value(stream).map_or_else(|| stream.into(), |(key, _)| key.clone());
        let seated = Arc::new(Seated {
            account,
            stream: stream.clone(),
            quoted: protocol::quoted(identifier).into(),
            outbox: outbox.clone(),
            held: Mutex::new(Some(Vec::new())),
        });
        room.streams.entry(stream).or_default().push(Arc::clone(&seated));
        let cursor = room.cursor;
        drop(rooms);
        gauge!("cable_subscriptions").increment(1);
        Joined { seat: Seat { hub: self.clone(), seated }, cursor }
    }

    /// The accounts that somebody listens to, with the numbers up to which their logs have been delivered.
    pub fn cursors(&self) -> Vec<(AccountId, i64)> {
        self.rooms().iter().map(|(account, room)| (*account, room.cursor)).collect()
    }

    /// The number up to which the account's log has been delivered; `None` when nobody listens to it.
    pub fn cursor(&self, account: AccountId) -> Option<i64> {
        self.rooms().get(&account).map(|room| room.cursor)
    }

    /// Whether anybody hears one of `streams`.
    pub fn is_heard<S: AsRef<str>>(&self, account: AccountId, streams: &[S]) -> bool {
        let rooms = self.rooms();
        rooms.get(&account).is_some_and(|room| streams.iter().any(|stream| room.streams.contains_key(stream.as_ref())))
    }

    /// Delivers the event `seq` of the account's log to `streams`. Events come in their order; one that was delivered
    /// before is not delivered again.
    pub fn deliver<S: AsRef<str>>(&self, account: AccountId, seq: i64, message: &Message, streams: &[S]) {
        let mut rooms = self.rooms();
        let Some(room) = rooms.get_mut(&account).filter(|room| room.cursor < seq) else { return };
        room.send(message, streams);
        room.cursor = seq;
    }

    /// Notes that nobody here hears the account's events up to `seq`.
    pub fn pass(&self, account: AccountId, seq: i64) {
        if let Some(room) = self.rooms().get_mut(&account) {
            room.cursor = room.cursor.max(seq);
        }
    }

    /// Sends what stands in no log.
    pub fn send<S: AsRef<str>>(&self, account: AccountId, message: &Message, streams: &[S]) {
        if let Some(room) = self.rooms().get_mut(&account) {
            room.send(message, streams);
        }
    }

    /// Has the sockets closed that hear `stream`, in every account.
    pub fn close(&self, stream: &str) {
        for room in self.rooms().values() {
            for seated in room.streams.get(stream).into_iter().flatten() {
                seated.outbox.close();
            }
        }
    }

    /// How many sockets are open.
    pub fn open_sockets(&self) -> usize {
        self.0.sockets.len()
    }

    /// Tells every socket to come back later, and waits until all are closed.
    pub async fn shut_down(&self) {
        self.0.stop.cancel();
        self.0.sockets.close();
        self.0.sockets.wait().await;
    }

    pub(crate) fn stop(&self) -> &CancellationToken {
        &self.0.stop
    }

    pub(crate) fn sockets(&self) -> &TaskTracker {
        &self.0.sockets
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<AccountId, Room>> {
        self.0.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    fn send<S: AsRef<str>>(&mut self, message: &Message, streams: &[S]) {
        for stream in streams {
            for seated in self.streams.get(stream.as_ref()).into_iter().flatten() {
                seated.push(message);
            }
        }
    }
}

impl Seated {
    /// A socket that is gone or too slow leaves by itself.
    fn push(&self, message: &Message) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match held.as_mut() {
            None => drop(self.outbox.push(self.frame(message))),
            Some(held) if held.len() < crate::outbox::CAPACITY => held.push(message.clone()),
            // It comes back and replays from where it is.
            Some(_) => self.outbox.close(),
        }
    }

    fn frame(&self, message: &Message) -> Frame {
        Frame::Message { quoted: Arc::clone(&self.quoted), message: Arc::clone(&message.0) }
    }
}

impl Seat {
    /// The account.
    pub fn account(&self) -> AccountId {
        self.seated.account
    }

    /// The stream that is heard.
    pub fn stream(&self) -> &str {
        &self.seated.stream
    }

    /// Confirms the subscription, with the number after which it hears if the client asked for it.
    pub fn confirm(&self, seq: Option<i64>) -> Result<(), OutboxClosed> {
        self.seated.outbox.push(Frame::Whole(protocol::confirmed(&self.seated.quoted, seq)))
    }

    /// Sends to this subscription alone, once there is room.
    pub async fn send(&self, message: &Message) -> Result<(), OutboxClosed> {
        self.seated.outbox.send(self.seated.frame(message)).await
    }

    /// Sends what was held, and from now on at once.
    pub async fn go_live(&self) -> Result<(), OutboxClosed> {
        loop {
            let held = {
                let mut held = self.seated.held.lock().unwrap_or_else(PoisonError::into_inner);
                match held.as_mut() {
                    None => return Ok(()),
                    Some(waiting) if waiting.is_empty() => {
                        *held = None;
                        return Ok(());
                    }
                    Some(waiting) => std::mem::take(waiting),
                }
            };
            for message in &held {
                self.send(message).await?;
            }
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        gauge!("cable_subscriptions").decrement(1);
        let mut rooms = self.hub.rooms();
        let Some(room) = rooms.get_mut(&self.seated.account) else { return };
        if let Some(seats) = room.streams.get_mut(&self.seated.stream) {
            seats.retain(|seated| !Arc::ptr_eq(seated, &self.seated));
            if seats.is_empty() {
                room.streams.remove(&self.seated.stream);
            }
        }
        if room.streams.is_empty() {
            rooms.remove(&self.seated.account);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::Receiver;

    use super::*;
    use crate::outbox::CAPACITY;

    const ACCOUNT: AccountId = AccountId::new(7);

    fn message(seq: i64) -> Message {
        Message::new("e", "{}", Some(seq))
    }

    fn waiting(frames: &mut Receiver<Frame>) -> Vec<String> {
        std::iter::from_fn(|| frames.try_recv().ok().map(Frame::into_text)).collect()
    }

    fn frame(identifier: &str, seq: i64) -> String {
        format!(r#"{{"identifier":"{identifier}","message":{{"event":"e","data":{{}},"seq":{seq}}}}}"#)
    }

    #[tokio::test]
    async fn a_subscription_hears_its_stream_from_where_it_joined() {
        let hub = Hub::default();
        let (first, mut to_first) = Outbox::new();
        let (second, mut to_second) = Outbox::new();
        let joined = hub.join(ACCOUNT, 4, "a", "one", &first);
        assert_eq!(joined.cursor, 4);
        joined.seat.go_live().await.unwrap();
        hub.deliver(ACCOUNT, 5, &message(5), &["a", "b"]);
        // The log is behind what the second one read of it; the room knows better.
        let late = hub.join(ACCOUNT, 9, "b", "two", &second);
        assert_eq!(late.cursor, 5);
        hub.deliver(ACCOUNT, 6, &message(6), &["a", "b"]);
        hub.deliver(ACCOUNT, 6, &message(6), &["a", "b"]);
        hub.pass(ACCOUNT, 7);
        hub.deliver(ACCOUNT, 7, &message(7), &["a"]);
        hub.deliver(AccountId::new(8), 8, &message(8), &["a"]);
        assert_eq!(waiting(&mut to_first), [frame("one", 5), frame("one", 6)]);
        assert!(waiting(&mut to_second).is_empty());
        late.seat.send(&message(1)).await.unwrap();
        late.seat.go_live().await.unwrap();
        hub.deliver(ACCOUNT, 8, &message(8), &["b"]);
        assert_eq!(waiting(&mut to_second), [frame("two", 1), frame("two", 6), frame("two", 8)]);
    }

    #[tokio::test]
    async fn rooms_close_behind_the_last_one() {
        let hub = Hub::default();
        let (outbox, mut frames) = Outbox::new();
        let one = hub.join(ACCOUNT, 1, "a", "one", &outbox).seat;
        let two = hub.join(ACCOUNT, 1, "a", "two", &outbox).seat;
        drop(one);
        two.go_live().await.unwrap();
        hub.send(ACCOUNT, &Message::new("typing", "{}", None), &["a"]);
        assert_eq!(waiting(&mut frames), [r#"{"identifier":"two","message":{"event":"typing","data":{}}}"#]);
        assert!(hub.is_heard(ACCOUNT, &["b", "a"]) && !hub.is_heard(ACCOUNT, &["b"]));
        drop(two);
        assert_eq!((hub.cursor(ACCOUNT), hub.cursors()), (None, Vec::new()));
    }

    #[tokio::test]
    async fn who_lags_is_closed_and_disturbs_nobody() {
        let hub = Hub::default();
        let (slow, _unread) = Outbox::new();
        let (held, _held) = Outbox::new();
        let (quick, mut frames) = Outbox::new();
        let slow_seat = hub.join(ACCOUNT, 0, "a", "slow", &slow).seat;
        let quick_seat = hub.join(ACCOUNT, 0, "a", "quick", &quick).seat;
        let _replaying = hub.join(ACCOUNT, 0, "a", "held", &held).seat;
        for seat in [&slow_seat, &quick_seat] {
            seat.go_live().await.unwrap();
        }
        let most = i64::try_from(CAPACITY).unwrap() + 1;
        for seq in 1..=most {
            assert!(!slow.closing().is_cancelled() && !held.closing().is_cancelled());
            hub.deliver(ACCOUNT, seq, &message(seq), &["a"]);
            assert_eq!(waiting(&mut frames), [frame("quick", seq)]);
        }
        assert!(slow.closing().is_cancelled() && held.closing().is_cancelled() && !quick.closing().is_cancelled());
        assert_eq!(slow_seat.send(&message(0)).await, Err(OutboxClosed));
        hub.close("a");
        assert!(quick.closing().is_cancelled());
    }
}
