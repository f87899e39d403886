//! The bodies of the contract: its names, keys and types, with what else is taken.

use serde_json::{Map, Value, json};

use super::schema::{Schemas, referred};

/// The model `promised`, with the descriptions, choices and further keys of `taken`: the bodies of 3.1 that operations
/// with this model read.
pub fn model(schemas: Schemas<'_>, promised: &Value, taken: &[&Value]) -> Value {
    let taken: Vec<Value> = taken.iter().map(|schema| schemas.define(schema)).collect();
    merged(schemas, promised, &taken)
}

fn merged(schemas: Schemas<'_>, promised: &Value, taken: &[Value]) -> Value {
    let mut properties = Map::new();
    for (name, property) in keys(promised) {
        let known = taken.iter().find_map(|schema| schema["properties"].get(name));
        let property = known.map_or_else(|| without_choices(property), |known| refined(schemas, property, known));
        properties.insert(name.clone(), property);
    }
    for (name, property) in taken.iter().flat_map(keys) {
        properties.entry(name.clone()).or_insert_with(|| property.clone());
    }
    // A published model requires a key that it does not have.
    let required = promised["required"].as_array().into_iter().flatten();
    let required: Vec<&Value> =
        required.filter(|name| name.as_str().is_some_and(|name| properties.contains_key(name))).collect();
    let mut merged = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        merged["required"] = json!(required);
    }
    if let Some(description) = taken.first().and_then(|schema| schema.get("description")) {
        merged["description"] = description.clone();
    }
    merged
}

/// A key of the contract as `known`, our schema of it, refines it: the type is the contract's, the choices are ours.
fn refined(schemas: Schemas<'_>, promised: &Value, known: &Value) -> Value {
    let mut refined = without_choices(promised);
    if promised["properties"].is_object() {
        let whole = referred(known).and_then(|name| schemas.definition(name));
        refined = merged(schemas, promised, &[whole.unwrap_or_else(|| known.clone())]);
    }
    if promised["items"].is_object() && known["items"].is_object() {
        refined["items"] = self::refined(schemas, &promised["items"], &known["items"]);
    }
    for key in ["description", "x-nullable"] {
        if let Some(value) = known.get(key) {
            refined[key] = value.clone();
        }
    }
    if known["type"] == promised["type"]
        && let Some(choices) = known.get("enum")
    {
        refined["enum"] = choices.clone();
    }
    refined
}

fn without_choices(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(map) = schema.as_object_mut() {
        map.remove("enum");
        if let Some(items) = map.get_mut("items") {
            *items = without_choices(items);
        }
    }
    schema
}

fn keys(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_are_the_contracts_and_the_choices_ours() {
        let document = json!({ "components": { "schemas": {} } });
        let promised = json!({ "type": "object", "required": ["status", "gone"], "properties": {
            "id": { "type": "number" },
            "status": { "type": "string", "enum": ["open"] },
            "kind": { "type": "string", "enum": ["one"] }
        } });
        let taken = json!({ "type": "object", "description": "What is taken.", "properties": {
            "id": { "type": "integer", "format": "int64", "description": "Its id." },
            "status": { "type": ["string", "null"], "enum": ["open", "snoozed", null] },
            "more": { "type": "boolean" }
        } });
        let model = model(Schemas::of(&document), &promised, &[&taken]);
        let status = json!({ "type": "string", "enum": ["open", "snoozed"], "x-nullable": true });
        assert_eq!(model["properties"]["id"], json!({ "type": "number", "description": "Its id." }));
        assert_eq!(model["properties"]["status"], status);
        assert_eq!(model["properties"]["kind"], json!({ "type": "string" }), "nothing says what is taken");
        assert_eq!(model["properties"]["more"], json!({ "type": "boolean" }));
        assert_eq!(model["required"], json!(["status"]));
        assert_eq!(model["description"], "What is taken.");
    }
}
