//! The SQL of teams.

use edge::Result;
use store::{Conn, Tx, sql};
use types::{AccountId, TeamId, UserId};

use super::wire::TeamJson;
use super::{Draft, Team};

store::row! {
    struct Seen {
        id: TeamId,
        name: String,
        description: Option<String>,
        allow_auto_assign: bool,
        account_id: AccountId,
        is_member: bool,
    }
}

impl From<Seen> for TeamJson {
    fn from(row: Seen) -> Self {
        Self {
            id: row.id,
            name: row.name,
            description: row.description,
            allow_auto_assign: row.allow_auto_assign,
            account_id: row.account_id,
            is_member: row.is_member,
        }
    }
}

/// The columns of [`Team`].
macro_rules! columns {
    () => {
        "id, account_id, name, description, allow_auto_assign, created_at, updated_at"
    };
}

/// The team.
pub fn find(conn: &mut Conn<'_>, account: AccountId, id: TeamId) -> Result<Option<Team>> {
    Ok(conn.query_opt(sql!("SELECT ", columns!(), " FROM teams WHERE account_id = $1 AND id = $2"), (account, id))?)
}

/// The team, which cannot be removed before the end of the transaction.
pub fn hold(tx: &mut Tx<'_>, account: AccountId, id: TeamId) -> Result<Option<Team>> {
    Ok(tx.query_opt(
        sql!("SELECT ", columns!(), " FROM teams WHERE account_id = $1 AND id = $2 FOR KEY SHARE"),
        (account, id),
    )?)
}

/// The team, locked until the end of the transaction.
pub(super) fn lock(tx: &mut Tx<'_>, account: AccountId, id: TeamId) -> Result<Option<Team>> {
    Ok(tx.query_opt(
        sql!("SELECT ", columns!(), " FROM teams WHERE account_id = $1 AND id = $2 FOR UPDATE"),
        (account, id),
    )?)
}

/// Whether another team than `id` has the name.
pub(super) fn is_name_taken(conn: &mut Conn<'_>, account: AccountId, name: &str, id: TeamId) -> Result<bool> {
    let row: Option<(TeamId,)> = conn.query_opt(
        sql!("SELECT id FROM teams WHERE account_id = $1 AND name = $2 AND id <> $3"),
        (account, name, id),
    )?;
    Ok(row.is_some())
}

/// Stores a team; `None` when another one has the name.
pub(super) fn insert(tx: &mut Tx<'_>, account: AccountId, draft: &Draft) -> Result<Option<Team>> {
    let now = tx.now();
    Ok(tx.query_opt(
        sql!(
            "INSERT INTO teams (account_id, name, description, allow_auto_assign, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $5)
             ON CONFLICT (account_id, name) DO NOTHING
             RETURNING ",
            columns!()
        ),
        (account, draft.name.as_str(), draft.description.as_deref(), draft.allow_auto_assign, now),
    )?)
}

/// Writes back what may change.
pub(super) fn update(tx: &mut Tx<'_>, account: AccountId, id: TeamId, draft: &Draft) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!(
            "UPDATE teams SET name = $3, description = $4, allow_auto_assign = $5, updated_at = $6
             WHERE account_id = $1 AND id = $2"
        ),
        (account, id, draft.name.as_str(), draft.description.as_deref(), draft.allow_auto_assign, now),
    )?;
    Ok(())
}

/// Removes a team with its memberships; its conversations lose it.
pub(super) fn delete(tx: &mut Tx<'_>, account: AccountId, id: TeamId) -> Result<()> {
    tx.execute(sql!("DELETE FROM teams WHERE account_id = $1 AND id = $2"), (account, id))?;
    Ok(())
}

