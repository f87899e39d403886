//! The one channel that clients subscribe to, `RoomChannel` (realtime.md §1.4, §1.5).

use std::sync::Arc;

use edge::Result;
use realtime::protocol::Since;
use realtime::{Channel, Joined, Message, OutboxClosed, Refusal, Seat, Subscribe};
use serde::Deserialize;
use serde_json::{Value, json};
use store::Conn;
use tracing::{debug, warn};
use types::{AccountId, ContactId, UserId};

use super::render::{Delivery, Listeners, Renderer};
use super::scope;
use crate::App;
use crate::events::log;
use crate::presence::store as presences;
use crate::presence::wire::PresenceJson;

/// Events that are replayed at a time.
const BATCH: i64 = 50;
/// Keys are shorter.
const MAX_KEY: usize = 256;

/// Who may hear what.
#[derive(Clone)]
pub struct RoomChannel {
    app: App,
}

/// Somebody who hears.
pub struct Subscription {
    seat: Seat,
    who: Who,
}

#[derive(Debug, Clone, Copy)]
enum Who {
    User(UserId),
    Contact(ContactId),
}

/// What a client says in its identifier: ids are numbers or texts, a blank one counts as missing.
#[derive(Debug, Default, Deserialize)]
struct Identifier {
    #[serde(default)]
    channel: String,
    #[serde(default)]
    pubsub_token: Value,
    #[serde(default)]
    account_id: Value,
    #[serde(default)]
    user_id: Value,
    /// As in the command, for clients whose library leaves no room there.
    since: Option<Value>,
}

/// A subscription that may be.
#[derive(Debug, Clone, Copy)]
struct Admitted {
    account: AccountId,
    who: Who,
    /// The number of the log's last event.
    head: i64,
}

impl RoomChannel {
    /// Of this process.
    pub fn new(app: App) -> Self {
        Self { app }
    }

    async fn admit(&self, key: String, user: Option<UserId>, account: Option<AccountId>) -> Result<Option<Admitted>> {
        let read = move |conn: &mut Conn<'_>| {
            let found = match (user, account) {
                (Some(user), Some(account)) => {
                    scope::find_user(conn, account, user, &key)?.then_some((account, Who::User(user)))
                }
                (Some(_), None) => None,
                (None, _) => scope::find_session(conn, &key)?.map(|(account, id)| (account, Who::Contact(id))),
            };
            let Some((account, who)) = found else { return Ok(None) };
            Ok(Some(Admitted { account, who, head: log::head(conn, account)? }))
        };
        self.app.store.read(read).await
    }

    /// Notes a sign of life and tells the subscriber who is there.
    async fn note_presence(&self, seat: &Seat, who: Who) -> Result<()> {
        let account = seat.account();
        let shown = self
            .app
            .store
            .write(move |tx| match who {
                Who::User(user) => {
                    presences::note_user(tx, account, user)?;
                    PresenceJson::for_user(tx, account)
                }
                Who::Contact(contact) => {
                    presences::note_contact(tx, account, contact)?;
                    PresenceJson::for_contact(tx, account)
                }
            })
            .await?;
        let data = serde_json::to_string(&shown).expect("ids and words");
        self.app.cable.hub.send(account, &Message::new("presence.update", &data, None), &[seat.stream()]);
        Ok(())
    }

    /// Sends what the log has after `after` up to `until`, if it reaches back that far; else says so.
    async fn replay(&self, seat: &Seat, after: i64, until: i64) -> Result<std::result::Result<(), OutboxClosed>> {
        let account = seat.account();
        let reaches = self.app.store.read(move |conn| log::reaches_back_to(conn, account, after)).await?;
        if !reaches {
            let data = json!({ "account_id": account }).to_string();
            return Ok(seat.send(&Message::new("log.trimmed", &data, Some(until))).await);
        }
        let mut after = after;
        while after < until {
            let (base_url, stream) = (self.app.settings.base_url.clone(), seat.stream().to_owned());
            let limit = BATCH.min(until - after);
            let deliveries = self
                .app
                .store
                .read(move |conn| {
                    let events = log::read_after(conn, account, after, limit)?;
                    let mut renderer = Renderer::new(conn, account, &base_url, Listeners::Stream(&stream));
                    events.iter().map(|logged| renderer.render(conn, logged)).collect::<Result<Vec<Delivery>>>()
                })
                .await?;
            let Some(last) = deliveries.last() else { break };
            after = last.seq;
            for (message, _) in deliveries.into_iter().filter_map(|delivery| delivery.message) {
                if let Err(closed) = seat.send(&message).await {
                    return Ok(Err(closed));
                }
            }
        }
        Ok(Ok(()))
    }

    /// Confirms a subscription and begins to deliver.
    async fn begin(&self, joined: Joined, who: Who, since: Since) -> Result<Subscription> {
        let Joined { seat, cursor } = joined;
        self.app.cable.opened(seat.account());
        let position = match since {
            Since::Unasked => None,
            Since::Now => Some(cursor),
            Since::After(seq) => Some(seq),
        };
        // A socket that is closed meanwhile ends by itself.
        seat.confirm(position).ok();
        if let Err(cause) = self.note_presence(&seat, who).await {
            warn!(%cause, "a sign of life could not be noted");
        }
        if let Since::After(seq) = since {
            self.replay(&seat, seq, cursor).await?.ok();
        }
        seat.go_live().await.ok();
        Ok(Subscription { seat, who })
    }
}

