//! The SQL of users. They belong to no account.

use edge::{Error, Result};
use store::{Conn, Tx, sql};
use types::UserId;

use super::{Membership, NewUser, User};
use crate::file::avatar;
use crate::presence::{is_user_present, users_since};

/// Selects [`User`] by id, unless it is being deleted.
macro_rules! select {
    ($lock:literal) => {
        sql!(
            "SELECT u.id, u.name, u.display_name, u.email, u.confirmed_at IS NOT NULL AS confirmed, u.pubsub_token,
                    u.message_signature, u.ui_settings, u.custom_attributes, t.token AS access_token,
                    u.created_at, ",
            avatar!("u"),
            " FROM users u JOIN access_tokens t ON t.user_id = u.id
             WHERE u.id = $1 AND u.deleting_at IS NULL",
            $lock
        )
    };
}

/// The user, unless it is being deleted.
pub fn find(conn: &mut Conn<'_>, user: UserId) -> Result<Option<User>> {
    Ok(conn.query_opt(select!(""), (user,))?)
}

/// The same, locked until the end of the transaction.
pub(super) fn lock(tx: &mut Tx<'_>, user: UserId) -> Result<Option<User>> {
    Ok(tx.query_opt(select!(" FOR NO KEY UPDATE"), (user,))?)
}

/// Keeps the user from being deleted until the end of the transaction; false when it is already.
pub fn hold(tx: &mut Tx<'_>, user: UserId) -> Result<bool> {
    let held: Option<(UserId,)> =
        tx.query_opt(sql!("SELECT id FROM users WHERE id = $1 AND deleting_at IS NULL FOR KEY SHARE"), (user,))?;
    Ok(held.is_some())
}

/// Locks the user against everything until the end of the transaction, those that refer to it included.
pub(super) fn lock_to_delete(tx: &mut Tx<'_>, user: UserId) -> Result<bool> {
    let locked: Option<(UserId,)> =
        tx.query_opt(sql!("SELECT id FROM users WHERE id = $1 AND deleting_at IS NULL FOR UPDATE"), (user,))?;
    Ok(locked.is_some())
}

/// Hides the user from every answer, and frees its e-mail address.
pub(super) fn set_deleting(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    let now = tx.now();
    tx.execute(sql!("UPDATE users SET deleting_at = $2, updated_at = $2 WHERE id = $1"), (user, now))?;
    Ok(())
}

/// Writes back what may change; an address that another user has is refused.
pub(super) fn update(tx: &mut Tx<'_>, user: &User) -> Result<()> {
    let now = tx.now();
    let changed = tx.execute(
        sql!(
            "UPDATE users SET name = $2, display_name = $3, email = $4, custom_attributes = $5, message_signature = $6,
                 ui_settings = $7, updated_at = $8
             WHERE id = $1"
        ),
        (
            user.id,
            user.name.as_str(),
            user.display_name.as_deref(),
            user.email.as_str(),
            &user.custom_attributes,
            user.message_signature.as_deref(),
            &user.ui_settings,
            now,
        ),
    );
    match changed {
        Err(store::Error::Duplicate(_)) => Err(Error::invalid("email", "has already been taken")),
        changed => Ok(changed.map(drop)?),
    }
}

/// Whether there is such a user, not being deleted.
pub fn exists(conn: &mut Conn<'_>, user: UserId) -> Result<bool> {
    let row: Option<(UserId,)> =
        conn.query_opt(sql!("SELECT id FROM users WHERE id = $1 AND deleting_at IS NULL"), (user,))?;
    Ok(row.is_some())
}

/// The user with this address, which is in lower case.
pub fn find_id_by_email(conn: &mut Conn<'_>, email: &str) -> Result<Option<UserId>> {
    let row: Option<(UserId,)> =
        conn.query_opt(sql!("SELECT id FROM users WHERE email = $1 AND deleting_at IS NULL"), (email,))?;
    Ok(row.map(|(id,)| id))
}

/// The name that others see.
pub fn find_name(conn: &mut Conn<'_>, user: UserId) -> Result<Option<String>> {
    let row: Option<(String,)> = conn.query_opt(
        sql!("SELECT COALESCE(NULLIF(display_name, ''), name) FROM users WHERE id = $1 AND deleting_at IS NULL"),
        (user,),
    )?;
    Ok(row.map(|(name,)| name))
}

/// The user's accounts, the oldest membership first.
pub fn list_memberships(conn: &mut Conn<'_>, user: UserId) -> Result<Vec<Membership>> {
    let since = users_since(conn.now());
    Ok(conn.query(
        sql!(
            "SELECT a.id AS account_id, a.name AS account_name, a.status, a.custom_attributes AS account_attributes,
                    au.active_at, au.role, au.availability, au.auto_offline, ",
            is_user_present!("au.account_id", "au.user_id", "$2"),
            " AS is_present, au.inviter_id
             FROM account_users au JOIN accounts a ON a.id = au.account_id
             WHERE au.user_id = $1 AND a.deleting_at IS NULL ORDER BY au.id"
        ),
        (user, since),
    )?)
}

/// Stores a user; `None` when another one has the address.
pub(super) fn insert(tx: &mut Tx<'_>, new: &NewUser, email: &str, pubsub_token: &str) -> Result<Option<UserId>> {
    let now = tx.now();
    let row: Option<(UserId,)> = tx.query_opt(
        sql!(
            "INSERT INTO users (name, display_name, email, password_hash, confirmed_at, pubsub_token, ui_settings,
                 custom_attributes, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, '{}', $7, $8, $8)
             ON CONFLICT (email) WHERE deleting_at IS NULL DO NOTHING
             RETURNING id"
        ),
        (
            new.name.as_str(),
            new.display_name.as_deref(),
            email,
            new.password_hash.as_str(),
            new.confirmed.then_some(now),
            pubsub_token,
            &new.custom_attributes,
            now,
        ),
    )?;
    Ok(row.map(|(id,)| id))
}

/// Stores the user's API key.
pub(super) fn insert_access_token(tx: &mut Tx<'_>, user: UserId, token: &str) -> Result<()> {
    let now = tx.now();
    tx.execute(sql!("INSERT INTO access_tokens (token, user_id, created_at) VALUES ($1, $2, $3)"), (token, user, now))?;
    Ok(())
}

/// Replaces the user's API key.
pub(super) fn update_access_token(tx: &mut Tx<'_>, user: UserId, token: &str) -> Result<()> {
    let now = tx.now();
    tx.execute(sql!("UPDATE access_tokens SET token = $2, created_at = $3 WHERE user_id = $1"), (user, token, now))?;
    Ok(())
}

/// Confirms the address; false when it was confirmed before.
pub(super) fn confirm(tx: &mut Tx<'_>, user: UserId) -> Result<bool> {
    let now = tx.now();
    let changed = tx.execute(
        sql!(
            "UPDATE users SET confirmed_at = $2, updated_at = $2
             WHERE id = $1 AND confirmed_at IS NULL AND deleting_at IS NULL"
        ),
        (user, now),
    )?;
    Ok(changed > 0)
}
