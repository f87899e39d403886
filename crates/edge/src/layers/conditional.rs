//! `ETag`s: the body's hash, and whether a client has it already.

use http::header::ETAG;
use http::{HeaderMap, HeaderValue};
use sha2::{Digest, Sha256};

/// A weak `ETag` over the body: 128 bits of its SHA-256, in hex.
pub(super) fn etag(bytes: &[u8]) -> HeaderValue {
    let hash = Sha256::digest(bytes);
    let mut text = Vec::with_capacity(36);
    text.extend_from_slice(b"W/\"");
    for byte in &hash[..16] {
        text.extend([byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]));
    }
    text.push(b'"');
    HeaderValue::from_maybe_shared(text).expect("hex digits and quotes")
}

/// Whether `If-None-Match: known` names the `ETag` in `headers`; compared weakly (RFC 9110 §13.1.2).
pub(super) fn matches(known: &HeaderValue, headers: &HeaderMap) -> bool {
    let (Ok(known), Some(Ok(tag))) = (known.to_str(), headers.get(ETAG).map(HeaderValue::to_str)) else { return false };
    known.split(',').map(str::trim).any(|known| known == "*" || opaque(known) == opaque(tag))
}

fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}