impl Channel for RoomChannel {
    type Subscription = Subscription;

    async fn subscribe(&self, asked: Subscribe) -> std::result::Result<Subscription, Refusal> {
        let Ok(identifier) = serde_json::from_str::<Identifier>(&asked.identifier) else {
            debug!("a socket asked for what is no subscription");
            return Err(Refusal::Ignored);
        };
        if identifier.channel != "RoomChannel" {
            debug!("a socket asked for a channel that nobody knows");
            return Err(Refusal::Ignored);
        }
        let key = identifier.pubsub_token.as_str().filter(|key| !key.is_empty() && key.len() <= MAX_KEY);
        let key = key.ok_or(Refusal::Rejected)?.to_owned();
        let user = read_id(&identifier.user_id).map_err(|()| Refusal::Rejected)?.map(UserId::new);
        let account = read_id(&identifier.account_id).map_err(|()| Refusal::Rejected)?.map(AccountId::new);
        let since = match (asked.since, &identifier.since) {
            (Since::Unasked, Some(since)) => Since::read(since),
            (since, _) => since,
        };
        let admitted = self.admit(key.clone(), user, account).await.map_err(|cause| {
            warn!(%cause, "a subscription failed");
            // The client tries again with another socket.
            asked.outbox.close();
            Refusal::Ignored
        })?;
        let Admitted { account, who, head } = admitted.ok_or(Refusal::Rejected)?;
        let joined = self.app.cable.hub.join(account, head, &key, &asked.identifier, &asked.outbox);
        self.begin(joined, who, since).await.map_err(|cause| {
            warn!(%cause, "replaying the log failed");
            asked.outbox.close();
            Refusal::Ignored
        })
    }

    async fn perform(&self, subscription: Arc<Subscription>, data: String) {
        let action = serde_json::from_str::<Value>(&data).unwrap_or_default();
        if action["action"] != "update_presence" {
            debug!("a socket asked for an action that nobody knows");
            return;
        }
        if let Err(cause) = self.note_presence(&subscription.seat, subscription.who).await {
            warn!(%cause, "a sign of life could not be noted");
        }
    }
}

/// An id, or none; fails for what is neither.
fn read_id(value: &Value) -> std::result::Result<Option<i64>, ()> {
    match value {
        Value::Null => Ok(None),
        Value::Number(number) => number.as_i64().map(Some).ok_or(()),
        Value::String(text) if text.trim().is_empty() => Ok(None),
        Value::String(text) => text.trim().parse().map(Some).map_err(drop),
        _ => Err(()),
    }
}
