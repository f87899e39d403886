//! The WebSocket hub behind `/cable`: Action Cable v1 as clients speak it (realtime.md §1), streams of events, bounded
//! outboxes, and catching up after a gap. Knows no feature: who may hear what is told to it.
//!
//! A subscription hears one stream of one account's log. Everything that is delivered to a log goes through one lock, in
//! the log's order, and every subscription learns at which number it joined: what came before is the log's to replay,
//! what comes after is delivered, and nothing falls in between.

mod hub;
mod outbox;
pub mod protocol;
mod socket;

pub use hub::{Hub, Joined, Message, Seat};
pub use outbox::{Outbox, OutboxClosed};
pub use socket::{Channel, Limits, Refusal, Subscribe, serve, upgrade};
