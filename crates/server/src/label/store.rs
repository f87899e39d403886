//! The SQL of labels.

use std::collections::HashMap;
use std::time::Duration;

use edge::Result;
use store::{Conn, Tx, sql};
use types::{AccountId, ContactId, ConversationId, LabelId};

use super::{Draft, Label};

/// The columns of [`Label`].
macro_rules! columns {
    () => {
        "id, account_id, title, description, color, show_on_sidebar, created_at, updated_at"
    };
}

/// The labels of the account, by title.
pub fn list(conn: &mut Conn<'_>, account: AccountId) -> Result<Vec<Label>> {
    Ok(conn.query(sql!("SELECT ", columns!(), " FROM labels WHERE account_id = $1 ORDER BY title"), (account,))?)
}

/// The label.
pub fn find(conn: &mut Conn<'_>, account: AccountId, id: LabelId) -> Result<Option<Label>> {
    Ok(conn.query_opt(sql!("SELECT ", columns!(), " FROM labels WHERE account_id = $1 AND id = $2"), (account, id))?)
}

/// Whether another label than `except` has the title.
pub(super) fn is_taken(conn: &mut Conn<'_>, account: AccountId, title: &str, except: Option<LabelId>) -> Result<bool> {
    let row: Option<(LabelId,)> = conn.query_opt(
        sql!(
            "SELECT id FROM labels WHERE account_id = $1 AND title = $2
               AND (CAST($3 AS BIGINT) IS NULL OR id <> $3)"
        ),
        (account, title, except),
    )?;
    Ok(row.is_some())
}

/// Stores a label.
pub(super) fn insert(tx: &mut Tx<'_>, account: AccountId, draft: &Draft) -> Result<Label> {
    let now = tx.now();
    Ok(tx.query_one(
        sql!(
            "INSERT INTO labels (account_id, title, description, color, show_on_sidebar, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING ",
            columns!()
        ),
        (account, draft.title.as_str(), draft.description.as_deref(), draft.color.as_str(), draft.show_on_sidebar, now),
    )?)
}

/// Writes back what may change.
pub(super) fn update(tx: &mut Tx<'_>, account: AccountId, id: LabelId, draft: &Draft) -> Result<Label> {
    let now = tx.now();
    Ok(tx.query_one(
        sql!(
            "UPDATE labels SET title = $3, description = $4, color = $5, show_on_sidebar = $6, updated_at = $7
             WHERE account_id = $1 AND id = $2 RETURNING ",
            columns!()
        ),
        (
            account,
            id,
            draft.title.as_str(),
            draft.description.as_deref(),
            draft.color.as_str(),
            draft.show_on_sidebar,
            now,
        ),
    )?)
}

/// Removes it.
pub(super) fn delete(tx: &mut Tx<'_>, account: AccountId, id: LabelId) -> Result<()> {
    tx.execute(sql!("DELETE FROM labels WHERE account_id = $1 AND id = $2"), (account, id))?;
    Ok(())
}

/// The tag of this folded name.
pub(super) fn find_tag(conn: &mut Conn<'_>, account: AccountId, folded: &str) -> Result<Option<i64>> {
    let row: Option<(i64,)> =
        conn.query_opt(sql!("SELECT id FROM tags WHERE account_id = $1 AND folded_name = $2"), (account, folded))?;
    Ok(row.map(|(id,)| id))
}

/// Gives a tag another name, everywhere at once.
pub(super) fn rename_tag(tx: &mut Tx<'_>, account: AccountId, tag: i64, name: &str, folded: &str) -> Result<()> {
    tx.execute(
        sql!("UPDATE tags SET name = $3, folded_name = $4 WHERE account_id = $1 AND id = $2"),
        (account, tag, name, folded),
    )?;
    Ok(())
}

/// Takes away a tag that nothing has.
pub(super) fn delete_unused_tag(tx: &mut Tx<'_>, account: AccountId, tag: i64) -> Result<()> {
    tx.execute(
        sql!(
            "DELETE FROM tags WHERE account_id = $1 AND id = $2
               AND NOT EXISTS (SELECT 1 FROM conversation_tags c WHERE c.account_id = $1 AND c.tag_id = $2)
               AND NOT EXISTS (SELECT 1 FROM contact_tags k WHERE k.account_id = $1 AND k.tag_id = $2)"
        ),
        (account, tag),
    )?;
    Ok(())
}

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

/// Puts the tags on the contact; one that is there stays as it is. Their times are a microsecond apart, too.
pub fn add_to_contact(tx: &mut Tx<'_>, account: AccountId, contact: ContactId, tags: &[i64]) -> Result<()> {
    let mut at = tx.now();
    for tag in tags {
        tx.execute(
            sql!(
                "INSERT INTO contact_tags (account_id, contact_id, tag_id, created_at)
                 VALUES ($1, $2, $3, $4) ON CONFLICT (account_id, contact_id, tag_id) DO NOTHING"
            ),
            (account, contact, *tag, at),
        )?;
        at = at.plus(Duration::from_micros(1));
    }
    Ok(())
}

/// Takes every tag but `kept` off the contact.
pub fn keep_on_contact(tx: &mut Tx<'_>, account: AccountId, contact: ContactId, kept: &[i64]) -> Result<()> {
    tx.execute(
        sql!("DELETE FROM contact_tags WHERE account_id = $1 AND contact_id = $2 AND NOT (tag_id = ANY($3))"),
        (account, contact, kept),
    )?;
    Ok(())
}
