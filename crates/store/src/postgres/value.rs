//! Values on their way into statements and out of rows.

use std::error::Error as StdError;

use bytes::BytesMut;
use postgres::Row;
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use types::{Value, ValueRef};

use crate::{Error, Result};

/// A column of `row`.
pub(crate) fn column(row: &Row, column: usize) -> Result<ValueRef<'_>> {
    let kind = row.columns().get(column).map(|column| column.type_().clone());
    let bad = |cause: postgres::Error| Error::Engine(cause.to_string());
    Ok(match kind {
        Some(Type::INT8) => row.try_get::<_, Option<i64>>(column).map_err(bad)?.map_or(ValueRef::Null, ValueRef::Int),
        Some(Type::INT4) => row
            .try_get::<_, Option<i32>>(column)
            .map_err(bad)?
            .map_or(ValueRef::Null, |number| ValueRef::Int(number.into())),
        Some(Type::BOOL) => row.try_get::<_, Option<bool>>(column).map_err(bad)?.map_or(ValueRef::Null, ValueRef::Bool),
        Some(Type::FLOAT8) => {
            row.try_get::<_, Option<f64>>(column).map_err(bad)?.map_or(ValueRef::Null, ValueRef::Real)
        }
        Some(Type::TEXT | Type::VARCHAR | Type::NAME) => {
            row.try_get::<_, Option<&str>>(column).map_err(bad)?.map_or(ValueRef::Null, ValueRef::Text)
        }
        other => {
            return Err(Error::Engine(format!("column {column} has the type {other:?}; cast it in the statement")));
        }
    })
}

/// A value on its way into a statement, in the form of the parameter's type.
#[derive(Debug)]
pub(super) struct Bound<'a>(pub &'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> std::result::Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match (self.0, kind) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Int(number), &Type::INT8) => number.to_sql(kind, out),
            (Value::Int(number), &Type::INT4) => i32::try_from(*number)?.to_sql(kind, out),
            #[expect(clippy::cast_precision_loss, reason = "a whole number bound to a real column")]
            (Value::Int(number), &Type::FLOAT8) => (*number as f64).to_sql(kind, out),
            (Value::Real(number), &Type::FLOAT8) => number.to_sql(kind, out),
            (Value::Bool(truth), &Type::BOOL) => truth.to_sql(kind, out),
            (Value::Text(text), &(Type::TEXT | Type::VARCHAR | Type::NAME)) => text.to_sql(kind, out),
            (Value::Ints(numbers), &Type::INT8_ARRAY) => numbers.to_sql(kind, out),
            (Value::Texts(texts), &Type::TEXT_ARRAY) => texts.to_sql(kind, out),
            (value, kind) => Err(format!("cannot bind {value:?} to a parameter of type {kind}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
