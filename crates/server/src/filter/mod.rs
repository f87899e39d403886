//! Filters of contacts and conversations (semantics §5, decisions §3): JSON becomes a checked tree, the tree becomes SQL
//! of either database.

pub mod attribute;
pub mod jobs;
#[cfg(test)]
mod memory;
pub mod read;
pub mod sql;
#[cfg(test)]
mod tests;
pub mod values;
pub mod wire;

pub use attribute::{Attribute, Catalogue, Subject};

/// A filter: AND binds closer than OR, so that it is an OR of ANDs. One without conditions finds everything.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tree(pub Vec<Vec<Condition>>);

/// What is asked of one attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The attribute.
    pub attribute: Attribute,
    /// The question.
    pub test: Test,
}

/// A question to an attribute. Nothing but [`Test::IsMissing`] finds one that is missing, null or of another type; labels
/// are a set, which may be empty.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// It is there.
    IsPresent,
    /// It is not there.
    IsMissing,
    /// Any of the texts; with `negated` none of them.
    Text {
        /// How they compare.
        relation: Relation,
        /// None instead of any.
        negated: bool,
        /// Folded.
        texts: Vec<String>,
    },
    /// Any of the whole numbers; with `negated` none of them.
    Id {
        /// None instead of any.
        negated: bool,
        /// Ids.
        ids: Vec<i64>,
    },
    /// One of them; with `negated` the other.
    Flag {
        /// None instead of any.
        negated: bool,
        /// Values.
        flags: Vec<bool>,
    },
    /// Compared with any of the numbers; not equal to none of them.
    Number {
        /// How.
        comparison: Comparison,
        /// Values.
        numbers: Vec<f64>,
    },
    /// Compared with any of the days; not equal to none of them.
    Day {
        /// How.
        comparison: Comparison,
        /// Days since 1970-01-01, UTC.
        days: Vec<i64>,
    },
}

/// How a text stands to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// It is the same, but for case.
    Is,
    /// It has the other one inside.
    Contains,
    /// It begins with the other one.
    StartsWith,
}

/// How a value stands to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// The same.
    Equal,
    /// Another one.
    NotEqual,
    /// More, or later.
    Greater,
    /// Less, or earlier.
    Less,
}
