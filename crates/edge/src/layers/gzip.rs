//! Compression of answers.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

/// Below this, in bytes, compression saves no packet.
const SMALLEST: usize = 1_024;

/// From here on, in bytes, the work would hold up other requests and goes to a thread of its own.
const LARGE: usize = 128 * 1024;

/// Whether the client takes gzip.
pub(super) fn is_accepted(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut codings = values.flat_map(|value| value.split(','));
    codings.any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map(str::parse::<f32>);
        is_gzip && !matches!(weight, Some(Ok(weight)) if weight <= 0.0)
    })
}

/// The compressed body, or `None` where it is not worth it.
pub(super) async fn compress(bytes: Bytes) -> Option<Bytes> {
    match bytes.len() {
        ..SMALLEST => None,
        SMALLEST..LARGE => compressed(&bytes),
        _ => tokio::task::spawn_blocking(move || compressed(&bytes)).await.ok().flatten(),
    }
}

fn compressed(bytes: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().map(Bytes::from)
}
