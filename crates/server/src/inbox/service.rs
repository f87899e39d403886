//! The rules of inboxes.

use ::store::{Conn, Tx};
use edge::{Error, Result};
use serde_json::json;
use types::{AccountId, InboxId, UserId};

use super::draft::Draft;
use super::{Inbox, hours, store};
use crate::access::Member;
use crate::deletion::{Purge, Subject};
use crate::events::{Actor, Event, record};
use crate::platform::audit;
use crate::{account, agent, assignment, conversation};

/// The inbox with this id, if the member sees it: 404 before 403 (rest.md §2.2).
pub fn find_visible(conn: &mut Conn<'_>, member: &Member, id: InboxId) -> Result<Inbox> {
    let inbox = store::find(conn, member.account_id, id)?.ok_or(Error::NotFound("inbox"))?;
    member.must_see_inbox(conn, inbox.id)?;
    Ok(inbox)
}

/// The inboxes that the member sees, by id: all for administrators, else those it belongs to.
pub fn list_visible(conn: &mut Conn<'_>, member: &Member) -> Result<Vec<Inbox>> {
    if member.is_administrator() {
        store::list(conn, member.account_id)
    } else {
        store::list_of_member(conn, member.account_id, member.user_id)
    }
}

/// Makes an inbox with its channel and the usual opening hours; it has no members yet.
pub fn create(tx: &mut Tx<'_>, account: AccountId, draft: &Draft, actor: &Actor) -> Result<Inbox> {
    let limit = account::service::lock(tx, account)?.limit("inboxes");
    if let Some(most) = limit
        && store::count(tx, account)? >= most
    {
        return Err(Error::LimitReached("inboxes"));
    }
    let channel = store::insert_channel(tx, account, &draft.channel)?;
    let id = store::insert(tx, account, channel, draft)?;
    hours::insert_defaults(tx, account, id)?;
    record(tx, account, actor, &Event::InboxCreated(id));
    store::find(tx, account, id)?.ok_or(Error::NotFound("inbox"))
}

/// Deletes an inbox with its channel, sessions, conversations and messages: gone from every answer at once, its rows
/// follow in a job (decisions §5). Its addresses are free again.
pub fn delete(tx: &mut Tx<'_>, account: AccountId, id: InboxId, actor: &Actor) -> Result<()> {
    let channel = store::lock_to_delete(tx, account, id)?.ok_or(Error::NotFound("inbox"))?;
    store::set_deleting(tx, account, id)?;
    store::free_addresses(tx, account, &[channel])?;
    store::disconnect_bot(tx, account, id)?;
    conversation::change::uncount_of_inbox(tx, account, id)?;
    audit::record_in(tx, account, actor, "inbox.deleted", &json!({ "inbox_id": id }))?;
    jobs::push(tx, &Purge { subject: Subject::Inbox { account_id: account, id } })?;
    record(tx, account, actor, &Event::InboxDeleted(id));
    Ok(())
}

/// Adds users of the account to an inbox; whoever is a member already stays as it is.
///
/// Those who join go to the end of the assignment queue, among each other by id.
pub fn add_members(tx: &mut Tx<'_>, account: AccountId, inbox: InboxId, users: &[UserId], actor: &Actor) -> Result<()> {
    if users.is_empty() {
        return Ok(());
    }
    if !store::hold(tx, account, inbox)? {
        return Err(Error::NotFound("inbox"));
    }
    if !agent::store::hold_all(tx, account, users)? {
        return Err(Error::invalid("user", "must exist"));
    }
    let turn = assignment::next_turn(tx, account, inbox)?;
    for user in store::insert_members(tx, account, inbox, users, turn)? {
        record(tx, account, actor, &Event::InboxMemberAdded(inbox, user));
    }
    Ok(())
}