/// Makes `users` of the account members of the team; gives those who were none, by id.
pub(super) fn insert_members(
    tx: &mut Tx<'_>,
    account: AccountId,
    team: TeamId,
    users: &[UserId],
) -> Result<Vec<UserId>> {
    let now = tx.now();
    let rows: Vec<(UserId,)> = tx.query(
        sql!(
            "INSERT INTO team_members (account_id, team_id, user_id, created_at)
             SELECT au.account_id, CAST($2 AS BIGINT), au.user_id, CAST($4 AS BIGINT)
             FROM account_users au
             WHERE au.account_id = $1 AND au.user_id = ANY($3)
             ORDER BY au.user_id
             ON CONFLICT (account_id, team_id, user_id) DO NOTHING RETURNING user_id"
        ),
        (account, team, users, now),
    )?;
    Ok(sorted(rows))
}

/// Takes `users` out of the team; gives those who were in it, by id.
pub(super) fn delete_members(
    tx: &mut Tx<'_>,
    account: AccountId,
    team: TeamId,
    users: &[UserId],
) -> Result<Vec<UserId>> {
    let rows: Vec<(UserId,)> = tx.query(
        sql!(
            "DELETE FROM team_members WHERE account_id = $1 AND team_id = $2 AND user_id = ANY($3)
             RETURNING user_id"
        ),
        (account, team, users),
    )?;
    Ok(sorted(rows))
}

/// Takes the user out of every team of the account; gives those it was in, by id.
pub fn delete_memberships(tx: &mut Tx<'_>, account: AccountId, user: UserId) -> Result<Vec<TeamId>> {
    let rows: Vec<(TeamId,)> = tx.query(
        sql!("DELETE FROM team_members WHERE account_id = $1 AND user_id = $2 RETURNING team_id"),
        (account, user),
    )?;
    Ok(sorted(rows))
}

fn sorted<T: Ord>(rows: Vec<(T,)>) -> Vec<T> {
    let mut all: Vec<T> = rows.into_iter().map(|(one,)| one).collect();
    all.sort_unstable();
    all
}

/// [`Seen`] for the viewer `$2`, of the account `$1`.
macro_rules! select_seen {
    ($more:literal) => {
        sql!(
            "SELECT t.id, t.name, t.description, t.allow_auto_assign, t.account_id,
                    EXISTS (SELECT 1 FROM team_members m
                            WHERE m.account_id = t.account_id AND m.team_id = t.id AND m.user_id = $2) AS is_member
             FROM teams t WHERE t.account_id = $1",
            $more
        )
    };
}

/// All teams of the account as `viewer` sees them, by id.
pub fn list(conn: &mut Conn<'_>, account: AccountId, viewer: UserId) -> Result<Vec<TeamJson>> {
    let rows: Vec<Seen> = conn.query(select_seen!(" ORDER BY t.id"), (account, viewer))?;
    Ok(rows.into_iter().map(TeamJson::from).collect())
}

/// The teams with these ids, as `viewer` sees them.
pub fn list_by_ids(
    conn: &mut Conn<'_>,
    account: AccountId,
    viewer: Option<UserId>,
    ids: &[TeamId],
) -> Result<Vec<TeamJson>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Seen> = conn.query(select_seen!(" AND t.id = ANY($3)"), (account, viewer, ids))?;
    Ok(rows.into_iter().map(TeamJson::from).collect())
}

/// Whether the user is in the team.
pub fn is_member(conn: &mut Conn<'_>, account: AccountId, team: TeamId, user: UserId) -> Result<bool> {
    let row: Option<(UserId,)> = conn.query_opt(
        sql!("SELECT user_id FROM team_members WHERE account_id = $1 AND team_id = $2 AND user_id = $3"),
        (account, team, user),
    )?;
    Ok(row.is_some())
}

/// The users in the team.
pub fn list_member_ids(conn: &mut Conn<'_>, account: AccountId, team: TeamId) -> Result<Vec<UserId>> {
    let rows: Vec<(UserId,)> =
        conn.query(sql!("SELECT user_id FROM team_members WHERE account_id = $1 AND team_id = $2"), (account, team))?;
    Ok(rows.into_iter().map(|(user,)| user).collect())
}
