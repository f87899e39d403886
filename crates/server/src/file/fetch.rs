//! Pictures that are fetched from an address that somebody gave (rest.md §6.13, semantics §8.8).

use std::time::Duration;

use edge::field::Text;
use edge::{Error, Result};
use jobs::{Job, JobError};
use outbound::{Excess, Limits};
use serde::{Deserialize, Serialize};
use store::{Conn, Sql, Tx, sql};
use types::{AccountId, AgentBotId, ContactId, FileId, Timestamp};

use super::download::download;
use super::store as files;
use super::upload::{self, LARGEST_AVATAR, NewFile, Upload};
use crate::App;
use crate::jobs::{to_job_error, unless_gone};
use crate::text::is_web_address;

/// Longest address, in characters.
const LONGEST_ADDRESS: usize = 2_048;
/// A picture is fetched this often at most.
const PAUSE: Duration = Duration::from_mins(1);
/// What one call for a picture may take.
const LIMITS: Limits = Limits { time: Duration::from_mins(1), bytes: LARGEST_AVATAR, excess: Excess::Refuse };

/// Whose picture may be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fetched {
    /// A contact's.
    Contact {
        /// The account.
        account_id: AccountId,
        /// The contact.
        id: ContactId,
    },
    /// A bot's, whoever owns it.
    Bot {
        /// The bot.
        id: AgentBotId,
    },
}

/// Fetches the picture of a row from the address that the row has. Safe to run twice, early or late: a newer address,
/// an upload or a deletion meanwhile wins. When the address gives no picture, the one before stays.
#[derive(Debug, Serialize, Deserialize)]
pub struct FetchAvatar {
    /// Whose.
    pub of: Fetched,
}

impl Job for FetchAvatar {
    type Context = App;

    const NAME: &'static str = "fetch_avatar";

    /// Three quarters of an hour.
    const MAX_ATTEMPTS: i64 = 10;

    fn key(&self) -> String {
        match self.of {
            Fetched::Contact { id, .. } => format!("contact {id}"),
            Fetched::Bot { id } => format!("agent bot {id}"),
        }
    }

    async fn run(&self, app: &App) -> Result<(), JobError> {
        let of = self.of;
        let wanted = app.store.read(move |conn| find_wanted(conn, of)).await.map_err(to_job_error)?;
        let Some(url) = wanted else { return Ok(()) };
        let file = download(app, &url, LIMITS).await.map_err(|failure| {
            let text = failure.to_string();
            if failure.is_transient() { JobError::Retry(text) } else { JobError::Fatal(text) }
        })?;
        let picture = Upload::picture(file).await.map_err(to_job_error)?;
        let write = async |new: Option<NewFile>| {
            let new = new.ok_or(Error::NotFound("picture"))?;
            app.store.write(move |tx| take(tx, of, &url, &new)).await
        };
        unless_gone(upload::stored_avatar(app, Some(picture), write).await)
    }
}

/// The address of a picture as a client gives it; nothing when it is empty. Whether it may be called is seen when it
/// is.
pub fn address(given: Option<&Text>) -> Result<Option<String>> {
    let url = given.map(|text| text.as_str().trim()).unwrap_or_default();
    if url.is_empty() {
        return Ok(None);
    }
    if url.chars().nth(LONGEST_ADDRESS).is_some() {
        return Err(Error::invalid("avatar_url", "is too long (maximum is 2048 characters)"));
    }
    if !is_web_address(url) {
        return Err(Error::invalid("avatar_url", "must begin with http:// or https:// and name a server"));
    }
    Ok(Some(url.to_owned()))
}

