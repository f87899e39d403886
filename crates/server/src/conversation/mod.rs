//! Conversations: a thread between a contact and the team, in one inbox.

pub mod activity;
pub mod attributes;
pub mod change;
mod counters;
pub mod filter;
pub mod jobs;
pub mod list;
pub mod mute;
pub mod priority;
pub mod push;
pub mod release;
pub mod routes;
pub mod seen;
pub mod service;
pub mod store;
#[cfg(test)]
mod tests;
pub mod typing;
pub mod view;
pub mod wire;

use types::{
    AccountId, ContactId, ContactInboxId, ConversationId, InboxId, Json, Priority, Status, TeamId, Timestamp, UserId,
};

::store::row! {
    /// One thread between a contact and the team, in one inbox.
    #[derive(Debug, Clone)]
    pub struct Conversation {
        /// Database id; clients only see [`Conversation::display_id`].
        pub id: ConversationId,
        /// The account.
        pub account_id: AccountId,
        /// The number that clients see: 1, 2, 3 … in every account.
        pub display_id: i64,
        /// Unguessable, for links that people get by mail.
        pub uuid: String,
        /// The inbox.
        pub inbox_id: InboxId,
        /// The contact.
        pub contact_id: ContactId,
        /// The contact's identity in the inbox.
        pub contact_inbox_id: ContactInboxId,
        /// The user who answers.
        pub assignee_id: Option<UserId>,
        /// The team that answers.
        pub team_id: Option<TeamId>,
        /// Where it stands.
        pub status: Status,
        /// How urgent it is.
        pub priority: Option<Priority>,
        /// The contact's messages do not reopen it.
        pub muted: bool,
        /// Free attributes set by channels.
        pub additional_attributes: Json,
        /// Free attributes set by the team.
        pub custom_attributes: Json,
        /// When a snoozed conversation reopens; `None`: with the contact's next message.
        pub snoozed_until: Option<Timestamp>,
        /// Since when the contact waits for a person's answer.
        pub waiting_since: Option<Timestamp>,
        /// When a person first answered.
        pub first_reply_created_at: Option<Timestamp>,
        /// Up to when an agent has read it.
        pub agent_last_seen_at: Option<Timestamp>,
        /// Up to when the assignee has read it.
        pub assignee_last_seen_at: Option<Timestamp>,
        /// Up to when the contact has read it.
        pub contact_last_seen_at: Option<Timestamp>,
        /// Messages of the contact since `agent_last_seen_at`.
        pub unread_count: i64,
        /// Time of the newest message of any kind.
        pub last_activity_at: Timestamp,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it last changed.
        pub updated_at: Timestamp,
    }
}
