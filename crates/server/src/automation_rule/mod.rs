//! Automation rules: what is to happen by itself when something happens (rest.md §5.7, semantics §4). Rules are kept and
//! checked; they do not act yet.

pub mod action;
pub mod condition;
pub mod files;
pub mod routes;
pub mod service;
pub mod store;
#[cfg(test)]
mod tests;
pub mod wire;

use edge::Problem;
use serde_json::{Map, Value};
use types::{AccountId, AutomationEvent, AutomationRuleId, Json, Timestamp};

use crate::text;

/// Longest name, in characters.
const MAX_NAME: usize = 255;
/// Longest description, in characters.
const MAX_DESCRIPTION: usize = 20_000;
/// The most conditions, and the most actions, of a rule.
const MOST: usize = 100;
/// The most bytes of JSON that the conditions of a rule may have, and as many its actions.
const MAX_BYTES: usize = 262_144;

/// A condition or an action, as it was sent.
pub type Item = Map<String, Value>;

::store::row! {
    /// What is to happen by itself.
    #[derive(Debug, Clone)]
    pub struct AutomationRule {
        /// Its id.
        pub id: AutomationRuleId,
        /// The account.
        pub account_id: AccountId,
        /// What it is called.
        pub name: String,
        /// What it is for.
        pub description: Option<String>,
        /// When it is looked at.
        pub event_name: AutomationEvent,
        /// Whether it is looked at at all.
        pub active: bool,
        /// What must be true, as a list of [`Item`]s.
        pub conditions: Json,
        /// What is then done, as a list of [`Item`]s.
        pub actions: Json,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it last changed.
        pub updated_at: Timestamp,
    }
}

/// What there is to set.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// When it is looked at; a name of [`AutomationEvent`].
    pub event_name: String,
    /// Whether it is looked at at all.
    pub active: bool,
    /// What must be true.
    pub conditions: Vec<Item>,
    /// What is then done.
    pub actions: Vec<Item>,
}

impl Default for Draft {
    /// A rule without a name.
    fn default() -> Self {
        Self {
            name: String::new(),
            description: None,
            event_name: String::new(),
            active: true,
            conditions: Vec::new(),
            actions: Vec::new(),
        }
    }
}

impl AutomationRule {
    /// What there is to set of it.
    pub fn to_draft(&self) -> Draft {
        Draft {
            name: self.name.clone(),
            description: self.description.clone(),
            event_name: self.event_name.to_string(),
            active: self.active,
            conditions: self.conditions.read(),
            actions: self.actions.read(),
        }
    }
}

impl Draft {
    /// Everything that is wrong with it. Keys of custom attributes are conditions too: `custom` says which of them the
    /// account has.
    pub fn problems(&self, custom: &condition::CustomKeys) -> Vec<Problem> {
        let description = self.description.as_deref().unwrap_or_default();
        let conditions = list_problem(&self.conditions).or_else(|| condition::problem(&self.conditions, custom));
        let actions = list_problem(&self.actions).or_else(|| action::problem(&self.actions));
        let found = [
            text::required_problem("name", &self.name, MAX_NAME),
            text::too_long_problem("description", description, MAX_DESCRIPTION),
            self.event_name.parse::<AutomationEvent>().is_err().then(|| self.event_problem()),
            conditions.map(|problem| Problem::new("conditions", &problem)),
            actions.map(|problem| Problem::new("actions", &problem)),
        ];
        found.into_iter().flatten().collect()
    }

    fn event_problem(&self) -> Problem {
        let is_blank = self.event_name.trim().is_empty();
        Problem::new("event_name", if is_blank { "can't be blank" } else { "is not included in the list" })
    }
}

fn list_problem(items: &[Item]) -> Option<String> {
    if items.len() > MOST {
        return Some(format!("are too many (maximum is {MOST})"));
    }
    let is_too_long = Json::of(items).as_str().len() > MAX_BYTES;
    is_too_long.then(|| format!("are too long (maximum is {MAX_BYTES} bytes)"))
}
