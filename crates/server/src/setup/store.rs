//! The SQL of the set-up link. It belongs to the installation.

use edge::Result;
use store::{Conn, Tx, sql};
use types::Timestamp;

/// Whether there is a user, those included that are being deleted.
pub fn has_users(conn: &mut Conn<'_>) -> Result<bool> {
    let row: Option<(i64,)> = conn.query_opt(sql!("SELECT id FROM users ORDER BY id LIMIT 1"), ())?;
    Ok(row.is_some())
}

/// Stores the link in the place of the one before.
pub fn replace(tx: &mut Tx<'_>, token_digest: &str, expires_at: Timestamp) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!(
            "INSERT INTO setup_link (only_one, token_digest, expires_at, created_at) VALUES (1, $1, $2, $3)
             ON CONFLICT (only_one) DO UPDATE SET token_digest = $1, expires_at = $2, created_at = $3"
        ),
        (token_digest, expires_at, now),
    )?;
    Ok(())
}

/// Whether this is the link, and good.
pub fn is_good(conn: &mut Conn<'_>, token_digest: &str, now: Timestamp) -> Result<bool> {
    let row: Option<(i64,)> = conn.query_opt(
        sql!("SELECT id FROM setup_link WHERE token_digest = $1 AND expires_at > $2"),
        (token_digest, now),
    )?;
    Ok(row.is_some())
}

/// Takes the link away; false when it is not the one, or was used.
pub fn spend(tx: &mut Tx<'_>, token_digest: &str) -> Result<bool> {
    let now = tx.now();
    let spent =
        tx.execute(sql!("DELETE FROM setup_link WHERE token_digest = $1 AND expires_at > $2"), (token_digest, now))?;
    Ok(spent > 0)
}
