//! The way by SMTP.

use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{Error, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use crate::Failure;

/// Connections that are kept for the next mail.
const CONNECTIONS: u32 = 4;
/// How long a connection waits for the next mail.
const IDLE: Duration = Duration::from_secs(30);
/// A mail may take this many times as long as one step of it.
const STEPS: u32 = 4;
/// Answers to credentials (RFC 4954 §6): the settings are wrong, not the mail.
const ABOUT_CREDENTIALS: [u16; 4] = [530, 534, 535, 538];

/// Whether a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Begins in the clear and has to turn to TLS before anything is said.
    StartTls,
    /// TLS from the start.
    Tls,
    /// Everything in the clear.
    None,
}

impl Security {
    /// The port that servers listen on for it.
    pub fn port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}

/// A server that takes mails. Holds a password: not to be printed.
#[derive(Clone)]
pub struct Smtp {
    /// Its name, which its certificate has to have, or its address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether the connection is encrypted.
    pub security: Security,
    /// User and password, where it wants them.
    pub credentials: Option<(String, String)>,
    /// How long a step may take: to connect, to send a command and hear of it.
    pub timeout: Duration,
    /// Certificates in DER that are trusted beside the machine's own.
    pub roots: Vec<Vec<u8>>,
}

/// Speaks to a server.
pub struct Client {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    longest: Duration,
    place: String,
}

impl Client {
    /// Speaks to `server`, and calls itself `name`.
    pub fn new(server: &Smtp, name: &str) -> Result<Self, Failure> {
        let tls = match server.security {
            Security::StartTls => Tls::Required(parameters(server)?),
            Security::Tls => Tls::Wrapper(parameters(server)?),
            Security::None => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server.host.as_str())
            .port(server.port)
            .tls(tls)
            .hello_name(ClientId::Domain(name.to_owned()))
            .timeout(Some(server.timeout))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS).idle_timeout(IDLE));
        if let Some((user, password)) = server.credentials.clone() {
            builder = builder.credentials(Credentials::new(user, password));
        }
        let place = format!("{}:{}", server.host, server.port);
        Ok(Self { transport: builder.build(), longest: server.timeout.saturating_mul(STEPS), place })
    }

    /// Gives the mail to the server.
    pub async fn send(&self, message: Message) -> Result<(), Failure> {
        // Not every server takes such an address; that it does not is no fault of the settings.
        let is_plain = message.envelope().to().iter().all(|address| address.to_string().is_ascii());
        match self.within(self.transport.send(message)).await {
            Err(Ended::Failed(error)) if error.is_client() && !is_plain => Err(Failure::permanent(described(&error))),
            ended => ended.map(drop).map_err(Failure::from),
        }
    }

    /// Connects and asks for nothing.
    pub async fn check(&self) -> Result<(), Failure> {
        if self.within(self.transport.test_connection()).await? {
            Ok(())
        } else {
            Err(Failure::passing("the mail server does not answer"))
        }
    }

    async fn within<T>(&self, asked: impl Future<Output = Result<T, Error>>) -> Result<T, Ended> {
        match tokio::time::timeout(self.longest, asked).await {
            Ok(answered) => answered.map_err(Ended::Failed),
            Err(_) => Err(Ended::TooSlow),
        }
    }
}

/// How a conversation with a server can end badly.
enum Ended {
    Failed(Error),
    TooSlow,
}

/// What the server refuses for good fails for good, unless it is about who we are.
impl From<Ended> for Failure {
    fn from(ended: Ended) -> Self {
        let Ended::Failed(error) = ended else { return Self::passing("the mail server takes too long") };
        let is_about_us = error.status().is_some_and(|code| ABOUT_CREDENTIALS.contains(&u16::from(code)));
        let text = described(&error);
        if error.is_permanent() && !is_about_us { Self::permanent(text) } else { Self::passing(text) }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)
    }
}

fn parameters(server: &Smtp) -> Result<TlsParameters, Failure> {
    let mut builder = TlsParameters::builder(server.host.clone());
    for root in &server.roots {
        let root = Certificate::from_der(root.clone());
        builder = builder.add_root_certificate(root.map_err(|error| Failure::permanent(described(&error)))?);
    }
    builder.build().map_err(|error| Failure::permanent(described(&error)))
}

/// The error and what caused it, on one line.
fn described(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
