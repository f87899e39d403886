//! What our server answered, and how it is judged.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::difference::{Difference, What, shorten};
use super::path::Place;
use super::pattern::Rules;
use super::step::{Body, Expected, Kind};

/// What our server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body as text; bytes that are no UTF-8 are replaced.
    pub text: String,
}

/// The body of every refusal.
static REFUSAL: LazyLock<Value> = LazyLock::new(|| json!({"error": {"$text": true}}));

impl Answer {
    /// The body as JSON, when the content type says so.
    pub fn json(&self) -> Option<Value> {
        let is_json = self.content_type().ends_with("json");
        is_json.then(|| serde_json::from_str(&self.text).ok()).flatten()
    }

    /// The content type without its parameters; empty when there is none.
    fn content_type(&self) -> String {
        let header = self.headers.get("content-type").map_or("", String::as_str);
        header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// Every difference from what was expected; `refusal` is the status for a refused caller.
    pub fn judge(&self, expected: &Expected, kind: Kind, refusal: u16, rules: &Rules<'_>) -> Vec<Difference> {
        match expected {
            Expected::Crashed if kind == Kind::Error => self.judge_refused_input(),
            Expected::Denied => self.judge_content(refusal, &Body::Json(REFUSAL.clone()), rules),
            Expected::Unrouted if matches!(self.status, 404 | 405) => {
                vec![Difference::status("a served path", self.status)]
            }
            Expected::Differs { status: Some(status) } if *status != self.status => {
                vec![Difference::status(status, self.status)]
            }
            Expected::Content { status, content_type, body, .. } => {
                let mut differences = self.judge_content(*status, body, rules);
                if *status == self.status {
                    differences.extend(self.judge_type(content_type.as_deref()));
                }
                differences
            }
            Expected::NotGiven | Expected::Crashed | Expected::Unrouted | Expected::Differs { .. } => {
                self.judge_crash()
            }
        }
    }

    /// Our server must not fail, whatever is asked.
    pub fn judge_crash(&self) -> Vec<Difference> {
        if self.status < 500 {
            return Vec::new();
        }
        vec![Difference::status("no failure of the server", self.status)]
    }

    /// Where the reference failed on bad input, ours refuses it and says why.
    fn judge_refused_input(&self) -> Vec<Difference> {
        if !(400..500).contains(&self.status) {
            return vec![Difference::status("4xx", self.status)];
        }
        match self.json() {
            Some(Value::Object(_)) => Vec::new(),
            _ => vec![Difference::body("a JSON object", shorten(&self.text, 80))],
        }
    }

    fn judge_content(&self, status: u16, body: &Body, rules: &Rules<'_>) -> Vec<Difference> {
        if status != self.status {
            return vec![Difference::status(status, self.status)];
        }
        match body {
            Body::Any => Vec::new(),
            Body::Empty if self.text.trim().is_empty() => Vec::new(),
            Body::Empty => vec![Difference::body("nothing", &self.text)],
            Body::Head(line) => {
                let first = self.text.lines().next().unwrap_or_default();
                let fits = rules.texts.fits(line, first);
                if fits { Vec::new() } else { vec![Difference::body(line, first)] }
            }
            Body::Json(pattern) => match self.json() {
                Some(answer) => rules.compare(pattern, &answer),
                None => vec![Difference::body(pattern, format!("{} {}", self.content_type(), self.text))],
            },
        }
    }

    fn judge_type(&self, expected: Option<&str>) -> Option<Difference> {
        let expected = expected?;
        let got = self.content_type();
        (expected != got).then(|| Difference::at(What::Type, &Place::default().key("content-type"), expected, got))
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::Texts;
    use super::super::vars::Vars;
    use super::*;

    fn judge(expected: Value, kind: Kind, status: u16, content_type: &str, text: &str) -> Vec<String> {
        let headers = BTreeMap::from([("content-type".to_owned(), content_type.to_owned())]);
        let answer = Answer { status, headers, text: text.to_owned() };
        let vars = Vars::default();
        let rules = Rules {
            texts: Texts { vars: &vars, base: "http://localhost" },
            unordered: &[],
            align: &BTreeMap::new(),
            shape_only: &[],
            volatile: &[],
        };
        let expected: Expected = serde_json::from_value(expected).unwrap();
        let differences = answer.judge(&expected, kind, 403, &rules);
        differences.iter().map(|found| format!("{:?} {}", found.what, found.at)).collect()
    }

    const JSON: &str = "application/json; charset=utf-8";

    #[test]
    fn status_type_and_body_must_fit() {
        let expected = json!({"status": 200, "type": "application/json", "body": {"a": 1}});
        assert!(judge(expected.clone(), Kind::Ok, 200, JSON, r#"{"a":1}"#).is_empty());
        assert_eq!(judge(expected.clone(), Kind::Ok, 201, JSON, r#"{"a":1}"#), ["Status 201"]);
        assert_eq!(judge(expected.clone(), Kind::Ok, 200, JSON, r#"{"a":2}"#), ["Value a"]);
        let text = judge(expected, Kind::Ok, 200, "text/plain", r#"{"a":1}"#);
        assert_eq!(text, ["Body .", "Type content-type"]);
    }

    #[test]
    fn an_empty_body_and_the_head_of_a_table_are_compared() {
        let empty = json!({"status": 204, "empty": true});
        assert!(judge(empty.clone(), Kind::Ok, 204, "", "").is_empty());
        assert_eq!(judge(empty, Kind::Ok, 204, "", "x"), ["Body ."]);
        let head = json!({"status": 200, "type": "text/csv", "head": "a,b"});
        assert!(judge(head.clone(), Kind::Ok, 200, "text/csv", "a,b\n1,2").is_empty());
        assert_eq!(judge(head, Kind::Ok, 200, "text/csv", "b,a"), ["Body ."]);
    }

    #[test]
    fn a_refused_caller_gets_the_status_and_an_error() {
        let denied = json!({"denied": true, "recorded": 401});
        assert!(judge(denied.clone(), Kind::Role, 403, JSON, r#"{"error":"no"}"#).is_empty());
        assert_eq!(judge(denied.clone(), Kind::Role, 401, JSON, r#"{"error":"no"}"#), ["Status 401"]);
        assert_eq!(judge(denied, Kind::Role, 403, JSON, "{}"), ["Missing error"]);
    }

    #[test]
    fn where_the_reference_failed_ours_refuses() {
        let crashed = json!({"crashed": 500});
        assert!(judge(crashed.clone(), Kind::Error, 422, JSON, r#"{"error":"no"}"#).is_empty());
        assert_eq!(judge(crashed.clone(), Kind::Error, 200, JSON, "{}"), ["Status 200"]);
        assert_eq!(judge(crashed.clone(), Kind::Error, 500, JSON, "{}"), ["Status 500"]);
        assert_eq!(judge(crashed.clone(), Kind::Error, 422, "text/html", "<p>"), ["Body ."]);
        assert!(judge(crashed, Kind::Edge, 200, JSON, "[]").is_empty());
    }

    #[test]
    fn an_unrouted_path_is_served_and_nothing_ever_fails() {
        let unrouted = json!({"unrouted": 404});
        assert!(judge(unrouted.clone(), Kind::Ok, 422, JSON, "{}").is_empty());
        assert_eq!(judge(unrouted.clone(), Kind::Ok, 404, JSON, "{}"), ["Status 404"]);
        assert_eq!(judge(unrouted, Kind::Ok, 502, JSON, "{}"), ["Status 502"]);
        assert_eq!(judge(Value::Null, Kind::Ok, 500, JSON, "{}"), ["Status 500"]);
        assert!(judge(Value::Null, Kind::Ok, 404, "", "").is_empty());
        let differs = json!({"differs": "text", "status": 422});
        assert_eq!(judge(differs, Kind::Ok, 200, JSON, "{}"), ["Status 200"]);
    }
}
