//! The rules of surveys (rest.md §6.3, semantics §10.5, superset §15).

use std::time::Duration;

use ::store::Tx;
use edge::{Error, Result};
use serde_json::{Map, Value, json};
use types::{ChannelKind, ContentType};

use super::link::QUESTION;
use super::{SurveyConfig, store};
use crate::conversation::Conversation;
use crate::events::Actor;
use crate::inbox::channel;
use crate::label;
use crate::message::{self, Message, template};

/// How long a survey may be answered.
pub const ANSWER_TIME: Duration = Duration::from_hours(14 * 24);
/// Longest text beside a rating, in characters.
const MAX_FEEDBACK: usize = 20_000;
const NOT_SENT: &str = "The satisfaction survey was not sent, because the contact cannot be answered any more";

/// Asks about a conversation that was just resolved: once for each conversation, if its inbox asks and its labels
/// fit. When the contact may not be answered any more, an activity says so instead.
pub fn send(tx: &mut Tx<'_>, conversation: &mut Conversation) -> Result<()> {
    let account = conversation.account_id;
    let Some(asking) = store::find_asking(tx, account, conversation.inbox_id)? else { return Ok(()) };
    if !asking.csat_survey_enabled || store::has_survey(tx, account, conversation.id)? {
        return Ok(());
    }
    let config: SurveyConfig = asking.csat_config.read();
    if !config.survey_rules.fit(&label::store::list_of_conversation(tx, account, conversation.id)?) {
        return Ok(());
    }
    if asking.channel_kind == ChannelKind::Api
        && let Some(hours) = channel::reply_window_hours(&asking.channel_settings)
    {
        let last = store::find_last_incoming(tx, conversation)?;
        if last.is_none_or(|last| tx.now().since(last).as_secs_f64() >= hours * 3_600.0) {
            return message::service::add_activity(tx, conversation, &Actor::System, NOT_SENT);
        }
    }
    let attributes = Map::from_iter([("display_type".to_owned(), Value::from(config.display_type.as_str()))]);
    template::write_as(tx, conversation, ContentType::InputCsat, config.question().unwrap_or(QUESTION), &attributes)
}

/// What a contact answers, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    rating: i64,
    feedback: Option<String>,
}

impl Rating {
    /// A rating from 1 to 5, perhaps with a text (decisions §3).
    pub fn new(rating: i64, feedback: Option<String>) -> Result<Self> {
        if !(1..=5).contains(&rating) {
            return Err(Error::invalid("rating", "must be a number from 1 to 5"));
        }
        let feedback = feedback.filter(|text| !text.trim().is_empty());
        if feedback.as_ref().is_some_and(|text| text.chars().count() > MAX_FEEDBACK) {
            return Err(Error::invalid("feedback_message", "is too long (maximum is 20000 characters)"));
        }
        Ok(Self { rating, feedback })
    }
}

/// Notes the contact's answer to the survey `message` of a locked conversation, in the message and in a row of its
/// own; a second answer takes the place of the first.
pub fn answer(tx: &mut Tx<'_>, conversation: &Conversation, message: &Message, rating: &Rating) -> Result<()> {
    if tx.now().since(message.created_at) > ANSWER_TIME {
        return Err(Error::Refused("The survey cannot be answered after 14 days".into()));
    }
    let given = json!({ "rating": rating.rating, "feedback_message": rating.feedback.as_deref().unwrap_or_default() });
    store::upsert_answer(tx, conversation, message.id, rating.rating, rating.feedback.as_deref())?;
    let answer = json!({ "csat_survey_response": given });
    message::service::note_answer(tx, conversation, message, "submitted_values", answer)
}
