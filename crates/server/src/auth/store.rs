//! The SQL of sessions and links. They belong to users, not to accounts.

use edge::Result;
use store::{Conn, Tx, sql};
use types::{AccountId, Timestamp, UserId, UserSessionId};

use super::link::Link;

::store::row! {
    /// What is needed to let somebody in.
    #[derive(Clone)]
    pub struct Login {
        pub id: UserId,
        pub email: String,
        pub password_hash: String,
        pub confirmed: bool,
    }
}

/// The user with this address, which is in lower case.
pub fn find_login(conn: &mut Conn<'_>, email: &str) -> Result<Option<Login>> {
    Ok(conn.query_opt(
        sql!(
            "SELECT id, email, password_hash, confirmed_at IS NOT NULL AS confirmed FROM users
             WHERE email = $1 AND deleting_at IS NULL"
        ),
        (email,),
    )?)
}

/// Locks the user, so that nothing about signing in changes meanwhile.
pub fn lock_login(tx: &mut Tx<'_>, user: UserId) -> Result<Option<Login>> {
    Ok(tx.query_opt(
        sql!(
            "SELECT id, email, password_hash, confirmed_at IS NOT NULL AS confirmed FROM users
             WHERE id = $1 AND deleting_at IS NULL FOR UPDATE"
        ),
        (user,),
    )?)
}

/// What the user's password is stored as.
pub fn find_password_hash(conn: &mut Conn<'_>, user: UserId) -> Result<Option<String>> {
    let row: Option<(String,)> =
        conn.query_opt(sql!("SELECT password_hash FROM users WHERE id = $1 AND deleting_at IS NULL"), (user,))?;
    Ok(row.map(|(hash,)| hash))
}

/// Stores another hash of the same password.
pub fn set_password_hash(tx: &mut Tx<'_>, user: UserId, hash: &str) -> Result<()> {
    tx.execute(sql!("UPDATE users SET password_hash = $2 WHERE id = $1"), (user, hash))?;
    Ok(())
}

pub fn insert_session(
    tx: &mut Tx<'_>,
    user: UserId,
    client: &str,
    uid: &str,
    token_digest: &str,
    expires_at: Timestamp,
) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!(
            "INSERT INTO user_sessions (user_id, client, uid, token_digest, expires_at, created_at)
             VALUES ($1, $2, $3, $4, $5, $6)"
        ),
        (user, client, uid, token_digest, expires_at, now),
    )?;
    Ok(())
}

/// Deletes sessions that are over, and the oldest beyond `most`.
pub fn delete_old_sessions(tx: &mut Tx<'_>, user: UserId, most: i64) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!(
            "DELETE FROM user_sessions WHERE user_id = $1 AND (expires_at <= $2 OR id NOT IN (
                 SELECT id FROM user_sessions WHERE user_id = $1 ORDER BY id DESC LIMIT $3))"
        ),
        (user, now, most),
    )?;
    Ok(())
}

pub fn delete_session(tx: &mut Tx<'_>, session: UserSessionId) -> Result<()> {
    tx.execute(sql!("DELETE FROM user_sessions WHERE id = $1"), (session,))?;
    Ok(())
}

pub fn delete_sessions(tx: &mut Tx<'_>, user: UserId, spared: Option<UserSessionId>) -> Result<()> {
    tx.execute(
        sql!("DELETE FROM user_sessions WHERE user_id = $1 AND (CAST($2 AS BIGINT) IS NULL OR id <> $2)"),
        (user, spared),
    )?;
    Ok(())
}

pub fn insert_link(
    tx: &mut Tx<'_>,
    user: UserId,
    purpose: &str,
    token_digest: &str,
    email: Option<&str>,
    expires_at: Timestamp,
) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!(
            "INSERT INTO user_links (user_id, purpose, token_digest, email, expires_at, created_at)
             VALUES ($1, $2, $3, $4, $5, $6)"
        ),
        (user, purpose, token_digest, email, expires_at, now),
    )?;
    Ok(())
}

