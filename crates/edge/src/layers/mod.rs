//! What every request passes once it is routed: id, time limit, errors, headers, metrics, one log line.

mod conditional;
mod cors;
mod echo;
mod gzip;
mod headers;
mod log;
mod panic;
mod request_id;
mod who;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::HttpBody;
use axum::extract::{MatchedPath, OriginalUri, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::Method;
use store::QueryStats;

pub use echo::Echo;
pub use request_id::RequestId;
pub use who::Who;

use crate::body::Media;
use crate::render::{Place, render_errors};
use crate::{Documented, Error};

/// What the layer can be told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long a request may take until its answer begins; then it is answered 408.
    pub timeout: Duration,
    /// The same for a request whose body may carry files, or is one.
    pub upload_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(30), upload_timeout: Duration::from_mins(10) }
    }
}

/// Wraps a finished router; `documented` decides what [`Error::Forbidden`] means.
///
/// The result belongs into [`crate::rewrite::around`]; nothing else may wrap it, or its answers would miss
/// the log.
pub fn wrap(router: Router, documented: Documented, settings: Settings) -> Router {
    router.layer(from_fn_with_state(Arc::new(Edge { documented, settings }), pass))
}

struct Edge {
    documented: Documented,
    settings: Settings,
}

/// What is remembered of a request while its handler has it.
struct Call {
    started: Instant,
    id: RequestId,
    method: Method,
    path: String,
    template: Option<MatchedPath>,
    original: Option<OriginalUri>,
    stats: QueryStats,
    who: who::Slot,
    echo: echo::Slot,
}

impl Call {
    fn begin(request: &mut Request) -> Self {
        let call = Self {
            started: Instant::now(),
            id: RequestId::of(request.headers()),
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            template: request.extensions().get().cloned(),
            original: request.extensions().get().cloned(),
            stats: QueryStats::default(),
            who: who::Slot::default(),
            echo: echo::Slot::default(),
        };
        request.extensions_mut().insert(call.id.clone());
        request.extensions_mut().insert(call.who.clone());
        request.extensions_mut().insert(call.echo.clone());
        call
    }

    fn place(&self) -> Place<'_> {
        Place {
            method: &self.method,
            path: &self.path,
            template: self.template.as_ref().map(MatchedPath::as_str),
            request_id: self.id.as_str(),
        }
    }
}

async fn pass(State(edge): State<Arc<Edge>>, mut request: Request, next: Next) -> Response {
    let call = Call::begin(&mut request);
    let asked = headers::Asked::of(&request);
    let response = match cors::preflight(&request) {
        Some(answer) => answer,
        None => answer(&edge, &call, request, next).await,
    };
    let mut response = render_errors(&edge.documented, call.place(), response).await;
    cors::allow(&call.path, response.headers_mut());
    call.echo.add_to(response.headers_mut());
    let mut response = headers::finish(asked, response).await;
    headers::mark(&call, response.headers_mut());
    log::write(&call, &response);
    response
}

async fn answer(edge: &Edge, call: &Call, request: Request, next: Next) -> Response {
    if call.path.contains("%00") {
        return Error::NotFound("record").into_response();
    }
    let is_upload = match Media::of(request.headers()) {
        Media::Multipart(_) => true,
        Media::Other => !request.body().is_end_stream(),
        Media::Json | Media::Urlencoded => false,
    };
    let timeout = if is_upload { edge.settings.upload_timeout } else { edge.settings.timeout };
    let handled = call.stats.clone().counting(panic::caught(next.run(request)));
    match tokio::time::timeout(timeout, handled).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => error.into_response(),
        Err(_) => Error::TooSlow.into_response(),
    }
}
