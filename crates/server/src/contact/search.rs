//! The index behind "contains": three letters in a row, for each account apart.
//!
//! The engines differ here: PostgreSQL keeps a trigram index of the column itself, SQLite a full-text table whose
//! words are the trigrams, made by us. Both only narrow; the text itself decides.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ::store::{Conn, Tx};
use edge::Result;
use types::{AccountId, ContactId, ToValue, Value};

use crate::text;

/// Letters of a trigram; shorter texts are looked for without the index.
const LETTERS: usize = 3;

/// A field, or a text that is looked for in one, as it is compared: only fields end lines.
pub fn folded(text: &str) -> String {
    text::fold(text).replace('\n', " ")
}

/// Makes the contact findable by `search_text`; again replaces.
pub fn index(tx: &mut Tx<'_>, account: AccountId, id: ContactId, search_text: &str) -> Result<()> {
    if tx.is_postgres() {
        return Ok(());
    }
    let grams = words(account, search_text).into_iter().collect::<Vec<_>>().join(" ");
    // Built statements: PostgreSQL has no such table.
    tx.query_built::<(i64,)>("DELETE FROM contact_search WHERE rowid = $1", &[id.to_value()])?;
    tx.query_built::<(i64,)>(
        "INSERT INTO contact_search (rowid, grams) VALUES ($1, $2)",
        &[id.to_value(), Value::Text(grams)],
    )?;
    Ok(())
}

/// Takes contacts out of the index.
pub fn forget(tx: &mut Tx<'_>, ids: &[ContactId]) -> Result<()> {
    if tx.is_postgres() {
        return Ok(());
    }
    for id in ids {
        tx.query_built::<(i64,)>("DELETE FROM contact_search WHERE rowid = $1", &[id.to_value()])?;
    }
    Ok(())
}

/// A condition on `k.id` for contacts that may contain `text`, with the value for its `$1`; `None` when the index does
/// not help.
pub fn condition(conn: &Conn<'_>, account: AccountId, text: &str) -> Option<(&'static str, Value)> {
    if conn.is_postgres() || text.chars().count() < LETTERS {
        return None;
    }
    let all = words(account, text).into_iter().collect::<Vec<_>>().join(" AND ");
    Some(("k.id IN (SELECT rowid FROM contact_search WHERE contact_search MATCH $1)", Value::Text(all)))
}

/// The trigrams of every line, as words that no tokenizer takes apart.
fn words(account: AccountId, text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for line in text.lines() {
        let letters: Vec<char> = line.chars().collect();
        for gram in letters.windows(LETTERS) {
            let mut word = format!("{account}x");
            for letter in gram {
                write!(word, "{:x}z", u32::from(*letter)).expect("writing to a text");
            }
            words.insert(word);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::words;
    use types::AccountId;

    #[test]
    fn words_are_the_trigrams_of_each_line() {
        let found: Vec<String> = words(AccountId::new(7), "abcd\nxy\nabc").into_iter().collect();
        assert_eq!(found, ["7x61z62z63z", "7x62z63z64z"]);
    }
}
