//! How members leave an account (rest.md §5.6). The user stays, in this account's history and in other accounts.

#[cfg(test)]
mod tests;

use ::store::{Tx, sql};
use edge::Result;
use jobs::{Job, JobError};
use serde::{Deserialize, Serialize};
use types::{AccountId, UserId};

use super::{service, store};
use crate::App;
use crate::conversation::release;
use crate::events::Actor;

/// Mentions and participations that one transaction takes away of each.
const ROWS: i64 = 500;

/// Removes a member; false when there is none. Its inboxes and teams are left, and its conversations are nobody's:
/// some at once, those of busy agents by a job.
pub fn remove(tx: &mut Tx<'_>, account: AccountId, user: UserId, actor: &Actor) -> Result<bool> {
    // Conversations are locked before memberships, here and where they are assigned.
    release::lock_some(tx, account, user)?;
    if !service::end_membership(tx, account, user, actor)? {
        return Ok(false);
    }
    // What was assigned until then is seen now; nothing more can be.
    if clear_some(tx, account, user, actor)? {
        ::jobs::push(tx, &ClearRemovedAgent { account_id: account, user_id: user })?;
    }
    Ok(true)
}

/// Takes a removed member out of what is left of its conversations. Safe to run twice: the rows decide. Whoever became
/// a member again meanwhile keeps the rest.
#[derive(Debug, Serialize, Deserialize)]
pub struct ClearRemovedAgent {
    /// The account.
    pub account_id: AccountId,
    /// The user who was a member.
    pub user_id: UserId,
}

impl Job for ClearRemovedAgent {
    type Context = App;

    const NAME: &'static str = "clear_removed_agent";

    fn key(&self) -> String {
        format!("{}:{}", self.account_id, self.user_id)
    }

    async fn run(&self, app: &App) -> Result<(), JobError> {
        let (account_id, user_id) = (self.account_id, self.user_id);
        let step = app.store.write(move |tx| {
            // Locked first: if there is no member after that, they were assigned before it was removed.
            release::lock_some(tx, account_id, user_id)?;
            let is_member = store::find(tx, account_id, user_id)?.is_some();
            if !is_member && clear_some(tx, account_id, user_id, &Actor::System)? {
                ::jobs::push(tx, &Self { account_id, user_id })?;
            }
            Ok(())
        });
        crate::jobs::unless_gone(step.await)
    }
}

/// Whether something may be left.
fn clear_some(tx: &mut Tx<'_>, account: AccountId, user: UserId, actor: &Actor) -> Result<bool> {
    let mut is_left = release::release_some(tx, account, user, actor)?;
    for rows in [
        sql!(
            "DELETE FROM mentions WHERE (account_id, user_id, conversation_id) IN (
                 SELECT account_id, user_id, conversation_id FROM mentions
                 WHERE account_id = $1 AND user_id = $2 LIMIT $3)"
        ),
        sql!(
            "DELETE FROM conversation_participants WHERE (account_id, user_id, conversation_id) IN (
                 SELECT account_id, user_id, conversation_id FROM conversation_participants
                 WHERE account_id = $1 AND user_id = $2 LIMIT $3)"
        ),
    ] {
        let taken = tx.execute(rows, (account, user, ROWS))?;
        is_left |= i64::try_from(taken).unwrap_or(ROWS) == ROWS;
    }
    Ok(is_left)
}
