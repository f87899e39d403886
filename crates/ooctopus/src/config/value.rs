//! What a setting can be, and how it is read from text.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;

use mailer::{Security, Sender};
use outbound::IpNet;
use tracing_subscriber::EnvFilter;

/// A type that a setting can have.
pub trait Setting: Sized {
    /// Whether its text is never shown.
    const IS_SECRET: bool = false;

    /// Reads it; the error completes a sentence that begins with the setting's name.
    fn read(text: &str) -> Result<Self, String>;
}

/// Empty text is nothing.
impl<T: Setting> Setting for Option<T> {
    const IS_SECRET: bool = T::IS_SECRET;

    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() { Ok(None) } else { T::read(text).map(Some) }
    }
}

impl Setting for PathBuf {
    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() { Err("must not be empty".into()) } else { Ok(text.into()) }
    }
}

impl Setting for SocketAddr {
    fn read(text: &str) -> Result<Self, String> {
        let local = text.strip_prefix("localhost:").and_then(|port| port.parse().ok());
        let local = local.map(|port: u16| Self::from((Ipv4Addr::LOCALHOST, port)));
        local.or_else(|| text.parse().ok()).ok_or_else(|| "is no IP address with a port, such as 127.0.0.1:3000".into())
    }
}

impl Setting for NonZeroU16 {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("is no whole number from 1 to {}", u16::MAX))
    }
}

impl Setting for Duration {
    fn read(text: &str) -> Result<Self, String> {
        let problem = || String::from("is no time such as 500ms, 30s, 5m or 1h");
        let (number, unit) = split_unit(text).ok_or_else(problem)?;
        let milliseconds = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return Err(problem()),
        };
        number.checked_mul(milliseconds).map(Self::from_millis).ok_or_else(problem)
    }
}

/// A size in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteSize(pub u64);

impl Setting for ByteSize {
    fn read(text: &str) -> Result<Self, String> {
        let problem = || String::from("is no size such as 512KB, 1MB or 2GB");
        let (number, unit) = split_unit(text).ok_or_else(problem)?;
        let bytes = match unit.to_ascii_uppercase().as_str() {
            "B" => 1,
            "KB" | "KIB" => 1 << 10,
            "MB" | "MIB" => 1 << 20,
            "GB" | "GIB" => 1 << 30,
            _ => return Err(problem()),
        };
        number.checked_mul(bytes).filter(|bytes| *bytes > 0).map(Self).ok_or_else(problem)
    }
}

/// A whole number and the unit after it.
fn split_unit(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    Some((number.parse().ok()?, unit.trim_start()))
}

/// An address of the web, without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(pub String);

impl Setting for BaseUrl {
    fn read(text: &str) -> Result<Self, String> {
        let text = text.trim_end_matches('/');
        if !server::text::is_web_address(text) || text.contains(['?', '#', '\'', '"']) {
            return Err("is no address such as https://desk.example".into());
        }
        Ok(Self(text.to_owned()))
    }
}

/// The address of a PostgreSQL database; a secret, since it holds a password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The address itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Setting for DatabaseUrl {
    const IS_SECRET: bool = true;

    fn read(text: &str) -> Result<Self, String> {
        if ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme)) {
            Ok(Self(text.to_owned()))
        } else {
            Err("does not begin with postgres://".into())
        }
    }
}

/// A mail address, with or without a name before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailAddress(pub String);

impl Setting for MailAddress {
    fn read(text: &str) -> Result<Self, String> {
        text.parse::<Sender>().map(|_| Self(text.to_owned())).map_err(str::to_owned)
    }
}

/// How the way to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmtpSecurity(pub Security);

impl Setting for SmtpSecurity {
    fn read(text: &str) -> Result<Self, String> {
        match text {
            "starttls" => Ok(Self(Security::StartTls)),
            "tls" => Ok(Self(Security::Tls)),
            "none" => Ok(Self(Security::None)),
            _ => Err("is neither starttls nor tls nor none".into()),
        }
    }
}

impl Setting for bool {
    fn read(text: &str) -> Result<Self, String> {
        match text {
            "on" | "true" => Ok(true),
            "off" | "false" => Ok(false),
            _ => Err("is neither on nor off".into()),
        }
    }
}

/// Text without blanks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word(pub String);

impl Setting for Word {
    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
            return Err("must be one word".into());
        }
        Ok(Self(text.to_owned()))
    }
}

/// A word that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The word itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Setting for Secret {
    const IS_SECRET: bool = true;

    fn read(text: &str) -> Result<Self, String> {
        Word::read(text).map(|word| Self(word.0))
    }
}

/// Text on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase(pub String);

impl Setting for Phrase {
    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err("must be text on one line".into());
        }
        Ok(Self(text.to_owned()))
    }
}

/// A password, which may hold blanks and is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// The password itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Setting for Password {
    const IS_SECRET: bool = true;

    fn read(text: &str) -> Result<Self, String> {
        Phrase::read(text).map(|phrase| Self(phrase.0))
    }
}

/// Ranges of IP addresses, between commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranges(pub Vec<IpNet>);

impl Setting for Ranges {
    fn read(text: &str) -> Result<Self, String> {
        let range = |text: &str| text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        let ranges = text.split(',').map(str::trim).filter(|text| !text.is_empty());
        let ranges: Option<_> = ranges.map(range).collect();
        ranges.map(Self).ok_or_else(|| "is no list of ranges such as 10.20.0.0/16, fd00::/8".into())
    }
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

impl Setting for LogFormat {
    fn read(text: &str) -> Result<Self, String> {
        match text {
            "pretty" => Ok(Self::Pretty),
            "json" => Ok(Self::Json),
            _ => Err("is neither pretty nor json".into()),
        }
    }
}

/// What is logged, as `tracing` filters are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter(pub String);

impl Setting for LogFilter {
    fn read(text: &str) -> Result<Self, String> {
        match EnvFilter::try_new(text) {
            Ok(_) if !text.is_empty() => Ok(Self(text.to_owned())),
            _ => Err("is no filter such as info or info,store=debug".into()),
        }
    }
}
