//! Sends mails: by SMTP, or as one file each into a folder. Knows no feature.
//!
//! Whatever people wrote is data here: it cannot begin a header of its own, and an address that mail cannot go to is
//! refused.

mod compose;
mod folder;
mod sender;
mod smtp;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use compose::Writing;
use types::Timestamp;

pub use sender::Sender;
pub use smtp::{Security, Smtp};

/// A mail to one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The address that it goes to.
    pub to: String,
    /// What it is about; one line is made of it.
    pub subject: String,
    /// What it says, as plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct Failure {
    text: String,
    is_permanent: bool,
}

impl Failure {
    fn permanent(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_permanent: true }
    }

    fn passing(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_permanent: false }
    }

    /// Whether another try would fail alike.
    pub fn is_permanent(&self) -> bool {
        self.is_permanent
    }

    /// The same without the address of whom the mail was for: failures are logged.
    fn without(self, address: &str) -> Self {
        Self { text: self.text.replace(address, "…"), ..self }
    }
}

/// Sends mails; cheap to clone.
#[derive(Clone)]
pub struct Mailer(Arc<Parts>);

struct Parts {
    sender: Sender,
    way: Way,
}

/// How mails leave.
enum Way {
    Smtp(smtp::Client),
    Folder(PathBuf),
}

impl Mailer {
    /// Sends by SMTP; connects when there is something to send.
    pub fn by_smtp(sender: Sender, server: &Smtp) -> Result<Self, Failure> {
        let way = Way::Smtp(smtp::Client::new(server, sender.domain())?);
        Ok(Self(Arc::new(Parts { sender, way })))
    }

    /// Writes each mail as a file `….eml` into the folder, which is made when there is something to write.
    pub fn into_folder(sender: Sender, folder: impl Into<PathBuf>) -> Self {
        Self(Arc::new(Parts { sender, way: Way::Folder(folder.into()) }))
    }

    /// Sends a mail; when this returns, the server has taken it, or the file is on the disk.
    pub async fn send(&self, mail: &Mail, now: Timestamp) -> Result<(), Failure> {
        let written = |writing| compose::message(&self.0.sender, mail, now, writing);
        let sent = match &self.0.way {
            Way::Smtp(client) => client.send(written(Writing::ForServers)?).await,
            Way::Folder(folder) => folder::write(folder.clone(), written(Writing::ForPeople)?.formatted(), now).await,
        };
        sent.map_err(|failure| failure.without(&mail.to))
    }

    /// Whether the server answers and lets us in; of a folder there is nothing to ask.
    pub async fn check(&self) -> Result<(), Failure> {
        match &self.0.way {
            Way::Smtp(client) => client.check().await,
            Way::Folder(_) => Ok(()),
        }
    }
}

/// Without the password of the server.
impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.way {
            Way::Smtp(client) => write!(f, "Mailer({client:?})"),
            Way::Folder(folder) => write!(f, "Mailer({})", folder.display()),
        }
    }
}
