//! The SQL of labels.

use std::collections::HashMap;
use std::time::Duration;

use edge::Result;
use store::{Conn, Tx, sql};
use types::{AccountId, ContactId, ConversationId};

/// The labels of a conversation, in the order in which they were added.
pub fn list_of_conversation(
    conn: &mut Conn<'_>,
    account: AccountId,
    conversation: ConversationId,
) -> Result<Vec<String>> {
    Ok(list_of_conversations(conn, account, &[conversation])?.remove(&conversation).unwrap_or_default())
}

/// The labels of several conversations.
pub fn list_of_conversations(
    conn: &mut Conn<'_>,
    account: AccountId,
    ids: &[ConversationId],
) -> Result<HashMap<ConversationId, Vec<String>>> {
    let rows: Vec<(ConversationId, String)> = conn.query(
        sql!(
            "SELECT ct.conversation_id, t.name FROM conversation_tags ct JOIN tags t ON t.id = ct.tag_id
             WHERE ct.account_id = $1 AND ct.conversation_id = ANY($2)
             ORDER BY ct.conversation_id, ct.created_at, ct.tag_id"
        ),
        (account, ids),
    )?;
    let mut labels: HashMap<ConversationId, Vec<String>> = HashMap::new();
    for (conversation, name) in rows {
        labels.entry(conversation).or_default().push(name);
    }
    Ok(labels)
}

/// The labels of a contact.
pub fn list_of_contact(conn: &mut Conn<'_>, account: AccountId, contact: ContactId) -> Result<Vec<String>> {
    let rows: Vec<(String,)> = conn.query(
        sql!(
            "SELECT t.name FROM contact_tags ct JOIN tags t ON t.id = ct.tag_id
             WHERE ct.account_id = $1 AND ct.contact_id = $2 ORDER BY ct.created_at, ct.tag_id"
        ),
        (account, contact),
    )?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// The tag of this name, made when the account has none; the first spelling stays.
pub fn find_or_create_tag(tx: &mut Tx<'_>, account: AccountId, name: &str, folded: &str) -> Result<(i64, String)> {
    let find = sql!("SELECT id, name FROM tags WHERE account_id = $1 AND folded_name = $2");
    if let Some(tag) = tx.query_opt(find, (account, folded))? {
        return Ok(tag);
    }
    tx.execute(
        sql!(
            "INSERT INTO tags (account_id, name, folded_name) VALUES ($1, $2, $3)
             ON CONFLICT (account_id, folded_name) DO NOTHING"
        ),
        (account, name, folded),
    )?;
    Ok(tx.query_one(find, (account, folded))?)
}

/// Puts the tags on the conversation; one that is there stays as it is.
///
/// Their times are a microsecond apart, so that they are listed in their order.
pub fn add_to_conversation(
    tx: &mut Tx<'_>,
    account: AccountId,
    conversation: ConversationId,
    tags: &[i64],
) -> Result<()> {
    let mut at = tx.now();
    for tag in tags {
        tx.execute(
            sql!(
                "INSERT INTO conversation_tags (account_id, conversation_id, tag_id, created_at)
                 VALUES ($1, $2, $3, $4) ON CONFLICT (account_id, conversation_id, tag_id) DO NOTHING"
            ),
            (account, conversation, *tag, at),
        )?;
        at = at.plus(Duration::from_micros(1));
    }
    Ok(())
}

/// Takes every tag but `kept` off the conversation.
pub fn keep_on_conversation(
    tx: &mut Tx<'_>,
    account: AccountId,
    conversation: ConversationId,
    kept: &[i64],
) -> Result<()> {
    tx.execute(
        sql!(
            "DELETE FROM conversation_tags
             WHERE account_id = $1 AND conversation_id = $2 AND NOT (tag_id = ANY($3))"
        ),
        (account, conversation, kept),
    )?;
    Ok(())
}
