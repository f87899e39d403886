//! Who may hear: the streams of those who see something (realtime.md §2.3). The same rows decide what lists show.

use edge::Result;
use store::{Conn, sql};
use types::{AccountId, ContactId, ContactInboxId, InboxId, UserId};

use crate::inbox;

/// The streams of the members who see what is in the inbox.
pub fn viewers(conn: &mut Conn<'_>, account: AccountId, inbox: InboxId) -> Result<Vec<String>> {
    Ok(inbox::store::list_viewers(conn, account, inbox)?.into_iter().map(|(_, key)| key).collect())
}

/// The streams of all members.
pub fn members(conn: &mut Conn<'_>, account: AccountId) -> Result<Vec<String>> {
    keys(conn.query(
        sql!(
            "SELECT u.pubsub_token FROM account_users au
             JOIN users u ON u.id = au.user_id
             JOIN accounts a ON a.id = au.account_id
             WHERE au.account_id = $1 AND u.deleting_at IS NULL AND a.deleting_at IS NULL AND a.status = 'active'
             ORDER BY au.user_id"
        ),
        (account,),
    ))
}

/// The member's stream.
pub fn member(conn: &mut Conn<'_>, account: AccountId, user: UserId) -> Result<Vec<String>> {
    keys(conn.query(
        sql!(
            "SELECT u.pubsub_token FROM account_users au
             JOIN users u ON u.id = au.user_id
             JOIN accounts a ON a.id = au.account_id
             WHERE au.account_id = $1 AND au.user_id = $2 AND u.deleting_at IS NULL AND a.deleting_at IS NULL
               AND a.status = 'active'"
        ),
        (account, user),
    ))
}

/// The streams of the contact behind a session: the session's own, or, when it has proved its identity, those of all the
/// contact's sessions that have.
pub fn contact(conn: &mut Conn<'_>, account: AccountId, session: ContactInboxId) -> Result<Vec<String>> {
    keys(conn.query(
        sql!(
            "SELECT s.pubsub_token FROM contact_inboxes own
             JOIN contact_inboxes s ON s.account_id = own.account_id AND s.contact_id = own.contact_id
             JOIN accounts a ON a.id = own.account_id
             WHERE own.account_id = $1 AND own.id = $2 AND a.deleting_at IS NULL AND a.status = 'active'
               AND (s.id = own.id OR (own.hmac_verified AND s.hmac_verified))
             ORDER BY s.id"
        ),
        (account, session),
    ))
}

/// The streams of all sessions of a contact.
pub fn sessions(conn: &mut Conn<'_>, account: AccountId, contact: ContactId) -> Result<Vec<String>> {
    keys(conn.query(
        sql!(
            "SELECT s.pubsub_token FROM contact_inboxes s JOIN accounts a ON a.id = s.account_id
             WHERE s.account_id = $1 AND s.contact_id = $2 AND a.deleting_at IS NULL AND a.status = 'active'
             ORDER BY s.id"
        ),
        (account, contact),
    ))
}

/// The stream of a user.
pub fn key_of_user(conn: &mut Conn<'_>, user: UserId) -> Result<Option<String>> {
    let row: Option<(String,)> = conn.query_opt(sql!("SELECT pubsub_token FROM users WHERE id = $1"), (user,))?;
    Ok(row.map(|(key,)| key))
}

/// The stream of a session.
pub fn key_of_session(conn: &mut Conn<'_>, account: AccountId, session: ContactInboxId) -> Result<Option<String>> {
    let row: Option<(String,)> = conn.query_opt(
        sql!("SELECT pubsub_token FROM contact_inboxes WHERE account_id = $1 AND id = $2"),
        (account, session),
    )?;
    Ok(row.map(|(key,)| key))
}

/// A user who may listen to the account, by his key.
pub fn find_user(conn: &mut Conn<'_>, account: AccountId, user: UserId, key: &str) -> Result<bool> {
    Ok(member(conn, account, user)?.iter().any(|own| own == key))
}

/// The session with this key, if its contact and inbox are there.
pub fn find_session(conn: &mut Conn<'_>, key: &str) -> Result<Option<(AccountId, ContactId)>> {
    Ok(conn.query_opt(
        sql!(
            "SELECT s.account_id, s.contact_id FROM contact_inboxes s
             JOIN accounts a ON a.id = s.account_id
             JOIN contacts k ON k.id = s.contact_id
             JOIN inboxes i ON i.id = s.inbox_id
             WHERE s.pubsub_token = $1 AND a.deleting_at IS NULL AND a.status = 'active' AND k.deleting_at IS NULL
               AND i.deleting_at IS NULL"
        ),
        (key,),
    )?)
}

fn keys(rows: store::Result<Vec<(String,)>>) -> Result<Vec<String>> {
    Ok(rows?.into_iter().map(|(key,)| key).collect())
}
