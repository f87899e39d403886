//! The SQL of presence.

use edge::Result;
use store::{Conn, Tx, sql};
use types::{AccountId, Availability, ContactId, UserId};

use super::{contacts_since, is_user_present, users_since};

/// Signs of life that follow each other more closely are one: several windows of one user.
const CLOSE_MICROS: i64 = 2_000_000;

/// Notes a sign of life of a user, who is a member of the account.
pub fn note_user(tx: &mut Tx<'_>, account: AccountId, user: UserId) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!(
            "INSERT INTO user_presences (account_id, user_id, seen_at)
             SELECT au.account_id, au.user_id, $3 FROM account_users au WHERE au.account_id = $1 AND au.user_id = $2
             ON CONFLICT (account_id, user_id) DO UPDATE SET seen_at = excluded.seen_at
             WHERE excluded.seen_at - user_presences.seen_at > $4"
        ),
        (account, user, now, CLOSE_MICROS),
    )?;
    Ok(())
}

/// Notes a sign of life of a contact.
pub fn note_contact(tx: &mut Tx<'_>, account: AccountId, contact: ContactId) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!(
            "INSERT INTO contact_presences (account_id, contact_id, seen_at)
             SELECT k.account_id, k.id, $3 FROM contacts k
             WHERE k.account_id = $1 AND k.id = $2 AND k.deleting_at IS NULL
             ON CONFLICT (account_id, contact_id) DO UPDATE SET seen_at = excluded.seen_at
             WHERE excluded.seen_at - contact_presences.seen_at > $4"
        ),
        (account, contact, now, CLOSE_MICROS),
    )?;
    Ok(())
}

/// Members who are there or count as such, with what they chose.
pub fn list_users(conn: &mut Conn<'_>, account: AccountId) -> Result<Vec<(UserId, Availability)>> {
    let since = users_since(conn.now());
    Ok(conn.query(
        sql!(
            "SELECT au.user_id, au.availability FROM account_users au JOIN users u ON u.id = au.user_id
             WHERE au.account_id = $1 AND u.deleting_at IS NULL AND (NOT au.auto_offline OR ",
            is_user_present!("au.account_id", "au.user_id", "$2"),
            ") ORDER BY au.user_id"
        ),
        (account, since),
    )?)
}

/// Contacts who are there.
pub fn list_contacts(conn: &mut Conn<'_>, account: AccountId) -> Result<Vec<ContactId>> {
    let since = contacts_since(conn.now());
    let rows: Vec<(ContactId,)> = conn.query(
        sql!(
            "SELECT p.contact_id FROM contact_presences p JOIN contacts k ON k.id = p.contact_id
             WHERE p.account_id = $1 AND p.seen_at >= $2 AND k.account_id = $1 AND k.deleting_at IS NULL
             ORDER BY p.contact_id"
        ),
        (account, since),
    )?;
    Ok(rows.into_iter().map(|(contact,)| contact).collect())
}

/// Whether the contact is there.
pub fn is_contact_present(conn: &mut Conn<'_>, account: AccountId, contact: ContactId) -> Result<bool> {
    let since = contacts_since(conn.now());
    let row: Option<(i64,)> = conn.query_opt(
        sql!(
            "SELECT 1 FROM contact_presences p
             WHERE p.account_id = $1 AND p.contact_id = $2 AND p.seen_at >= $3"
        ),
        (account, contact, since),
    )?;
    Ok(row.is_some())
}
