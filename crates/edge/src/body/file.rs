//! Files of multipart bodies: small ones in memory, large ones in a temporary file without a name.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::Error;

/// Bytes of a file's beginning that are kept for looking at it.
const HEAD: usize = 8 * 1024;
/// Pieces in which a file is read.
const PIECE: usize = 256 * 1024;
/// How long a request waits until another one has finished its upload.
const LONGEST_WAIT: Duration = Duration::from_secs(3);
/// How long a client may send nothing of a file.
const LONGEST_SILENCE: Duration = Duration::from_secs(20);

/// Where and how many files are received at a time; an `Extension` changes it.
#[derive(Debug, Clone)]
pub struct Uploads {
    folder: Arc<Path>,
    slots: Arc<Semaphore>,
    in_memory: u64,
    longest_wait: Duration,
    longest_silence: Duration,
}

/// An uploaded file. What it takes on the disk is gone with it, however its request or the process ends: the
/// temporary file has no name.
#[derive(Clone)]
pub struct File {
    /// The name that the client gave it, without folders.
    pub filename: String,
    /// The type that the client claims it has.
    pub content_type: Option<String>,
    content: Content,
    head: Bytes,
    sha256: [u8; 32],
    /// Others wait until the request is done with its files.
    _slot: Arc<OwnedSemaphorePermit>,
}

#[derive(Clone)]
enum Content {
    Memory(Bytes),
    Disk(Arc<std::fs::File>, u64),
}

impl Uploads {
    /// At most `at_once` requests with files, which lie in `folder` as far as those of a request have more than
    /// `in_memory` bytes.
    pub fn new(folder: PathBuf, at_once: usize, in_memory: u64) -> Self {
        Self {
            folder: folder.into(),
            slots: Arc::new(Semaphore::new(at_once)),
            in_memory,
            longest_wait: LONGEST_WAIT,
            longest_silence: LONGEST_SILENCE,
        }
    }

    /// With other limits of patience: for a place, and for a client that sends nothing of a file.
    #[must_use]
    pub fn with_patience(self, longest_wait: Duration, longest_silence: Duration) -> Self {
        Self { longest_wait, longest_silence, ..self }
    }

    /// How many places are free.
    pub fn free(&self) -> usize {
        self.slots.available_permits()
    }

    /// With the files in another folder.
    #[must_use]
    pub fn in_folder(self, folder: PathBuf) -> Self {
        Self { folder: folder.into(), ..self }
    }

    /// How long a client may send nothing of a file.
    pub(super) fn longest_silence(&self) -> Duration {
        self.longest_silence
    }

    /// A place to receive the files of one request; [`Error::Unavailable`] when others keep all places for too long.
    pub async fn begin(&self) -> Result<Receiver, Error> {
        let slot = timeout(self.longest_wait, Arc::clone(&self.slots).acquire_owned()).await;
        let slot = slot.map_err(|_| Error::Unavailable)?.map_err(Error::internal)?;
        Ok(Receiver {
            folder: Arc::clone(&self.folder),
            slot: Arc::new(slot),
            memory_left: self.in_memory,
            longest_silence: self.longest_silence,
        })
    }
}

/// 16 at a time in the system's temporary folder; 1 MiB of each request in memory.
impl Default for Uploads {
    fn default() -> Self {
        Self::new(std::env::temp_dir(), 16, 1024 * 1024)
    }
}

/// Receives the files of one request.
pub struct Receiver {
    folder: Arc<Path>,
    slot: Arc<OwnedSemaphorePermit>,
    memory_left: u64,
    longest_silence: Duration,
}

impl Receiver {
    /// A file of which nothing has come yet.
    pub fn file(&mut self) -> Incoming<'_> {
        Incoming {
            receiver: self,
            memory: BytesMut::new(),
            disk: None,
            head: BytesMut::new(),
            hash: Sha256::new(),
            size: 0,
        }
    }
}

/// A file that is being received.
pub struct Incoming<'a> {
    receiver: &'a mut Receiver,
    memory: BytesMut,
    disk: Option<tokio::fs::File>,
    head: BytesMut,
    hash: Sha256,
    size: u64,
}

