//! The rules of labels (rest.md §5.10).

use std::collections::BTreeMap;

use ::store::Tx;
use edge::{Error, Result};
use types::{AccountId, ConversationId};

use super::store;
use crate::text;

/// Longest name, in characters.
const MAX_NAME: usize = 255;
/// Most labels that one request may set.
const MAX_LABELS: usize = 200;

/// Names as a client sends them: an element with commas is several, blanks around them and empty ones go.
pub fn read_names(given: &[String]) -> Result<Vec<String>> {
    let names: Vec<String> = given
        .iter()
        .flat_map(|element| element.split(','))
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    if names.len() > MAX_LABELS {
        return Err(Error::invalid("labels", "are too many"));
    }
    if names.iter().any(|name| name.chars().count() > MAX_NAME) {
        return Err(Error::invalid("labels", "have a name that is too long (maximum is 255 characters)"));
    }
    Ok(names)
}

/// Replaces the labels of a conversation; gives the new ones in the account's spelling, each once.
///
/// Tags are found and made in the order of their folded names: two requests that make the same ones in other orders
/// would wait for each other.
pub fn replace_of_conversation(
    tx: &mut Tx<'_>,
    account: AccountId,
    conversation: ConversationId,
    names: &[String],
) -> Result<Vec<String>> {
    let mut wanted: BTreeMap<String, (usize, &String)> = BTreeMap::new();
    for (place, name) in names.iter().enumerate() {
        wanted.entry(text::fold(name)).or_insert((place, name));
    }
    let mut tags: Vec<(usize, i64, String)> = Vec::with_capacity(wanted.len());
    for (folded, (place, name)) in wanted {
        let (id, spelling) = store::find_or_create_tag(tx, account, name, &folded)?;
        tags.push((place, id, spelling));
    }
    tags.sort_unstable_by_key(|(place, ..)| *place);
    let ids: Vec<i64> = tags.iter().map(|(_, id, _)| *id).collect();
    store::keep_on_conversation(tx, account, conversation, &ids)?;
    store::add_to_conversation(tx, account, conversation, &ids)?;
    Ok(tags.into_iter().map(|(.., name)| name).collect())
}

#[cfg(test)]
mod tests {
    use super::read_names;

    #[test]
    fn an_element_with_commas_is_several_names() {
        let given = ["two words".to_owned(), " comma, inside ,".to_owned(), String::new()];
        assert_eq!(read_names(&given).unwrap(), ["two words", "comma", "inside"]);
    }

    #[test]
    fn names_and_lists_have_a_limit() {
        assert!(read_names(&["x".repeat(256)]).is_err());
        assert!(read_names(&["x,".repeat(300)]).is_err());
    }
}
