//! What one transaction takes away of a bot. What the bot wrote stays.

use edge::Result;
use store::{Tx, sql};
use types::{AccountId, AgentBotId};

use crate::file::picture::{self, Owner};

/// Takes the bot from some of its messages; false when the bot itself is gone.
pub fn take_some(tx: &mut Tx<'_>, id: AgentBotId, most: i64) -> Result<bool> {
    let found: Option<(Option<AccountId>,)> = tx.query_opt(
        sql!("SELECT account_id FROM agent_bots WHERE id = $1 AND deleting_at IS NOT NULL FOR UPDATE"),
        (id,),
    )?;
    let Some((account,)) = found else { return Ok(false) };
    let messages = sql!(
        "UPDATE messages SET agent_bot_id = NULL WHERE id IN (
             SELECT id FROM messages WHERE agent_bot_id = $1 LIMIT $2)"
    );
    if tx.execute(messages, (id, most))? > 0 {
        return Ok(true);
    }
    picture::set(tx, Owner::Bot(account, id), None)?;
    tx.execute(sql!("DELETE FROM agent_bots WHERE id = $1"), (id,))?;
    Ok(false)
}
