//! Comparing an answer with a pattern.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::difference::{Difference, What};
use super::path::Place;
use super::text::{Texts, fits_mask, saved_names};
use super::vars::names_in_text;
use super::{list, shape};

/// Under which rules answers are compared.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// What names and placeholders stand for.
    pub texts: Texts<'a>,
    /// Lists in any order.
    pub unordered: &'a [String],
    /// Lists paired by the named keys.
    pub align: &'a BTreeMap<String, Vec<String>>,
    /// Lists of which only keys and types count.
    pub shape_only: &'a [String],
    /// Keys whose values are free.
    pub volatile: &'a [String],
}

impl Rules<'_> {
    /// Every difference between a pattern and an answer.
    pub fn compare(&self, pattern: &Value, answer: &Value) -> Vec<Difference> {
        self.compare_at(&Place::default(), pattern, answer)
    }

    pub(super) fn compare_at(&self, place: &Place, pattern: &Value, answer: &Value) -> Vec<Difference> {
        if place.last_key().is_some_and(|key| self.volatile.iter().any(|free| free == key)) {
            return Vec::new();
        }
        match (pattern, answer) {
            (Value::Object(map), _) => match special(map) {
                Some(special) => self.compare_special(place, special, pattern, answer),
                None => self.compare_object(place, map, pattern, answer),
            },
            (Value::Array(expected), Value::Array(got)) => self.compare_list(place, expected, got),
            (Value::String(expected), Value::String(got)) => {
                difference_unless(self.texts.fits(expected, got), What::Value, place, pattern, answer)
            }
            _ if type_of(pattern) != type_of(answer) => vec![wrong_type(place, pattern, answer)],
            _ => difference_unless(is_equal(pattern, answer), What::Value, place, pattern, answer),
        }
    }

    fn compare_object(
        &self,
        place: &Place,
        map: &Map<String, Value>,
        pattern: &Value,
        answer: &Value,
    ) -> Vec<Difference> {
        let Value::Object(got) = answer else {
            return vec![wrong_type(place, pattern, answer)];
        };
        let compare_key = |(key, pattern): (&String, &Value)| {
            // A key of an unsaved name stays as it is written and is found nowhere.
            let key = self.texts.vars.expand_text(key).unwrap_or_else(|_| key.clone());
            let place = place.key(&key);
            match got.get(&key) {
                Some(answer) => self.compare_at(&place, pattern, answer),
                None => vec![Difference::missing(&place, pattern)],
            }
        };
        map.iter().flat_map(compare_key).collect()
    }

    fn compare_list(&self, place: &Place, expected: &[Value], got: &[Value]) -> Vec<Difference> {
        let path = place.any_item();
        let name = place.list_name();
        let is_named = |rule: &String| *rule == path || *rule == name;
        if self.shape_only.iter().any(is_named) {
            return shape::compare(place, expected, got);
        }
        if let Some((_, keys)) = self.align.iter().find(|(rule, _)| is_named(rule)) {
            return list::aligned(self, place, keys, expected, got);
        }
        if self.unordered.iter().any(is_named) {
            return list::unordered(self, place, expected, got);
        }
        list::ordered(self, place, expected, got)
    }

    fn compare_special(&self, place: &Place, special: Special<'_>, pattern: &Value, answer: &Value) -> Vec<Difference> {
        if let Special::Only(map) = special {
            return self.compare_object(place, map, pattern, answer);
        }
        if type_of(answer) != special.type_of_answer() {
            return vec![wrong_type(place, pattern, answer)];
        }
        let fits = match special {
            Special::Id { names, .. } => self.is_one_of(names, answer),
            Special::Time(form) => fits_time(form, answer),
            Special::Token(_) | Special::Text => !is_blank(answer),
            Special::Any(_) | Special::Only(_) => true,
            Special::Url(end) => self.texts.is_address(end, answer.as_str().unwrap_or_default()),
            Special::File(name) => self.texts.is_file(name, answer.as_str().unwrap_or_default()),
        };
        difference_unless(fits, What::Value, place, pattern, answer)
    }

    /// Whether `answer` is one of these saved values; without names everything is.
    fn is_one_of(&self, names: &[Value], answer: &Value) -> bool {
        let is_saved = |name: &Value| {
            let saved = name.as_str().and_then(|name| self.texts.vars.get(name));
            saved.is_some_and(|saved| is_equal(&saved, answer))
        };
        names.is_empty() || names.iter().any(is_saved)
    }
}

