//! JSON that the server keeps without looking into it.

use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::value::{BadValue, FromValue, ToValue, Value, ValueRef};

/// A JSON value kept as its text, so that free attributes go in and out unchanged.
#[derive(Debug, Clone)]
pub struct Json(Box<RawValue>);

impl Json {
    /// `{}`.
    pub fn object() -> Self {
        Self::of(&serde_json::Map::new())
    }

    /// `[]`.
    pub fn array() -> Self {
        Self::of::<[(); 0]>(&[])
    }

    /// The JSON of `value`.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Self {
        Self(serde_json::value::to_raw_value(value).expect("maps with text keys and plain values always serialise"))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// Reads it as `T`; what does not fit is `T::default()`.
    pub fn read<T: DeserializeOwned + Default>(&self) -> T {
        serde_json::from_str(self.0.get()).unwrap_or_default()
    }

    /// The object with `more`, whose values win.
    #[must_use]
    pub fn merged(&self, more: &serde_json::Map<String, serde_json::Value>) -> Self {
        let mut map: serde_json::Map<String, serde_json::Value> = self.read();
        map.extend(more.clone());
        Self::of(&map)
    }

    /// The object without `keys`.
    #[must_use]
    pub fn without(&self, keys: &[String]) -> Self {
        let mut map: serde_json::Map<String, serde_json::Value> = self.read();
        map.retain(|key, _| !keys.contains(key));
        Self::of(&map)
    }

    /// Whether this is `{}`.
    pub fn is_empty_object(&self) -> bool {
        self.read::<Option<serde_json::Map<String, serde_json::Value>>>().is_some_and(|map| map.is_empty())
    }
}

impl Default for Json {
    fn default() -> Self {
        Self::object()
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.read::<serde_json::Value>() == other.read::<serde_json::Value>()
    }
}

impl Eq for Json {}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl utoipa::PartialSchema for Json {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new().into()
    }
}

impl utoipa::ToSchema for Json {
    fn name() -> std::borrow::Cow<'static, str> {
        "FreeObject".into()
    }
}

impl ToValue for Json {
    fn to_value(&self) -> Value {
        Value::Text(self.0.get().to_owned())
    }
}

impl FromValue for Json {
    fn from_value(value: ValueRef<'_>) -> Result<Self, BadValue> {
        let ValueRef::Text(text) = value else { return Err(BadValue::new("JSON text", value)) };
        RawValue::from_string(text.to_owned()).map(Self).map_err(|_| BadValue::new("JSON text", value))
    }
}
