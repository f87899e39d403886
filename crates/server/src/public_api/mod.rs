//! The Public API: how a contact of an API inbox writes and reads, without a token (rest.md §2.5, §5.21–§5.23).
//!
//! Whoever knows a session's `source_id` acts as its contact; an inbox may ask for a proof of identity.

mod access;
pub mod answer;
pub mod change;
pub mod conversation;
pub mod inbox;
pub mod routes;
#[cfg(test)]
mod tests;
pub mod wire;
