//! What removed bots leave to do.

use ::store::{Tx, sql};
use edge::Result;
use jobs::{Job, JobError};
use serde::{Deserialize, Serialize};
use types::AgentBotId;

use crate::App;

/// Messages that lose their sender in one transaction.
const AT_ONCE: i64 = 500;

/// Takes a removed bot from what it wrote, bit by bit, and then its row. Safe to run twice: the rows decide.
#[derive(Debug, Serialize, Deserialize)]
pub struct ForgetAgentBot {
    /// The bot.
    pub id: AgentBotId,
}

impl Job for ForgetAgentBot {
    type Context = App;

    const NAME: &'static str = "forget_agent_bot";

    fn key(&self) -> String {
        self.id.to_string()
    }

    async fn run(&self, app: &App) -> Result<(), JobError> {
        let id = self.id;
        let step = app.store.write(move |tx| {
            if forget_some(tx, id, AT_ONCE)? {
                ::jobs::push(tx, &Self { id })?;
            }
            Ok(())
        });
        step.await.map_err(crate::jobs::to_job_error)
    }
}

/// Takes a removed bot from some of its messages; false when nothing is left, the bot included.
pub fn forget_some(tx: &mut Tx<'_>, id: AgentBotId, most: i64) -> Result<bool> {
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
