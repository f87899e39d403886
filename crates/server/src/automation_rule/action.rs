//! What an action of a rule may be (rest.md §5.7, semantics §4.3): the union of both eras (decisions §2).

use serde_json::Value;
use types::{FileId, Priority, Status};

use super::Item;
use crate::BaseUrl;
use crate::text;

/// Everything that a rule can do.
const NAMES: [&str; 20] = [
    "send_message",
    "add_private_note",
    "send_attachment",
    "add_label",
    "remove_label",
    "assign_team",
    "remove_assigned_team",
    "assign_best_agent",
    "assign_agent",
    "remove_assigned_agent",
    "change_status",
    "resolve_conversation",
    "open_conversation",
    "pending_conversation",
    "snooze_conversation",
    "mute_conversation",
    "change_priority",
    "send_webhook_event",
    "send_email_to_team",
    "send_email_transcript",
];
/// Actions whose parameter is the text of a message.
const WRITING: [&str; 2] = ["send_message", "add_private_note"];
/// The action that sends files of the rule.
const SENDING_FILES: &str = "send_attachment";
/// Longest text of a message, in characters (semantics §10.4).
const MAX_CONTENT: usize = 150_000;
/// Longest address, in characters.
const MAX_URL: usize = 2_048;

/// A file that an action names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileName {
    /// By its id, as `attach_file` gave it.
    Id(FileId),
    /// By its key, from the signed id that an upload gave.
    Key(String),
    /// By nothing that we gave.
    Unknown,
}

/// The first thing that is wrong with the actions; whether their files are there is another question.
pub fn problem(actions: &[Item]) -> Option<String> {
    actions.iter().enumerate().find_map(|(index, action)| {
        let found = item_problem(action)?;
        Some(format!("are not valid: {found} (number {})", index + 1))
    })
}

/// The parameters of `action` that name files.
pub fn files_of(action: &mut Item) -> &mut [Value] {
    if action.get("action_name").and_then(Value::as_str) != Some(SENDING_FILES) {
        return &mut [];
    }
    action.get_mut("action_params").and_then(Value::as_array_mut).map_or(&mut [], Vec::as_mut_slice)
}

/// The file that a parameter names.
pub fn read_file(parameter: &Value, base_url: &BaseUrl) -> FileName {
    let id = match parameter {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    if let Some(id) = id {
        return FileName::Id(FileId::new(id));
    }
    let key = parameter.as_str().and_then(|text| base_url.read_signed_id(text));
    key.map_or(FileName::Unknown, FileName::Key)
}

fn item_problem(action: &Item) -> Option<String> {
    let name = action.get("action_name").and_then(Value::as_str).unwrap_or_default();
    if !NAMES.contains(&name) {
        return Some(format!("there is no action {name:?}"));
    }
    let parameters = match action.get("action_params") {
        None | Some(Value::Null) => &[][..],
        Some(Value::Array(parameters)) => parameters.as_slice(),
        Some(_) => return Some(format!("the parameters of {name} are a list")),
    };
    parameters.iter().find_map(|parameter| parameter_problem(name, parameter))
}

fn parameter_problem(name: &str, parameter: &Value) -> Option<String> {
    let text = parameter.as_str().unwrap_or_default();
    match name {
        "send_webhook_event" => {
            let is_good = text::is_web_address(text) && text.chars().nth(MAX_URL).is_none();
            (!is_good).then(|| "the parameter of send_webhook_event is an http or https address".into())
        }
        "change_status" => {
            // `bot` is what pending was called (decisions §2).
            let is_status = text == "bot" || text.parse::<Status>().is_ok();
            (!is_status).then(|| "the parameter of change_status is a status".into())
        }
        "change_priority" => {
            let is_priority = text == "nil" || text.parse::<Priority>().is_ok();
            (!is_priority).then(|| "the parameter of change_priority is a priority, or nil".into())
        }
        _ if WRITING.contains(&name) => {
            let is_long = text.chars().nth(MAX_CONTENT).is_some();
            (!parameter.is_string() || is_long).then(|| format!("the parameter of {name} is a text"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use types::FileId;

    use super::{FileName, Item, files_of, problem, read_file};
    use crate::{BaseUrl, SecretKey};

    fn items(value: Value) -> Vec<Item> {
        serde_json::from_value(value).unwrap()
    }

    fn of(name: &str, parameters: &Value) -> Value {
        json!([{ "action_name": name, "action_params": parameters }])
    }

    #[test]
    fn what_either_era_knows_is_taken() {
        for (name, parameters) in [
            ("send_message", json!(["Hello"])),
            ("add_label", json!(["a", "b"])),
            ("assign_team", json!([6])),
            ("assign_agent", json!(["nil"])),
            ("assign_best_agent", json!([3])),
            ("change_status", json!(["bot"])),
            ("change_priority", json!(["nil"])),
            ("send_webhook_event", json!(["https://hooks.example/x"])),
            ("send_email_to_team", json!([{ "team_ids": [1], "message": "Look" }])),
            ("mute_conversation", json!([])),
            ("resolve_conversation", json!(null)),
        ] {
            assert_eq!(problem(&items(of(name, &parameters))), None, "{name}");
        }
        assert_eq!(problem(&items(json!([{ "action_name": "open_conversation" }]))), None);
    }

    #[test]
    fn what_neither_knows_is_refused() {
        for (name, parameters) in [
            ("make_coffee", json!([])),
            ("", json!([])),
            ("add_sla", json!([1])),
            ("add_label", json!("a")),
            ("add_label", json!({ "a": 1 })),
            ("change_status", json!(["asleep"])),
            ("change_priority", json!(["none"])),
            ("send_webhook_event", json!(["ftp://x"])),
            ("send_webhook_event", json!([format!("https://x.example/{}", "x".repeat(2_048))])),
            ("send_message", json!([7])),
            ("add_private_note", json!(["x".repeat(150_001)])),
        ] {
            assert!(problem(&items(of(name, &parameters))).is_some(), "{name} {parameters}");
        }
        let second = json!([{ "action_name": "mute_conversation" }, {}]);
        assert!(problem(&items(second)).unwrap().contains("number 2"));
    }

    #[test]
    fn files_are_named_by_id_or_signed_id() {
        let base_url = BaseUrl::new("https://desk.example", &SecretKey::new([1; 32]));
        let read = |value: Value| read_file(&value, &base_url);
        assert_eq!(read(json!(7)), FileName::Id(FileId::new(7)));
        assert_eq!(read(json!("7")), FileName::Id(FileId::new(7)));
        assert_eq!(read(json!(base_url.signed_id("abc"))), FileName::Key("abc".into()));
        for unknown in [json!("abc--00"), json!(1.5), json!([7]), json!(u64::MAX)] {
            assert_eq!(read(unknown), FileName::Unknown);
        }
        let mut actions = items(json!([
            { "action_name": "send_attachment", "action_params": [1, "x"] },
            { "action_name": "assign_team", "action_params": [2] },
            { "action_name": "send_attachment" }
        ]));
        let found: Vec<usize> = actions.iter_mut().map(|action| files_of(action).len()).collect();
        assert_eq!(found, [2, 0, 0]);
    }
}
