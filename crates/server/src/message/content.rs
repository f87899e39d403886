//! What a message's content may be (rest.md §6.2).

use edge::{Error, Result};
use serde_json::{Map, Value};
use types::ContentType;

/// Longest content, in characters.
pub const MAX_CONTENT: usize = 150_000;

/// Fails when `content` is too long.
pub fn check_length(content: Option<&str>) -> Result<()> {
    // Bytes are never fewer than characters: most contents need no counting.
    if content.is_some_and(|text| text.len() > MAX_CONTENT && text.chars().count() > MAX_CONTENT) {
        return Err(Error::Refused(format!("Content is too long (maximum is {MAX_CONTENT} characters)")));
    }
    Ok(())
}

/// Fails when the items do not fit the content type.
pub fn check_items(content_type: ContentType, attributes: &Map<String, Value>) -> Result<()> {
    let Some(allowed) = item_keys(content_type) else { return Ok(()) };
    let items = attributes.get("items").and_then(Value::as_array);
    let Some(items) = items.filter(|items| !items.is_empty()) else {
        return Err(refused("needs at least one item"));
    };
    for item in items {
        let item = item.as_object().ok_or_else(|| refused("must be objects"))?;
        check_keys(item, allowed)?;
        if content_type == ContentType::Cards {
            check_actions(item)?;
        }
    }
    Ok(())
}

fn item_keys(content_type: ContentType) -> Option<&'static [&'static str]> {
    match content_type {
        ContentType::InputSelect => Some(&["title", "value"]),
        ContentType::Cards => Some(&["title", "description", "media_url", "actions"]),
        ContentType::Form => Some(&[
            "type",
            "placeholder",
            "label",
            "name",
            "options",
            "default",
            "required",
            "pattern",
            "title",
            "pattern_error",
        ]),
        ContentType::Article => Some(&["title", "description", "link"]),
        _ => None,
    }
}

fn check_actions(card: &Map<String, Value>) -> Result<()> {
    let actions = card.get("actions").and_then(Value::as_array).filter(|actions| !actions.is_empty());
    for action in actions.ok_or_else(|| refused("of cards need actions"))? {
        let action = action.as_object().ok_or_else(|| refused("of cards need actions that are objects"))?;
        check_keys(action, &["text", "type", "payload", "uri"])?;
    }
    Ok(())
}

fn check_keys(object: &Map<String, Value>, allowed: &[&str]) -> Result<()> {
    match object.keys().find(|key| !allowed.contains(&key.as_str())) {
        Some(key) => Err(refused(&format!("may not have the key {key}"))),
        None => Ok(()),
    }
}

fn refused(problem: &str) -> Error {
    Error::Refused(format!("Content attributes items {problem}"))
}
