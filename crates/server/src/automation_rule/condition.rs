//! What a condition of a rule may be (rest.md §5.7, semantics §4.2): the union of both eras (decisions §2).

use std::collections::BTreeSet;

use serde_json::Value;

use super::Item;

/// Attributes of the message, the conversation and the contact that every account has.
const ATTRIBUTES: [&str; 19] = [
    "content",
    "message_type",
    "private_note",
    "status",
    "priority",
    "assignee_id",
    "team_id",
    "inbox_id",
    "labels",
    "browser_language",
    "conversation_language",
    "referer",
    "mail_subject",
    "email",
    "phone_number",
    "city",
    "company",
    "company_name",
    "country_code",
];

/// Operators that compare with `values`.
const COMPARING: [&str; 8] = [
    "equal_to",
    "not_equal_to",
    "contains",
    "does_not_contain",
    "starts_with",
    "is_greater_than",
    "is_less_than",
    "days_before",
];
/// Operators that want no values.
const PRESENCE: [&str; 2] = ["is_present", "is_not_present"];
/// The operator whose values are an object of `from` and `to` (decisions §3).
const CHANGED: &str = "attribute_changed";

/// Keys of custom attributes that the account has, each with what has it.
pub type CustomKeys = BTreeSet<(String, String)>;

/// The first thing that is wrong with the conditions.
pub fn problem(conditions: &[Item], custom: &CustomKeys) -> Option<String> {
    conditions.iter().enumerate().find_map(|(index, condition)| {
        let is_last = index + 1 == conditions.len();
        let found = item_problem(condition, custom).or_else(|| joiner_problem(condition, is_last))?;
        Some(format!("are not valid: {found} (number {})", index + 1))
    })
}

/// The attributes that conditions name and that not every account has.
pub fn unusual_keys(conditions: &[Item]) -> Vec<String> {
    let keys = conditions.iter().filter_map(|condition| condition.get("attribute_key")?.as_str());
    let unusual: BTreeSet<&str> = keys.filter(|key| !ATTRIBUTES.contains(key)).collect();
    unusual.into_iter().map(str::to_owned).collect()
}

fn item_problem(condition: &Item, custom: &CustomKeys) -> Option<String> {
    let text = |key: &str| condition.get(key).and_then(Value::as_str).unwrap_or_default();
    let (key, operator) = (text("attribute_key"), text("filter_operator"));
    if !ATTRIBUTES.contains(&key) && !is_custom(key, text("custom_attribute_type"), custom) {
        return Some(format!("there is no attribute {key:?}"));
    }
    let values = condition.get("values").unwrap_or(&Value::Null);
    match operator {
        CHANGED => (!is_change(values)).then(|| "the values of attribute_changed are an object of from and to".into()),
        _ if COMPARING.contains(&operator) => {
            (!is_scalars(values)).then(|| format!("the values of {operator} are a list of texts and numbers"))
        }
        _ if PRESENCE.contains(&operator) => None,
        _ => Some(format!("there is no operator {operator:?}")),
    }
}

/// A custom attribute of the kind that the condition names; of any kind if it names none.
fn is_custom(key: &str, kind: &str, custom: &CustomKeys) -> bool {
    custom.iter().any(|(model, known)| known == key && (kind.is_empty() || kind == model))
}

/// How a condition is joined to the next one: needed before another one (semantics §4.2).
fn joiner_problem(condition: &Item, is_last: bool) -> Option<String> {
    let word = match condition.get("query_operator") {
        None | Some(Value::Null) => "",
        Some(Value::String(word)) => word.as_str(),
        Some(_) => return Some("query_operator is AND or OR".into()),
    };
    match word.to_ascii_uppercase().as_str() {
        "AND" | "OR" => None,
        "" => (!is_last).then(|| "query_operator is needed before another condition".into()),
        _ => Some("query_operator is AND or OR".into()),
    }
}

fn is_change(values: &Value) -> bool {
    let Some(values) = values.as_object() else { return false };
    let sides = ["from", "to"].map(|side| values.get(side));
    sides.iter().any(Option::is_some) && sides.iter().flatten().all(|side| is_scalars(side))
}

