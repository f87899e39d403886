//! Files of messages, as answers show them (rest.md §4.8).

use std::collections::HashMap;

use edge::field::Texts;
use edge::{Error, Result};
use serde::Serialize;
use store::{Conn, Tx, sql};
use types::{AccountId, AttachmentId, ChannelKind, FileId, FileType, MessageId};
use utoipa::ToSchema;

use super::Message;
use crate::file::upload::{NewFile, Upload};
use crate::file::variant::{self, Variant};
use crate::file::{self, kind};
use crate::{BaseUrl, inbox};

/// A file of a message.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = message_attachment)]
pub struct AttachmentJson {
    /// Attachment id.
    pub id: AttachmentId,
    /// The message.
    pub message_id: MessageId,
    /// How to show it.
    pub file_type: FileType,
    /// The account.
    pub account_id: AccountId,
    /// Of files that channels bring, without a point; null for uploads (recorded).
    pub extension: Option<String>,
    /// Where the file is; permanent, needs no token.
    pub data_url: String,
    /// Where a picture of at most 250 by 250 pixels is, or empty.
    pub thumb_url: String,
    /// Bytes.
    pub file_size: i64,
    /// What the file is, as found by looking into it.
    pub content_type: String,
    /// Of pictures, in pixels.
    pub width: Option<i64>,
    /// Of pictures, in pixels.
    pub height: Option<i64>,
}

/// The attachments of some messages.
#[derive(Debug, Default)]
pub struct Attachments(HashMap<MessageId, Vec<AttachmentJson>>);

store::row! {
    struct AttachmentRow {
        id: AttachmentId,
        message_id: MessageId,
        file_type: FileType,
        account_id: AccountId,
        extension: Option<String>,
        key: String,
        filename: String,
        size_bytes: i64,
        content_type: String,
        width: Option<i64>,
        height: Option<i64>,
    }
}

impl Attachments {
    /// Looks up the attachments of `messages`: one statement.
    pub fn load(conn: &mut Conn<'_>, account: AccountId, messages: &[Message], base_url: &BaseUrl) -> Result<Self> {
        if messages.is_empty() {
            return Ok(Self::default());
        }
        let ids: Vec<MessageId> = messages.iter().map(|message| message.id).collect();
        let rows: Vec<AttachmentRow> = conn.query(
            sql!(
                "SELECT a.id, a.message_id, a.file_type, a.account_id, a.extension, f.key, f.filename, f.size_bytes,
                        f.content_type, f.width, f.height
                 FROM attachments a JOIN files f ON f.id = a.file_id
                 WHERE a.account_id = $1 AND a.message_id = ANY($2) ORDER BY a.id"
            ),
            (account, ids),
        )?;
        let mut of: HashMap<MessageId, Vec<AttachmentJson>> = HashMap::new();
        for row in rows {
            of.entry(row.message_id).or_default().push(row.into_json(base_url));
        }
        Ok(Self(of))
    }

    /// The attachments of `message`; `None` when it has none.
    pub fn of(&self, message: &Message) -> Option<Vec<AttachmentJson>> {
        self.0.get(&message.id).cloned()
    }
}

impl AttachmentRow {
    fn into_json(self, base_url: &BaseUrl) -> AttachmentJson {
        let has_preview = variant::can_be_made(&self.content_type, self.width, self.height);
        AttachmentJson {
            id: self.id,
            message_id: self.message_id,
            file_type: self.file_type,
            account_id: self.account_id,
            extension: self.extension,
            data_url: base_url.of_file(&self.key, &self.filename),
            thumb_url: if has_preview {
                base_url.of_variant(&self.key, Variant::Preview, &self.filename)
            } else {
                String::new()
            },
            file_size: self.size_bytes,
            content_type: self.content_type,
            width: self.width,
            height: self.height,
        }
    }
}

/// Most files of a message (semantics §10.4).
const MOST: usize = 15;

/// Reads the files that a client sends along with a message: uploads of its request under `attachments[]` (others are
/// ignored), and signed ids of files that it stored before.
pub async fn read(files: Vec<(String, edge::File)>, signed_ids: Option<Texts>) -> Result<(Vec<Upload>, Vec<String>)> {
    let signed_ids = signed_ids.map(|ids| ids.0).unwrap_or_default();
    let files = files.into_iter().filter(|(field, _)| field.trim_end_matches("[]") == "attachments");
    let files: Vec<edge::File> = files.map(|(_, file)| file).collect();
    if signed_ids.len() + files.len() > MOST {
        return Err(Error::Refused(format!("A message may have {MOST} attachments at most")));
    }
    let mut uploads = Vec::with_capacity(files.len());
    for file in files {
        uploads.push(Upload::of(file).await?);
    }
    Ok((uploads, signed_ids))
}

/// Files that a message is to have; their bytes are stored.
#[derive(Debug, Clone, Default)]
pub struct NewAttachments {
    /// Of files that were stored before.
    pub signed_ids: Vec<String>,
    /// Of this request.
    pub stored: Vec<NewFile>,
}

impl NewAttachments {
    /// Gives the files to a message that was just written.
    pub fn attach(&self, tx: &mut Tx<'_>, message: &Message, base_url: &BaseUrl) -> Result<()> {
        if self.signed_ids.is_empty() && self.stored.is_empty() {
            return Ok(());
        }
        let kind = inbox::store::find_channel_kind(tx, message.account_id, message.inbox_id)?;
        for signed_id in &self.signed_ids {
            let key = base_url.read_signed_id(signed_id);
            let unused = match key {
                Some(key) => file::store::lock_unused(tx, message.account_id, &key)?,
                None => None,
            };
            let (id, content_type) = unused.ok_or_else(|| Error::Refused(NOT_KNOWN.into()))?;
            insert(tx, message, id, kind, &content_type)?;
        }
        for new in &self.stored {
            let id = file::store::insert(tx, Some(message.account_id), new)?;
            insert(tx, message, id, kind, &new.content_type)?;
        }
        Ok(())
    }
}

const NOT_KNOWN: &str = "Attachments must be files, or signed ids of files that no message has yet";

fn insert(tx: &mut Tx<'_>, message: &Message, file: FileId, inbox: ChannelKind, content_type: &str) -> Result<()> {
    if inbox == ChannelKind::WebWidget && !kind::is_taken_by_websites(content_type) {
        return Err(Error::Refused(format!("Attachments of type {content_type} are not supported in this inbox")));
    }
    let now = tx.now();
    tx.execute(
        sql!(
            "INSERT INTO attachments (account_id, message_id, file_id, file_type, created_at)
             VALUES ($1, $2, $3, $4, $5)"
        ),
        (message.account_id, message.id, file, kind::file_type(content_type), now),
    )?;
    Ok(())
}

/// Deletes the attachments of a message for good (rest.md §5.15); jobs delete their bytes.
pub fn delete_all(tx: &mut Tx<'_>, account: AccountId, message: MessageId) -> Result<()> {
    let files: Vec<(FileId,)> = tx
        .query(sql!("SELECT file_id FROM attachments WHERE account_id = $1 AND message_id = $2"), (account, message))?;
    let files: Vec<FileId> = files.into_iter().map(|(id,)| id).collect();
    file::store::delete(tx, &files)
}
