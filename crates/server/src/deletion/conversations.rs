//! Conversations and all that hangs on them, taken away in small parts.

use edge::Result;
use store::{Tx, sql};
use types::{AccountId, ConversationId, FileId, InboxId, MessageId, MessageType, Status, Timestamp, UserId};

use crate::file;
use crate::report::tally::{self, Place, Step};

/// Conversations that are looked at in one transaction.
pub const AT_ONCE: i64 = 25;

/// Takes away up to `most` rows of these conversations, the conversations themselves last.
pub fn take_some(tx: &mut Tx<'_>, account: AccountId, ids: &[ConversationId], most: i64) -> Result<()> {
    let messages: Vec<(MessageId,)> = tx.query(
        sql!(
            "SELECT id FROM messages WHERE account_id = $1 AND conversation_id = ANY($2)
             ORDER BY conversation_id, id LIMIT $3"
        ),
        (account, ids, most),
    )?;
    let messages: Vec<MessageId> = messages.into_iter().map(|(id,)| id).collect();
    take_messages(tx, account, &messages)?;
    let mut left = most - i64::try_from(messages.len()).unwrap_or(most);
    if left > 0 {
        left -= take_times(tx, account, ids, left)?;
    }
    let satellites = [
        // Those about messages went with them.
        sql!(
            "DELETE FROM webhook_deliveries WHERE account_id = $1 AND id IN (
                 SELECT id FROM webhook_deliveries WHERE conversation_id = ANY($2) LIMIT $3)"
        ),
        sql!(
            "DELETE FROM conversation_tags WHERE (account_id, conversation_id, tag_id) IN (
                 SELECT account_id, conversation_id, tag_id FROM conversation_tags
                 WHERE account_id = $1 AND conversation_id = ANY($2) LIMIT $3)"
        ),
        sql!(
            "DELETE FROM conversation_values WHERE (account_id, conversation_id, bag, key) IN (
                 SELECT account_id, conversation_id, bag, key FROM conversation_values
                 WHERE account_id = $1 AND conversation_id = ANY($2) LIMIT $3)"
        ),
        sql!(
            "DELETE FROM mentions WHERE (account_id, user_id, conversation_id) IN (
                 SELECT account_id, user_id, conversation_id FROM mentions
                 WHERE account_id = $1 AND conversation_id = ANY($2) LIMIT $3)"
        ),
        sql!(
            "DELETE FROM conversation_participants WHERE (account_id, user_id, conversation_id) IN (
                 SELECT account_id, user_id, conversation_id FROM conversation_participants
                 WHERE account_id = $1 AND conversation_id = ANY($2) LIMIT $3)"
        ),
    ];
    for satellite in satellites {
        if left <= 0 {
            return Ok(());
        }
        let taken = tx.execute(satellite, (account, ids, left))?;
        left -= i64::try_from(taken).unwrap_or(left);
    }
    if left > 0 {
        let taken: Vec<(InboxId, Option<UserId>, Status, Timestamp)> = tx.query(
            sql!(
                "DELETE FROM conversations WHERE account_id = $1 AND id = ANY($2)
                 RETURNING inbox_id, assignee_id, status, created_at"
            ),
            (account, ids),
        )?;
        for (inbox_id, agent_id, status, at) in taken {
            uncount(tx, Place { account_id: account, inbox_id, agent_id, at }, Step::conversation(status));
        }
    }
    Ok(())
}

/// Takes away up to `most` times that reports were made of; gives how many.
fn take_times(tx: &mut Tx<'_>, account: AccountId, ids: &[ConversationId], most: i64) -> Result<i64> {
    let taken: Vec<(InboxId, Option<UserId>, String, f64, f64, Timestamp)> = tx.query(
        sql!(
            "DELETE FROM reporting_events WHERE account_id = $1 AND id IN (
                 SELECT id FROM reporting_events WHERE conversation_id = ANY($2) ORDER BY id LIMIT $3)
             RETURNING inbox_id, user_id, name, value, value_in_business_hours, created_at"
        ),
        (account, ids, most),
    )?;
    let count = i64::try_from(taken.len()).unwrap_or(most);
    for (inbox_id, agent_id, name, seconds, open_seconds, at) in taken {
        uncount(tx, Place { account_id: account, inbox_id, agent_id, at }, Step::time(&name, seconds, open_seconds));
    }
    Ok(count)
}

/// Takes a row that is gone out of the figures of reports.
fn uncount(tx: &mut Tx<'_>, place: Place, step: Step) {
    tally::add(tx, place, -step);
}

/// Takes away messages with their files. What hangs on a message and is not only rows goes here.
fn take_messages(tx: &mut Tx<'_>, account: AccountId, ids: &[MessageId]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let files: Vec<(FileId,)> = tx.query(
        sql!("SELECT file_id FROM attachments WHERE account_id = $1 AND message_id = ANY($2)"),
        (account, ids),
    )?;
    let files: Vec<FileId> = files.into_iter().map(|(file,)| file).collect();
    file::store::delete(tx, &files)?;
    let taken: Vec<(InboxId, Option<UserId>, MessageType, Timestamp)> = tx.query(
        sql!(
            "DELETE FROM messages WHERE account_id = $1 AND id = ANY($2)
             RETURNING inbox_id, user_id, message_type, created_at"
        ),
        (account, ids),
    )?;
    for (inbox_id, agent_id, message_type, at) in taken {
        uncount(tx, Place { account_id: account, inbox_id, agent_id, at }, Step::message(message_type));
    }
    Ok(())
}
