//! Checking answers against an `OpenAPI` 3.1 document.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

/// Checks JSON answers against the schemas of one `OpenAPI` document.
pub struct Validator {
    document: Value,
    compiled: Mutex<HashMap<Documented, Arc<jsonschema::Validator>>>,
    /// The template of each method and path that was looked for.
    templates: Mutex<HashMap<(String, String), Option<String>>>,
}

/// Where a schema stands: path template, method, key of the response.
type Documented = (String, String, String);

impl Validator {
    /// A validator for the answers that `document` describes.
    pub fn new(document: Value) -> Self {
        Self { document, compiled: Mutex::default(), templates: Mutex::default() }
    }

    /// Checks one JSON answer; `path` is the one called, without its query.
    ///
    /// Each status of an operation must be documented, and a success with a schema. What refuses a request to an
    /// operation that is not documented is nobody's answer, and accepted.
    pub fn check(&self, method: &str, path: &str, status: u16, body: &Value) -> Result<(), String> {
        let method = method.to_ascii_lowercase();
        let is_success = (200..300).contains(&status);
        let Some(template) = self.template(&method, path) else {
            return if is_success { Err(format!("{method} {path} is not documented")) } else { Ok(()) };
        };
        let (key, response) = self.response(&method, &template, status)?;
        let schema = response.pointer("/content/application~1json/schema");
        match schema {
            Some(schema) => self.validate((template, method, key), schema, body),
            None if is_success => Err(format!("{method} {template} documents no JSON for {status}")),
            None => Ok(()),
        }
    }

    /// Checks that the operation documents `status`, whatever the answer's body; see [`Self::check`].
    pub fn check_status(&self, method: &str, path: &str, status: u16) -> Result<(), String> {
        let method = method.to_ascii_lowercase();
        self.template(&method, path).map_or(Ok(()), |template| self.response(&method, &template, status).map(drop))
    }

    /// Whether the document has this operation; `path` is one that is called.
    pub fn has(&self, method: &str, path: &str) -> bool {
        self.template(&method.to_ascii_lowercase(), path).is_some()
    }

    /// What is documented of an answer with `status`, and the key under which it stands.
    fn response(&self, method: &str, template: &str, status: u16) -> Result<(String, &Value), String> {
        let responses = self.resolve(&self.document["paths"][template][method]["responses"]);
        let range = format!("{}XX", status / 100);
        let key = [status.to_string(), range, "default".to_owned()]
            .into_iter()
            .find(|key| responses.get(key).is_some())
            .ok_or_else(|| format!("{method} {template} documents no {status}"))?;
        let response = self.resolve(&responses[&key]);
        Ok((key, response))
    }

    /// The template of `path`; the one with the fewest parameters wins.
    fn template(&self, method: &str, path: &str) -> Option<String> {
        let mut templates = self.templates.lock().unwrap_or_else(PoisonError::into_inner);
        let found = templates.entry((method.to_owned(), path.to_owned()));
        found.or_insert_with(|| self.find_template(method, path).map(str::to_owned)).clone()
    }

    fn find_template(&self, method: &str, path: &str) -> Option<&str> {
        let paths = self.document.get("paths")?.as_object()?;
        paths
            .iter()
            .filter(|(template, item)| item.get(method).is_some() && fits(template, path))
            .map(|(template, _)| template.as_str())
            .min_by_key(|template| template.matches('{').count())
    }

    /// Follows `$ref` inside the document.
    fn resolve<'a>(&'a self, mut value: &'a Value) -> &'a Value {
        while let Some(target) = value.get("$ref").and_then(Value::as_str) {
            match self.document.pointer(target.trim_start_matches('#')) {
                Some(found) => value = found,
                None => break,
            }
        }
        value
    }

    fn validate(&self, place: Documented, schema: &Value, body: &Value) -> Result<(), String> {
        let validator = self.compile(place, schema)?;
        let problems: Vec<String> =
            validator.iter_errors(body).take(5).map(|error| format!("{}: {error}", error.instance_path())).collect();
        if problems.is_empty() {
            return Ok(());
        }
        Err(problems.join("; "))
    }

    fn compile(&self, place: Documented, schema: &Value) -> Result<Arc<jsonschema::Validator>, String> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(validator) = compiled.get(&place) {
            return Ok(Arc::clone(validator));
        }
        // The components keep their place, so that `#/components/…` leads to them.
        let whole = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "components": self.document.get("components").unwrap_or(&Value::Null),
            "allOf": [schema],
        });
        let validator = jsonschema::validator_for(&whole)
            .map_err(|error| format!("the schema of {} {} is broken: {error}", place.1, place.0))?;
        let validator = Arc::new(validator);
        compiled.insert(place, Arc::clone(&validator));
        Ok(validator)
    }
}

fn fits(template: &str, path: &str) -> bool {
    let mut segments = path.trim_end_matches('/').split('/');
    let fits = template.trim_end_matches('/').split('/').all(|expected| {
        segments.next().is_some_and(|segment| {
            let is_parameter = expected.starts_with('{') && expected.ends_with('}');
            expected == segment || (is_parameter && !segment.is_empty())
        })
    });
    fits && segments.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validator() -> Validator {
        Validator::new(json!({
            "openapi": "3.1.0",
            "paths": {
                "/pets/{id}": {"get": {"responses": {
                    "200": {"$ref": "#/components/responses/Pet"},
                    "404": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}},
                    "204": {"description": "gone"}
                }}},
                "/pets/mine": {"get": {"responses": {
                    "2XX": {"content": {"application/json": {"schema": {"type": "array"}}}}
                }}}
            },
            "components": {
                "responses": {"Pet": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}}},
                "schemas": {
                    "Pet": {"type": "object", "required": ["id"], "properties": {
                        "id": {"type": "integer"}, "owner": {"$ref": "#/components/schemas/Owner"}
                    }},
                    "Owner": {"type": ["string", "null"]},
                    "Error": {"type": "object", "required": ["error"]}
                }
            }
        }))
    }

    #[test]
    fn references_are_followed_and_problems_named() {
        let validator = validator();
        let good = json!({"id": 1, "owner": null});
        assert_eq!(validator.check("GET", "/pets/7", 200, &good), Ok(()));
        let problem = validator.check("GET", "/pets/7", 200, &json!({"id": 1, "owner": 3})).unwrap_err();
        assert!(problem.contains("/owner"), "{problem}");
    }

    #[test]
    fn a_literal_path_wins_over_a_parameter() {
        assert_eq!(validator().check("GET", "/pets/mine/", 201, &json!([])), Ok(()));
        assert!(validator().check("GET", "/pets/mine", 201, &json!({})).is_err());
    }

    #[test]
    fn whatever_an_operation_answers_must_be_documented() {
        let validator = validator();
        assert!(validator.check("GET", "/cats/7", 200, &json!({})).is_err());
        assert!(validator.check("GET", "/pets/7", 201, &json!({})).is_err());
        assert!(validator.check("GET", "/pets/7", 204, &json!({})).is_err());
        assert!(validator.check("GET", "/pets/7", 404, &json!({})).is_err());
        assert!(validator.check("GET", "/pets/7", 422, &json!({})).is_err());
        assert!(validator.check_status("GET", "/pets/7", 422).is_err());
        assert_eq!(validator.check_status("GET", "/pets/7", 404), Ok(()));
        // Without an operation there is nothing that could be documented.
        assert_eq!(validator.check("PUT", "/pets/7", 405, &json!({})), Ok(()));
        assert_eq!(validator.check_status("GET", "/cats/7", 404), Ok(()));
    }
}
