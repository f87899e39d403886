//! What happens in an account, as its webhooks are told it, over one connection that stays open (Server-Sent Events).
//!
//! Nothing is stored for it: the log is read and rendered for each stream, from where its client is. A client that reads
//! slowly is rendered for slowly; one that reads no more is cut by the listener.

use std::collections::{HashMap, HashSet, VecDeque};
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::store::{Conn, LogWatch};
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use edge::field::{Flag, Text, Texts};
use edge::{Credential, Error, ErrorJson, Query, Result};
use futures_util::stream::unfold;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};
use types::{AccountId, WebhookEvent};
use utoipa::ToSchema;

use super::hearing::tell;
use super::name_of;
use super::payload::Payloads;
use crate::App;
use crate::access::{self, Administrator};
use crate::events::log::{self, Logged};

/// Streams at the same time in a process, and of one account; one more is refused and may come back after [`BUSY`].
const MOST: usize = 64;
pub(super) const MOST_OF_ACCOUNT: usize = 8;
const BUSY: Duration = Duration::from_secs(10);
/// Events that are read and rendered at a time.
const BATCH: u16 = 50;
/// The log, and whether the caller still may, is looked at this often even when nobody said that it has grown.
const LOOK: Duration = Duration::from_secs(5);
/// A silent stream says this often that it is alive.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// The header by which a client that was cut says what came last (HTML, server-sent events, §9.2.4).
const LAST: &str = "last-event-id";

/// The streams of this process; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Streams(Arc<Open>);

#[derive(Debug, Default)]
struct Open {
    /// How many there are, by account.
    counts: Mutex<HashMap<AccountId, usize>>,
    stop: CancellationToken,
}

/// A stream's place among those that may be open; dropping it gives it back.
struct Place {
    open: Arc<Open>,
    account: AccountId,
}

impl Streams {
    /// Ends all streams at `stop`: their clients come back to whoever serves then.
    pub async fn run(self, stop: CancellationToken) {
        stop.cancelled().await;
        self.0.stop.cancel();
    }

    fn enter(&self, account: AccountId) -> Result<Place> {
        let mut counts = self.0.counts();
        let of_account = counts.get(&account).copied().unwrap_or_default();
        if of_account >= MOST_OF_ACCOUNT || counts.values().sum::<usize>() >= MOST {
            return Err(Error::RateLimited { retry_after: BUSY });
        }
        counts.insert(account, of_account + 1);
        drop(counts);
        Ok(Place { open: Arc::clone(&self.0), account })
    }
}

impl Open {
    fn counts(&self) -> MutexGuard<'_, HashMap<AccountId, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.open.counts();
        if let Some(count) = counts.get_mut(&self.account) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.account);
            }
        }
    }
}

/// Up to where somebody has heard: all that the event of this number tells, or its parts up to one of them. Written `41`,
/// or `41.0` as long as more of the event is to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Position {
    seq: i64,
    part: Option<usize>,
}

impl Position {
    /// Everything up to an event.
    const fn after(seq: i64) -> Self {
        Self { seq, part: None }
    }

    /// The number of the last event of which nothing is to be told any more.
    fn whole(self) -> i64 {
        if self.part.is_some() { self.seq - 1 } else { self.seq }
    }

    /// Whether this part of this event was heard.
    fn covers(self, seq: i64, part: usize) -> bool {
        seq < self.seq || (seq == self.seq && self.part.is_none_or(|last| part <= last))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part {
            Some(part) => write!(f, "{}.{part}", self.seq),
            None => write!(f, "{}", self.seq),
        }
    }
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> std::result::Result<Self, ()> {
        let (seq, part) = text.split_once('.').map_or((text, None), |(seq, part)| (seq, Some(part)));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
        if !is_number(seq) || !part.is_none_or(is_number) {
            return Err(());
        }
        let part = part.map(str::parse).transpose().map_err(drop)?;
        Ok(Self { seq: seq.parse().map_err(drop)?, part })
    }
}

/// What a client may ask for.
#[derive(Debug, Default, Deserialize)]
pub struct StreamQuery {
    /// Where it begins.
    since: Option<Text>,
    /// What is told; everything by default.
    subscriptions: Option<Texts>,
    /// Whether it waits for what is to come; it does by default.
    follow: Option<Flag>,
}

impl StreamQuery {
    /// The events that are told; `None`: all.
    fn wanted(&self) -> Result<Option<HashSet<WebhookEvent>>> {
        let Some(Texts(names)) = self.subscriptions.as_ref().filter(|Texts(names)| !names.is_empty()) else {
            return Ok(None);
        };
        let known: std::result::Result<_, _> = names.iter().map(|name| name.parse()).collect();
        known.map(Some).map_err(|_| Error::invalid("subscriptions", "is not included in the list"))
    }

