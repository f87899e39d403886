//! The SQL of files.

use edge::Result;
use store::{Conn, Tx, params, sql};
use types::{AccountId, FileId, Timestamp};

use super::StoredFile;
use super::direct::Announcement;
use super::jobs::DeleteBlob;
use super::upload::NewFile;

/// Whether something but an automation rule refers to the file of the table alias `f`.
macro_rules! is_used_beside_rules {
    () => {
        "(EXISTS (SELECT 1 FROM attachments a WHERE a.file_id = f.id)
          OR EXISTS (SELECT 1 FROM users u WHERE u.avatar_file_id = f.id)
          OR EXISTS (SELECT 1 FROM contacts k WHERE k.avatar_file_id = f.id)
          OR EXISTS (SELECT 1 FROM inboxes i WHERE i.avatar_file_id = f.id)
          OR EXISTS (SELECT 1 FROM agent_bots b WHERE b.avatar_file_id = f.id))"
    };
}

/// Whether something refers to the file of the table alias `f`.
macro_rules! is_used {
    () => {
        concat!(
            "(",
            is_used_beside_rules!(),
            " OR EXISTS (SELECT 1 FROM automation_rule_files r WHERE r.file_id = f.id))"
        )
    };
}

store::row! {
    /// A file as the sweep looks at it.
    #[derive(Debug, Clone)]
    pub struct Swept {
        /// The file.
        pub id: FileId,
        /// Names the blob.
        pub key: String,
        /// When it was stored.
        pub created_at: Timestamp,
        /// Whether a message, a person, a bot, an inbox or an automation rule has it.
        pub is_used: bool,
    }
}

/// Stores a file whose bytes are stored already; users, and bots of the whole installation, have no account.
pub fn insert(tx: &mut Tx<'_>, account: Option<AccountId>, new: &NewFile) -> Result<FileId> {
    let now = tx.now();
    let (id,) = tx.query_one(
        sql!(
            "INSERT INTO files (account_id, key, filename, content_type, size_bytes, checksum, width, height, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id"
        ),
        params![
            account,
            new.key,
            new.filename,
            new.content_type,
            new.size_bytes,
            new.checksum,
            new.width,
            new.height,
            now,
        ],
    )?;
    Ok(id)
}

/// The file with this key. Addresses of files name no account: whoever has one was given it by us.
pub fn find_by_key(conn: &mut Conn<'_>, key: &str) -> Result<Option<StoredFile>> {
    Ok(conn.query_opt(
        sql!("SELECT key, filename, content_type, size_bytes, checksum, width, height FROM files WHERE key = $1"),
        (key,),
    )?)
}

/// The same, unless what has the file is being deleted: a message's contact or inbox, a person, a bot, an account.
pub fn find_shown_by_key(conn: &mut Conn<'_>, key: &str) -> Result<Option<StoredFile>> {
    Ok(conn.query_opt(
        sql!(
            "SELECT f.key, f.filename, f.content_type, f.size_bytes, f.checksum, f.width, f.height
             FROM files f WHERE f.key = $1 AND f.checksum <> ''
               AND (f.account_id IS NULL OR f.account_id NOT IN (
                   SELECT gone.id FROM accounts gone WHERE gone.deleting_at IS NOT NULL))
               AND NOT EXISTS (
                   SELECT 1 FROM attachments a JOIN messages m ON m.id = a.message_id
                   JOIN conversations c ON c.id = m.conversation_id JOIN contacts k ON k.id = c.contact_id
                   JOIN inboxes i ON i.id = c.inbox_id
                   WHERE a.file_id = f.id AND (k.deleting_at IS NOT NULL OR i.deleting_at IS NOT NULL))
               AND NOT EXISTS (
                   SELECT 1 FROM contacts k WHERE k.avatar_file_id = f.id AND k.deleting_at IS NOT NULL)
               AND NOT EXISTS (
                   SELECT 1 FROM inboxes i WHERE i.avatar_file_id = f.id AND i.deleting_at IS NOT NULL)
               AND NOT EXISTS (SELECT 1 FROM users u WHERE u.avatar_file_id = f.id AND u.deleting_at IS NOT NULL)
               AND NOT EXISTS (
                   SELECT 1 FROM agent_bots b WHERE b.avatar_file_id = f.id AND b.deleting_at IS NOT NULL)"
        ),
        (key,),
    )?)
}

/// Announces a file whose bytes come later.
pub fn announce(tx: &mut Tx<'_>, account: AccountId, new: &Announcement) -> Result<FileId> {
    let now = tx.now();
    let (id,) = tx.query_one(
        sql!(
            "INSERT INTO files (account_id, key, filename, content_type, size_bytes, checksum, announced_md5, created_at)
             VALUES ($1, $2, $3, $4, $5, '', $6, $7) RETURNING id"
        ),
        params![account, new.key, new.filename, new.content_type, new.size_bytes, new.md5, now],
    )?;
    Ok(id)
}

