//! What the models of answers are called.
//!
//! An answer's model has the contract's name wherever that name stands for one shape of ours. Where the contract gives
//! one name to several shapes, ours are called as in the document of 3.1.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::schema::{Schemas, collect_referred, referred};
use crate::contract::Model;

/// The names of the contract, and which of our schemas each is.
pub struct Names {
    /// What answers refer to.
    ours: BTreeSet<String>,
    /// Contract's name → ours.
    given: BTreeMap<String, String>,
}

impl Names {
    /// None yet; `answers` are all that the document of 3.1 says of answers.
    pub fn new<'a>(schemas: Schemas<'_>, answers: impl Iterator<Item = &'a Value>) -> Self {
        let mut waiting = Vec::new();
        answers.for_each(|answer| collect_referred(answer, &mut waiting));
        let mut ours = BTreeSet::new();
        while let Some(name) = waiting.pop() {
            if ours.insert(name.clone()) {
                schemas.named(&name).into_iter().for_each(|schema| collect_referred(schema, &mut waiting));
            }
        }
        Self { ours, given: BTreeMap::new() }
    }

    /// `answer`, a converted schema, by the name that the contract `promised` for it.
    pub fn call(&mut self, mut answer: Value, promised: Model<'_>) -> Value {
        let is_list = answer["type"] == "array";
        if is_list != promised.is_list {
            return answer;
        }
        let target = if is_list { &mut answer["items"] } else { &mut answer };
        let Some(name) = referred(target).map(str::to_owned) else { return answer };
        if self.may_call(&name, promised.name) {
            target["$ref"] = format!("#/definitions/{}", promised.name).into();
        }
        answer
    }

    fn may_call(&mut self, ours: &str, promised: &str) -> bool {
        // A generator's word for an object of any kind.
        if promised == "Object" || (promised != ours && self.ours.contains(promised)) {
            return false;
        }
        let given = self.given.entry(promised.to_owned()).or_insert_with(|| ours.to_owned());
        given == ours
    }

    /// Our name of what is called `name`.
    pub fn ours<'a>(&'a self, name: &'a str) -> &'a str {
        self.given.get(name).map_or(name, String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(document: &Value) -> Names {
        let answers = json!([{ "$ref": "#/components/schemas/pet_show" }, { "$ref": "#/components/schemas/pet_list" }]);
        Names::new(Schemas::of(document), [&answers].into_iter())
    }

    #[test]
    fn a_name_of_the_contract_stands_for_one_schema() {
        let pets = json!({ "type": "object", "properties": { "of": { "$ref": "#/components/schemas/pet" } } });
        let document = json!({ "components": { "schemas": { "pet_list": pets, "pet": {}, "pet_show": {} } } });
        let mut names = names(&document);
        let single = |name| Model { name, is_list: false };
        let reference = |name: &str| json!({ "$ref": format!("#/definitions/{name}") });
        assert_eq!(names.call(reference("pet_show"), single("animal")), reference("animal"));
        assert_eq!(names.call(reference("pet_list"), single("animal")), reference("pet_list"), "taken");
        assert_eq!(names.call(reference("pet_show"), single("pet")), reference("pet_show"), "another shape of ours");
        assert_eq!(names.call(reference("pet_show"), Model { name: "x", is_list: true }), reference("pet_show"));
        let list = json!({ "type": "array", "items": reference("pet_show") });
        let called = json!({ "type": "array", "items": reference("animal") });
        assert_eq!(names.call(list, Model { name: "animal", is_list: true }), called);
        assert_eq!((names.ours("animal"), names.ours("pet")), ("pet_show", "pet"));
    }
}
