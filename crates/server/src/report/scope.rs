//! What a report is about: the account, or one agent, inbox, label or team of it.

use ::store::{Conn, sql};
use edge::{Error, Result};
use types::{AccountId, InboxId, LabelId, TeamId, UserId};

use super::tally::Subject;
use crate::query::Conditions;
use crate::{agent, inbox, label, team, text};

/// What a report is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    Account,
    /// Conversations of an agent, messages it sent, answers it owed.
    Agent(UserId),
    /// An inbox.
    Inbox(InboxId),
    /// Conversations that have the label now, by its folded name.
    Label(String),
    /// Conversations that the team has now.
    Team(TeamId),
}

impl Scope {
    /// Finds what `kind` and `id` name; an id that is none, or nothing of the account, is 404 (recorded).
    pub fn find(conn: &mut Conn<'_>, account: AccountId, kind: &str, id: &str) -> Result<Self> {
        let id: Option<i64> = id.trim().parse().ok();
        let missing = |what| id.ok_or(Error::NotFound(what));
        match kind {
            "account" => Ok(Self::Account),
            "agent" => {
                let user = UserId::new(missing("agent")?);
                let found = agent::store::list_by_ids(conn, account, vec![user])?;
                if found.is_empty() { Err(Error::NotFound("agent")) } else { Ok(Self::Agent(user)) }
            }
            "inbox" => {
                let id = InboxId::new(missing("inbox")?);
                inbox::store::find(conn, account, id)?.map(|_| Self::Inbox(id)).ok_or(Error::NotFound("inbox"))
            }
            "label" => {
                let id = LabelId::new(missing("label")?);
                let label = label::store::find(conn, account, id)?.ok_or(Error::NotFound("label"))?;
                Ok(Self::Label(text::fold(&label.title)))
            }
            "team" => {
                let id = TeamId::new(missing("team")?);
                team::store::find(conn, account, id)?.map(|_| Self::Team(id)).ok_or(Error::NotFound("team"))
            }
            _ => Err(Error::Refused("type must be account, agent, inbox, label or team".into())),
        }
    }

    /// Whose kept figures it has, if it has any: labels and teams are those of today.
    pub fn subject(&self) -> Option<Subject> {
        match self {
            Self::Account => Some(Subject("account", 0)),
            Self::Agent(user) => Some(Subject("agent", user.get())),
            Self::Inbox(inbox) => Some(Subject("inbox", inbox.get())),
            Self::Label(_) | Self::Team(_) => None,
        }
    }

    /// A sign that keeps the planners from what begins with the account: all of a year is far more than what the
    /// conversations of a label or a team have.
    fn by_conversation(&self) -> &'static str {
        if matches!(self, Self::Label(_) | Self::Team(_)) { "+" } else { "" }
    }

    /// The conversations of it, as `c`.
    pub fn conversations(&self, account: AccountId, which: Which) -> Conditions {
        let mut rows = Conditions::on("conversations", "c");
        rows.and("c.account_id = $1", &[&account]);
        which.limit(&mut rows, "c.inbox_id", "c.id", account);
        match self {
            Self::Account => {}
            Self::Agent(user) => rows.and("c.assignee_id = $1", &[user]),
            Self::Inbox(inbox) => rows.and("c.inbox_id = $1", &[inbox]),
            Self::Team(team) => rows.and("c.team_id = $1", &[team]),
            Self::Label(name) => rows.and(&labelled("c.id"), &[&account, name]),
        }
        rows
    }

    /// The messages of it, as `m`: of an agent those that it sent.
    pub fn messages(&self, account: AccountId, which: Which) -> Conditions {
        let mut rows = Conditions::on("messages", "m");
        rows.and(&format!("{}m.account_id = $1", self.by_conversation()), &[&account]);
        which.limit(&mut rows, "m.inbox_id", "m.conversation_id", account);
        match self {
            Self::Account => {}
            Self::Agent(user) => rows.and("m.user_id = $1", &[user]),
            Self::Inbox(inbox) => rows.and("m.inbox_id = $1", &[inbox]),
            Self::Team(team) => rows.and(&of_team("m.conversation_id"), &[&account, team]),
            Self::Label(name) => rows.and(&labelled("m.conversation_id"), &[&account, name]),
        }
        rows
    }

    /// What was recorded of it, as `e`: of an agent what was its to answer then.
    pub fn events(&self, account: AccountId, which: Which) -> Conditions {
        let mut rows = Conditions::on("reporting_events", "e");
        rows.and(&format!("{}e.account_id = $1", self.by_conversation()), &[&account]);
        which.limit(&mut rows, "e.inbox_id", "e.conversation_id", account);
        match self {
            Self::Account => {}
            Self::Agent(user) => rows.and("e.user_id = $1", &[user]),
            Self::Inbox(inbox) => rows.and("e.inbox_id = $1", &[inbox]),
            Self::Team(team) => rows.and(&of_team("e.conversation_id"), &[&account, team]),
            Self::Label(name) => rows.and(&labelled("e.conversation_id"), &[&account, name]),
        }
        rows
    }
}

fn labelled(column: &str) -> String {
    format!(
        "{column} IN (SELECT l.conversation_id FROM conversation_tags l JOIN tags t ON t.id = l.tag_id
         WHERE l.account_id = $1 AND t.folded_name = $2)"
    )
}

fn of_team(column: &str) -> String {
    format!("{column} IN (SELECT c.id FROM conversations c WHERE c.account_id = $1 AND c.team_id = $2)")
}

/// Which rows are counted: what is on its way out with its inbox or its contact counts no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// What counts.
    Shown,
    /// What goes with its inbox.
    OfDeletedInboxes,
    /// What goes with its contact, in an inbox that stays.
    OfDeletedContacts,
}

impl Which {
    fn limit(self, rows: &mut Conditions, inbox: &str, conversation: &str, account: AccountId) {
        let in_inbox = |not: &str| {
            format!(
                "{inbox} {not} IN (SELECT gone.id FROM inboxes gone
                 WHERE gone.account_id = $1 AND gone.deleting_at IS NOT NULL)"
            )
        };
        let of_contact = |not: &str| {
            format!(
                "{conversation} {not} IN (SELECT of_gone.id FROM contacts gone
                 JOIN conversations of_gone ON of_gone.account_id = gone.account_id AND of_gone.contact_id = gone.id
                 WHERE gone.account_id = $1 AND gone.deleting_at IS NOT NULL)"
            )
        };
        match self {
            Self::Shown => {
                rows.and(&in_inbox("NOT"), &[&account]);
                rows.and(&of_contact("NOT"), &[&account]);
            }
            Self::OfDeletedInboxes => rows.and(&in_inbox(""), &[&account]),
            Self::OfDeletedContacts => {
                rows.and(&in_inbox("NOT"), &[&account]);
                rows.and(&of_contact(""), &[&account]);
            }
        }
    }
}

/// Whether anything of the account is on its way out with its inbox or its contact.
pub fn is_anything_hidden(conn: &mut Conn<'_>, account: AccountId) -> Result<bool> {
    let found: Vec<(i64,)> = conn.query(
        sql!(
            "SELECT CAST(1 AS BIGINT) WHERE EXISTS (
                 SELECT 1 FROM inboxes WHERE account_id = $1 AND deleting_at IS NOT NULL)
               OR EXISTS (SELECT 1 FROM contacts WHERE account_id = $1 AND deleting_at IS NOT NULL)"
        ),
        (account,),
    )?;
    Ok(!found.is_empty())
}