    /// From where on things are told; `None`: from now. A client that comes back knows better than its address.
    fn begin(&self, headers: &HeaderMap) -> Result<Option<Position>> {
        let last = headers.get(LAST).map(|last| last.to_str().unwrap_or("?"));
        let read = |field: &str, text: &str| {
            let position = text.trim().parse().map(Some);
            position.map_err(|()| Error::invalid(field, "must be the number of an event"))
        };
        match (last, &self.since) {
            (Some(last), _) if !last.trim().is_empty() => read("Last-Event-ID", last),
            (_, Some(Text(since))) if !since.trim().is_empty() => read("since", since),
            _ => Ok(None),
        }
    }
}

/// One event of a stream, for the published document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = streamed_event)]
pub struct StreamedEvent {
    /// Its place in the log: what to begin after.
    #[schema(nullable = false)]
    pub id: Option<String>,
    /// Its name, as webhooks have it.
    #[schema(nullable = false)]
    pub event: Option<String>,
    /// The body that a webhook gets, as text.
    #[schema(nullable = false)]
    pub data: Option<String>,
}

/// Follow what happens: the bodies that a webhook of the account would be told, as Server-Sent Events.
///
/// Each has its place in the log as `id`, its name as `event` and a webhook's body as `data`; a comment before it has the
/// `webhook-id` of its deliveries. A block that has an `id` alone says that nothing was to be told up to there. Who
/// types stands in no log and is not told.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/events",
    operation_id = "followEvents",
    tag = "Webhooks",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("since" = Option<String>, Query, description = "Begin after the event with this number, or `id`; without it with what happens from now on"),
        ("subscriptions" = Option<String>, Query, description = "Names of what is told, as webhooks have them, with commas between; without them everything"),
        ("follow" = Option<bool>, Query, description = "False: end with what there is, instead of waiting for more"),
        ("Last-Event-ID" = Option<String>, Header, nullable = false, description = "The last `id` that came; counts before `since`")
    ),
    responses(
        (status = 200, description = "Until one side ends it", body = StreamedEvent, content_type = "text/event-stream"),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 410, description = "The log does not have what comes after `since` any more, or not yet", body = ErrorJson),
        (status = 429, description = "Too many streams are open", body = String, content_type = "text/plain")
    ),
    security(("userApiKey" = []))
)]
pub async fn events(
    State(app): State<App>,
    Administrator(member): Administrator,
    headers: HeaderMap,
    Query(query): Query<StreamQuery>,
) -> Result<Response> {
    let (account, asked) = (member.account_id, query.begin(&headers)?);
    let place = app.streams.enter(account)?;
    let credential = edge::credential(&headers).ok_or(Error::SignedOut)?;
    // It watches before it looks for the first time: nothing falls in between.
    let grown = app.store.watch_logs();
    let at = app.store.read(move |conn| begin(conn, account, asked)).await?;
    let follower = Follower {
        account,
        credential,
        wanted: query.wanted()?,
        follows: query.follow.is_none_or(Flag::get),
        at,
        ready: VecDeque::from([mark(at)]),
        is_behind: true,
        is_over: false,
        grown,
        _place: place,
        app,
    };
    let events = unfold(follower, async |mut follower| {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    let stream = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    // Proxies pass it on as it comes.
    Ok(([("x-accel-buffering", "no")], stream).into_response())
}

/// Where a stream begins: where it is asked to, if the log reaches back that far.
fn begin(conn: &mut Conn<'_>, account: AccountId, asked: Option<Position>) -> Result<Position> {
    match asked {
        None => Ok(Position::after(log::head(conn, account)?)),
        Some(at) if log::reaches_back_to(conn, account, at.whole())? => Ok(at),
        Some(_) => Err(Error::Gone("the log does not have what comes after this event; load anew, and begin with now")),
    }
}

/// A block that moves the client's place and tells nothing.
fn mark(at: Position) -> Event {
    Event::default().id(at.to_string())
}

/// What one client hears.
struct Follower {
    app: App,
    account: AccountId,
    credential: Credential,
    wanted: Option<HashSet<WebhookEvent>>,
    /// Whether it waits for what is to come.
    follows: bool,
    /// Up to where everything is ready or was taken.
    at: Position,
    /// At most those of a batch.
    ready: VecDeque<Event>,
    /// The log may have more at once.
    is_behind: bool,
    is_over: bool,
    grown: LogWatch,
    _place: Place,
}

/// What a look at the log found.
struct Found {
    events: Vec<Event>,
    at: Position,
    is_behind: bool,
}

impl Follower {
    /// The next event, when there is one; `None`: the stream ends.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if self.is_over || (!self.is_behind && !self.wait().await) || self.app.streams.0.stop.is_cancelled() {
                return None;
            }
            if let Err(cause) = self.look().await {
                match cause {
                    Error::SignedOut | Error::BadCredential | Error::Forbidden | Error::NotFound(_) => {
                        debug!(account = %self.account, "a stream ends: its caller may not hear any more");
                    }
                    cause => warn!(%cause, account = %self.account, "a stream ends: reading the log failed"),
                }
                return None;
            }
        }
    }

    /// Waits until the log may have grown, or for a while; false: until the server stops.
    async fn wait(&self) -> bool {
        let grown = async {
            loop {
                let grown = self.grown.grown().await;
                if grown.any || grown.accounts.contains(&self.account) {
                    return;
                }
            }
        };
        tokio::select! {
            () = self.app.streams.0.stop.cancelled() => false,
            () = grown => true,
            () = tokio::time::sleep(LOOK) => true,
        }
    }

    async fn look(&mut self) -> Result<()> {
        let (account, credential, at) = (self.account, self.credential.clone(), self.at);
        let (wanted, base_url) = (self.wanted.clone(), self.app.settings.base_url.clone());
        let read = move |conn: &mut Conn<'_>| {
            access::find_administrator(conn, &credential, account)?;
            let mut payloads = Payloads::new(conn, account, &base_url)?.ok_or(Error::NotFound("account"))?;
            let logged = log::read_after(conn, account, at.whole(), i64::from(BATCH))?;
            let mut events = Vec::new();
            for logged in &logged {
                events.extend(render(conn, &mut payloads, logged, at, wanted.as_ref())?);
            }
            let last = logged.last().map_or(at, |logged| Position::after(logged.seq));
            Ok::<_, Error>(Found { events, at: last, is_behind: logged.len() == usize::from(BATCH) })
        };
        let found = self.app.store.read(read).await?;
        if found.events.is_empty() && found.at != self.at {
            self.ready.push_back(mark(found.at));
        }
        self.ready.extend(found.events);
        self.at = found.at;
        self.is_behind = found.is_behind;
        self.is_over = !self.follows && !self.is_behind;
        Ok(())
    }
}

