//! Surveys: what a contact is asked when a conversation is resolved, and what it answers (superset §15).

pub mod link;
mod page;
pub mod routes;
pub mod service;
pub mod store;
#[cfg(test)]
mod tests;
pub mod wire;

use serde::Deserialize;
use types::{AccountId, ContactId, ConversationId, MessageId, SurveyAnswerId, Timestamp, UserId};

::store::row! {
    /// What a contact answered.
    #[derive(Debug, Clone)]
    pub struct SurveyAnswer {
        /// Its id.
        pub id: SurveyAnswerId,
        /// The account.
        pub account_id: AccountId,
        /// The conversation.
        pub conversation_id: ConversationId,
        /// The survey.
        pub message_id: MessageId,
        /// The contact.
        pub contact_id: ContactId,
        /// The conversation's assignee at the time of the first answer.
        pub assigned_agent_id: Option<UserId>,
        /// 1 to 5.
        pub rating: i64,
        /// What the contact wrote beside it.
        pub feedback_message: Option<String>,
        /// What the team noted on it.
        pub csat_review_notes: Option<String>,
        /// When that was.
        pub review_notes_updated_at: Option<Timestamp>,
        /// Who noted it.
        pub review_notes_updated_by_id: Option<UserId>,
        /// When it was first answered.
        pub created_at: Timestamp,
        /// When it last changed.
        pub updated_at: Timestamp,
    }
}

/// How an inbox asks: its `csat_config`, with what is missing at its default (superset §9).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct SurveyConfig {
    /// `emoji` or `star`.
    pub display_type: DisplayType,
    /// The question; empty: the server's own.
    pub message: Option<String>,
    /// Which conversations are asked about.
    pub survey_rules: SurveyRules,
}

/// How ratings are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisplayType {
    /// Stars.
    Star,
    /// Faces; whatever is not known is shown so too.
    #[default]
    #[serde(other)]
    Emoji,
}

/// Labels that a conversation must have, or must not have; without labels there is no rule.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct SurveyRules {
    /// `contains` or `does_not_contain`.
    pub operator: RuleOperator,
    /// The labels.
    pub values: Vec<String>,
}

/// How labels decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleOperator {
    /// None of them is there.
    DoesNotContain,
    /// At least one of them is there.
    #[default]
    #[serde(other)]
    Contains,
}

impl DisplayType {
    /// As the wire says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Emoji => "emoji",
            Self::Star => "star",
        }
    }
}

impl SurveyConfig {
    /// The question, if the inbox has one of its own.
    pub fn question(&self) -> Option<&str> {
        self.message.as_deref().filter(|message| !message.trim().is_empty())
    }
}

impl SurveyRules {
    /// Whether a conversation with these labels is asked about; names are compared without case.
    pub fn fit(&self, labels: &[String]) -> bool {
        let values: Vec<String> = self.values.iter().map(|value| types::fold(value)).collect();
        let has_any = labels.iter().any(|label| values.contains(&types::fold(label)));
        match self.operator {
            _ if values.is_empty() => true,
            RuleOperator::Contains => has_any,
            RuleOperator::DoesNotContain => !has_any,
        }
    }
}
