//! JSON schemas of `OpenAPI` 3.1 as those of Swagger 2.0.
//!
//! Swagger 2.0 knows neither lists of types nor `oneOf`: what may be null gets `x-nullable`, and of several forms of an
//! object one is made that has the keys of all. Only objects become definitions; names of texts and numbers are
//! resolved, because generators would make empty classes of them.

use serde_json::{Map, Value, json};

use crate::contract::Contract;

/// The keys of a schema that mean the same in both.
pub const KEPT: [&str; 7] = ["description", "format", "pattern", "minimum", "maximum", "required", "default"];

/// The schemas that a document of 3.1 has by name.
#[derive(Clone, Copy)]
pub struct Schemas<'a>(&'a Value);

impl<'a> Schemas<'a> {
    /// Those of `document`.
    pub fn of(document: &'a Value) -> Self {
        Self(&document["components"]["schemas"])
    }

    /// The schema of that name, as it stands.
    pub fn named(self, name: &str) -> Option<&'a Value> {
        self.0.get(name)
    }

    /// The schema of that name, in full; `None` if there is none.
    pub fn definition(self, name: &str) -> Option<Value> {
        self.0.get(name).map(|schema| self.define(schema))
    }

    /// `schema` as a part of something: objects with a name by a reference, all else in place.
    pub fn convert(self, schema: &Value) -> Value {
        let Some(name) = referred(schema) else { return self.define(schema) };
        let converted = match self.0.get(name) {
            Some(target) if !self.is_object(target) => self.convert(target),
            Some(_) | None => json!({ "$ref": format!("#/definitions/{}", called(name)) }),
        };
        described_as(schema, converted)
    }

    /// `schema` in full: no reference itself, whatever its parts are.
    pub fn define(self, schema: &Value) -> Value {
        if let Some(target) = referred(schema).and_then(|name| self.0.get(name)) {
            return described_as(schema, self.define(target));
        }
        if let Some(forms) = forms(schema) {
            return described_as(schema, self.of_forms(forms));
        }
        if let Some(parts) = schema["allOf"].as_array() {
            let parts: Vec<Value> = parts.iter().map(|part| self.define(part)).collect();
            return described_as(schema, joined(&parts));
        }
        self.plain(schema)
    }

    /// What the lists below `key` of `schema` hold.
    pub fn items_of<'s>(self, schema: &'s Value, key: &str) -> Option<&'s Value>
    where
        'a: 's,
    {
        let whole = referred(schema).and_then(|name| self.named(name)).unwrap_or(schema);
        whole["properties"][key].get("items")
    }

    /// Whether `schema` is an object whose keys are known.
    pub fn is_object(self, schema: &Value) -> bool {
        if let Some(name) = referred(schema) {
            return self.0.get(name).is_some_and(|target| self.is_object(target));
        }
        if let Some(forms) = forms(schema) {
            return forms.iter().filter(|form| !is_null(form)).all(|form| self.is_object(form));
        }
        let is_joined = schema["allOf"].as_array().is_some_and(|parts| parts.iter().any(|part| self.is_object(part)));
        is_joined || schema["properties"].is_object()
    }

    /// The one of several forms of `schema` that is a list, or that is none; `schema` itself if it has one form only.
    pub fn form<'s>(self, schema: &'s Value, is_list: bool) -> &'s Value
    where
        'a: 's,
    {
        if let Some(target) = referred(schema).and_then(|name| self.0.get(name)) {
            return if forms(target).is_some() && !self.is_object(target) {
                self.form(target, is_list)
            } else {
                schema
            };
        }
        let fits = |form: &&Value| (form["type"] == "array") == is_list && !is_null(form);
        let mut fitting = forms(schema).into_iter().flatten().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => only,
            (_, _) => schema,
        }
    }

    fn of_forms(self, forms: &[Value]) -> Value {
        let others: Vec<&Value> = forms.iter().filter(|form| !is_null(form)).collect();
        let mut united = match others[..] {
            [only] => self.convert(only),
            _ if others.iter().all(|form| self.is_object(form)) => {
                united(&others.iter().map(|form| self.define(form)).collect::<Vec<_>>())
            }
            // Of several kinds: nothing can be said.
            _ => json!({}),
        };
        if others.len() < forms.len() {
            united["x-nullable"] = true.into();
        }
        united
    }

    /// A schema without references and forms of its own.
    fn plain(self, schema: &Value) -> Value {
        let mut plain = Map::new();
        for (key, value) in schema.as_object().into_iter().flatten() {
            match key.as_str() {
                "type" => set_type(&mut plain, value),
                "enum" => set_choices(&mut plain, value),
                "items" => drop(plain.insert(key.clone(), self.convert(value))),
                "properties" => drop(plain.insert(key.clone(), self.properties(value))),
                kept if KEPT.contains(&kept) => drop(plain.insert(key.clone(), value.clone())),
                _ => {}
            }
        }
        Value::Object(plain)
    }

    fn properties(self, properties: &Value) -> Value {
        let properties = properties.as_object().into_iter().flatten();
        properties.map(|(name, property)| (name.clone(), self.convert(property))).collect::<Map<_, _>>().into()
    }
}

