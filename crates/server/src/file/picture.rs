//! Pictures of people, bots and inboxes (rest.md §6.13).

use edge::Result;
use store::{Sql, Tx, sql};
use types::{AccountId, AgentBotId, ContactId, FileId, InboxId, UserId};

use super::Picture;
use super::store as files;
use super::upload::NewFile;

/// Who has a picture.
#[derive(Debug, Clone, Copy)]
pub enum Owner {
    /// A user.
    User(UserId),
    /// A contact of the account.
    Contact(AccountId, ContactId),
    /// An inbox of the account.
    Inbox(AccountId, InboxId),
    /// A bot of the account, or of the whole installation.
    Bot(Option<AccountId>, AgentBotId),
}

/// Looks up and locks, then sets the picture of a row.
macro_rules! statements {
    ($table:literal where $account:literal) => {
        (
            sql!("SELECT avatar_file_id FROM ", $table, " WHERE ", $account, " AND id = $2 FOR NO KEY UPDATE"),
            sql!("UPDATE ", $table, " SET avatar_file_id = $3 WHERE ", $account, " AND id = $2"),
        )
    };
}

impl Owner {
    fn account(self) -> Option<AccountId> {
        match self {
            Self::User(_) => None,
            Self::Contact(account, _) | Self::Inbox(account, _) => Some(account),
            Self::Bot(account, _) => account,
        }
    }

    fn id(self) -> i64 {
        match self {
            Self::User(id) => id.get(),
            Self::Contact(_, id) => id.get(),
            Self::Inbox(_, id) => id.get(),
            Self::Bot(_, id) => id.get(),
        }
    }

    fn statements(self) -> (&'static Sql, &'static Sql) {
        match self {
            Self::User(_) => statements!("users" where "CAST($1 AS BIGINT) IS NULL"),
            Self::Contact(..) => statements!("contacts" where "account_id = $1"),
            Self::Inbox(..) => statements!("inboxes" where "account_id = $1"),
            Self::Bot(..) => statements!("agent_bots" where "(account_id = $1 OR account_id IS NULL)"),
        }
    }
}

/// Gives `owner`, which the caller has found already, another picture or takes the one that it has; the old file is
/// deleted.
pub fn set(tx: &mut Tx<'_>, owner: Owner, new: Option<&NewFile>) -> Result<Option<Picture>> {
    let (find, update) = owner.statements();
    let (account, id) = (owner.account(), owner.id());
    let row: Option<(Option<FileId>,)> = tx.query_opt(find, (account, id))?;
    let Some((old,)) = row else { return Ok(None) };
    let file = match new {
        Some(new) => Some(files::insert(tx, account, new)?),
        None => None,
    };
    if file.is_some() || old.is_some() {
        tx.execute(update, (account, id, file))?;
    }
    if let Some(old) = old {
        files::delete(tx, &[old])?;
    }
    Ok(new.map(|new| Picture { key: new.key.clone(), filename: new.filename.clone() }))
}
