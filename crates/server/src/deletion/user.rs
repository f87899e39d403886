//! What one transaction takes away of a user. What the user wrote stays.

use edge::Result;
use store::{Tx, sql};
use types::UserId;

use crate::file::picture::{self, Owner};

/// Some rows of a user; false when the user itself is gone.
pub fn take_some(tx: &mut Tx<'_>, id: UserId, most: i64) -> Result<bool> {
    let found: Option<(UserId,)> =
        tx.query_opt(sql!("SELECT id FROM users WHERE id = $1 AND deleting_at IS NOT NULL FOR UPDATE"), (id,))?;
    if found.is_none() {
        return Ok(false);
    }
    let parts = [
        // Counted and shown as unassigned since the deletion.
        sql!(
            "UPDATE conversations SET assignee_id = NULL WHERE id IN (
                 SELECT id FROM conversations WHERE assignee_id = $1 LIMIT $2)"
        ),
        sql!("UPDATE messages SET user_id = NULL WHERE id IN (SELECT id FROM messages WHERE user_id = $1 LIMIT $2)"),
        sql!(
            "UPDATE reporting_events SET user_id = NULL WHERE id IN (
                 SELECT id FROM reporting_events WHERE user_id = $1 LIMIT $2)"
        ),
        sql!(
            "UPDATE csat_survey_responses SET assigned_agent_id = NULL WHERE id IN (
                 SELECT id FROM csat_survey_responses WHERE assigned_agent_id = $1 LIMIT $2)"
        ),
        sql!(
            "UPDATE csat_survey_responses SET review_notes_updated_by_id = NULL WHERE id IN (
                 SELECT id FROM csat_survey_responses WHERE review_notes_updated_by_id = $1 LIMIT $2)"
        ),
        sql!(
            "DELETE FROM mentions WHERE (account_id, user_id, conversation_id) IN (
                 SELECT account_id, user_id, conversation_id FROM mentions WHERE user_id = $1 LIMIT $2)"
        ),
        sql!(
            "DELETE FROM conversation_participants WHERE (account_id, user_id, conversation_id) IN (
                 SELECT account_id, user_id, conversation_id FROM conversation_participants
                 WHERE user_id = $1 LIMIT $2)"
        ),
        sql!(
            "UPDATE account_users SET inviter_id = NULL WHERE id IN (
                 SELECT id FROM account_users WHERE inviter_id = $1 LIMIT $2)"
        ),
        // No row that counts is the user's any more.
        sql!(
            "DELETE FROM report_tallies WHERE scope = 'agent' AND subject = $1 AND (account_id, span, starts_at) IN (
                 SELECT f.account_id, f.span, f.starts_at FROM accounts a JOIN report_tallies f ON f.account_id = a.id
                 WHERE f.scope = 'agent' AND f.subject = $1 LIMIT $2)"
        ),
    ];
    for part in parts {
        if tx.execute(part, (id, most))? > 0 {
            return Ok(true);
        }
    }
    picture::set(tx, Owner::User(id), None)?;
    // Its API key and its grants go with it.
    tx.execute(sql!("DELETE FROM users WHERE id = $1"), (id,))?;
    Ok(false)
}
