//! Files: what people send along with messages, and pictures of people, bots and inboxes.
//!
//! The bytes stand in the blob store before the transaction that refers to them commits; a job deletes them after the
//! one that lets go of them. What was written for a request that failed is swept.

pub mod base_url;
pub mod variant;

use types::{BadValue, FromValue, ValueRef};

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
