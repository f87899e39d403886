//! The fields of a body, as the document describes them.

use serde_json::{Value, json};

/// Takes the place of a value until the body is text.
const PLACE: &str = "@@here@@";

/// What a field of a body holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Word,
    Int,
    Flag,
    Object,
    List,
    /// With fields of its own.
    Nested,
}

/// A field of a body, with the keys that lead to it.
#[derive(Debug, Clone)]
pub struct Field {
    /// From the outermost object on.
    pub keys: Vec<String>,
    /// What it holds.
    pub kind: Kind,
}

impl Field {
    /// The last of its keys.
    pub fn name(&self) -> &str {
        self.keys.last().unwrap()
    }

    /// Whether the refusal `body` names the field, or the object that it stands in.
    pub fn is_named(&self, body: &Value) -> bool {
        let names = |name: &str| {
            let is_key =
                |key: &String| name == key || key.strip_suffix("_ids").or(key.strip_suffix("_id")) == Some(name);
            self.keys.iter().any(is_key) || name == "ke" || name == "key"
        };
        if let Some(attributes) = body["attributes"].as_array() {
            return attributes.iter().any(|name| names(name.as_str().unwrap()));
        }
        if let Some(fields) = body["error"].as_object() {
            return fields.keys().any(|name| names(name));
        }
        let text = body["error"].as_str().unwrap_or_default().to_lowercase();
        self.keys.iter().any(|key| text.contains(key.as_str()) || text.contains(&key.replace('_', " ")))
    }
}

/// The fields that `schema` describes, those of nested objects too.
pub fn fields(document: &Value, schema: &Value, above: &[String]) -> Vec<Field> {
    let Some(properties) = resolved(document, schema)["properties"].as_object() else { return Vec::new() };
    let of = |(name, schema): (&String, &Value)| {
        let keys: Vec<String> = above.iter().cloned().chain([name.clone()]).collect();
        let inner = fields(document, schema, &keys);
        [Field { keys, kind: kind(resolved(document, schema)) }].into_iter().chain(inner)
    };
    properties.iter().flat_map(of).collect()
}

/// Follows references and leaves out null.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(target) = schema["$ref"].as_str() {
        return resolved(document, document.pointer(&target[1..]).unwrap());
    }
    match schema["oneOf"].as_array().and_then(|choices| choices.iter().find(|choice| choice["type"] != "null")) {
        Some(choice) => resolved(document, choice),
        None => schema,
    }
}

fn kind(schema: &Value) -> Kind {
    let types = schema["type"].as_array();
    let name = types.and_then(|types| types.iter().find(|name| **name != "null")).unwrap_or(&schema["type"]);
    match name.as_str().unwrap_or_default() {
        "string" if schema.get("enum").is_some() => Kind::Word,
        "string" => Kind::Text,
        "integer" => Kind::Int,
        "boolean" => Kind::Flag,
        "array" => Kind::List,
        "object" if schema.get("properties").is_some() => Kind::Nested,
        "object" => Kind::Object,
        _ => panic!("a field of an unknown kind: {schema}"),
    }
}

/// `body` with `raw` in the place that `keys` lead to.
pub fn with_raw(body: &Value, keys: &[String], raw: &str) -> String {
    let mut body = body.clone();
    let place = keys.iter().fold(&mut body, |value, key| {
        if !value.is_object() {
            *value = json!({});
        }
        &mut value[key]
    });
    *place = PLACE.into();
    body.to_string().replace(&format!("\"{PLACE}\""), raw)
}
