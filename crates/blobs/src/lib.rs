//! The bytes of files: written once under a random key, read whole or in ranges, deleted. Knows no feature.
//!
//! A local folder by default, or a bucket that is spoken to as Amazon's S3. What [`Blobs::put`] has returned for is
//! on the disk: bytes, name and folder are synchronised, by us or by the bucket's server.

mod bucket;
mod client;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub use bucket::Bucket;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path as Location;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutPayload, WriteMultipart};

/// Pieces in which bytes are written to a folder; two of them are in memory at a time.
const PIECE: usize = 1024 * 1024;
/// Hex digits of a key.
const KEY_LENGTH: usize = 32;
/// Hex digits of a key that name its folder.
const SHARD_LENGTH: usize = 2;

/// Why a blob was not written, read or deleted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes to be written could not be read.
    #[error("the bytes to be stored cannot be read: {0}")]
    Source(#[source] std::io::Error),
    /// The place where blobs are kept does not do its work.
    #[error("the file store: {0}")]
    Storage(#[from] object_store::Error),
    /// A name that no blob can have.
    #[error("no name of a blob: {0}")]
    BadName(String),
}

/// What this crate's functions give.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A stream of a blob's bytes.
pub type ByteStream = futures_util::stream::BoxStream<'static, std::io::Result<Bytes>>;

/// Where blobs are kept; cheap to clone.
#[derive(Debug, Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    /// None: the blobs lie elsewhere.
    folder: Option<Arc<Path>>,
    /// Bytes in which a blob is written.
    piece: usize,
}

/// A blob as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name: a key, with a point and a word behind it where it was made from another blob.
    pub name: String,
    /// When it was written.
    pub written_at: SystemTime,
}

impl Entry {
    /// The key of the blob, or of the one that it was made from.
    pub fn key(&self) -> &str {
        self.name.split('.').next().unwrap_or_default()
    }
}

impl Blobs {
    /// The blobs in `folder`, which is made when it is missing.
    pub fn in_folder(folder: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(std::io::Error::other)?.with_fsync(true);
        Ok(Self { store: Arc::new(store), folder: Some(folder.into()), piece: PIECE })
    }

    /// The blobs in a bucket. Nothing is called yet.
    pub fn in_bucket(bucket: &Bucket) -> Result<Self> {
        Ok(Self { store: Arc::new(bucket.open()?), folder: None, piece: bucket::PIECE })
    }

    /// Blobs that are gone with the process, for tests.
    pub fn in_memory() -> Self {
        Self { store: Arc::new(InMemory::new()), folder: None, piece: PIECE }
    }

    /// Writes a blob of known bytes.
    pub async fn put(&self, name: &str, bytes: Bytes) -> Result<()> {
        self.store.put(&location(name)?, bytes.into()).await?;
        Ok(())
    }

    /// Writes a blob piece by piece; nothing of it is there before all of it is.
    pub async fn put_stream<S>(&self, name: &str, mut bytes: S) -> Result<()>
    where
        S: Stream<Item = std::io::Result<Bytes>> + Send + Unpin,
    {
        let location = location(name)?;
        let (mut begun, mut size) = (Vec::new(), 0);
        while size <= self.piece {
            match bytes.next().await {
                Some(Ok(piece)) => {
                    size += piece.len();
                    begun.push(piece);
                }
                Some(Err(cause)) => return Err(Error::Source(cause)),
                None => {
                    self.store.put(&location, PutPayload::from_iter(begun)).await?;
                    return Ok(());
                }
            }
        }
        let upload = self.store.put_multipart(&location).await?;
        let writer = WriteMultipart::new_with_chunk_size(upload, self.piece);
        write(writer, futures_util::stream::iter(begun.into_iter().map(Ok)).chain(bytes)).await
    }

