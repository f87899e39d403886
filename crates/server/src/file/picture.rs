//! Pictures of people, bots and inboxes (rest.md §6.13).

use edge::Result;
use store::{Sql, Tx, sql};
use types::{AccountId, AgentBotId, ContactId, FileId, InboxId, UserId};

use super::Picture;
use super::fetch::{self, Fetched};
use super::store as files;
use super::upload::NewFile;
use crate::agent_bot::AgentBot;

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

/// What a request says of somebody's picture.
#[derive(Debug, Clone, Default)]
pub struct NewPicture {
    /// The one that was sent.
    pub file: Option<NewFile>,
    /// Else the address that it is fetched from.
    pub address: Option<String>,
}

impl NewPicture {
    /// Sets the picture that was sent, or has one fetched; gives the one that `owner`, which had `before`, has then.
    pub fn apply(&self, tx: &mut Tx<'_>, owner: Owner, before: Option<Picture>) -> Result<Option<Picture>> {
        if let Some(file) = &self.file {
            return set(tx, owner, Some(file));
        }
        if let (Some(address), Some(of)) = (&self.address, owner.to_fetched()) {
            fetch::want(tx, of, address)?;
        }
        Ok(before)
    }
}

/// Looks up and locks, then sets the picture of a row, with what else changes then.
macro_rules! statements {
    ($table:literal where $account:literal set $more:literal) => {
        (
            sql!("SELECT avatar_file_id FROM ", $table, " WHERE ", $account, " AND id = $2 FOR NO KEY UPDATE"),
            sql!("UPDATE ", $table, " SET avatar_file_id = $3", $more, " WHERE ", $account, " AND id = $2"),
        )
    };
}

impl Owner {
    /// The bot, as a picture's owner.
    pub fn of_bot(bot: &AgentBot) -> Self {
        Self::Bot(bot.account_id, bot.id)
    }

    /// Those whose picture may be fetched from an address.
    fn to_fetched(self) -> Option<Fetched> {
        match self {
            Self::Contact(account_id, id) => Some(Fetched::Contact { account_id, id }),
            Self::Bot(_, id) => Some(Fetched::Bot { id }),
            Self::User(_) | Self::Inbox(..) => None,
        }
    }

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
            Self::User(_) => statements!("users" where "CAST($1 AS BIGINT) IS NULL" set ""),
            Self::Contact(..) => {
                statements!("contacts" where "account_id = $1" set ", avatar_url = NULL, avatar_is_wanted = FALSE")
            }
            Self::Inbox(..) => statements!("inboxes" where "account_id = $1" set ""),
            Self::Bot(..) => {
                statements!("agent_bots" where "(account_id = $1 OR account_id IS NULL)" set ", avatar_url = NULL, avatar_is_wanted = FALSE")
            }
        }
    }
}

/// Gives `owner`, which the caller has found already, another picture or takes the one that it has; the old file is
/// deleted, and no picture from an address that was given before comes any more.
pub fn set(tx: &mut Tx<'_>, owner: Owner, new: Option<&NewFile>) -> Result<Option<Picture>> {
    let (find, update) = owner.statements();
    let (account, id) = (owner.account(), owner.id());
    let row: Option<(Option<FileId>,)> = tx.query_opt(find, (account, id))?;
    let Some((old,)) = row else { return Ok(None) };
    let file = match new {
        Some(new) => Some(files::insert(tx, account, new)?),
        None => None,
    };
    tx.execute(update, (account, id, file))?;
    if let Some(old) = old {
        files::delete(tx, &[old])?;
    }
    Ok(new.map(|new| Picture { key: new.key.clone(), filename: new.filename.clone() }))
}

/// The picture of a bot belongs to whom the bot belongs to.
pub fn give_with_bot(tx: &mut Tx<'_>, bot: AgentBotId, owner: Option<AccountId>) -> Result<()> {
    tx.execute(
        sql!("UPDATE files SET account_id = $2 WHERE id = (SELECT b.avatar_file_id FROM agent_bots b WHERE b.id = $1)"),
        (bot, owner),
    )?;
    Ok(())
}
