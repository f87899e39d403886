//! How a call can end without an answer.

use std::error::Error as StdError;
use std::net::IpAddr;

/// Why there is no answer.
///
/// The texts may be shown to whoever gave the address: they do not say what a name resolved to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The address is none that may be called; the text says why.
    #[error("the address {0}")]
    Url(&'static str),
    /// The address leads to a machine that is not public.
    #[error("the address does not lead to a public machine")]
    Refused(IpAddr),
    /// The name has no address, or the look-up failed.
    #[error("the name of the server was not found")]
    Resolve(String),
    /// No connection, or no secure one.
    #[error("there is no connection to the server: {0}")]
    Connect(String),
    /// The connection broke, or what came is not HTTP.
    #[error("the server did not answer in HTTP: {0}")]
    Broken(String),
    /// It took too long.
    #[error("the server took too long")]
    TimedOut,
    /// The answer is larger than the limit, in bytes.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(u64),
    /// The answer is compressed, which was not asked for.
    #[error("the answer is compressed")]
    Compressed,
    /// The server leads on and on, or to where nothing may be called; the text says which.
    #[error("the server leads on {0}")]
    Redirect(&'static str),
    /// What came could not be put where it was to go.
    #[error("what the server answered could not be kept: {0}")]
    Sink(String),
    /// Too many calls are waiting.
    #[error("too many calls are waiting")]
    Busy,
}

impl Error {
    /// Whether the same call may end better later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Resolve(_) | Self::Connect(_) | Self::Broken(_) | Self::TimedOut | Self::Sink(_) | Self::Busy => true,
            Self::Url(_) | Self::Refused(_) | Self::TooLarge(_) | Self::Compressed | Self::Redirect(_) => false,
        }
    }

    /// What the client's error says; ours is somewhere among its causes when the connector made it.
    pub(crate) fn of_client(error: &hyper_util::client::legacy::Error) -> Self {
        let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
        let mut last = String::new();
        while let Some(error) = cause {
            if let Some(ours) = error.downcast_ref::<Self>() {
                return ours.clone();
            }
            last = error.to_string();
            cause = error.source();
        }
        if error.is_connect() { Self::Connect(last) } else { Self::Broken(last) }
    }

    /// What an error amid a body says.
    pub(crate) fn of_body(error: &hyper::Error) -> Self {
        Self::Broken(error.to_string())
    }
}