/// A list of texts, numbers and booleans, or a single one.
fn is_scalars(values: &Value) -> bool {
    let is_scalar = |value: &Value| matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_));
    match values {
        Value::Array(items) => items.iter().all(is_scalar),
        Value::Null => true,
        value => is_scalar(value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{CustomKeys, Item, problem, unusual_keys};

    fn items(value: Value) -> Vec<Item> {
        serde_json::from_value(value).unwrap()
    }

    fn custom() -> CustomKeys {
        [("contact_attribute".to_owned(), "tier".to_owned())].into()
    }

    #[test]
    fn what_either_era_knows_is_taken() {
        for condition in [
            json!({ "attribute_key": "company", "filter_operator": "equal_to", "values": ["x"] }),
            json!({ "attribute_key": "mail_subject", "filter_operator": "starts_with", "values": "x" }),
            json!({ "attribute_key": "assignee_id", "filter_operator": "is_not_present", "values": null }),
            json!({ "attribute_key": "assignee_id", "filter_operator": "is_present" }),
            json!({ "attribute_key": "private_note", "filter_operator": "equal_to", "values": [true] }),
            json!({ "attribute_key": "tier", "filter_operator": "days_before", "values": [3] }),
            json!({ "attribute_key": "tier", "filter_operator": "equal_to", "values": [], "custom_attribute_type": "contact_attribute" }),
            json!({ "attribute_key": "status", "filter_operator": "attribute_changed", "values": { "from": ["open"], "to": ["resolved"] } }),
            json!({ "attribute_key": "status", "filter_operator": "equal_to", "values": ["open"], "query_operator": "" }),
        ] {
            assert_eq!(problem(&items(json!([condition])), &custom()), None, "{condition}");
        }
    }

    #[test]
    fn what_neither_knows_is_refused() {
        for condition in [
            json!({}),
            json!({ "attribute_key": "shoe_size", "filter_operator": "equal_to", "values": ["43"] }),
            json!({ "attribute_key": ["status"], "filter_operator": "equal_to", "values": ["open"] }),
            json!({ "attribute_key": "tier", "filter_operator": "equal_to", "values": [], "custom_attribute_type": "conversation_attribute" }),
            json!({ "attribute_key": "status", "values": ["open"] }),
            json!({ "attribute_key": "status", "filter_operator": "resembles", "values": ["open"] }),
            json!({ "attribute_key": "status", "filter_operator": "equal_to", "values": { "a": 1 } }),
            json!({ "attribute_key": "status", "filter_operator": "equal_to", "values": [{ "id": 1 }] }),
            json!({ "attribute_key": "status", "filter_operator": "attribute_changed", "values": ["open"] }),
            json!({ "attribute_key": "status", "filter_operator": "attribute_changed", "values": {} }),
            json!({ "attribute_key": "status", "filter_operator": "attribute_changed", "values": { "to": { "a": 1 } } }),
            json!({ "attribute_key": "status", "filter_operator": "equal_to", "values": ["x"], "query_operator": "XOR" }),
            json!({ "attribute_key": "status", "filter_operator": "equal_to", "values": ["x"], "query_operator": 7 }),
        ] {
            assert!(problem(&items(json!([condition])), &custom()).is_some(), "{condition}");
        }
    }

    #[test]
    fn conditions_are_joined_in_any_case() {
        let joined = |joiners: &[Value]| {
            let of = |joiner: &Value| json!({ "attribute_key": "city", "filter_operator": "equal_to", "values": ["x"], "query_operator": joiner });
            problem(&items(Value::Array(joiners.iter().map(of).collect())), &custom())
        };
        assert_eq!(joined(&[json!("and"), json!("Or"), json!(null)]), None);
        assert_eq!(joined(&[json!("AND"), json!("OR")]), None);
        for gap in [json!(null), json!("")] {
            assert!(joined(&[gap, json!(null)]).unwrap().contains("number 1"));
        }
    }

    #[test]
    fn keys_that_may_be_custom_are_told_once() {
        let of = |key: &str| json!({ "attribute_key": key });
        let conditions = items(json!([of("tier"), of("status"), of("tier"), of("a"), {}]));
        assert_eq!(unusual_keys(&conditions), ["a", "tier"]);
    }
}
