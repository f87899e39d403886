//! Surveys as the wire has them (superset §15).

use edge::field::{Int, Text};
use serde::{Deserialize, Serialize};
use types::{AccountId, ContactId, ConversationId, MessageId, SurveyAnswerId, Timestamp, UserId};
use utoipa::ToSchema;

use super::SurveyAnswer;

/// A survey, as its contact sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = public_survey)]
pub struct PublicSurveyJson {
    /// The message that asks.
    pub id: MessageId,
    /// What was answered; null until then.
    pub csat_survey_response: Option<SurveyAnswerJson>,
    /// `emoji` or `star`.
    pub display_type: String,
    /// The inbox's own question, if it has one.
    pub content: Option<String>,
    /// The inbox's picture, or an empty text.
    pub inbox_avatar_url: String,
    /// The inbox's name.
    pub inbox_name: String,
    /// The account's language.
    pub locale: String,
    /// Database id of the conversation.
    pub conversation_id: ConversationId,
    /// When it was asked; ISO text.
    pub created_at: Timestamp,
}

/// What was answered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = survey_answer)]
pub struct SurveyAnswerJson {
    /// Its id.
    pub id: SurveyAnswerId,
    /// The account.
    pub account_id: AccountId,
    /// Database id of the conversation.
    pub conversation_id: ConversationId,
    /// The message that asks.
    pub message_id: MessageId,
    /// 1 to 5.
    pub rating: i64,
    /// What the contact wrote beside it.
    pub feedback_message: Option<String>,
    /// The contact.
    pub contact_id: ContactId,
    /// The conversation's assignee at the time of the first answer.
    pub assigned_agent_id: Option<UserId>,
    /// ISO text.
    pub created_at: Timestamp,
    /// ISO text.
    pub updated_at: Timestamp,
    /// What the team noted on it.
    pub csat_review_notes: Option<String>,
    /// ISO text.
    pub review_notes_updated_at: Option<Timestamp>,
    /// Who noted it.
    pub review_notes_updated_by_id: Option<UserId>,
}

impl From<SurveyAnswer> for SurveyAnswerJson {
    fn from(answer: SurveyAnswer) -> Self {
        Self {
            id: answer.id,
            account_id: answer.account_id,
            conversation_id: answer.conversation_id,
            message_id: answer.message_id,
            rating: answer.rating,
            feedback_message: answer.feedback_message,
            contact_id: answer.contact_id,
            assigned_agent_id: answer.assigned_agent_id,
            created_at: answer.created_at,
            updated_at: answer.updated_at,
            csat_review_notes: answer.csat_review_notes,
            review_notes_updated_at: answer.review_notes_updated_at,
            review_notes_updated_by_id: answer.review_notes_updated_by_id,
        }
    }
}

/// An answer to a survey.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = survey_answer_create)]
pub struct SurveyAnswerBody {
    /// Needed.
    pub message: Option<SurveyMessageBody>,
}

/// The message's part of an answer.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = survey_answer_create_message)]
pub struct SurveyMessageBody {
    /// Needed.
    pub submitted_values: Option<SurveyValuesBody>,
}

/// What is submitted.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = survey_answer_create_values)]
pub struct SurveyValuesBody {
    /// Needed.
    pub csat_survey_response: Option<RatingBody>,
}

/// A rating with its text.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = survey_rating)]
pub struct RatingBody {
    /// 1 to 5; needed.
    pub rating: Option<Int>,
    /// A text beside it.
    pub feedback_message: Option<Text>,
}

impl edge::Shape for SurveyAnswerBody {}

/// What the form of the page sends. Whatever a rating says that is none is answered by the page.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct PageForm {
    /// `1` to `5`.
    pub rating: Option<Text>,
    /// A text beside it.
    pub feedback_message: Option<Text>,
}

impl edge::Shape for PageForm {}
