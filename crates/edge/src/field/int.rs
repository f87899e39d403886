//! Whole numbers.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use types::Id;

use super::schema_of;
use crate::body::BLANK;

/// A whole number; numeric text and `1.0` count as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Int(pub i64);

const WHOLE: &str = "must be a whole number";

impl Int {
    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The number as the id of a row.
    pub const fn id<Of>(self) -> Id<Of> {
        Id::new(self.0)
    }

    /// Reads `7`, `-7`, `7.0`.
    pub(super) fn parse(text: &str) -> Option<i64> {
        let text = text.trim();
        let whole = match text.split_once('.') {
            Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|digit| digit == b'0') => whole,
            _ => text,
        };
        whole.parse().ok()
    }
}

schema_of!(Int as i64, "Int");

impl<'de> Deserialize<'de> for Int {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IntVisitor).map(Self)
    }
}

pub(super) struct IntVisitor;

impl Visitor<'_> for IntVisitor {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_i64<E>(self, number: i64) -> Result<i64, E> {
        Ok(number)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<i64, E> {
        i64::try_from(number).map_err(|_| E::custom(WHOLE))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<i64, E> {
        /// 2⁶³, the first number that is too large; its negative is the smallest that is not too small.
        const END: f64 = 9_223_372_036_854_775_808.0;
        if number.fract() != 0.0 || !(-END..END).contains(&number) {
            return Err(E::custom(WHOLE));
        }
        #[expect(clippy::cast_possible_truncation, reason = "whole and in range, as checked above")]
        Ok(number as i64)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<i64, E> {
        if text.trim().is_empty() {
            return Err(E::custom(BLANK));
        }
        Int::parse(text).ok_or_else(|| E::custom(WHOLE))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<i64, E> {
        Err(E::custom(WHOLE))
    }

    fn visit_unit<E: Error>(self) -> Result<i64, E> {
        Err(E::custom(WHOLE))
    }
}