/// The announcement of the file with this key, come or not.
pub fn find_announced(conn: &mut Conn<'_>, key: &str) -> Result<Option<Announcement>> {
    Ok(conn.query_opt(
        sql!(
            "SELECT key, filename, content_type, size_bytes, announced_md5 AS md5 FROM files
             WHERE key = $1 AND announced_md5 IS NOT NULL"
        ),
        (key,),
    )?)
}

/// The bytes of an announced file are there; false when they were before, or when the file is gone.
pub fn arrive(tx: &mut Tx<'_>, new: &NewFile) -> Result<bool> {
    let changed = tx.execute(
        sql!(
            "UPDATE files SET content_type = $2, size_bytes = $3, checksum = $4, width = $5, height = $6
             WHERE key = $1 AND announced_md5 IS NOT NULL AND checksum = ''"
        ),
        params![new.key, new.content_type, new.size_bytes, new.checksum, new.width, new.height],
    )?;
    Ok(changed > 0)
}

/// Deletes files, whatever refers to them; jobs delete their bytes.
pub fn delete(tx: &mut Tx<'_>, ids: &[FileId]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let keys: Vec<(String,)> = tx.query(sql!("DELETE FROM files WHERE id = ANY($1) RETURNING key"), (ids,))?;
    for (key,) in keys {
        jobs::push(tx, &DeleteBlob { key })?;
    }
    Ok(())
}

/// Those of `ids` that nothing refers to are deleted.
pub fn delete_unused(tx: &mut Tx<'_>, ids: &[FileId]) -> Result<()> {
    // Whoever is about to refer to one has it locked; what they did is seen by the next statement.
    let _: Vec<(FileId,)> = tx.query(sql!("SELECT id FROM files WHERE id = ANY($1) ORDER BY id FOR UPDATE"), (ids,))?;
    let unused: Vec<(FileId,)> =
        tx.query(sql!("SELECT f.id FROM files f WHERE f.id = ANY($1) AND NOT ", is_used!()), (ids,))?;
    let unused: Vec<FileId> = unused.into_iter().map(|(id,)| id).collect();
    delete(tx, &unused)
}

/// The files whose keys lie in this range.
pub fn list_for_sweep(conn: &mut Conn<'_>, from: &str, below: &str) -> Result<Vec<Swept>> {
    Ok(conn.query(
        sql!(
            "SELECT f.id, f.key, f.created_at, ",
            is_used!(),
            " AS is_used FROM files f WHERE f.key >= $1 AND f.key < $2 ORDER BY f.key"
        ),
        (from, below),
    )?)
}

/// The file of the account with this key.
pub fn find_id(conn: &mut Conn<'_>, account: AccountId, key: &str) -> Result<Option<FileId>> {
    let found: Option<(FileId,)> =
        conn.query_opt(sql!("SELECT id FROM files WHERE account_id = $1 AND key = $2"), (account, key))?;
    Ok(found.map(|(id,)| id))
}

/// Those of `ids` that are files of the account and that nothing but automation rules refers to, locked.
pub fn lock_for_rules(tx: &mut Tx<'_>, account: AccountId, ids: &[FileId]) -> Result<Vec<FileId>> {
    let _: Vec<(FileId,)> = tx.query(
        sql!("SELECT id FROM files WHERE account_id = $1 AND id = ANY($2) ORDER BY id FOR UPDATE"),
        (account, ids),
    )?;
    let free: Vec<(FileId,)> = tx.query(
        sql!(
            "SELECT f.id FROM files f WHERE f.account_id = $1 AND f.id = ANY($2) AND f.checksum <> '' AND NOT ",
            is_used_beside_rules!(),
            " ORDER BY f.id"
        ),
        (account, ids),
    )?;
    Ok(free.into_iter().map(|(id,)| id).collect())
}

/// A file of the account that nothing refers to yet, locked; gives its id and what it is.
pub fn lock_unused(tx: &mut Tx<'_>, account: AccountId, key: &str) -> Result<Option<(FileId, String)>> {
    let locked: Option<(FileId, String)> = tx.query_opt(
        sql!(
            "SELECT id, content_type FROM files
             WHERE account_id = $1 AND key = $2 AND checksum <> '' FOR UPDATE"
        ),
        (account, key),
    )?;
    let Some((id, content_type)) = locked else { return Ok(None) };
    let (is_used,): (bool,) = tx.query_one(sql!("SELECT ", is_used!(), " FROM files f WHERE f.id = $1"), (id,))?;
    Ok((!is_used).then_some((id, content_type)))
}