/// Names of saved values that a pattern needs: one of each group must be there.
pub fn needed_names(pattern: &Value) -> Vec<Vec<String>> {
    match pattern {
        Value::String(text) => saved_names(text).map(|name| vec![name.to_owned()]).collect(),
        Value::Array(items) => items.iter().flat_map(needed_names).collect(),
        Value::Object(map) => match special(map) {
            Some(Special::Id { names, .. }) if !names.is_empty() => {
                let names = names.iter().filter_map(Value::as_str).map(str::to_owned);
                vec![names.collect()]
            }
            Some(Special::Url(text) | Special::File(text)) => {
                saved_names(text).map(|name| vec![name.to_owned()]).collect()
            }
            Some(Special::Only(map)) => map.values().flat_map(needed_names).collect(),
            Some(_) => Vec::new(),
            None => {
                let keys = map.keys().flat_map(|key| names_in_text(key)).map(|name| vec![name]);
                keys.chain(map.values().flat_map(needed_names)).collect()
            }
        },
        _ => Vec::new(),
    }
}

/// Whether a pattern speaks of a stored file.
pub fn mentions_file(pattern: &Value) -> bool {
    match pattern {
        Value::Array(items) => items.iter().any(mentions_file),
        Value::Object(map) => map.contains_key("$file") || map.values().any(mentions_file),
        _ => false,
    }
}

