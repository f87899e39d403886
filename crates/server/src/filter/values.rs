//! The attributes of contacts and conversations as rows, typed for filters.
//!
//! The objects are what answers show; whoever writes one of them writes these rows in the same transaction.

use std::collections::BTreeMap;

use edge::Result;
use serde_json::{Map, Value};
use store::{Tx, sql};
use types::{AccountId, ContactId, ConversationId, Json, ToValue};

use super::attribute::{Bag, Subject};
use super::read::{epoch_day, number, parse_day};
use crate::text::fold;

/// Letters of a value that are in the index.
const BEGINNING: usize = 64;
/// Rows that one statement writes.
const AT_ONCE: usize = 100;

/// Writes what filters see of a contact.
pub fn write_contact(
    tx: &mut Tx<'_>,
    account: AccountId,
    contact: ContactId,
    custom: &Json,
    additional: &Json,
) -> Result<()> {
    tx.execute(sql!("DELETE FROM contact_values WHERE account_id = $1 AND contact_id = $2"), (account, contact))?;
    let rows = rows(Subject::Contact, custom, additional);
    insert(tx, "contact_values", "contact_id", account, contact.get(), &rows)
}

/// Writes what filters see of a conversation.
pub fn write_conversation(
    tx: &mut Tx<'_>,
    account: AccountId,
    conversation: ConversationId,
    custom: &Json,
    additional: &Json,
) -> Result<()> {
    tx.execute(
        sql!("DELETE FROM conversation_values WHERE account_id = $1 AND conversation_id = $2"),
        (account, conversation),
    )?;
    insert_conversation(tx, account, conversation, custom, additional)
}

/// The same for a conversation that is new.
pub fn insert_conversation(
    tx: &mut Tx<'_>,
    account: AccountId,
    conversation: ConversationId,
    custom: &Json,
    additional: &Json,
) -> Result<()> {
    let rows = rows(Subject::Conversation, custom, additional);
    insert(tx, "conversation_values", "conversation_id", account, conversation.get(), &rows)
}

/// The same for a contact that is new.
pub fn insert_contact(
    tx: &mut Tx<'_>,
    account: AccountId,
    contact: ContactId,
    custom: &Json,
    additional: &Json,
) -> Result<()> {
    let rows = rows(Subject::Contact, custom, additional);
    insert(tx, "contact_values", "contact_id", account, contact.get(), &rows)
}

/// The beginning of a folded text, as the index has it.
pub fn beginning(folded: &str) -> String {
    folded.chars().take(BEGINNING).collect()
}

/// Whether a folded text is in the index whole.
pub fn is_whole(folded: &str) -> bool {
    folded.chars().count() < BEGINNING
}

/// What filters see of one value.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Folded.
    pub folded: String,
    /// If it is one.
    pub number: Option<f64>,
    /// Days since 1970-01-01, if it is one.
    pub day: Option<i64>,
}

impl Row {
    /// The value, or nothing for null.
    pub fn of(value: &Value) -> Option<Self> {
        let text = match value {
            Value::Null => return None,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Some(Self {
            number: if value.is_boolean() { None } else { number(&text) },
            day: stored_day(&text),
            folded: fold(&text),
        })
    }
}

/// A day, alone or at the beginning of a time.
fn stored_day(text: &str) -> Option<i64> {
    let text = text.trim();
    let (day, rest) = text.split_at_checked(10)?;
    let ends = rest.is_empty() || rest.starts_with(['T', ' ']);
    parse_day(day).filter(|_| ends).map(epoch_day)
}

fn rows(subject: Subject, custom: &Json, additional: &Json) -> BTreeMap<(Bag, String), Row> {
    let custom: Map<String, Value> = custom.read();
    let additional: Map<String, Value> = additional.read();
    let known = |key: &String| subject.additional_keys().contains(&key.as_str());
    let custom = custom.into_iter().map(|(key, value)| ((Bag::Custom, key), value));
    let additional =
        additional.into_iter().filter(|(key, _)| known(key)).map(|(key, value)| ((Bag::Additional, key), value));
    custom.chain(additional).filter_map(|(key, value)| Row::of(&value).map(|row| (key, row))).collect()
}

fn insert(
    tx: &mut Tx<'_>,
    table: &str,
    owner: &str,
    account: AccountId,
    id: i64,
    rows: &BTreeMap<(Bag, String), Row>,
) -> Result<()> {
    let rows: Vec<_> = rows.iter().collect();
    for part in rows.chunks(AT_ONCE) {
        let mut values = vec![account.to_value(), id.to_value()];
        let mut places = Vec::new();
        for ((bag, key), row) in part {
            let first = values.len() + 1;
            values.extend([
                bag.as_str().to_value(),
                key.to_value(),
                row.folded.to_value(),
                beginning(&row.folded).to_value(),
                row.number.to_value(),
                row.day.to_value(),
            ]);
            places.push(format!(
                "($1, $2, ${first}, ${}, ${}, ${}, CAST(${} AS DOUBLE PRECISION), CAST(${} AS BIGINT))",
                first + 1,
                first + 2,
                first + 3,
                first + 4,
                first + 5
            ));
        }
        let text = format!(
            "INSERT INTO {table} (account_id, {owner}, bag, key, folded, beginning, number, day) VALUES {} RETURNING 1",
            places.join(", ")
        );
        tx.query_built::<(i64,)>(&text, &values)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_a_text_and_what_it_can_be_read_as() {
        let row = |value: Value| Row::of(&value);
        let text = |folded: &str, number, day| Some(Row { folded: folded.into(), number, day });
        assert_eq!(row(json!(null)), None);
        assert_eq!(row(json!("")), text("", None, None));
        assert_eq!(row(json!("Straße")), text("straße", None, None));
        assert_eq!(row(json!(10.5)), text("10.5", Some(10.5), None));
        assert_eq!(row(json!("007")), text("007", Some(7.0), None));
        assert_eq!(row(json!("NaN")), text("nan", None, None));
        assert_eq!(row(json!(true)), text("true", None, None));
        assert_eq!(row(json!("2024-02-29")), text("2024-02-29", None, Some(19_782)));
        assert_eq!(row(json!("1970-01-02T05:00:00Z")), text("1970-01-02t05:00:00z", None, Some(1)));
        for no_day in ["2023-02-29", "2022-1-1", "2024-02-291", "2024-02-2ö", "15 Jun 2030"] {
            assert_eq!(row(json!(no_day)).unwrap().day, None, "{no_day}");
        }
        assert_eq!(row(json!(["A", 1])), text("[\"a\",1]", None, None));
    }
}
