//! The texts that the sources give, before they are read.

use std::collections::HashMap;
use std::path::Path;

use toml::Value;

use super::mistake::{Mistake, Source};
use super::value::Setting;
use super::{Environment, Flags, KEYS};

/// The variable that hosting platforms put the database's address in.
const DATABASE_URL: &str = "DATABASE_URL";

/// One text for each key that somebody gave; what is added later wins.
#[derive(Debug, Default)]
pub struct Given(HashMap<&'static str, (String, Source)>);

impl Given {
    /// The value of `key`; a mistake is noted and gives `None`.
    pub fn read<T: Setting>(&self, key: &str, default: &str, mistakes: &mut Vec<Mistake>) -> Option<T> {
        let (text, source) = match self.0.get(key) {
            Some((text, source)) => (text.trim(), source.clone()),
            None => (default, Source::Default),
        };
        match T::read(text) {
            Ok(value) => Some(value),
            Err(problem) => {
                let value = (!T::IS_SECRET).then(|| text.to_owned());
                mistakes.push(Mistake { key: Some(key.to_owned()), value, source, problem });
                None
            }
        }
    }

    /// Everything of `other`, which wins.
    pub fn add(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// What the environment says; empty variables say nothing, and those that are no setting are not ours.
    pub fn add_environment(&mut self, environment: &Environment) {
        for key in KEYS {
            let own = key.variable();
            let names = if key.name == "database_url" { vec![own, DATABASE_URL.to_owned()] } else { vec![own] };
            let found = names.into_iter().find_map(|name| Some((environment.get(&name)?.clone(), name)));
            if let Some((text, name)) = found.filter(|(text, _)| !text.is_empty()) {
                self.0.insert(key.name, (text, Source::Environment(name)));
            }
        }
    }

    /// What the command line says.
    pub fn add_flags(&mut self, flags: &Flags) {
        for key in KEYS {
            if let Some(text) = flags.get(key.name) {
                self.0.insert(key.name, (text.to_owned(), Source::Flag(format!("--{}", key.flag()))));
            }
        }
    }

    /// What the file says; keys that are no setting are mistakes.
    pub fn add_file(&mut self, path: &Path, mistakes: &mut Vec<Mistake>) {
        let source = Source::File(path.to_owned());
        let mut wrong = |key: Option<&str>, problem: String| {
            mistakes.push(Mistake { key: key.map(str::to_owned), value: None, source: source.clone(), problem });
        };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(cause) => return wrong(None, format!("cannot be read: {cause}")),
        };
        let table: toml::Table = match text.parse() {
            Ok(table) => table,
            Err(cause) => return wrong(None, describe(&cause, &text)),
        };
        for (name, value) in &table {
            let Some(key) = KEYS.iter().find(|key| key.name == name) else {
                wrong(Some(name), "there is no such setting".into());
                continue;
            };
            match value {
                Value::String(text) => {
                    self.0.insert(key.name, (text.clone(), source.clone()));
                }
                Value::Integer(_) | Value::Boolean(_) => {
                    self.0.insert(key.name, (value.to_string(), source.clone()));
                }
                _ => wrong(Some(name), "must be a text between quotes".into()),
            }
        }
    }
}

/// What a TOML parser says, on one line; the file's own text may be a secret and is left out.
fn describe(cause: &toml::de::Error, text: &str) -> String {
    let before = cause.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    format!("line {}: {}", before.matches('\n').count() + 1, cause.message().replace('\n', " "))
}
