//! Data sets: one account as it looks after a year of work.

mod bulk;
mod cache;
mod fixed;
mod plan;
mod words;

use anyhow::{Context, Result};
use server::MIGRATIONS;
use store::Store;
use types::{AccountId, ContactId};

pub use cache::{Prepared, copy, database, empty, prepare};
pub use fixed::{ACCOUNT, ADMINISTRATOR_TOKEN, BEGIN, agent_token, inbox_identifier};

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
    bulk.finish().await?;
    fill_tallies(store).await?;
    index_contacts(store).await
}

/// Fills in the kept figures of reports as their migration does for rows that are older than it.
async fn fill_tallies(store: &Store) -> Result<()> {
    let migration = MIGRATIONS.iter().find(|migration| migration.name == "0084_report_tallies.sql");
    let migration = migration.context("no migration makes the figures of reports")?;
    for fill in migration.sql.split(';').filter(|statement| statement.contains("INSERT INTO report_tallies")) {
        store.write(move |tx| tx.query_built::<(i64,)>(fill, &[])).await?;
    }
    Ok(store
        .write(|tx| tx.query_built::<(i64,)>("ANALYZE", &[]))
        .await
        .map(drop)
        .map_err(|error: store::Error| error)?)
}

/// Makes the contacts findable, as their creation by the product does.
async fn index_contacts(store: &Store) -> Result<()> {
    const CHUNK: i64 = 2_000;
    for first in (0..).step_by(2_000) {
        let count = store
            .write(move |tx| {
                let rows: Vec<(AccountId, ContactId, String)> = tx.query(
                    store::sql!(
                        "SELECT account_id, id, search_text FROM contacts WHERE id > $1 AND id <= $1 + $2 ORDER BY id"
                    ),
                    (first, CHUNK),
                )?;
                for (account, id, search_text) in &rows {
                    server::contact::search::index(tx, *account, *id, search_text)?;
                }
                Ok::<_, server::Error>(rows.len())
            })
            .await?;
        if count == 0 {
            break;
        }
    }
    Ok(())
}
