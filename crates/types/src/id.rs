//! Database ids, one type each, so that a contact's id cannot be taken for a conversation's.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::value::{BadValue, FromValue, ToValue, Value, ValueRef};

/// A row's number in its table; `Of` says which table.
pub struct Id<Of> {
    number: i64,
    of: PhantomData<fn() -> Of>,
}

impl<Of> Id<Of> {
    /// The id with this number.
    pub const fn new(number: i64) -> Self {
        Self { number, of: PhantomData }
    }

    /// The number as it is stored and sent.
    pub const fn get(self) -> i64 {
        self.number
    }
}

impl<Of> Clone for Id<Of> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Of> Copy for Id<Of> {}

impl<Of> PartialEq for Id<Of> {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl<Of> Eq for Id<Of> {}

impl<Of> PartialOrd for Id<Of> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<Of> Ord for Id<Of> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.number.cmp(&other.number)
    }
}

impl<Of> Hash for Id<Of> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}

impl<Of> fmt::Debug for Id<Of> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number.fmt(f)
    }
}

impl<Of> fmt::Display for Id<Of> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number.fmt(f)
    }
}

impl<Of> Serialize for Id<Of> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.number)
    }
}

impl<'de, Of> Deserialize<'de> for Id<Of> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        i64::deserialize(deserializer).map(Self::new)
    }
}

impl<Of> ToValue for Id<Of> {
    fn to_value(&self) -> Value {
        Value::Int(self.number)
    }
}

impl<Of> FromValue for Id<Of> {
    fn from_value(value: ValueRef<'_>) -> Result<Self, BadValue> {
        i64::from_value(value).map(Self::new)
    }
}

impl<Of> utoipa::PartialSchema for Id<Of> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        i64::schema()
    }
}

impl<Of> utoipa::ToSchema for Id<Of> {
    fn name() -> std::borrow::Cow<'static, str> {
        "Id".into()
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $alias:ident of $marker:ident;)+) => {
        /// Markers that tell the id types apart.
        mod of {
            $(#[derive(Debug)] pub enum $marker {})+
        }
        $($(#[$doc])* pub type $alias = Id<of::$marker>;)+
    };
}

ids! {
    /// An account.
    AccountId of Account;
    /// A user: a login, member of any number of accounts.
    UserId of User;
    /// A sign-in of a user.
    UserSessionId of UserSession;
    /// The definition of a custom attribute.
    CustomAttributeId of CustomAttribute;
    /// A label of an account.
    LabelId of Label;
    /// A program that answers in inboxes.
    AgentBotId of AgentBot;
    /// An application of the installation's operator.
    PlatformAppId of PlatformApp;
    /// An API key.
    AccessTokenId of AccessToken;
    /// An inbox.
    InboxId of Inbox;
    /// A row of a channel's own table.
    ChannelId of Channel;
    /// A contact.
    ContactId of Contact;
    /// A contact's identity in one inbox.
    ContactInboxId of ContactInbox;
    /// A conversation's database id; clients only see its number.
    ConversationId of Conversation;
    /// A message.
    MessageId of Message;
    /// An answer to a survey.
    SurveyAnswerId of SurveyAnswer;
    /// A team.
    TeamId of Team;
    /// A text kept for answers.
    CannedResponseId of CannedResponse;
    /// A search that a member keeps.
    CustomFilterId of CustomFilter;
    /// An app that an account has connected.
    IntegrationHookId of IntegrationHook;
    /// What is to happen by itself in an account.
    AutomationRuleId of AutomationRule;
    /// A subscription of an account to what happens in it.
    WebhookId of Webhook;
    /// Something that is told by HTTP.
    EndpointId of Endpoint;
    /// An event on its way to an endpoint.
    DeliveryId of Delivery;
    /// A stored file.
    FileId of File;
    /// A file of a message.
    AttachmentId of Attachment;
    /// A job.
    JobId of Job;
}
