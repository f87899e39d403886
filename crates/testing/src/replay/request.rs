//! Building the HTTP request of a step.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, RequestBuilder, Url};
use serde_json::Value;

use super::step::{Request, Step};
use super::vars::{VarError, Vars, plain};

/// Why a request could not be built.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// A value is not there.
    #[error(transparent)]
    Value(#[from] VarError),
    /// The step describes no request that can be sent.
    #[error("no request can be made of {0}")]
    Malformed(String),
}

/// Text that is sent as a token which is none.
const INVALID_TOKEN: &str = "no-such-token";

/// The HTTP request of a step, with all values filled in.
pub fn build(
    client: &Client,
    base: &str,
    step: &Step,
    request: &Request,
    vars: &Vars,
) -> Result<reqwest::Request, RequestError> {
    let malformed = |what: &str| RequestError::Malformed(what.to_owned());
    let method: Method = request.method.parse().map_err(|_| malformed(&request.method))?;
    let url = address(base, request, vars)?;
    let mut builder = client.request(method, url).header(ACCEPT, "application/json");
    if let Some(token) = token(step.caller.as_deref(), vars)? {
        builder = builder.header("api_access_token", token);
    }
    builder = add_body(builder, request, vars)?;
    let mut built = builder.build().map_err(|error| malformed(&error.to_string()))?;
    for (name, value) in &request.headers {
        let value = vars.expand_text(value)?;
        let header: HeaderName = name.parse().map_err(|_| malformed(name))?;
        let value: HeaderValue = value.parse().map_err(|_| malformed(name))?;
        built.headers_mut().insert(header, value);
    }
    Ok(built)
}

fn token(caller: Option<&str>, vars: &Vars) -> Result<Option<String>, VarError> {
    match caller {
        None | Some("none") => Ok(None),
        Some("invalid") => Ok(Some(INVALID_TOKEN.to_owned())),
        Some(caller) => {
            let name = format!("token.{caller}");
            let token = vars.get(&name).ok_or(VarError::Unsaved(name))?;
            Ok(Some(plain(&token)))
        }
    }
}

fn address(base: &str, request: &Request, vars: &Vars) -> Result<Url, RequestError> {
    let address = format!("{base}{}", vars.expand_text(&request.path)?);
    let mut url = Url::parse(&address).map_err(|_| RequestError::Malformed(address))?;
    let pairs = match &request.query {
        None => return Ok(url),
        Some(query) => pairs(&vars.expand(query)?)?,
    };
    url.query_pairs_mut().extend_pairs(pairs);
    Ok(url)
}

/// The pairs of a query: an object, whose lists become `key[]`, or a list of pairs as it is.
fn pairs(query: &Value) -> Result<Vec<(String, String)>, RequestError> {
    match query {
        Value::Object(map) => Ok(map
            .iter()
            .flat_map(|(key, value)| match value {
                Value::Array(items) => items.iter().map(|item| (format!("{key}[]"), plain(item))).collect(),
                single => vec![(key.clone(), plain(single))],
            })
            .collect()),
        Value::Array(items) => items
            .iter()
            .map(|item| match item.as_array().map(Vec::as_slice) {
                Some([key, value]) => Ok((plain(key), plain(value))),
                _ => Err(RequestError::Malformed(item.to_string())),
            })
            .collect(),
        other => Err(RequestError::Malformed(other.to_string())),
    }
}

fn add_body(builder: RequestBuilder, request: &Request, vars: &Vars) -> Result<RequestBuilder, RequestError> {
    if let Some(body) = &request.body {
        return Ok(builder.json(&vars.expand(body)?));
    }
    if let Some(raw) = &request.raw {
        let builder = builder.header(CONTENT_TYPE, &raw.content_type);
        return Ok(builder.body(vars.expand_text(&raw.text)?));
    }
    let Some(form) = &request.form else { return Ok(builder) };
    let mut parts = Form::new();
    for (name, value) in form {
        parts = parts.part(name.clone(), part(&vars.expand(value)?)?);
    }
    Ok(builder.multipart(parts))
}

