//! Multipart bodies: texts become parameters, files are kept beside them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use multer::{Constraints, Field, Multipart, SizeLimit};
use serde_json::{Map, Value};
use tower::BoxError;

use super::file::Incoming;
use super::nested::Tree;
use super::{BodyLimit, File, MultipartLimit, Uploads};
use crate::Error;

/// How many bytes may come between two parts, that is, in the headers of one.
///
/// The parser searches the whole of them again whenever more arrive.
const LONGEST_HEADERS: usize = 64 * 1024;

/// What to do with files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Files {
    Keep,
    Skip,
}

type Parts = (Map<String, Value>, Vec<(String, File)>);

/// What to do with a body.
pub(super) struct Place {
    /// Largest sum of the texts.
    pub text: BodyLimit,
    /// Largest files.
    pub limits: MultipartLimit,
    /// Where files go.
    pub uploads: Uploads,
    /// Whether they are wanted.
    pub files: Files,
}

/// Reads a body whose content type is `header`; an empty one has no parts.
pub(super) async fn read(header: &str, body: Body, place: &Place) -> Result<Parts, Error> {
    let Place { text: BodyLimit(text_bytes), limits, uploads, files } = place;
    let (text_bytes, limits, silence) = (*text_bytes, *limits, uploads.longest_silence());
    let mut stream = body.into_data_stream();
    let Some(first) = first_chunk(&mut stream).await? else { return Ok(Parts::default()) };
    let boundary = multer::parse_boundary(header).map_err(malformed)?;
    let mut reader = Reader::new(first, stream, boundary, limits);
    let mut tree = Tree::default();
    let mut kept = Vec::new();
    let mut receiver = None;
    let mut text_left = text_bytes;
    while let Some(field) = reader.next().await? {
        let name = match field.name() {
            Some(name) if !name.is_empty() => name.to_owned(),
            _ => return Err(Error::Malformed("a part without a name".to_owned())),
        };
        let Some(filename) = field.file_name().map(basename) else {
            let bytes = content(Part { field, silence }, text_left, text_bytes).await?;
            text_left -= bytes.len() as u64;
            let text = String::from_utf8(bytes).map_err(|_| Error::Malformed(format!("{name} is not UTF-8")))?;
            tree.insert(&name, Value::String(text))?;
            continue;
        };
        tree.count()?;
        let content_type = field.content_type().map(ToString::to_string);
        // A file field that was left empty has a blank file name.
        if *files == Files::Skip || filename.is_empty() {
            skip(Part { field, silence }, limits.file_bytes).await?;
        } else {
            let receiver = match &mut receiver {
                Some(receiver) => receiver,
                none => none.insert(uploads.begin().await?),
            };
            let file = receive(Part { field, silence }, receiver.file(), limits.file_bytes).await?;
            kept.push((name, file.finish(filename, content_type).await?));
        }
    }
    Ok((tree.into_map(), kept))
}

/// The parts, one after the other, with a bound on what comes between them.
struct Reader {
    parts: Multipart<'static>,
    between: Arc<AtomicUsize>,
}

impl Reader {
    fn new<S>(first: Bytes, rest: S, boundary: String, limits: MultipartLimit) -> Self
    where
        S: Stream<Item = Result<Bytes, axum::Error>> + Send + 'static,
    {
        let between = Arc::new(AtomicUsize::new(0));
        let left = Arc::clone(&between);
        let stream = futures_util::stream::iter([Ok(first)]).chain(rest).map(move |chunk| {
            let chunk = chunk?;
            let before = left.load(Ordering::Relaxed);
            left.store(before.saturating_sub(chunk.len()), Ordering::Relaxed);
            if before == 0 { Err(BoxError::from("the headers of a part are too long")) } else { Ok(chunk) }
        });
        let whole = SizeLimit::new().whole_stream(limits.request_bytes);
        let parts = Multipart::with_constraints(stream, boundary, Constraints::new().size_limit(whole));
        Self { parts, between }
    }

    async fn next(&mut self) -> Result<Option<Field<'static>>, Error> {
        self.between.store(LONGEST_HEADERS, Ordering::Relaxed);
        let field = self.parts.next_field().await.map_err(malformed)?;
        self.between.store(usize::MAX, Ordering::Relaxed);
        Ok(field)
    }
}

async fn first_chunk(stream: &mut axum::body::BodyDataStream) -> Result<Option<Bytes>, Error> {
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| Error::Malformed(error.to_string()))?;
        if !chunk.is_empty() {
            return Ok(Some(chunk));
        }
    }
    Ok(None)
}

/// A part that is being read.
struct Part {
    field: Field<'static>,
    silence: Duration,
}

impl Part {
    /// The next bytes; a client that sends nothing for too long is not waited for.
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let chunk = tokio::time::timeout(self.silence, self.field.chunk()).await;
        chunk.map_err(|_| Error::TooSlow)?.map_err(malformed)
    }
}

/// The bytes of a part, of which there may be `left`; the limit that a client hears of is `limit_bytes`.
async fn content(mut part: Part, left: u64, limit_bytes: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.next().await? {
        if (bytes.len() + chunk.len()) as u64 > left {
            return Err(Error::TooLarge { limit_bytes });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

async fn receive(mut part: Part, mut file: Incoming<'_>, limit_bytes: u64) -> Result<Incoming<'_>, Error> {
    while let Some(chunk) = part.next().await? {
        if file.size() + chunk.len() as u64 > limit_bytes {
            return Err(Error::TooLarge { limit_bytes });
        }
        file.push(&chunk).await?;
    }
    Ok(file)
}

async fn skip(mut part: Part, limit_bytes: u64) -> Result<(), Error> {
    let mut size = 0;
    while let Some(chunk) = part.next().await? {
        size += chunk.len() as u64;
        if size > limit_bytes {
            return Err(Error::TooLarge { limit_bytes });
        }
    }
    Ok(())
}

/// A file's name without the folders that some clients send, and without control characters.
fn basename(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars().filter(|character| !character.is_control()).collect()
}

fn malformed(error: multer::Error) -> Error {
    match error {
        multer::Error::StreamSizeExceeded { limit } | multer::Error::FieldSizeExceeded { limit, .. } => {
            Error::TooLarge { limit_bytes: limit }
        }
        other => Error::Malformed(other.to_string()),
    }
}
