//! The frames of Action Cable v1 (realtime.md §1.2, §1.3).

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

/// The subprotocol that clients offer and we select.
pub const SUBPROTOCOL: &str = "actioncable-v1-json";

/// What a client sends.
#[derive(Debug, Deserialize)]
pub struct Command {
    /// What to do.
    pub command: Verb,
    /// The subscription: a text that holds JSON, echoed as it is.
    #[serde(default)]
    pub identifier: String,
    /// With [`Verb::Message`]: a text that holds JSON.
    #[serde(default)]
    pub data: String,
    /// With [`Verb::Subscribe`]: from where the log is replayed.
    #[serde(default, deserialize_with = "since")]
    pub since: Since,
}

/// What a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Begin to hear.
    Subscribe,
    /// Hear no more.
    Unsubscribe,
    /// An action on a subscription.
    Message,
    /// Anything else, which is not heeded.
    #[serde(other)]
    Unknown,
}

/// From where a subscription hears: an extension of ours, which other clients do not send.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Since {
    /// From now on; the client does not know of numbers.
    #[default]
    Unasked,
    /// From now on; the client wants to know the number of now.
    Now,
    /// After the event of this number.
    After(i64),
}

impl Since {
    /// A number, or null; anything else is not heeded.
    pub fn read(value: &Value) -> Self {
        match value {
            Value::Null => Self::Now,
            Value::Number(number) => number.as_i64().map_or(Self::Unasked, Self::After),
            Value::String(text) => text.parse().map_or(Self::Unasked, Self::After),
            _ => Self::Unasked,
        }
    }
}

fn since<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Since, D::Error> {
    Ok(Since::read(&Value::deserialize(deserializer)?))
}

/// `identifier` as it stands in frames.
pub fn quoted(identifier: &str) -> String {
    Value::from(identifier).to_string()
}

/// The first frame.
pub fn welcome() -> String {
    r#"{"type":"welcome"}"#.into()
}

/// A sign of life, with the time in epoch seconds.
pub fn ping(now: i64) -> String {
    format!(r#"{{"type":"ping","message":{now}}}"#)
}

/// A subscription hears from now on, after the event `seq` if that was asked for.
pub fn confirmed(quoted: &str, seq: Option<i64>) -> String {
    let seq = seq.map(|seq| format!(r#","seq":{seq}"#)).unwrap_or_default();
    format!(r#"{{"identifier":{quoted},"type":"confirm_subscription"{seq}}}"#)
}

/// A subscription is refused.
pub fn rejected(quoted: &str) -> String {
    format!(r#"{{"identifier":{quoted},"type":"reject_subscription"}}"#)
}

/// A message to a subscription.
pub fn message(quoted: &str, message: &str) -> String {
    format!(r#"{{"identifier":{quoted},"message":{message}}}"#)
}

/// The server closes the socket.
pub fn disconnect(reason: &str, reconnect: bool) -> String {
    // The order of keys is that of the reference.
    let reason = json!(reason);
    format!(r#"{{"type":"disconnect","reason":{reason},"reconnect":{reconnect}}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_those_of_the_reference() {
        let quoted = quoted("{\"channel\":\"RoomChannel\",\"pubsub_token\":\"t\"}");
        let identifier = r#"{"identifier":"{\"channel\":\"RoomChannel\",\"pubsub_token\":\"t\"}","#;
        assert_eq!(confirmed(&quoted, None), format!(r#"{identifier}"type":"confirm_subscription"}}"#));
        assert_eq!(confirmed(&quoted, Some(7)), format!(r#"{identifier}"type":"confirm_subscription","seq":7}}"#));
        assert_eq!(rejected(&quoted), format!(r#"{identifier}"type":"reject_subscription"}}"#));
        assert_eq!(message(&quoted, r#"{"event":"x"}"#), format!(r#"{identifier}"message":{{"event":"x"}}}}"#));
        assert_eq!(ping(1_893_456_000), r#"{"type":"ping","message":1893456000}"#);
        assert_eq!(
            disconnect("server_restart", true),
            r#"{"type":"disconnect","reason":"server_restart","reconnect":true}"#
        );
    }

    #[test]
    fn commands_are_read_and_strangers_are_told_apart() {
        let read = |text: &str| serde_json::from_str::<Command>(text).ok();
        let subscribe = read(r#"{"command":"subscribe","identifier":"{}","extra":1}"#).unwrap();
        assert_eq!((subscribe.command, subscribe.since), (Verb::Subscribe, Since::Unasked));
        for (since, wanted) in [
            ("12", Since::After(12)),
            ("\"12\"", Since::After(12)),
            ("null", Since::Now),
            ("\"x\"", Since::Unasked),
            ("1.5", Since::Unasked),
            ("[]", Since::Unasked),
        ] {
            let command = read(&format!(r#"{{"command":"subscribe","identifier":"i","since":{since}}}"#)).unwrap();
            assert_eq!(command.since, wanted, "{since}");
        }
        assert_eq!(read(r#"{"command":"whistle"}"#).unwrap().command, Verb::Unknown);
        for broken in ["", "[]", "{}", r#"{"command":1}"#, r#"{"command":"subscribe","identifier":{}}"#] {
            assert!(read(broken).is_none(), "{broken}");
        }
    }
}
