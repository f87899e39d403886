//! The SQL of agents, memberships and what members may use.

use edge::Result;
use store::{Conn, Tx, sql};
use types::{AccountId, InboxId, Role, TeamId, UserId};

use super::{AccountUser, Agent, Invitation};
use crate::file::avatar;
use crate::presence::{is_user_present, users_since};
use crate::text;

/// The columns of [`Agent`], of the table aliases `u` and `au`; who was seen since `$since` is there.
macro_rules! columns {
    ($since:literal) => {
        concat!(
            "u.id, u.name, COALESCE(NULLIF(u.display_name, ''), u.name) AS available_name, u.email,
             u.confirmed_at IS NOT NULL AS confirmed, u.custom_attributes, au.role, au.availability, au.auto_offline, ",
            is_user_present!("au.account_id", "au.user_id", $since),
            " AS is_present, ",
            avatar!("u")
        )
    };
}

/// The columns of [`AccountUser`], of the table alias `au`.
macro_rules! membership_columns {
    () => {
        "au.id, au.account_id, au.user_id, au.role, au.inviter_id, au.created_at, au.updated_at, au.active_at,
         au.availability, au.auto_offline"
    };
}

/// Notice of assignments, as a new member has it for e-mail and push (semantics §1.6).
const ASSIGNMENT: i64 = 2;

/// The member.
pub fn find(conn: &mut Conn<'_>, account: AccountId, user: UserId) -> Result<Option<Agent>> {
    let since = users_since(conn.now());
    Ok(conn.query_opt(
        sql!(
            "SELECT ",
            columns!("$3"),
            " FROM account_users au JOIN users u ON u.id = au.user_id
              WHERE au.account_id = $1 AND au.user_id = $2 AND u.deleting_at IS NULL"
        ),
        (account, user, since),
    )?)
}

/// The member, which cannot be removed before the end of the transaction.
pub fn hold(tx: &mut Tx<'_>, account: AccountId, user: UserId) -> Result<Option<Agent>> {
    if hold_all(tx, account, &[user])? { find(tx, account, user) } else { Ok(None) }
}

/// Whether every one of `users` is a member; none can be removed before the end of the transaction.
pub fn hold_all(tx: &mut Tx<'_>, account: AccountId, users: &[UserId]) -> Result<bool> {
    let mut users = users.to_vec();
    users.sort_unstable();
    users.dedup();
    let wanted = users.len();
    let found: Vec<(UserId,)> = tx.query(
        sql!(
            "SELECT u.id FROM account_users au JOIN users u ON u.id = au.user_id
             WHERE au.account_id = $1 AND au.user_id = ANY($2) AND u.deleting_at IS NULL
             ORDER BY u.id FOR KEY SHARE"
        ),
        (account, users),
    )?;
    Ok(found.len() == wanted)
}

/// Those of `ids` that are members, by id.
pub fn list_by_ids(conn: &mut Conn<'_>, account: AccountId, mut ids: Vec<UserId>) -> Result<Vec<Agent>> {
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let since = users_since(conn.now());
    Ok(conn.query(
        sql!(
            "SELECT ",
            columns!("$3"),
            " FROM account_users au JOIN users u ON u.id = au.user_id
              WHERE au.account_id = $1 AND au.user_id = ANY($2) AND u.deleting_at IS NULL ORDER BY u.id"
        ),
        (account, ids, since),
    )?)
}

/// All members, by name without case (rest.md §5.6).
pub fn list(conn: &mut Conn<'_>, account: AccountId) -> Result<Vec<Agent>> {
    let since = users_since(conn.now());
    let mut agents: Vec<Agent> = conn.query(
        sql!(
            "SELECT ",
            columns!("$2"),
            " FROM account_users au JOIN users u ON u.id = au.user_id
              WHERE au.account_id = $1 AND u.deleting_at IS NULL"
        ),
        (account, since),
    )?;
    agents.sort_by_cached_key(|agent| (text::fold(&agent.name), agent.id));
    Ok(agents)
}