fn part(value: &Value) -> Result<Part, RequestError> {
    let Value::Object(file) = value else { return Ok(Part::text(plain(value))) };
    let malformed = || RequestError::Malformed(value.to_string());
    let text = |key: &str| file.get(key).and_then(Value::as_str);
    let data = file.get("data").ok_or_else(malformed)?;
    let part =
        Part::bytes(bytes(data).ok_or_else(malformed)?).file_name(text("filename").ok_or_else(malformed)?.to_owned());
    match text("type") {
        None => Ok(part),
        Some(kind) => part.mime_str(kind).map_err(|_| malformed()),
    }
}

/// The content of a file: `{base64}`, or `{bytes: n}` for any n bytes.
fn bytes(data: &Value) -> Option<Vec<u8>> {
    if let Some(text) = data.get("base64").and_then(Value::as_str) {
        return STANDARD.decode(text).ok();
    }
    let count = data.get("bytes")?.as_u64()?;
    Some(vec![b'x'; usize::try_from(count).ok()?])
}

#[cfg(test)]
mod tests {
    use super::super::step::sample;
    use super::*;
    use serde_json::json;

    fn built(step: &Value) -> Result<reqwest::Request, RequestError> {
        let mut vars = Vars::default();
        vars.save("token.ada", json!("secret"));
        vars.save("id", json!(7));
        let step = sample(step);
        build(&Client::new(), "http://desk:1", &step, step.request.as_ref().unwrap(), &vars)
    }

    fn body(request: &reqwest::Request) -> &str {
        std::str::from_utf8(request.body().unwrap().as_bytes().unwrap()).unwrap()
    }

    #[test]
    fn path_query_token_and_body_are_filled_in() {
        let request = built(&json!({"as": "ada", "request": {
            "method": "PATCH", "path": "/a/{{id}}", "query": {"ids": [1, "{{id}}"], "on": true}, "body": {"id": "{{id}}"}
        }}))
        .unwrap();
        assert_eq!(request.method(), "PATCH");
        assert_eq!(request.url().as_str(), "http://desk:1/a/7?ids%5B%5D=1&ids%5B%5D=7&on=true");
        assert_eq!(request.headers()["api_access_token"], "secret");
        assert_eq!(request.headers()["accept"], "application/json");
        assert_eq!(body(&request), r#"{"id":7}"#);
    }

    #[test]
    fn a_list_of_pairs_keeps_its_order() {
        let query = json!([["b", 1], ["a", 2], ["b", 3]]);
        let request = built(&json!({"request": {"method": "GET", "path": "/", "query": query}})).unwrap();
        assert_eq!(request.url().query(), Some("b=1&a=2&b=3"));
    }

    #[test]
    fn raw_bodies_and_headers_go_as_they_are() {
        let request = built(&json!({"as": "none", "request": {
            "method": "POST", "path": "/", "headers": {"api-access-token": "{{token.ada}}"},
            "raw": {"type": "application/json", "text": "{\"broken\": "}
        }}))
        .unwrap();
        assert_eq!(body(&request), "{\"broken\": ");
        assert_eq!(request.headers()["content-type"], "application/json");
        assert_eq!(request.headers()["api-access-token"], "secret");
        assert!(!request.headers().contains_key("api_access_token"));
    }

    #[test]
    fn forms_are_multipart() {
        let request = built(&json!({"as": "invalid", "request": {"method": "POST", "path": "/", "form": [
            ["text", "{{id}}"], ["file", {"filename": "a.txt", "type": "text/plain", "data": {"base64": "dGV4dA=="}}]
        ]}}))
        .unwrap();
        let kind = request.headers()["content-type"].to_str().unwrap();
        assert!(kind.starts_with("multipart/form-data"), "{kind}");
        assert_eq!(request.headers()["api_access_token"], INVALID_TOKEN);
    }

    #[test]
    fn file_contents_are_decoded_or_counted() {
        assert_eq!(bytes(&json!({"base64": "dGV4dA=="})).unwrap(), b"text");
        assert_eq!(bytes(&json!({"bytes": 5})).unwrap().len(), 5);
        assert_eq!(bytes(&json!({})), None);
    }

    #[test]
    fn an_unsaved_value_is_named() {
        let error = built(&json!({"as": "bob", "request": {"method": "GET", "path": "/"}})).unwrap_err();
        assert_eq!(error.to_string(), "no value token.bob was saved");
    }
}
