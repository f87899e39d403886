//! The listener for HTTP: connections with a bound and time limits, and an end that waits for their requests.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;
use tower::util::MapRequest;
use tracing::{debug, warn};

use crate::write_limit::WriteLimit;

/// Connections at the same time; more wait in the system's own queue.
const MAX_CONNECTIONS: usize = 20_000;
/// How long the head of a request may take, from the moment the connection is free for it: also how long an idle
/// connection is kept.
const HEAD_TIMEOUT: Duration = Duration::from_mins(1);
/// How long an answer may wait for a client that reads nothing.
const WRITE_TIMEOUT: Duration = Duration::from_mins(1);
/// Wait after the system had no connection to give, such as when there are too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Answers requests until `stop`; then takes no more and waits for those that run.
pub async fn serve<S>(listener: TcpListener, service: S, stop: CancellationToken)
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let connections = TaskTracker::new();
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, peer, place)) = accepted else { continue };
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
        let service = MapRequest::new(service.clone(), move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request
        });
        let connection = http
            .serve_connection(TokioIo::new(WriteLimit::new(stream, WRITE_TIMEOUT)), TowerToHyperService::new(service));
        let stop = stop.clone();
        connections.spawn(async move {
            // A socket leaves the connection with its handshake.
            let mut connection = pin!(connection.with_upgrades());
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = stop.cancelled() => {
                    // It closes after its request.
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(cause) = ended {
                debug!(%cause, "a connection ended early");
            }
            drop(place);
        });
    }
    // Who comes now is refused, instead of waiting for an answer that never comes.
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // An answer must not wait for the acknowledgement of the one before.
            if let Err(cause) = stream.set_nodelay(true) {
                debug!(%cause, "a connection kept its delay");
            }
            Some((stream, peer, place))
        }
        Err(cause) => {
            warn!(%cause, "a connection could not be taken");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

/// Lets the process open as many files as it may: each connection is one.
pub fn raise_file_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    limit.current = limit.maximum;
    if let Err(cause) = setrlimit(Resource::Nofile, limit) {
        debug!(%cause, "the limit of open files stays as it is");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::task::JoinHandle;
    use tower::service_fn;

    async fn start(stop: &CancellationToken) -> (TcpStream, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let hello = service_fn(|_| async { Ok::<_, Infallible>(Response::new(Body::from("hello"))) });
        let served = tokio::task::spawn_local(serve(listener, hello, stop.clone()));
        (TcpStream::connect(address).await.unwrap(), served)
    }

    // The clock stands still and jumps to the next timer whenever nothing else is to be done.
    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_ends_its_head_is_cut_off() {
        let local = tokio::task::LocalSet::new();
        local
            .run_until(async {
                let (mut client, _served) = start(&CancellationToken::new()).await;
                client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ").await.unwrap();
                let mut answer = Vec::new();
                client.read_to_end(&mut answer).await.unwrap();
                let answer = String::from_utf8(answer).unwrap();
                assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
            })
            .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_reads_its_answer_is_cut_off() {
        let local = tokio::task::LocalSet::new();
        local
            .run_until(async {
                let stop = CancellationToken::new();
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap();
                // More than the system keeps for a client.
                let large = service_fn(|_| async { Ok::<_, Infallible>(Response::new(Body::from(vec![0; 64 << 20]))) });
                let served = tokio::task::spawn_local(serve(listener, large, stop.clone()));
                let mut client = TcpStream::connect(address).await.unwrap();
                client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
                client.readable().await.unwrap();
                stop.cancel();
                served.await.unwrap();
            })
            .await;
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_does_not_hold_up_the_end() {
        let local = tokio::task::LocalSet::new();
        local
            .run_until(async {
                let stop = CancellationToken::new();
                let (mut client, served) = start(&stop).await;
                client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
                let mut head = [0; 15];
                client.read_exact(&mut head).await.unwrap();
                assert_eq!(&head, b"HTTP/1.1 200 OK");
                stop.cancel();
                served.await.unwrap();
            })
            .await;
    }
}
