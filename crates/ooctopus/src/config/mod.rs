//! The settings of one run: defaults < file < environment < flags, checked once at start.
//!
//! `settings!` holds every key once; the struct, the flags, the environment variables and the sample file follow
//! from that list.

mod flags;
mod given;
mod mistake;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
mod value;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use flags::Flags;
use given::Given;
pub use mistake::{Mistake, Mistakes};
pub use value::{
    BaseUrl, ByteSize, DatabaseUrl, LogFilter, LogFormat, MailAddress, Password, Phrase, Ranges, Secret, SmtpSecurity,
    Word,
};

/// The file that is read from the data folder when no other one is named.
pub const FILE_NAME: &str = "ooctopus.toml";

/// One setting, as people see it.
#[derive(Debug)]
pub struct Key {
    /// Its name in the file.
    pub name: &'static str,
    /// What counts when nobody says anything, as it would be written; empty: nothing.
    pub default: &'static str,
    /// What it is for, as documentation comments.
    docs: &'static [&'static str],
}

impl Key {
    /// The environment variable: `OOCTOPUS_LISTEN`.
    pub fn variable(&self) -> String {
        format!("OOCTOPUS_{}", self.name.to_uppercase())
    }

    /// What it is for, line by line, as plain text.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.docs.iter().map(|line| line.trim().replace('`', ""))
    }

    /// The flag, without the dashes before it: `data-dir`.
    pub fn flag(&self) -> String {
        self.name.replace('_', "-")
    }
}

