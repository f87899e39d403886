//! Where people reach the server, and the addresses of files below it (rest.md §1.11).
//!
//! The address in an answer is permanent: it holds the file's key and a signature, and needs no token. It redirects
//! to one that serves the bytes and expires.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::Sha256;
use types::Timestamp;

use super::Picture;
use super::variant::Variant;
use crate::secret::SecretKey;

/// How long an address that serves bytes is good.
pub const EXPIRES_AFTER: Duration = Duration::from_mins(5);

/// What a file's name may hold in an address as it is (RFC 3986 §2.3).
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What the claim of an address that takes bytes begins with; no key does.
const UPLOAD: &str = "upload-";

/// Bytes of a signature: half of an HMAC-SHA256 (RFC 2104 §5).
const SIGNATURE: usize = 16;

/// The address under which people reach the server, without a slash at the end; makes and checks those of files.
#[derive(Clone)]
pub struct BaseUrl(Arc<Parts>);

struct Parts {
    url: String,
    signer: Hmac<Sha256>,
}

/// What an address that serves bytes is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The file.
    pub key: String,
    /// The form of it; `None` is the original.
    pub variant: Option<Variant>,
}

impl BaseUrl {
    /// `url`, with addresses of files signed by what follows from `secret`.
    pub fn new(url: impl Into<String>, secret: &SecretKey) -> Self {
        let signer = Hmac::new_from_slice(&secret.derive("addresses of files")).expect("a key of any length");
        Self(Arc::new(Parts { url: url.into(), signer }))
    }

    /// The permanent address of a file.
    pub fn of_file(&self, key: &str, filename: &str) -> String {
        let (signed, name) = (self.signed_id(key), utf8_percent_encode(filename, PLAIN));
        format!("{}/rails/active_storage/blobs/redirect/{signed}/{name}", self.0.url)
    }

    /// The permanent address of a form of a picture.
    pub fn of_variant(&self, key: &str, variant: Variant, filename: &str) -> String {
        let (signed, name) = (self.signed_id(key), utf8_percent_encode(filename, PLAIN));
        format!("{}/rails/active_storage/representations/redirect/{signed}/{variant}/{name}", self.0.url)
    }

    /// The permanent address of somebody's picture, 250 by 250 pixels; empty when there is none (rest.md §1.5).
    pub fn of_picture(&self, picture: Option<&Picture>) -> String {
        picture.map(|picture| self.of_variant(&picture.key, Variant::Avatar, &picture.filename)).unwrap_or_default()
    }

    /// The address that serves the bytes until `now` + [`EXPIRES_AFTER`].
    pub fn of_bytes(&self, ticket: &Ticket, filename: &str, now: Timestamp) -> String {
        let name = utf8_percent_encode(filename, PLAIN);
        let claim = ticket.claim(now.plus(EXPIRES_AFTER).epoch_seconds());
        let signature = self.signature(&claim);
        format!("{}/rails/active_storage/disk/{claim}--{signature}/{name}", self.0.url)
    }

    /// The address that takes the bytes of an announced file until `now` + [`EXPIRES_AFTER`].
    pub fn of_upload(&self, key: &str, now: Timestamp) -> String {
        let claim = format!("{UPLOAD}{key}.{}", now.plus(EXPIRES_AFTER).epoch_seconds());
        format!("{}/rails/active_storage/disk/{claim}--{}", self.0.url, self.signature(&claim))
    }

    /// The key in an address that takes bytes, if we made it and it has not expired.
    pub fn read_upload(&self, text: &str, now: Timestamp) -> Option<String> {
        let (claim, signature) = text.split_once("--")?;
        if !self.is_signed(claim, signature) {
            return None;
        }
        let (key, expires) = claim.strip_prefix(UPLOAD)?.split_once('.')?;
        (now.epoch_seconds() < expires.parse().ok()?).then(|| key.to_owned())
    }

    /// The id of a file that clients may send back; made for good.
    pub fn signed_id(&self, key: &str) -> String {
        format!("{key}--{}", self.signature(&blob_claim(key)))
    }

    /// The key in a signed id, if we made it.
    pub fn read_signed_id(&self, text: &str) -> Option<String> {
        let (key, signature) = text.split_once("--")?;
        self.is_signed(&blob_claim(key), signature).then(|| key.to_owned())
    }

