//! Exact counts for lists, kept in the transaction that changes a conversation.

use std::collections::BTreeMap;

use edge::Result;
use store::{Tx, sql};
use types::{AccountId, InboxId, Status, UserId};

use super::Conversation;

/// What a conversation is counted under.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    account_id: AccountId,
    inbox_id: InboxId,
    status: Status,
    assignee_id: Option<UserId>,
}

impl From<&Conversation> for Place {
    fn from(conversation: &Conversation) -> Self {
        Self {
            account_id: conversation.account_id,
            inbox_id: conversation.inbox_id,
            status: conversation.status,
            assignee_id: conversation.assignee_id,
        }
    }
}

/// Counts a conversation that went from `before` to `after`; `None` is "not there".
pub(super) fn move_between(tx: &mut Tx<'_>, before: Option<Place>, after: Option<Place>) -> Result<()> {
    // In key order, so that two transactions lock the rows in the same order.
    let mut steps: BTreeMap<(AccountId, &'static str, String, InboxId), i64> = BTreeMap::new();
    for (place, step) in [(before, -1), (after, 1)] {
        let Some(place) = place else { continue };
        for bucket in ["all".to_owned(), bucket(place.assignee_id)] {
            *steps.entry((place.account_id, place.status.as_str(), bucket, place.inbox_id)).or_default() += step;
        }
    }
    for ((account, status, bucket, inbox), step) in steps {
        if step == 0 {
            continue;
        }
        tx.execute(
            sql!(
                "INSERT INTO conversation_counters (account_id, status, bucket, inbox_id, conversation_count)
                 VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (account_id, status, bucket, inbox_id) DO UPDATE
                 SET conversation_count = conversation_counters.conversation_count + excluded.conversation_count"
            ),
            (account, status, bucket, inbox, step),
        )?;
    }
    Ok(())
}

/// The bucket of an assignee.
pub(super) fn bucket(assignee: Option<UserId>) -> String {
    assignee.map_or_else(|| "unassigned".to_owned(), |user| user.to_string())
}
