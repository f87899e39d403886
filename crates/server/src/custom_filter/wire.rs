//! Custom filters as the wire has them (rest.md §5.12).

use edge::field::{Maybe, Object, Text, Word};
use serde::{Deserialize, Serialize};
use types::{CustomFilterId, CustomFilterType, Json, Timestamp};
use utoipa::ToSchema;

use super::{CustomFilter, Draft};

/// A custom filter; only its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = custom_filter)]
pub struct CustomFilterJson {
    /// Its id.
    pub id: CustomFilterId,
    /// What it is called.
    pub name: String,
    /// What it finds.
    pub filter_type: CustomFilterType,
    /// The search, as it was sent.
    pub query: Json,
    /// ISO text.
    pub created_at: Timestamp,
    /// ISO text.
    pub updated_at: Timestamp,
}

impl From<CustomFilter> for CustomFilterJson {
    fn from(filter: CustomFilter) -> Self {
        Self {
            id: filter.id,
            name: filter.name,
            filter_type: filter.filter_type,
            query: filter.query,
            created_at: filter.created_at,
            updated_at: filter.updated_at,
        }
    }
}

/// A custom filter to be made or changed; at creation the name is required.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = custom_filter_create_update_payload)]
pub struct CustomFilterBody {
    /// What it is called, at most 255 characters.
    #[serde(default)]
    pub name: Maybe<Text>,
    /// What it finds; `conversation` by default.
    pub filter_type: Option<Word<CustomFilterType>>,
    /// The same under the documented name; `filter_type` wins.
    pub r#type: Option<Word<CustomFilterType>>,
    /// The search: any object, at most 16,384 bytes of JSON; `{}` by default.
    #[serde(default)]
    pub query: Maybe<Object>,
}

impl edge::Shape for CustomFilterBody {
    const WRAPPER: Option<&'static str> = Some("custom_filter");
}

impl CustomFilterBody {
    /// What `before` becomes; a name of null is a blank one, a query of null an empty one.
    pub fn onto(&self, before: Draft) -> Draft {
        let name = self.name.clone().or_null(Text::default()).map(String::from);
        let query = self.query.clone().or_null(Object::default()).map(Object::into_json);
        Draft {
            name: name.unwrap_or(before.name),
            filter_type: self.filter_type.or(self.r#type).map_or(before.filter_type, |Word(kind)| kind),
            query: query.unwrap_or(before.query),
        }
    }
}

/// Which filters are meant.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct CustomFilterQuery {
    /// What they find.
    pub filter_type: Option<Word<CustomFilterType>>,
}

impl CustomFilterQuery {
    /// What they find: conversations if nothing is said.
    pub fn kind(self) -> CustomFilterType {
        self.filter_type.map_or(CustomFilterType::Conversation, |Word(kind)| kind)
    }
}
