//! Exact counts for lists, kept in the transaction that changes a conversation.

use std::collections::BTreeMap;

use edge::Result;
use store::{Tx, sql};
use types::{AccountId, ContactId, InboxId, Status, UserId};

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
    let mut steps = Steps::new();
    for (place, step) in [(before, -1), (after, 1)] {
        if let Some(place) = place {
            add(&mut steps, place, step);
        }
    }
    take(tx, steps)
}

/// Counts conversations that went from one place to another, each counter once.
pub(super) fn move_all(tx: &mut Tx<'_>, moves: impl Iterator<Item = (Place, Place)>) -> Result<()> {
    let mut steps = Steps::new();
    for (before, after) in moves {
        add(&mut steps, before, -1);
        add(&mut steps, after, 1);
    }
    take(tx, steps)
}

/// Takes the conversations of a contact that is being deleted out of the counts; nobody may change them any more.
pub(super) fn remove_contact(tx: &mut Tx<'_>, account: AccountId, contact: ContactId) -> Result<()> {
    let rows: Vec<(InboxId, Status, Option<UserId>, i64)> = tx.query(
        sql!(
            "SELECT g.inbox_id, g.status,
                    CASE WHEN g.assignee_id NOT IN (SELECT gone.id FROM users gone WHERE gone.deleting_at IS NOT NULL)
                         THEN g.assignee_id END, g.conversation_count
             FROM (SELECT c.inbox_id, c.status, c.assignee_id, COUNT(*) AS conversation_count FROM conversations c
                   WHERE c.account_id = $1 AND c.contact_id = $2
                   GROUP BY c.inbox_id, c.status, c.assignee_id) g
             WHERE g.inbox_id NOT IN (
                 SELECT gone.id FROM inboxes gone WHERE gone.account_id = $1 AND gone.deleting_at IS NOT NULL)"
        ),
        (account, contact),
    )?;
    let mut steps = Steps::new();
    for (inbox_id, status, assignee_id, count) in rows {
        add(&mut steps, Place { account_id: account, inbox_id, status, assignee_id }, -count);
    }
    take(tx, steps)
}

/// Forgets the counts of an inbox that is being deleted.
pub(super) fn remove_inbox(tx: &mut Tx<'_>, account: AccountId, inbox: InboxId) -> Result<()> {
    tx.execute(sql!("DELETE FROM conversation_counters WHERE account_id = $1 AND inbox_id = $2"), (account, inbox))?;
    Ok(())
}

/// Counts what is the user's as nobody's; nobody may give or take the user a conversation any more.
pub(super) fn unassign(tx: &mut Tx<'_>, account: AccountId, user: UserId) -> Result<()> {
    let rows: Vec<(Status, InboxId, i64)> = tx.query(
        sql!(
            "DELETE FROM conversation_counters WHERE account_id = $1 AND bucket = $2
             RETURNING status, inbox_id, conversation_count"
        ),
        (account, bucket(Some(user))),
    )?;
    let mut steps = Steps::new();
    for (status, inbox_id, count) in rows {
        steps.insert((account, status.as_str(), bucket(None), inbox_id), count);
    }
    take(tx, steps)
}

/// What is added to each counter, in key order, so that two transactions lock the rows in the same order.
type Steps = BTreeMap<(AccountId, &'static str, String, InboxId), i64>;

fn add(steps: &mut Steps, place: Place, step: i64) {
    for bucket in ["all".to_owned(), bucket(place.assignee_id)] {
        *steps.entry((place.account_id, place.status.as_str(), bucket, place.inbox_id)).or_default() += step;
    }
}

fn take(tx: &mut Tx<'_>, steps: Steps) -> Result<()> {
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
