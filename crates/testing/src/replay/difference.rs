//! One thing in which an answer is not what was expected.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::path::Place;

/// In what way an answer differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// The HTTP status.
    Status,
    /// A key or item is not there.
    Missing,
    /// The JSON type, or the content type.
    Type,
    /// The value.
    Value,
    /// The answer as a whole.
    Body,
    /// The documented schema; no deviation allows this.
    #[serde(skip)]
    Schema,
    /// A value to save is not there; no deviation allows this.
    #[serde(skip)]
    Save,
}

/// One thing in which an answer is not what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// In what way.
    pub what: What,
    /// Where, as the files of deviations write it: our status, or a path with `[]` for any item.
    pub at: String,
    /// Where, for readers: the path with the numbers of its items.
    pub place: String,
    /// What should have been there, shortened.
    pub expected: String,
    /// What was there, shortened.
    pub got: String,
}

/// Longest part of a value that a report shows, in characters.
const SHOWN: usize = 160;

impl Difference {
    /// A difference at a place in the body.
    pub fn at(what: What, place: &Place, expected: impl fmt::Display, got: impl fmt::Display) -> Self {
        Self {
            what,
            at: place.any_item(),
            place: place.to_string(),
            expected: shorten(&expected.to_string(), SHOWN),
            got: shorten(&got.to_string(), SHOWN),
        }
    }

    /// A value that is not there.
    pub fn missing(place: &Place, expected: &Value) -> Self {
        Self::at(What::Missing, place, expected, "nothing")
    }

    /// Another status than expected.
    pub fn status(expected: impl fmt::Display, got: u16) -> Self {
        Self {
            what: What::Status,
            at: got.to_string(),
            place: String::new(),
            expected: expected.to_string(),
            got: got.to_string(),
        }
    }

    /// An answer that is wrong as a whole.
    pub fn body(expected: impl fmt::Display, got: impl fmt::Display) -> Self {
        Self::at(What::Body, &Place::default(), expected, got)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, place, expected, got, .. } = self;
        let what = format!("{what:?}").to_lowercase();
        write!(f, "{what} {place}: expected {expected}, got {got}")
    }
}

/// The beginning of a text, with a mark when something was cut off.
pub fn shorten(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
