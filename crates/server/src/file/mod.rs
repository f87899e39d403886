//! Files: what people send along with messages, and pictures of people, bots and inboxes.
//!
//! The bytes stand in the blob store before the transaction that refers to them commits; a job deletes them after the
//! one that lets go of them. What was written for a request that failed is swept.

pub mod base_url;
pub mod deposit;
pub mod direct;
pub mod download;
pub mod fetch;
pub mod jobs;
pub mod kind;
mod name;
pub mod picture;
mod range;
pub mod routes;
pub mod storage;
pub mod store;
#[cfg(test)]
mod tests;
pub mod upload;
pub mod variant;

use types::{BadValue, FromValue, ValueRef};

::store::row! {
    /// A file whose bytes are stored.
    #[derive(Debug, Clone)]
    pub struct StoredFile {
        /// Names the blob.
        pub key: String,
        /// The name that the client gave it, cleaned.
        pub filename: String,
        /// What it is, as found by looking into it.
        pub content_type: String,
        /// Bytes.
        pub size_bytes: i64,
        /// SHA-256 in hex.
        pub checksum: String,
        /// Of pictures, in pixels.
        pub width: Option<i64>,
        /// Of pictures, in pixels.
        pub height: Option<i64>,
    }
}

/// A picture of somebody, as rows carry it beside their own columns; see [`avatar`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Names the blob.
    pub key: String,
    /// The name that the client gave it.
    pub filename: String,
}

/// The column `avatar` of a row with `avatar_file_id`, of the table alias `$of`: a [`Picture`] or null.
macro_rules! avatar {
    ($of:literal) => {
        concat!("(SELECT f.key || '/' || f.filename FROM files f WHERE f.id = ", $of, ".avatar_file_id) AS avatar")
    };
}
pub(crate) use avatar;

impl FromValue for Picture {
    fn from_value(value: ValueRef<'_>) -> Result<Self, BadValue> {
        let text = String::from_value(value)?;
        let (key, filename) = text.split_once('/').ok_or_else(|| BadValue::new("Picture", &text))?;
        Ok(Self { key: key.to_owned(), filename: filename.to_owned() })
    }
}