pub fn find_link(conn: &mut Conn<'_>, purpose: &str, token_digest: &str, now: Timestamp) -> Result<Option<Link>> {
    Ok(conn.query_opt(
        sql!(
            "SELECT user_id, email, used_at FROM user_links
             WHERE token_digest = $2 AND purpose = $1 AND expires_at > $3"
        ),
        (purpose, token_digest, now),
    )?)
}

/// Marks the link as used, unless it was.
pub fn spend_link(tx: &mut Tx<'_>, purpose: &str, token_digest: &str, now: Timestamp) -> Result<Option<Link>> {
    Ok(tx.query_opt(
        sql!(
            "UPDATE user_links SET used_at = $3
             WHERE token_digest = $2 AND purpose = $1 AND expires_at > $3 AND used_at IS NULL
             RETURNING user_id, email, used_at"
        ),
        (purpose, token_digest, now),
    )?)
}

pub fn delete_link(tx: &mut Tx<'_>, token_digest: &str) -> Result<()> {
    tx.execute(sql!("DELETE FROM user_links WHERE token_digest = $1"), (token_digest,))?;
    Ok(())
}

pub fn delete_links(tx: &mut Tx<'_>, user: UserId, purpose: &str) -> Result<()> {
    tx.execute(sql!("DELETE FROM user_links WHERE user_id = $1 AND purpose = $2"), (user, purpose))?;
    Ok(())
}

pub fn delete_expired_links(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    let now = tx.now();
    tx.execute(sql!("DELETE FROM user_links WHERE user_id = $1 AND expires_at <= $2"), (user, now))?;
    Ok(())
}

/// Replaces the key of the user's sockets.
pub fn set_pubsub_token(tx: &mut Tx<'_>, user: UserId, token: &str) -> Result<Option<String>> {
    let before: Option<(String,)> =
        tx.query_opt(sql!("SELECT pubsub_token FROM users WHERE id = $1 FOR NO KEY UPDATE"), (user,))?;
    let now = tx.now();
    tx.execute(sql!("UPDATE users SET pubsub_token = $2, updated_at = $3 WHERE id = $1"), (user, token, now))?;
    Ok(before.map(|(token,)| token))
}

/// The address that the user wants and has not confirmed.
pub fn find_unconfirmed_email(conn: &mut Conn<'_>, user: UserId) -> Result<Option<String>> {
    let row: Option<(Option<String>,)> =
        conn.query_opt(sql!("SELECT unconfirmed_email FROM users WHERE id = $1 AND deleting_at IS NULL"), (user,))?;
    Ok(row.and_then(|(email,)| email))
}

/// Notes the address that the user wants, or that it wants none.
pub fn set_unconfirmed_email(tx: &mut Tx<'_>, user: UserId, email: Option<&str>) -> Result<()> {
    tx.execute(sql!("UPDATE users SET unconfirmed_email = $2 WHERE id = $1"), (user, email))?;
    Ok(())
}

/// Makes the wanted address the user's own, confirmed; false when another user has it by now.
pub fn move_to_unconfirmed_email(tx: &mut Tx<'_>, user: UserId) -> Result<bool> {
    let now = tx.now();
    let moved = tx.execute(
        sql!(
            "UPDATE users SET email = unconfirmed_email, unconfirmed_email = NULL, confirmed_at = $2, updated_at = $2
             WHERE id = $1 AND unconfirmed_email IS NOT NULL"
        ),
        (user, now),
    );
    match moved {
        Err(store::Error::Duplicate(_)) => Ok(false),
        moved => Ok(moved? > 0),
    }
}

/// The languages of the user's accounts.
pub fn list_locales(conn: &mut Conn<'_>, user: UserId) -> Result<Vec<(AccountId, String)>> {
    Ok(conn.query(
        sql!(
            "SELECT a.id, a.locale FROM account_users au JOIN accounts a ON a.id = au.account_id
             WHERE au.user_id = $1 AND a.deleting_at IS NULL ORDER BY au.id"
        ),
        (user,),
    )?)
}
