//! The SQL of accounts.

use edge::{Error, Result};
use store::{Conn, Tx, sql};
use types::AccountId;

use super::{Account, NewAccount};

/// The columns of [`Account`].
macro_rules! columns {
    () => {
        "id, name, locale, domain, support_email, settings_flags, feature_flags, auto_resolve_duration, limits,
         custom_attributes, status, created_at, updated_at"
    };
}

/// The account, unless it is being deleted.
pub fn find(conn: &mut Conn<'_>, id: AccountId) -> Result<Option<Account>> {
    Ok(conn.query_opt(sql!("SELECT ", columns!(), " FROM accounts WHERE id = $1 AND deleting_at IS NULL"), (id,))?)
}

/// Makes changes of what is set up in the account happen one after the other until the end of the transaction:
/// unique names, limits. Other work in the account goes on.
pub fn lock_settings(tx: &mut Tx<'_>, id: AccountId) -> Result<()> {
    let row: Option<(AccountId,)> =
        tx.query_opt(sql!("SELECT id FROM accounts WHERE id = $1 AND deleting_at IS NULL FOR NO KEY UPDATE"), (id,))?;
    row.map(drop).ok_or(Error::NotFound("account"))
}

/// Stores an account.
pub(super) fn insert(tx: &mut Tx<'_>, new: &NewAccount) -> Result<Account> {
    let now = tx.now();
    Ok(tx.query_one(
        sql!(
            "INSERT INTO accounts (name, locale, domain, support_email, settings_flags, feature_flags, limits,
                 custom_attributes, status, created_at, updated_at)
             VALUES ($1, $2, $3, $4, 0, $5, $6, $7, $8, $9, $9)
             RETURNING ",
            columns!()
        ),
        (
            new.name.as_str(),
            new.locale,
            new.domain.as_deref(),
            new.support_email.as_deref(),
            new.features,
            &new.limits,
            &new.custom_attributes,
            new.status,
            now,
        ),
    )?)
}
