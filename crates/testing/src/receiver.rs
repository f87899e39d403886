//! A receiver of webhooks that behaves as a test says.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// What was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The path that was called.
    pub path: String,
    /// Headers, their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

impl Received {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The name of the event.
    pub fn event(&self) -> String {
        self.json()["event"].as_str().unwrap_or_default().to_owned()
    }
}

/// What a receiver does with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Answers with this status and nothing else.
    Status(u16),
    /// Answers with this status, a header and a body.
    With(u16, (&'static str, String), String),
    /// Answers late.
    Late(Duration, u16),
    /// Never answers.
    Hang,
    /// Closes without an answer.
    Close,
    /// Answers 200, says that there is a body, and closes in it.
    CloseInBody,
    /// Answers 200 with a body that is a gigabyte long.
    Gigabyte,
}

type Behaviour = dyn Fn(usize, &Received) -> Reply + Send + Sync;

/// A receiver on this machine; it ends with this value.
pub struct Receiver {
    url: String,
    received: watch::Sender<Vec<Received>>,
    /// Connections that have not ended.
    open: watch::Sender<usize>,
    _task: JoinSet<()>,
}

impl Receiver {
    /// Takes everything.
    pub async fn taking() -> Self {
        Self::with(|_, _| Reply::Status(200)).await
    }

    /// Does as `behaviour` says for a request, of which so many came before. What is received is noted first.
    ///
    /// # Panics
    /// When there is no port to listen on.
    pub async fn with(behaviour: impl Fn(usize, &Received) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it listens"));
        let (received, open) = (watch::Sender::default(), watch::Sender::default());
        let (noted, counted): (_, watch::Sender<usize>) = (received.clone(), open.clone());
        let behaviour: Arc<Behaviour> = Arc::new(behaviour);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (noted, counted, behaviour) = (noted.clone(), counted.clone(), Arc::clone(&behaviour));
                counted.send_modify(|open| *open += 1);
                connections.spawn(async move {
                    drop(serve(stream, &noted, &*behaviour).await);
                    counted.send_modify(|open| *open -= 1);
                });
            }
        });
        Self { url, received, open, _task: task }
    }

    /// Where it listens, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Everything that came so far.
    pub fn received(&self) -> Vec<Received> {
        self.received.borrow().clone()
    }

    /// What came after so many.
    pub fn received_after(&self, count: usize) -> Vec<Received> {
        self.received.borrow().iter().skip(count).cloned().collect()
    }

    /// Waits until what came is as wanted. Nothing comes while `is_wanted` looks.
    ///
    /// # Panics
    /// Never: whom it waits for lives as long as this.
    pub async fn until(&self, is_wanted: impl Fn(&[Received]) -> bool) {
        self.received.subscribe().wait_for(|received| is_wanted(received)).await.expect("it is kept here");
    }

    /// Waits until no connection is left: what a sender wrote that is dead has been noted then.
    ///
    /// # Panics
    /// When it listens no longer.
    pub async fn until_quiet(&self) {
        let address = self.url.trim_start_matches("http://");
        // Connections are accepted one after the other: when ours has ended, there is none that waits before it.
        let mut last = TcpStream::connect(address).await.expect("it listens");
        last.shutdown().await.expect("nothing more is written");
        last.read_to_end(&mut Vec::new()).await.expect("it ends too");
        self.open.subscribe().wait_for(|open| *open == 0).await.expect("it is kept here");
    }

    /// The names of the events that came so far.
    pub fn events(&self) -> Vec<String> {
        self.received().iter().map(Received::event).collect()
    }
}

/// Requests on one connection, one after the other.
async fn serve(stream: TcpStream, noted: &watch::Sender<Vec<Received>>, behaviour: &Behaviour) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await? {
        let mut before = 0;
        noted.send_modify(|noted| {
            before = noted.len();
            noted.push(request.clone());
        });
        let answer = |status: u16| format!("HTTP/1.1 {status} Said\r\ncontent-length: 0\r\n\r\n");
        match behaviour(before, &request) {
            Reply::Status(status) => stream.write_all(answer(status).as_bytes()).await?,
            Reply::With(status, (name, value), body) => {
                let length = body.len();
                let head = format!("HTTP/1.1 {status} Said\r\n{name}: {value}\r\ncontent-length: {length}\r\n\r\n");
                stream.write_all(head.as_bytes()).await?;
                stream.write_all(body.as_bytes()).await?;
            }
            Reply::Late(time, status) => {
                sleep(time).await;
                stream.write_all(answer(status).as_bytes()).await?;
            }
            Reply::Hang => std::future::pending().await,
            Reply::Close => return Ok(()),
            Reply::CloseInBody => {
                return stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf").await;
            }
            Reply::Gigabyte => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n").await?;
                let part = vec![b'x'; 64 * 1024];
                for _ in 0..16 * 1024 {
                    stream.write_all(&part).await?;
                }
            }
        }
        stream.flush().await?;
    }
    Ok(())
}

/// The next request; `None` when the connection ends before it is whole.
async fn read(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<Received>> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        if !line.ends_with('\n') {
            return Ok(None);
        }
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Some(Received { path, headers, body: String::from_utf8_lossy(&body).into_owned() }))
}
