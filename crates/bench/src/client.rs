//! The load: keep-alive connections that send prepared requests, as cheaply as it can be done.
//!
//! Client and server share the cores, so that a client library's work would be measured as the server's.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::measure::Samples;
use crate::random::Random;

/// Requests as they go over the wire.
pub type Requests = Arc<Vec<Vec<u8>>>;

/// A GET with a token.
pub fn get(path: &str, token: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\naccept: application/json\r\napi_access_token: {token}\r\n\r\n")
        .into_bytes()
}

/// A POST of JSON; the Public API has no token.
pub fn post(path: &str, token: Option<&str>, body: &str) -> Vec<u8> {
    let token = token.map(|token| format!("api_access_token: {token}\r\n")).unwrap_or_default();
    format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\naccept: application/json\r\ncontent-type: application/json\r\n\
         {token}content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// One request on a connection of its own: status and body.
pub async fn once(address: SocketAddr, request: &[u8]) -> Result<(u16, Vec<u8>)> {
    let mut connection = Connection::open(address).await?;
    let status = connection.exchange(request).await?;
    Ok((status, connection.body().to_vec()))
}

/// Sends `requests`, in an order of its own on each of `connections`, for `duration` after a short warm-up.
pub async fn load(address: SocketAddr, requests: Requests, connections: usize, duration: Duration) -> Result<Samples> {
    let from = Instant::now() + Duration::from_millis(300);
    let until = from + duration;
    let mut running = Vec::new();
    for number in 0..connections {
        let requests = Arc::clone(&requests);
        running.push(tokio::task::spawn(run(address, requests, number, from, until)));
    }
    let mut samples = Samples::new(duration);
    for task in running {
        samples.merge(task.await??);
    }
    Ok(samples)
}

async fn run(address: SocketAddr, requests: Requests, number: usize, from: Instant, until: Instant) -> Result<Samples> {
    let mut connection = Connection::open(address).await?;
    let mut random = Random::new(number as u64 * 7_919 + 1);
    let mut samples = Samples::new(until - from);
    loop {
        let begun = Instant::now();
        if begun >= until {
            return Ok(samples);
        }
        let status = connection.exchange(&requests[random.below(requests.len())]).await?;
        if status != 200 {
            bail!("status {status}: {}", String::from_utf8_lossy(connection.body()));
        }
        if begun >= from {
            samples.add(begun.elapsed(), connection.body().len());
        }
    }
}

/// A keep-alive connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Where the body of the last answer lies in `buffer`.
    body: (usize, usize),
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await.context("connecting to the server")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(256 * 1024), body: (0, 0) })
    }

    /// The body of the last answer.
    pub fn body(&self) -> &[u8] {
        &self.buffer[self.body.0..self.body.1]
    }

    /// Sends a request and reads its answer whole; gives the status.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<u16> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
            self.read().await?;
        };
        let text = std::str::from_utf8(&self.buffer[..head])?;
        let status = text.get(9..12).and_then(|code| code.parse().ok()).context("no status line")?;
        let length = content_length(text).context("an answer without content-length")?;
        self.body = (head, head + length);
        while self.buffer.len() < head + length {
            self.read().await?;
        }
        Ok(status)
    }

    async fn read(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

fn content_length(head: &str) -> Option<usize> {
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") { value.trim().parse().ok() } else { None }
    })
}

/// Where `wanted` first is in `text`.
pub fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::{content_length, find};

    #[test]
    fn the_length_is_found_whatever_its_case() {
        assert_eq!(content_length("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n"), Some(12));
        assert_eq!(content_length("HTTP/1.1 200 OK\r\n\r\n"), None);
        assert_eq!(find(b"abc\r\n\r\nx", b"\r\n\r\n"), Some(3));
    }
}
