//! Changes of status, assignee and team: the one way they happen, with everything that follows from them.

use ::store::Tx;
use edge::Result;
use types::{AccountId, ContactId, InboxId, Status, TeamId, Timestamp, UserId};

use super::counters::{self, Place};
use super::jobs::WakeConversation;
use super::{Conversation, activity, store};
use crate::events::{Actor, Changes, Event, Moved, record};
use crate::report::tally;
use crate::{agent, assignment, inbox, message, reporting, survey, team, user};

/// What to change; `None` leaves it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Change {
    /// The new status, and until when it is snoozed.
    pub status: Option<(Status, Option<Timestamp>)>,
    /// The new assignee, or nobody.
    pub assignee_id: Option<Option<UserId>>,
    /// The new team, or none.
    pub team_id: Option<Option<TeamId>>,
}

/// Applies `change` to a locked conversation: automatic assignment, counters, activity messages, events, reports, the
/// survey of a resolved conversation.
///
/// Nothing happens when nothing changes (realtime.md §2.4, "same status again").
pub fn apply(tx: &mut Tx<'_>, before: &Conversation, change: Change, actor: &Actor) -> Result<Conversation> {
    let before = &Conversation { assignee_id: still_there(tx, before.assignee_id)?, ..before.clone() };
    let mut after = before.clone();
    if let Some((status, snoozed_until)) = change.status {
        after.status = status;
        after.snoozed_until = snoozed_until.filter(|_| status == Status::Snoozed);
    }
    if let Some(assignee_id) = change.assignee_id {
        after.assignee_id = assignee_id;
    }
    if let Some(team_id) = change.team_id {
        after.team_id = team_id;
    }
    if after.team_id != before.team_id {
        follow_team(tx, &mut after)?;
    }
    if after.status == Status::Open && before.status != Status::Open {
        assign_automatically(tx, &mut after)?;
    }
    if after.assignee_id != before.assignee_id {
        after.assignee_id = hold_member(tx, after.account_id, after.assignee_id)?;
    }
    if after.status == Status::Resolved {
        after.waiting_since = None;
    }
    let is_handed_over = before.status == Status::Pending && after.status == Status::Open;
    if is_handed_over && matches!(actor, Actor::Bot { .. }) {
        // A bot hands over: from now on people are waited for (semantics §2.2).
        after.waiting_since.get_or_insert(tx.now());
    }
    let changes = differences(before, &after);
    if changes.is_empty() {
        return Ok(after);
    }
    after.updated_at = tx.now();
    store::update(tx, &after)?;
    counters::move_between(tx, Some(Place::from(before)), Some(Place::from(&after)))?;
    tally::move_conversation(tx, Some(before), &after);
    if let Some(until) = after.snoozed_until {
        ::jobs::push_at(tx, &WakeConversation { account_id: after.account_id, id: after.id }, until)?;
    }
    tell(tx, before, &after, actor, changes.with("updated_at", &before.updated_at, &after.updated_at));
    write_activities(tx, before, &mut after, actor)?;
    reporting::status_changed(tx, before, &after, actor)?;
    if after.status == Status::Resolved && before.status != Status::Resolved {
        survey::service::send(tx, &mut after)?;
    }
    Ok(after)
}

/// The assignee, unless the user is being deleted; kept from it until the end of the transaction, so that counts by
/// assignee stay exact.
fn still_there(tx: &mut Tx<'_>, assignee: Option<UserId>) -> Result<Option<UserId>> {
    match assignee {
        Some(user) if user::store::hold(tx, user)? => Ok(assignee),
        _ => Ok(None),
    }
}

/// The new assignee, if it is still a member; kept one until the end of the transaction.
pub fn hold_member(tx: &mut Tx<'_>, account: AccountId, assignee: Option<UserId>) -> Result<Option<UserId>> {
    match assignee {
        Some(user) if agent::store::hold_all(tx, account, &[user])? => Ok(assignee),
        _ => Ok(None),
    }
}

/// Takes the conversations of a contact that is being deleted out of the counts.
pub fn uncount_of_contact(tx: &mut Tx<'_>, account: AccountId, contact: ContactId) -> Result<()> {
    counters::remove_contact(tx, account, contact)
}

/// Takes the conversations of an inbox that is being deleted out of the counts.
pub fn uncount_of_inbox(tx: &mut Tx<'_>, account: AccountId, inbox: InboxId) -> Result<()> {
    counters::remove_inbox(tx, account, inbox)
}

/// Counts the conversations of a user who is being deleted as nobody's.
pub fn count_as_unassigned(tx: &mut Tx<'_>, account: AccountId, user: UserId) -> Result<()> {
    counters::unassign(tx, account, user)
}

/// Counts a conversation that was just made.
pub fn count_new(tx: &mut Tx<'_>, conversation: &Conversation) -> Result<()> {
    tally::move_conversation(tx, None, conversation);
    counters::move_between(tx, None, Some(Place::from(conversation)))
}

