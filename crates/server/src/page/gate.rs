//! Who pages are for: browsers, and forms that our own pages sent.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use edge::{Body, Error};
use http::header::ACCEPT;
use http::request::Parts;
use http::{HeaderMap, StatusCode};

use super::Failed;

/// The fields of a form that one of our pages sent.
///
/// A browser says where a form comes from (`Sec-Fetch-Site`), at least over TLS: another site cannot sign a visitor
/// in or out, or set a password for it. What does not say so is no browser, or one of an address without TLS.
#[derive(Debug)]
pub struct OwnForm<T>(pub T);

impl<T: edge::Shape, S: Send + Sync> FromRequest<S> for OwnForm<T> {
    type Rejection = Failed;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failed> {
        let (mut parts, body) = request.into_parts();
        OwnForm::<()>::from_request_parts(&mut parts, state).await?;
        let Body(form) = Body::<T>::from_request(Request::from_parts(parts, body), state).await?;
        Ok(Self(form))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for OwnForm<()> {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failed> {
        match parts.headers.get("sec-fetch-site").map(http::HeaderValue::as_bytes) {
            None | Some(b"same-origin" | b"none") => Ok(Self(())),
            Some(_) => Err(Error::Forbidden.into()),
        }
    }
}

/// Answers 406 to who asks for JSON and not for a page (superset §27).
pub async fn only_for_people(request: Request, next: Next) -> Response {
    if takes_pages(request.headers()) { next.run(request).await } else { StatusCode::NOT_ACCEPTABLE.into_response() }
}

fn takes_pages(headers: &HeaderMap) -> bool {
    let mut kinds = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).peekable();
    kinds.peek().is_none() || kinds.any(|kinds| ["text/html", "text/*", "*/*"].iter().any(|page| kinds.contains(page)))
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use http::header::ACCEPT;

    use super::takes_pages;

    #[test]
    fn browsers_and_who_does_not_say_get_pages() {
        assert!(takes_pages(&HeaderMap::new()));
        for (kinds, is_for_people) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("*/*", true),
            ("application/json", false),
            ("application/json, text/plain", false),
            ("application/json, text/plain, */*", true),
        ] {
            let headers = [(ACCEPT, kinds.parse().unwrap())].into_iter().collect();
            assert_eq!(takes_pages(&headers), is_for_people, "{kinds}");
        }
    }
}
