//! Labels: the names that stand on conversations and contacts, and those that an account offers (superset §4).
//!
//! A name is a tag; any may be set. A label of the account is a title that clients offer, with a colour.

pub mod jobs;
pub mod routes;
pub mod service;
pub mod store;
#[cfg(test)]
mod tests;
pub mod wire;

use edge::Problem;
use types::{AccountId, LabelId, Timestamp};

use crate::text;

/// Longest title and colour, in characters.
const MAX_TEXT: usize = 255;
/// Longest description, in characters.
const MAX_DESCRIPTION: usize = 5_000;
/// The colour of a label that has none of its own.
const COLOR: &str = "#1f93ff";

::store::row! {
    /// A label that an account offers.
    #[derive(Debug, Clone)]
    pub struct Label {
        /// Its id.
        pub id: LabelId,
        /// The account.
        pub account_id: AccountId,
        /// In lower case; unique in the account.
        pub title: String,
        /// What it is for.
        pub description: Option<String>,
        /// How it is shown.
        pub color: String,
        /// Whether agents find it beside the list of conversations; null when nobody said.
        pub show_on_sidebar: Option<bool>,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it last changed.
        pub updated_at: Timestamp,
    }
}

/// What there is to set of a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// In lower case.
    pub title: String,
    /// What it is for.
    pub description: Option<String>,
    /// How it is shown.
    pub color: String,
    /// Whether agents find it beside the list of conversations.
    pub show_on_sidebar: Option<bool>,
}

impl Default for Draft {
    fn default() -> Self {
        Self { title: String::new(), description: None, color: COLOR.into(), show_on_sidebar: None }
    }
}

impl Label {
    /// What there is to set of it.
    pub fn to_draft(&self) -> Draft {
        Draft {
            title: self.title.clone(),
            description: self.description.clone(),
            color: self.color.clone(),
            show_on_sidebar: self.show_on_sidebar,
        }
    }
}

impl Draft {
    /// Everything that is wrong with it (semantics §10.3).
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        problems.extend(text::required_problem("title", &self.title, MAX_TEXT));
        if problems.is_empty() && !is_title(&self.title) {
            let rule = "must have at least two letters or digits, with `_` and `-` between them only";
            problems.push(Problem::new("title", rule));
        }
        let description = self.description.as_deref();
        problems.extend(description.and_then(|text| text::too_long_problem("description", text, MAX_DESCRIPTION)));
        problems.extend(text::too_long_problem("color", &self.color, MAX_TEXT));
        problems
    }
}

fn is_title(title: &str) -> bool {
    let is_letter = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-');
    !title.starts_with(['_', '-']) && title.chars().all(is_letter) && title.chars().nth(1).is_some()
}
