//! Round robin: which member of an inbox is next (semantics §3.2, §3.3).

use edge::Result;
use store::{Tx, sql};
use types::{AccountId, InboxId, TeamId, UserId};

use crate::presence::{is_user_present, users_since};

/// The online member of the inbox (and of `team`) who has waited longest, moved to the end of the queue.
///
/// Online are those who chose it and are there, or whose status does not follow their presence. The queue's row is locked, so
/// that two conversations that open at once get two different members. Whoever is picked cannot be removed from the
/// account before the end of the transaction.
pub fn pick(tx: &mut Tx<'_>, account: AccountId, inbox: InboxId, team: Option<TeamId>) -> Result<Option<UserId>> {
    let turn = next_turn(tx, account, inbox)?;
    let since = users_since(tx.now());
    let picked: Option<(UserId,)> = tx.query_opt(
        sql!(
            "SELECT m.user_id FROM inbox_members m
             JOIN account_users au ON au.account_id = m.account_id AND au.user_id = m.user_id
             JOIN users u ON u.id = m.user_id
             WHERE m.account_id = $1 AND m.inbox_id = $2 AND au.availability = 'online'
               AND (NOT au.auto_offline OR ",
            is_user_present!("$1", "m.user_id", "$4"),
            ") AND u.deleting_at IS NULL
               AND (CAST($3 AS BIGINT) IS NULL OR EXISTS (
                   SELECT 1 FROM team_members t
                   WHERE t.account_id = m.account_id AND t.team_id = $3 AND t.user_id = m.user_id))
             ORDER BY m.turn, m.user_id LIMIT 1 FOR KEY SHARE OF au, u"
        ),
        (account, inbox, team, since),
    )?;
    let Some((user,)) = picked else { return Ok(None) };
    tx.execute(
        sql!("UPDATE inbox_members SET turn = $4 WHERE account_id = $1 AND inbox_id = $2 AND user_id = $3"),
        (account, inbox, user, turn),
    )?;
    Ok(Some(user))
}

/// Locks the inbox's queue and gives the place behind its last member.
pub fn next_turn(tx: &mut Tx<'_>, account: AccountId, inbox: InboxId) -> Result<i64> {
    let (turn,): (i64,) = tx.query_one(
        sql!(
            "INSERT INTO assignment_queues (account_id, inbox_id, turn) VALUES ($1, $2, 1)
             ON CONFLICT (account_id, inbox_id) DO UPDATE SET turn = assignment_queues.turn + 1
             RETURNING turn"
        ),
        (account, inbox),
    )?;
    Ok(turn)
}
