//! Twin addresses (rest.md §1.1), settled before the router sees the request.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::{OriginalUri, Request};
use axum::response::Response;
use axum::routing::future::RouteFuture;
use axum::routing::{IntoMakeService, Router};
use axum::{ServiceExt, body::HttpBody};
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Method, Uri};
use tower::{BoxError, Service};

/// Groups that are changed by PATCH only; PUT is refused there.
const PATCH_ONLY: [&str; 2] = ["inbox_members", "team_members"];

/// Where the suffixes `.json` and `.csv` mean the format and not a file.
const WITH_FORMAT: [&str; 4] = ["/api/", "/platform/", "/public/", "/auth/"];

/// Wraps `router` so that twin addresses reach their route.
///
/// Routes are registered without a trailing slash, below `/api/v1`, and their update verb is PATCH, except the
/// path templates in `put` (`/api/v1/accounts/{}/contacts/{}`), whose update verb is PUT. The address as it was
/// sent stays in [`OriginalUri`].
pub fn around(router: Router, put: &[&str]) -> Rewrite {
    Rewrite { router, put: put.iter().map(|template| Template::new(template)).collect() }
}

/// A router that is reached by twin addresses too.
#[derive(Debug, Clone)]
pub struct Rewrite {
    router: Router,
    put: Arc<[Template]>,
}

impl Rewrite {
    /// What `axum::serve` takes.
    pub fn into_make_service(self) -> IntoMakeService<Self> {
        ServiceExt::<Request>::into_make_service(self)
    }

    fn method(&self, method: &Method, path: &str) -> Option<Method> {
        let is_put = *method == Method::PUT;
        if !is_put && *method != Method::PATCH {
            return None;
        }
        let stays_put = self.put.iter().any(|template| template.matches(path));
        let patch_only = path.rsplit('/').next().is_some_and(|last| PATCH_ONLY.contains(&last));
        if is_put { (!stays_put && !patch_only).then_some(Method::PATCH) } else { stays_put.then_some(Method::PUT) }
    }
}

impl<B> Service<Request<B>> for Rewrite
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = RouteFuture<Infallible>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request<B>>::poll_ready(&mut self.router, context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if let Some(uri) = address(request.uri()) {
            let original = std::mem::replace(request.uri_mut(), uri);
            request.extensions_mut().insert(OriginalUri(original));
        }
        if let Some(method) = self.method(request.method(), request.uri().path()) {
            *request.method_mut() = method;
        }
        self.router.call(request)
    }
}

/// A path whose segments `{…}` stand for anything.
#[derive(Debug)]
struct Template(Vec<Option<Box<str>>>);

impl Template {
    fn new(text: &str) -> Self {
        Self(text.split('/').map(|part| (!part.starts_with('{')).then(|| part.into())).collect())
    }

    fn matches(&self, path: &str) -> bool {
        let mut parts = path.split('/');
        let same = self.0.iter().all(|wanted| match (wanted, parts.next()) {
            (_, None) => false,
            (Some(wanted), Some(part)) => **wanted == *part,
            (None, Some(part)) => !part.is_empty(),
        });
        same && parts.next().is_none()
    }
}

/// The address that the router knows, when it is another one.
fn address(uri: &Uri) -> Option<Uri> {
    let path = path(uri.path())?;
    let text = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::from_maybe_shared(text).ok()?);
    Uri::from_parts(parts).ok()
}

fn path(sent: &str) -> Option<String> {
    let path = sent.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(sent);
    let prefix = if is_profile(path) || path.starts_with("/accounts/") { "/api/v1" } else { "" };
    let path = without_format(prefix, path);
    (path.len() < sent.len() || !prefix.is_empty()).then(|| format!("{prefix}{path}"))
}

fn is_profile(path: &str) -> bool {
    matches!(path, "/profile" | "/profile.json")
}

fn without_format<'a>(prefix: &str, path: &'a str) -> &'a str {
    if prefix.is_empty() && path != "/api.json" && !WITH_FORMAT.iter().any(|start| path.starts_with(start)) {
        return path;
    }
    let csv = || path.strip_suffix(".csv").filter(|_| prefix == "/api/v1" || path.starts_with("/api/"));
    let stem = path.strip_suffix(".json").or_else(csv);
    stem.filter(|stem| !stem.ends_with('/')).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use http::Uri;

    use super::{Template, address};

    #[test]
    fn twin_addresses_become_the_registered_one() {
        let cases = [
            ("/", None),
            ("/app/", Some("/app")),
            ("/app/manifest.json", None),
            ("/api/v1/accounts/1/inboxes/2/", Some("/api/v1/accounts/1/inboxes/2")),
            ("/api/v1/accounts/1/inboxes.json?page=2", Some("/api/v1/accounts/1/inboxes?page=2")),
            ("/api/v1/accounts/1/inboxes.json/", Some("/api/v1/accounts/1/inboxes")),
            ("/api/v2/accounts/1/reports/agents.csv?since=1", Some("/api/v2/accounts/1/reports/agents?since=1")),
            ("/api/v1/accounts/1/inboxes/.json", None),
            ("/api/v1/accounts/1/inboxes", None),
            ("/api/v1//accounts/1/inboxes", None),
            ("/api.json", Some("/api")),
            ("/public/api/v1/inboxes/x/contacts/a.csv", None),
            ("/profile", Some("/api/v1/profile")),
            ("/profile.json", Some("/api/v1/profile")),
            ("/profiles", None),
            ("/accounts/1/teams/2/team_members/?a=b", Some("/api/v1/accounts/1/teams/2/team_members?a=b")),
            ("/accounts/1/inboxes.json", Some("/api/v1/accounts/1/inboxes")),
            ("/accounts", None),
            ("/a//", Some("/a/")),
            ("http://host:1/profile?x=%20", Some("http://host:1/api/v1/profile?x=%20")),
        ];
        for (sent, expected) in cases {
            let uri: Uri = sent.parse().unwrap();
            assert_eq!(address(&uri).map(|uri| uri.to_string()).as_deref(), expected, "{sent}");
        }
    }

    #[test]
    fn a_template_matches_whole_paths() {
        let template = Template::new("/api/v1/accounts/{}/contacts/{id}");
        assert!(template.matches("/api/v1/accounts/1/contacts/7"));
        for path in
            ["/api/v1/accounts/1/contacts", "/api/v1/accounts/1/contacts/7/labels", "/api/v1/accounts//contacts/7"]
        {
            assert!(!template.matches(path), "{path}");
        }
    }
}