/// The members of an inbox, by id.
pub fn list_of_inbox(conn: &mut Conn<'_>, account: AccountId, inbox: InboxId) -> Result<Vec<Agent>> {
    let since = users_since(conn.now());
    Ok(conn.query(
        sql!(
            "SELECT ",
            columns!("$3"),
            " FROM inbox_members m
              JOIN account_users au ON au.account_id = m.account_id AND au.user_id = m.user_id
              JOIN users u ON u.id = m.user_id
              WHERE m.account_id = $1 AND m.inbox_id = $2 AND u.deleting_at IS NULL ORDER BY u.id"
        ),
        (account, inbox, since),
    )?)
}

/// Those to whom conversations of all of `inboxes` can be given: who is a member of every one, then the other
/// administrators; each by id.
pub fn list_assignable(conn: &mut Conn<'_>, account: AccountId, inboxes: &[InboxId]) -> Result<Vec<Agent>> {
    let wanted = i64::try_from(inboxes.len()).unwrap_or(i64::MAX);
    let since = users_since(conn.now());
    Ok(conn.query(
        sql!(
            "SELECT ",
            columns!("$4"),
            " FROM account_users au
              JOIN users u ON u.id = au.user_id
              LEFT JOIN (
                  SELECT m.user_id, COUNT(*) AS joined FROM inbox_members m
                  WHERE m.account_id = $1 AND m.inbox_id = ANY($2) GROUP BY m.user_id) seats ON seats.user_id = au.user_id
              WHERE au.account_id = $1 AND u.deleting_at IS NULL
                AND (COALESCE(seats.joined, 0) = $3 OR au.role = 'administrator')
              ORDER BY CASE WHEN COALESCE(seats.joined, 0) = $3 THEN 0 ELSE 1 END, u.id"
        ),
        (account, inboxes, wanted, since),
    )?)
}

/// The members of a team, by id.
pub fn list_of_team(conn: &mut Conn<'_>, account: AccountId, team: TeamId) -> Result<Vec<Agent>> {
    let since = users_since(conn.now());
    Ok(conn.query(
        sql!(
            "SELECT ",
            columns!("$3"),
            " FROM team_members m
              JOIN account_users au ON au.account_id = m.account_id AND au.user_id = m.user_id
              JOIN users u ON u.id = m.user_id
              WHERE m.account_id = $1 AND m.team_id = $2 AND u.deleting_at IS NULL ORDER BY u.id"
        ),
        (account, team, since),
    )?)
}

/// All memberships of the account, the oldest first.
pub fn list_memberships(conn: &mut Conn<'_>, account: AccountId) -> Result<Vec<AccountUser>> {
    Ok(conn.query(
        sql!(
            "SELECT ",
            membership_columns!(),
            " FROM account_users au JOIN users u ON u.id = au.user_id
              WHERE au.account_id = $1 AND u.deleting_at IS NULL ORDER BY au.id"
        ),
        (account,),
    )?)
}

/// The membership, locked until the end of the transaction.
pub(super) fn lock_membership(tx: &mut Tx<'_>, account: AccountId, user: UserId) -> Result<Option<AccountUser>> {
    Ok(tx.query_opt(
        sql!(
            "SELECT ",
            membership_columns!(),
            " FROM account_users au WHERE au.account_id = $1 AND au.user_id = $2 FOR UPDATE"
        ),
        (account, user),
    )?)
}

/// Stores a membership; `None` when there is one.
pub(super) fn insert(tx: &mut Tx<'_>, account: AccountId, user: UserId, role: Role) -> Result<Option<AccountUser>> {
    let now = tx.now();
    Ok(tx.query_opt(
        sql!(
            "INSERT INTO account_users (account_id, user_id, role, availability, auto_offline, created_at, updated_at)
             VALUES ($1, $2, $3, 'online', TRUE, $4, $4)
             ON CONFLICT (account_id, user_id) DO NOTHING
             RETURNING id, account_id, user_id, role, inviter_id, created_at, updated_at, active_at, availability,
                 auto_offline"
        ),
        (account, user, role, now),
    )?)
}

