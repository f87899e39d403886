//! Places inside JSON: looking a value up, and naming where a difference is.

use std::fmt;

use serde_json::Value;

use super::vars::plain;

/// The value at a path such as `payload.contact.id`, `payload[0].id`, `payload[name=Ada].id`.
pub fn look_up<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let mut value = value;
    let mut rest = path;
    while !rest.is_empty() {
        rest = rest.strip_prefix('.').unwrap_or(rest);
        if let Some(inside) = rest.strip_prefix('[') {
            let (selector, after) = inside.split_once(']')?;
            value = select(value, selector)?;
            rest = after;
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            value = value.get(&rest[..end]).or_else(|| rest[..end].is_empty().then_some(value))?;
            rest = &rest[end..];
        }
    }
    Some(value)
}

fn select<'a>(list: &'a Value, selector: &str) -> Option<&'a Value> {
    match selector.split_once('=') {
        None => list.get(selector.parse::<usize>().ok()?),
        Some((key, wanted)) => {
            list.as_array()?.iter().find(|item| item.get(key).is_some_and(|found| plain(found) == wanted))
        }
    }
}

/// Where in an answer something is; the empty place is the whole answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Key(String),
    Item(usize),
}

impl Place {
    /// The place of `key` in the object here.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.with(Segment::Key(key.to_owned()))
    }

    /// The place of an item in the list here.
    #[must_use]
    pub fn item(&self, index: usize) -> Self {
        self.with(Segment::Item(index))
    }

    fn with(&self, segment: Segment) -> Self {
        let mut segments = self.segments.clone();
        segments.push(segment);
        Self { segments }
    }

    /// The last key on the way here.
    pub fn last_key(&self) -> Option<&str> {
        match self.segments.last()? {
            Segment::Key(key) => Some(key),
            Segment::Item(_) => None,
        }
    }

    /// The path with `[]` for any item, as the files of deviations have it.
    pub fn any_item(&self) -> String {
        self.write(|_| "[]".to_owned(), ".")
    }

    /// The path without items, as the steps name their lists.
    pub fn list_name(&self) -> String {
        self.write(|_| String::new(), ".")
    }

    fn write(&self, item: impl Fn(usize) -> String, root: &str) -> String {
        let mut path = String::new();
        for segment in &self.segments {
            match segment {
                Segment::Item(index) => path.push_str(&item(*index)),
                Segment::Key(key) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(key);
                }
            }
        }
        if path.is_empty() { root.to_owned() } else { path }
    }
}

/// The path with the numbers of its items.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.write(|index| format!("[{index}]"), "."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_go_through_keys_numbers_and_conditions() {
        let body = json!({"payload": [{"name": "Ada", "id": 3}, {"name": "Bea", "id": 4}], "a": {"b": 1}});
        assert_eq!(look_up(&body, "a.b"), Some(&json!(1)));
        assert_eq!(look_up(&body, "payload[1].id"), Some(&json!(4)));
        assert_eq!(look_up(&body, "payload[name=Ada].id"), Some(&json!(3)));
        assert_eq!(look_up(&body, "payload[id=4].name"), Some(&json!("Bea")));
        assert_eq!(look_up(&body, "payload[2].id"), None);
        assert_eq!(look_up(&body, "a.c"), None);
        assert_eq!(look_up(&json!([{"id": 9}]), "[0].id"), Some(&json!(9)));
    }

    #[test]
    fn a_place_is_written_for_readers_entries_and_rules() {
        let place = Place::default().key("payload").item(2).key("inbox").key("id");
        assert_eq!(place.to_string(), "payload[2].inbox.id");
        assert_eq!(place.any_item(), "payload[].inbox.id");
        assert_eq!(place.list_name(), "payload.inbox.id");
        assert_eq!(Place::default().any_item(), ".");
        assert_eq!(Place::default().item(1).key("id").any_item(), "[].id");
    }
}
