//! Taking an agent who leaves the account out of its conversations, many at a time.

use ::store::{Tx, sql};
use edge::Result;
use types::{AccountId, ConversationId, UserId};

use super::Conversation;
use super::counters::{self, Place};
use super::store::columns;
use crate::events::{Actor, Changes, Event, Moved, record};
use crate::report::tally;
use crate::user;

/// Conversations that one transaction takes: some milliseconds on SQLite, where everybody waits for them.
const AT_ONCE: i64 = 100;

/// Some of the conversations that are the user's, locked until the end of the transaction.
pub fn lock_some(tx: &mut Tx<'_>, account: AccountId, user: UserId) -> Result<Vec<Conversation>> {
    Ok(tx.query(
        sql!(
            "SELECT ",
            columns!(),
            " FROM conversations c JOIN contacts k ON k.id = c.contact_id JOIN inboxes i ON i.id = c.inbox_id
              WHERE c.account_id = $1 AND c.assignee_id = $2 AND k.deleting_at IS NULL AND i.deleting_at IS NULL
              ORDER BY c.last_activity_at, c.id LIMIT $3 FOR UPDATE OF c FOR KEY SHARE OF k, i"
        ),
        (account, user, AT_ONCE),
    )?)
}

/// Makes some of the user's conversations nobody's; true when there may be more.
///
/// Each is told of, but no activity message is written: an old conversation does not become a busy one.
pub fn release_some(tx: &mut Tx<'_>, account: AccountId, user: UserId, actor: &Actor) -> Result<bool> {
    let conversations = lock_some(tx, account, user)?;
    // Those of a user who is being deleted are counted and shown as nobody's already.
    if conversations.is_empty() || !user::store::hold(tx, user)? {
        return Ok(false);
    }
    let ids: Vec<ConversationId> = conversations.iter().map(|conversation| conversation.id).collect();
    let now = tx.now();
    tx.execute(
        sql!("UPDATE conversations SET assignee_id = NULL, updated_at = $3 WHERE account_id = $1 AND id = ANY($2)"),
        (account, ids, now),
    )?;
    let nobody = |conversation: &Conversation| Conversation { assignee_id: None, ..conversation.clone() };
    counters::move_all(
        tx,
        conversations.iter().map(|conversation| (Place::from(conversation), Place::from(&nobody(conversation)))),
    )?;
    for conversation in &conversations {
        tally::move_conversation(tx, Some(conversation), &nobody(conversation));
        let before = conversation.assignee_id;
        record(tx, account, actor, &Event::AssigneeChanged(conversation.id, Moved { before, after: None }));
        let changes = Changes::default().with("assignee_id", &before, &None);
        let changes = changes.with("updated_at", &conversation.updated_at, &now);
        record(tx, account, actor, &Event::ConversationUpdated(conversation.id, changes));
    }
    Ok(i64::try_from(conversations.len()).unwrap_or(AT_ONCE) == AT_ONCE)
}