/// Stores the membership of somebody who was invited; false when there is one.
pub(super) fn insert_invited(
    tx: &mut Tx<'_>,
    account: AccountId,
    user: UserId,
    inviter: UserId,
    wanted: &Invitation,
) -> Result<bool> {
    let now = tx.now();
    let stored = tx.execute(
        sql!(
            "INSERT INTO account_users (account_id, user_id, role, inviter_id, availability, auto_offline, created_at,
                 updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
             ON CONFLICT (account_id, user_id) DO NOTHING"
        ),
        (account, user, wanted.role, inviter, wanted.availability, wanted.auto_offline, now),
    )?;
    Ok(stored > 0)
}

/// The number of members.
pub(super) fn count(conn: &mut Conn<'_>, account: AccountId) -> Result<i64> {
    let (count,): (i64,) = conn.query_one(
        sql!(
            "SELECT COUNT(*) FROM account_users au JOIN users u ON u.id = au.user_id
             WHERE au.account_id = $1 AND u.deleting_at IS NULL"
        ),
        (account,),
    )?;
    Ok(count)
}

/// The addresses of all members.
pub(super) fn list_emails(conn: &mut Conn<'_>, account: AccountId) -> Result<Vec<String>> {
    let rows: Vec<(String,)> = conn.query(
        sql!(
            "SELECT u.email FROM account_users au JOIN users u ON u.id = au.user_id
             WHERE au.account_id = $1 AND u.deleting_at IS NULL"
        ),
        (account,),
    )?;
    Ok(rows.into_iter().map(|(email,)| email).collect())
}

/// Writes back what may change.
pub(super) fn update(tx: &mut Tx<'_>, member: &AccountUser) -> Result<()> {
    tx.execute(
        sql!(
            "UPDATE account_users SET role = $3, availability = $4, auto_offline = $5, updated_at = $6
             WHERE account_id = $1 AND user_id = $2"
        ),
        (member.account_id, member.user_id, member.role, member.availability, member.auto_offline, member.updated_at),
    )?;
    Ok(())
}

/// Notes that the member is in the account now; false when it is no member, or the account is on its way out.
pub(super) fn set_active(tx: &mut Tx<'_>, account: AccountId, user: UserId) -> Result<bool> {
    let now = tx.now();
    let noted = tx.execute(
        sql!(
            "UPDATE account_users SET active_at = $3 WHERE account_id = $1 AND user_id = $2
               AND account_id NOT IN (SELECT id FROM accounts WHERE deleting_at IS NOT NULL)"
        ),
        (account, user, now),
    )?;
    Ok(noted > 0)
}

/// Takes the member out of inboxes and teams, and forgets what it is told about and its filters.
pub(super) fn delete_member_rows(tx: &mut Tx<'_>, account: AccountId, user: UserId) -> Result<()> {
    for rows in [
        sql!("DELETE FROM inbox_members WHERE account_id = $1 AND user_id = $2"),
        sql!("DELETE FROM team_members WHERE account_id = $1 AND user_id = $2"),
        sql!("DELETE FROM notification_settings WHERE account_id = $1 AND user_id = $2"),
        sql!("DELETE FROM custom_filters WHERE account_id = $1 AND user_id = $2"),
    ] {
        tx.execute(rows, (account, user))?;
    }
    Ok(())
}

/// Takes the membership away; false when there was none.
pub(super) fn delete_membership(tx: &mut Tx<'_>, account: AccountId, user: UserId) -> Result<bool> {
    let deleted =
        tx.execute(sql!("DELETE FROM account_users WHERE account_id = $1 AND user_id = $2"), (account, user))?;
    Ok(deleted > 0)
}

/// Stores what a new member is told about; what is there stays.
pub(super) fn insert_notification_settings(tx: &mut Tx<'_>, account: AccountId, user: UserId) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!(
            "INSERT INTO notification_settings (account_id, user_id, email_flags, push_flags, created_at, updated_at)
             VALUES ($1, $2, $3, $3, $4, $4)
             ON CONFLICT (account_id, user_id) DO NOTHING"
        ),
        (account, user, ASSIGNMENT, now),
    )?;
    Ok(())
}
