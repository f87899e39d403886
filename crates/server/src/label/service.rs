//! The rules of labels (rest.md §5.10).

use std::collections::BTreeMap;

use ::store::Tx;
use edge::{Error, Result};
use types::{AccountId, ContactId, ConversationId, LabelId};

use super::jobs::CarryLabel;
use super::{Draft, Label, store};
use crate::account;
use crate::events::{Actor, Event, record};
use crate::text;

/// Most labels of an account.
const MOST_OF_ACCOUNT: usize = 1_000;

/// Longest name, in characters.
const MAX_NAME: usize = 255;
/// Most labels that one request may set.
const MAX_LABELS: usize = 200;

/// Makes a label of the account.
pub fn create(tx: &mut Tx<'_>, account: AccountId, draft: &Draft, actor: &Actor) -> Result<Label> {
    check(draft)?;
    account::service::lock(tx, account)?;
    if store::is_taken(tx, account, &draft.title, None)? {
        return Err(taken());
    }
    if store::list(tx, account)?.len() >= MOST_OF_ACCOUNT {
        return Err(Error::invalid("base", &format!("has {MOST_OF_ACCOUNT} labels already")));
    }
    let made = store::insert(tx, account, draft)?;
    record(tx, account, actor, &Event::LabelCreated(made.id));
    Ok(made)
}

/// Changes a label into what `change` makes of it; a new title goes to all that has the old one.
pub fn update(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: LabelId,
    change: impl Fn(Draft) -> Draft,
    actor: &Actor,
) -> Result<Label> {
    account::service::lock(tx, account)?;
    let label = store::find(tx, account, id)?.ok_or(Error::NotFound("label"))?;
    let before = label.to_draft();
    let after = change(before.clone());
    check(&after)?;
    if after == before {
        return Ok(label);
    }
    if store::is_taken(tx, account, &after.title, Some(id))? {
        return Err(taken());
    }
    let changed = store::update(tx, account, id, &after)?;
    if after.title != before.title {
        carry(tx, account, &before.title, Some(&after.title))?;
    }
    record(tx, account, actor, &Event::LabelUpdated(id));
    Ok(changed)
}

/// Removes a label; it leaves all conversations and contacts in a job, silently.
pub fn delete(tx: &mut Tx<'_>, account: AccountId, id: LabelId, actor: &Actor) -> Result<()> {
    account::service::lock(tx, account)?;
    let label = store::find(tx, account, id)?.ok_or(Error::NotFound("label"))?;
    store::delete(tx, account, id)?;
    carry(tx, account, &label.title, None)?;
    record(tx, account, actor, &Event::LabelDeleted(id));
    Ok(())
}

/// A name that nothing has yet is given to the tag itself; else all that has the old one moves in a job.
fn carry(tx: &mut Tx<'_>, account: AccountId, from: &str, to: Option<&str>) -> Result<()> {
    let Some(from) = store::find_tag(tx, account, &text::fold(from))? else { return Ok(()) };
    let folded = to.map(text::fold);
    let to = match (to, &folded) {
        (Some(name), Some(folded)) => match store::find_tag(tx, account, folded)? {
            Some(tag) if tag != from => Some(tag),
            _ => return store::rename_tag(tx, account, from, name, folded),
        },
        _ => None,
    };
    let until = tx.now().as_micros();
    ::jobs::push(tx, &CarryLabel { account_id: account, from, to, until })?;
    Ok(())
}

fn check(draft: &Draft) -> Result<()> {
    let problems = draft.problems();
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}

fn taken() -> Error {
    Error::invalid("title", "has already been taken")
}

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
pub fn replace_of_conversation(
    tx: &mut Tx<'_>,
    account: AccountId,
    conversation: ConversationId,
    names: &[String],
) -> Result<Vec<String>> {
    let tags = find_or_create_tags(tx, account, names)?;
    store::keep_on_conversation(tx, account, conversation, &tags.ids)?;
    store::add_to_conversation(tx, account, conversation, &tags.ids)?;
    Ok(tags.names)
}

/// Replaces the labels of a contact; gives the new ones in the account's spelling, each once.
pub fn replace_of_contact(
    tx: &mut Tx<'_>,
    account: AccountId,
    contact: ContactId,
    names: &[String],
) -> Result<Vec<String>> {
    let tags = find_or_create_tags(tx, account, names)?;
    store::keep_on_contact(tx, account, contact, &tags.ids)?;
    store::add_to_contact(tx, account, contact, &tags.ids)?;
    Ok(tags.names)
}

/// Tags in the order of the names that asked for them.
struct Tags {
    ids: Vec<i64>,
    names: Vec<String>,
}

/// Tags are found and made in the order of their folded names: two requests that make the same ones in other orders
/// would wait for each other.
fn find_or_create_tags(tx: &mut Tx<'_>, account: AccountId, names: &[String]) -> Result<Tags> {
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
    Ok(Tags {
        ids: tags.iter().map(|(_, id, _)| *id).collect(),
        names: tags.into_iter().map(|(.., name)| name).collect(),
    })
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
