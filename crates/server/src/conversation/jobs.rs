//! What conversations owe to the clock.

use jobs::{Job, JobError};
use serde::{Deserialize, Serialize};
use types::{AccountId, ConversationId, Status};

use super::change::{self, Change};
use super::store;
use crate::App;
use crate::events::Actor;
use crate::message;

/// Reopens a snoozed conversation. Safe to run twice, early or late: the row decides.
#[derive(Debug, Serialize, Deserialize)]
pub struct WakeConversation {
    /// The account.
    pub account_id: AccountId,
    /// The conversation.
    pub id: ConversationId,
}

impl Job for WakeConversation {
    type Context = App;

    const NAME: &'static str = "wake_conversation";

    fn key(&self) -> String {
        self.id.to_string()
    }

    async fn run(&self, app: &App) -> Result<(), JobError> {
        let (account, id) = (self.account_id, self.id);
        let woken = app.store.write(move |tx| {
            let Some(conversation) = store::lock(tx, account, id)? else { return Ok(()) };
            let due = conversation.snoozed_until.is_some_and(|until| until <= tx.now());
            if conversation.status == Status::Snoozed && due {
                let change = Change { status: Some((Status::Open, None)), ..Change::default() };
                change::apply(tx, &conversation, change, &Actor::System)?;
            }
            Ok(())
        });
        crate::jobs::unless_gone(woken.await)
    }
}

/// Messages that become read at a time.
const READ_AT_ONCE: i64 = 100;

/// Makes the messages read that their contact has seen, bit by bit. Safe to run twice: what is read stays so.
#[derive(Debug, Serialize, Deserialize)]
pub struct MarkRead {
    /// The account.
    pub account_id: AccountId,
    /// The conversation.
    pub id: ConversationId,
}

impl Job for MarkRead {
    type Context = App;

    const NAME: &'static str = "mark_messages_read";

    fn key(&self) -> String {
        self.id.to_string()
    }

    async fn run(&self, app: &App) -> Result<(), JobError> {
        let (account, id) = (self.account_id, self.id);
        loop {
            let marked = app.store.write(move |tx| message::service::mark_read(tx, account, id, READ_AT_ONCE)).await;
            match marked {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(error) => return crate::jobs::unless_gone(Err(error)),
            }
        }
    }
}
