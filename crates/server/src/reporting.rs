//! Times that reports are made of, written with the change that they measure (semantics §7.1).

use edge::Result;
use store::{Tx, sql};
use types::{MessageId, Status, Timestamp, UserId};

use crate::conversation::Conversation;
use crate::events::Actor;
use crate::inbox::{self, hours};
use crate::report::tally::{self, Place, Step};

/// A person answered for the first time: from the conversation's creation.
pub fn first_response(tx: &mut Tx<'_>, conversation: &Conversation, at: Timestamp) -> Result<()> {
    insert(tx, conversation, "first_response", conversation.created_at, at)
}

/// A person answered again: from the contact's first unanswered message.
pub fn reply_time(tx: &mut Tx<'_>, conversation: &Conversation, since: Timestamp, at: Timestamp) -> Result<()> {
    insert(tx, conversation, "reply_time", since, at)
}

/// The status changed: resolutions, handovers of bots and reopenings.
pub fn status_changed(tx: &mut Tx<'_>, before: &Conversation, after: &Conversation, actor: &Actor) -> Result<()> {
    if before.status == after.status {
        return Ok(());
    }
    let now = tx.now();
    match after.status {
        Status::Resolved => {
            insert(tx, after, "conversation_resolved", after.created_at, now)?;
            if is_bots_alone(tx, after)? {
                insert(tx, after, "conversation_bot_resolved", after.created_at, now)?;
            }
            Ok(())
        }
        Status::Open if before.status == Status::Pending && matches!(actor, Actor::Bot { .. }) => {
            let known = find_last_end(tx, after, "conversation_bot_handoff")?;
            if known.is_some() { Ok(()) } else { insert(tx, after, "conversation_bot_handoff", after.created_at, now) }
        }
        Status::Open => {
            let since = find_last_end(tx, after, "conversation_resolved")?.unwrap_or(now);
            insert(tx, after, "conversation_opened", since, now)
        }
        Status::Pending | Status::Snoozed => Ok(()),
    }
}

/// Whether a bot is there and nobody of the team has answered.
fn is_bots_alone(tx: &mut Tx<'_>, conversation: &Conversation) -> Result<bool> {
    if !inbox::store::has_active_bot(tx, conversation.account_id, conversation.inbox_id)? {
        return Ok(false);
    }
    let answer: Option<(MessageId,)> = tx.query_opt(
        sql!(
            "SELECT id FROM messages WHERE account_id = $1 AND conversation_id = $2 AND message_type = 'outgoing'
               AND user_id IS NOT NULL LIMIT 1"
        ),
        (conversation.account_id, conversation.id),
    )?;
    Ok(answer.is_none())
}

fn find_last_end(tx: &mut Tx<'_>, conversation: &Conversation, name: &str) -> Result<Option<Timestamp>> {
    let row: Option<(Timestamp,)> = tx.query_opt(
        sql!(
            "SELECT event_end_time FROM reporting_events WHERE conversation_id = $1 AND account_id = $2 AND name = $3
             ORDER BY id DESC LIMIT 1"
        ),
        (conversation.id, conversation.account_id, name),
    )?;
    Ok(row.map(|(end,)| end))
}

fn insert(tx: &mut Tx<'_>, conversation: &Conversation, name: &str, start: Timestamp, end: Timestamp) -> Result<()> {
    let business = hours::seconds_open(tx, conversation.account_id, conversation.inbox_id, start, end)?;
    let user: Option<UserId> = conversation.assignee_id;
    let now = tx.now();
    let seconds = end.since(start).as_secs_f64();
    let (account_id, inbox_id) = (conversation.account_id, conversation.inbox_id);
    let place = Place { account_id, inbox_id, agent_id: user, at: now };
    tally::add(tx, place, Step::time(name, seconds, business));
    tx.execute(
        sql!(
            "INSERT INTO reporting_events (account_id, name, value, value_in_business_hours, inbox_id, user_id,
                 conversation_id, event_start_time, event_end_time, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
        ),
        (
            conversation.account_id,
            name,
            seconds,
            business,
            conversation.inbox_id,
            user,
            conversation.id,
            start,
            end,
            now,
        ),
    )?;
    Ok(())
}
