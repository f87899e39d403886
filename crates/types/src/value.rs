//! What goes into and comes out of a database column, on either engine.

use std::fmt;

/// A bound parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL `NULL`.
    Null,
    /// `BIGINT`.
    Int(i64),
    /// `DOUBLE PRECISION`.
    Real(f64),
    /// `BOOLEAN`.
    Bool(bool),
    /// `TEXT`.
    Text(String),
    /// A list of numbers for `= ANY($n)`.
    Ints(Vec<i64>),
    /// A list of texts for `= ANY($n)`.
    Texts(Vec<String>),
}

/// A column of a row that was read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ValueRef<'a> {
    /// SQL `NULL`.
    Null,
    /// `BIGINT`; on SQLite also a boolean.
    Int(i64),
    /// `DOUBLE PRECISION`.
    Real(f64),
    /// `BOOLEAN` on PostgreSQL.
    Bool(bool),
    /// `TEXT`.
    Text(&'a str),
}

/// A stored value that does not fit the type it is read as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadValue {
    /// What was expected.
    pub expected: &'static str,
    /// What was found.
    pub found: String,
}

impl BadValue {
    /// `found` where `expected` should be.
    pub fn new(expected: &'static str, found: impl fmt::Debug) -> Self {
        Self { expected, found: format!("{found:?}") }
    }
}

impl fmt::Display for BadValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, found {}", self.expected, self.found)
    }
}

impl std::error::Error for BadValue {}

/// A type that can be bound to a parameter.
pub trait ToValue {
    /// The value to bind.
    fn to_value(&self) -> Value;
}

/// A type that a column can be read as.
pub trait FromValue: Sized {
    /// Reads the column.
    fn from_value(value: ValueRef<'_>) -> Result<Self, BadValue>;
}

impl ToValue for Value {
    fn to_value(&self) -> Value {
        self.clone()
    }
}

impl ToValue for i64 {
    fn to_value(&self) -> Value {
        Value::Int(*self)
    }
}

impl FromValue for i64 {
    fn from_value(value: ValueRef<'_>) -> Result<Self, BadValue> {
        match value {
            ValueRef::Int(number) => Ok(number),
            other => Err(BadValue::new("a number", other)),
        }
    }
}

impl ToValue for f64 {
    fn to_value(&self) -> Value {
        Value::Real(*self)
    }
}

impl FromValue for f64 {
    #[expect(clippy::cast_precision_loss, reason = "SQLite gives whole numbers of a REAL expression as integers")]
    fn from_value(value: ValueRef<'_>) -> Result<Self, BadValue> {
        match value {
            ValueRef::Real(number) => Ok(number),
            ValueRef::Int(number) => Ok(number as Self),
            other => Err(BadValue::new("a real number", other)),
        }
    }
}

impl ToValue for bool {
    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }
}

impl FromValue for bool {
    fn from_value(value: ValueRef<'_>) -> Result<Self, BadValue> {
        match value {
            ValueRef::Bool(truth) => Ok(truth),
            ValueRef::Int(number) => Ok(number != 0),
            other => Err(BadValue::new("a boolean", other)),
        }
    }
}

impl ToValue for str {
    fn to_value(&self) -> Value {
        Value::Text(self.to_owned())
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
}

impl FromValue for String {
    fn from_value(value: ValueRef<'_>) -> Result<Self, BadValue> {
        match value {
            ValueRef::Text(text) => Ok(text.to_owned()),
            other => Err(BadValue::new("a text", other)),
        }
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value {
        (*self).to_value()
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, ToValue::to_value)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: ValueRef<'_>) -> Result<Self, BadValue> {
        match value {
            ValueRef::Null => Ok(None),
            other => T::from_value(other).map(Some),
        }
    }
}

impl<Of> ToValue for [crate::Id<Of>] {
    fn to_value(&self) -> Value {
        Value::Ints(self.iter().map(|id| id.get()).collect())
    }
}

impl<Of> ToValue for Vec<crate::Id<Of>> {
    fn to_value(&self) -> Value {
        self.as_slice().to_value()
    }
}

impl ToValue for [i64] {
    fn to_value(&self) -> Value {
        Value::Ints(self.to_vec())
    }
}

impl ToValue for Vec<i64> {
    fn to_value(&self) -> Value {
        Value::Ints(self.clone())
    }
}

impl ToValue for [String] {
    fn to_value(&self) -> Value {
        Value::Texts(self.to_vec())
    }
}

impl ToValue for Vec<String> {
    fn to_value(&self) -> Value {
        Value::Texts(self.clone())
    }
}
