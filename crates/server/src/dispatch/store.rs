//! The SQL of listeners' places.

use edge::Result;
use store::{Conn, Tx, sql};
use types::AccountId;

/// Notes a listener that is new: it hears what happens from now on, and new accounts from their beginning.
pub fn register(tx: &mut Tx<'_>, listener: &str) -> Result<()> {
    let now = tx.now();
    let is_new = tx.execute(
        sql!("INSERT INTO event_listeners (name, registered_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING"),
        (listener, now),
    )?;
    if is_new == 1 {
        tx.execute(
            sql!(
                "INSERT INTO event_cursors (account_id, listener, seq)
                 SELECT c.account_id, $1, c.event_seq FROM account_counters c WHERE TRUE
                 ON CONFLICT (account_id, listener) DO NOTHING"
            ),
            (listener,),
        )?;
    }
    Ok(())
}

/// Accounts whose log has more than the listener has heard.
pub fn list_behind(conn: &mut Conn<'_>, listener: &str) -> Result<Vec<AccountId>> {
    let rows: Vec<(AccountId,)> = conn.query(
        sql!(
            "SELECT c.account_id FROM account_counters c
             LEFT JOIN event_cursors k ON k.account_id = c.account_id AND k.listener = $1
             WHERE c.event_seq > COALESCE(k.seq, 0) ORDER BY c.account_id"
        ),
        (listener,),
    )?;
    Ok(rows.into_iter().map(|(account,)| account).collect())
}

/// The listener's place in the account's log; 0 when it has heard nothing of it.
pub fn find_cursor(conn: &mut Conn<'_>, listener: &str, account: AccountId) -> Result<i64> {
    let row: Option<(i64,)> = conn.query_opt(
        sql!("SELECT seq FROM event_cursors WHERE account_id = $1 AND listener = $2"),
        (account, listener),
    )?;
    Ok(row.map_or(0, |(seq,)| seq))
}

/// The same; it stays until the end of the transaction. `None`: the account is gone.
pub fn lock_cursor(tx: &mut Tx<'_>, listener: &str, account: AccountId) -> Result<Option<i64>> {
    let row: Option<(i64,)> = tx.query_opt(
        sql!(
            "INSERT INTO event_cursors (account_id, listener, seq)
             SELECT a.id, $2, 0 FROM accounts a WHERE a.id = $1
             ON CONFLICT (account_id, listener) DO UPDATE SET seq = event_cursors.seq
             RETURNING seq"
        ),
        (account, listener),
    )?;
    Ok(row.map(|(seq,)| seq))
}

/// Moves the listener's place.
pub fn set_cursor(tx: &mut Tx<'_>, listener: &str, account: AccountId, seq: i64) -> Result<()> {
    tx.execute(
        sql!("UPDATE event_cursors SET seq = $3 WHERE account_id = $1 AND listener = $2"),
        (account, listener, seq),
    )?;
    Ok(())
}
