//! Lists of numbers and of texts.

use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::int::IntVisitor;
use super::{Int, Text, schema_of};

/// Whole numbers: a list, a single one, or a text with commas. Blank ones are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ints(pub Vec<i64>);

/// Texts: a list, or one text that is split at commas. They are trimmed, blank ones are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Texts(pub Vec<String>);

schema_of!(Ints as Vec<i64>, "Ints");
schema_of!(Texts as Vec<String>, "Texts");

impl<'de> Deserialize<'de> for Ints {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IntsVisitor).map(Self)
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextsVisitor).map(Self)
    }
}

struct IntsVisitor;

const WHOLE: &str = "must be a list of whole numbers";

impl<'de> Visitor<'de> for IntsVisitor {
    type Value = Vec<i64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of whole numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<i64>, A::Error> {
        let mut numbers = Vec::new();
        while let Some(Item(number)) = items.next_element()? {
            numbers.extend(number);
        }
        Ok(numbers)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<i64>, E> {
        let items = text.split(',').filter(|item| !item.trim().is_empty());
        items.map(|item| Int::parse(item).ok_or_else(|| E::custom(WHOLE))).collect()
    }

    fn visit_i64<E>(self, number: i64) -> Result<Vec<i64>, E> {
        Ok(vec![number])
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Vec<i64>, E> {
        IntVisitor.visit_u64(number).map(|number| vec![number])
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Vec<i64>, E> {
        IntVisitor.visit_f64(number).map(|number| vec![number])
    }

    fn visit_unit<E>(self) -> Result<Vec<i64>, E> {
        Ok(Vec::new())
    }
}

/// An element of [`Ints`]; `None` if it is blank.
struct Item(Option<i64>);

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Int(Int),
            Text(String),
        }
        match Form::deserialize(deserializer) {
            Ok(Form::Int(Int(number))) => Ok(Self(Some(number))),
            Ok(Form::Text(text)) if text.trim().is_empty() => Ok(Self(None)),
            _ => Err(D::Error::custom(WHOLE)),
        }
    }
}

struct TextsVisitor;

impl<'de> Visitor<'de> for TextsVisitor {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of texts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<String>, A::Error> {
        let mut texts = Vec::new();
        while let Some(Text(text)) = items.next_element()? {
            texts.extend(trimmed(&text));
        }
        Ok(texts)
    }

    fn visit_str<E>(self, text: &str) -> Result<Vec<String>, E> {
        Ok(text.split(',').filter_map(trimmed).collect())
    }

    fn visit_unit<E>(self) -> Result<Vec<String>, E> {
        Ok(Vec::new())
    }
}

fn trimmed(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
