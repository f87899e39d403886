//! The only HTTP client of the product.
//!
//! People give the addresses that are called here, so every call is bounded and guarded: only http and https; every
//! connection goes to an IP address that was checked when it was made, and to no other; each redirect is a new address
//! with new checks; time, size, calls at once and calls that wait have limits. Proxies of the environment are not
//! used and compressed answers are not unpacked. The crate knows no feature.

mod address;
mod connector;
mod error;
mod permits;
mod resolver;
mod target;

use std::future::Future;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, USER_AGENT,
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
pub use ipnet::IpNet;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout, timeout_at};
use tracing::warn;

use address::Guard;
pub use address::is_public;
use connector::Connector;
pub use error::Error;
use permits::Permits;
pub use resolver::{Addresses, Resolve, SystemResolver};
use target::Target;

/// How many redirects are followed.
const MAX_REDIRECTS: usize = 5;
/// Largest head of an answer, in bytes, and most headers in it.
const MAX_HEAD: usize = 64 * 1024;
const MAX_HEADERS: usize = 100;
/// How long a connection is kept for the next call, and how many for one server.
const KEPT_FOR: Duration = Duration::from_secs(30);
const MAX_KEPT: usize = 2;

/// What the operator and the product choose.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Ranges that are called although they are not public.
    pub allow: Vec<IpNet>,
    /// Who we say we are.
    pub user_agent: &'static str,
    /// How long looking a name up and connecting may take together.
    pub connect_timeout: Duration,
    /// How many calls run at once.
    pub calls: usize,
    /// How many of them to one server.
    pub calls_per_host: usize,
    /// How many calls run or wait; one more is [`Error::Busy`].
    pub waiting: usize,
    /// Certificates that are trusted beside those of the operating system.
    pub roots: RootCertStore,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            user_agent: concat!("Ooctopus/", env!("CARGO_PKG_VERSION")),
            connect_timeout: Duration::from_secs(5),
            calls: 64,
            calls_per_host: 8,
            waiting: 1024,
            roots: RootCertStore::empty(),
        }
    }
}

/// The limits of one call.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Everything together: waiting, redirects, the whole body.
    pub time: Duration,
    /// Most bytes of a body that are read.
    pub bytes: u64,
    /// What happens when there are more.
    pub excess: Excess,
}

/// What becomes of a body that is larger than its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// The call fails.
    Refuse,
    /// The bytes up to the limit are the answer; of a call that posts also those that came before the rest was lost or
    /// too late.
    Cut,
}

/// An answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, up to the limit.
    pub body: Bytes,
    /// The address that answered, after redirects.
    pub url: String,
}

impl Response {
    /// The media type as sent, with its parameters.
    pub fn content_type(&self) -> Option<&str> {
        self.headers.get(CONTENT_TYPE)?.to_str().ok()
    }
}

/// The head of an answer whose body went elsewhere.
#[derive(Debug, Clone)]
pub struct Head {
    /// The status; the body of none but a success was taken.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The address that answered, after redirects.
    pub url: String,
}

impl Head {
    /// The media type as sent, with its parameters.
    pub fn content_type(&self) -> Option<&str> {
        self.headers.get(CONTENT_TYPE)?.to_str().ok()
    }
}

/// An answer whose body is still to come, piece by piece. It counts as a call until it is dropped.
pub struct Opened {
    /// What came first.
    pub head: Head,
    body: Incoming,
    _permits: (OwnedSemaphorePermit, [OwnedSemaphorePermit; 2]),
}

impl Opened {
    /// The next bytes, which must come within this time; `None` at the end.
    pub async fn next(&mut self, within: Duration) -> Result<Option<Bytes>, Error> {
        loop {
            let frame = timeout(within, self.body.frame()).await.map_err(|_| Error::TimedOut)?;
            let Some(frame) = frame else { return Ok(None) };
            if let Ok(data) = frame.map_err(|error| Error::of_body(&error))?.into_data() {
                return Ok(Some(data));
            }
        }
    }
}

/// Where the bytes of a body go, piece by piece.
pub trait Sink: Send {
    /// Takes the next bytes; an error ends the call.
    fn push(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send;
}

impl Sink for BytesMut {
    async fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.extend_from_slice(bytes);
        Ok(())
    }
}

