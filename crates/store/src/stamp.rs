//! When things of some kind last changed in an account: what clients compare before they load a list again.

use std::collections::BTreeMap;

use types::AccountId;

use crate::{Conn, Result, Tx, sql};

/// When things of some kind last changed in an account, in epoch seconds. A stamp moves with every recorded event that
/// names it, so that it never comes back to what it was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stamps(BTreeMap<String, i64>);

impl Stamps {
    /// All stamps of the account.
    pub fn load(conn: &mut Conn<'_>, account: AccountId) -> Result<Self> {
        let rows: Vec<(String, i64)> =
            conn.query(sql!("SELECT name, second FROM account_stamps WHERE account_id = $1"), (account,))?;
        Ok(Self(rows.into_iter().collect()))
    }

    /// The epoch second; 0 when nothing of the kind ever changed.
    pub fn second(&self, name: &str) -> i64 {
        self.0.get(name).copied().unwrap_or(0)
    }
}

/// Moves a stamp to the second of this transaction, or to the next one when it has come so far already.
pub(crate) fn advance(tx: &mut Tx<'_>, account: AccountId, name: &str) -> Result<()> {
    let second = tx.now().epoch_seconds();
    tx.execute(
        sql!(
            "INSERT INTO account_stamps (account_id, name, second) VALUES ($1, $2, $3)
             ON CONFLICT (account_id, name) DO UPDATE SET second =
                 CASE WHEN account_stamps.second < excluded.second THEN excluded.second
                      ELSE account_stamps.second + 1 END"
        ),
        (account, name, second),
    )?;
    Ok(())
}
