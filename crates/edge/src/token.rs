//! The credential that a request carries.

use http::HeaderMap;
use http::header::AUTHORIZATION;

/// The token of `api_access_token` (or `api-access-token`), else of `Authorization: Bearer`.
///
/// The first of them that is not blank decides (rest.md §2.1, decisions §3). A header that is not text counts
/// as the empty token, which nobody has. A bearer token may be a session: base64 of JSON.
pub fn token(headers: &HeaderMap) -> Option<&str> {
    let own = ["api_access_token", "api-access-token"].iter().filter_map(|name| headers.get(*name));
    let own = own.map(|value| value.to_str().map(str::trim)).find(|text| !matches!(text, Ok("")));
    if let Some(text) = own {
        return Some(text.unwrap_or_default());
    }
    let text = headers.get(AUTHORIZATION)?.to_str().unwrap_or_default();
    let (scheme, token) = text.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::token;

    fn headers(pairs: &[(&str, &[u8])]) -> HeaderMap {
        let pair = |(name, value): &(&str, &[u8])| {
            (name.parse::<HeaderName>().unwrap(), HeaderValue::from_bytes(value).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn the_access_token_header_decides() {
        type Case = (&'static [(&'static str, &'static [u8])], Option<&'static str>);
        let cases: &[Case] = &[
            (&[], None),
            (&[("Api_Access_Token", b"abc")], Some("abc")),
            (&[("API-ACCESS-TOKEN", b"abc")], Some("abc")),
            (&[("api_access_token", b"abc"), ("authorization", b"Bearer def")], Some("abc")),
            (&[("api_access_token", b" "), ("api-access-token", b"abc")], Some("abc")),
            (&[("api_access_token", b""), ("authorization", b"bearer  def ")], Some("def")),
            (&[("api_access_token", b"\xff"), ("authorization", b"Bearer def")], Some("")),
            (&[("authorization", b"Basic def")], None),
            (&[("authorization", b"Bearer")], None),
            (&[("authorization", b"Bearer ")], None),
            (&[("authorization", b"\xff")], None),
        ];
        for (pairs, expected) in cases {
            assert_eq!(token(&headers(pairs)), *expected, "{pairs:?}");
        }
    }
}