/// An assignee outside of the new team goes; a team that assigns picks one of its members (semantics §3.4).
pub fn follow_team(tx: &mut Tx<'_>, conversation: &mut Conversation) -> Result<()> {
    let Some(team_id) = conversation.team_id else { return Ok(()) };
    let account = conversation.account_id;
    if let Some(assignee) = conversation.assignee_id
        && !team::store::is_member(tx, account, team_id, assignee)?
    {
        conversation.assignee_id = None;
    }
    if conversation.assignee_id.is_none()
        && team::store::find(tx, account, team_id)?.is_some_and(|team| team.allow_auto_assign)
    {
        conversation.assignee_id = assignment::pick(tx, account, conversation.inbox_id, Some(team_id))?;
    }
    Ok(())
}

/// The inbox's round robin, when the conversation has nobody who is a member of the inbox (rest.md §6.8).
pub fn assign_automatically(tx: &mut Tx<'_>, conversation: &mut Conversation) -> Result<()> {
    let account = conversation.account_id;
    let assigned = match conversation.assignee_id {
        Some(assignee) => inbox::store::is_member(tx, account, conversation.inbox_id, assignee)?,
        None => false,
    };
    if assigned || !inbox::store::assigns_automatically(tx, account, conversation.inbox_id)? {
        return Ok(());
    }
    if let Some(team_id) = conversation.team_id
        && !team::store::find(tx, account, team_id)?.is_some_and(|team| team.allow_auto_assign)
    {
        return Ok(());
    }
    if let Some(picked) = assignment::pick(tx, account, conversation.inbox_id, conversation.team_id)? {
        conversation.assignee_id = Some(picked);
    }
    Ok(())
}

fn differences(before: &Conversation, after: &Conversation) -> Changes {
    Changes::default()
        .with("status", &before.status, &after.status)
        .with("snoozed_until", &before.snoozed_until, &after.snoozed_until)
        .with("assignee_id", &before.assignee_id, &after.assignee_id)
        .with("team_id", &before.team_id, &after.team_id)
}

fn moved<T>(before: T, after: T) -> Moved<T> {
    Moved { before, after }
}

/// The events of a change, in the order of realtime.md §2.4.
fn tell(tx: &mut Tx<'_>, before: &Conversation, after: &Conversation, actor: &Actor, changes: Changes) {
    let account = after.account_id;
    if before.status != after.status {
        let status = moved(before.status, after.status);
        let with_status = changes.only(&["status", "snoozed_until", "updated_at"]);
        record(tx, account, actor, &Event::ConversationStatusChanged(after.id, status, with_status));
    }
    if before.assignee_id != after.assignee_id {
        record(tx, account, actor, &Event::AssigneeChanged(after.id, moved(before.assignee_id, after.assignee_id)));
    }
    if before.team_id != after.team_id {
        record(tx, account, actor, &Event::TeamChanged(after.id, moved(before.team_id, after.team_id)));
    }
    record(tx, account, actor, &Event::ConversationUpdated(after.id, changes));
}

/// Only what a user does leaves an activity; with a change of team the assignee has none of its own.
fn write_activities(tx: &mut Tx<'_>, before: &Conversation, after: &mut Conversation, actor: &Actor) -> Result<()> {
    let Actor::User { id: actor_id, name } = actor else { return Ok(()) };
    let mut texts = Vec::new();
    if before.status != after.status {
        texts.push(activity::status(name, after.status));
    }
    if before.team_id != after.team_id {
        texts.push(team_text(tx, before, after, name)?);
    } else if before.assignee_id != after.assignee_id {
        let assignee = assignee_name(tx, after)?;
        let is_self = after.assignee_id == Some(*actor_id);
        texts.push(activity::assignee(name, is_self, assignee.as_deref()));
    }
    for text in texts {
        message::service::add_activity(tx, after, actor, &text)?;
    }
    Ok(())
}

fn team_text(tx: &mut Tx<'_>, before: &Conversation, after: &Conversation, user: &str) -> Result<String> {
    let account = after.account_id;
    let mut name = |team: Option<TeamId>| -> Result<String> {
        let Some(team) = team else { return Ok(String::new()) };
        Ok(team::store::find(tx, account, team)?.map(|team| team.name).unwrap_or_default())
    };
    if after.team_id.is_none() {
        return Ok(activity::team_removed(user, &name(before.team_id)?));
    }
    let team = name(after.team_id)?;
    let picked = before.assignee_id != after.assignee_id;
    let assignee = if picked { assignee_name(tx, after)? } else { None };
    Ok(activity::team(user, &team, assignee.as_deref()))
}

fn assignee_name(tx: &mut Tx<'_>, conversation: &Conversation) -> Result<Option<String>> {
    match conversation.assignee_id {
        Some(assignee) => user::store::find_name(tx, assignee),
        None => Ok(None),
    }
}
