//! The SQL of custom attributes.

use edge::Result;
use store::{Conn, Tx, params, sql};
use types::{AccountId, AttributeModel, CustomAttributeId, Json, Value};

use super::{CustomAttribute, Draft};

/// The columns of [`CustomAttribute`].
macro_rules! columns {
    () => {
        "id, account_id, attribute_model, attribute_key, attribute_display_name, attribute_display_type,
         attribute_description, attribute_values, default_value, regex_pattern, regex_cue, created_at, updated_at"
    };
}

/// The definitions of the account, of one model or of all, by id.
pub fn list(conn: &mut Conn<'_>, account: AccountId, model: Option<AttributeModel>) -> Result<Vec<CustomAttribute>> {
    Ok(conn.query(
        sql!(
            "SELECT ",
            columns!(),
            " FROM custom_attribute_definitions
              WHERE account_id = $1 AND (CAST($2 AS TEXT) IS NULL OR attribute_model = $2) ORDER BY id"
        ),
        (account, model),
    )?)
}

/// The definition.
pub(super) fn find(conn: &mut Conn<'_>, account: AccountId, id: CustomAttributeId) -> Result<Option<CustomAttribute>> {
    Ok(conn.query_opt(
        sql!("SELECT ", columns!(), " FROM custom_attribute_definitions WHERE account_id = $1 AND id = $2"),
        (account, id),
    )?)
}

/// The definition, locked until the end of the transaction.
pub(super) fn lock(tx: &mut Tx<'_>, account: AccountId, id: CustomAttributeId) -> Result<Option<CustomAttribute>> {
    Ok(tx.query_opt(
        sql!("SELECT ", columns!(), " FROM custom_attribute_definitions WHERE account_id = $1 AND id = $2 FOR UPDATE"),
        (account, id),
    )?)
}

/// How many there are.
pub(super) fn count(conn: &mut Conn<'_>, account: AccountId) -> Result<i64> {
    let (count,) =
        conn.query_one(sql!("SELECT COUNT(*) FROM custom_attribute_definitions WHERE account_id = $1"), (account,))?;
    Ok(count)
}

/// Whether another one than `except` has the draft's key.
pub(super) fn is_taken(
    conn: &mut Conn<'_>,
    account: AccountId,
    draft: &Draft,
    except: Option<CustomAttributeId>,
) -> Result<bool> {
    let row: Option<(CustomAttributeId,)> = conn.query_opt(
        sql!(
            "SELECT id FROM custom_attribute_definitions
             WHERE account_id = $1 AND attribute_model = $2 AND attribute_key = $3
               AND (CAST($4 AS BIGINT) IS NULL OR id <> $4)"
        ),
        (account, draft.model, draft.key.as_str(), except),
    )?;
    Ok(row.is_some())
}

/// Stores a definition.
pub(super) fn insert(tx: &mut Tx<'_>, account: AccountId, draft: &Draft) -> Result<CustomAttribute> {
    let now = tx.now();
    Ok(tx.query_one(
        sql!(
            "INSERT INTO custom_attribute_definitions (account_id, attribute_model, attribute_key,
                 attribute_display_name, attribute_display_type, attribute_description, attribute_values,
                 default_value, regex_pattern, regex_cue, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
             RETURNING ",
            columns!()
        ),
        [params![account], content(draft), params![now]].concat(),
    )?)
}

/// Writes back what may change.
pub(super) fn update(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: CustomAttributeId,
    draft: &Draft,
) -> Result<CustomAttribute> {
    let now = tx.now();
    Ok(tx.query_one(
        sql!(
            "UPDATE custom_attribute_definitions SET attribute_model = $3, attribute_key = $4,
                 attribute_display_name = $5, attribute_display_type = $6, attribute_description = $7,
                 attribute_values = $8, default_value = $9, regex_pattern = $10, regex_cue = $11, updated_at = $12
             WHERE account_id = $1 AND id = $2
             RETURNING ",
            columns!()
        ),
        [params![account, id], content(draft), params![now]].concat(),
    )?)
}

/// What is stored of a draft, in the order in which both statements have it.
fn content(draft: &Draft) -> Vec<Value> {
    params![
        draft.model,
        draft.key,
        draft.name,
        draft.kind,
        draft.description,
        Json::of(&draft.values),
        draft.default_value,
        draft.regex_pattern,
        draft.regex_cue,
    ]
}

/// Removes it.
pub(super) fn delete(tx: &mut Tx<'_>, account: AccountId, id: CustomAttributeId) -> Result<()> {
    tx.execute(sql!("DELETE FROM custom_attribute_definitions WHERE account_id = $1 AND id = $2"), (account, id))?;
    Ok(())
}
