//! Names of closed lists.

use std::borrow::Cow;
use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use utoipa::__dev::ComposeSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use super::text::TextVisitor;
use crate::body::BLANK;

/// An item of the closed list `T`, given by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Word<T>(pub T);

impl<'de, T: FromStr> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = deserializer.deserialize_any(TextVisitor)?;
        if name.is_empty() {
            return Err(D::Error::custom(BLANK));
        }
        name.parse().map(Self).map_err(|_| D::Error::custom("is not included in the list"))
    }
}

/// The schema of `T`. The derive macros of utoipa want this trait of every generic type.
impl<T: PartialSchema> ComposeSchema for Word<T> {
    fn compose(schemas: Vec<RefOr<Schema>>) -> RefOr<Schema> {
        schemas.into_iter().next().unwrap_or_else(T::schema)
    }
}

impl<T: ToSchema> ToSchema for Word<T> {
    fn name() -> Cow<'static, str> {
        "Name".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
    }
}
