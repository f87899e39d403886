//! Labels as the wire has them (superset §4).

use edge::field::{Flag, Maybe, Text};
use serde::{Deserialize, Serialize};
use types::LabelId;
use utoipa::ToSchema;

use super::{COLOR, Draft, Label};

/// A label that an account offers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = label)]
pub struct LabelJson {
    /// Its id.
    pub id: LabelId,
    /// In lower case; unique in the account.
    pub title: String,
    /// What it is for.
    pub description: Option<String>,
    /// How it is shown.
    pub color: String,
    /// Whether agents find it beside the list of conversations.
    pub show_on_sidebar: Option<bool>,
}

impl From<Label> for LabelJson {
    fn from(label: Label) -> Self {
        let Label { id, title, description, color, show_on_sidebar, .. } = label;
        Self { id, title, description, color, show_on_sidebar }
    }
}

/// The labels of an account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = label_list)]
pub struct LabelListJson {
    /// By title.
    pub payload: Vec<LabelJson>,
}

/// A label to be made or changed; the title is required at creation.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = label_create_update_payload)]
pub struct LabelBody {
    /// Letters of any script and digits, with `_` and `-` between them; kept in lower case.
    #[serde(default)]
    pub title: Maybe<Text>,
    /// What it is for, at most 5,000 characters.
    #[serde(default)]
    pub description: Maybe<Text>,
    /// How it is shown; `#1f93ff` at first.
    #[serde(default)]
    pub color: Maybe<Text>,
    /// Whether agents find it beside the list of conversations.
    #[serde(default)]
    pub show_on_sidebar: Maybe<Flag>,
}

impl edge::Shape for LabelBody {
    const WRAPPER: Option<&'static str> = Some("label");
}

impl LabelBody {
    /// What `before` becomes.
    pub fn onto(&self, before: Draft) -> Draft {
        let title = self.title.clone().or_null(Text::default()).map(|title| title.0.trim().to_lowercase());
        let color = self.color.clone().or_null(Text(COLOR.into())).map(String::from);
        Draft {
            title: title.unwrap_or(before.title),
            description: self.description.clone().map(String::from).or_keep(before.description),
            color: color.unwrap_or(before.color),
            show_on_sidebar: self.show_on_sidebar.map(Flag::get).or_keep(before.show_on_sidebar),
        }
    }
}
