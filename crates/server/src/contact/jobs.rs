//! What a merged contact still owes: its messages and answers move to the one that survives.

use std::time::Duration;

use ::jobs::{Job, JobError};
use ::store::{Tx, sql};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use types::{AccountId, ContactId};

use crate::App;
use crate::deletion::{Purge, Subject};

/// Rows that one transaction moves at most.
const ROWS: i64 = 200;
/// Transactions of one run; then other jobs have their turn.
const RUN: usize = 25;
/// Longest rest between two transactions.
const LONGEST_REST: Duration = Duration::from_millis(250);

/// Moves what a merged contact wrote and answered, then has the contact taken away. Safe to run twice or to be cut
/// short: what is left is what the tables still have.
#[derive(Debug, Serialize, Deserialize)]
pub struct MoveMessages {
    /// The account.
    pub account_id: AccountId,
    /// The contact that was merged; its row knows into which.
    pub from: ContactId,
}

impl Job for MoveMessages {
    type Context = App;

    const NAME: &'static str = "move_messages";

    fn key(&self) -> String {
        self.from.to_string()
    }

    async fn run(&self, app: &App) -> Result<(), JobError> {
        let (account, from) = (self.account_id, self.from);
        for number in 1..=RUN {
            let begun = Instant::now();
            let is_last = number == RUN;
            let step = app.store.write(move |tx| {
                let is_left = move_some(tx, account, from, ROWS)?;
                if is_left && is_last {
                    ::jobs::push(tx, &MoveMessages { account_id: account, from })?;
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

/// False when nothing is left to move. A survivor that was deleted meanwhile takes nothing.
fn move_some(tx: &mut Tx<'_>, account: AccountId, from: ContactId, most: i64) -> edge::Result<bool> {
    let found: Option<(Option<ContactId>,)> = tx.query_opt(
        sql!(
            "SELECT merged_into_id FROM contacts WHERE account_id = $1 AND id = $2 AND deleting_at IS NOT NULL
             FOR UPDATE"
        ),
        (account, from),
    )?;
    let Some((to,)) = found else { return Ok(false) };
    if let Some(to) = to {
        let moves = [
            sql!(
                "UPDATE messages SET contact_id = $3 WHERE account_id = $1 AND id IN (
                     SELECT id FROM messages WHERE contact_id = $2 ORDER BY id LIMIT $4)"
            ),
            sql!(
                "UPDATE csat_survey_responses SET contact_id = $3 WHERE account_id = $1 AND id IN (
                     SELECT id FROM csat_survey_responses WHERE contact_id = $2 ORDER BY id LIMIT $4)"
            ),
        ];
        for statement in moves {
            if tx.execute(statement, (account, from, to, most))? > 0 {
                return Ok(true);
            }
        }
    }
    ::jobs::push(tx, &Purge { subject: Subject::Contact { account_id: account, id: from } })?;
    Ok(false)
}
