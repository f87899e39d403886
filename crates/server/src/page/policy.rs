//! What a page may load, run and send: nothing but its own style and script, which are named by their hashes.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use sha2::{Digest, Sha256};

/// The style of all pages.
pub const STYLE: &str = include_str!("style.css");
/// The script of those that have one.
pub const SCRIPT: &str = include_str!("script.js");

static POLICIES: LazyLock<[HeaderValue; 2]> = LazyLock::new(|| [policy("'none'"), policy(&hash_of(SCRIPT))]);

/// The policy of a page, with or without the script.
pub fn of(has_script: bool) -> HeaderValue {
    POLICIES[usize::from(has_script)].clone()
}

fn policy(script: &str) -> HeaderValue {
    let text = format!(
        "default-src 'none'; style-src {}; script-src {script}; img-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'",
        hash_of(STYLE)
    );
    HeaderValue::try_from(text).expect("letters, digits and signs")
}

fn hash_of(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}
