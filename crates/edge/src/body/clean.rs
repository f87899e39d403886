//! What no parameter may hold, wherever it stands.

use serde_json::{Map, Value};

use crate::Error;

/// How deep objects and lists may nest; what is stored must be readable by the JSON parser again.
const DEEPEST: usize = 128;

/// Drops the nulls of lists (rest.md §1.2) and refuses NUL characters, which `PostgreSQL` cannot store.
pub(crate) fn clean(map: &mut Map<String, Value>) -> Result<(), Error> {
    clean_map(map, None, DEEPEST)
}

/// `parameter` is the outermost key that leads to `map`.
fn clean_map(map: &mut Map<String, Value>, parameter: Option<&str>, levels: usize) -> Result<(), Error> {
    let levels = one_less(levels)?;
    for (key, value) in map.iter_mut() {
        if key.contains('\0') {
            return Err(has_nul(key, parameter));
        }
        clean_value(value, key, parameter, levels)?;
    }
    Ok(())
}

fn clean_value(value: &mut Value, field: &str, parameter: Option<&str>, levels: usize) -> Result<(), Error> {
    match value {
        Value::String(text) if text.contains('\0') => Err(has_nul(field, parameter)),
        Value::Array(items) => {
            let levels = one_less(levels)?;
            items.retain(|item| !item.is_null());
            items.iter_mut().try_for_each(|item| clean_value(item, field, parameter, levels))
        }
        Value::Object(map) => clean_map(map, parameter.or(Some(field)), levels),
        _ => Ok(()),
    }
}

fn one_less(levels: usize) -> Result<usize, Error> {
    levels.checked_sub(1).ok_or_else(|| Error::Malformed("parameters are nested too deeply".to_owned()))
}

/// `field` without the characters themselves, so that the answer can be shown; with the `parameter` that it stands in.
fn has_nul(field: &str, parameter: Option<&str>) -> Error {
    let name = field.replace('\0', "");
    let place = parameter.map(|parameter| format!(" (in {parameter})")).unwrap_or_default();
    Error::invalid(if name.is_empty() { "base" } else { &name }, &format!("must not contain NUL characters{place}"))
}
