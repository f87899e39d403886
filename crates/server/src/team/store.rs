//! The SQL of teams.

use edge::Result;
use store::{Conn, sql};
use types::{AccountId, TeamId, UserId};

use super::Team;
use super::wire::TeamJson;

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

/// The team.
pub fn find(conn: &mut Conn<'_>, account: AccountId, id: TeamId) -> Result<Option<Team>> {
    Ok(conn.query_opt(
        sql!(
            "SELECT id, account_id, name, description, allow_auto_assign, created_at, updated_at
             FROM teams WHERE account_id = $1 AND id = $2"
        ),
        (account, id),
    )?)
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
    let rows: Vec<Seen> = conn.query(
        sql!(
            "SELECT t.id, t.name, t.description, t.allow_auto_assign, t.account_id,
                    EXISTS (SELECT 1 FROM team_members m
                            WHERE m.account_id = t.account_id AND m.team_id = t.id AND m.user_id = $2) AS is_member
             FROM teams t WHERE t.account_id = $1 AND t.id = ANY($3)"
        ),
        (account, viewer, ids),
    )?;
    Ok(rows
        .into_iter()
        .map(|row| TeamJson {
            id: row.id,
            name: row.name,
            description: row.description,
            allow_auto_assign: row.allow_auto_assign,
            account_id: row.account_id,
            is_member: row.is_member,
        })
        .collect())
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
