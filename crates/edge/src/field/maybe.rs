//! Fields whose absence and whose null mean different things.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use utoipa::__dev::ComposeSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// A field of an update: absent keeps, null clears. Wants `#[serde(default)]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Maybe<T> {
    /// The key was not sent.
    #[default]
    Absent,
    /// The key was sent with null.
    Null,
    /// The key was sent with a value.
    Value(T),
}

impl<T> Maybe<T> {
    /// The value, if there is one.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// Whether the key was not sent.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Whether the key was sent with null.
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// What the field is after the update, if it was `old` before.
    pub fn or_keep(self, old: Option<T>) -> Option<T> {
        match self {
            Self::Absent => old,
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }

    /// The value that was sent, with `null` for null; `None` when the key was not sent.
    pub fn or_null(self, null: T) -> Option<T> {
        match self {
            Self::Absent => None,
            Self::Null => Some(null),
            Self::Value(value) => Some(value),
        }
    }

    /// The same with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Maybe<U> {
        match self {
            Self::Absent => Maybe::Absent,
            Self::Null => Maybe::Null,
            Self::Value(value) => Maybe::Value(change(value)),
        }
    }

    /// The same by reference.
    pub const fn as_ref(&self) -> Maybe<&T> {
        match self {
            Self::Absent => Maybe::Absent,
            Self::Null => Maybe::Null,
            Self::Value(value) => Maybe::Value(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(|value| value.map_or(Self::Null, Self::Value))
    }
}

/// `T` or null. The derive macros of utoipa want this trait of every generic type.
impl<T: PartialSchema> ComposeSchema for Maybe<T> {
    fn compose(schemas: Vec<RefOr<Schema>>) -> RefOr<Schema> {
        let null = ObjectBuilder::new().schema_type(Type::Null);
        let value = schemas.into_iter().next().unwrap_or_else(T::schema);
        OneOfBuilder::new().item(null).item(value).into()
    }
}

impl<T: ToSchema> ToSchema for Maybe<T> {
    fn name() -> Cow<'static, str> {
        "Nullable".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
    }
}
