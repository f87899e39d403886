//! Files from addresses that people give: through the guarded client, within the limits of uploads.

use std::fmt;
use std::io;

use edge::{Error, Incoming};
use http::StatusCode;
use outbound::{Limits, Sink};
use percent_encoding::percent_decode_str;

use crate::App;

/// Why there is no file. The texts may be shown to whoever gave the address.
#[derive(Debug)]
pub enum Failure {
    /// There was no answer, or none that may be taken.
    Call(outbound::Error),
    /// The answer was no success.
    Status(StatusCode),
    /// There was no place for the file.
    Upload(Error),
}

impl Failure {
    /// Whether another try may end better.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Call(error) => error.is_transient(),
            Self::Status(status) => status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429),
            Self::Upload(_) => true,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(error) => error.fmt(f),
            Self::Status(status) => write!(f, "the server answered {}", status.as_u16()),
            Self::Upload(error) => error.fmt(f),
        }
    }
}

/// The file at `url`, named as in the address that answered. It counts among the uploads that are received at a time,
/// and lies where they lie.
pub async fn download(app: &App, url: &str, limits: Limits) -> Result<edge::File, Failure> {
    let mut receiver = app.settings.uploads.begin().await.map_err(Failure::Upload)?;
    let mut file = receiver.file();
    let head = app.outbound.download(url, limits, &mut Into(&mut file)).await.map_err(Failure::Call)?;
    if !head.status.is_success() {
        return Err(Failure::Status(head.status));
    }
    let content_type = head.content_type().map(str::to_owned);
    file.finish(filename(&head.url), content_type).await.map_err(Failure::Upload)
}

struct Into<'a, 'b>(&'a mut Incoming<'b>);

impl Sink for Into<'_, '_> {
    async fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.push(bytes).await.map_err(io::Error::other)
    }
}

/// The last part of the path.
fn filename(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let path = path.split_once("://").map_or("", |(_, rest)| rest);
    let name = path.split('/').skip(1).last().unwrap_or_default();
    percent_decode_str(name).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::filename;

    #[test]
    fn a_file_is_named_as_in_its_address() {
        for (url, name) in [
            ("https://a.example/pictures/Zo%C3%AB%20%E6%BC%A2.png?size=2#top", "Zoë 漢.png"),
            ("https://a.example/a/", ""),
            ("https://a.example", ""),
            ("https://a.example/%2e%2e%2fpasswd", "../passwd"),
            ("https://a.example/%ff.png", "\u{fffd}.png"),
        ] {
            assert_eq!(filename(url), name, "{url}");
        }
    }
}
