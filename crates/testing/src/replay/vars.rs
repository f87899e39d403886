//! Saved values and how texts and bodies use them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use hmac::{Hmac, KeyInit, Mac};
use regex::{Captures, Regex};
use serde_json::{Map, Value};
use sha2::Sha256;

/// `{{name}}`, `{{name|s}}`, `{{name|+60}}`.
static TEMPLATE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\{\{([^{}|]+)(?:\|([^{}]+))?\}\}").expect("the pattern is a constant"));

/// Values that stand for a hash: name, the key's name, what is hashed.
const HASHES: [(&str, &str, &str); 2] =
    [("hash.app2", "hmac.api", "app-user-2"), ("hash.signed1", "hmac.signed", "signed-user-1")];

/// The values that the steps have saved so far.
#[derive(Debug, Clone, Default)]
pub struct Vars {
    values: BTreeMap<String, Value>,
}

/// Why a text or body could not be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VarError {
    /// Nothing has this name yet.
    #[error("no value {0} was saved")]
    Unsaved(String),
    /// The value cannot be used in this way.
    #[error("{0} is no number")]
    NoNumber(String),
}

impl Vars {
    /// Keeps a value under a name; an older one is replaced.
    pub fn save(&mut self, name: impl Into<String>, value: Value) {
        self.values.insert(name.into(), value);
    }

    /// The value with this name, hashes included.
    pub fn get(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.values.get(name) {
            return Some(value.clone());
        }
        let (_, key, text) = HASHES.iter().find(|(hash, _, _)| *hash == name)?;
        let key = self.values.get(*key)?.as_str()?;
        Some(Value::String(hmac_hex(key, text)))
    }

    /// A copy of `value` in which every text is filled in and `{repeat, times}` written out.
    ///
    /// A text that is one `{{name}}` alone takes the type of the saved value.
    pub fn expand(&self, value: &Value) -> Result<Value, VarError> {
        match value {
            Value::String(text) => self.expand_whole(text),
            Value::Array(items) => items.iter().map(|item| self.expand(item)).collect(),
            Value::Object(map) => match repeated(map) {
                Some(text) => Ok(Value::String(text)),
                None => self.expand_object(map),
            },
            other => Ok(other.clone()),
        }
    }

    fn expand_object(&self, map: &Map<String, Value>) -> Result<Value, VarError> {
        let mut filled = Map::new();
        for (key, value) in map {
            filled.insert(self.expand_text(key)?, self.expand(value)?);
        }
        Ok(Value::Object(filled))
    }

    /// `text` with every saved value written as text.
    pub fn expand_text(&self, text: &str) -> Result<String, VarError> {
        let mut filled = String::new();
        let mut rest = 0;
        for found in TEMPLATE.captures_iter(text) {
            let whole = found.get(0).expect("group 0 is the match itself");
            filled.push_str(&text[rest..whole.start()]);
            filled.push_str(&plain(&self.value_of(&found)?));
            rest = whole.end();
        }
        filled.push_str(&text[rest..]);
        Ok(filled)
    }

    fn expand_whole(&self, text: &str) -> Result<Value, VarError> {
        match TEMPLATE.captures(text) {
            Some(found) if found[0].len() == text.len() => self.value_of(&found),
            _ => self.expand_text(text).map(Value::String),
        }
    }

    fn value_of(&self, found: &Captures<'_>) -> Result<Value, VarError> {
        let name = &found[1];
        let value = self.get(name).ok_or_else(|| VarError::Unsaved(name.to_owned()))?;
        match found.get(2).map(|form| form.as_str()) {
            None => Ok(value),
            Some("s") => Ok(Value::String(plain(&value))),
            Some(shift) => {
                let no_number = || VarError::NoNumber(format!("{name}|{shift}"));
                let number = value.as_i64().ok_or_else(no_number)?;
                let shift: i64 = shift.parse().map_err(|_| no_number())?;
                Ok(Value::from(number + shift))
            }
        }
    }
}

/// The names that `text` uses; a hash counts as its key.
pub fn names_in_text(text: &str) -> impl Iterator<Item = String> {
    TEMPLATE.captures_iter(text).map(|found| key_of(&found[1]).to_owned())
}

/// The names that a body uses, in keys and texts.
pub fn names_in(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => names_in_text(text).collect(),
        Value::Array(items) => items.iter().flat_map(names_in).collect(),
        Value::Object(map) => map.iter().flat_map(|(key, value)| names_in_text(key).chain(names_in(value))).collect(),
        _ => Vec::new(),
    }
}

/// A JSON value as it is written inside a text.
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn key_of(name: &str) -> &str {
    HASHES.iter().find(|(hash, _, _)| *hash == name).map_or(name, |(_, key, _)| key)
}

fn repeated(map: &Map<String, Value>) -> Option<String> {
    let text = map.get("repeat")?.as_str()?;
    let times = map.get("times")?.as_u64()?;
    (map.len() == 2).then(|| text.repeat(usize::try_from(times).unwrap_or(0)))
}

fn hmac_hex(key: &str, text: &str) -> String {
    use std::fmt::Write as _;

    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a String cannot fail");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn vars() -> Vars {
        let mut vars = Vars::default();
        vars.save("user.id", json!(7));
        vars.save("source", json!("abc"));
        vars
    }

    #[test]
    fn a_value_alone_keeps_its_type_and_inside_a_text_it_is_text() {
        let body = json!({"id": "{{user.id}}", "text": "{{user.id|s}}", "both": "{{source}}-{{user.id}}"});
        let filled = json!({"id": 7, "text": "7", "both": "abc-7"});
        assert_eq!(vars().expand(&body), Ok(filled));
    }

    #[test]
    fn a_number_can_be_shifted() {
        assert_eq!(vars().expand(&json!("{{user.id|+60}}")), Ok(json!(67)));
        assert_eq!(vars().expand_text("at {{user.id|-8}}"), Ok("at -1".to_owned()));
        let error = VarError::NoNumber("source|+1".to_owned());
        assert_eq!(vars().expand(&json!("{{source|+1}}")), Err(error));
    }

    #[test]
    fn a_name_that_nothing_saved_is_an_error() {
        let error = VarError::Unsaved("nobody".to_owned());
        assert_eq!(vars().expand(&json!(["{{nobody}}"])), Err(error));
    }

    #[test]
    fn long_texts_are_written_out() {
        let body = json!({"content": {"repeat": "ha", "times": 3}});
        assert_eq!(vars().expand(&body), Ok(json!({"content": "hahaha"})));
    }

    #[test]
    fn hashes_follow_from_their_keys() {
        let mut vars = vars();
        assert_eq!(vars.get("hash.app2"), None);
        vars.save("hmac.api", json!("key"));
        let hash = "259ce5a3a0e2ceaf063062b343eee7772c9ddaf9457a463de30994172032ea9b";
        assert_eq!(vars.get("hash.app2"), Some(json!(hash)));
        assert_eq!(names_in(&json!({"h": "{{hash.app2}}"})), ["hmac.api"]);
    }
}
