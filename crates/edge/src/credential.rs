//! The credential that a request carries.

use std::fmt;

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use serde::Deserialize;

/// What proves who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// The token of a user, a bot or a platform app.
    Token(String),
    /// A sign-in.
    Session(Session),
}

/// What a sign-in gave the client. Values that were not sent are empty: nobody has such a session.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Session {
    /// The secret.
    #[serde(rename = "access-token")]
    pub token: String,
    /// Names the session among the user's.
    pub client: String,
    /// The user's address.
    pub uid: String,
}

/// The secret is not printed.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("client", &self.client).finish_non_exhaustive()
    }
}

impl Credential {
    /// A text that only this caller knows.
    pub fn secret(&self) -> &str {
        match self {
            Self::Token(token) => token,
            Self::Session(session) => &session.token,
        }
    }
}

/// What `api_access_token` (or `api-access-token`) says, else the headers of a session, else
/// `Authorization: Bearer`.
///
/// The first of them that is not blank decides (rest.md §2.1, decisions §3): a bearer that is base64 of JSON is a
/// session, any other text a token. A header that is not text counts as the empty token, which nobody has.
pub fn credential(headers: &HeaderMap) -> Option<Credential> {
    let own = ["api_access_token", "api-access-token"].iter().filter_map(|name| text(headers, name));
    if let Some(token) = own.into_iter().next() {
        return Some(Credential::Token(token));
    }
    if let Some(token) = text(headers, "access-token") {
        let value = |name| text(headers, name).unwrap_or_default();
        return Some(Credential::Session(Session { token, client: value("client"), uid: value("uid") }));
    }
    let bearer = headers.get(AUTHORIZATION)?.to_str().unwrap_or_default();
    let (scheme, bearer) = bearer.split_once(' ')?;
    let bearer = bearer.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || bearer.is_empty() {
        return None;
    }
    Some(session_of(bearer).map_or_else(|| Credential::Token(bearer.to_owned()), Credential::Session))
}

/// The header's text; `None` when it is missing or blank.
fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?;
    value.to_str().map_or(Some(String::new()), |text| Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
}

/// The session that is written as base64 of a JSON object, in either alphabet, padded or not.
fn session_of(bearer: &str) -> Option<Session> {
    const ANY: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let alphabets = [&base64::alphabet::STANDARD, &base64::alphabet::URL_SAFE];
    let bytes = alphabets.iter().find_map(|alphabet| GeneralPurpose::new(alphabet, ANY).decode(bearer).ok())?;
    serde_json::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::{Credential, Session, credential};

    fn headers(pairs: &[(&str, &[u8])]) -> HeaderMap {
        let pair = |(name, value): &(&str, &[u8])| {
            (name.parse::<HeaderName>().unwrap(), HeaderValue::from_bytes(value).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    fn session(token: &str, client: &str, uid: &str) -> Credential {
        Credential::Session(Session { token: token.into(), client: client.into(), uid: uid.into() })
    }

    #[test]
    fn the_access_token_header_decides() {
        type Case = (&'static [(&'static str, &'static [u8])], Option<&'static str>);
        let cases: &[Case] = &[
            (&[], None),
            (&[("Api_Access_Token", b"abc")], Some("abc")),
            (&[("API-ACCESS-TOKEN", b"abc")], Some("abc")),
            (&[("api_access_token", b"abc"), ("authorization", b"Bearer def")], Some("abc")),
            (&[("api_access_token", b"abc"), ("access-token", b"def")], Some("abc")),
            (&[("api_access_token", b" "), ("api-access-token", b"abc")], Some("abc")),
            (&[("api_access_token", b""), ("authorization", b"bearer  def ")], Some("def")),
            (&[("api_access_token", b"\xff"), ("authorization", b"Bearer def")], Some("")),
            (&[("authorization", b"Basic def")], None),
            (&[("authorization", b"Bearer")], None),
            (&[("authorization", b"Bearer ")], None),
            (&[("authorization", b"\xff")], None),
            (&[("client", b"c"), ("uid", b"u")], None),
        ];
        for (pairs, expected) in cases {
            let expected = expected.map(|token| Credential::Token(token.into()));
            assert_eq!(credential(&headers(pairs)), expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_session_comes_in_three_headers_or_as_a_bearer() {
        let sent = headers(&[("Access-Token", b"t"), ("CLIENT", b"c"), ("Uid", b"u"), ("authorization", b"Bearer x")]);
        assert_eq!(credential(&sent), Some(session("t", "c", "u")));
        assert_eq!(credential(&headers(&[("access-token", b"t")])), Some(session("t", "", "")));
        let json = br#"{"access-token":"t>?","token-type":"Bearer","client":"c","expiry":"1","uid":"u"}"#;
        for text in [STANDARD.encode(json), URL_SAFE_NO_PAD.encode(json)] {
            let sent = headers(&[("authorization", format!("Bearer {text}").as_bytes())]);
            assert_eq!(credential(&sent), Some(session("t>?", "c", "u")), "{text}");
        }
        // Base64, but no object of JSON: a token.
        for text in [STANDARD.encode("7"), STANDARD.encode("nothing"), "QQdJKwRpSkgK7EYPnzmCMsoG".into()] {
            let sent = headers(&[("authorization", format!("Bearer {text}").as_bytes())]);
            assert_eq!(credential(&sent), Some(Credential::Token(text)));
        }
    }

    #[test]
    fn a_secret_is_not_printed() {
        let printed = format!("{:?}", Session { token: "hush".into(), ..Session::default() });
        assert!(!printed.contains("hush"));
    }
}
