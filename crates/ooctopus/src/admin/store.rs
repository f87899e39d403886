//! The SQL of what operators see: across all accounts, which no request may.

use server::Result;
use store::{Conn, sql};
use types::{AccountId, PlatformAppId};

/// Every account that is not being deleted: id, name, status.
pub fn list_accounts(conn: &mut Conn<'_>) -> Result<Vec<(AccountId, String, String)>> {
    Ok(conn.query(sql!("SELECT id, name, status FROM accounts WHERE deleting_at IS NULL ORDER BY id"), ())?)
}

/// Every platform app: id, name.
pub fn list_platform_apps(conn: &mut Conn<'_>) -> Result<Vec<(PlatformAppId, String)>> {
    Ok(conn.query(sql!("SELECT id, name FROM platform_apps ORDER BY id"), ())?)
}

/// The token of the oldest platform app with this name.
pub fn find_platform_token(conn: &mut Conn<'_>, name: &str) -> Result<Option<String>> {
    let row: Option<(String,)> = conn.query_opt(
        sql!(
            "SELECT t.token FROM platform_apps p JOIN access_tokens t ON t.platform_app_id = p.id
             WHERE p.name = $1 ORDER BY p.id, t.id LIMIT 1"
        ),
        (name,),
    )?;
    Ok(row.map(|(token,)| token))
}
