//! Random secrets, and what is kept of them.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// Letters and digits without the four that look alike.
const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// 24 random characters, base58: access tokens, inbox identifiers, socket keys (contract rest.md §1.4).
pub fn random() -> String {
    random_of(24, BASE58)
}

/// `length` random lower-case hex digits.
pub fn random_hex(length: usize) -> String {
    random_of(length, b"0123456789abcdef")
}

/// What is stored of a random secret: its SHA-256 in hex. Nothing slower is needed, since nobody can guess it.
pub fn digest(secret: &str) -> String {
    hex(&Sha256::digest(secret))
}

/// Bytes as hex digits, in lower case.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a text");
        hex
    })
}

fn random_of(length: usize, alphabet: &[u8]) -> String {
    let mut text = String::with_capacity(length);
    let mut bytes = [0u8; 64];
    // The largest multiple of the alphabet's size: bytes above it would favour the first letters.
    let fair = 256 - 256 % alphabet.len();
    while text.len() < length {
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        let letters = bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair);
        text.extend(letters.map(|byte| char::from(alphabet[byte % alphabet.len()])).take(length - text.len()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{random, random_hex};

    #[test]
    fn tokens_have_their_length_and_alphabet_and_differ() {
        let token = random();
        assert_eq!(token.len(), 24);
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() && !b"0OIl".contains(&byte)));
        assert_ne!(token, random());
        assert_eq!(random_hex(32).len(), 32);
    }
}
