//! JSON written as forms.

use serde_json::Value;

/// `body` as an urlencoded form.
pub fn to_form(body: &Value) -> String {
    let escaped = |text: &str| -> String {
        let byte = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        };
        text.bytes().map(byte).collect()
    };
    let pairs = pairs(body, "").into_iter().map(|(name, value)| format!("{}={}", escaped(&name), escaped(&value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// `body` as a multipart form with the boundary `edge`.
pub fn to_multipart(body: &Value) -> String {
    let parts = pairs(body, "")
        .into_iter()
        .map(|(name, value)| format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    parts.collect::<String>() + "--edge--\r\n"
}

/// The names with brackets and the values of a form with the content of `body`.
fn pairs(body: &Value, name: &str) -> Vec<(String, String)> {
    match body {
        Value::Object(map) => map
            .iter()
            .flat_map(|(key, value)| {
                let name = if name.is_empty() { key.clone() } else { format!("{name}[{key}]") };
                pairs(value, &name)
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(|item| pairs(item, &format!("{name}[]"))).collect(),
        Value::String(text) => vec![(name.to_owned(), text.clone())],
        other => vec![(name.to_owned(), other.to_string())],
    }
}
