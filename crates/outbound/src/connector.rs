//! Connections to checked addresses only.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower::Service;

use crate::Error;
use crate::address::Guard;
use crate::resolver::Resolve;

/// How many addresses of a name are tried.
const MAX_ADDRESSES: usize = 4;

/// Makes every connection of the client: looks the name up once, checks each address that came back, and connects to
/// one of those. A name of which one address is refused is refused as a whole.
#[derive(Clone)]
pub(crate) struct Connector {
    guard: Arc<Guard>,
    resolver: Arc<dyn Resolve>,
    limit: Duration,
}

impl Connector {
    pub fn new(guard: Guard, resolver: Arc<dyn Resolve>, limit: Duration) -> Self {
        Self { guard: Arc::new(guard), resolver, limit }
    }

    async fn connect(self, uri: Uri) -> Result<TokioIo<TcpStream>, Error> {
        let host = uri.host().ok_or(Error::Url("names no server"))?;
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        let addresses = self.addresses(host).await?;
        if let Some(refused) = addresses.iter().find(|address| !self.guard.allows(**address)) {
            return Err(Error::Refused(*refused));
        }
        let mut failure = Error::Resolve("no address".into());
        for address in addresses.into_iter().take(MAX_ADDRESSES) {
            match TcpStream::connect(SocketAddr::new(address, port)).await {
                Ok(stream) => {
                    stream.set_nodelay(true).map_err(|cause| Error::Connect(cause.to_string()))?;
                    return Ok(TokioIo::new(stream));
                }
                Err(cause) => failure = Error::Connect(cause.to_string()),
            }
        }
        Err(failure)
    }

    async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, Error> {
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = literal.parse() {
            return Ok(vec![address]);
        }
        self.resolver.resolve(host.to_owned()).await.map_err(|cause| Error::Resolve(cause.to_string()))
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (connector, limit) = (self.clone(), self.limit);
        Box::pin(async move { timeout(limit, connector.connect(uri)).await.map_err(|_| Error::TimedOut)? })
    }
}
