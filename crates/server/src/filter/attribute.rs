//! Which attributes there are, of what kind, and where they are kept (semantics §5.2, decisions §3).

use std::collections::HashMap;

use edge::Result;
use store::Conn;
use types::{AccountId, AttributeModel, AttributeType};

use crate::custom_attribute;

/// What is filtered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Contacts.
    Contact,
    /// Conversations.
    Conversation,
}

/// An attribute that a condition names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Where it is kept.
    pub place: Place,
    /// As what it compares.
    pub kind: Kind,
}

/// Where an attribute is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a column of the row.
    Column(Column),
    /// In the table of attribute values.
    Value {
        /// In which object answers show it.
        bag: Bag,
        /// Its key.
        key: String,
    },
    /// In the tables of labels.
    Labels,
    /// Nowhere: what it tells of does not exist here.
    Nowhere,
}

/// Columns that filters know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the column of its name")]
pub enum Column {
    Name,
    Email,
    PhoneNumber,
    Identifier,
    Blocked,
    CreatedAt,
    LastActivityAt,
    Status,
    Priority,
    AssigneeId,
    InboxId,
    TeamId,
    ContactId,
    DisplayId,
}

/// The object that shows an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Bag {
    /// `custom_attributes`.
    Custom,
    /// `additional_attributes`.
    Additional,
}

impl Bag {
    /// As the table has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Custom => "custom",
            Self::Additional => "additional",
        }
    }
}

/// As what an attribute compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text, without case.
    Text,
    /// A phone number, with and without `+`.
    Phone,
    /// A whole number that names something.
    Id,
    /// The status of a conversation.
    Status,
    /// The priority of a conversation.
    Priority,
    /// The names of labels, a set.
    Labels,
    /// Yes or no.
    Flag,
    /// A number.
    Number,
    /// A day.
    Day,
    /// A time of the record, which compares by its day in UTC.
    Moment,
}

/// The attributes of one subject in one account.
#[derive(Debug)]
pub struct Catalogue {
    subject: Subject,
    custom: HashMap<String, Kind>,
}

/// What conversations may have in `additional_attributes`.
const OF_CONVERSATIONS: [&str; 5] =
    ["browser_language", "conversation_language", "country_code", "referer", "mail_subject"];
/// What contacts may have there.
const OF_CONTACTS: [&str; 5] = ["country_code", "city", "company", "company_name", "browser_language"];

impl Subject {
    /// The keys of `additional_attributes` that filters know.
    pub fn additional_keys(self) -> &'static [&'static str] {
        match self {
            Self::Contact => &OF_CONTACTS,
            Self::Conversation => &OF_CONVERSATIONS,
        }
    }
}

impl Catalogue {
    /// The attributes that filters of the account know.
    pub fn load(conn: &mut Conn<'_>, account: AccountId, subject: Subject) -> Result<Self> {
        let model = match subject {
            Subject::Contact => AttributeModel::Contact,
            Subject::Conversation => AttributeModel::Conversation,
        };
        let custom = custom_attribute::store::list(conn, account, Some(model))?;
        let kind = |attribute: &custom_attribute::CustomAttribute| Kind::of(attribute.attribute_display_type);
        Ok(Self::new(subject, custom.iter().map(|attribute| (attribute.attribute_key.clone(), kind(attribute)))))
    }

    /// The standard attributes and these custom ones.
    pub fn new(subject: Subject, custom: impl IntoIterator<Item = (String, Kind)>) -> Self {
        Self { subject, custom: custom.into_iter().collect() }
    }

    /// What is filtered.
    pub fn subject(&self) -> Subject {
        self.subject
    }

    /// The attribute of this key, a standard one before a custom one.
    pub fn find(&self, key: &str) -> Option<Attribute> {
        if let Some(attribute) = standard(self.subject, key) {
            return Some(attribute);
        }
        let kind = *self.custom.get(key)?;
        Some(Attribute { place: Place::Value { bag: Bag::Custom, key: key.to_owned() }, kind })
    }
}

impl Kind {
    fn of(display_type: AttributeType) -> Self {
        match display_type {
            AttributeType::Text | AttributeType::Link | AttributeType::List => Self::Text,
            AttributeType::Number | AttributeType::Currency | AttributeType::Percent => Self::Number,
            AttributeType::Date => Self::Day,
            AttributeType::Checkbox => Self::Flag,
        }
    }
}

fn standard(subject: Subject, key: &str) -> Option<Attribute> {
    if subject.additional_keys().contains(&key) {
        return Some(Attribute { place: Place::Value { bag: Bag::Additional, key: key.to_owned() }, kind: Kind::Text });
    }
    let (column, kind) = match (subject, key) {
        (_, "labels") => return Some(Attribute { place: Place::Labels, kind: Kind::Labels }),
        // There are no campaigns.
        (Subject::Conversation, "campaign_id") => {
            return Some(Attribute { place: Place::Nowhere, kind: Kind::Id });
        }
        (_, "created_at") => (Column::CreatedAt, Kind::Moment),
        (_, "last_activity_at") => (Column::LastActivityAt, Kind::Moment),
        (Subject::Contact, "name") => (Column::Name, Kind::Text),
        (Subject::Contact, "email") => (Column::Email, Kind::Text),
        (Subject::Contact, "phone_number") => (Column::PhoneNumber, Kind::Phone),
        (Subject::Contact, "identifier") => (Column::Identifier, Kind::Text),
        (Subject::Contact, "blocked") => (Column::Blocked, Kind::Flag),
        (Subject::Conversation, "status") => (Column::Status, Kind::Status),
        (Subject::Conversation, "priority") => (Column::Priority, Kind::Priority),
        (Subject::Conversation, "assignee_id") => (Column::AssigneeId, Kind::Id),
        (Subject::Conversation, "inbox_id") => (Column::InboxId, Kind::Id),
        (Subject::Conversation, "team_id") => (Column::TeamId, Kind::Id),
        (Subject::Conversation, "contact_id") => (Column::ContactId, Kind::Id),
        (Subject::Conversation, "display_id") => (Column::DisplayId, Kind::Id),
        _ => return None,
    };
    Some(Attribute { place: Place::Column(column), kind })
}
