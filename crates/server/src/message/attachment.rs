//! Files of messages, as answers show them (rest.md §4.8).

use std::collections::HashMap;

use edge::Result;
use serde::Serialize;
use store::{Conn, sql};
use types::{AccountId, AttachmentId, FileType, MessageId};
use utoipa::ToSchema;

use super::Message;
use crate::BaseUrl;
use crate::file::variant::{self, Variant};

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
