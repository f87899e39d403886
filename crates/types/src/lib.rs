//! Ids, times, closed lists and database values of Ooctopus. No I/O.

mod clock;
mod closed_list;
mod fold;
mod id;
mod json;
mod timestamp;
mod value;

pub use clock::{Clock, SystemClock};
pub use closed_list::{
    AttributeModel, AttributeType, AutomationEvent, Availability, ChannelKind, ContentType, CustomFilterType,
    DeliveryState, EndpointKind, FileType, HookType, MessageStatus, MessageType, Priority, ReplyTime, Role, SenderType,
    Status, UnknownName, WebhookEvent,
};
pub use fold::fold;
pub use id::{
    AccessTokenId, AccountId, AgentBotId, AttachmentId, AutomationRuleId, CannedResponseId, ChannelId, ContactId,
    ContactInboxId, ConversationId, CustomAttributeId, CustomFilterId, DeliveryId, EndpointId, FileId, Id, InboxId,
    IntegrationHookId, JobId, LabelId, MessageId, PlatformAppId, SurveyAnswerId, TeamId, UserId, UserSessionId,
    WebhookId,
};
pub use json::Json;
pub use timestamp::Timestamp;
pub use value::{BadValue, FromValue, ToValue, Value, ValueRef};