/// Has the picture at `url` fetched for a row that the caller has found: soon, but once a minute at most, and not again
/// while it is the one that the row has.
pub fn want(tx: &mut Tx<'_>, of: Fetched, url: &str) -> Result<()> {
    let (account, id) = of.key();
    let found: Option<(Option<String>, bool, Option<Timestamp>)> = tx.query_opt(statements(of).lock, (account, id))?;
    let Some((known, is_wanted, due)) = found else { return Ok(()) };
    if known.as_deref() == Some(url) && !is_wanted {
        return Ok(());
    }
    let now = tx.now();
    let due = match due {
        Some(due) if due > now => due,
        Some(due) => now.max(due.plus(PAUSE)),
        None => now,
    };
    tx.execute(statements(of).want, (account, id, url, due))?;
    ::jobs::push_at(tx, &FetchAvatar { of }, due)?;
    Ok(())
}

/// The address that is still to be fetched from, unless the row or its account is on its way out.
fn find_wanted(conn: &mut Conn<'_>, of: Fetched) -> Result<Option<String>> {
    let found: Option<(String,)> = conn.query_opt(statements(of).find, of.key())?;
    Ok(found.map(|(url,)| url))
}

/// Gives the row its picture, if it still wants the one from `url`; the old file is deleted.
fn take(tx: &mut Tx<'_>, of: Fetched, url: &str, new: &NewFile) -> Result<()> {
    let (account, id) = of.key();
    let found: Option<(Option<AccountId>, Option<FileId>)> =
        tx.query_opt(statements(of).lock_wanted, (account, id, url))?;
    let (owner, old) = found.ok_or(Error::NotFound("picture"))?;
    let file = files::insert(tx, owner, new)?;
    tx.execute(statements(of).take, (account, id, file))?;
    files::delete(tx, old.as_slice())
}

/// The SQL of one table.
struct Statements {
    lock: &'static Sql,
    want: &'static Sql,
    find: &'static Sql,
    lock_wanted: &'static Sql,
    take: &'static Sql,
}

/// Neither the row nor its account is being deleted.
macro_rules! is_shown {
    () => {
        "deleting_at IS NULL AND (account_id IS NULL OR account_id NOT IN (
             SELECT gone.id FROM accounts gone WHERE gone.deleting_at IS NOT NULL))"
    };
}

macro_rules! statements {
    ($table:literal where $account:literal) => {
        Statements {
            lock: sql!(
                "SELECT avatar_url, avatar_is_wanted, avatar_due_at FROM ",
                $table,
                " WHERE ",
                $account,
                " AND id = $2 AND deleting_at IS NULL FOR NO KEY UPDATE"
            ),
            want: sql!(
                "UPDATE ",
                $table,
                " SET avatar_url = $3, avatar_is_wanted = TRUE, avatar_due_at = $4 WHERE ",
                $account,
                " AND id = $2"
            ),
            find: sql!(
                "SELECT avatar_url FROM ",
                $table,
                " WHERE ",
                $account,
                " AND id = $2 AND avatar_is_wanted AND avatar_url IS NOT NULL AND ",
                is_shown!()
            ),
            lock_wanted: sql!(
                "SELECT account_id, avatar_file_id FROM ",
                $table,
                " WHERE ",
                $account,
                " AND id = $2 AND avatar_is_wanted AND avatar_url = $3 AND ",
                is_shown!(),
                " FOR NO KEY UPDATE"
            ),
            take: sql!(
                "UPDATE ",
                $table,
                " SET avatar_file_id = $3, avatar_is_wanted = FALSE WHERE ",
                $account,
                " AND id = $2"
            ),
        }
    };
}

impl Fetched {
    /// Account and id, as the statements take them.
    fn key(self) -> (Option<AccountId>, i64) {
        match self {
            Self::Contact { account_id, id } => (Some(account_id), id.get()),
            Self::Bot { id } => (None, id.get()),
        }
    }
}

fn statements(of: Fetched) -> Statements {
    match of {
        Fetched::Contact { .. } => statements!("contacts" where "account_id = $1"),
        Fetched::Bot { .. } => statements!("agent_bots" where "CAST($1 AS BIGINT) IS NULL"),
    }
}
