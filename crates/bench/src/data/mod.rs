//! Data sets: one account as it looks after a year of work.

mod bulk;
mod cache;
mod fixed;
mod plan;
mod words;

use anyhow::Result;
use store::Store;

pub use cache::{Prepared, copy, database, empty, prepare};
pub use fixed::{ACCOUNT, ADMINISTRATOR_TOKEN, agent_token, inbox_identifier};

/// Inboxes of the account.
pub const INBOXES: usize = 20;
/// Agents of the account, without the administrator.
pub const AGENTS: usize = 50;

/// How much data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// `S`, `M` or `L`.
    pub name: &'static str,
    /// Conversations.
    pub conversations: usize,
    /// Messages.
    pub messages: usize,
}

/// The shape of the comparison with the reference.
pub const S: Shape = Shape { name: "S", conversations: 10_000, messages: 100_000 };
/// Ten times the conversations, twice the messages in each.
pub const M: Shape = Shape { name: "M", conversations: 100_000, messages: 2_000_000 };
/// A hundred times the conversations.
pub const L: Shape = Shape { name: "L", conversations: 1_000_000, messages: 20_000_000 };

/// Fills an empty, migrated database.
pub async fn fill(store: &Store, shape: Shape) -> Result<()> {
    let mut bulk = bulk::Bulk::new(store.clone());
    fixed::write(&mut bulk).await?;
    plan::write(&mut bulk, shape).await?;
    bulk.finish().await
}