    /// What an address that serves bytes is for, if we made it and it has not expired.
    pub fn read_ticket(&self, text: &str, now: Timestamp) -> Option<Ticket> {
        let (claim, signature) = text.split_once("--")?;
        if !self.is_signed(claim, signature) {
            return None;
        }
        let mut parts = claim.split('.');
        let (key, variant, expires) = (parts.next()?, parts.next()?, parts.next()?.parse::<i64>().ok()?);
        let variant = if variant.is_empty() { None } else { Some(variant.parse().ok()?) };
        (now.epoch_seconds() < expires).then(|| Ticket { key: key.to_owned(), variant })
    }

    fn signature(&self, claim: &str) -> String {
        let mac = self.0.signer.clone().chain_update(claim).finalize().into_bytes();
        hex(&mac[..SIGNATURE])
    }

    fn is_signed(&self, claim: &str, signature: &str) -> bool {
        let Some(signature) = unhex(signature) else { return false };
        let mac = self.0.signer.clone().chain_update(claim);
        signature.len() == SIGNATURE && mac.verify_truncated_left(&signature).is_ok()
    }
}

impl Ticket {
    fn claim(&self, expires: i64) -> String {
        let variant = self.variant.map(Variant::as_str).unwrap_or_default();
        format!("{}.{variant}.{expires}", self.key)
    }
}

/// Other than the claim of any [`Ticket`], which has two points.
fn blob_claim(key: &str) -> String {
    format!("blob:{key}")
}

/// `bytes` as lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}

impl Deref for BaseUrl {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0.url
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.url)
    }
}

/// Without the key.
impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.url, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_epoch_seconds(1_767_607_200);

    fn base() -> BaseUrl {
        BaseUrl::new("https://desk.example", &SecretKey::new([7; 32]))
    }

    #[test]
    fn a_signed_id_is_read_back_and_no_other() {
        let signed = base().signed_id("0a1b");
        assert_eq!(base().read_signed_id(&signed).as_deref(), Some("0a1b"));
        let other = BaseUrl::new("https://desk.example", &SecretKey::new([8; 32]));
        assert_eq!(other.read_signed_id(&signed), None);
        let (_, signature) = signed.split_once("--").unwrap();
        let bad = [
            String::new(),
            "0a1b".into(),
            "0a1b--".into(),
            format!("0a1c--{signature}"),
            format!("{signed}00"),
            signed[..signed.len() - 2].to_owned(),
            format!("0a1b--{}", "zé".repeat(16)),
        ];
        for bad in bad {
            assert_eq!(base().read_signed_id(&bad), None, "{bad}");
        }
    }

    #[test]
    fn a_ticket_is_good_for_five_minutes_and_for_nothing_else() {
        let ticket = Ticket { key: "0a1b".into(), variant: Some(Variant::Preview) };
        let url = base().of_bytes(&ticket, "a b.png", NOW);
        let text = url.strip_prefix("https://desk.example/rails/active_storage/disk/").unwrap();
        let (text, name) = text.split_once('/').unwrap();
        assert_eq!(name, "a%20b.png");
        let after = |seconds| NOW.plus(Duration::from_secs(seconds));
        assert_eq!(base().read_ticket(text, after(299)), Some(ticket));
        assert_eq!(base().read_ticket(text, after(300)), None);
        assert_eq!(base().read_ticket(&text.replace("0a1b", "0a1c"), NOW), None);
        assert_eq!(base().read_ticket(&text.replace("preview", "avatar"), NOW), None);
        assert_eq!(base().read_ticket(&base().signed_id("0a1b"), NOW), None);
        assert_eq!(base().read_signed_id(text), None);
        assert_eq!(base().read_upload(text, NOW), None);
    }

    #[test]
    fn an_address_that_takes_bytes_gives_none_and_expires() {
        let url = base().of_upload("0a1b", NOW);
        let text = url.strip_prefix("https://desk.example/rails/active_storage/disk/").unwrap();
        let after = |seconds| NOW.plus(Duration::from_secs(seconds));
        assert_eq!(base().read_upload(text, after(299)).as_deref(), Some("0a1b"));
        assert_eq!(base().read_upload(text, after(300)), None);
        assert_eq!(base().read_upload(&text.replace("0a1b", "0a1c"), NOW), None);
        assert_eq!((base().read_ticket(text, NOW), base().read_signed_id(text)), (None, None));
        assert_eq!(base().read_upload(&base().signed_id("0a1b"), NOW), None);
    }

    #[test]
    fn it_is_shown_without_its_key() {
        assert_eq!(format!("{:?} {}", base(), base()), "\"https://desk.example\" https://desk.example");
    }
}
