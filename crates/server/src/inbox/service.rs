//! The rules of inboxes.

use ::store::{Conn, Tx};
use edge::{Error, Result};
use types::{AccountId, InboxId, UserId};

use super::draft::Draft;
use super::{Inbox, hours, store};
use crate::access::Member;
use crate::events::{Actor, Event, record};
use crate::{agent, assignment};

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
    let channel = store::insert_channel(tx, account, &draft.channel)?;
    let id = store::insert(tx, account, channel, draft)?;
    hours::insert_defaults(tx, account, id)?;
    record(tx, account, actor, &Event::InboxCreated(id));
    store::find(tx, account, id)?.ok_or(Error::NotFound("inbox"))
}

/// Adds users of the account to an inbox; whoever is a member already stays as it is.
///
/// Those who join go to the end of the assignment queue, among each other by id.
pub fn add_members(tx: &mut Tx<'_>, account: AccountId, inbox: InboxId, users: &[UserId], actor: &Actor) -> Result<()> {
    if users.is_empty() {
        return Ok(());
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
