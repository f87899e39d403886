//! The media types of bodies.

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

/// How a body is to be read.
pub(crate) enum Media {
    Json,
    Urlencoded,
    /// With the whole header, which holds the boundary.
    Multipart(String),
    /// Nothing that we read; fine as long as the body is empty.
    Other,
}

impl Media {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let is_coded =
            headers.get(CONTENT_ENCODING).is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"));
        let Some(Ok(text)) = headers.get(CONTENT_TYPE).filter(|_| !is_coded).map(|value| value.to_str()) else {
            return Self::Other;
        };
        let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "application/json" | "text/x-json" | "application/jsonrequest" => Self::Json,
            "application/x-www-form-urlencoded" => Self::Urlencoded,
            "multipart/form-data" => Self::Multipart(text.to_owned()),
            other if other.starts_with("application/") && other.ends_with("+json") => Self::Json,
            _ => Self::Other,
        }
    }
}
