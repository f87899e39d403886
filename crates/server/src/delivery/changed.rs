//! What changed, as webhooks are told (realtime.md §3.5).

use serde_json::{Map, Value, json};

use crate::events::Changes;

/// In this order, which is that of the reference; others follow.
const ORDER: [&str; 9] = [
    "status",
    "assignee_id",
    "name",
    "email",
    "phone_number",
    "updated_at",
    "additional_attributes",
    "team_id",
    "snoozed_until",
];

/// What a change of status brings with it.
const WITH_STATUS: [&str; 2] = ["status", "snoozed_until"];
/// What says nothing by itself.
const TIME: &str = "updated_at";
/// Changes of these alone are not told: they are no columns of a conversation (recorded).
const NOT_TOLD: [&str; 2] = ["label_list", "muted"];

/// One object for each attribute, with its value before and after.
pub fn changed_attributes(changes: &Map<String, Value>) -> Value {
    let mut names: Vec<&String> = changes.keys().collect();
    names.sort_by_key(|name| (ORDER.iter().position(|known| known == name).unwrap_or(ORDER.len()), *name));
    names
        .into_iter()
        .map(|name| {
            let (before, after) = (&changes[name][0], &changes[name][1]);
            json!({ name: { "previous_value": before, "current_value": after } })
        })
        .collect()
}

/// What a conversation's change is told as beside its status, which is told for itself (recorded); `None`: nothing.
pub fn told_change(changes: &Changes) -> Option<Value> {
    let with_status: &[&str] = if changes.contains("status") { &WITH_STATUS } else { &[] };
    let is_told = |name: &str| !NOT_TOLD.contains(&name) && !with_status.contains(&name);
    let told: Map<String, Value> = changes
        .as_map()
        .iter()
        .filter(|(name, _)| is_told(name))
        .map(|(name, moved)| (name.clone(), moved.clone()))
        .collect();
    told.keys().any(|name| name != TIME).then(|| changed_attributes(&told))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{changed_attributes, told_change};
    use crate::events::Changes;

    fn names(told: &serde_json::Value) -> Vec<String> {
        let list = told.as_array().unwrap();
        list.iter().flat_map(|one| one.as_object().unwrap().keys().cloned().collect::<Vec<_>>()).collect()
    }

    #[test]
    fn what_changes_with_the_status_is_not_told_again() {
        let changes = Changes::default().with("updated_at", &1, &2).with("team_id", &None, &Some(1));
        let changes = changes.with("assignee_id", &None, &Some(3)).with("snoozed_until", &Some(1), &None);
        assert_eq!(names(&told_change(&changes).unwrap()), ["assignee_id", "updated_at", "team_id", "snoozed_until"]);
        let changes = changes.with("status", &"snoozed", &"open");
        assert_eq!(names(&told_change(&changes).unwrap()), ["assignee_id", "updated_at", "team_id"]);
        let status = changes.only(&["status", "snoozed_until", "updated_at"]);
        assert!(told_change(&status).is_none());
        assert_eq!(names(&changed_attributes(status.as_map())), ["status", "updated_at", "snoozed_until"]);
    }

    #[test]
    fn labels_and_the_time_alone_are_not_told() {
        let changes = Changes::default().with("label_list", &vec!["a"], &vec!["b"]).with("updated_at", &1, &2);
        assert!(told_change(&changes).is_none());
        let changes = changes.with("priority", &None, &Some("high"));
        assert_eq!(
            told_change(&changes).unwrap(),
            json!([
                { "updated_at": { "previous_value": 1, "current_value": 2 } },
                { "priority": { "previous_value": null, "current_value": "high" } }
            ])
        );
    }
}
