//! The operations of the published contract: how its documents name them, their parameters and their bodies.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

static CONTRACT: LazyLock<Contract> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../data/operations.json")).expect("a test reads the file that is built in")
});

/// What `data/operations.json` says.
#[derive(Debug, Deserialize)]
pub struct Contract {
    /// All 107, in the order of the published reference.
    pub operations: Vec<Operation>,
    /// The bodies by the names of their models, as JSON schemas.
    pub models: BTreeMap<String, Value>,
}

/// An operation of the contract.
#[derive(Debug, Deserialize)]
pub struct Operation {
    /// What it is called, `contactCreate`.
    pub id: String,
    /// The group it belongs to, `Contacts`.
    pub tag: String,
    /// In upper case.
    pub method: String,
    /// As the contract prints it; [`documented_path`](Self::documented_path) and [`routed_path`](Self::routed_path)
    /// are what is served.
    pub path: String,
    /// In the order of the published samples.
    pub path_params: Vec<Parameter>,
    /// In the order of the published samples.
    pub query_params: Vec<Parameter>,
    /// What it reads, if it reads a body.
    #[serde(default)]
    pub body: Option<Body>,
    /// The kinds of keys that may call it; none is needed where there is none.
    pub auth: BTreeSet<String>,
    /// The model of its answer, or `array[…]` of one; `None` where the contract promises no body.
    #[serde(default)]
    pub returns: Option<String>,
    /// The statuses that the contract lists.
    pub statuses: BTreeSet<u16>,
}

/// A parameter of a path or a query.
#[derive(Debug, Deserialize)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// `integer`, `number`, `string` or `array` (of texts).
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it cannot be left out.
    pub required: bool,
    /// What leaving it out means.
    #[serde(default)]
    pub default: Option<Value>,
}

/// The body of an operation.
#[derive(Debug, Deserialize)]
pub struct Body {
    /// What samples call it: `data`, or `payload` where it is a list.
    pub name: String,
    /// The name of its model, or `array[…]` of one.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it cannot be left out.
    pub required: bool,
}

impl Contract {
    /// The contract that this server keeps.
    pub fn get() -> &'static Self {
        &CONTRACT
    }

    /// The operation of that id.
    pub fn find(&self, id: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.id == id)
    }
}

impl Operation {
    /// The path as documents of the contract print it, but for a slip of its generator (rest.md §1.1).
    pub fn documented_path(&self) -> &str {
        if self.id == "listAllInboxes" { "/api/v1/accounts/{account_id}/inboxes" } else { &self.path }
    }

    /// The path that the router knows: with its prefix, and with a slash at the end only where that tells two apart.
    pub fn routed_path(&self) -> String {
        let path = self.documented_path();
        let path = if self.id == "getAgentConversationMetrics" { path } else { path.trim_end_matches('/') };
        let prefix = if path.starts_with("/profile") || path.starts_with("/accounts/") { "/api/v1" } else { "" };
        format!("{prefix}{path}")
    }

    /// The model that the contract promises as the answer, and whether it promises a list of them.
    pub fn returns(&self) -> Option<Model<'_>> {
        self.returns.as_deref().map(Model::of)
    }
}

impl Body {
    /// Its model, and whether it is a list of them.
    pub fn model(&self) -> Model<'_> {
        Model::of(&self.kind)
    }
}

/// A model, or a list of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether it is a list.
    pub is_list: bool,
}

impl<'a> Model<'a> {
    fn of(text: &'a str) -> Self {
        let item = text.strip_prefix("array[").and_then(|item| item.strip_suffix(']'));
        Self { name: item.unwrap_or(text), is_list: item.is_some() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_has_107_operations_and_the_model_of_every_body() {
        let contract = Contract::get();
        assert_eq!(contract.operations.len(), 107);
        let bodies = contract.operations.iter().filter_map(|operation| operation.body.as_ref());
        let used: BTreeSet<&str> = bodies.map(|body| body.model().name).collect();
        let known: BTreeSet<&str> = contract.models.keys().map(String::as_str).collect();
        assert_eq!(used, known);
    }

    #[test]
    fn a_list_names_the_model_of_its_items() {
        assert_eq!(Model::of("array[agent]"), Model { name: "agent", is_list: true });
        assert_eq!(Model::of("agent"), Model { name: "agent", is_list: false });
    }
}
