//! The SQL of custom filters.

use edge::Result;
use store::{Conn, Tx, params, sql};
use types::{AccountId, CustomFilterId, CustomFilterType, UserId};

use super::{CustomFilter, Draft};

/// The columns of [`CustomFilter`].
macro_rules! columns {
    () => {
        "id, account_id, user_id, name, filter_type, query, created_at, updated_at"
    };
}

/// The user's filters of that kind, by id.
pub fn list(
    conn: &mut Conn<'_>,
    account: AccountId,
    user: UserId,
    kind: CustomFilterType,
) -> Result<Vec<CustomFilter>> {
    Ok(conn.query(
        sql!(
            "SELECT ",
            columns!(),
            " FROM custom_filters WHERE account_id = $1 AND user_id = $2 AND filter_type = $3 ORDER BY id"
        ),
        (account, user, kind),
    )?)
}

/// How many filters the user has.
pub(super) fn count(conn: &mut Conn<'_>, account: AccountId, user: UserId) -> Result<i64> {
    let (count,) = conn.query_one(
        sql!("SELECT COUNT(*) FROM custom_filters WHERE account_id = $1 AND user_id = $2"),
        (account, user),
    )?;
    Ok(count)
}

/// The filter, if it is the user's.
pub fn find(conn: &mut Conn<'_>, account: AccountId, user: UserId, id: CustomFilterId) -> Result<Option<CustomFilter>> {
    Ok(conn.query_opt(
        sql!("SELECT ", columns!(), " FROM custom_filters WHERE account_id = $1 AND user_id = $2 AND id = $3"),
        (account, user, id),
    )?)
}

/// The filter, if it is the user's, locked until the end of the transaction.
pub(super) fn lock(
    tx: &mut Tx<'_>,
    account: AccountId,
    user: UserId,
    id: CustomFilterId,
) -> Result<Option<CustomFilter>> {
    Ok(tx.query_opt(
        sql!(
            "SELECT ",
            columns!(),
            " FROM custom_filters WHERE account_id = $1 AND user_id = $2 AND id = $3 FOR UPDATE"
        ),
        (account, user, id),
    )?)
}

/// Stores a filter.
pub(super) fn insert(tx: &mut Tx<'_>, account: AccountId, user: UserId, draft: &Draft) -> Result<CustomFilter> {
    let now = tx.now();
    Ok(tx.query_one(
        sql!(
            "INSERT INTO custom_filters (account_id, user_id, name, filter_type, query, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING ",
            columns!()
        ),
        params![account, user, draft.name, draft.filter_type, draft.query, now],
    )?)
}

/// Writes back what may change.
pub(super) fn update(tx: &mut Tx<'_>, filter: &CustomFilter) -> Result<()> {
    tx.execute(
        sql!(
            "UPDATE custom_filters SET name = $3, filter_type = $4, query = $5, updated_at = $6
             WHERE account_id = $1 AND id = $2"
        ),
        params![filter.account_id, filter.id, filter.name, filter.filter_type, filter.query, filter.updated_at],
    )?;
    Ok(())
}

/// Removes it; false when the user has no such filter.
pub(super) fn delete(tx: &mut Tx<'_>, account: AccountId, user: UserId, id: CustomFilterId) -> Result<bool> {
    let removed = tx.execute(
        sql!("DELETE FROM custom_filters WHERE account_id = $1 AND user_id = $2 AND id = $3"),
        (account, user, id),
    )?;
    Ok(removed > 0)
}