macro_rules! settings {
    ($($(#[doc = $doc:literal])+ $key:ident: $kind:ty = $default:literal,)+) => {
        /// The settings of one run.
        #[derive(Debug, Clone)]
        pub struct Config {
            $($(#[doc = $doc])+ pub $key: $kind,)+
        }

        /// Every setting, in the order of the sample file.
        pub const KEYS: &[Key] =
            &[$(Key { name: stringify!($key), default: $default, docs: &[$($doc),+] }),+];

        impl Config {
            /// Reads what was given, noting every mistake; `None` when there is one.
            fn read(given: &Given, mistakes: &mut Vec<Mistake>) -> Option<Self> {
                $(let $key = given.read(stringify!($key), $default, mistakes);)+
                Some(Self { $($key: $key?),+ })
            }
        }
    };
}

settings! {
    /// The folder with the database, the secret key and the lock. It is made when it is missing.
    data_dir: PathBuf = "./data",
    /// Where the server listens, an IP address and a port. Port 0 takes a free one.
    listen: SocketAddr = "127.0.0.1:3000",
    /// Where Prometheus finds /metrics, an IP address and a port. Empty: nowhere.
    metrics_listen: Option<SocketAddr> = "",
    /// The address under which people reach the server. Empty: the address it listens on.
    base_url: Option<BaseUrl> = "",
    /// The PostgreSQL database, postgres://user:password@host:port/name. Empty: SQLite in the data folder.
    /// `DATABASE_URL` in the environment says the same. It is a secret: the environment or a file of mode 0600
    /// keeps it better than a flag, which every user of the machine can read.
    database_url: Option<DatabaseUrl> = "",
    /// Connections for writing to PostgreSQL; as many again for reading.
    database_connections: NonZeroU16 = "8",
    /// The sender of mails, `desk@example.com` or `Desk <desk@example.com>`. A mail server needs it; mails that are
    /// written as files are from ooctopus@localhost without it.
    mail_sender: Option<MailAddress> = "",
    /// The mail server that mails are given to. Empty: each mail is written as a file into the folder outbox of the
    /// data folder.
    smtp_address: Option<Word> = "",
    /// The mail server's port. Empty: 587 for starttls, 465 for tls, 25 for none.
    smtp_port: Option<NonZeroU16> = "",
    /// Whether the way to the mail server is encrypted: starttls (it begins in the clear and has to turn to TLS), tls
    /// (from the start) or none.
    smtp_security: SmtpSecurity = "starttls",
    /// The user that the mail server knows us as. Empty: it asks for none.
    smtp_username: Option<Phrase> = "",
    /// That user's password: the environment or a file of mode 0600 keeps it better than a flag.
    smtp_password: Option<Password> = "",
    /// How long one step of a conversation with the mail server may take, in ms, s, m or h.
    smtp_timeout: Duration = "30s",
    /// Whether strangers may make an account for themselves: on or off.
    enable_signup: bool = "off",
    /// The client id of your Slack app. Empty: Slack is not among the integrations that are offered.
    slack_client_id: Option<Word> = "",
    /// The domain of the addresses that e-mail inboxes receive at.
    inbound_mail_domain: Word = "localhost",
    /// The compatible version that clients are told.
    api_version: Word = "4.14.0",
    /// Ranges of IP addresses that are called although they are not public, as when a picture is fetched from an
    /// address that somebody gave: `10.20.0.0/16, fd00::/8`. Empty: only public addresses are called.
    outbound_allow: Ranges = "",
    /// How long the receiver of a webhook may take to answer, if nothing else is said for it, in ms, s, m or h.
    webhook_timeout: Duration = "5s",
    /// How long deliveries of webhooks are kept after they have ended, in ms, s, m or h.
    webhook_deliveries_kept: Duration = "168h",
    /// The bucket in which files lie, on a server that speaks as Amazon's S3 does. Empty: in the data folder. It needs
    /// a rule that ends uploads in pieces which were cut off, after a day.
    s3_bucket: Option<Word> = "",
    /// The server of the bucket, `https://s3.example.com`. Empty: Amazon's in the region.
    s3_endpoint: Option<BaseUrl> = "",
    /// The region of the bucket.
    s3_region: Word = "us-east-1",
    /// The key with which the bucket is reached.
    s3_access_key: Option<Word> = "",
    /// The secret of that key: the environment or a file of mode 0600 keeps it better than a flag.
    s3_secret_key: Option<Secret> = "",
    /// Whether the bucket's name stands in the path of an address and not before the server's name: on or off.
    s3_path_style: bool = "on",
    /// The largest JSON or form body, in B, KB, MB or GB, each 1024 of the one before.
    body_limit: ByteSize = "1MB",
    /// The largest uploaded file.
    upload_file_limit: ByteSize = "40MB",
    /// The largest request with files.
    upload_request_limit: ByteSize = "100MB",
    /// What of a request's files may be in memory; the rest lies in the data folder until the request is done.
    upload_memory: ByteSize = "1MB",
    /// Requests with files that are received at a time; others wait for a moment and are told to come back.
    uploads_at_once: NonZeroU16 = "16",
    /// How long a request with files may take, in ms, s, m or h.
    upload_timeout: Duration = "10m",
    /// How long a request may take, in ms, s, m or h.
    request_timeout: Duration = "30s",
    /// How long requests and jobs may go on after the first signal to stop, in ms, s, m or h.
    shutdown_grace: Duration = "20s",
    /// Proxies in front of the server, addresses or networks with commas between them: from these, X-Forwarded-For
    /// says where a request comes from.
    trusted_proxies: Ranges = "127.0.0.0/8, ::1",
    /// Whether sign-ins are limited by address and by user: on or off.
    sign_in_limits: bool = "on",
    /// How the log is written to standard error: pretty or json.
    log_format: LogFormat = "pretty",
    /// What is logged: error, warn, info, debug or trace, also by module: "info,store=debug".
    log_filter: LogFilter = "info",
}

/// The environment variables that may hold settings.
pub type Environment = HashMap<String, String>;

impl Config {
    /// Reads all sources; every mistake is named at once.
    ///
    /// `file` must be there; without one, `ooctopus.toml` in the data folder is read if it is there.
    pub fn load(flags: &Flags, file: Option<&Path>, environment: &Environment) -> Result<Self, Mistakes> {
        let mut mistakes = Vec::new();
        let mut given = Given::default();
        given.add_environment(environment);
        given.add_flags(flags);
        let outer = given;

        // Where the file is may depend on the folder, and the folder on everything but the file.
        let mut given = Given::default();
        if let Some(path) = file {
            given.add_file(path, &mut mistakes);
        } else {
            let folder: Option<PathBuf> = outer.read("data_dir", default_of("data_dir"), &mut Vec::new());
            let path = folder.unwrap_or_default().join(FILE_NAME);
            if path.exists() {
                given.add_file(&path, &mut mistakes);
            }
        }
        given.add(outer);
        match Self::read(&given, &mut mistakes) {
            Some(config) if mistakes.is_empty() => Ok(config),
            _ => Err(Mistakes(mistakes)),
        }
    }
}

fn default_of(name: &str) -> &'static str {
    KEYS.iter().find(|key| key.name == name).map_or("", |key| key.default)
}