/// The contract's name of a body of 3.1 that is called the same but for its first letter.
fn called(name: &str) -> &str {
    let mut models = Contract::get().models.keys();
    models.find(|model| model.to_lowercase() == name).map_or(name, String::as_str)
}

/// The name that `schema` is a reference to, in either document.
pub fn referred(schema: &Value) -> Option<&str> {
    let target = schema["$ref"].as_str()?;
    target.strip_prefix("#/components/schemas/").or_else(|| target.strip_prefix("#/definitions/"))
}

/// Adds the names of all that `value` refers to.
pub fn collect_referred(value: &Value, names: &mut Vec<String>) {
    names.extend(referred(value).map(str::to_owned));
    match value {
        Value::Object(map) => map.values().for_each(|value| collect_referred(value, names)),
        Value::Array(items) => items.iter().for_each(|value| collect_referred(value, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The keys that one of `schemas` requires and that none of them lacks among what it requires.
fn required_by_all(schemas: &[Value]) -> Vec<&Value> {
    let mut all = schemas.iter().map(|schema| schema["required"].as_array().map(Vec::as_slice).unwrap_or_default());
    let first = all.next().unwrap_or_default().iter();
    let others: Vec<&[Value]> = all.collect();
    first.filter(|name| others.iter().all(|other| other.contains(name))).collect()
}

/// An object that has the keys of every one of `schemas`, and must have what they all must.
fn united(schemas: &[Value]) -> Value {
    let mut properties = Map::new();
    for (name, property) in schemas.iter().flat_map(|schema| schema["properties"].as_object().into_iter().flatten()) {
        let known = properties.remove(name);
        properties.insert(name.clone(), known.map_or_else(|| property.clone(), |known| common(&known, property)));
    }
    let required = required_by_all(schemas);
    let mut united = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        united["required"] = json!(required);
    }
    united
}

/// What two forms of a property have in common.
fn common(one: &Value, other: &Value) -> Value {
    if one == other {
        return one.clone();
    }
    let same = ["$ref", "type", "format", "items"].into_iter().filter(|key| one.get(key) == other.get(key));
    let mut common: Map<String, Value> = same.filter_map(|key| Some((key.to_owned(), one.get(key)?.clone()))).collect();
    if !common.contains_key("type") && !common.contains_key("$ref") {
        common.clear();
    }
    if common.get("type").is_some_and(|kind| kind == "array") {
        common.entry("items").or_insert_with(|| json!({}));
    }
    if one["x-nullable"] == true || other["x-nullable"] == true {
        common.insert("x-nullable".into(), true.into());
    }
    Value::Object(common)
}

/// An object that is all of `schemas`.
fn joined(schemas: &[Value]) -> Value {
    let properties = schemas.iter().flat_map(|schema| schema["properties"].as_object().into_iter().flatten());
    let properties: Map<String, Value> = properties.map(|(name, property)| (name.clone(), property.clone())).collect();
    let required: Vec<&Value> =
        schemas.iter().flat_map(|schema| schema["required"].as_array().into_iter().flatten()).collect();
    let mut joined = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        joined["required"] = json!(required);
    }
    joined
}

/// `converted` with the description of `schema`, which stands nearer to where it is used.
fn described_as(schema: &Value, mut converted: Value) -> Value {
    if let Some(description) = schema.get("description") {
        converted["description"] = description.clone();
    }
    converted
}

fn forms(schema: &Value) -> Option<&Vec<Value>> {
    schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array())
}

fn is_null(schema: &Value) -> bool {
    schema["type"] == "null"
}

/// Of several types but null none is named.
fn set_type(schema: &mut Map<String, Value>, value: &Value) {
    let types = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
    let others: Vec<&Value> = types.iter().filter(|kind| **kind != "null").collect();
    if let [only] = others[..] {
        schema.insert("type".into(), only.clone());
    }
    if others.len() < types.len() {
        schema.insert("x-nullable".into(), true.into());
    }
}

fn set_choices(schema: &mut Map<String, Value>, value: &Value) {
    let choices: Vec<&Value> = value.as_array().into_iter().flatten().filter(|choice| !choice.is_null()).collect();
    schema.insert("enum".into(), json!(choices));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        json!({ "components": { "schemas": {
            "Id": { "type": "integer", "format": "int64" },
            "Pet": { "type": "object", "required": ["id", "name"], "properties": {
                "id": { "$ref": "#/components/schemas/Id", "description": "Its id." },
                "name": { "type": ["string", "null"] },
                "owner": { "oneOf": [{ "$ref": "#/components/schemas/Owner", "description": "Who." }, { "type": "null" }] }
            } },
            "Owner": { "type": "object", "required": ["id"], "properties": { "id": { "type": "string" } } },
            "Either": { "oneOf": [{ "$ref": "#/components/schemas/Pet" }, { "$ref": "#/components/schemas/Owner" }] },
            "Both": { "allOf": [{ "$ref": "#/components/schemas/Owner" },
                { "type": "object", "required": ["age"], "properties": { "age": { "type": "integer" } } }] },
            "Mixed": { "oneOf": [{ "$ref": "#/components/schemas/Owner" },
                { "type": "array", "items": { "$ref": "#/components/schemas/Pet" } }] }
        } } })
    }

    #[test]
    fn objects_are_referred_to_and_all_else_stands_in_place() {
        let document = document();
        let pet = Schemas::of(&document).definition("Pet").unwrap();
        let id = json!({ "type": "integer", "format": "int64", "description": "Its id." });
        let owner = json!({ "$ref": "#/definitions/Owner", "description": "Who.", "x-nullable": true });
        let name = json!({ "type": "string", "x-nullable": true });
        assert_eq!(pet["properties"], json!({ "id": id, "name": name, "owner": owner }));
        assert_eq!(pet["required"], json!(["id", "name"]));
    }

    #[test]
    fn of_several_objects_one_is_made_that_promises_what_they_share() {
        let document = document();
        let either = Schemas::of(&document).definition("Either").unwrap();
        assert_eq!(either["required"], json!(["id"]));
        assert_eq!(either["properties"]["id"], json!({}), "a number or a text");
        assert!(either["properties"]["name"].is_object());
    }

    #[test]
    fn what_is_all_of_several_has_all_their_keys() {
        let document = document();
        let both = Schemas::of(&document).definition("Both").unwrap();
        assert_eq!(both["required"], json!(["id", "age"]));
        assert_eq!(both["properties"]["age"]["type"], "integer");
    }

    #[test]
    fn a_list_or_an_object_is_anything_unless_one_of_them_is_asked_for() {
        let document = document();
        let schemas = Schemas::of(&document);
        let mixed = json!({ "$ref": "#/components/schemas/Mixed" });
        assert_eq!(schemas.convert(&mixed), json!({}));
        assert_eq!(schemas.convert(schemas.form(&mixed, true))["items"], json!({ "$ref": "#/definitions/Pet" }));
        assert_eq!(schemas.convert(schemas.form(&mixed, false)), json!({ "$ref": "#/definitions/Owner" }));
    }

    #[test]
    fn what_may_be_null_and_one_of_some_words_is_both() {
        let document = document();
        let choice = json!({ "type": ["string", "null"], "enum": ["a", null] });
        let converted = Schemas::of(&document).convert(&choice);
        assert_eq!(converted, json!({ "type": "string", "enum": ["a"], "x-nullable": true }));
    }
}
