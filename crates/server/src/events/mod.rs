//! The event log of an account: what happened, and who did it. Everything that hears of a change hears of it here.

mod event;
pub mod log;
#[cfg(test)]
mod tests;

use types::{AccountId, AgentBotId, ContactId, Json, UserId};

use store::{Deferred, NewEvent, Tx};

pub use event::{Changes, Event, Moved};

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A member of the team.
    User {
        /// The user.
        id: UserId,
        /// Name shown to others.
        name: String,
    },
    /// A bot.
    Bot {
        /// The bot.
        id: AgentBotId,
    },
    /// A contact.
    Contact {
        /// The contact.
        id: ContactId,
    },
    /// A platform app or the operator.
    Operator,
    /// The server by itself: a time that came.
    System,
}

impl Actor {
    /// As it stands in the log.
    pub fn label(&self) -> String {
        match self {
            Self::User { id, .. } => format!("user:{id}"),
            Self::Bot { id } => format!("agent_bot:{id}"),
            Self::Contact { id } => format!("contact:{id}"),
            Self::Operator => "operator".into(),
            Self::System => "system".into(),
        }
    }

    /// The name of the user who acts; only what users do leaves an activity message (semantics §2.8).
    pub fn user_name(&self) -> Option<&str> {
        match self {
            Self::User { name, .. } => Some(name),
            _ => None,
        }
    }
}

impl From<&crate::access::Member> for Actor {
    fn from(member: &crate::access::Member) -> Self {
        Self::User { id: member.user_id, name: member.name.clone() }
    }
}

impl From<&crate::access::MemberOrBot> for Actor {
    fn from(caller: &crate::access::MemberOrBot) -> Self {
        match caller {
            crate::access::MemberOrBot::Member(member) => member.into(),
            crate::access::MemberOrBot::Bot(bot) => Self::Bot { id: bot.id },
        }
    }
}

/// Records that `actor` caused `event`; it is committed with the change itself.
pub fn record(tx: &mut Tx<'_>, account: AccountId, actor: &Actor, event: &Event) {
    let row = event.row();
    let new = NewEvent {
        account_id: account,
        name: event.name(),
        actor: actor.label(),
        cause_id: None,
        subject: Json::of(&row.subject),
        changes: Json::of(&row.changes),
        stamps: event.stamps(),
    };
    match event {
        // Clients and webhooks hear of it after all that it is made of (decisions §4).
        Event::ConversationUpdated(..) => tx.deferred::<Afterwards>().0.push(new),
        _ => tx.record(new),
    }
}

/// Events that are told after all others of their transaction.
#[derive(Default)]
struct Afterwards(Vec<NewEvent>);

impl Deferred for Afterwards {
    fn write(self, tx: &mut Tx<'_>) -> store::Result<()> {
        self.0.into_iter().for_each(|event| tx.record(event));
        Ok(())
    }
}
