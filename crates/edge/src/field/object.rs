//! Free objects.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use types::Json;

use crate::body::{BLANK, clean};

/// An object with any keys; its JSON text counts as well, since forms have nothing else.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object(pub Map<String, Value>);

impl Object {
    /// The object as it is stored.
    pub fn into_json(self) -> Json {
        Json::of(&self.0)
    }
}

impl utoipa::PartialSchema for Object {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        Json::schema()
    }
}

impl utoipa::ToSchema for Object {
    fn name() -> std::borrow::Cow<'static, str> {
        Json::name()
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjectVisitor).map(Self)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut map = Map::new();
        while let Some((key, value)) = entries.next_entry()? {
            map.insert(key, value);
        }
        Ok(map)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if text.trim().is_empty() {
            return Err(E::custom(BLANK));
        }
        let mut map: Self::Value = serde_json::from_str(text).map_err(|_| E::custom("must be an object"))?;
        clean(&mut map).map_err(|_| E::custom("must not contain NUL characters or nest deeply"))?;
        Ok(map)
    }
}
