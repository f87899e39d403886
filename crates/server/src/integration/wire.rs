//! Integrations as the wire has them (rest.md §5.14).

use edge::field::{Int, Maybe, Object, Text};
use edge::{Error, Result};
use serde::{Deserialize, Serialize};
use types::{AccountId, HookType, InboxId, IntegrationHookId, Json};
use utoipa::ToSchema;

use super::catalogue::{self, IntegrationApp};
use super::{Draft, Hook, NewHook};
use crate::Settings;

/// An app of the catalogue, with what the account has connected of it.
#[derive(Serialize, ToSchema)]
#[schema(as = integration_app)]
pub struct AppJson {
    /// Its name in requests.
    pub id: String,
    /// What people read.
    pub name: String,
    /// What it does.
    pub description: String,
    /// The same in a few words.
    pub short_description: String,
    /// Whether it can be used.
    pub enabled: bool,
    /// What the account has connected of it.
    pub hooks: Vec<HookJson>,
    /// The file of its picture, as clients have it; for administrators, as all that follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub logo: Option<String>,
    /// Texts of clients about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub i18n_key: Option<String>,
    /// Where clients set it up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub action: Option<String>,
    /// The same.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub button: Option<String>,
    /// What it is connected to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub hook_type: Option<HookType>,
    /// Whether it may be connected more than once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub allow_multiple_hooks: Option<bool>,
    /// The JSON schema of the settings of its hooks; absent: it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub settings_json_schema: Option<Json>,
    /// What clients ask for when they connect it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<Vec<Json>>)]
    pub settings_form_schema: Option<Json>,
    /// The settings that clients show.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub visible_properties: Option<Vec<String>>,
}

impl AppJson {
    /// As administrators see it, with those of `hooks` that are of this app.
    pub fn new(app: &IntegrationApp, hooks: &[Hook], action: String) -> Self {
        let text = |text: &str| Some(text.to_owned());
        let hooks: Vec<HookJson> =
            hooks.iter().filter(|hook| hook.app == app.id).cloned().map(HookJson::from).collect();
        let visible = app.visible_properties();
        Self {
            id: app.id.to_owned(),
            name: app.name.to_owned(),
            description: app.description.to_owned(),
            short_description: app.short_description.to_owned(),
            enabled: app.is_enabled(!hooks.is_empty()),
            hooks,
            logo: text(app.logo),
            i18n_key: text(app.i18n_key),
            button: Some(action.clone()),
            action: Some(action),
            hook_type: Some(app.hook_type),
            allow_multiple_hooks: Some(app.allow_multiple_hooks),
            settings_json_schema: app.json_schema().map(|schema| Json::of(&schema)),
            settings_form_schema: app.form_schema().map(|schema| Json::of(&schema)),
            visible_properties: visible.map(|names| names.into_iter().map(str::to_owned).collect()),
        }
    }

    /// As agents see it: how it is set up, and what was set, is left out (rest.md §5.14).
    #[must_use]
    pub fn for_agents(self) -> Self {
        Self {
            hooks: self.hooks.into_iter().map(HookJson::without_secrets).collect(),
            logo: None,
            i18n_key: None,
            action: None,
            button: None,
            hook_type: None,
            allow_multiple_hooks: None,
            settings_json_schema: None,
            settings_form_schema: None,
            visible_properties: None,
            ..self
        }
    }
}

/// The catalogue.
#[derive(Serialize, ToSchema)]
#[schema(as = integration_app_list)]
pub struct AppListAnswer {
    /// Every app.
    pub payload: Vec<AppJson>,
}

// Holds secrets: not to be printed.
/// An app that an account has connected.
#[derive(Serialize, ToSchema)]
#[schema(as = integration_hook)]
pub struct HookJson {
    /// Its id.
    pub id: IntegrationHookId,
    /// The app.
    pub app_id: String,
    /// Whether it is enabled.
    pub status: bool,
    /// The inbox that the app works in; null: it works for the whole account.
    pub inbox: Option<HookInboxJson>,
    /// The account.
    pub account_id: AccountId,
    /// What it is connected to.
    pub hook_type: HookType,
    /// What was set; for administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub settings: Option<Json>,
}

/// The inbox that an app works in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = integration_hook_inbox)]
pub struct HookInboxJson {
    /// Its id.
    pub id: InboxId,
    /// Its name.
    pub name: String,
}

impl From<Hook> for HookJson {
    fn from(hook: Hook) -> Self {
        let hook_type = if hook.inbox_id.is_some() { HookType::Inbox } else { HookType::Account };
        Self {
            id: hook.id,
            app_id: hook.app,
            status: hook.is_enabled,
            inbox: hook.inbox_id.zip(hook.inbox_name).map(|(id, name)| HookInboxJson { id, name }),
            account_id: hook.account_id,
            hook_type,
            settings: Some(hook.settings),
        }
    }
}

impl HookJson {
    fn without_secrets(self) -> Self {
        Self { settings: None, ..self }
    }
}

/// A connection to be made.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = integrations_hook_create_payload)]
pub struct CreateHookBody {
    /// The app; required.
    #[schema(value_type = String)]
    pub app_id: Option<Text>,
    /// The inbox that the app is to work in; required by apps that work in one.
    pub inbox_id: Option<Int>,
    /// `enabled` (by default) or `disabled`; 1 or 0.
    pub status: Option<Text>,
    /// What the app needs to know, at most 16,384 bytes of JSON.
    #[serde(default)]
    pub settings: Maybe<Object>,
}

impl edge::Shape for CreateHookBody {
    const WRAPPER: Option<&'static str> = Some("hook");
}

impl CreateHookBody {
    /// The hook that is asked for.
    pub fn read(&self, settings: &Settings) -> Result<NewHook> {
        let id = self.app_id.as_ref().map(Text::as_str).unwrap_or_default();
        let app = catalogue::offered(settings).find(|app| app.id == id);
        let app = app.ok_or_else(|| Error::invalid("app_id", "is not included in the list"))?;
        let draft = onto(Draft::default(), self.status.as_ref(), &self.settings)?;
        Ok(NewHook { app, inbox_id: self.inbox_id.map(Int::id), draft })
    }
}

/// A connection to be changed; app and inbox stay.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = integrations_hook_update_payload)]
pub struct UpdateHookBody {
    /// `enabled` or `disabled`; 1 or 0.
    pub status: Option<Text>,
    /// What the app needs to know, instead of all that was set before.
    #[serde(default)]
    pub settings: Maybe<Object>,
}

impl edge::Shape for UpdateHookBody {
    const WRAPPER: Option<&'static str> = Some("hook");
}

impl UpdateHookBody {
    /// What `before` becomes.
    pub fn onto(&self, before: Draft) -> Result<Draft> {
        onto(before, self.status.as_ref(), &self.settings)
    }
}

fn onto(before: Draft, status: Option<&Text>, settings: &Maybe<Object>) -> Result<Draft> {
    let is_enabled = match status.map(Text::as_str) {
        None | Some("") => before.is_enabled,
        Some("enabled" | "1" | "true") => true,
        Some("disabled" | "0" | "false") => false,
        Some(_) => return Err(Error::invalid("status", "is not included in the list")),
    };
    let settings = settings.clone().or_null(Object::default()).map(Object::into_json);
    Ok(Draft { is_enabled, settings: settings.unwrap_or(before.settings) })
}
