//! What becomes of a message that was not delivered: people take over from a bot, and the sender in an API inbox learns
//! that it did not arrive (decisions §4, realtime.md §3.3).

use ::store::Tx;
use edge::Result;
use serde_json::{Map, Value};
use types::{DeliveryId, Status};

use super::{Delivery, store};
use crate::conversation::change::{self, Change};
use crate::conversation::{activity, store as conversations};
use crate::events::Actor;
use crate::{account, message};

/// The setting of an account that leaves conversations with a bot that cannot be reached.
const KEEP_PENDING: &str = "keep_pending_on_bot_failure";

/// Opens the pending conversation of a delivery that a bot did not take in time.
pub fn hand_over(tx: &mut Tx<'_>, id: DeliveryId) -> Result<()> {
    let Some(delivery) = store::take_escalation(tx, id)? else { return Ok(()) };
    let Some(conversation) = delivery.conversation_id else { return Ok(()) };
    let account = delivery.account_id;
    let settings: Map<String, Value> =
        account::store::find(tx, account)?.map(|account| account.settings.read()).unwrap_or_default();
    if settings.get(KEEP_PENDING) == Some(&Value::Bool(true)) {
        return Ok(());
    }
    let Some(conversation) = conversations::lock(tx, account, conversation)? else { return Ok(()) };
    if conversation.status != Status::Pending {
        return Ok(());
    }
    let to_open = Change { status: Some((Status::Open, None)), ..Change::default() };
    let mut opened = change::apply(tx, &conversation, to_open, &Actor::System)?;
    message::service::add_activity(tx, &mut opened, &Actor::System, activity::BOT_FAILED)
}

/// Tells the team that the message of a delivery did not arrive.
pub fn fail_message(tx: &mut Tx<'_>, delivery: &Delivery, reason: &str) -> Result<()> {
    let (Some(conversation), Some(id)) = (delivery.conversation_id, delivery.message_id) else { return Ok(()) };
    let Some(conversation) = conversations::lock(tx, delivery.account_id, conversation)? else { return Ok(()) };
    message::service::fail(tx, &conversation, id, reason)
}
