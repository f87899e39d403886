//! What one transaction takes away of a bot. What the bot wrote stays.

use edge::Result;
use store::{Tx, sql};
use types::AgentBotId;

/// Takes the bot from some of its messages; false when the bot itself is gone.
pub fn take_some(tx: &mut Tx<'_>, id: AgentBotId, most: i64) -> Result<bool> {
    let found: Option<(AgentBotId,)> =
        tx.query_opt(sql!("SELECT id FROM agent_bots WHERE id = $1 AND deleting_at IS NOT NULL FOR UPDATE"), (id,))?;
    if found.is_none() {
        return Ok(false);
    }
    let messages = sql!(
        "UPDATE messages SET agent_bot_id = NULL WHERE id IN (
             SELECT id FROM messages WHERE agent_bot_id = $1 LIMIT $2)"
    );
    if tx.execute(messages, (id, most))? > 0 {
        return Ok(true);
    }
    tx.execute(sql!("DELETE FROM agent_bots WHERE id = $1"), (id,))?;
    Ok(false)
}
