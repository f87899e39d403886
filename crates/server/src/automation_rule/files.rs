//! The files that rules send: uploaded first, then named by an action (rest.md §5.7). A rule and its copies share them; the
//! last one to go takes them along.

use edge::{Error, Problem, Result};
use store::{Conn, Tx, sql};
use types::{AccountId, AutomationRuleId, FileId};

use super::action::{self, FileName};
use super::{Item, MOST};
use crate::BaseUrl;
use crate::file;

::store::row! {
    /// A file of a rule.
    #[derive(Debug, Clone)]
    pub struct RuleFile {
        /// The id of their connection.
        pub id: i64,
        /// The rule.
        pub automation_rule_id: AutomationRuleId,
        /// The file.
        pub file_id: FileId,
        /// Names the blob.
        pub key: String,
        /// The name that the client gave it, cleaned.
        pub filename: String,
        /// What it is.
        pub content_type: String,
    }
}

/// The columns of [`RuleFile`].
macro_rules! select {
    () => {
        "SELECT r.id, r.automation_rule_id, r.file_id, f.key, f.filename, f.content_type
         FROM automation_rule_files r JOIN files f ON f.id = r.file_id "
    };
}

/// The files of all rules of the account.
pub fn list(conn: &mut Conn<'_>, account: AccountId) -> Result<Vec<RuleFile>> {
    Ok(conn.query(sql!(select!(), "WHERE r.account_id = $1 ORDER BY r.id"), (account,))?)
}

/// The files of one rule.
pub fn list_of(conn: &mut Conn<'_>, account: AccountId, rule: AutomationRuleId) -> Result<Vec<RuleFile>> {
    Ok(conn.query(
        sql!(select!(), "WHERE r.account_id = $1 AND r.automation_rule_id = $2 ORDER BY r.id"),
        (account, rule),
    )?)
}

/// The files that the actions name, locked until the end of the transaction; in the actions their ids stand from now on.
///
/// Fails unless each is a file of the account that nothing but rules has.
pub fn resolve(tx: &mut Tx<'_>, account: AccountId, actions: &mut [Item], base_url: &BaseUrl) -> Result<Vec<FileId>> {
    let mut wanted = Vec::new();
    for parameter in actions.iter_mut().flat_map(action::files_of) {
        let id = match action::read_file(parameter, base_url) {
            FileName::Id(id) => Some(id),
            FileName::Key(key) => file::store::find_id(tx, account, &key)?,
            FileName::Unknown => None,
        };
        let id = id.ok_or_else(unknown)?;
        *parameter = id.get().into();
        wanted.push(id);
        if wanted.len() > MOST {
            return Err(refuse(&format!("have too many files (maximum is {MOST})")));
        }
    }
    wanted.sort_unstable();
    wanted.dedup();
    let free = file::store::lock_for_rules(tx, account, &wanted)?;
    if free.len() == wanted.len() { Ok(wanted) } else { Err(unknown()) }
}

/// Gives the rule these files, which are locked, and no others; those that nobody has any more are deleted.
pub fn set(tx: &mut Tx<'_>, account: AccountId, rule: AutomationRuleId, files: &[FileId]) -> Result<()> {
    for file in files {
        tx.execute(
            sql!(
                "INSERT INTO automation_rule_files (account_id, automation_rule_id, file_id) VALUES ($1, $2, $3)
                 ON CONFLICT (account_id, automation_rule_id, file_id) DO NOTHING"
            ),
            (account, rule, *file),
        )?;
    }
    let gone: Vec<(FileId,)> = tx.query(
        sql!(
            "DELETE FROM automation_rule_files
             WHERE account_id = $1 AND automation_rule_id = $2 AND file_id <> ALL($3) RETURNING file_id"
        ),
        (account, rule, files),
    )?;
    let gone: Vec<FileId> = gone.into_iter().map(|(file,)| file).collect();
    file::store::delete_unused(tx, &gone)
}

fn unknown() -> Error {
    refuse("name a file that is not there, or that something else has")
}

fn refuse(problem: &str) -> Error {
    Error::InvalidByField(vec![Problem::new("actions", problem)])
}
