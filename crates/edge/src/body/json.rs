//! JSON bodies.

use serde_json::{Map, Value};

use crate::Error;

/// The key that offers a body that is a bare array.
const BARE_ARRAY: &str = "_json";

/// The parameters of a JSON body; `null` has none.
pub(super) fn read(bytes: &[u8]) -> Result<Map<String, Value>, Error> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(Value::Null) => Ok(Map::new()),
        Ok(list @ Value::Array(_)) => Ok(Map::from_iter([(BARE_ARRAY.to_owned(), list)])),
        Ok(_) => Err(Error::Refused("the body must be an object".to_owned())),
        Err(error) => Err(Error::Malformed(error.to_string())),
    }
}

/// `map` as the content of a wrapper that was left out.
pub(super) fn unwrapped(mut map: Map<String, Value>) -> Map<String, Value> {
    map.remove(BARE_ARRAY);
    map
}
