//! The SQL of canned responses.

use edge::Result;
use store::{Conn, Tx, sql};
use types::{AccountId, CannedResponseId};

use super::{CannedResponse, Draft};
use crate::text;

/// The columns of [`CannedResponse`].
macro_rules! columns {
    () => {
        "id, account_id, short_code, content, created_at, updated_at"
    };
}

/// All canned responses of the account, by id.
pub fn list(conn: &mut Conn<'_>, account: AccountId) -> Result<Vec<CannedResponse>> {
    Ok(conn
        .query(sql!("SELECT ", columns!(), " FROM canned_responses WHERE account_id = $1 ORDER BY id"), (account,))?)
}

/// Those with `part` in their short code or content: first where the short code starts with it, then where it is
/// inside of the short code, then the others (semantics §10.1).
pub fn search(conn: &mut Conn<'_>, account: AccountId, part: &str) -> Result<Vec<CannedResponse>> {
    let contains = text::contains_pattern(&text::fold(part));
    let starts = &contains[1..];
    Ok(conn.query(
        sql!(
            "SELECT ",
            columns!(),
            r" FROM canned_responses
              WHERE account_id = $1 AND (folded_short_code LIKE $2 ESCAPE '\' OR folded_content LIKE $2 ESCAPE '\')
              ORDER BY CASE WHEN folded_short_code LIKE $3 ESCAPE '\' THEN 0
                            WHEN folded_short_code LIKE $2 ESCAPE '\' THEN 1 ELSE 2 END, id"
        ),
        (account, contains.as_str(), starts),
    )?)
}

/// The canned response, locked until the end of the transaction.
pub(super) fn lock(tx: &mut Tx<'_>, account: AccountId, id: CannedResponseId) -> Result<Option<CannedResponse>> {
    Ok(tx.query_opt(
        sql!("SELECT ", columns!(), " FROM canned_responses WHERE account_id = $1 AND id = $2 FOR UPDATE"),
        (account, id),
    )?)
}

/// Whether another one than `id` has the short code.
pub(super) fn is_taken(
    conn: &mut Conn<'_>,
    account: AccountId,
    short_code: &str,
    id: CannedResponseId,
) -> Result<bool> {
    let row: Option<(CannedResponseId,)> = conn.query_opt(
        sql!("SELECT id FROM canned_responses WHERE account_id = $1 AND short_code = $2 AND id <> $3"),
        (account, short_code, id),
    )?;
    Ok(row.is_some())
}

/// Stores a canned response; `None` when another one has the short code.
pub(super) fn insert(tx: &mut Tx<'_>, account: AccountId, draft: &Draft) -> Result<Option<CannedResponse>> {
    let now = tx.now();
    Ok(tx.query_opt(
        sql!(
            "INSERT INTO canned_responses (account_id, short_code, content, folded_short_code, folded_content, created_at,
                 updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $6)
             ON CONFLICT (account_id, short_code) DO NOTHING
             RETURNING ",
            columns!()
        ),
        (
            account,
            draft.short_code.as_str(),
            draft.content.as_str(),
            text::fold(&draft.short_code),
            text::fold(&draft.content),
            now,
        ),
    )?)
}

/// Writes back what may change.
pub(super) fn update(tx: &mut Tx<'_>, canned: &CannedResponse) -> Result<()> {
    tx.execute(
        sql!(
            "UPDATE canned_responses SET short_code = $3, content = $4, folded_short_code = $5, folded_content = $6,
                 updated_at = $7
             WHERE account_id = $1 AND id = $2"
        ),
        (
            canned.account_id,
            canned.id,
            canned.short_code.as_str(),
            canned.content.as_str(),
            text::fold(&canned.short_code),
            text::fold(&canned.content),
            canned.updated_at,
        ),
    )?;
    Ok(())
}

/// Removes it; false when it is not there.
pub(super) fn delete(tx: &mut Tx<'_>, account: AccountId, id: CannedResponseId) -> Result<bool> {
    Ok(tx.execute(sql!("DELETE FROM canned_responses WHERE account_id = $1 AND id = $2"), (account, id))? > 0)
}
