//! Booleans.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

use super::schema_of;
use crate::body::BLANK;

/// A boolean: `false`, `0`, `f` and `off`, in any case, are false, everything else is true (rest.md §1.2).
///
/// Null is false; an `Option` of it tells null apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flag(pub bool);

schema_of!(Flag as bool, "Flag");

impl Flag {
    /// The boolean.
    pub const fn get(self) -> bool {
        self.0
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FlagVisitor).map(Self)
    }
}

struct FlagVisitor;

impl Visitor<'_> for FlagVisitor {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true or false")
    }

    fn visit_bool<E>(self, truth: bool) -> Result<bool, E> {
        Ok(truth)
    }

    fn visit_i64<E>(self, number: i64) -> Result<bool, E> {
        Ok(number != 0)
    }

    fn visit_u64<E>(self, number: u64) -> Result<bool, E> {
        Ok(number != 0)
    }

    fn visit_f64<E>(self, number: f64) -> Result<bool, E> {
        Ok(number != 0.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
        let text = text.trim();
        if text.is_empty() {
            return Err(E::custom(BLANK));
        }
        Ok(!["false", "0", "f", "off"].iter().any(|name| text.eq_ignore_ascii_case(name)))
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }
}
