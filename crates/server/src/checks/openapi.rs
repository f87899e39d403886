//! The published document: `api/openapi.json` is up to date and says what the contract says.

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use super::{Operation, document, operations};

/// With 1 the test writes the file before it compares it (`make openapi`).
const WRITE: &str = "OOCTOPUS_WRITE_OPENAPI";

/// An operation of the contract. `data/operations.json` has all 107.
#[derive(Debug, Deserialize)]
struct Promised {
    id: String,
    tag: String,
    method: String,
    path: String,
    path_params: Vec<Parameter>,
    query_params: Vec<Parameter>,
    auth: BTreeSet<String>,
    statuses: BTreeSet<u16>,
}

#[derive(Debug, Deserialize)]
struct Parameter {
    name: String,
    required: bool,
}

#[derive(Deserialize)]
struct Served {
    served: Vec<String>,
}

fn promised() -> Vec<Promised> {
    serde_json::from_str(include_str!("../../data/operations.json")).unwrap()
}

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

#[test]
fn the_published_file_is_up_to_date() {
    let file = root().join("api/openapi.json");
    let text = crate::openapi::to_text(&crate::routes::document());
    if std::env::var(WRITE).is_ok_and(|value| value == "1") {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &text).unwrap();
    }
    let published = std::fs::read_to_string(&file).unwrap_or_default();
    let changed = published.lines().zip(text.lines()).find(|(old, new)| old != new);
    assert!(published == text, "api/openapi.json is out of date, write it with `make openapi`: {changed:?}");
}

#[test]
fn the_operations_of_the_contract_are_documented_as_it_says() {
    let promised = promised();
    assert_eq!(promised.len(), 107);
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

/// Method and path as the router has them: the contract prints two paths otherwise (rest.md §1.1).
fn address(promise: &Promised) -> String {
    let path = match promise.id.as_str() {
        "listAllInboxes" => "/api/v1/accounts/{account_id}/inboxes",
        _ => promise.path.trim_end_matches('/'),
    };
    let prefix = if path.starts_with("/profile") || path.starts_with("/accounts/") { "/api/v1" } else { "" };
    format!("{} {prefix}{path}", promise.method)
}

fn differences(operation: &Operation, promise: &Promised) -> Vec<String> {
    let mut problems = Vec::new();
    if operation.route() != address(promise) {
        problems.push(format!("is {} instead of {}", operation.route(), address(promise)));
    }
    if operation.json["tags"] != serde_json::json!([promise.tag]) {
        problems.push(format!("has the tags {} instead of {}", operation.json["tags"], promise.tag));
    }
    let statuses: BTreeSet<u16> =
        operation.json["responses"].as_object().unwrap().keys().filter_map(|status| status.parse().ok()).collect();
    let expected: BTreeSet<u16> =
        promise.statuses.iter().map(|status| if *status == 204 { 200 } else { *status }).collect();
    // Documented with 200 as well, but recorded with 204 (rest.md §1.7).
    let deletes_silently = promise.id == "deleteACustomFilter" && statuses == BTreeSet::from([204, 401, 404]);
    if statuses != expected && statuses != promise.statuses && !deletes_silently {
        problems.push(format!("documents {statuses:?} instead of {:?}", promise.statuses));
    }
    if schemes(operation) != promise.auth {
        problems.push(format!("is called with {:?} instead of {:?}", schemes(operation), promise.auth));
    }
    let path: BTreeSet<String> = operation.parameters("path").into_iter().collect();
    let expected: BTreeSet<String> = promise.path_params.iter().map(|parameter| parameter.name.clone()).collect();
    if path != expected {
        problems.push(format!("has {path:?} in its path instead of {expected:?}"));
    }
    let parameters = operation.json["parameters"].as_array().cloned().unwrap_or_default();
    for wanted in &promise.query_params {
        let found = parameters.iter().find(|found| found["in"] == "query" && found["name"] == wanted.name.as_str());
        match found {
            None => problems.push(format!("has no query parameter {}", wanted.name)),
            Some(found) if wanted.required && found["required"] != true => {
                problems.push(format!("{} should be required", wanted.name));
            }
            Some(_) => {}
        }
    }
    // What is beyond the contract must not break its clients.
    let is_known = |name: &Value| promise.query_params.iter().any(|known| *name == known.name.as_str());
    let extra = parameters.iter().filter(|found| found["in"] == "query" && !is_known(&found["name"]));
    problems.extend(extra.filter(|found| found["required"] == true).map(|found| format!("needs {}", found["name"])));
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
    let promised: HashSet<String> = promised().into_iter().map(|promise| promise.id).collect();
    let unlisted: Vec<_> = documented.iter().filter(|id| promised.contains(*id) && !served.contains(id)).collect();
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
        let silent = answers.iter().filter(|(_, answer)| answer["description"].as_str().is_none_or(str::is_empty));
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
