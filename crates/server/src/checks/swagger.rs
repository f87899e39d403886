//! The document of Swagger 2.0: it says of the contract's operations what the contract says, and of answers what they
//! are.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use serde_json::{Map, Value, json};
use store::testing::db_test;

use super::{document, operations};
use crate::contract::{Contract, Operation, Parameter};
use crate::swagger;
use crate::testing::TestApp;

fn swagger_document() -> Value {
    swagger::document(&document())
}

/// The operations of a document by id: path, method and what stands there.
fn by_id(document: &Value) -> BTreeMap<String, (String, String, Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let all = paths.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, json)| {
            let id = json["operationId"].as_str().unwrap().to_owned();
            (id, (path.clone(), method.to_uppercase(), json.clone()))
        })
    });
    all.collect()
}

#[test]
fn the_operations_of_the_contract_are_called_as_its_samples_are() {
    let document = swagger_document();
    let documented = by_id(&document);
    let mut problems = Vec::new();
    for promise in &Contract::get().operations {
        let (path, method, json) = &documented[&promise.id];
        let mut expect = |what: &str, is: Value, should: Value| {
            if is != should {
                problems.push(format!("{}: {what} {is} instead of {should}", promise.id));
            }
        };
        expect("path", json!(path), json!(promise.documented_path()));
        expect("method", json!(method), json!(promise.method));
        expect("tags", json["tags"].clone(), json!([promise.tag]));
        expect("parameters", json!(parameters(json)), json!(promised_parameters(promise)));
        let keys: BTreeSet<&String> =
            json["security"].as_array().unwrap().iter().flat_map(|choice| choice.as_object().unwrap().keys()).collect();
        expect("keys", json!(keys), json!(promise.auth));
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

/// Name, place, necessity, type, and model of each parameter.
fn parameters(operation: &Value) -> Vec<Value> {
    let all = operation["parameters"].as_array().unwrap().iter();
    let parameters = all.map(|parameter| {
        let (schema, reference) = (&parameter["schema"], "#/definitions/");
        let model =
            |schema: &Value| schema["$ref"].as_str().map(|target| target.trim_start_matches(reference).to_owned());
        let list = model(&schema["items"]).map(|name| format!("array[{name}]"));
        let kind = model(schema).or(list).map_or_else(|| parameter["type"].clone(), Value::from);
        json!([parameter["name"], parameter["in"], parameter["required"], kind, parameter["default"]])
    });
    parameters.collect()
}

/// The same as the contract has it: the path, the body, the query.
fn promised_parameters(promise: &Operation) -> Vec<Value> {
    let row = |parameter: &Parameter, place: &str| {
        json!([parameter.name, place, parameter.required, parameter.kind, parameter.default])
    };
    let mut all: Vec<Value> = promise.path_params.iter().map(|parameter| row(parameter, "path")).collect();
    all.extend(promise.body.iter().map(|body| json!([body.name, "body", body.required, body.kind, null])));
    all.extend(promise.query_params.iter().map(|parameter| row(parameter, "query")));
    all
}

#[test]
fn the_bodies_of_the_contract_have_its_keys_and_types() {
    let document = swagger_document();
    let mut problems = Vec::new();
    for (name, promised) in &Contract::get().models {
        let model = &document["definitions"][name];
        compare(name, promised, model, &mut problems);
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

fn compare(place: &str, promised: &Value, model: &Value, problems: &mut Vec<String>) {
    for key in ["type", "format"] {
        if model.get(key) != promised.get(key) {
            problems.push(format!("{place}: {key} {:?} instead of {:?}", model.get(key), promised.get(key)));
        }
    }
    for (name, property) in promised["properties"].as_object().into_iter().flatten() {
        compare(&format!("{place}.{name}"), property, &model["properties"][name], problems);
    }
    if promised["items"].is_object() {
        compare(&format!("{place}[]"), &promised["items"], &model["items"], problems);
    }
}

#[test]
fn both_documents_have_the_same_operations_statuses_keys_and_answers() {
    let (openapi, swagger) = (document(), swagger_document());
    let documented = by_id(&swagger);
    let ids: BTreeSet<String> = operations().into_iter().map(|operation| operation.id).collect();
    assert_eq!(ids, documented.keys().cloned().collect());
    let mut problems = Vec::new();
    for operation in operations() {
        let (_, _, json) = &documented[&operation.id];
        for key in ["tags", "summary", "security"] {
            if json.get(key) != operation.json.get(key) {
                problems.push(format!("{}: {key}", operation.id));
            }
        }
        let statuses = |json: &Value| json["responses"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        if statuses(json) != statuses(&operation.json) {
            problems.push(format!("{}: statuses", operation.id));
        }
        for (status, answer) in json["responses"].as_object().unwrap() {
            let said = &operation.json["responses"][status];
            let shared = said["$ref"].as_str().and_then(|target| openapi.pointer(target.trim_start_matches('#')));
            let contents = shared.unwrap_or(said)["content"].as_object();
            let has_schema = contents.is_some_and(|all| all.values().any(|content| content.get("schema").is_some()));
            if answer.get("schema").is_some() != has_schema {
                problems.push(format!("{} {status}: schema", operation.id));
            }
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
    assert_eq!(swagger["securityDefinitions"], openapi["components"]["securitySchemes"]);
    let names: Vec<&String> = swagger["securityDefinitions"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["agentBotApiKey", "platformAppApiKey", "userApiKey"]);
}

/// What the conversion knows: another key of a schema would be lost.
#[test]
fn nothing_that_schemas_say_is_lost() {
    let known = ["type", "enum", "items", "properties", "oneOf", "anyOf", "allOf", "$ref"];
    let mut unknown = BTreeSet::new();
    let openapi = document();
    for schema in openapi["components"]["schemas"].as_object().unwrap().values() {
        each_schema(schema, &mut |schema: &Map<String, Value>| {
            let keys = schema.keys().map(String::as_str);
            unknown.extend(keys.filter(|key| !known.contains(key) && !swagger::KEPT.contains(key)).map(str::to_owned));
        });
    }
    assert_eq!(unknown, BTreeSet::new());
}

fn each_schema(schema: &Value, visit: &mut impl FnMut(&Map<String, Value>)) {
    visit(schema.as_object().unwrap());
    for part in schema["properties"].as_object().into_iter().flat_map(Map::values) {
        each_schema(part, visit);
    }
    let lists = ["oneOf", "anyOf", "allOf"].into_iter().filter_map(|key| schema[key].as_array());
    lists.flatten().chain(schema.get("items")).for_each(|part| each_schema(part, visit));
}

#[test]
fn every_model_is_used_and_there_and_has_a_class_name_of_its_own() {
    let document = swagger_document();
    let definitions = document["definitions"].as_object().unwrap();
    let mut referred = Vec::new();
    swagger::collect_referred(&document, &mut referred);
    let referred: BTreeSet<&String> = referred.iter().collect();
    assert_eq!(referred, definitions.keys().collect());
    // As generators write names: `agent_bot` and `Agent_Bot` would be one class.
    let mut classes: BTreeMap<String, &str> = BTreeMap::new();
    for name in definitions.keys() {
        let other = classes.insert(name.replace('_', "").to_lowercase(), name);
        assert_eq!(other, None, "{name}");
    }
    let empty: Vec<_> = definitions.iter().filter(|(_, model)| !model["properties"].is_object()).collect();
    assert!(empty.is_empty(), "{empty:?}");
}

#[test]
fn files_are_fields_of_forms() {
    let documented = by_id(&swagger_document());
    for id in ["uploadFile", "attachFileToAutomationRule"] {
        let (_, _, json) = &documented[id];
        assert_eq!(json["consumes"], json!(["multipart/form-data"]), "{id}");
        let mut fields = json["parameters"].as_array().unwrap().iter();
        let file = fields.find(|field| field["name"] == "attachment").unwrap();
        assert_eq!((&file["in"], &file["type"]), (&json!("formData"), &json!("file")), "{id}");
    }
}

#[db_test]
async fn the_document_is_served_with_the_address_of_the_server(app: TestApp) {
    let served = app.call(Method::GET, "/swagger.json", None, None).await.expect(200).json();
    assert_eq!((&served["swagger"], &served["host"]), (&json!("2.0"), &json!("localhost:3000")));
    assert_eq!(served["schemes"], json!(["http"]));
    let mut published = swagger_document();
    published["host"] = served["host"].clone();
    published["schemes"] = served["schemes"].clone();
    assert_eq!(served, published);
    let openapi = app.call(Method::GET, "/openapi.json", None, None).await.expect(200).json();
    assert_eq!(openapi, document());
}

#[test]
fn an_address_with_a_path_is_taken_apart() {
    let document = swagger::served_at(json!({}), "https://desk.example.com:8443/support");
    let expected = json!({ "host": "desk.example.com:8443", "schemes": ["https"], "basePath": "/support" });
    assert_eq!(document, expected);
}
