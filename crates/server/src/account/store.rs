//! The SQL of accounts.

use edge::Result;
use store::{Conn, Tx, params, sql};
use types::AccountId;

use super::{Account, NewAccount};

/// The columns of [`Account`].
macro_rules! columns {
    () => {
        "id, name, locale, domain, support_email, settings_flags, feature_flags, auto_resolve_duration, limits,
         custom_attributes, settings, status, created_at, updated_at"
    };
}

/// The account, unless it is being deleted.
pub fn find(conn: &mut Conn<'_>, id: AccountId) -> Result<Option<Account>> {
    Ok(conn.query_opt(sql!("SELECT ", columns!(), " FROM accounts WHERE id = $1 AND deleting_at IS NULL"), (id,))?)
}

/// The account, locked until the end of the transaction, unless it is being deleted.
pub(super) fn lock(tx: &mut Tx<'_>, id: AccountId) -> Result<Option<Account>> {
    Ok(tx.query_opt(
        sql!("SELECT ", columns!(), " FROM accounts WHERE id = $1 AND deleting_at IS NULL FOR NO KEY UPDATE"),
        (id,),
    )?)
}

/// Writes back what may change.
pub(super) fn update(tx: &mut Tx<'_>, account: &Account) -> Result<()> {
    tx.execute(
        sql!(
            "UPDATE accounts SET name = $2, locale = $3, domain = $4, support_email = $5, feature_flags = $6,
                 limits = $7, custom_attributes = $8, status = $9, updated_at = $10, settings = $11,
                 auto_resolve_duration = $12
             WHERE id = $1"
        ),
        params![
            account.id,
            account.name,
            account.locale,
            account.domain,
            account.support_email,
            account.feature_flags,
            account.limits,
            account.custom_attributes,
            account.status,
            account.updated_at,
            account.settings,
            account.auto_resolve_duration,
        ],
    )?;
    Ok(())
}

/// Hides the account from every answer; false when it is not there.
pub(super) fn set_deleting(tx: &mut Tx<'_>, id: AccountId) -> Result<bool> {
    let now = tx.now();
    let hidden = tx.execute(
        sql!("UPDATE accounts SET deleting_at = $2, updated_at = $2 WHERE id = $1 AND deleting_at IS NULL"),
        (id, now),
    )?;
    Ok(hidden > 0)
}

/// Lets other accounts' inboxes have the mail addresses of this one's.
pub(super) fn free_addresses(tx: &mut Tx<'_>, id: AccountId) -> Result<()> {
    tx.execute(
        sql!("UPDATE channels SET email = NULL, forward_to_email = NULL WHERE account_id = $1 AND email IS NOT NULL"),
        (id,),
    )?;
    Ok(())
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
