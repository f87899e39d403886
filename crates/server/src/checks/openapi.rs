//! The published documents are up to date, and that of `OpenAPI` 3.1 says what the contract says.

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use super::{Operation, document, operations};
use crate::contract::{self, Contract};

/// With 1 the test writes the files before it compares it (`make openapi`).
const WRITE: &str = "OOCTOPUS_WRITE_OPENAPI";

#[derive(Deserialize)]
struct Served {
    served: Vec<String>,
}

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

#[test]
fn the_published_files_are_up_to_date() {
    let openapi = crate::routes::document();
    let swagger = crate::swagger::document(&crate::openapi::to_value(&openapi));
    expect_published("api/openapi.json", &crate::openapi::to_text(&openapi));
    expect_published("api/swagger.json", &crate::openapi::to_text(&swagger));
}

fn expect_published(name: &str, text: &str) {
    let file = root().join(name);
    if std::env::var(WRITE).is_ok_and(|value| value == "1") {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
    }
    let published = std::fs::read_to_string(&file).unwrap_or_default();
    let changed = published.lines().zip(text.lines()).find(|(old, new)| old != new);
    assert!(published == text, "{name} is out of date, write it with `make openapi`: {changed:?}");
}

#[test]
fn the_operations_of_the_contract_are_documented_as_it_says() {
    let promised = &Contract::get().operations;
    let mut problems = Vec::new();
    for operation in operations() {
        let Some(promise) = promised.iter().find(|promise| promise.id == operation.id) else {
            // Beyond the contract; but no other name for what is in it.
            let same = promised.iter().find(|promise| address(promise) == operation.route());
            problems.extend(same.map(|promise| format!("{} should be called {}", operation.id, promise.id)));
            continue;
        };
        problems.extend(differences(&operation, promise).into_iter().map(|text| format!("{}: {text}", operation.id)));
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

fn address(promise: &contract::Operation) -> String {
    format!("{} {}", promise.method, promise.routed_path())
}

fn differences(operation: &Operation, promise: &contract::Operation) -> Vec<String> {
    let mut problems = Vec::new();
    if operation.route() != address(promise) {
        problems.push(format!("is {} instead of {}", operation.route(), address(promise)));
    }
    if operation.json["tags"] != serde_json::json!([promise.tag]) {
        problems.push(format!("has the tags {} instead of {}", operation.json["tags"], promise.tag));
    }
    // What operations share is referred to, and beyond the contract.
    let own = operation.json["responses"].as_object().unwrap().iter().filter(|(_, said)| said.get("$ref").is_none());
    let statuses: BTreeSet<u16> = own.filter_map(|(status, _)| status.parse().ok()).collect();
    let expected: BTreeSet<u16> =
        promise.statuses.iter().map(|status| if *status == 204 { 200 } else { *status }).collect();
    // Documented with 200 as well, but recorded with 204 (rest.md §1.7).
    let is_silent = matches!(promise.id.as_str(), "deleteACustomFilter" | "deleteCustomAttributeFromAccount");
    let silent = promise.statuses.iter().map(|status| if *status == 200 { 204 } else { *status });
    let deletes_silently = is_silent && statuses == silent.collect();
    if statuses != expected && statuses != promise.statuses && !deletes_silently {
        problems.push(format!("documents {statuses:?} instead of {:?}", promise.statuses));
    }
    if schemes(operation) != promise.auth {
        problems.push(format!("is called with {:?} instead of {:?}", schemes(operation), promise.auth));
    }
    let path = operation.parameters("path");
    let expected: Vec<String> = promise.path_params.iter().map(|parameter| parameter.name.clone()).collect();
    if path != expected {
        problems.push(format!("has {path:?} in its path instead of {expected:?}"));
    }
    let parameters = operation.json["parameters"].as_array().cloned().unwrap_or_default();
    let queries = parameters.iter().filter(|found| found["in"] == "query");
    let queries: Vec<(&str, bool)> =
        queries.map(|found| (found["name"].as_str().unwrap(), found["required"] == true)).collect();
    let wanted: Vec<(&str, bool)> =
        promise.query_params.iter().map(|wanted| (wanted.name.as_str(), wanted.required)).collect();
    let known: Vec<(&str, bool)> = queries.iter().copied().filter(|query| wanted.contains(query)).collect();
    if known != wanted {
        problems.push(format!("has the query {queries:?} instead of {wanted:?}"));
    }
    // What is beyond the contract must not break its clients.
    let extra = queries.iter().filter(|query| !wanted.contains(query));
    problems.extend(extra.filter(|(_, required)| *required).map(|(name, _)| format!("needs {name}")));
    problems
}

/// The names of the keys that `operation` is called with.
fn schemes(operation: &Operation) -> BTreeSet<String> {
    let choices = operation.json["security"].as_array().into_iter().flatten();
    choices.flat_map(|choice| choice.as_object().unwrap().keys().cloned()).collect()
}

#[test]
fn the_operations_that_are_said_to_be_served_are() {
    let served = std::fs::read_to_string(root().join("golden/served.json")).unwrap();
    let Served { served } = serde_json::from_str(&served).unwrap();
    assert!(served.len() >= 33, "{}", served.len());
    let documented: HashSet<String> = operations().into_iter().map(|operation| operation.id).collect();
    let missing: Vec<_> = served.iter().filter(|id| !documented.contains(*id)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    // The other way round: what is new belongs into the list, so that its recordings are played.
    let is_promised = |id: &str| Contract::get().find(id).is_some();
    let unlisted: Vec<_> = documented.iter().filter(|id| is_promised(id) && !served.contains(id)).collect();
    assert!(unlisted.is_empty(), "{unlisted:?}");
}

#[test]
fn every_success_with_a_body_has_a_schema() {
    let document = document();
    for operation in operations() {
        let answers = &operation.json["responses"];
        assert!(answers["200"].is_object() || answers["204"].is_object(), "{} has no success", operation.id);
        // Without content the answer is empty, which the table of callers sees.
        let Some(content) = answers["200"]["content"].as_object() else { continue };
        assert!(!content.is_empty(), "{}", operation.id);
        for (media, body) in content {
            let schema = &body["schema"];
            let target = schema["$ref"].as_str().map_or(schema, |target| document.pointer(&target[1..]).unwrap());
            let is_described =
                ["type", "oneOf", "allOf", "anyOf", "properties", "items"].iter().any(|key| target.get(key).is_some());
            assert!(is_described, "{} {media}: {schema}", operation.id);
        }
    }
}

#[test]
fn the_document_is_sound() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    assert!(!text("/info/title").is_empty() && !text("/info/version").is_empty());
    let mut problems = Vec::new();
    check_references(&document, &document, &mut problems);
    let known = document["components"]["securitySchemes"].as_object().unwrap();
    for (name, scheme) in known {
        assert_eq!((&scheme["type"], &scheme["in"]), (&"apiKey".into(), &"header".into()), "{name}");
        assert_eq!(scheme["name"], "api_access_token", "{name}");
    }
    let mut ids = HashSet::new();
    for operation in operations() {
        if !ids.insert(operation.id.clone()) {
            problems.push(format!("{} is the name of two operations", operation.id));
        }
        let in_path: BTreeSet<String> =
            operation.path.split(['{', '}']).skip(1).step_by(2).map(str::to_owned).collect();
        let declared: Vec<String> = operation.parameters("path");
        if declared.len() != in_path.len() || declared.iter().any(|name| !in_path.contains(name)) {
            problems.push(format!("{} declares {declared:?}", operation.route()));
        }
        problems.extend(parameter_problems(&operation));
        let unknown = schemes(&operation).into_iter().filter(|scheme| !known.contains_key(scheme));
        problems.extend(unknown.map(|scheme| format!("{} needs {scheme}, which is not there", operation.id)));
        if operation.json.get("security").is_none() {
            problems.push(format!("{} says nothing of keys", operation.id));
        }
        let answers = operation.json["responses"].as_object().unwrap();
        let own = answers.iter().filter(|(_, answer)| answer.get("$ref").is_none());
        let silent = own.filter(|(_, answer)| answer["description"].as_str().is_none_or(str::is_empty));
        problems.extend(silent.map(|(status, _)| format!("{} {status} has no description", operation.id)));
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

fn parameter_problems(operation: &Operation) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut problems = Vec::new();
    for parameter in operation.json["parameters"].as_array().into_iter().flatten() {
        let place = format!("{} in {}", parameter["name"], parameter["in"]);
        if parameter["in"] == "path" && parameter["required"] != true {
            problems.push(format!("{}: {place} is not required", operation.id));
        }
        if !parameter["schema"].is_object() {
            problems.push(format!("{}: {place} has no schema", operation.id));
        }
        if !seen.insert(place.clone()) {
            problems.push(format!("{}: {place} stands twice", operation.id));
        }
    }
    problems
}

/// Every `$ref` leads somewhere, and what is required is a property.
fn check_references(document: &Value, value: &Value, problems: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(target)) = map.get("$ref") {
                let found = target.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
                if found.is_none() {
                    problems.push(format!("{target} leads nowhere"));
                }
            }
            if let (Some(Value::Array(required)), Some(Value::Object(properties))) =
                (map.get("required"), map.get("properties"))
            {
                let names = required.iter().filter_map(Value::as_str);
                problems.extend(
                    names
                        .filter(|name| !properties.contains_key(*name))
                        .map(|name| format!("{name} is required but no property")),
                );
            }
            map.values().for_each(|value| check_references(document, value, problems));
        }
        Value::Array(items) => items.iter().for_each(|value| check_references(document, value, problems)),
        _ => {}
    }
}
