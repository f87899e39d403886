//! Files on their way in: looked at, stored, then referred to by a transaction.

use std::io::BufReader;

use edge::{Error, Json, Result};

use super::variant;
use super::{StoredFile, kind, name};
use crate::App;
use crate::file::base_url::hex;
use crate::idempotency::Answer;

/// The largest picture of a person, bot or inbox, in bytes (rest.md §6.13).
pub const LARGEST_AVATAR: u64 = 15 * 1024 * 1024;

/// A file that was received and looked at.
#[derive(Debug, Clone)]
pub struct Upload {
    file: edge::File,
    filename: String,
    content_type: String,
    width: Option<i64>,
    height: Option<i64>,
}

/// A file whose bytes are stored, and that a row may refer to.
#[derive(Debug, Clone)]
pub struct NewFile {
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

impl Upload {
    /// Looks into a file that was received.
    pub async fn of(file: edge::File) -> Result<Self> {
        let filename = name::clean(&file.filename);
        let content_type = kind::of(file.head(), &filename, file.content_type.as_deref());
        let (mut width, mut height) = (None, None);
        if content_type.starts_with("image/") {
            let reader = file.reader();
            let found = tokio::task::spawn_blocking(move || imagesize::reader_size(BufReader::new(reader)).ok());
            let found = found.await.map_err(Error::internal)?;
            width = found.and_then(|size| i64::try_from(size.width).ok());
            height = found.and_then(|size| i64::try_from(size.height).ok());
        }
        Ok(Self { file, filename, content_type, width, height })
    }

    /// The picture among the files of a request, under `avatar` in a wrapper or without; the last one counts, other files are
    /// ignored.
    pub async fn avatar(files: Vec<(String, edge::File)>) -> Result<Option<Self>> {
        match files.into_iter().rfind(|(field, _)| field == "avatar" || field.ends_with("[avatar]")) {
            Some((_, file)) => Self::picture(file).await.map(Some),
            None => Ok(None),
        }
    }

    /// A file that is to be the picture of somebody (rest.md §6.13).
    pub async fn picture(file: edge::File) -> Result<Self> {
        if file.size() > LARGEST_AVATAR {
            return Err(Error::invalid("avatar", "is too big (maximum is 15 MB)"));
        }
        let upload = Self::of(file).await?;
        if !matches!(upload.content_type.as_str(), "image/jpeg" | "image/png" | "image/gif") {
            return Err(Error::invalid("avatar", "is neither JPEG nor PNG nor GIF"));
        }
        if !variant::can_be_made(&upload.content_type, upload.width, upload.height) {
            return Err(Error::invalid("avatar", "has too many pixels, or none"));
        }
        Ok(upload)
    }

    /// What was received.
    pub fn file(&self) -> &edge::File {
        &self.file
    }

    /// What it is.
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// What is stored of it under `key`.
    pub fn to_new(&self, key: String) -> NewFile {
        NewFile {
            key,
            filename: self.filename.clone(),
            content_type: self.content_type.clone(),
            size_bytes: i64::try_from(self.file.size()).unwrap_or(i64::MAX),
            checksum: hex(self.file.sha256()),
            width: self.width,
            height: self.height,
        }
    }
}

impl NewFile {
    /// As a row has it.
    pub fn to_stored(&self) -> StoredFile {
        StoredFile {
            key: self.key.clone(),
            filename: self.filename.clone(),
            content_type: self.content_type.clone(),
            size_bytes: self.size_bytes,
            checksum: self.checksum.clone(),
            width: self.width,
            height: self.height,
        }
    }
}

/// Stores `uploads`, then runs `write`, whose transaction refers to them. When it is refused, or when its answer was
/// kept from an earlier time, they are deleted again; when it is not known whether it was committed, the sweep decides.
pub async fn stored_once<T>(
    app: &App,
    uploads: Vec<Upload>,
    write: impl AsyncFnOnce(Vec<NewFile>) -> Result<Json<Answer<T>>>,
) -> Result<Json<Answer<T>>> {
    let files = store_all(app, uploads).await?;
    let result = write(files.clone()).await;
    if is_unused(&result, |answer| matches!(answer.0, Answer::Kept(_))) {
        app.files.discard(&files).await;
    }
    result
}

/// The same for a picture of somebody.
pub async fn stored_avatar_once<T>(
    app: &App,
    upload: Option<Upload>,
    write: impl AsyncFnOnce(Option<NewFile>) -> Result<Json<Answer<T>>>,
) -> Result<Json<Answer<T>>> {
    let file = store_avatar(app, upload).await?;
    let result = write(file.clone()).await;
    if is_unused(&result, |answer| matches!(answer.0, Answer::Kept(_))) {
        app.files.discard(file.as_slice()).await;
    }
    result
}

/// The same for a change, which has no kept answers.
pub async fn stored_avatar<T>(
    app: &App,
    upload: Option<Upload>,
    write: impl AsyncFnOnce(Option<NewFile>) -> Result<T>,
) -> Result<T> {
    let file = store_avatar(app, upload).await?;
    let result = write(file.clone()).await;
    if is_unused(&result, |_| false) {
        app.files.discard(file.as_slice()).await;
    }
    result
}

/// Whether nothing refers to what was stored for `result`.
fn is_unused<T>(result: &Result<T>, is_kept: impl Fn(&T) -> bool) -> bool {
    match result {
        Ok(answer) => is_kept(answer),
        Err(Error::Internal(_) | Error::Unavailable) => false,
        Err(_) => true,
    }
}

/// Stores a picture and the form of it that people see: what cannot be decoded is refused.
async fn store_avatar(app: &App, upload: Option<Upload>) -> Result<Option<NewFile>> {
    let Some(upload) = upload else { return Ok(None) };
    let new = app.files.store(&upload).await?;
    if let Err(error) = app.files.store_avatar(&upload, &new).await {
        app.files.discard(&[new]).await;
        return Err(match error {
            Error::NotFound(_) => Error::invalid("avatar", "is no picture that can be read"),
            other => other,
        });
    }
    Ok(Some(new))
}

async fn store_all(app: &App, uploads: Vec<Upload>) -> Result<Vec<NewFile>> {
    let mut files = Vec::with_capacity(uploads.len());
    for upload in uploads {
        match app.files.store(&upload).await {
            Ok(file) => files.push(file),
            Err(error) => {
                app.files.discard(&files).await;
                return Err(error);
            }
        }
    }
    Ok(files)
}
