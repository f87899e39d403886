//! Custom attributes as the wire has them (rest.md §5.11).

use std::str::FromStr;

use edge::field::{Int, Maybe, Text, Texts, Word};
use serde::{Deserialize, Serialize};
use types::{AttributeModel, AttributeType, CustomAttributeId, Timestamp, UnknownName};
use utoipa::ToSchema;

use super::{CustomAttribute, Draft};

/// The definition of a custom attribute.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = custom_attribute)]
pub struct CustomAttributeJson {
    /// Its id.
    pub id: CustomAttributeId,
    /// What people read.
    pub attribute_display_name: String,
    /// How it is shown and compared.
    pub attribute_display_type: AttributeType,
    /// What it is for.
    pub attribute_description: Option<String>,
    /// The key in `custom_attributes`; unique in account and model.
    pub attribute_key: String,
    /// The choices of a list.
    pub attribute_values: Vec<String>,
    /// What has it.
    pub attribute_model: AttributeModel,
    /// A number that clients propose.
    pub default_value: Option<i64>,
    /// What clients check a text with.
    pub regex_pattern: Option<String>,
    /// What clients say when the pattern does not match.
    pub regex_cue: Option<String>,
    /// ISO text.
    pub created_at: Timestamp,
    /// ISO text.
    pub updated_at: Timestamp,
}

impl From<CustomAttribute> for CustomAttributeJson {
    fn from(attribute: CustomAttribute) -> Self {
        Self {
            id: attribute.id,
            attribute_display_name: attribute.attribute_display_name,
            attribute_display_type: attribute.attribute_display_type,
            attribute_description: attribute.attribute_description,
            attribute_key: attribute.attribute_key,
            attribute_values: attribute.attribute_values.read(),
            attribute_model: attribute.attribute_model,
            default_value: attribute.default_value,
            regex_pattern: attribute.regex_pattern,
            regex_cue: attribute.regex_cue,
            created_at: attribute.created_at,
            updated_at: attribute.updated_at,
        }
    }
}

/// An item of a closed list, given by its name or its position in the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = String)]
pub struct NameOrNumber<T>(pub T);

macro_rules! name_or_number {
    ($($list:ident)+) => {
        $(impl FromStr for NameOrNumber<$list> {
            type Err = UnknownName;

            fn from_str(text: &str) -> Result<Self, UnknownName> {
                let by_number = text.parse().ok().and_then(|number: usize| $list::ALL.get(number).copied());
                by_number.map_or_else(|| text.parse(), Ok).map(Self)
            }
        })+
    };
}
name_or_number!(AttributeModel AttributeType);

/// A definition to be made or changed; name and key are required at creation.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = custom_attribute_create_update_payload)]
pub struct CustomAttributeBody {
    /// What people read, at most 255 characters.
    #[serde(default)]
    pub attribute_display_name: Maybe<Text>,
    /// How it is shown and compared: a name, or its number from 0 (`text`) to 7 (`checkbox`); `text` at first.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub attribute_display_type: Maybe<Word<NameOrNumber<AttributeType>>>,
    /// What it is for, at most 5,000 characters.
    #[serde(default)]
    pub attribute_description: Maybe<Text>,
    /// The key in `custom_attributes`: letters, digits, `_`, `.` and `-`; unique in account and model.
    #[serde(default)]
    pub attribute_key: Maybe<Text>,
    /// The choices of a list.
    #[serde(default)]
    pub attribute_values: Maybe<Texts>,
    /// What has it: a name, or its number from 0 (`conversation_attribute`, at first).
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub attribute_model: Maybe<Word<NameOrNumber<AttributeModel>>>,
    /// A number that clients propose.
    #[serde(default)]
    pub default_value: Maybe<Int>,
    /// What clients check a text with.
    #[serde(default)]
    pub regex_pattern: Maybe<Text>,
    /// What clients say when the pattern does not match.
    #[serde(default)]
    pub regex_cue: Maybe<Text>,
}

impl edge::Shape for CustomAttributeBody {
    const WRAPPER: Option<&'static str> = Some("custom_attribute_definition");
}

impl CustomAttributeBody {
    /// What `before` becomes.
    pub fn onto(&self, before: Draft) -> Draft {
        let text =
            |given: &Maybe<Text>, before: String| given.clone().or_null(Text::default()).map_or(before, String::from);
        let optional = |given: &Maybe<Text>, before: Option<String>| given.clone().map(String::from).or_keep(before);
        let usual = Draft::default();
        Draft {
            model: self.attribute_model.or_null(Word(NameOrNumber(usual.model))).map_or(before.model, of_word),
            key: text(&self.attribute_key, before.key),
            name: text(&self.attribute_display_name, before.name),
            kind: self.attribute_display_type.or_null(Word(NameOrNumber(usual.kind))).map_or(before.kind, of_word),
            description: optional(&self.attribute_description, before.description),
            values: self.attribute_values.clone().or_null(Texts::default()).map_or(before.values, |values| values.0),
            default_value: self.default_value.map(Int::get).or_keep(before.default_value),
            regex_pattern: optional(&self.regex_pattern, before.regex_pattern),
            regex_cue: optional(&self.regex_cue, before.regex_cue),
        }
    }
}

fn of_word<T>(word: Word<NameOrNumber<T>>) -> T {
    word.0.0
}

/// Which definitions to list.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct CustomAttributeQuery {
    /// What has them; all when left out or blank.
    pub attribute_model: Option<Word<NameOrNumber<AttributeModel>>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_named_or_numbered() {
        let model = |text: &str| text.parse::<NameOrNumber<AttributeModel>>().ok().map(|named| named.0);
        assert_eq!(model("1"), Some(AttributeModel::Contact));
        assert_eq!(model("conversation_attribute"), Some(AttributeModel::Conversation));
        assert_eq!((model("3"), model("-1"), model("Contact"), model("")), (None, None, None, None));
        assert_eq!("7".parse::<NameOrNumber<AttributeType>>().unwrap().0, AttributeType::Checkbox);
    }
}
