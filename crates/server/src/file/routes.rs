//! Files over HTTP: permanent addresses that redirect, and addresses that serve bytes and expire (rest.md §1.11).
//!
//! They need no token: whoever has an address was given it. What a browser could run is never shown in place, and
//! nothing that is shown may load or run anything. The document does not list them: clients follow them as they are.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, put};
use bytes::Bytes;
use edge::{Error, Path, Result};
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::base_url::Ticket;
use super::range::{self, Wanted};
use super::variant::{self, Variant};
use super::{StoredFile, direct, kind, store};
use crate::App;

/// The addresses that [`super::base_url::BaseUrl`] makes.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/rails/active_storage/blobs/redirect/{signed_id}/{filename}", get(redirect_to_file))
        .route(
            "/rails/active_storage/representations/redirect/{signed_id}/{variant}/{filename}",
            get(redirect_to_variant),
        )
        .route("/rails/active_storage/disk/{ticket}/{filename}", get(bytes))
        .route("/rails/active_storage/disk/{ticket}", put(direct::receive))
}

/// Recorded: as long as the address that it leads to is good.
const FIVE_MINUTES: &str = "max-age=300, private";
/// Nothing is loaded, nothing runs, and the page has no origin.
const HARMLESS: &str = "default-src 'none'; sandbox";
/// The same; viewers of documents bring their own styles.
const HARMLESS_DOCUMENT: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// The permanent address of a file.
async fn redirect_to_file(State(app): State<App>, Path((signed_id, _)): Path<(String, String)>) -> Result<Response> {
    redirect(&app, &signed_id, None).await
}

/// The permanent address of a form of a picture.
async fn redirect_to_variant(
    State(app): State<App>,
    Path((signed_id, variant, _)): Path<(String, String, String)>,
) -> Result<Response> {
    let variant = variant.parse().map_err(|_| Error::NotFound("file"))?;
    redirect(&app, &signed_id, Some(variant)).await
}

async fn redirect(app: &App, signed_id: &str, variant: Option<Variant>) -> Result<Response> {
    let base_url = &app.settings.base_url;
    let key = base_url.read_signed_id(signed_id).ok_or(Error::NotFound("file"))?;
    let file = find(app, &key).await?;
    if variant.is_some() && !variant::can_be_made(&file.content_type, file.width, file.height) {
        return Err(Error::NotFound("file"));
    }
    let location = base_url.of_bytes(&Ticket { key, variant }, &file.filename, app.clock.now());
    let answer = Response::builder().status(StatusCode::FOUND).header(LOCATION, location);
    answer.header(CACHE_CONTROL, FIVE_MINUTES).body(Body::empty()).map_err(Error::internal)
}

/// The bytes of a file, or of ranges of it.
async fn bytes(
    State(app): State<App>,
    headers: HeaderMap,
    Path((ticket, _)): Path<(String, String)>,
) -> Result<Response> {
    let ticket = app.settings.base_url.read_ticket(&ticket, app.clock.now()).ok_or(Error::NotFound("file"))?;
    let file = find(&app, &ticket.key).await?;
    let content = Shown::open(&app, file, ticket.variant).await?;
    content.answer(&app, &headers).await
}

async fn find(app: &App, key: &str) -> Result<StoredFile> {
    let key = key.to_owned();
    let found = app.store.read(move |conn| store::find_shown_by_key(conn, &key)).await?;
    found.ok_or(Error::NotFound("file"))
}

/// What is served: a file, or a form of a picture, which is small enough to be in memory.
struct Shown {
    file: StoredFile,
    variant: Option<Bytes>,
    content_type: String,
    size: u64,
    etag: String,
}

impl Shown {
    async fn open(app: &App, file: StoredFile, variant: Option<Variant>) -> Result<Self> {
        let Some(variant) = variant else {
            let size = u64::try_from(file.size_bytes).unwrap_or_default();
            let (content_type, etag) = (file.content_type.clone(), format!("\"{}\"", file.checksum));
            return Ok(Self { file, variant: None, content_type, size, etag });
        };
        let bytes = app.files.variant(&file, variant).await?;
        Ok(Self {
            content_type: variant::content_type(&bytes).to_owned(),
            size: bytes.len() as u64,
            etag: format!("\"{}-{variant}\"", file.checksum),
            variant: Some(bytes),
            file,
        })
    }

    async fn answer(self, app: &App, headers: &HeaderMap) -> Result<Response> {
        let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if known.split(',').map(|known| known.trim().trim_start_matches("W/")).any(|known| known == self.etag) {
            return self.head(StatusCode::NOT_MODIFIED).body(Body::empty()).map_err(Error::internal);
        }
        let whole = 0..self.size;
        let (status, range) = match range::wanted(headers, self.size, &self.etag) {
            Wanted::Whole => (StatusCode::OK, whole),
            Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
            Wanted::Nothing => {
                let answer = self.head(StatusCode::RANGE_NOT_SATISFIABLE);
                let answer = answer.header(CONTENT_RANGE, format!("bytes */{}", self.size));
                return answer.body(Body::empty()).map_err(Error::internal);
            }
        };
        let mut answer = self.head(status).header(CONTENT_LENGTH, range.end - range.start);
        if status == StatusCode::PARTIAL_CONTENT {
            let text = format!("bytes {}-{}/{}", range.start, range.end - 1, self.size);
            answer = answer.header(CONTENT_RANGE, text);
        }
        let body = match &self.variant {
            Some(bytes) => {
                let at = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
                Body::from(bytes.slice(at(range.start)..at(range.end)))
            }
            None if range.is_empty() => Body::empty(),
            None => Body::from_stream(app.files.stream(&self.file.key, Some(range)).await?),
        };
        answer.body(body).map_err(Error::internal)
    }

    fn head(&self, status: StatusCode) -> http::response::Builder {
        let shown = kind::is_shown_inline(&self.content_type);
        let policy = if self.content_type == "application/pdf" { HARMLESS_DOCUMENT } else { HARMLESS };
        Response::builder()
            .status(status)
            .header(CONTENT_TYPE, kind::served(&self.content_type))
            .header(CONTENT_DISPOSITION, disposition(shown, &self.file.filename))
            .header(CONTENT_SECURITY_POLICY, policy)
            .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
            .header(CACHE_CONTROL, FIVE_MINUTES)
            .header(ACCEPT_RANGES, "bytes")
            .header(ETAG, &self.etag)
    }
}

/// The name twice: plain for old clients, and in full (RFC 6266 §4.3, RFC 5987 §3.2).
fn disposition(shown: bool, filename: &str) -> String {
    let plain =
        |letter: char| if letter.is_ascii_graphic() && !matches!(letter, '"' | '\\' | '%') { letter } else { '_' };
    let plain: String = filename.chars().map(plain).collect();
    let full = utf8_percent_encode(filename, NON_ALPHANUMERIC);
    let kind = if shown { "inline" } else { "attachment" };
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{full}")
}

#[cfg(test)]
mod tests {
    use super::disposition;

    #[test]
    fn names_are_written_plain_and_in_full() {
        assert_eq!(
            disposition(false, "Zo\u{eb} \"1\".png"),
            "attachment; filename=\"Zo___1_.png\"; filename*=UTF-8''Zo%C3%AB%20%221%22%2Epng"
        );
        assert!(disposition(true, "a.png").starts_with("inline; filename=\"a.png\""));
    }
}
