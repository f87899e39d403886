//! From the map of parameters to a type.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment};

use crate::{Error, Problem};

/// What a field type says of a text without content that cannot be its value.
///
/// Such a text means null (rest.md §1.2), but only the field's type knows that it does.
pub(crate) const BLANK: &str = "must not be blank";

/// How many blank texts one request may have in the place of a null; each costs a reading.
const MOST_BLANKS: usize = 100;

/// Reads `map` as `T`; [`Error::Invalid`] names the field that does not fit.
pub(super) fn fit<T: DeserializeOwned>(map: Map<String, Value>) -> Result<T, Error> {
    let mut value = Value::Object(map);
    let mut blanks = 0;
    loop {
        let error = match serde_path_to_error::deserialize(&value) {
            Ok(fitting) => return Ok(fitting),
            Err(error) => error,
        };
        let text = error.inner().to_string();
        blanks += 1;
        if text != BLANK || blanks > MOST_BLANKS || !to_null(&mut value, error.path()) {
            return Err(Error::Invalid(vec![problem(error.path(), &text)]));
        }
    }
}

/// Puts null in the place of the text at `path`.
fn to_null(value: &mut Value, path: &Path) -> bool {
    let place = path.iter().try_fold(value, |value, segment| match segment {
        Segment::Map { key } => value.get_mut(key),
        Segment::Seq { index } => value.get_mut(index),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    match place {
        Some(place @ Value::String(_)) => {
            *place = Value::Null;
            true
        }
        _ => false,
    }
}

fn problem(path: &Path, text: &str) -> Problem {
    if let Some(name) = text.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        return Problem::new(name, "can't be blank");
    }
    let mut keys = path.iter().filter_map(|segment| match segment {
        Segment::Map { key } => Some(key.as_str()),
        _ => None,
    });
    Problem::new(keys.next_back().unwrap_or("base"), &sentence(text))
}

/// The words of our field types as they are; the rest of what serde says talks of Rust.
fn sentence(text: &str) -> String {
    if text.starts_with("must ") || text.starts_with("is ") {
        return text.to_owned();
    }
    if text.starts_with("unknown variant") {
        return "is not included in the list".to_owned();
    }
    match text.rsplit_once(", expected ") {
        Some((_, expected)) if ["a ", "an ", "true "].iter().any(|start| expected.starts_with(start)) => {
            format!("must be {expected}")
        }
        _ => "is not valid".to_owned(),
    }
}
