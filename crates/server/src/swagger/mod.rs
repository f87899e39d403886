//! The description of the API for tools that know Swagger 2.0 only: `/swagger.json`.
//!
//! It is made of the document of 3.1 and of the contract. The operations of the contract have its paths, parameters,
//! bodies and names, so that a generated client is called as the published samples are; answers are described as they
//! are sent. Operations beyond the contract are converted as they stand.

mod body;
mod name;
mod operation;
mod schema;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use self::name::Names;
use self::operation::Found;
use self::schema::Schemas;
pub use self::schema::{KEPT, collect_referred};
use crate::contract::Contract;

/// The document of Swagger 2.0 for `openapi`, a document of 3.1.
pub fn document(openapi: &Value) -> Value {
    let openapi = &with_answers_in_place(openapi);
    let contract = Contract::get();
    let schemas = Schemas::of(openapi);
    let answers = operations(openapi).map(|(_, _, operation)| &operation["responses"]);
    let mut found = Found { names: Names::new(schemas, answers), bodies: [].into() };
    let mut paths = Map::new();
    for (path, method, operation) in operations(openapi) {
        let promised = operation["operationId"].as_str().and_then(|id| contract.find(id));
        let path = promised.map_or(path, |promised| promised.documented_path());
        let item = paths.entry(path).or_insert_with(|| json!({}));
        item[method] = operation::convert(schemas, operation, promised, &mut found);
    }
    let definitions = definitions(schemas, contract, &found, &paths);
    let info = ["title", "description", "version"].map(|key| (key.to_owned(), openapi["info"][key].clone()));
    json!({
        "swagger": "2.0",
        "info": Map::from_iter(info),
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "securityDefinitions": openapi["components"]["securitySchemes"],
        "paths": paths,
        "definitions": definitions,
    })
}

/// `document` with the address of the server, `http://localhost:3000` or with a path behind it.
pub fn served_at(mut document: Value, base_url: &str) -> Value {
    if let Some((scheme, rest)) = base_url.split_once("://") {
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        document["host"] = host.into();
        document["schemes"] = json!([scheme]);
        if !path.is_empty() {
            document["basePath"] = format!("/{path}").into();
        }
    }
    document
}

/// `openapi` without references to the answers that operations share: there are generators that do not follow them.
fn with_answers_in_place(openapi: &Value) -> Value {
    let mut document = openapi.clone();
    let items = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    let operations = items.filter_map(Value::as_object_mut).flat_map(Map::values_mut);
    for answer in operations.filter_map(|operation| operation["responses"].as_object_mut()).flat_map(Map::values_mut) {
        let target = answer["$ref"].as_str().and_then(|target| target.strip_prefix('#'));
        if let Some(shared) = target.and_then(|pointer| openapi.pointer(pointer)) {
            *answer = shared.clone();
        }
    }
    document
}

fn operations(openapi: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = openapi["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        let methods = methods.filter(|(_, operation)| operation.get("responses").is_some());
        methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

/// Every model that the paths refer to, directly or through others.
fn definitions(schemas: Schemas<'_>, contract: &Contract, found: &Found<'_>, paths: &Map<String, Value>) -> Value {
    let mut waiting = Vec::new();
    paths.values().for_each(|item| collect_referred(item, &mut waiting));
    let mut seen = BTreeSet::new();
    let mut definitions = Map::new();
    while let Some(name) = waiting.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let definition = match (found.bodies.get(name.as_str()), contract.models.get(&name)) {
            (Some(read), Some(promised)) => Some(body::model(schemas, promised, read)),
            (_, _) => schemas.definition(found.names.ours(&name)),
        };
        if let Some(definition) = definition {
            collect_referred(&definition, &mut waiting);
            definitions.insert(name, definition);
        }
    }
    Value::Object(definitions)
}
