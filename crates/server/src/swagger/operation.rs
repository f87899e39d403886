//! One operation of 3.1 as one of Swagger 2.0.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::name::Names;
use super::schema::Schemas;
use crate::contract::{self, Parameter};

const JSON: &str = "application/json";
const MULTIPART: &str = "multipart/form-data";

/// What is found while operations are converted.
pub struct Found<'a> {
    /// The names of answers.
    pub names: Names,
    /// For each model of the contract the schemas of 3.1 that its operations read.
    pub bodies: BTreeMap<&'a str, Vec<&'a Value>>,
}

/// `operation`; as the contract has `promised` it, where it is one of the contract's.
pub fn convert<'a>(
    schemas: Schemas<'a>,
    operation: &'a Value,
    promised: Option<&'a contract::Operation>,
    found: &mut Found<'a>,
) -> Value {
    let mut converted = Map::new();
    for key in ["tags", "summary", "description", "operationId", "security", "deprecated"] {
        if let Some(value) = operation.get(key) {
            converted.insert(key.into(), value.clone());
        }
    }
    let parameters = match promised {
        Some(promised) => promised_parameters(schemas, operation, promised, found),
        None => own_parameters(schemas, operation),
    };
    if parameters.iter().any(|parameter| parameter["in"] == "formData") {
        converted.insert("consumes".into(), json!([MULTIPART]));
    }
    converted.insert("parameters".into(), parameters.into());
    let (answers, media) = answers(schemas, operation, promised, found);
    if media.iter().any(|media| media != JSON) {
        converted.insert("produces".into(), json!(media));
    }
    converted.insert("responses".into(), answers);
    Value::Object(converted)
}

/// The contract's parameters in its order, and nothing beside them: calls of generated clients have just these.
fn promised_parameters<'a>(
    schemas: Schemas<'a>,
    operation: &'a Value,
    promised: &'a contract::Operation,
    found: &mut Found<'a>,
) -> Vec<Value> {
    let in_path = promised.path_params.iter().map(|parameter| promised_parameter(operation, parameter, "path"));
    let mut parameters: Vec<Value> = in_path.collect();
    if let Some(body) = &promised.body {
        let read = &operation["requestBody"]["content"][JSON]["schema"];
        let model = body.model();
        // A list is also taken under its name, which is how 3.1 shows it.
        let read = if model.is_list { schemas.items_of(read, &body.name) } else { Some(read) };
        found.bodies.entry(model.name).or_default().extend(read);
        let reference = json!({ "$ref": format!("#/definitions/{}", model.name) });
        let schema = if model.is_list { json!({ "type": "array", "items": reference }) } else { reference };
        parameters.push(json!({ "name": body.name, "in": "body", "required": body.required, "schema": schema }));
    }
    parameters.extend(promised.query_params.iter().map(|parameter| promised_parameter(operation, parameter, "query")));
    parameters
}

fn promised_parameter(operation: &Value, promised: &Parameter, place: &str) -> Value {
    let mut parameter =
        json!({ "name": promised.name, "in": place, "required": promised.required, "type": promised.kind });
    let ours = operation["parameters"].as_array().into_iter().flatten();
    let mut ours = ours.filter(|ours| ours["name"] == promised.name.as_str() && ours["in"] == place);
    if let Some(description) = ours.next().and_then(|ours| ours.get("description")) {
        parameter["description"] = description.clone();
    }
    if let Some(default) = &promised.default {
        parameter["default"] = default.clone();
    }
    if promised.kind == "array" {
        parameter["items"] = json!({ "type": "string" });
        parameter["collectionFormat"] = "csv".into();
    }
    parameter
}

/// The parameters of an operation beyond the contract.
fn own_parameters(schemas: Schemas<'_>, operation: &Value) -> Vec<Value> {
    let all = operation["parameters"].as_array().into_iter().flatten();
    let mut parameters: Vec<Value> = all.map(|parameter| own_parameter(schemas, parameter)).collect();
    let body = &operation["requestBody"];
    if let Some(schema) = body["content"][JSON].get("schema") {
        let required = body["required"] == true;
        let schema = schemas.convert(schema);
        parameters.push(json!({ "name": "data", "in": "body", "required": required, "schema": schema }));
    } else if let Some(schema) = body["content"][MULTIPART].get("schema") {
        parameters.extend(fields(&schemas.define(schema)));
    }
    parameters
}

fn own_parameter(schemas: Schemas<'_>, parameter: &Value) -> Value {
    let mut converted = schemas.convert(&parameter["schema"]);
    for key in ["name", "in", "description"] {
        if let Some(value) = parameter.get(key) {
            converted[key] = value.clone();
        }
    }
    converted["required"] = (parameter["required"] == true).into();
    if let Some(map) = converted.as_object_mut() {
        map.remove("x-nullable");
    }
    converted
}

/// The fields of a form; what is binary is a file.
fn fields(form: &Value) -> Vec<Value> {
    let required = |name: &String| form["required"].as_array().is_some_and(|names| names.contains(&json!(name)));
    let properties = form["properties"].as_object().into_iter().flatten();
    let fields = properties.map(|(name, property)| {
        let kind = if property["format"] == "binary" { &json!("file") } else { &property["type"] };
        let mut field = json!({ "name": name, "in": "formData", "required": required(name), "type": kind });
        if let Some(description) = property.get("description") {
            field["description"] = description.clone();
        }
        field
    });
    fields.collect()
}

/// The answers by status, and the media types that they come in.
fn answers<'a>(
    schemas: Schemas<'a>,
    operation: &'a Value,
    promised: Option<&contract::Operation>,
    found: &mut Found<'a>,
) -> (Value, Vec<String>) {
    let returns = promised.and_then(contract::Operation::returns);
    let mut answers = Map::new();
    let mut media: Vec<String> = Vec::new();
    for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
        let mut converted = json!({ "description": answer["description"] });
        for (kind, content) in answer["content"].as_object().into_iter().flatten() {
            if !media.contains(kind) {
                media.push(kind.clone());
            }
            let Some(schema) = content.get("schema") else { continue };
            converted["schema"] = match returns {
                Some(model) if status == "200" => {
                    found.names.call(schemas.convert(schemas.form(schema, model.is_list)), model)
                }
                Some(_) | None => schemas.convert(schema),
            };
        }
        answers.insert(status.clone(), converted);
    }
    (Value::Object(answers), media)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_with_a_file_is_made_of_fields() {
        let form = json!({ "type": "object", "required": ["attachment"], "properties": {
            "attachment": { "type": "string", "format": "binary", "description": "The file." },
            "external_url": { "type": "string", "x-nullable": true }
        } });
        let file = json!({ "name": "attachment", "in": "formData", "required": true, "type": "file",
            "description": "The file." });
        let text = json!({ "name": "external_url", "in": "formData", "required": false, "type": "string" });
        assert_eq!(fields(&form), [file, text]);
    }
}
