//! Automation rules as the wire has them (rest.md §5.7).

use edge::Error;
use edge::field::{Flag, Maybe, Objects, Text};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use types::{AccountId, AutomationEvent, AutomationRuleId, FileId, Json};
use utoipa::ToSchema;

use super::Draft;
use super::files::RuleFile;
use super::service::WithFiles;
use crate::BaseUrl;

/// A rule.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = automation_rule)]
pub struct AutomationRuleJson {
    /// Its id.
    pub id: AutomationRuleId,
    /// The account.
    pub account_id: AccountId,
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// When it is looked at.
    pub event_name: AutomationEvent,
    /// What must be true, as it was sent.
    #[schema(value_type = Vec<Json>)]
    pub conditions: Json,
    /// What is then done, as it was sent; files by their ids.
    #[schema(value_type = Vec<Json>)]
    pub actions: Json,
    /// When it was made, in seconds.
    pub created_on: i64,
    /// Whether it is looked at at all.
    pub active: bool,
    /// The files that it sends; absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub files: Option<Vec<RuleFileJson>>,
}

/// A file that a rule sends.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = automation_rule_file)]
pub struct RuleFileJson {
    /// The id of their connection.
    pub id: i64,
    /// The rule.
    pub automation_rule_id: AutomationRuleId,
    /// What it is, such as `image/png`.
    pub file_type: String,
    /// The account.
    pub account_id: AccountId,
    /// Where the file is; permanent, needs no token.
    pub file_url: String,
    /// The file, as actions name it.
    pub blob_id: FileId,
    /// Its name.
    pub filename: String,
}

impl AutomationRuleJson {
    /// The rule with its files.
    pub fn new((rule, files): WithFiles, base_url: &BaseUrl) -> Self {
        let file = |file: RuleFile| RuleFileJson {
            id: file.id,
            automation_rule_id: file.automation_rule_id,
            file_type: file.content_type,
            account_id: rule.account_id,
            file_url: base_url.of_file(&file.key, &file.filename),
            blob_id: file.file_id,
            filename: file.filename,
        };
        let files: Vec<RuleFileJson> = files.into_iter().map(file).collect();
        Self {
            id: rule.id,
            account_id: rule.account_id,
            name: rule.name,
            description: rule.description,
            event_name: rule.event_name,
            conditions: rule.conditions,
            actions: rule.actions,
            created_on: rule.created_at.epoch_seconds(),
            active: rule.active,
            files: (!files.is_empty()).then_some(files),
        }
    }
}

/// A rule in its wrapper.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = automation_rule_answer)]
pub struct AutomationRuleAnswer {
    /// The rule.
    pub payload: AutomationRuleJson,
}

/// All rules in their wrapper.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = automation_rule_list_answer)]
pub struct AutomationRuleListAnswer {
    /// By id.
    pub payload: Vec<AutomationRuleJson>,
}

/// What a list may be asked for: nothing is heeded.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct AutomationRuleListQuery {}

/// A rule to be made or changed; at creation name and event are required.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = automation_rule_create_update_payload)]
pub struct AutomationRuleBody {
    /// What it is called, at most 255 characters.
    #[serde(default)]
    pub name: Maybe<Text>,
    /// What it is for, at most 20,000 characters.
    #[serde(default)]
    pub description: Maybe<Text>,
    /// When it is looked at.
    #[serde(default)]
    #[schema(value_type = AutomationEvent)]
    pub event_name: Maybe<Text>,
    /// Whether it is looked at at all; `true` by default.
    pub active: Option<Flag>,
    /// What must be true, at most 100 objects of `attribute_key`, `filter_operator`, `values`, `query_operator` and
    /// `custom_attribute_type`; none by default.
    #[serde(default)]
    #[schema(value_type = Vec<Json>)]
    pub conditions: Maybe<Objects<Map<String, Value>>>,
    /// What is then done, at most 100 objects of `action_name` and `action_params`; nothing by default.
    #[serde(default)]
    #[schema(value_type = Vec<Json>)]
    pub actions: Maybe<Objects<Map<String, Value>>>,
}

impl edge::Shape for AutomationRuleBody {}

impl AutomationRuleBody {
    /// What `before` becomes; null is a blank text or an empty list.
    pub fn onto(&self, before: Draft) -> Draft {
        let text = |given: &Maybe<Text>| given.clone().or_null(Text::default()).map(String::from);
        let list = |given: &Maybe<Objects<_>>| given.clone().or_null(Objects(Vec::new())).map(|Objects(items)| items);
        Draft {
            name: text(&self.name).unwrap_or(before.name),
            description: self.description.clone().map(String::from).or_keep(before.description),
            event_name: text(&self.event_name).unwrap_or(before.event_name),
            active: self.active.map_or(before.active, Flag::get),
            conditions: list(&self.conditions).unwrap_or(before.conditions),
            actions: list(&self.actions).unwrap_or(before.actions),
        }
    }
}

/// What cannot be read is refused as rules are: field by field (rest.md §1.8).
pub fn refuse(error: Error) -> Error {
    match error {
        Error::Invalid(problems) => Error::InvalidByField(problems),
        other => other,
    }
}

/// A file that an action may name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = automation_rule_blob)]
pub struct BlobJson {
    /// The key that the file is kept under.
    pub blob_key: String,
    /// What actions name it by.
    pub blob_id: FileId,
}

/// A file to be stored.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[schema(as = automation_rule_file_payload)]
pub struct AttachFileBody {
    /// The file, in a multipart body; it comes beside the fields.
    #[serde(default)]
    #[schema(value_type = String, format = Binary)]
    pub attachment: IgnoredAny,
}

impl edge::Shape for AttachFileBody {}
