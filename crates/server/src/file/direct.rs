//! Direct uploads: a file is announced, then its bytes come by themselves (superset §20).

use std::io::Read;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use edge::error::Problem;
use edge::field::{Int, Text};
use edge::{Body as Parameters, Error, ErrorJson, Json, Path, Result};
use http::StatusCode;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use types::{AccountId, FileId, Timestamp};
use utoipa::ToSchema;

use super::name;
use super::storage::Files;
use super::store;
use super::upload::Upload;
use crate::access::MemberOrBot;
use crate::idempotency::{Answer, Once};
use crate::{App, BaseUrl, conversation};

/// Longest name and type as announced, in characters.
const LONGEST_TEXT: usize = 1_000;
/// Bytes of an MD5.
const MD5_LENGTH: usize = 16;

/// A file that is announced.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = direct_upload_create)]
pub struct AnnouncementBody {
    /// Its name.
    pub filename: Option<Text>,
    /// What the client says that it is.
    pub content_type: Option<Text>,
    /// Its size.
    pub byte_size: Option<Int>,
    /// Its MD5, in base64.
    pub checksum: Option<Text>,
}

impl edge::Shape for AnnouncementBody {
    const WRAPPER: Option<&'static str> = Some("blob");
}

/// A file that was announced, and where its bytes are to be sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = direct_upload)]
pub struct AnnouncedJson {
    /// The file's id.
    pub id: FileId,
    /// Names it in the store.
    pub key: String,
    /// Its name, cleaned.
    pub filename: String,
    /// What the client says that it is.
    pub content_type: String,
    /// Nothing is known before it is there.
    pub metadata: types::Json,
    /// Where it is kept.
    pub service_name: &'static str,
    /// Bytes.
    pub byte_size: i64,
    /// The MD5, in base64.
    pub checksum: String,
    /// ISO text.
    pub created_at: Timestamp,
    /// For the attachments of a message, once the bytes are there. A file that no message gets within a day is deleted.
    pub signed_id: String,
    /// The same.
    pub attachable_sgid: String,
    /// The request to be made.
    pub direct_upload: DirectUploadJson,
}

/// A PUT of the bytes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = direct_upload_request)]
pub struct DirectUploadJson {
    /// Where to; for five minutes.
    pub url: String,
    /// The headers to be sent.
    pub headers: DirectUploadHeaders,
}

/// Headers of a PUT.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = direct_upload_headers)]
pub struct DirectUploadHeaders {
    /// What the client says that the file is.
    #[serde(rename = "Content-Type")]
    pub content_type: String,
}

::store::row! {
    /// What was announced of a file.
    #[derive(Debug, Clone)]
    pub struct Announcement {
        /// Names the blob.
        pub key: String,
        /// The name that the client gave it, cleaned.
        pub filename: String,
        /// What the client says that it is.
        pub content_type: String,
        /// Bytes.
        pub size_bytes: i64,
        /// MD5 in base64.
        pub md5: String,
    }
}

impl Announcement {
    /// Reads what a client announces; fails naming every field that is wrong.
    fn read(body: &AnnouncementBody, largest: u64) -> Result<Self> {
        let text = |text: &Option<Text>| text.as_ref().map(|text| text.0.trim().to_owned()).unwrap_or_default();
        let (filename, content_type, md5) = (text(&body.filename), text(&body.content_type), text(&body.checksum));
        let size_bytes = body.byte_size.map_or(-1, Int::get);
        let mut problems = Vec::new();
        if filename.is_empty() || filename.chars().nth(LONGEST_TEXT).is_some() {
            problems.push(Problem::new("filename", "must be there, with at most 1000 characters"));
        }
        let is_header = |letter: char| letter.is_ascii_graphic() || letter == ' ';
        if content_type.chars().nth(LONGEST_TEXT).is_some() || !content_type.chars().all(is_header) {
            problems.push(Problem::new("content_type", "is no media type"));
        }
        if !u64::try_from(size_bytes).is_ok_and(|size| size <= largest) {
            problems.push(Problem::new("byte_size", &format!("must be from 0 to {largest}")));
        }
        if !BASE64_STANDARD.decode(&md5).is_ok_and(|bytes| bytes.len() == MD5_LENGTH) {
            problems.push(Problem::new("checksum", "must be an MD5 in base64"));
        }
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        let content_type = if content_type.is_empty() { super::kind::UNKNOWN.to_owned() } else { content_type };
        Ok(Self { key: Files::new_key(), filename: name::clean(&filename), content_type, size_bytes, md5 })
    }

