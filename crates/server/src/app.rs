//! What every handler reaches: the database, the clock, the settings.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use mailer::Mailer;
use outbound::{IpNet, Outbound};
use store::Store;
use types::Clock;
use uuid::Uuid;

use crate::auth::limits::Limits;
use crate::cable::Cable;
use crate::delivery::{self, Streams};
use crate::file::storage::Files;
use crate::{BaseUrl, SecretKey};

/// Settings that rules and answers depend on.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address under which people reach the server.
    pub base_url: BaseUrl,
    /// What `GET /api` reports; clients compare it (decisions §2).
    pub api_version: String,
    /// `support_email` of accounts that have none of their own; null when there is no sender either.
    pub mail_sender: Option<String>,
    /// How mails leave.
    pub mailer: Mailer,
    /// Whether strangers may make an account for themselves.
    pub enable_signup: bool,
    /// The client id of the Slack app by which accounts connect their Slack.
    pub slack_client_id: Option<String>,
    /// The domain of the addresses that e-mail inboxes receive at.
    pub inbound_mail_domain: String,
    /// Largest JSON or form body, in bytes.
    pub body_limit: u64,
    /// Ranges of addresses that are called out to although they are not public.
    pub outbound_allow: Vec<IpNet>,
    /// How long the receiver of a webhook may take to answer, if nothing else is said for it.
    pub webhook_timeout: Duration,
    /// How long deliveries are kept that have ended.
    pub deliveries_kept: Duration,
    /// Tells this process from others on the same database; the same again after a restart.
    pub process: String,
    /// Largest multipart body and largest file.
    pub multipart_limit: edge::MultipartLimit,
    /// Where, and how many at a time, requests with files are received.
    pub uploads: edge::Uploads,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// How long a request with a multipart body may take.
    pub upload_timeout: Duration,
    /// Whether sign-ins are limited (rest.md §1.9).
    pub sign_in_limits: bool,
    /// Whose word on where a request comes from is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// What a socket may cost.
    pub socket_limits: realtime::Limits,
}

/// For tests: the key that signs addresses is known to everybody. Tests put the outbox where they want it.
impl Default for Settings {
    fn default() -> Self {
        Self {
            base_url: BaseUrl::new("http://localhost:3000", &SecretKey::new([0; 32])),
            api_version: "4.14.0".into(),
            mail_sender: None,
            mailer: Mailer::into_folder("desk@localhost".parse().expect("an address"), "outbox"),
            enable_signup: false,
            slack_client_id: None,
            inbound_mail_domain: "localhost".into(),
            body_limit: 1024 * 1024,
            outbound_allow: Vec::new(),
            webhook_timeout: delivery::TIMEOUT,
            deliveries_kept: Duration::from_hours(7 * 24),
            process: Uuid::new_v4().to_string(),
            multipart_limit: edge::MultipartLimit::default(),
            uploads: edge::Uploads::default(),
            request_timeout: Duration::from_secs(30),
            upload_timeout: Duration::from_mins(10),
            sign_in_limits: true,
            trusted_proxies: Vec::new(),
            socket_limits: realtime::Limits::default(),
        }
    }
}

/// The running product; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts of an [`App`].
pub struct Parts {
    /// The database.
    pub store: Store,
    /// Where files are kept.
    pub files: Files,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// The only way to call an address that somebody gave.
    pub outbound: Outbound,
    /// The same for deliveries, whose number is bounded for each endpoint: one of them keeps no place from another one on
    /// the same host.
    pub webhooks: Outbound,
    /// Settings.
    pub settings: Settings,
    /// Who listens.
    pub cable: Cable,
    /// Who follows an account's events by HTTP.
    pub streams: Streams,
    /// Who has tried to sign in of late.
    pub limits: Limits,
}

impl App {
    /// Puts the parts together.
    pub fn new(store: Store, files: Files, clock: Arc<dyn Clock>, settings: Settings) -> Self {
        let allow = settings.outbound_allow.clone();
        let of_all = outbound::Settings { allow, ..outbound::Settings::default() };
        let of_webhooks =
            outbound::Settings { calls: delivery::CALLS, calls_per_host: delivery::CALLS, ..of_all.clone() };
        Self(Arc::new(Parts {
            store,
            files,
            clock,
            outbound: Outbound::new(of_all),
            webhooks: Outbound::new(of_webhooks),
            settings,
            cable: Cable::default(),
            streams: Streams::default(),
            limits: Limits::default(),
        }))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
