//! Names with brackets: `channel[website_url]`, `ids[]`, `working_hours[][day_of_week]` (rest.md §1.2).

use serde_json::{Map, Value};

use crate::Error;

/// How many parameters one request may have.
const MOST_PARAMETERS: usize = 10_000;

/// How deep brackets may nest.
const DEEPEST: usize = 32;

/// Grows from names and values in the order in which they were sent.
#[derive(Debug, Default)]
pub(super) struct Tree {
    map: Map<String, Value>,
    count: usize,
}

impl Tree {
    /// Puts `value` where `name` says.
    ///
    /// A later plain name replaces an earlier one; using a name in two ways (`a=1&a[b]=2`) is malformed. In
    /// `rows[][key]` a key that the last row has already begins the next row.
    pub(super) fn insert(&mut self, name: &str, value: Value) -> Result<(), Error> {
        self.count()?;
        insert(&mut self.map, name, value, DEEPEST)
    }

    /// Counts a parameter that is kept elsewhere.
    pub(super) fn count(&mut self) -> Result<(), Error> {
        self.count += 1;
        if self.count > MOST_PARAMETERS {
            return Err(Error::Refused(format!("more than {MOST_PARAMETERS} parameters")));
        }
        Ok(())
    }

    pub(super) fn into_map(self) -> Map<String, Value> {
        self.map
    }
}

fn insert(map: &mut Map<String, Value>, name: &str, value: Value, levels: usize) -> Result<(), Error> {
    let (key, rest) = first(name);
    if key.is_empty() {
        return Ok(());
    }
    let Some(levels) = levels.checked_sub(1) else {
        return Err(Error::Malformed("parameters are nested too deeply".to_owned()));
    };
    if rest.is_empty() || rest == "[" {
        map.insert(key.to_owned(), value);
        return Ok(());
    }
    let slot = map.entry(key).or_insert(Value::Null);
    match rest.strip_prefix("[]") {
        Some("") => list(slot, key)?.push(value),
        Some(child) => insert(row(list(slot, key)?, child), child, value, levels)?,
        None => insert(object(slot, key)?, rest, value, levels)?,
    }
    Ok(())
}

/// The first key of a name and what follows it: `a[b][c]` is `a` and `[b][c]`.
fn first(name: &str) -> (&str, &str) {
    let name = name.trim_start_matches(['[', ']']);
    let (key, rest) = name.split_at(name.find(['[', ']']).unwrap_or(name.len()));
    (key, rest.trim_start_matches(']'))
}

fn list<'a>(slot: &'a mut Value, key: &str) -> Result<&'a mut Vec<Value>, Error> {
    if slot.is_null() {
        *slot = Value::Array(Vec::new());
    }
    slot.as_array_mut().ok_or_else(|| used_twice(key))
}

fn object<'a>(slot: &'a mut Value, key: &str) -> Result<&'a mut Map<String, Value>, Error> {
    if slot.is_null() {
        *slot = Value::Object(Map::new());
    }
    slot.as_object_mut().ok_or_else(|| used_twice(key))
}

/// The row that `child` belongs to: the last one, or a new one when that has it already.
fn row<'a>(rows: &'a mut Vec<Value>, child: &str) -> &'a mut Map<String, Value> {
    if !matches!(rows.last(), Some(Value::Object(last)) if !has(last, child)) {
        rows.push(Value::Object(Map::new()));
    }
    rows.last_mut().and_then(Value::as_object_mut).expect("the last row is an object")
}

fn has(map: &Map<String, Value>, name: &str) -> bool {
    let (key, rest) = first(name);
    match map.get(key) {
        None => false,
        Some(Value::Object(inner)) if !rest.is_empty() => has(inner, rest),
        // A list grows; it does not begin a new row.
        Some(Value::Array(_)) if rest.starts_with("[]") => false,
        Some(_) => true,
    }
}

fn used_twice(key: &str) -> Error {
    Error::Malformed(format!("the parameter {key} is used in two ways"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Tree;
    use crate::Error;

    fn tree(pairs: &[(&str, &str)]) -> Result<Value, Error> {
        let mut tree = Tree::default();
        for (name, value) in pairs {
            tree.insert(name, json!(value))?;
        }
        Ok(Value::Object(tree.into_map()))
    }

    #[test]
    fn brackets_make_objects_and_lists() {
        let cases: &[(&[(&str, &str)], Value)] = &[
            (&[("a", "1"), ("a", "2")], json!({"a": "2"})),
            (&[("a[b][c]", "1"), ("a[b][d]", "2")], json!({"a": {"b": {"c": "1", "d": "2"}}})),
            (&[("a[]", "1"), ("a[]", "2")], json!({"a": ["1", "2"]})),
            (&[("a[][d]", "1"), ("a[][e]", "2"), ("a[][d]", "3")], json!({"a": [{"d": "1", "e": "2"}, {"d": "3"}]})),
            (&[("a[][b][c]", "1"), ("a[][b][d]", "2")], json!({"a": [{"b": {"c": "1", "d": "2"}}]})),
            (&[("a[][b][]", "1"), ("a[][b][]", "2")], json!({"a": [{"b": ["1", "2"]}]})),
            (&[("a[b]", "1"), ("a", "2")], json!({"a": "2"})),
            (&[("[a]", "1")], json!({"a": "1"})),
            (&[("a[", "1")], json!({"a": "1"})),
            (&[("a]", "1")], json!({"a": "1"})),
            (&[("a[b", "1")], json!({"a": {"b": "1"}})),
            (&[("", "1"), ("[]", "1"), ("][", "1")], json!({})),
        ];
        for (pairs, expected) in cases {
            assert_eq!(tree(pairs).unwrap(), *expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_name_used_in_two_ways_is_malformed() {
        let cases: [&[(&str, &str)]; 5] = [
            &[("a", "2"), ("a[b]", "1")],
            &[("a[]", "1"), ("a[b]", "2")],
            &[("a[b]", "1"), ("a[]", "2")],
            &[("a", "1"), ("a[]", "2")],
            &[("a", "1"), ("a[][b]", "2")],
        ];
        for pairs in cases {
            assert!(matches!(tree(pairs), Err(Error::Malformed(_))), "{pairs:?}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let name = |levels: usize| format!("a{}", "[b]".repeat(levels));
        assert!(tree(&[(&name(31), "1")]).is_ok());
        assert!(matches!(tree(&[(&name(32), "1")]), Err(Error::Malformed(_))));
        assert!(matches!(tree(&[(&name(100_000), "1")]), Err(Error::Malformed(_))));
        assert!(matches!(tree(&[(&format!("a{}", "[][b]".repeat(100_000)), "1")]), Err(Error::Malformed(_))));
    }
}
