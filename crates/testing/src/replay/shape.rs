//! Comparing lists of which only keys and types count.

use std::collections::BTreeMap;

use serde_json::Value;

use super::difference::{Difference, What};
use super::path::Place;
use super::pattern::type_of;

/// Compares every item with the types that the expected items have between them.
pub fn compare(place: &Place, expected: &[Value], got: &[Value]) -> Vec<Difference> {
    let expected: Vec<&Value> = expected.iter().collect();
    if expected.is_empty() {
        return Vec::new();
    }
    let compare_item = |(index, item)| compare_one(&place.item(index), &expected, item);
    got.iter().enumerate().flat_map(compare_item).collect()
}

fn compare_one(place: &Place, expected: &[&Value], got: &Value) -> Vec<Difference> {
    if !expected.iter().any(|pattern| type_expected(pattern) == type_of(got)) {
        return vec![Difference::at(What::Type, place, expected[0], got)];
    }
    match got {
        Value::Object(map) => keys_of(expected)
            .into_iter()
            .flat_map(|(key, (patterns, objects))| match map.get(key) {
                Some(value) => compare_one(&place.key(key), &patterns, value),
                None if objects => vec![Difference::missing(&place.key(key), patterns[0])],
                None => Vec::new(),
            })
            .collect(),
        Value::Array(items) => {
            let lists = expected.iter().filter_map(|pattern| pattern.as_array());
            compare(place, &lists.flatten().cloned().collect::<Vec<_>>(), items)
        }
        _ => Vec::new(),
    }
}

/// The keys of all expected objects: the values each has, and whether every object has it.
fn keys_of<'a>(expected: &[&'a Value]) -> BTreeMap<&'a str, (Vec<&'a Value>, bool)> {
    let plain = |pattern: &&'a Value| {
        let map = pattern.as_object()?;
        let map = map.get("$only").and_then(Value::as_object).unwrap_or(map);
        (!map.keys().any(|key| key.starts_with('$'))).then_some(map)
    };
    let objects: Vec<_> = expected.iter().filter_map(plain).collect();
    let mut keys: BTreeMap<&str, (Vec<&Value>, bool)> = BTreeMap::new();
    for (key, value) in objects.iter().flat_map(|map| map.iter()) {
        keys.entry(key).or_default().0.push(value);
    }
    for (values, is_everywhere) in keys.values_mut() {
        *is_everywhere = values.len() == objects.len();
    }
    keys
}

/// The JSON type that a pattern asks for.
fn type_expected(pattern: &Value) -> &str {
    let Some(map) = pattern.as_object() else { return type_of(pattern) };
    let Some((key, value)) = map.iter().find(|(key, _)| key.starts_with('$')) else {
        return "object";
    };
    match (key.as_str(), value.as_str()) {
        ("$id", _) => map.get("type").and_then(Value::as_str).unwrap_or("number"),
        ("$time", Some("seconds" | "milliseconds" | "zero")) => "number",
        ("$token" | "$any", Some(name)) => name,
        ("$only", _) => "object",
        _ => "string",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn differences(expected: &[Value], got: &[Value]) -> Vec<String> {
        let differences = compare(&Place::default().key("l"), expected, got);
        differences.iter().map(|found| format!("{:?} {}", found.what, found.place)).collect()
    }

    #[test]
    fn values_and_lengths_are_free_but_keys_and_types_are_not() {
        let expected = [json!({"id": {"$id": [], "type": "number"}, "name": "x"})];
        assert!(differences(&expected, &[]).is_empty());
        assert!(differences(&expected, &[json!({"id": 1, "name": "y"}), json!({"id": 2, "name": ""})]).is_empty());
        assert_eq!(differences(&expected, &[json!({"id": "1"})]), ["Type l[0].id", "Missing l[0].name"]);
    }

    #[test]
    fn an_item_may_take_a_type_from_any_expected_one() {
        let expected = [json!({"url": null, "more": 1}), json!({"url": "x"})];
        assert!(differences(&expected, &[json!({"url": null}), json!({"url": "y"})]).is_empty());
        assert_eq!(differences(&expected, &[json!({"url": 3, "more": "1"})]), ["Type l[0].more", "Type l[0].url"]);
    }
}
