//! Deletion of what much hangs on: accounts, users, inboxes and contacts (decisions §5).
//!
//! The noun's `service::delete` hides the row in its transaction (`deleting_at`), with all that counts and unique keys
//! owe to it, and pushes [`Purge`], which takes the rows below away bit by bit and the row itself at the end.

mod agent_bot;
mod chunk;
mod conversations;
#[cfg(test)]
mod races;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod truth;
mod user;

use std::time::Duration;

use jobs::{Job, JobError};
use serde::{Deserialize, Serialize};
use store::Tx;
use tokio::time::Instant;
use types::{AccountId, AgentBotId, ContactId, InboxId, UserId};

use crate::App;

/// Rows that one transaction takes away at most: some milliseconds on SQLite, where everybody waits for them.
const ROWS: i64 = 100;
/// Transactions of one run; then other jobs have their turn.
const RUN: usize = 25;
/// Longest rest between two transactions.
const LONGEST_REST: Duration = Duration::from_millis(250);

/// What is on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Subject {
    /// An account, with everything in it.
    Account {
        /// The account.
        id: AccountId,
    },
    /// An inbox, with its channel, sessions, conversations and messages.
    Inbox {
        /// The account.
        account_id: AccountId,
        /// The inbox.
        id: InboxId,
    },
    /// A contact, with its sessions, conversations and messages.
    Contact {
        /// The account.
        account_id: AccountId,
        /// The contact.
        id: ContactId,
    },
    /// A bot. What it wrote stays, without sender.
    AgentBot {
        /// The bot.
        id: AgentBotId,
    },
    /// A user. What it wrote stays, without sender.
    User {
        /// The user.
        id: UserId,
    },
}

/// Takes away the rows below something that was deleted, then the row itself. Safe to run twice or to be cut short:
/// what is left is what the tables still have.
#[derive(Debug, Serialize, Deserialize)]
pub struct Purge {
    /// What was deleted.
    pub subject: Subject,
}

impl Job for Purge {
    type Context = App;

    const NAME: &'static str = "purge";

    fn key(&self) -> String {
        match self.subject {
            Subject::Account { id } => format!("account:{id}"),
            Subject::Inbox { id, .. } => format!("inbox:{id}"),
            Subject::Contact { id, .. } => format!("contact:{id}"),
            Subject::AgentBot { id } => format!("agent_bot:{id}"),
            Subject::User { id } => format!("user:{id}"),
        }
    }

    async fn run(&self, app: &App) -> Result<(), JobError> {
        let subject = self.subject;
        for number in 1..=RUN {
            let begun = Instant::now();
            let is_last = number == RUN;
            let step = app.store.write(move |tx| {
                let is_left = subject.take_some(tx)?;
                if is_left && is_last {
                    jobs::push(tx, &Purge { subject })?;
                }
                Ok(is_left)
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

impl Subject {
    /// Takes away some of the rows; false when nothing is left, the row itself included.
    ///
    /// The row is locked first, so that of two that run at once one waits for the other.
    fn take_some(self, tx: &mut Tx<'_>) -> edge::Result<bool> {
        match self {
            Self::Account { id } => chunk::account(tx, id, ROWS),
            Self::Inbox { account_id, id } => chunk::inbox(tx, account_id, id, ROWS),
            Self::Contact { account_id, id } => chunk::contact(tx, account_id, id, ROWS),
            Self::AgentBot { id } => agent_bot::take_some(tx, id, ROWS),
            Self::User { id } => user::take_some(tx, id, ROWS),
        }
    }
}
