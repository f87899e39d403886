//! How large a request may be.

const MB: u64 = 1_000_000;
const MIB: u64 = 1024 * 1024;

/// The largest JSON or urlencoded body, and the largest sum of the texts of a multipart body, in bytes: 1 MB
/// unless a route says otherwise by an `Extension` of this type.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimit(pub u64);

/// How large a multipart body and each of its files may be (decisions §3, uploads); an `Extension` changes it.
#[derive(Debug, Clone, Copy)]
pub struct MultipartLimit {
    /// The whole body, in bytes.
    pub request_bytes: u64,
    /// One file, in bytes.
    pub file_bytes: u64,
}

impl Default for BodyLimit {
    fn default() -> Self {
        Self(MB)
    }
}

impl Default for MultipartLimit {
    fn default() -> Self {
        Self { request_bytes: 100 * MIB, file_bytes: 40 * MIB }
    }
}