/// The client; cheap to clone.
#[derive(Clone)]
pub struct Outbound(Arc<Parts>);

type HttpClient = Client<HttpsConnector<Connector>, Full<Bytes>>;

struct Parts {
    connector: Connector,
    roots: RootCertStore,
    /// Made by the first call: reading the certificates of the machine takes a while.
    client: OnceLock<HttpClient>,
    permits: Permits,
    user_agent: HeaderValue,
}

impl Outbound {
    /// A client that asks the operating system for names.
    pub fn new(settings: Settings) -> Self {
        Self::with_resolver(settings, Arc::new(SystemResolver))
    }

    /// A client that looks names up by `resolver`.
    pub fn with_resolver(settings: Settings, resolver: Arc<dyn Resolve>) -> Self {
        let connector = Connector::new(Guard::new(settings.allow), resolver, settings.connect_timeout);
        let permits = Permits::new(settings.waiting, settings.calls, settings.calls_per_host);
        Self(Arc::new(Parts {
            connector,
            roots: settings.roots,
            client: OnceLock::new(),
            permits,
            user_agent: HeaderValue::from_static(settings.user_agent),
        }))
    }

    /// Fetches an address, following redirects.
    pub async fn get(&self, url: &str, limits: Limits) -> Result<Response, Error> {
        let mut body = BytesMut::new();
        let head = self.fetch(url, limits, |_| true, &mut body).await?;
        Ok(head.with(body))
    }

    /// The same, with the body into `sink`, so that a large one is not in memory. Of an answer that is no success
    /// nothing but the head is taken.
    pub async fn download(&self, url: &str, limits: Limits, sink: &mut impl Sink) -> Result<Head, Error> {
        self.fetch(url, limits, |status| status.is_success(), sink).await
    }

    /// Opens an answer that may have no end: whoever reads it keeps the bounds. `time` is for its head. A redirect is an
    /// answer like any other: what the headers say is not for others.
    pub async fn open(&self, url: &str, headers: HeaderMap, time: Duration) -> Result<Opened, Error> {
        let target = Target::parse(url)?;
        let place = self.0.permits.enter()?;
        let call = async {
            let running = self.0.permits.run(&target.host()).await?;
            let (head, body) = self.send(Method::GET, &target, Post { headers, body: Bytes::new() }).await?;
            Ok(Opened { head, body, _permits: (place, running) })
        };
        timeout(time, call).await.map_err(|_| Error::TimedOut)?
    }

    /// Posts a body; a name and a password in the address are sent as Basic authentication. A redirect is an answer like any other: what was meant for one server is not sent to another.
    pub async fn post(
        &self,
        url: &str,
        headers: HeaderMap,
        body: impl Into<Bytes>,
        limits: Limits,
    ) -> Result<Response, Error> {
        let (target, login) = Target::parse_with_login(url)?;
        let mut headers = headers;
        if let Some(login) = login {
            headers.entry(AUTHORIZATION).or_insert(login);
        }
        let body = body.into();
        let _place = self.0.permits.enter()?;
        let end = Instant::now() + limits.time;
        let call = async {
            let running = self.0.permits.run(&target.host()).await?;
            let answer = self.send(Method::POST, &target, Post { headers, body }).await?;
            Ok::<_, Error>((running, answer))
        };
        let (_running, (head, body)) = timeout_at(end, call).await.map_err(|_| Error::TimedOut)??;
        let mut answer = BytesMut::new();
        if !is_redirect(head.status) {
            let reading = read(&head.headers, body, limits, &mut answer);
            let whole = timeout_at(end, reading).await.map_err(|_| Error::TimedOut).and_then(|read| read);
            match limits.excess {
                Excess::Refuse => whole?,
                // The head has said what became of the call.
                Excess::Cut => drop(whole),
            }
        }
        Ok(head.with(answer))
    }

    async fn fetch(
        &self,
        url: &str,
        limits: Limits,
        is_wanted: fn(StatusCode) -> bool,
        sink: &mut impl Sink,
    ) -> Result<Head, Error> {
        let target = Target::parse(url)?;
        let _place = self.0.permits.enter()?;
        timeout(limits.time, self.follow(target, limits, is_wanted, sink)).await.map_err(|_| Error::TimedOut)?
    }