/// What an event tells after `at`.
fn render(
    conn: &mut Conn<'_>,
    payloads: &mut Payloads,
    logged: &Logged,
    at: Position,
    wanted: Option<&HashSet<WebhookEvent>>,
) -> Result<Vec<Event>> {
    let mut told = Vec::new();
    for (part, one) in logged.event.as_ref().map(tell).into_iter().flatten().enumerate() {
        let is_wanted = one.subscription().is_some_and(|event| wanted.is_none_or(|wanted| wanted.contains(&event)));
        if !is_wanted || at.covers(logged.seq, part) {
            continue;
        }
        if let Some(body) = one.body(conn, payloads)? {
            told.push((part, one.event, body));
        }
    }
    let last = told.len().saturating_sub(1);
    let events = told.into_iter().enumerate().map(|(place, (part, event, body))| {
        let position = Position { seq: logged.seq, part: (place < last).then_some(part) };
        let number = i64::try_from(part).unwrap_or_default();
        Event::default()
            .comment(format!("webhook-id: {}", name_of(&logged.id, number)))
            .id(position.to_string())
            .event(event)
            .data(body)
    });
    Ok(events.collect())
}

#[cfg(test)]
mod tests {
    use types::AccountId;

    use super::{MOST, MOST_OF_ACCOUNT, Position, Streams};

    #[test]
    fn a_position_is_read_as_it_is_written() {
        for text in ["0", "41", "41.0", "41.2"] {
            assert_eq!(text.parse::<Position>().unwrap().to_string(), text);
        }
        for text in ["", ".", "41.", ".1", "-1", "+1", "1.-1", "1.2.3", "a", "9223372036854775808"] {
            assert!(text.parse::<Position>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_position_covers_what_came_up_to_it() {
        let whole: Position = "41".parse().unwrap();
        assert!(whole.covers(40, 9) && whole.covers(41, 9) && !whole.covers(42, 0));
        let cut: Position = "41.1".parse().unwrap();
        assert!(cut.covers(40, 9) && cut.covers(41, 1) && !cut.covers(41, 2) && !cut.covers(42, 0));
        assert_eq!((whole.whole(), cut.whole()), (41, 40));
    }

    #[test]
    fn places_are_bounded_and_given_back() {
        let streams = Streams::default();
        let mut places = Vec::new();
        for account in 0.. {
            let entered = (0..=MOST_OF_ACCOUNT).map_while(|_| streams.enter(AccountId::new(account)).ok());
            places.extend(entered);
            if places.len() == MOST {
                break;
            }
            assert_eq!(places.len() % MOST_OF_ACCOUNT, 0);
        }
        assert!(streams.enter(AccountId::new(-1)).is_err());
        places.pop();
        assert!(streams.enter(AccountId::new(-1)).is_ok());
        drop(places);
        assert!(streams.0.counts().is_empty());
    }
}