    /// The bytes of a blob, or of `range` of it; `None` when there is none.
    pub async fn stream(&self, name: &str, range: Option<Range<u64>>) -> Result<Option<ByteStream>> {
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        match self.store.get_opts(&location(name)?, options).await {
            Ok(found) => Ok(Some(found.into_stream().map_err(std::io::Error::other).boxed())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(cause) => Err(cause.into()),
        }
    }

    /// The whole of a small blob; `None` when there is none.
    pub async fn read(&self, name: &str) -> Result<Option<Bytes>> {
        match self.store.get(&location(name)?).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(cause) => Err(cause.into()),
        }
    }

    /// The size of a blob in bytes; `None` when there is none.
    pub async fn size(&self, name: &str) -> Result<Option<u64>> {
        match self.store.head(&location(name)?).await {
            Ok(found) => Ok(Some(found.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(cause) => Err(cause.into()),
        }
    }

    /// Deletes a blob, if it is there.
    pub async fn delete(&self, name: &str) -> Result<()> {
        match self.store.delete(&location(name)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(cause) => Err(cause.into()),
        }
    }

    /// The blobs whose keys begin with `shard` in hex: a part of all that can be looked at in one go.
    pub async fn list(&self, shard: u8) -> Result<Vec<Entry>> {
        let mut found = self.store.list(Some(&Location::from(format!("{shard:02x}"))));
        let mut entries = Vec::new();
        while let Some(meta) = found.try_next().await? {
            if let Some(name) = meta.location.filename().filter(|name| is_name(name)) {
                entries.push(Entry { name: name.to_owned(), written_at: meta.last_modified.into() });
            }
        }
        Ok(entries)
    }

    /// Deletes what writes to a folder left behind that were cut off more than `age` ago; gives how many. A bucket has
    /// a rule of its own for that, which its owner sets.
    pub async fn delete_unfinished(&self, shard: u8, age: Duration) -> std::io::Result<usize> {
        let Some(folder) = &self.folder else { return Ok(0) };
        let folder = folder.join(format!("{shard:02x}"));
        tokio::task::spawn_blocking(move || delete_unfinished(&folder, age)).await.map_err(std::io::Error::other)?
    }

    /// The local folder; `None` when the blobs lie elsewhere.
    pub fn folder(&self) -> Option<PathBuf> {
        self.folder.as_deref().map(Path::to_path_buf)
    }
}

async fn write<S>(mut writer: WriteMultipart, mut bytes: S) -> Result<()>
where
    S: Stream<Item = std::io::Result<Bytes>> + Send + Unpin,
{
    while let Some(piece) = bytes.next().await {
        match piece {
            Ok(piece) => {
                writer.wait_for_capacity(1).await?;
                writer.put(piece);
            }
            Err(cause) => {
                writer.abort().await?;
                return Err(Error::Source(cause));
            }
        }
    }
    writer.finish().await?;
    Ok(())
}

/// A local write stands under the blob's name with `#` and a number behind it until it is whole.
fn delete_unfinished(folder: &Path, age: Duration) -> std::io::Result<usize> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(cause) => return Err(cause),
    };
    let mut deleted = 0;
    for entry in entries {
        let entry = entry?;
        let is_unfinished = entry.file_name().to_string_lossy().contains('#');
        let is_old = || -> std::io::Result<bool> {
            entry.metadata()?.modified()?.elapsed().map_or(Ok(false), |since| Ok(since > age))
        };
        if is_unfinished && is_old().unwrap_or(false) {
            std::fs::remove_file(entry.path())?;
            deleted += 1;
        }
    }
    Ok(deleted)
}

/// Keys are hex digits, so that nothing that a client says becomes part of a path.
fn is_name(name: &str) -> bool {
    let (key, word) = name.split_once('.').unwrap_or((name, "original"));
    key.len() == KEY_LENGTH
        && key.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
        && !word.is_empty()
        && word.bytes().all(|letter| letter.is_ascii_lowercase())
}

fn location(name: &str) -> Result<Location> {
    if is_name(name) {
        Ok(Location::from_iter([&name[..SHARD_LENGTH], name]))
    } else {
        Err(Error::BadName(name.to_owned()))
    }
}
