//! The apps that an account may connect (rest.md §5.14, decisions §2).

use edge::Problem;
use serde_json::{Map, Value, json};
use types::{AccountId, HookType};

use crate::Settings;
use crate::text::url_encoded;

/// The app that needs a setting.
const SLACK: &str = "slack";
/// What an account lets us do in its Slack: read channels and what is written there, and write.
const SLACK_SCOPES: &str = "channels:read,channels:join,channels:history,groups:read,groups:history,chat:write,\
                            chat:write.customize,users:read,users:read.email";

/// An app that an account may connect.
#[derive(Debug)]
pub struct IntegrationApp {
    /// Its name in requests and rows.
    pub id: &'static str,
    /// What people read.
    pub name: &'static str,
    /// What it does.
    pub description: &'static str,
    /// The same in a few words.
    pub short_description: &'static str,
    /// Texts of clients about it.
    pub i18n_key: &'static str,
    /// The file of its picture, as clients have it.
    pub logo: &'static str,
    /// Where clients set it up.
    pub action: &'static str,
    /// What it is connected to.
    pub hook_type: HookType,
    /// Whether it may be connected more than once.
    pub allow_multiple_hooks: bool,
    /// What there is to set; an app without fields keeps whatever it is given.
    pub fields: &'static [Field],
}

/// Something that there is to set of an app.
#[derive(Debug)]
pub struct Field {
    /// The key in `settings`.
    pub name: &'static str,
    /// What people read.
    pub label: &'static str,
    /// What it is and how it is asked for.
    pub input: Input,
    /// Whether the hook cannot do without it.
    pub is_required: bool,
    /// Whether clients show what was set.
    pub is_visible: bool,
}

/// How something is asked for.
#[derive(Debug)]
pub enum Input {
    /// A line of text.
    Text,
    /// The JSON text of an object.
    Object,
    /// A text that clients do not ask for.
    Unasked,
}

/// Every app, in the order in which it is shown.
pub static APPS: &[IntegrationApp] = &[
    IntegrationApp {
        id: "webhook",
        name: "Webhooks",
        description: "Tells other systems at once of what happens in your account.",
        short_description: "Tells other systems of what happens.",
        i18n_key: "webhooks",
        logo: "cable.svg",
        action: "/webhook",
        hook_type: HookType::Account,
        allow_multiple_hooks: true,
        fields: &[],
    },
    IntegrationApp {
        id: "dialogflow",
        name: "Dialogflow",
        description: "Lets a Dialogflow agent answer in an inbox before people do.",
        short_description: "Lets a Dialogflow agent answer first.",
        i18n_key: "dialogflow",
        logo: "dialogflow.svg",
        action: "/dialogflow",
        hook_type: HookType::Inbox,
        allow_multiple_hooks: true,
        fields: &[
            Field {
                name: "project_id",
                label: "Dialogflow project id",
                input: Input::Text,
                is_required: true,
                is_visible: true,
            },
            Field {
                name: "credentials",
                label: "Key file of the Dialogflow project",
                input: Input::Object,
                is_required: true,
                is_visible: false,
            },
            Field { name: "region", label: "Region", input: Input::Unasked, is_required: false, is_visible: false },
            Field {
                name: "language_code",
                label: "Language",
                input: Input::Unasked,
                is_required: false,
                is_visible: false,
            },
        ],
    },
    IntegrationApp {
        id: "fullcontact",
        name: "Fullcontact",
        description: "Looks up what Fullcontact knows of your contacts.",
        short_description: "Looks up what is known of contacts.",
        i18n_key: "fullcontact",
        logo: "fullcontact.png",
        action: "/fullcontact",
        hook_type: HookType::Account,
        allow_multiple_hooks: false,
        fields: &[API_KEY],
    },
    IntegrationApp {
        id: "dyte",
        name: "Dyte",
        description: "Starts calls with sound and picture from a conversation.",
        short_description: "Starts calls from a conversation.",
        i18n_key: "dyte",
        logo: "dyte.png",
        action: "/dyte",
        hook_type: HookType::Account,
        allow_multiple_hooks: false,
        fields: &[
            Field {
                name: "organization_id",
                label: "Organization id",
                input: Input::Text,
                is_required: true,
                is_visible: true,
            },
            Field { is_visible: false, ..API_KEY },
        ],
    },
    IntegrationApp {
        id: SLACK,
        name: "Slack",
        description: "Brings conversations into a channel of Slack and takes answers from there.",
        short_description: "Brings conversations into Slack.",
        i18n_key: "slack",
        logo: "slack.png",
        action: "https://slack.com/oauth/v2/authorize",
        hook_type: HookType::Account,
        allow_multiple_hooks: false,
        fields: &[],
    },
];

const API_KEY: Field =
    Field { name: "api_key", label: "API key", input: Input::Text, is_required: true, is_visible: true };

/// The apps that this installation offers: Slack where its app is set.
pub fn offered(settings: &Settings) -> impl Iterator<Item = &'static IntegrationApp> {
    let has_slack = settings.slack_client_id.is_some();
    APPS.iter().filter(move |app| has_slack || app.id != SLACK)
}

