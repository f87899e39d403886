//! Conversations and all that hangs on them, taken away in small parts.

use edge::Result;
use store::{Tx, sql};
use types::{AccountId, ConversationId, FileId, MessageId};

use crate::file;

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
    let satellites = [
        sql!(
            "DELETE FROM reporting_events WHERE account_id = $1 AND id IN (
                 SELECT id FROM reporting_events WHERE conversation_id = ANY($2) ORDER BY id LIMIT $3)"
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
        tx.execute(sql!("DELETE FROM conversations WHERE account_id = $1 AND id = ANY($2)"), (account, ids))?;
    }
    Ok(())
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
    tx.execute(sql!("DELETE FROM messages WHERE account_id = $1 AND id = ANY($2)"), (account, ids))?;
    Ok(())
}
