//! What one transaction takes away of an account, an inbox or a contact.

use edge::Result;
use store::{Sql, Tx, sql};
use types::{AccountId, ChannelId, ContactId, ConversationId, FileId, InboxId};

use super::conversations;
use crate::contact;
use crate::file;
use crate::file::picture::{self, Owner};
use crate::report::tally;

/// Some rows of an account; false when the account itself is gone.
pub fn account(tx: &mut Tx<'_>, id: AccountId, most: i64) -> Result<bool> {
    let found: Option<(AccountId,)> =
        tx.query_opt(sql!("SELECT id FROM accounts WHERE id = $1 AND deleting_at IS NOT NULL FOR UPDATE"), (id,))?;
    if found.is_none() {
        return Ok(false);
    }
    let ids: Vec<(ConversationId,)> = tx.query(
        sql!("SELECT id FROM conversations WHERE account_id = $1 ORDER BY display_id LIMIT $2"),
        (id, conversations::AT_ONCE),
    )?;
    if take_conversations(tx, id, ids, most)? {
        tally::discard(tx);
        return Ok(true);
    }
    let sessions = sql!(
        "DELETE FROM contact_inboxes WHERE account_id = $1 AND id IN (
             SELECT id FROM contact_inboxes WHERE account_id = $1 ORDER BY contact_id, id LIMIT $2)"
    );
    if tx.execute(sessions, (id, most))? > 0 {
        return Ok(true);
    }
    let contacts: Vec<(ContactId,)> =
        tx.query(sql!("SELECT id FROM contacts WHERE account_id = $1 ORDER BY id LIMIT $2"), (id, most))?;
    if !contacts.is_empty() {
        let contacts: Vec<ContactId> = contacts.into_iter().map(|(contact,)| contact).collect();
        take_contacts(tx, id, &contacts)?;
        return Ok(true);
    }
    // Pictures of inboxes and bots, and what was uploaded and never sent.
    let files: Vec<(FileId,)> =
        tx.query(sql!("SELECT id FROM files WHERE account_id = $1 ORDER BY id LIMIT $2"), (id, most))?;
    if !files.is_empty() {
        delete_files(tx, files)?;
        return Ok(true);
    }
    for table in tables() {
        if tx.execute(table, (id, most))? > 0 {
            return Ok(true);
        }
    }
    // What is left are some rows of its team and its settings.
    tx.execute(sql!("DELETE FROM accounts WHERE id = $1"), (id,))?;
    Ok(false)
}

/// Tables of an account that may have many rows and depend on nothing by now.
fn tables() -> [&'static Sql; 7] {
    [
        sql!(
            "DELETE FROM webhook_deliveries WHERE account_id = $1 AND id IN (
                 SELECT id FROM webhook_deliveries WHERE account_id = $1 ORDER BY id LIMIT $2)"
        ),
        sql!(
            "DELETE FROM report_tallies WHERE account_id = $1 AND (scope, subject, span, starts_at) IN (
                 SELECT scope, subject, span, starts_at FROM report_tallies WHERE account_id = $1 LIMIT $2)"
        ),
        sql!(
            "DELETE FROM events WHERE account_id = $1 AND seq IN (
                 SELECT seq FROM events WHERE account_id = $1 ORDER BY seq LIMIT $2)"
        ),
        sql!(
            "DELETE FROM audit_log WHERE account_id = $1 AND id IN (
                 SELECT id FROM audit_log WHERE account_id = $1 ORDER BY id LIMIT $2)"
        ),
        sql!(
            "DELETE FROM tags WHERE account_id = $1 AND id IN (
                 SELECT id FROM tags WHERE account_id = $1 ORDER BY folded_name LIMIT $2)"
        ),
        sql!(
            "DELETE FROM custom_filters WHERE account_id = $1 AND id IN (
                 SELECT id FROM custom_filters WHERE account_id = $1 ORDER BY user_id, filter_type, id LIMIT $2)"
        ),
        // With their inboxes, opening hours and members.
        sql!(
            "DELETE FROM channels WHERE account_id = $1 AND id IN (
                 SELECT id FROM channels WHERE account_id = $1 ORDER BY id LIMIT CASE WHEN $2 > 0 THEN 1 ELSE 0 END)"
        ),
    ]
}

