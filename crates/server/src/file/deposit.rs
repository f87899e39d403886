//! Files that are stored before a message has them (superset §20).

use std::time::Duration;

use axum::extract::State;
use edge::field::Text;
use edge::{BodyWithFiles, Error, ErrorJson, Json, Path, Result};
use outbound::{Excess, Limits};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use types::{AccountId, FileType};
use utoipa::ToSchema;

use super::download::download;
use super::upload::{self, NewFile, Upload};
use super::{kind, store};
use crate::App;
use crate::access::Member;
use crate::idempotency::{Answer, Once};

/// How long the server of an address may take: the request waits for it.
const LONGEST_CALL: Duration = Duration::from_secs(20);

/// A file to be stored, or the address of one.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = upload_create)]
pub struct UploadBody {
    /// The file, in a multipart body; it comes beside the fields.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Binary)]
    pub attachment: IgnoredAny,
    /// Where a picture or a film is fetched from, `http` or `https`; not beside a file.
    pub external_url: Option<Text>,
}

impl edge::Shape for UploadBody {}

/// A file that is stored.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = upload)]
pub struct UploadJson {
    /// Where it is; permanent, needs no token.
    pub file_url: String,
    /// Names it in the store.
    pub blob_key: String,
    /// Its signed id, for the attachments of a message. A file that no message gets within a day is deleted.
    pub blob_id: String,
}

/// Store a file that is sent, or that is fetched from an address.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/upload",
    operation_id = "uploadFile",
    tag = "Upload",
    params(("account_id" = i64, Path, description = "The account")),
    request_body(content = UploadBody, content_type = "multipart/form-data", description = "The file is `attachment`"),
    responses(
        (status = 200, description = "The file", body = UploadJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 422, description = "There is no file, or none that is taken", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn create(
    State(app): State<App>,
    member: Member,
    Path(account): Path<AccountId>,
    once: Once,
    BodyWithFiles { value: body, files }: BodyWithFiles<UploadBody>,
) -> Result<Json<Answer<UploadJson>>> {
    let once = once.about(&(&body, &files, member.user_id));
    let sent = files.into_iter().rfind(|(field, _)| field == "attachment");
    let upload = match (sent, body.external_url) {
        (Some((_, file)), _) => Upload::of(file).await?,
        (None, Some(url)) => fetch(&app, url.as_str().trim()).await?,
        (None, None) => return Err(Error::Refused("There is neither an attachment nor an external_url".into())),
    };
    let base_url = app.settings.base_url.clone();
    let write = async |stored: Vec<NewFile>| {
        once.write(&app, move |tx| {
            let new = stored.first().ok_or(Error::NotFound("file"))?;
            store::insert(tx, Some(account), new)?;
            Ok(UploadJson {
                file_url: base_url.of_file(&new.key, &new.filename),
                blob_key: new.key.clone(),
                blob_id: base_url.signed_id(&new.key),
            })
        })
        .await
    };
    upload::stored_once(&app, vec![upload], write).await
}

async fn fetch(app: &App, url: &str) -> Result<Upload> {
    let limits = Limits { time: LONGEST_CALL, bytes: app.settings.multipart_limit.file_bytes, excess: Excess::Refuse };
    let file = download(app, url, limits).await;
    let file = file.map_err(|failure| Error::Refused(format!("The external_url gives no file: {failure}")))?;
    let upload = Upload::of(file).await?;
    match kind::file_type(upload.content_type()) {
        FileType::Image | FileType::Video => Ok(upload),
        FileType::Audio | FileType::File => {
            Err(Error::Refused("The external_url leads to neither a picture nor a film".into()))
        }
    }
}
