//! The HTTP client for a bucket. The operator names its server in the settings, often on an inner network, so that the
//! guard for addresses that people give would be in the way.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient as ObjectClient, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse, HttpResponseBody,
    HttpService,
};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;

/// How long connecting may take.
const CONNECTING: Duration = Duration::from_secs(5);
/// How long the server may take for the head of an answer, or be silent amid one.
const SILENCE: Duration = Duration::from_secs(30);

/// Makes the client.
#[derive(Debug)]
pub(crate) struct Connector;

#[derive(Debug)]
struct Client(HttpClient<HttpsConnector<HttpConnector>, HttpRequestBody>);

impl object_store::client::HttpConnector for Connector {
    #[expect(clippy::disallowed_methods, reason = "the operator named the server, and nobody else can")]
    fn connect(&self, _: &ClientOptions) -> object_store::Result<ObjectClient> {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECTING));
        connector.set_nodelay(true);
        connector.enforce_http(false);
        let https = HttpsConnectorBuilder::new().with_tls_config(tls()).https_or_http().enable_http1();
        let mut builder = HttpClient::builder(TokioExecutor::new());
        builder.pool_timer(TokioTimer::new()).pool_idle_timeout(SILENCE);
        Ok(ObjectClient::new(Client(builder.build(https.wrap_connector(connector)))))
    }
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'a>>;

impl HttpService for Client {
    fn call<'life, 'answer>(&'life self, request: HttpRequest) -> Answer<'answer>
    where
        'life: 'answer,
        Self: 'answer,
    {
        Box::pin(async move {
            let answer = timeout(SILENCE, self.0.request(request)).await;
            let answer = answer.map_err(|elapsed| HttpError::new(HttpErrorKind::Timeout, elapsed))?;
            let (head, body) = answer.map_err(|cause| HttpError::new(kind(&cause), cause))?.into_parts();
            Ok(HttpResponse::from_parts(head, HttpResponseBody::new(StreamBody::new(frames(body)))))
        })
    }
}

fn kind(error: &hyper_util::client::legacy::Error) -> HttpErrorKind {
    if error.is_connect() { HttpErrorKind::Connect } else { HttpErrorKind::Request }
}

/// The body, as long as the server goes on.
fn frames(body: Incoming) -> impl stream::Stream<Item = Result<Frame<Bytes>, HttpError>> + Send {
    stream::unfold(Some(body), async |body| {
        let mut body = body?;
        match timeout(SILENCE, body.frame()).await {
            Ok(None) => None,
            Ok(Some(Ok(frame))) => Some((Ok(frame), Some(body))),
            Ok(Some(Err(cause))) => Some((Err(HttpError::new(HttpErrorKind::Interrupted, cause)), None)),
            Err(elapsed) => Some((Err(HttpError::new(HttpErrorKind::Timeout, elapsed)), None)),
        }
    })
    .fuse()
}

/// TLS by the provider of the other client, with the certificates of the operating system.
fn tls() -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider knows the versions of TLS that rustls takes for safe")
        .with_root_certificates(roots)
        .with_no_client_auth()
}