/// Some rows of an inbox; false when the inbox itself is gone.
pub fn inbox(tx: &mut Tx<'_>, account: AccountId, id: InboxId, most: i64) -> Result<bool> {
    let found: Option<(ChannelId,)> = tx.query_opt(
        sql!("SELECT channel_id FROM inboxes WHERE account_id = $1 AND id = $2 AND deleting_at IS NOT NULL FOR UPDATE"),
        (account, id),
    )?;
    let Some((channel,)) = found else { return Ok(false) };
    let ids: Vec<(ConversationId,)> = tx.query(
        sql!("SELECT id FROM conversations WHERE account_id = $1 AND inbox_id = $2 LIMIT $3"),
        (account, id, conversations::AT_ONCE),
    )?;
    if take_conversations(tx, account, ids, most)? {
        return Ok(true);
    }
    let sessions = sql!(
        "DELETE FROM contact_inboxes WHERE account_id = $1 AND id IN (
             SELECT id FROM contact_inboxes WHERE inbox_id = $2 ORDER BY source_id LIMIT $3)"
    );
    if tx.execute(sessions, (account, id, most))? > 0 {
        return Ok(true);
    }
    // Nothing counts in the inbox any more.
    let figures = sql!(
        "DELETE FROM report_tallies WHERE account_id = $1 AND scope = 'inbox' AND subject = $2 AND (span, starts_at) IN (
             SELECT span, starts_at FROM report_tallies
             WHERE account_id = $1 AND scope = 'inbox' AND subject = $2 LIMIT $3)"
    );
    if tx.execute(figures, (account, id, most))? > 0 {
        return Ok(true);
    }
    picture::set(tx, Owner::Inbox(account, id), None)?;
    // The inbox goes with its channel, and with it its opening hours, its members and its queue.
    tx.execute(sql!("DELETE FROM channels WHERE account_id = $1 AND id = $2"), (account, channel))?;
    Ok(false)
}

/// Some rows of a contact; false when the contact itself is gone.
pub fn contact(tx: &mut Tx<'_>, account: AccountId, id: ContactId, most: i64) -> Result<bool> {
    let found: Option<(ContactId,)> = tx.query_opt(
        sql!("SELECT id FROM contacts WHERE account_id = $1 AND id = $2 AND deleting_at IS NOT NULL FOR UPDATE"),
        (account, id),
    )?;
    if found.is_none() {
        return Ok(false);
    }
    let ids: Vec<(ConversationId,)> = tx.query(
        sql!("SELECT id FROM conversations WHERE account_id = $1 AND contact_id = $2 LIMIT $3"),
        (account, id, conversations::AT_ONCE),
    )?;
    if take_conversations(tx, account, ids, most)? {
        return Ok(true);
    }
    let satellites = [
        sql!(
            "DELETE FROM contact_inboxes WHERE account_id = $1 AND id IN (
                 SELECT id FROM contact_inboxes WHERE account_id = $1 AND contact_id = $2 ORDER BY id LIMIT $3)"
        ),
        sql!(
            "DELETE FROM contact_tags WHERE (account_id, contact_id, tag_id) IN (
                 SELECT account_id, contact_id, tag_id FROM contact_tags
                 WHERE account_id = $1 AND contact_id = $2 LIMIT $3)"
        ),
        // In conversations of others; those keep what was written.
        sql!(
            "UPDATE messages SET contact_id = NULL WHERE account_id = $1 AND id IN (
                 SELECT id FROM messages WHERE contact_id = $2 LIMIT $3)"
        ),
    ];
    for satellite in satellites {
        if tx.execute(satellite, (account, id, most))? > 0 {
            return Ok(true);
        }
    }
    take_contacts(tx, account, &[id])?;
    Ok(false)
}

/// Some rows of these conversations; false when there are no conversations.
fn take_conversations(tx: &mut Tx<'_>, account: AccountId, ids: Vec<(ConversationId,)>, most: i64) -> Result<bool> {
    let ids: Vec<ConversationId> = ids.into_iter().map(|(id,)| id).collect();
    if ids.is_empty() {
        return Ok(false);
    }
    conversations::take_some(tx, account, &ids, most)?;
    Ok(true)
}

/// Takes away contacts with what finds them and with their pictures. What hangs on a contact and is not only rows goes
/// here.
fn take_contacts(tx: &mut Tx<'_>, account: AccountId, ids: &[ContactId]) -> Result<()> {
    let pictures: Vec<(FileId,)> = tx.query(
        sql!(
            "SELECT avatar_file_id FROM contacts
             WHERE account_id = $1 AND id = ANY($2) AND avatar_file_id IS NOT NULL"
        ),
        (account, ids),
    )?;
    delete_files(tx, pictures)?;
    contact::search::forget(tx, ids)?;
    tx.execute(sql!("DELETE FROM contacts WHERE account_id = $1 AND id = ANY($2)"), (account, ids))?;
    Ok(())
}

fn delete_files(tx: &mut Tx<'_>, files: Vec<(FileId,)>) -> Result<()> {
    let files: Vec<FileId> = files.into_iter().map(|(file,)| file).collect();
    file::store::delete(tx, &files)
}
