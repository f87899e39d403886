//! Closed lists: stored as their names, with a `CHECK` on both databases.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::value::{BadValue, FromValue, ToValue, Value, ValueRef};

/// A name that is not in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName;

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown name")
    }
}

impl std::error::Error for UnknownName {}

macro_rules! closed_list {
    ($(#[$doc:meta])* $name:ident { $($(#[$item_doc:meta])* $item:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, utoipa::ToSchema)]
        pub enum $name {
            $($(#[$item_doc])* #[schema(rename = $text)] $item,)+
        }

        impl $name {
            /// Every item, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$item),+];

            /// The name as it is stored and sent.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$item => $text),+ }
            }
        }

        impl FromStr for $name {
            type Err = UnknownName;

            fn from_str(text: &str) -> Result<Self, UnknownName> {
                match text { $($text => Ok(Self::$item),)+ _ => Err(UnknownName) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl ToValue for $name {
            fn to_value(&self) -> Value {
                Value::Text(self.as_str().to_owned())
            }
        }

        impl FromValue for $name {
            fn from_value(value: ValueRef<'_>) -> Result<Self, BadValue> {
                match value {
                    ValueRef::Text(text) => text.parse().map_err(|_| BadValue::new(stringify!($name), text)),
                    other => Err(BadValue::new(stringify!($name), other)),
                }
            }
        }
    };
}

closed_list! {
    /// Where a conversation stands.
    Status {
        /// Needs people; counted in queues.
        Open = "open",
        /// Closed.
        Resolved = "resolved",
        /// With a bot.
        Pending = "pending",
        /// Hidden until a time or the contact's next message.
        Snoozed = "snoozed",
    }
}

closed_list! {
    /// What a member may do in an account.
    Role {
        /// Answers conversations in the inboxes it belongs to.
        Agent = "agent",
        /// May configure the account.
        Administrator = "administrator",
    }
}

closed_list! {
    /// Whether an agent takes conversations.
    Availability {
        /// Takes conversations.
        Online = "online",
        /// Away.
        Offline = "offline",
        /// Present, but takes no new ones.
        Busy = "busy",
    }
}

closed_list! {
    /// Who a message comes from.
    MessageType {
        /// From the contact.
        Incoming = "incoming",
        /// From the team or a bot.
        Outgoing = "outgoing",
        /// A note of the system on what happened.
        Activity = "activity",
        /// An automatic text of the inbox.
        Template = "template",
    }
}

impl MessageType {
    /// The number that answers carry (contract rest.md §4.6).
    pub const fn number(self) -> i64 {
        match self {
            Self::Incoming => 0,
            Self::Outgoing => 1,
            Self::Activity => 2,
            Self::Template => 3,
        }
    }
}

closed_list! {
    /// What a message's content is (contract rest.md §6.2).
    ContentType {
        /// Plain text.
        Text = "text",
        /// Asks for a line of text.
        InputText = "input_text",
        /// Asks for a longer text.
        InputTextarea = "input_textarea",
        /// Asks for an e-mail address.
        InputEmail = "input_email",
        /// Offers a choice.
        InputSelect = "input_select",
        /// Cards with buttons.
        Cards = "cards",
        /// A form.
        Form = "form",
        /// Links to articles.
        Article = "article",
        /// A received e-mail.
        IncomingEmail = "incoming_email",
        /// Asks for a rating.
        InputCsat = "input_csat",
        /// A call link of an integration.
        Integrations = "integrations",
        /// A sticker.
        Sticker = "sticker",
        /// A voice call.
        VoiceCall = "voice_call",
    }
}

closed_list! {
    /// How far an outgoing message has come.
    MessageStatus {
        /// Handed on.
        Sent = "sent",
        /// Arrived.
        Delivered = "delivered",
        /// Read.
        Read = "read",
        /// Refused by the channel.
        Failed = "failed",
    }
}

closed_list! {
    /// How urgent a conversation is.
    Priority {
        /// Can wait.
        Low = "low",
        /// Normal.
        Medium = "medium",
        /// Soon.
        High = "high",
        /// Now.
        Urgent = "urgent",
    }
}

closed_list! {
    /// How clients show a file of a message (contract rest.md §4.8).
    FileType {
        /// A picture.
        Image = "image",
        /// A sound.
        Audio = "audio",
        /// A film.
        Video = "video",
        /// Anything else.
        File = "file",
    }
}

closed_list! {
    /// Who sent a message.
    SenderType {
        /// A user of the team.
        User = "User",
        /// The contact.
        Contact = "Contact",
        /// A bot.
        AgentBot = "AgentBot",
    }
}

closed_list! {
    /// The transport of an inbox.
    ChannelKind {
        /// Chat on a website.
        WebWidget = "Channel::WebWidget",
        /// The Public API.
        Api = "Channel::Api",
        /// E-mail.
        Email = "Channel::Email",
    }
}

closed_list! {
    /// The answering time that a website inbox promises.
    ReplyTime {
        /// Minutes.
        InAFewMinutes = "in_a_few_minutes",
        /// Hours.
        InAFewHours = "in_a_few_hours",
        /// A day.
        InADay = "in_a_day",
    }
}

closed_list! {
    /// How clients show a custom attribute, and as what filters compare it.
    AttributeType {
        /// A text.
        Text = "text",
        /// A number.
        Number = "number",
        /// An amount of money.
        Currency = "currency",
        /// A number of hundredths.
        Percent = "percent",
        /// An address.
        Link = "link",
        /// A day.
        Date = "date",
        /// One of some texts.
        List = "list",
        /// Yes or no.
        Checkbox = "checkbox",
    }
}

closed_list! {
    /// What an integration is connected to.
    HookType {
        /// The account.
        Account = "account",
        /// One inbox.
        Inbox = "inbox",
    }
}

closed_list! {
    /// What has a custom attribute.
    AttributeModel {
        /// Conversations.
        Conversation = "conversation_attribute",
        /// Contacts.
        Contact = "contact_attribute",
        /// Companies.
        Company = "company_attribute",
    }
}

closed_list! {
    /// When an automation rule is looked at.
    AutomationEvent {
        /// A conversation was made.
        ConversationCreated = "conversation_created",
        /// Something of a conversation changed.
        ConversationUpdated = "conversation_updated",
        /// A message was written.
        MessageCreated = "message_created",
        /// A conversation was opened again.
        ConversationOpened = "conversation_opened",
        /// A conversation was resolved.
        ConversationResolved = "conversation_resolved",
    }
}

closed_list! {
    /// What a custom filter finds.
    CustomFilterType {
        /// Conversations.
        Conversation = "conversation",
        /// Contacts.
        Contact = "contact",
        /// Figures.
        Report = "report",
    }
}

closed_list! {
    /// What is told by HTTP.
    EndpointKind {
        /// A webhook of the account.
        Webhook = "webhook",
        /// The webhook of an API inbox.
        Inbox = "inbox",
        /// An agent bot.
        AgentBot = "agent_bot",
    }
}

closed_list! {
    /// How far a delivery has come.
    DeliveryState {
        /// It is to be sent.
        Waiting = "waiting",
        /// It was taken.
        Succeeded = "succeeded",
        /// It was given up.
        Failed = "failed",
    }
}

closed_list! {
    /// What a webhook can hear of.
    WebhookEvent {
        /// A conversation got another status.
        ConversationStatusChanged = "conversation_status_changed",
        /// Something of a conversation changed.
        ConversationUpdated = "conversation_updated",
        /// A conversation was made.
        ConversationCreated = "conversation_created",
        /// A message was written.
        MessageCreated = "message_created",
        /// A message changed.
        MessageUpdated = "message_updated",
        /// The widget was opened on a website.
        WebwidgetTriggered = "webwidget_triggered",
        /// A contact was made.
        ContactCreated = "contact_created",
        /// A contact changed.
        ContactUpdated = "contact_updated",
        /// An inbox was made.
        InboxCreated = "inbox_created",
        /// An inbox changed.
        InboxUpdated = "inbox_updated",
        /// Somebody began to type.
        ConversationTypingOn = "conversation_typing_on",
        /// Somebody stopped typing.
        ConversationTypingOff = "conversation_typing_off",
    }
}
