//! Query and body of a request, before a type is known.

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use bytes::Bytes;
use http::Extensions;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Map, Value};

use super::media::Media;
use super::multipart::{self, Files, Place};
use super::{BodyLimit, File, MultipartLimit, Uploads, clean, json, urlencoded};
use crate::Error;

/// What was sent.
#[derive(Debug)]
pub(super) struct Posted {
    query: Map<String, Value>,
    body: Map<String, Value>,
    is_json: bool,
    pub(super) files: Vec<(String, File)>,
}

/// Reads query and body within the limits that the request's extensions set.
pub(super) async fn read(request: Request, files: Files) -> Result<Posted, Error> {
    let (parts, body) = request.into_parts();
    let query = urlencoded::read(parts.uri.query().unwrap_or_default().as_bytes())?;
    let mut posted = Posted { query, body: Map::new(), is_json: false, files: Vec::new() };
    let limit = of_request::<BodyLimit>(&parts.extensions);
    match Media::of(&parts.headers) {
        _ if body.is_end_stream() => {}
        Media::Json => {
            let bytes = whole(body, limit).await?;
            posted.is_json = true;
            if !bytes.is_empty() {
                posted.body = json::read(&bytes)?;
            }
        }
        Media::Urlencoded => posted.body = urlencoded::read(&whole(body, limit).await?)?,
        Media::Multipart(header) => {
            let place = Place {
                text: limit,
                limits: of_request::<MultipartLimit>(&parts.extensions),
                uploads: of_request::<Uploads>(&parts.extensions),
                files,
            };
            (posted.body, posted.files) = multipart::read(&header, body, &place).await?;
        }
        Media::Other => {
            if first_chunk(body).await?.is_some() {
                return Err(Error::UnsupportedMedia);
            }
        }
    }
    clean(&mut posted.query)?;
    clean(&mut posted.body)?;
    Ok(posted)
}

impl Posted {
    /// One map of all parameters, or of those under `wrapper`.
    ///
    /// A wrapper that holds nothing but files has no parameters.
    pub(super) fn parameters(&mut self, wrapper: Option<&str>) -> Result<Map<String, Value>, Error> {
        let mut body = std::mem::take(&mut self.body);
        let Some(name) = wrapper else {
            body.extend(std::mem::take(&mut self.query));
            return Ok(body);
        };
        let content = match self.query.remove(name).or_else(|| body.remove(name)) {
            Some(content) => content,
            None if self.is_json => Value::Object(json::unwrapped(body)),
            None => Value::Null,
        };
        match content {
            Value::Object(map) if !map.is_empty() => Ok(map),
            Value::Null if self.has_file_in(name) => Ok(Map::new()),
            Value::Object(_) | Value::Null => Err(Error::Refused(format!("parameter missing: {name}"))),
            Value::String(text) if text.is_empty() => Err(Error::Refused(format!("parameter missing: {name}"))),
            _ => Err(Error::invalid(name, "must be an object")),
        }
    }

    fn has_file_in(&self, wrapper: &str) -> bool {
        self.files.iter().any(|(field, _)| field.strip_prefix(wrapper).is_some_and(|rest| rest.starts_with('[')))
    }
}

fn of_request<L: Clone + Default + Send + Sync + 'static>(extensions: &Extensions) -> L {
    extensions.get::<L>().cloned().unwrap_or_default()
}

async fn whole(body: Body, BodyLimit(limit): BodyLimit) -> Result<Bytes, Error> {
    if body.size_hint().lower() > limit {
        return Err(Error::TooLarge { limit_bytes: limit });
    }
    let limited = Limited::new(body, usize::try_from(limit).unwrap_or(usize::MAX));
    limited.collect().await.map(http_body_util::Collected::to_bytes).map_err(|error| {
        if error.is::<LengthLimitError>() {
            Error::TooLarge { limit_bytes: limit }
        } else {
            Error::Malformed(error.to_string())
        }
    })
}

/// The first bytes of `body`, or `None` if it has none.
async fn first_chunk(mut body: Body) -> Result<Option<Bytes>, Error> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Error::Malformed(error.to_string()))?;
        if let Ok(bytes) = frame.into_data()
            && !bytes.is_empty()
        {
            return Ok(Some(bytes));
        }
    }
    Ok(None)
}
