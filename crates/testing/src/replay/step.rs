//! One line of a recording: what is sent, what is kept, what must come back.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// One step of a recording.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "the keys of a recorded line")]
pub struct Step {
    /// Name, unique within the files that run together.
    pub id: String,
    /// Operation; `None` for most calls beyond the contract.
    pub op: Option<String>,
    /// What the step is for.
    pub kind: Kind,
    /// Whose token is sent: `none`, `invalid`, or the saved value `token.<caller>`.
    #[serde(rename = "as")]
    pub caller: Option<String>,
    /// What is sent; `None` for observed steps.
    pub request: Option<Request>,
    /// Values to keep from our answer: name to path.
    #[serde(default)]
    pub save: BTreeMap<String, String>,
    /// What must come back.
    #[serde(default)]
    pub answer: Expected,
    /// Ask until the answer fits.
    #[serde(default, rename = "await")]
    pub awaits: bool,
    /// Let background work end first.
    #[serde(default)]
    pub settle: bool,
    /// Something that a receiver must have seen, not a request.
    #[serde(default)]
    pub observed: bool,
    /// Lists in any order.
    #[serde(default)]
    pub unordered: Vec<String>,
    /// Lists paired by the named keys.
    #[serde(default)]
    pub align: BTreeMap<String, Vec<String>>,
    /// Lists of which only keys and types count.
    #[serde(default)]
    pub shape_only: Vec<String>,
    /// Keys whose values are free.
    #[serde(default)]
    pub volatile: Vec<String>,
    /// Compared, but a difference is no failure.
    #[serde(default)]
    pub informational: bool,
    /// Step whose answer is accepted too.
    pub twin: Option<String>,
    /// Explanation for readers.
    pub note: Option<String>,
}

/// What a step is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The documented use.
    Ok,
    /// An unusual but accepted use.
    Edge,
    /// A mistake of the caller.
    Error,
    /// Another role than usual.
    Role,
    /// Missing or wrong credentials.
    Auth,
    /// Looks at what another step caused.
    Effect,
    /// Prepares later steps.
    Setup,
    /// A call beyond the contract.
    Extra,
}

/// What is sent, with saved values still written as `{{name}}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// HTTP method.
    pub method: String,
    /// Path from the root of the server.
    pub path: String,
    /// Object of keys and values, or list of pairs.
    pub query: Option<Value>,
    /// Further headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// JSON body.
    #[serde(default, deserialize_with = "present")]
    pub body: Option<Value>,
    /// Multipart form: pairs of name and text or file.
    pub form: Option<Vec<(String, Value)>>,
    /// Body that is sent as it is.
    pub raw: Option<Raw>,
}

/// A body that is sent as it is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    /// Content type.
    #[serde(rename = "type")]
    pub content_type: String,
    /// The body.
    pub text: String,
}

impl Request {
    /// Whether the call may change something.
    pub fn writes(&self) -> bool {
        !matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }

    /// Whether a file is part of the form.
    pub fn has_file(&self) -> bool {
        self.form.iter().flatten().any(|(_, value)| value.is_object())
    }
}

/// What must come back.
#[derive(Debug, Clone, Default)]
pub enum Expected {
    /// The answer is not given here.
    #[default]
    NotGiven,
    /// The reference failed; ours must not.
    Crashed,
    /// A known caller is refused.
    Denied,
    /// The reference lacks this documented path; ours serves it.
    Unrouted,
    /// We mean to answer something else as a whole.
    Differs {
        /// The status, if one is prescribed.
        status: Option<u16>,
    },
    /// An answer to compare with.
    Content {
        /// HTTP status.
        status: u16,
        /// Content type without parameters.
        content_type: Option<String>,
        /// What is in it.
        body: Body,
        /// The events that each receiver heard, in order; of observed steps only.
        order: BTreeMap<String, Vec<String>>,
    },
}

/// What is in an answer.
#[derive(Debug, Clone)]
pub enum Body {
    /// JSON that fits this pattern.
    Json(Value),
    /// Nothing.
    Empty,
    /// Text whose first line is this.
    Head(String),
    /// Anything; only the content type counts.
    Any,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAnswer {
    crashed: Option<u16>,
    denied: Option<bool>,
    #[serde(rename = "recorded")]
    _recorded: Option<u16>,
    unrouted: Option<u16>,
    differs: Option<String>,
    status: Option<u16>,
    #[serde(rename = "type")]
    content_type: Option<String>,
    #[serde(default, deserialize_with = "present")]
    body: Option<Value>,
    empty: Option<bool>,
    head: Option<String>,
    #[serde(default)]
    order: BTreeMap<String, Vec<String>>,
}

impl<'de> Deserialize<'de> for Expected {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Some(recorded) = Option::<RawAnswer>::deserialize(deserializer)? else {
            return Ok(Self::NotGiven);
        };
        if recorded.crashed.is_some() {
            return Ok(Self::Crashed);
        }
        if recorded.denied == Some(true) {
            return Ok(Self::Denied);
        }
        if recorded.unrouted.is_some() {
            return Ok(Self::Unrouted);
        }
        if recorded.differs.is_some() {
            let status = recorded.status;
            return Ok(Self::Differs { status });
        }
        let missing = || serde::de::Error::custom("an answer without status");
        let status = recorded.status.ok_or_else(missing)?;
        let content_type = recorded.content_type;
        let body = match (recorded.body, recorded.empty, recorded.head) {
            (Some(pattern), _, _) => Body::Json(pattern),
            (None, Some(true), _) => Body::Empty,
            (None, _, Some(line)) => Body::Head(line),
            (None, _, None) => Body::Any,
        };
        Ok(Self::Content { status, content_type, body, order: recorded.order })
    }
}

/// Tells a key that is null from one that is not there.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// A step for tests: `keys` over the least that a step has.
#[cfg(test)]
pub fn sample(keys: &Value) -> Step {
    let mut step = serde_json::json!({"id": "x", "kind": "ok", "answer": null});
    let keys = keys.as_object().expect("a step is an object").clone();
    step.as_object_mut().expect("it was just made").extend(keys);
    serde_json::from_value(step).expect("a test writes steps that can be read")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn expected(answer: &Value) -> Expected {
        sample(&json!({"answer": answer})).answer
    }

    #[test]
    fn every_form_of_an_answer_is_read() {
        assert!(matches!(expected(&Value::Null), Expected::NotGiven));
        assert!(matches!(expected(&json!({"crashed": 500})), Expected::Crashed));
        assert!(matches!(expected(&json!({"denied": true, "recorded": 401})), Expected::Denied));
        assert!(matches!(expected(&json!({"unrouted": 404})), Expected::Unrouted));
        let differs = expected(&json!({"differs": "text", "status": 422}));
        assert!(matches!(differs, Expected::Differs { status: Some(422) }));
        let empty = expected(&json!({"status": 204, "empty": true}));
        assert!(matches!(empty, Expected::Content { status: 204, body: Body::Empty, .. }));
    }

    #[test]
    fn a_body_of_null_is_a_body() {
        let answer = expected(&json!({"status": 200, "type": "application/json", "body": null}));
        assert!(matches!(answer, Expected::Content { body: Body::Json(Value::Null), .. }));
    }

    #[test]
    fn an_unknown_rule_is_refused() {
        let step = json!({"id": "x", "kind": "ok", "answer": null, "unheard": true});
        assert!(serde_json::from_value::<Step>(step).is_err());
    }
}
