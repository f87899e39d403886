//! Fields of pre-chat forms that ask for a custom attribute follow its definition (rest.md §5.11).

use ::store::Tx;
use edge::Result;
use serde_json::{Value, json};
use types::{AccountId, AttributeModel, ChannelKind};

use super::channel::Channel;
use super::draft::Draft;
use super::store;
use crate::custom_attribute;
use crate::events::{Actor, Event, record};

/// Makes the fields that ask for `before` ask for `after`; takes them out when the definition is gone.
pub fn follow(
    tx: &mut Tx<'_>,
    account: AccountId,
    before: &custom_attribute::Draft,
    after: Option<&custom_attribute::Draft>,
    actor: &Actor,
) -> Result<()> {
    let websites = store::list(tx, account)?.into_iter().filter(|inbox| inbox.channel_kind == ChannelKind::WebWidget);
    for inbox in websites {
        if !asks_for(&Draft::of(&inbox), before) {
            continue;
        }
        let Some(inbox) = store::lock(tx, account, inbox.id)? else { continue };
        let stored = Draft::of(&inbox);
        let mut rewritten = stored.clone();
        for_fields(&mut rewritten, |fields| {
            fields.retain_mut(|field| match (is_about(field, before), after) {
                (false, _) => true,
                (true, None) => false,
                (true, Some(after)) => {
                    rewrite(field, after);
                    true
                }
            });
        });
        let changes = stored.changes_to(&rewritten);
        if !changes.is_empty() {
            store::update(tx, &inbox, &rewritten)?;
            record(tx, account, actor, &Event::InboxUpdated(inbox.id, changes));
        }
    }
    Ok(())
}

fn asks_for(inbox: &Draft, attribute: &custom_attribute::Draft) -> bool {
    let mut found = false;
    for_fields(&mut inbox.clone(), |fields| found = fields.iter().any(|field| is_about(field, attribute)));
    found
}

fn for_fields(inbox: &mut Draft, change: impl FnOnce(&mut Vec<Value>)) {
    if let Channel::Website { settings, .. } = &mut inbox.channel
        && let Some(Value::Array(fields)) = settings.pre_chat_form_options.get_mut("pre_chat_fields")
    {
        change(fields);
    }
}

fn is_about(field: &Value, attribute: &custom_attribute::Draft) -> bool {
    field["name"] == attribute.key && field["field_type"] == attribute.model.as_str()
}

fn rewrite(field: &mut Value, attribute: &custom_attribute::Draft) {
    let Some(field) = field.as_object_mut() else { return };
    let mut set = |key: &str, value: Value| field.insert(key.to_owned(), value);
    set("name", json!(attribute.key));
    set("label", json!(attribute.name));
    set("placeholder", json!(attribute.name));
    set("type", json!(attribute.kind));
    set("values", json!(attribute.values));
    set("regex_pattern", json!(attribute.regex_pattern));
    set("regex_cue", json!(attribute.regex_cue));
    if attribute.model == AttributeModel::Company {
        // Forms ask contacts about themselves and about the conversation only.
        set("enabled", json!(false));
    } else {
        set("field_type", json!(attribute.model));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::custom_attribute::Draft as Attribute;
    use serde_json::Map;

    #[test]
    fn a_field_is_about_the_attribute_of_its_model() {
        let plan = Attribute { key: "plan".into(), model: AttributeModel::Contact, ..Attribute::default() };
        assert!(is_about(&json!({ "name": "plan", "field_type": "contact_attribute" }), &plan));
        assert!(!is_about(&json!({ "name": "plan", "field_type": "conversation_attribute" }), &plan));
        assert!(!is_about(&json!({ "name": "plans", "field_type": "contact_attribute" }), &plan));
        assert!(!is_about(&json!(1), &plan));
    }

    #[test]
    fn what_the_form_says_itself_stays() {
        let plan = Attribute { key: "plan".into(), name: "Plan".into(), ..Attribute::default() };
        let mut field = json!({ "name": "old", "required": true, "enabled": true, "field_type": "contact_attribute" });
        rewrite(&mut field, &plan);
        let shown: Map<String, Value> = serde_json::from_value(field).unwrap();
        assert_eq!(
            (&shown["required"], &shown["label"], &shown["name"]),
            (&json!(true), &json!("Plan"), &json!("plan"))
        );
    }
}
