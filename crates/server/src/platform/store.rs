//! The SQL of platform apps.

use edge::Result;
use store::{Tx, sql};
use types::PlatformAppId;

/// Stores a platform app and its API key.
pub fn insert_app(tx: &mut Tx<'_>, name: &str, token: &str) -> Result<PlatformAppId> {
    let now = tx.now();
    let (app,): (PlatformAppId,) = tx.query_one(
        sql!("INSERT INTO platform_apps (name, created_at, updated_at) VALUES ($1, $2, $2) RETURNING id"),
        (name, now),
    )?;
    tx.execute(
        sql!("INSERT INTO access_tokens (token, platform_app_id, created_at) VALUES ($1, $2, $3)"),
        (token, app, now),
    )?;
    Ok(app)
}