/// The app of that name, offered or not.
pub fn find(id: &str) -> Option<&'static IntegrationApp> {
    APPS.iter().find(|app| app.id == id)
}

impl IntegrationApp {
    /// Where clients connect it to the account: Slack asks whether we may, and sends back to the dashboard.
    pub fn action(&self, settings: &Settings, account: AccountId) -> String {
        let Some(client) = settings.slack_client_id.as_ref().filter(|_| self.id == SLACK) else {
            return self.action.to_owned();
        };
        let back = format!("{}/app/accounts/{account}/settings/integrations/slack", settings.base_url);
        let (client, back, scopes) = (url_encoded(client), url_encoded(&back), url_encoded(SLACK_SCOPES));
        format!("{}?client_id={client}&scope={scopes}&redirect_uri={back}", self.action)
    }

    /// Whether it can be used: Slack when it is connected, any other app always (rest.md §5.14).
    pub fn is_enabled(&self, is_connected: bool) -> bool {
        is_connected || self.id != SLACK
    }

    /// What is wrong with `settings`, if anything is.
    pub fn problem(&self, settings: &Map<String, Value>) -> Option<Problem> {
        if self.fields.is_empty() {
            return None;
        }
        let unknown = settings.keys().find(|key| !self.fields.iter().any(|field| field.name == key.as_str()));
        if let Some(key) = unknown {
            return Some(Problem::new("settings", &format!("have nothing called {key}")));
        }
        let wrong = self.fields.iter().find_map(|field| field.problem(settings.get(field.name)))?;
        Some(Problem::new("settings", &wrong))
    }

    /// The JSON schema of its settings; an app without fields has none.
    pub fn json_schema(&self) -> Option<Value> {
        let properties: Map<String, Value> = self
            .fields
            .iter()
            .map(|field| (field.name.to_owned(), json!({ "type": field.input.json_type() })))
            .collect();
        let required: Vec<&str> =
            self.fields.iter().filter(|field| field.is_required).map(|field| field.name).collect();
        let schema = json!({
            "type": "object", "properties": properties, "required": required, "additionalProperties": false
        });
        (!self.fields.is_empty()).then_some(schema)
    }

    /// What clients ask for; an app without fields has no form.
    pub fn form_schema(&self) -> Option<Value> {
        let form: Vec<Value> = self.fields.iter().filter_map(Field::form).collect();
        (!self.fields.is_empty()).then_some(Value::Array(form))
    }

    /// The settings that clients show.
    pub fn visible_properties(&self) -> Option<Vec<&'static str>> {
        let visible = self.fields.iter().filter(|field| field.is_visible).map(|field| field.name).collect();
        (!self.fields.is_empty()).then_some(visible)
    }
}

impl Field {
    fn problem(&self, value: Option<&Value>) -> Option<String> {
        match (value, &self.input) {
            (None, _) => self.is_required.then(|| format!("need {}", self.name)),
            (Some(value), Input::Object) => (!value.is_object()).then(|| format!("need an object in {}", self.name)),
            (Some(value), Input::Text | Input::Unasked) => {
                (!value.is_string()).then(|| format!("need a text in {}", self.name))
            }
        }
    }

    fn form(&self) -> Option<Value> {
        match self.input {
            Input::Text => Some(json!({
                "label": self.label, "type": "text", "name": self.name, "validation": "required",
                "validationName": self.label
            })),
            Input::Object => Some(json!({
                "label": self.label, "type": "textarea", "name": self.name, "validation": "required|JSON",
                "validationName": "Credentials",
                "validation-messages": { "JSON": "This is no JSON", "required": "This is needed" }
            })),
            Input::Unasked => None,
        }
    }
}

impl Input {
    fn json_type(&self) -> &'static str {
        match self {
            Self::Text | Self::Unasked => "string",
            Self::Object => "object",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::{APPS, find};

    #[test]
    fn the_own_check_says_what_the_published_schema_says() {
        let values = [json!("x"), json!({}), json!(5), json!(null), json!([])];
        for app in APPS {
            let Some(schema) = app.json_schema() else { continue };
            let validator = jsonschema::validator_for(&schema).unwrap();
            let names: Vec<&str> = app.fields.iter().map(|field| field.name).chain(["colour"]).collect();
            // Every combination of keys, each with every value: five values or none for each name.
            let count = names.iter().fold(1, |count, _| count * (values.len() + 1));
            for number in 0..count {
                let mut rest = number;
                let mut settings = serde_json::Map::new();
                for name in &names {
                    if let Some(value) = values.get(rest % (values.len() + 1)) {
                        settings.insert((*name).to_owned(), value.clone());
                    }
                    rest /= values.len() + 1;
                }
                let is_valid = validator.is_valid(&Value::Object(settings.clone()));
                assert_eq!(app.problem(&settings).is_none(), is_valid, "{}: {settings:?}", app.id);
            }
        }
    }

    #[test]
    fn apps_have_names_of_their_own() {
        let ids: BTreeSet<&str> = APPS.iter().map(|app| app.id).collect();
        assert_eq!(ids.len(), APPS.len());
        assert_eq!(find("dyte").unwrap().name, "Dyte");
        assert!(find("").is_none());
    }
}
