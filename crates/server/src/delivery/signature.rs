//! How a receiver knows that a delivery is ours: the header of the reference, and Standard Webhooks.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue, header};
use sha2::Sha256;
use types::Timestamp;

use crate::token;

/// The headers of a delivery that is sent at `now`, signed with `secrets`: the present one first, then the one before
/// as long as both are valid.
///
/// - `X-Chatwoot-Signature`: `sha256=` and the hex HMAC-SHA256 of `{timestamp}.{body}`, the key is the secret's text
///   (realtime.md §3.3). Its receivers compare one value, which is of the present secret; `X-Chatwoot-Signature-Previous`
///   is the same of the secret before, as long as that is valid.
/// - `webhook-signature`: `v1,` and the base64 HMAC-SHA256 of `{id}.{timestamp}.{body}`, one for each secret; the key is
///   what the secret, read as base64, says (Standard Webhooks).
pub fn headers(uuid: &str, message_id: &str, now: Timestamp, body: &str, secrets: &[&str]) -> HeaderMap {
    let timestamp = now.epoch_seconds();
    let json = HeaderValue::from_static("application/json");
    let mut headers = HeaderMap::from_iter([(header::CONTENT_TYPE, json.clone()), (header::ACCEPT, json)]);
    let mut put = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    };
    put("x-chatwoot-delivery", uuid.to_owned());
    put("webhook-id", message_id.to_owned());
    put("webhook-timestamp", timestamp.to_string());
    if secrets.is_empty() {
        return headers;
    }
    put("x-chatwoot-timestamp", timestamp.to_string());
    for (name, secret) in ["x-chatwoot-signature", "x-chatwoot-signature-previous"].into_iter().zip(secrets) {
        let signed = mac(secret.as_bytes(), &[&timestamp.to_string(), body]);
        put(name, format!("sha256={}", token::hex(&signed)));
    }
    let signatures: Vec<String> = secrets
        .iter()
        .filter_map(|secret| STANDARD.decode(secret).ok())
        .map(|key| STANDARD.encode(mac(&key, &[message_id, &timestamp.to_string(), body])))
        .map(|signature| format!("v1,{signature}"))
        .collect();
    put("webhook-signature", signatures.join(" "));
    headers
}

fn mac(key: &[u8], parts: &[&str]) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.chain_update(parts.join(".")).finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use types::Timestamp;

    use super::headers;

    /// The example of the Standard Webhooks specification, and its key as the reference would use it.
    #[test]
    fn signatures_are_those_of_the_specification() {
        let secret = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let (id, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", r#"{"test": 2432232314}"#);
        let now = Timestamp::from_epoch_seconds(1_614_265_330);
        let signed = headers("uuid", id, now, body, &[secret, secret]);
        let header = |name: &str| signed[name].to_str().unwrap().to_owned();
        let one = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(header("webhook-signature"), format!("{one} {one}"));
        assert_eq!((header("webhook-id"), header("webhook-timestamp")), (id.to_owned(), "1614265330".to_owned()));
        assert!(header("x-chatwoot-signature").starts_with("sha256=") && header("x-chatwoot-signature").len() == 71);
    }

    #[test]
    fn without_a_secret_nothing_is_signed() {
        let sent = headers("uuid", "id", Timestamp::from_epoch_seconds(1), "{}", &[]);
        assert!(!sent.contains_key("webhook-signature") && !sent.contains_key("x-chatwoot-signature"));
        assert_eq!(sent["x-chatwoot-delivery"], "uuid");
    }
}
