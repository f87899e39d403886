//! A socket that only notes when which message arrives: frames are looked at as bytes, nothing is parsed.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::desk::Member;
use crate::client::find;

/// The key is the example of RFC 6455 §1.3: it need not be random where nothing lies between.
const HANDSHAKE: &[u8] = b"GET /cable HTTP/1.1\r\nhost: bench\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
    sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    sec-websocket-protocol: actioncable-v1-json\r\n\r\n";
const CONFIRMED: &[u8] = b"\"type\":\"confirm_subscription\"";
const CREATED: &[u8] = b"message.created\"";
/// The number of a message follows it.
const MARK: &[u8] = b"bench-";
const DIGITS: usize = 8;

/// The content of the message `number`, which listeners know again.
pub fn content(number: usize) -> String {
    format!(
        "bench-{number:0DIGITS$}: thanks for waiting, the parcel has left our warehouse and will be with you tomorrow."
    )
}

/// A subscribed socket.
pub struct Listener {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Bytes of `buffer` that have been dealt with.
    done: usize,
    /// Where the name of the event begins in a frame.
    name_at: usize,
}

/// What was heard.
#[derive(Debug, Default)]
pub struct Heard {
    /// Numbers of messages, and when they arrived.
    pub arrivals: Vec<(usize, Instant)>,
    /// Frames with an event, other events as well.
    pub frames: usize,
    /// Their bytes.
    pub bytes: usize,
    /// Why the socket ended.
    pub ended: Option<String>,
}

/// What a socket has heard so far.
#[derive(Debug, Clone, Default)]
pub struct Ear(Arc<Mutex<Heard>>);

impl Ear {
    /// What was heard since the last call.
    pub fn take(&self) -> Heard {
        std::mem::take(&mut *self.heard())
    }

    /// How many messages were heard since the last [`Ear::take`].
    pub fn arrivals(&self) -> usize {
        self.heard().arrivals.len()
    }

