//! Servers that count who comes, and names that lead where a test says.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use outbound::{Addresses, Error, Excess, Limits, Outbound, Resolve, Response, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A server on an address of this machine.
pub struct Server {
    pub address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// Says `answer` to each request, then closes.
    pub async fn saying(ip: &str, answer: impl Into<String>) -> Self {
        let answer = answer.into();
        Self::start(ip, move |mut stream, _| {
            let answer = answer.clone();
            async move {
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        })
        .await
    }

    /// Does `answer` with each connection and the first request on it.
    pub async fn start<F, R>(ip: &str, answer: F) -> Self
    where
        F: Fn(TcpStream, String) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        Self::on(TcpListener::bind((ip, 0)).await.unwrap(), answer)
    }

    /// The same on a listener that is there.
    pub fn on<F, R>(listener: TcpListener, answer: F) -> Self
    where
        F: Fn(TcpStream, String) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let answer = Arc::new(answer);
        Self::unread(listener, move |mut stream| {
            let answer = Arc::clone(&answer);
            async move {
                let request = read_request(&mut stream).await;
                answer(stream, request).await;
            }
        })
    }

    /// The same with connections that nothing was read from.
    pub fn unread<F, R>(listener: TcpListener, answer: F) -> Self
    where
        F: Fn(TcpStream) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        start(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                start(answer(stream));
            }
        });
        Self { address, connections }
    }

    /// How often somebody connected.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

/// Runs beside the test; its runtime ends it.
#[expect(clippy::disallowed_methods, reason = "the test's runtime ends the task")]
pub fn start<R: Send + 'static>(work: impl Future<Output = R> + Send + 'static) -> tokio::task::JoinHandle<R> {
    tokio::task::spawn(work)
}

/// The head of a request and as much of the body as its length says.
async fn read_request(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut byte = [0; 1];
    while !text.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte).await {
            Ok(1) => text.push(byte[0]),
            _ => break,
        }
    }
    let head = String::from_utf8_lossy(&text).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    if stream.read_exact(&mut body).await.is_ok() {
        text.extend(body);
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// An answer with a body.
pub fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// An answer that leads on.
pub fn redirect(status: u16, location: &str) -> String {
    format!("HTTP/1.1 {status} On\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n")
}

/// Names with the answers that they give, one after the other; the last one stays.
#[derive(Default)]
pub struct Names {
    answers: HashMap<String, Vec<Vec<IpAddr>>>,
    asked: Mutex<Vec<String>>,
}

impl Names {
    pub fn with(mut self, name: &str, answers: &[&[&str]]) -> Self {
        let answers = answers.iter().map(|ips| ips.iter().map(|ip| ip.parse().unwrap()).collect()).collect();
        self.answers.insert(name.to_owned(), answers);
        self
    }

    /// What was looked up so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Resolve for Names {
    fn resolve(&self, name: String) -> Addresses {
        let mut asked = self.asked.lock().unwrap();
        let before = asked.iter().filter(|other| **other == name).count();
        asked.push(name.clone());
        let answers = self.answers.get(&name);
        let answer = answers.map(|answers| answers[before.min(answers.len() - 1)].clone());
        Box::pin(async move { answer.ok_or_else(|| std::io::Error::other("no such name")) })
    }
}

/// A client that may call these ranges beside the public ones.
pub fn allowing(ranges: &[&str]) -> Outbound {
    Outbound::new(settings(ranges))
}

/// The same, with names of the test.
pub fn naming(ranges: &[&str], names: &Arc<Names>) -> Outbound {
    Outbound::with_resolver(settings(ranges), Arc::clone(names) as _)
}

pub fn settings(ranges: &[&str]) -> Settings {
    Settings { allow: ranges.iter().map(|range| range.parse().unwrap()).collect(), ..Settings::default() }
}

/// Ten seconds, a kilobyte.
pub const LIMITS: Limits = Limits { time: Duration::from_secs(10), bytes: 1024, excess: Excess::Refuse };

/// Fetches within [`LIMITS`].
pub async fn get(client: &Outbound, url: &str) -> Result<Response, Error> {
    client.get(url, LIMITS).await
}
