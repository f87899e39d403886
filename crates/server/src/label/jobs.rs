//! What follows when a label of the account gets another title or is removed (superset §4).

use std::time::Duration;

use ::jobs::{Job, JobError};
use ::store::{Tx, sql};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use types::{AccountId, Timestamp};

use super::store;
use crate::App;

/// Conversations, or contacts, that one transaction goes through.
const ROWS: i64 = 200;
/// Transactions of one run; then other jobs have their turn.
const RUN: usize = 25;
/// Longest rest between two transactions.
const LONGEST_REST: Duration = Duration::from_millis(250);

/// Moves conversations and contacts from one name to another, or takes the name away from them. Safe to run twice or to
/// be cut short: what is left is what the tables still have.
#[derive(Debug, Serialize, Deserialize)]
pub struct CarryLabel {
    /// The account.
    pub account_id: AccountId,
    /// The tag of the old title.
    pub from: i64,
    /// The tag of the new one; none takes the name away.
    pub to: Option<i64>,
    /// What got the old name later keeps it, in microseconds.
    pub until: i64,
}

impl Job for CarryLabel {
    type Context = App;

    const NAME: &'static str = "carry_label";

    fn key(&self) -> String {
        self.from.to_string()
    }

    async fn run(&self, app: &App) -> Result<(), JobError> {
        let Self { account_id, from, to, until } = *self;
        for number in 1..=RUN {
            let begun = Instant::now();
            let is_last = number == RUN;
            let step = app.store.write(move |tx| {
                let is_left = carry_some(tx, account_id, from, to, Timestamp::from_micros(until))?;
                if is_left && is_last {
                    ::jobs::push(tx, &CarryLabel { account_id, from, to, until })?;
                }
                Ok::<_, edge::Error>(is_left)
            });
            if !step.await.map_err(crate::jobs::to_job_error)? {
                break;
            }
            // Half of the time belongs to others.
            tokio::time::sleep(begun.elapsed().min(LONGEST_REST)).await;
        }
        Ok(())
    }
}

/// False when nothing is left; then the tag goes too, unless something has its name again.
fn carry_some(tx: &mut Tx<'_>, account: AccountId, from: i64, to: Option<i64>, until: Timestamp) -> edge::Result<bool> {
    let conversations = sql!(
        "SELECT conversation_id FROM conversation_tags
         WHERE account_id = $1 AND tag_id = $2 AND created_at <= $3 ORDER BY conversation_id LIMIT $4"
    );
    let contacts = sql!(
        "SELECT contact_id FROM contact_tags
         WHERE account_id = $1 AND tag_id = $2 AND created_at <= $3 ORDER BY contact_id LIMIT $4"
    );
    let found: Vec<(i64,)> = tx.query(conversations, (account, from, until, ROWS))?;
    if !found.is_empty() {
        let ids: Vec<i64> = found.into_iter().map(|(id,)| id).collect();
        if let Some(to) = to {
            tx.execute(
                sql!(
                    "INSERT INTO conversation_tags (account_id, conversation_id, tag_id, created_at)
                     SELECT account_id, conversation_id, CAST($3 AS BIGINT), created_at FROM conversation_tags
                     WHERE account_id = $1 AND tag_id = $2 AND conversation_id = ANY($4)
                     ON CONFLICT (account_id, conversation_id, tag_id) DO NOTHING"
                ),
                (account, from, to, &ids),
            )?;
        }
        tx.execute(
            sql!("DELETE FROM conversation_tags WHERE account_id = $1 AND tag_id = $2 AND conversation_id = ANY($3)"),
            (account, from, &ids),
        )?;
        return Ok(true);
    }
    let found: Vec<(i64,)> = tx.query(contacts, (account, from, until, ROWS))?;
    if !found.is_empty() {
        let ids: Vec<i64> = found.into_iter().map(|(id,)| id).collect();
        if let Some(to) = to {
            tx.execute(
                sql!(
                    "INSERT INTO contact_tags (account_id, contact_id, tag_id, created_at)
                     SELECT account_id, contact_id, CAST($3 AS BIGINT), created_at FROM contact_tags
                     WHERE account_id = $1 AND tag_id = $2 AND contact_id = ANY($4)
                     ON CONFLICT (account_id, contact_id, tag_id) DO NOTHING"
                ),
                (account, from, to, &ids),
            )?;
        }
        tx.execute(
            sql!("DELETE FROM contact_tags WHERE account_id = $1 AND tag_id = $2 AND contact_id = ANY($3)"),
            (account, from, &ids),
        )?;
        return Ok(true);
    }
    store::delete_unused_tag(tx, account, from)?;
    Ok(false)
}