    /// How many frames with an event were heard since the last [`Ear::take`].
    pub fn frames(&self) -> usize {
        self.heard().frames
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener {
    /// Opens a socket and waits until its subscription is confirmed. With `receive_buffer`, the system keeps little
    /// more than so many bytes that were not read.
    pub async fn open(address: SocketAddr, member: &Member, receive_buffer: Option<u32>) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        if let Some(bytes) = receive_buffer {
            socket.set_recv_buffer_size(bytes)?;
        }
        let mut stream = socket.connect(address).await.context("connecting to the server")?;
        stream.set_nodelay(true)?;
        stream.write_all(HANDSHAKE).await?;
        let quoted = serde_json::to_string(&member.identifier())?;
        let name_at = format!(r#"{{"identifier":{quoted},"message":{{"event":""#).len();
        let mut listener = Self { stream, buffer: Vec::with_capacity(4 * 1024), done: 0, name_at };
        let head = loop {
            if let Some(end) = find(&listener.buffer, b"\r\n\r\n") {
                break end + 4;
            }
            ensure!(listener.read().await?, "the server closed the connection");
        };
        let status = String::from_utf8_lossy(&listener.buffer[..12]).into_owned();
        ensure!(status == "HTTP/1.1 101", "no socket, but {status}");
        listener.done = head;
        listener.stream.write_all(&text_frame(&format!(r#"{{"command":"subscribe","identifier":{quoted}}}"#))).await?;
        loop {
            let payload = listener.next().await?.context("the server closed the socket")?;
            if find(&listener.buffer[payload], CONFIRMED).is_some() {
                return Ok(listener);
            }
        }
    }

    /// Listens until the socket ends.
    pub async fn listen(mut self, ear: Ear) {
        let why = loop {
            match self.next().await {
                Ok(Some(payload)) => {
                    let at = Instant::now();
                    let text = &self.buffer[payload];
                    if is_event(text) {
                        let mut heard = ear.heard();
                        heard.frames += 1;
                        heard.bytes += text.len();
                        heard.arrivals.extend(created(text, self.name_at).map(|number| (number, at)));
                    }
                }
                Ok(None) => break "the server closed the socket".to_owned(),
                Err(cause) => break format!("{cause:#}"),
            }
        };
        ear.heard().ended = Some(why);
    }

    /// Where the next text lies in the buffer; `None` at the end.
    async fn next(&mut self) -> Result<Option<Range<usize>>> {
        loop {
            if let Some((opcode, payload)) = frame(&self.buffer[self.done..]) {
                let payload = payload.start + self.done..payload.end + self.done;
                self.done = payload.end;
                match opcode {
                    0x1 => return Ok(Some(payload)),
                    0x8 => return Ok(None),
                    _ => bail!("a frame of kind {opcode}"),
                }
            }
            self.buffer.drain(..self.done);
            self.done = 0;
            if !self.read().await? {
                return Ok(None);
            }
        }
    }

    async fn read(&mut self) -> Result<bool> {
        Ok(self.stream.read_buf(&mut self.buffer).await? > 0)
    }
}

fn is_event(text: &[u8]) -> bool {
    text.starts_with(b"{\"identifier\"")
}

/// The number of the message of which a frame tells that it was created.
fn created(text: &[u8], name_at: usize) -> Option<usize> {
    let data = text.get(name_at..)?.strip_prefix(CREATED)?;
    let digits = find(data, MARK)? + MARK.len();
    std::str::from_utf8(data.get(digits..digits + DIGITS)?).ok()?.parse().ok()
}

/// A text as a client sends it (RFC 6455 §5.2), under the mask of zeroes that changes nothing.
fn text_frame(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81];
    match u16::try_from(text.len()) {
        Ok(length) if length < 126 => frame.push(0x80 | length.to_be_bytes()[1]),
        length => {
            frame.push(0xfe);
            frame.extend(length.expect("commands are short").to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    frame
}

/// Kind and place of the first frame, once all of it is there; a server does not mask (RFC 6455 §5.1).
fn frame(bytes: &[u8]) -> Option<(u8, Range<usize>)> {
    let (opcode, short) = (bytes.first()? & 0x0f, usize::from(*bytes.get(1)?));
    let (start, length): (usize, usize) = match short {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?),
        length => (2, length),
    };
    let payload = start..start.checked_add(length)?;
    (bytes.len() >= payload.end).then_some((opcode, payload))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_found_once_they_are_whole() {
        let mut bytes = vec![0x81, 2, b'{', b'}', 0x81, 126, 1, 0];
        assert_eq!(frame(&bytes), Some((1, 2..4)));
        bytes.extend([b'x'; 255]);
        assert_eq!(frame(&bytes[4..]), None);
        bytes.push(b'x');
        assert_eq!(frame(&bytes[4..]), Some((1, 4..260)));
        for part in [&bytes[..0], &bytes[..1], &bytes[..3], &bytes[4..7]] {
            assert_eq!(frame(part), None);
        }
    }

    #[test]
    fn commands_are_masked_frames() {
        assert_eq!(text_frame("{}"), [0x81, 0x82, 0, 0, 0, 0, b'{', b'}']);
        assert_eq!(text_frame(&"x".repeat(300))[..8], [0x81, 0xfe, 1, 44, 0, 0, 0, 0]);
    }

    #[test]
    fn only_a_created_message_has_arrived() {
        let text =
            |event: &str| format!(r#"{{"identifier":"i","message":{{"event":"{event}","data":"{}"}}}}"#, content(7));
        let name_at = r#"{"identifier":"i","message":{"event":""#.len();
        assert_eq!(created(text("message.created").as_bytes(), name_at), Some(7));
        assert_eq!(created(text("conversation.updated").as_bytes(), name_at), None);
        assert!(is_event(text("x").as_bytes()) && !is_event(br#"{"type":"ping"}"#));
    }
}
