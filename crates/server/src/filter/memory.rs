//! Filters answered from plain values, without any SQL: what the database must find.

use std::collections::{BTreeMap, BTreeSet};

use super::attribute::{Attribute, Column, Kind, Place};
use super::read::flag;
use super::values::Row;
use super::{Comparison, Condition, Relation, Test, Tree};
use crate::text::fold;

/// What a contact or a conversation has.
#[derive(Debug, Clone, Default)]
pub struct Record {
    pub texts: BTreeMap<String, String>,
    pub ids: BTreeMap<String, i64>,
    pub flags: BTreeMap<String, bool>,
    /// Microseconds.
    pub times: BTreeMap<String, i64>,
    pub labels: BTreeSet<String>,
    /// Of either bag, by `bag.key`.
    pub values: BTreeMap<String, serde_json::Value>,
}

pub fn finds(tree: &Tree, record: &Record) -> bool {
    tree.0.is_empty() || tree.0.iter().any(|branch| branch.iter().all(|condition| passes(condition, record)))
}

fn passes(Condition { attribute, test }: &Condition, record: &Record) -> bool {
    match &attribute.place {
        Place::Nowhere => *test == Test::IsMissing,
        Place::Labels => labels(test, &record.labels),
        Place::Value { bag, key } => {
            let stored = record.values.get(&format!("{}.{key}", bag.as_str())).and_then(Row::of);
            value(attribute, test, stored)
        }
        Place::Column(column) => self::column(*column, test, record),
    }
}

fn labels(test: &Test, labels: &BTreeSet<String>) -> bool {
    match test {
        Test::IsPresent => !labels.is_empty(),
        Test::IsMissing => labels.is_empty(),
        Test::Text { relation, negated, texts } => {
            labels.iter().any(|label| texts.iter().any(|text| relates(*relation, &fold(label), text))) != *negated
        }
        other => panic!("labels have no {other:?}"),
    }
}

fn value(attribute: &Attribute, test: &Test, stored: Option<Row>) -> bool {
    let stored = stored.filter(|row| match attribute.kind {
        Kind::Number => row.number.is_some(),
        Kind::Day => row.day.is_some(),
        Kind::Flag => flag(&row.folded).is_some(),
        _ => true,
    });
    let Some(row) = stored else { return *test == Test::IsMissing };
    match test {
        Test::Flag { negated, flags } => flags.contains(&flag(&row.folded).unwrap()) != *negated,
        Test::Number { comparison, numbers } => compares(*comparison, &row.number.unwrap(), numbers),
        Test::Day { comparison, days } => compares(*comparison, &row.day.unwrap(), days),
        other => text(other, &row.folded),
    }
}

fn column(column: Column, test: &Test, record: &Record) -> bool {
    let name = format!("{column:?}");
    if let Some(found) = record.texts.get(&name) {
        return text(test, &fold(found));
    }
    if let Some(found) = record.ids.get(&name) {
        return match test {
            Test::Id { negated, ids } => ids.contains(found) != *negated,
            other => *other == Test::IsPresent,
        };
    }
    if let Some(found) = record.flags.get(&name) {
        return match test {
            Test::Flag { negated, flags } => flags.contains(found) != *negated,
            other => *other == Test::IsPresent,
        };
    }
    if let Some(micros) = record.times.get(&name) {
        let Test::Day { comparison, days } = test else { panic!("times have no {test:?}") };
        return compares(*comparison, &micros.div_euclid(86_400_000_000), days);
    }
    *test == Test::IsMissing
}

fn text(test: &Test, found: &str) -> bool {
    match test {
        Test::IsPresent => true,
        Test::Text { relation, negated, texts } => texts.iter().any(|text| relates(*relation, found, text)) != *negated,
        _ => false,
    }
}

fn relates(relation: Relation, found: &str, asked: &str) -> bool {
    match relation {
        Relation::Is => found == asked,
        Relation::Contains => found.contains(asked),
        Relation::StartsWith => found.starts_with(asked),
    }
}

fn compares<T: PartialOrd>(comparison: Comparison, found: &T, asked: &[T]) -> bool {
    match comparison {
        Comparison::Equal => asked.iter().any(|asked| found == asked),
        Comparison::NotEqual => asked.iter().all(|asked| found != asked),
        Comparison::Greater => asked.iter().any(|asked| found > asked),
        Comparison::Less => asked.iter().any(|asked| found < asked),
    }
}