    fn to_json(&self, id: FileId, now: Timestamp, base_url: &BaseUrl) -> AnnouncedJson {
        let signed_id = base_url.signed_id(&self.key);
        AnnouncedJson {
            id,
            key: self.key.clone(),
            filename: self.filename.clone(),
            content_type: self.content_type.clone(),
            metadata: types::Json::object(),
            service_name: "local",
            byte_size: self.size_bytes,
            checksum: self.md5.clone(),
            created_at: now,
            attachable_sgid: signed_id.clone(),
            signed_id,
            direct_upload: DirectUploadJson {
                url: base_url.of_upload(&self.key, now),
                headers: DirectUploadHeaders { content_type: self.content_type.clone() },
            },
        }
    }
}

/// Announce a file for a message in a conversation; its bytes are then sent by themselves.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/conversations/{conversation_id}/direct_uploads",
    operation_id = "createDirectUploadInConversation",
    tag = "Upload",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("conversation_id" = i64, Path, description = "The conversation's number")
    ),
    request_body = AnnouncementBody,
    responses(
        (status = 200, description = "The file, and where its bytes are to be sent", body = AnnouncedJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such conversation", body = ErrorJson),
        (status = 422, description = "No file can be so", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn announce(
    State(app): State<App>,
    caller: MemberOrBot,
    Path((account, display_id)): Path<(AccountId, i64)>,
    once: Once,
    Parameters(body): Parameters<AnnouncementBody>,
) -> Result<Json<Answer<AnnouncedJson>>> {
    let once = once.about(&body);
    let new = Announcement::read(&body, app.settings.multipart_limit.file_bytes)?;
    let base_url = app.settings.base_url.clone();
    once.write(&app, move |tx| {
        conversation::service::find_visible_to(tx, &caller, display_id)?;
        let id = store::announce(tx, account, &new)?;
        Ok(new.to_json(id, tx.now(), &base_url))
    })
    .await
}

/// Takes the bytes of an announced file; sent again, they change nothing.
pub async fn receive(State(app): State<App>, Path(ticket): Path<String>, request: Request) -> Result<Response> {
    let key = app.settings.base_url.read_upload(&ticket, app.clock.now()).ok_or(Error::NotFound("upload"))?;
    let announced = app.store.read(move |conn| store::find_announced(conn, &key)).await?;
    let announced = announced.ok_or(Error::NotFound("upload"))?;
    let size = u64::try_from(announced.size_bytes).unwrap_or_default();
    let mut receiver = app.settings.uploads.begin().await?;
    let mut file = receiver.file();
    match file.fill(request.into_body(), size).await {
        Err(Error::TooLarge { .. }) => return Err(other_bytes()),
        filled => filled?,
    }
    let file = file.finish(announced.filename.clone(), Some(announced.content_type.clone())).await?;
    if file.size() != size || md5(&file).await? != announced.md5 {
        return Err(other_bytes());
    }
    let upload = Upload::of(file).await?;
    let new = app.files.store_as(announced.key, &upload).await?;
    // Bytes whose row is gone are swept; the row of those that came before them has the same ones.
    app.store.write(move |tx| store::arrive(tx, &new)).await?;
    Response::builder().status(StatusCode::NO_CONTENT).body(Body::empty()).map_err(Error::internal)
}

fn other_bytes() -> Error {
    Error::Refused("These are other bytes than were announced".into())
}

async fn md5(file: &edge::File) -> Result<String> {
    let mut reader = file.reader();
    let hashed = tokio::task::spawn_blocking(move || {
        let (mut hash, mut piece) = (Md5::new(), vec![0; 64 * 1024]);
        loop {
            match reader.read(&mut piece)? {
                0 => return Ok(BASE64_STANDARD.encode(hash.finalize())),
                read => hash.update(&piece[..read]),
            }
        }
    });
    hashed.await.map_err(Error::internal)?.map_err(|cause: std::io::Error| Error::internal(cause))
}
