//! Deliveries: what happens in an account, told to webhooks, API inboxes and agent bots (realtime.md §3, §4).
//!
//! A listener of the event log renders each delivery once and stores it; a courier sends it until it is taken or given up.
//! Both work under one lease, so that nothing is sent by two processes. A delivery is sent at least once: again only when
//! its answer was lost. Deliveries about one conversation are sent in order, as long as the first of them is not too old.

mod changed;
mod courier;
mod escalation;
mod hearing;
pub mod jobs;
mod outcome;
mod pause;
mod payload;
pub mod routes;
pub mod service;
mod signature;
mod store;
pub mod stream;
#[cfg(test)]
mod tests;
mod typing;
pub mod wire;

use std::sync::Arc;
use std::time::Duration;

use edge::Result;
use types::{AccountId, ConversationId, DeliveryId, DeliveryState, EndpointId, EndpointKind, MessageId, Timestamp};

pub use courier::{CALLS, Courier};
pub use pause::find_paused_name;
pub use signature::headers as signed_headers;
pub use stream::Streams;
pub use typing::typing;

use self::hearing::Scribe;
use crate::App;
use crate::dispatch::{Dispatcher, Listener};

/// How long a receiver may take to answer, if nothing else is said (decisions §4).
pub const TIMEOUT: Duration = Duration::from_secs(5);
/// Deliveries to one endpoint at the same time, if nothing else is said.
const CONCURRENCY: i64 = 4;

/// Who is told something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Recipient {
    /// What it is.
    pub kind: EndpointKind,
    /// The id of the webhook, inbox or bot.
    pub subject: i64,
}

/// A delivery to be stored.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    /// The event's id in the log.
    pub event_key: String,
    /// Which of the things that the event tells.
    pub part: i64,
    /// Its name for the receiver.
    pub event: &'static str,
    /// What is sent in order.
    pub lane: String,
    /// The bytes.
    pub body: String,
    /// The conversation, if it is about one.
    pub conversation_id: Option<ConversationId>,
    /// The message, if it is about one.
    pub message_id: Option<MessageId>,
}

::store::row! {
    /// Something that is told by HTTP, and how it takes it.
    #[derive(Debug, Clone, Copy)]
    pub struct Endpoint {
        /// Its id.
        pub id: EndpointId,
        /// The account whose events it hears.
        pub account_id: AccountId,
        /// What it is.
        pub kind: EndpointKind,
        /// The id of the webhook, inbox or bot.
        pub subject: i64,
        /// How long it may take to answer; `None`: what the installation has.
        pub timeout_seconds: Option<i64>,
        /// Deliveries on their way at the same time.
        pub concurrency: i64,
        /// Deliveries in a minute; `None`: as many as there are.
        pub per_minute: Option<i64>,
        /// Failures since the last success.
        pub failures: i64,
        /// Since when there was no success.
        pub failing_since: Option<Timestamp>,
        /// Until then nothing is sent; then one delivery tries.
        pub open_until: Option<Timestamp>,
        /// Until then nothing is sent because of `per_minute`.
        pub held_until: Option<Timestamp>,
        /// Since when it is paused.
        pub paused_at: Option<Timestamp>,
        /// When there is something to send.
        pub due_at: Option<Timestamp>,
    }
}

::store::row! {
    /// An event for an endpoint.
    #[derive(Debug, Clone)]
    pub struct Delivery {
        /// Its id.
        pub id: DeliveryId,
        /// The account.
        pub account_id: AccountId,
        /// Whom it is for.
        pub endpoint_id: EndpointId,
        /// Names it for the receiver.
        pub uuid: String,
        /// The event's id in the log.
        pub event_key: String,
        /// Which of the things that the event tells.
        pub part: i64,
        /// Its name for the receiver.
        pub event: String,
        /// What is sent in order.
        pub lane: String,
        /// The conversation, if it is about one.
        pub conversation_id: Option<ConversationId>,
        /// The message, if it is about one.
        pub message_id: Option<MessageId>,
        /// The bytes.
        pub body: String,
        /// How far it has come.
        pub state: DeliveryState,
        /// Since when it waits to be delivered.
        pub queued_at: Timestamp,
        /// How often it was tried since.
        pub tries: i64,
        /// When it is tried.
        pub next_at: Option<Timestamp>,
        /// Whether others in its lane go on without it.
        pub out_of_order: bool,
        /// When people take over.
        pub escalate_at: Option<Timestamp>,
        /// When it was stored.
        pub created_at: Timestamp,
        /// When it was taken or given up.
        pub ended_at: Option<Timestamp>,
    }
}

impl Delivery {
    /// Names the event for receivers, the same in all tries.
    pub fn name(&self) -> String {
        name_of(&self.event_key, self.part)
    }
}

/// The name of one of the things that an event tells.
fn name_of(event_key: &str, part: i64) -> String {
    if part == 0 { event_key.to_owned() } else { format!("{event_key}.{part}") }
}

/// The listeners of the product; the courier works under their lease.
pub fn dispatcher(app: &App) -> Dispatcher {
    let scribe: Arc<dyn Listener> = Arc::new(Scribe::new(app));
    Dispatcher::new(app, vec![scribe])
}

/// Renders and sends everything that is due, and what becomes due by it. For tests and commands.
pub async fn run_due(app: &App) -> Result<()> {
    let dispatcher = dispatcher(app);
    let courier = Courier::new(app, dispatcher.lease());
    while let Some(held) = dispatcher.hear_all().await? {
        if !courier.run_due(held).await? {
            break;
        }
    }
    Ok(())
}
