//! Contacts and conversations that are older than the tables of attribute values get theirs.

use std::time::Duration;

use ::jobs::{Job, JobError};
use ::store::{Tx, sql};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use types::{AccountId, ContactId, ConversationId, Json};

use super::values;
use crate::App;

/// Rows of one transaction.
const ROWS: i64 = 100;
/// Transactions of one run; then other jobs have their turn.
const RUN: usize = 25;
/// Longest rest between two transactions.
const LONGEST_REST: Duration = Duration::from_millis(250);

/// Goes through all contacts, then through all conversations, by id. A migration pushes it, once. Safe to run twice.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct FillValues {
    /// The last contact that has its values.
    pub contact: i64,
    /// The last conversation that has its values.
    pub conversation: i64,
}

impl Job for FillValues {
    type Context = App;

    const NAME: &'static str = "fill_values";

    fn key(&self) -> String {
        "all".into()
    }

    async fn run(&self, app: &App) -> Result<(), JobError> {
        let mut next = *self;
        for number in 1..=RUN {
            let begun = Instant::now();
            let is_last = number == RUN;
            let step = app.store.write(move |tx| {
                let next = fill_some(tx, next)?;
                if let Some(next) = next
                    && is_last
                {
                    ::jobs::push(tx, &next)?;
                }
                Ok::<_, edge::Error>(next)
            });
            match step.await.map_err(crate::jobs::to_job_error)? {
                Some(reached) => next = reached,
                None => break,
            }
            // Half of the time belongs to others.
            tokio::time::sleep(begun.elapsed().min(LONGEST_REST)).await;
        }
        Ok(())
    }
}

/// Where to go on, or `None` when all have their values. The rows are locked: who changes one at the same time waits and
/// writes after us.
fn fill_some(tx: &mut Tx<'_>, from: FillValues) -> edge::Result<Option<FillValues>> {
    let contacts: Vec<(ContactId, AccountId, Json, Json)> = tx.query(
        sql!(
            "SELECT id, account_id, custom_attributes, additional_attributes FROM contacts
             WHERE id > $1 ORDER BY id LIMIT $2 FOR NO KEY UPDATE"
        ),
        (from.contact, ROWS),
    )?;
    for (id, account, custom, additional) in &contacts {
        values::write_contact(tx, *account, *id, custom, additional)?;
    }
    if let Some((last, ..)) = contacts.last() {
        return Ok(Some(FillValues { contact: last.get(), ..from }));
    }
    let conversations: Vec<(ConversationId, AccountId, Json, Json)> = tx.query(
        sql!(
            "SELECT id, account_id, custom_attributes, additional_attributes FROM conversations
             WHERE id > $1 ORDER BY id LIMIT $2 FOR NO KEY UPDATE"
        ),
        (from.conversation, ROWS),
    )?;
    for (id, account, custom, additional) in &conversations {
        values::write_conversation(tx, *account, *id, custom, additional)?;
    }
    Ok(conversations.last().map(|(last, ..)| FillValues { conversation: last.get(), ..from }))
}