/// An object that stands for a class of values.
#[derive(Debug, Clone, Copy)]
enum Special<'a> {
    Id { names: &'a [Value], of: &'a str },
    Time(&'a str),
    Token(&'a str),
    Any(&'a str),
    Text,
    Url(&'a str),
    File(&'a str),
    Only(&'a Map<String, Value>),
}

impl Special<'_> {
    fn type_of_answer(&self) -> &str {
        match self {
            Special::Id { of, .. } | Special::Token(of) | Special::Any(of) => of,
            Special::Time("seconds" | "milliseconds" | "zero") => "number",
            Special::Time(_) | Special::Text | Special::Url(_) | Special::File(_) => "string",
            Special::Only(_) => "object",
        }
    }
}

fn special(map: &Map<String, Value>) -> Option<Special<'_>> {
    let (key, value) = map.iter().find(|(key, _)| key.starts_with('$'))?;
    match (key.as_str(), value) {
        ("$id", Value::Array(names)) => {
            let of = map.get("type").and_then(Value::as_str)?;
            Some(Special::Id { names, of })
        }
        ("$time", Value::String(form)) => Some(Special::Time(form)),
        ("$token", Value::String(of)) => Some(Special::Token(of)),
        ("$any", Value::String(of)) => Some(Special::Any(of)),
        ("$text", _) => Some(Special::Text),
        ("$url", Value::String(end)) => Some(Special::Url(end)),
        ("$file", Value::String(name)) => Some(Special::File(name)),
        ("$only", Value::Object(inner)) => Some(Special::Only(inner)),
        _ => None,
    }
}

/// Whether a number or text is a time of this form; the years 2001 to 2286 count.
fn fits_time(form: &str, answer: &Value) -> bool {
    const SECONDS: std::ops::Range<i64> = 1_000_000_000..10_000_000_000;
    const MILLISECONDS: std::ops::Range<i64> = 1_000_000_000_000..10_000_000_000_000;
    match form {
        "seconds" => answer.as_i64().is_some_and(|number| SECONDS.contains(&number)),
        "milliseconds" => answer.as_i64().is_some_and(|number| MILLISECONDS.contains(&number)),
        "zero" => answer.as_f64() == Some(0.0),
        mask => answer.as_str().is_some_and(|text| fits_mask(mask, text)),
    }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Null => true,
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Equality in which `1` and `1.0` are one number.
fn is_equal(left: &Value, right: &Value) -> bool {
    left == right || (left.is_number() && right.is_number() && left.as_f64() == right.as_f64())
}

/// The name of a JSON type.
pub(super) const fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn wrong_type(place: &Place, pattern: &Value, answer: &Value) -> Difference {
    Difference::at(What::Type, place, pattern, answer)
}

fn difference_unless(fits: bool, what: What, place: &Place, pattern: &Value, answer: &Value) -> Vec<Difference> {
    if fits { Vec::new() } else { vec![Difference::at(what, place, pattern, answer)] }
}

#[cfg(test)]
mod tests {
    use super::super::vars::Vars;
    use super::*;
    use serde_json::json;

    /// The differences as `what at`, in a fixed order.
    fn compare(pattern: &Value, answer: &Value) -> Vec<String> {
        compare_with(pattern, answer, &["free".to_owned()])
    }

    fn compare_with(pattern: &Value, answer: &Value, volatile: &[String]) -> Vec<String> {
        let mut vars = Vars::default();
        vars.save("ada.id", json!(7));
        vars.save("key.name", json!("k"));
        let rules = Rules {
            texts: Texts { vars: &vars, base: "http://localhost:3000" },
            unordered: &[],
            align: &BTreeMap::new(),
            shape_only: &[],
            volatile,
        };
        let mut found: Vec<String> = rules
            .compare(pattern, answer)
            .iter()
            .map(|difference| format!("{:?} {}", difference.what, difference.at).to_lowercase())
            .collect();
        found.sort();
        found
    }

    #[test]
    fn keys_must_be_there_with_their_types_and_values_and_more_keys_may() {
        let pattern = json!({"a": 1, "b": {"c": "x", "d": null}, "e": [1, 2]});
        assert!(compare(&pattern, &json!({"a": 1.0, "b": {"c": "x", "d": null, "z": 0}, "e": [1, 2]})).is_empty());
        let answer = json!({"a": "1", "b": {"c": "y"}, "e": [1]});
        assert_eq!(compare(&pattern, &answer), ["missing b.d", "type a", "value b.c", "value e"]);
    }

    #[test]
    fn null_is_a_type_of_its_own() {
        assert_eq!(compare(&json!({"a": null}), &json!({"a": ""})), ["type a"]);
        assert_eq!(compare(&json!({"a": "x"}), &json!({"a": null})), ["type a"]);
        assert_eq!(compare(&json!({"a": {"b": 1}}), &json!({"a": null})), ["type a"]);
    }

    #[test]
    fn ids_are_values_that_were_saved() {
        assert!(compare(&json!({"$id": [], "type": "number"}), &json!(1)).is_empty());
        assert!(compare(&json!({"$id": ["ada.id"], "type": "number"}), &json!(7)).is_empty());
        assert!(compare(&json!({"$id": ["bob.id", "ada.id"], "type": "number"}), &json!(7)).is_empty());
        assert_eq!(compare(&json!({"$id": ["ada.id"], "type": "number"}), &json!(8)), ["value ."]);
        assert_eq!(compare(&json!({"$id": ["bob.id"], "type": "number"}), &json!(7)), ["value ."]);
        assert_eq!(compare(&json!({"$id": ["ada.id"], "type": "number"}), &json!("7")), ["type ."]);
    }

    #[test]
    fn times_have_their_form() {
        assert!(compare(&json!({"$time": "seconds"}), &json!(1_767_225_655)).is_empty());
        assert_eq!(compare(&json!({"$time": "seconds"}), &json!(1_767_225_655_000_i64)), ["value ."]);
        assert!(compare(&json!({"$time": "milliseconds"}), &json!(1_767_225_655_000_i64)).is_empty());
        assert!(compare(&json!({"$time": "zero"}), &json!(0)).is_empty());
        assert_eq!(compare(&json!({"$time": "zero"}), &json!(5)), ["value ."]);
        assert_eq!(compare(&json!({"$time": "zero"}), &json!(null)), ["type ."]);
        assert_eq!(compare(&json!({"$time": "9999-99-99T99:99:99.3Z"}), &json!(5)), ["type ."]);
    }

    #[test]
    fn tokens_and_texts_are_not_empty_and_any_may_be() {
        assert!(compare(&json!({"$token": "string"}), &json!("x")).is_empty());
        assert_eq!(compare(&json!({"$token": "string"}), &json!("")), ["value ."]);
        assert_eq!(compare(&json!({"$text": true}), &json!("")), ["value ."]);
        assert!(compare(&json!({"$any": "string"}), &json!("")).is_empty());
        assert_eq!(compare(&json!({"$any": "string"}), &json!(null)), ["type ."]);
    }

    #[test]
    fn only_some_keys_may_count_and_some_values_may_be_free() {
        assert!(compare(&json!({"$only": {"a": 1}}), &json!({"a": 1, "b": 2})).is_empty());
        assert_eq!(compare(&json!({"$only": {"a": 1}}), &json!({"b": 2})), ["missing a"]);
        assert!(compare(&json!({"free": 1}), &json!({"free": "x"})).is_empty());
        assert_eq!(compare(&json!({"free": 1}), &json!({})), ["missing free"]);
    }

    #[test]
    fn a_key_may_be_a_saved_value() {
        assert!(compare(&json!({"{{key.name}}": 1}), &json!({"k": 1})).is_empty());
        assert_eq!(compare(&json!({"{{key.name}}": 1}), &json!({"j": 1})), ["missing k"]);
    }

    #[test]
    fn the_names_that_a_pattern_needs_are_found() {
        let pattern = json!({
            "{{k.id}}": {"$only": {"id": {"$id": ["a.id", "b.id"], "type": "number"}}},
            "text": "x <source.c> <run>",
            "id": {"$id": [], "type": "number"}
        });
        let mut names = needed_names(&pattern);
        names.sort();
        assert_eq!(names, [vec!["a.id", "b.id"], vec!["k.id"], vec!["source.c"]]);
    }
}
