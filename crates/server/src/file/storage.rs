//! The blob store with its limits: bytes are stored, read, turned into smaller pictures and deleted here.

use std::io::{BufReader, Cursor};
use std::sync::Arc;

use blobs::{Blobs, ByteStream};
use bytes::Bytes;
use edge::{Error, Result};
use tokio::sync::Semaphore;

use super::StoredFile;
use super::upload::{NewFile, Upload};
use super::variant::{self, Variant};
use crate::token;

/// What all pictures that are decoded at a time may have together, in megapixels.
const MEGAPIXELS_AT_ONCE: u32 = 50;
/// Hex digits of a key: 128 random bits.
const KEY_LENGTH: usize = 32;

/// Where files are kept; cheap to clone.
#[derive(Debug, Clone)]
pub struct Files {
    blobs: Blobs,
    megapixels: Arc<Semaphore>,
}

impl Files {
    /// Files in this blob store.
    pub fn new(blobs: Blobs) -> Self {
        Self { blobs, megapixels: Arc::new(Semaphore::new(MEGAPIXELS_AT_ONCE as usize)) }
    }

    /// The blob store.
    pub fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    /// A key that no file has.
    pub fn new_key() -> String {
        token::random_hex(KEY_LENGTH)
    }

    /// Stores the bytes under a new key; afterwards they are on the disk.
    pub async fn store(&self, upload: &Upload) -> Result<NewFile> {
        self.store_as(Self::new_key(), upload).await
    }

    /// The same under a key that was given out before.
    pub async fn store_as(&self, key: String, upload: &Upload) -> Result<NewFile> {
        let new = upload.to_new(key);
        self.blobs.put_stream(&new.key, upload.file().stream()).await.map_err(Error::internal)?;
        Ok(new)
    }

    /// The bytes of a file, or of a range of it.
    pub async fn stream(&self, key: &str, range: Option<std::ops::Range<u64>>) -> Result<ByteStream> {
        self.blobs.stream(key, range).await.map_err(Error::internal)?.ok_or(Error::NotFound("file"))
    }

    /// A form of a picture, made when it is missing. A picture that cannot be decoded has none.
    pub async fn variant(&self, file: &StoredFile, variant: Variant) -> Result<Bytes> {
        if !variant::can_be_made(&file.content_type, file.width, file.height) {
            return Err(Error::NotFound("file"));
        }
        let name = format!("{}.{variant}", file.key);
        if let Some(bytes) = self.blobs.read(&name).await.map_err(Error::internal)? {
            return Ok(bytes);
        }
        let original = self.blobs.read(&file.key).await.map_err(Error::internal)?.ok_or(Error::NotFound("file"))?;
        let bytes = self.make(Cursor::new(original), file, variant).await?;
        self.blobs.put(&name, bytes.clone()).await.map_err(Error::internal)?;
        Ok(bytes)
    }

    /// The picture of somebody, made of an upload that is stored already; an upload that is no whole picture has none.
    pub async fn store_avatar(&self, upload: &Upload, new: &NewFile) -> Result<()> {
        let file = new.to_stored();
        let bytes = self.make(BufReader::new(upload.file().reader()), &file, Variant::Avatar).await?;
        self.blobs.put(&format!("{}.{}", new.key, Variant::Avatar), bytes).await.map_err(Error::internal)
    }

    async fn make<R>(&self, picture: R, file: &StoredFile, variant: Variant) -> Result<Bytes>
    where
        R: std::io::BufRead + std::io::Seek + Send + 'static,
    {
        let pixels = file.width.unwrap_or_default().saturating_mul(file.height.unwrap_or_default());
        let megapixels = u32::try_from(pixels / 1_000_000).unwrap_or(u32::MAX).clamp(1, MEGAPIXELS_AT_ONCE);
        let permit = Arc::clone(&self.megapixels).acquire_many_owned(megapixels).await.map_err(Error::internal)?;
        let content_type = file.content_type.clone();
        let made = tokio::task::spawn_blocking(move || {
            let made = variant::make(picture, &content_type, variant);
            // Kept until the work is done, even when nobody waits for it any more.
            drop(permit);
            made
        });
        made.await.map_err(Error::internal)?.map(Bytes::from).map_err(|_| Error::NotFound("picture"))
    }

    /// Deletes the bytes of a file and all of its forms.
    pub async fn delete(&self, key: &str) -> Result<(), blobs::Error> {
        for variant in [Variant::Avatar, Variant::Preview] {
            self.blobs.delete(&format!("{key}.{variant}")).await?;
        }
        self.blobs.delete(key).await
    }

    /// Deletes what was stored for a request that came to nothing. What cannot be deleted now is swept later.
    pub async fn discard(&self, files: &[NewFile]) {
        for file in files {
            if let Err(cause) = self.delete(&file.key).await {
                tracing::warn!(%cause, "a file that nobody needs stays until it is swept");
            }
        }
    }
}