impl Incoming<'_> {
    /// The bytes of a body that is nothing but the file: `limit_bytes` at most.
    pub async fn fill(&mut self, body: Body, limit_bytes: u64) -> Result<(), Error> {
        let mut pieces = body.into_data_stream();
        let silence = self.receiver.longest_silence;
        while let Some(piece) = timeout(silence, pieces.next()).await.map_err(|_| Error::TooSlow)? {
            let piece = piece.map_err(|cause| Error::Malformed(cause.to_string()))?;
            if self.size + piece.len() as u64 > limit_bytes {
                return Err(Error::TooLarge { limit_bytes });
            }
            self.push(&piece).await?;
        }
        Ok(())
    }

    /// Bytes received so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The next bytes.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.hash.update(bytes);
        self.size += bytes.len() as u64;
        let wanted = HEAD.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..wanted]);
        if self.disk.is_none() && self.size > self.receiver.memory_left {
            let mut disk = self.temporary().await.map_err(Error::internal)?;
            disk.write_all(&self.memory).await.map_err(Error::internal)?;
            self.memory = BytesMut::new();
            self.disk = Some(disk);
        }
        if let Some(disk) = &mut self.disk {
            return disk.write_all(bytes).await.map_err(Error::internal);
        }
        self.memory.extend_from_slice(bytes);
        Ok(())
    }

    async fn temporary(&self) -> io::Result<tokio::fs::File> {
        let folder = Arc::clone(&self.receiver.folder);
        let made = tokio::task::spawn_blocking(move || tempfile::tempfile_in(folder)).await;
        made.map_err(io::Error::other)?.map(tokio::fs::File::from_std)
    }

    /// The file, whole.
    pub async fn finish(self, filename: String, content_type: Option<String>) -> Result<File, Error> {
        let content = if let Some(mut disk) = self.disk {
            disk.flush().await.map_err(Error::internal)?;
            Content::Disk(Arc::new(disk.into_std().await), self.size)
        } else {
            self.receiver.memory_left = self.receiver.memory_left.saturating_sub(self.size);
            Content::Memory(self.memory.freeze())
        };
        Ok(File {
            filename,
            content_type,
            content,
            head: self.head.freeze(),
            sha256: self.hash.finalize().into(),
            _slot: Arc::clone(&self.receiver.slot),
        })
    }
}

impl File {
    /// Its size, in bytes.
    pub fn size(&self) -> u64 {
        match &self.content {
            Content::Memory(bytes) => bytes.len() as u64,
            Content::Disk(_, size) => *size,
        }
    }

    /// Its first bytes, 8 KiB at most.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// Its SHA-256.
    pub fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// Whether it lies on the disk.
    pub fn is_on_disk(&self) -> bool {
        matches!(self.content, Content::Disk(..))
    }

    /// Its bytes, for code that blocks.
    pub fn reader(&self) -> Reader {
        Reader { content: self.content.clone(), size: self.size(), at: 0 }
    }

    /// Its bytes, piece by piece; ends with the first error.
    pub fn stream(&self) -> impl Stream<Item = io::Result<Bytes>> + Send + Unpin + use<> {
        Box::pin(futures_util::stream::unfold(Some(self.reader()), async |reader| {
            let mut reader = reader?;
            let read = tokio::task::spawn_blocking(move || {
                let piece = reader.piece();
                (piece, reader)
            });
            match read.await.map_err(io::Error::other) {
                Ok((Ok(piece), _)) if piece.is_empty() => None,
                Ok((Ok(piece), reader)) => Some((Ok(piece), Some(reader))),
                Ok((Err(cause), _)) | Err(cause) => Some((Err(cause), None)),
            }
        }))
    }
}

/// Without its bytes.
impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("File");
        shown.field("filename", &self.filename).field("content_type", &self.content_type);
        shown.field("sha256", &self.sha256).finish_non_exhaustive()
    }
}

/// Reads a [`File`] from its beginning; several may do so at the same time.
pub struct Reader {
    content: Content,
    size: u64,
    at: u64,
}

impl Reader {
    /// The next bytes; none at the end.
    fn piece(&mut self) -> io::Result<Bytes> {
        if let Content::Memory(bytes) = &self.content {
            let rest = bytes.slice(usize::try_from(self.at).unwrap_or(usize::MAX).min(bytes.len())..);
            self.at = self.size;
            return Ok(rest);
        }
        let mut piece = vec![0; PIECE];
        let read = self.read(&mut piece)?;
        piece.truncate(read);
        Ok(piece.into())
    }
}

impl Read for Reader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = match &self.content {
            Content::Memory(bytes) => {
                let from = usize::try_from(self.at).unwrap_or(usize::MAX).min(bytes.len());
                (&bytes[from..]).read(into)?
            }
            Content::Disk(file, _) => file.read_at(into, self.at)?,
        };
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(step) => self.size.checked_add_signed(step),
            SeekFrom::Current(step) => self.at.checked_add_signed(step),
        };
        self.at = target.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "before the beginning"))?;
        Ok(self.at)
    }
}
