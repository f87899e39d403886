//! A client's side of `/cable`: the frames of `ActionCable` v1 in JSON (realtime.md §1).

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// What clients offer; a server must choose the first.
const PROTOCOLS: &str = "actioncable-v1-json, actioncable-unsupported";
const PROTOCOL: &str = "actioncable-v1-json";

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The end of a socket that sends commands.
pub struct Commands(SplitSink<Socket, Message>);

/// The end of a socket that reads frames.
pub struct Frames(SplitStream<Socket>);

/// What the server sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Frame {
    /// The socket is open.
    Welcome,
    /// The server is alive.
    Ping,
    /// The subscription with this identifier is accepted; it hears after this number, if it asked for one.
    Confirmed(String, Option<i64>),
    /// The subscription with this identifier is refused.
    Rejected(String),
    /// What a subscription hears.
    Message(Value),
    /// The socket is no longer open, or speaks another language; what it said at last.
    Ended(String),
}

/// Opens a socket on the `/cable` of a server; it must choose the protocol that clients ask for first.
pub async fn open(base_url: &str) -> Result<(Commands, Frames), Box<Error>> {
    let address = format!("{}/cable", base_url.replacen("http", "ws", 1));
    let mut request = address.into_client_request().map_err(Box::new)?;
    request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(PROTOCOLS));
    let (socket, response) = tokio_tungstenite::connect_async(request).await.map_err(Box::new)?;
    let chosen = response.headers().get(SEC_WEBSOCKET_PROTOCOL);
    if chosen.is_none_or(|chosen| chosen != PROTOCOL) {
        return Err(Box::new(Error::Http(Box::new(response))));
    }
    let (commands, frames) = socket.split();
    Ok((Commands(commands), Frames(frames)))
}

impl Commands {
    /// Asks for a subscription.
    pub async fn subscribe(&mut self, identifier: &str) -> Result<(), Box<Error>> {
        self.send(&json!({"command": "subscribe", "identifier": identifier})).await
    }

    /// Asks for a subscription that hears what the log has after `since`, or what comes from now on.
    pub async fn subscribe_since(&mut self, identifier: &str, since: Option<i64>) -> Result<(), Box<Error>> {
        self.send(&json!({"command": "subscribe", "identifier": identifier, "since": since})).await
    }

    /// Calls an action of a subscription.
    pub async fn perform(&mut self, identifier: &str, action: &str) -> Result<(), Box<Error>> {
        let data = json!({ "action": action }).to_string();
        self.send(&json!({"command": "message", "identifier": identifier, "data": data})).await
    }

    async fn send(&mut self, command: &Value) -> Result<(), Box<Error>> {
        self.0.send(Message::text(command.to_string())).await.map_err(Box::new)
    }
}

impl Frames {
    /// The next frame; after `Ended` there is none.
    pub async fn next(&mut self) -> Frame {
        loop {
            return match self.0.next().await {
                Some(Ok(Message::Text(text))) => Frame::read(&text),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(other)) => Frame::Ended(other.to_string()),
                Some(Err(error)) => Frame::Ended(error.to_string()),
                None => Frame::Ended("end of the stream".to_owned()),
            };
        }
    }
}

impl Frame {
    fn read(text: &str) -> Self {
        let unknown = || Self::Ended(text.to_owned());
        let Ok(frame) = serde_json::from_str::<Value>(text) else { return unknown() };
        let identifier = frame.get("identifier").and_then(Value::as_str).map(str::to_owned);
        match (frame.get("type").and_then(Value::as_str), identifier, frame.get("message")) {
            (Some("welcome"), None, None) => Self::Welcome,
            (Some("ping"), None, Some(_)) => Self::Ping,
            (Some("confirm_subscription"), Some(identifier), None) => {
                Self::Confirmed(identifier, frame.get("seq").and_then(Value::as_i64))
            }
            (Some("reject_subscription"), Some(identifier), None) => Self::Rejected(identifier),
            (None, Some(_), Some(message)) => Self::Message(message.clone()),
            _ => unknown(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_is_known_by_its_form() {
        assert_eq!(Frame::read(r#"{"type":"welcome"}"#), Frame::Welcome);
        assert_eq!(Frame::read(r#"{"type":"ping","message":1893456000}"#), Frame::Ping);
        let confirmed = Frame::read(r#"{"identifier":"{}","type":"confirm_subscription"}"#);
        assert_eq!(confirmed, Frame::Confirmed("{}".to_owned(), None));
        let numbered = Frame::read(r#"{"identifier":"{}","type":"confirm_subscription","seq":7}"#);
        assert_eq!(numbered, Frame::Confirmed("{}".to_owned(), Some(7)));
        let rejected = Frame::read(r#"{"identifier":"{}","type":"reject_subscription"}"#);
        assert_eq!(rejected, Frame::Rejected("{}".to_owned()));
        let message = Frame::read(r#"{"identifier":"{}","message":{"event":"a","data":{}}, "seq": 1}"#);
        assert_eq!(message, Frame::Message(json!({"event": "a", "data": {}})));
        for other in [r#"{"type":"disconnect","reason":"remote","reconnect":true}"#, r#"{"type":"ping"}"#, "x"] {
            assert_eq!(Frame::read(other), Frame::Ended(other.to_owned()));
        }
    }
}