    async fn follow(
        &self,
        mut target: Target,
        limits: Limits,
        is_wanted: fn(StatusCode) -> bool,
        sink: &mut impl Sink,
    ) -> Result<Head, Error> {
        for _ in 0..=MAX_REDIRECTS {
            let _running = self.0.permits.run(&target.host()).await?;
            let (head, body) = self.send(Method::GET, &target, Post::default()).await?;
            if let Some(location) = location(&head)? {
                target = target.follow(location)?;
                continue;
            }
            if is_wanted(head.status) {
                read(&head.headers, body, limits, sink).await?;
            }
            return Ok(head);
        }
        Err(Error::Redirect("too often"))
    }

    async fn send(&self, method: Method, target: &Target, post: Post) -> Result<(Head, Incoming), Error> {
        let mut request = Request::new(Full::new(post.body));
        *request.method_mut() = method;
        *request.uri_mut() = target.uri()?;
        *request.headers_mut() = post.headers;
        request.headers_mut().insert(USER_AGENT, self.0.user_agent.clone());
        request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let answer = self.0.client().request(request).await.map_err(|error| Error::of_client(&error))?;
        let (parts, body) = answer.into_parts();
        Ok((Head { status: parts.status, headers: parts.headers, url: target.as_str().to_owned() }, body))
    }
}

/// What is sent along with a call.
#[derive(Default)]
struct Post {
    headers: HeaderMap,
    body: Bytes,
}

impl Head {
    fn with(self, body: BytesMut) -> Response {
        Response { status: self.status, headers: self.headers, body: body.freeze(), url: self.url }
    }
}

impl Parts {
    #[expect(clippy::disallowed_methods, reason = "this is the guarded client")]
    fn client(&self) -> &HttpClient {
        self.client.get_or_init(|| {
            let tls = tls(self.roots.clone());
            let https = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
            Client::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .pool_idle_timeout(KEPT_FOR)
                .pool_max_idle_per_host(MAX_KEPT)
                .http1_max_buf_size(MAX_HEAD)
                .http1_max_headers(MAX_HEADERS)
                .build(https.wrap_connector(self.connector.clone()))
        })
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Where an answer leads on.
fn location(response: &Head) -> Result<Option<&str>, Error> {
    if !is_redirect(response.status) {
        return Ok(None);
    }
    let location = response.headers.get(LOCATION).and_then(|value| value.to_str().ok());
    location.map(Some).ok_or(Error::Redirect("to nowhere"))
}

/// Reads a body up to its limit; what comes after it is never taken from the socket as a whole.
async fn read(headers: &HeaderMap, mut body: Incoming, limits: Limits, sink: &mut impl Sink) -> Result<(), Error> {
    if limits.excess == Excess::Refuse {
        if headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
            return Err(Error::Compressed);
        }
        let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if length.is_some_and(|length| length > limits.bytes) {
            return Err(Error::TooLarge(limits.bytes));
        }
    }
    let mut room = usize::try_from(limits.bytes).unwrap_or(usize::MAX);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|error| Error::of_body(&error))?.into_data() else { continue };
        let is_excess = data.len() > room;
        if is_excess && limits.excess == Excess::Refuse {
            return Err(Error::TooLarge(limits.bytes));
        }
        let taken = &data[..data.len().min(room)];
        sink.push(taken).await.map_err(|cause| Error::Sink(cause.to_string()))?;
        room -= taken.len();
        if is_excess {
            break;
        }
    }
    Ok(())
}

/// TLS by one provider, with the certificates of the operating system and `roots`.
fn tls(mut roots: RootCertStore) -> ClientConfig {
    let found = rustls_native_certs::load_native_certs();
    for cause in &found.errors {
        warn!(%cause, "some certificates of this machine were not read");
    }
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        warn!("this machine has no certificates: no https address can be called");
    }
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider knows the versions of TLS that rustls takes for safe")
        .with_root_certificates(roots)
        .with_no_client_auth()
}
