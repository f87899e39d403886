//! E-mail as a channel: its settings, as stored and as requests change them.

use edge::Problem;
use edge::field::Maybe;
use serde::{Deserialize, Serialize};

use crate::inbox::body::ChannelBody;
use crate::inbox::draft::{set_flag, set_optional_text, set_text};

/// The settings of an e-mail channel.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "switches of the contract")]
pub struct EmailSettings {
    /// Whether mail is fetched by IMAP.
    pub imap_enabled: bool,
    /// IMAP user.
    pub imap_login: String,
    /// IMAP password; a secret.
    pub imap_password: String,
    /// IMAP host.
    pub imap_address: String,
    /// IMAP port, 0 if not set.
    pub imap_port: i64,
    /// Whether IMAP speaks TLS.
    pub imap_enable_ssl: bool,
    /// How IMAP signs in.
    pub imap_authentication: String,
    /// Whether mail is sent by SMTP.
    pub smtp_enabled: bool,
    /// SMTP user.
    pub smtp_login: String,
    /// SMTP password; a secret.
    pub smtp_password: String,
    /// SMTP host.
    pub smtp_address: String,
    /// SMTP port, 0 if not set.
    pub smtp_port: i64,
    /// The name that the server says to the SMTP host.
    pub smtp_domain: String,
    /// Whether SMTP turns to TLS when the host offers it.
    pub smtp_enable_starttls_auto: bool,
    /// Whether SMTP begins with TLS.
    pub smtp_enable_ssl_tls: bool,
    /// How the host's certificate is checked.
    pub smtp_openssl_verify_mode: String,
    /// How SMTP signs in.
    pub smtp_authentication: String,
    /// `google` or `microsoft` when the mailbox is theirs.
    pub provider: Option<String>,
    /// Whether the address may be used for sending.
    pub verified_for_sending: bool,
}

impl Default for EmailSettings {
    fn default() -> Self {
        Self {
            imap_enabled: false,
            imap_login: String::new(),
            imap_password: String::new(),
            imap_address: String::new(),
            imap_port: 0,
            imap_enable_ssl: true,
            imap_authentication: "plain".into(),
            smtp_enabled: false,
            smtp_login: String::new(),
            smtp_password: String::new(),
            smtp_address: String::new(),
            smtp_port: 0,
            smtp_domain: String::new(),
            smtp_enable_starttls_auto: true,
            smtp_enable_ssl_tls: false,
            smtp_openssl_verify_mode: "none".into(),
            smtp_authentication: "login".into(),
            provider: None,
            verified_for_sending: false,
        }
    }
}

impl EmailSettings {
    pub(super) fn apply(&mut self, body: &ChannelBody, problems: &mut Vec<Problem>) {
        set_flag(&mut self.imap_enabled, body.imap_enabled, false);
        set_text(&mut self.imap_login, &body.imap_login, "");
        set_text(&mut self.imap_password, &body.imap_password, "");
        set_text(&mut self.imap_address, &body.imap_address, "");
        set_flag(&mut self.imap_enable_ssl, body.imap_enable_ssl, true);
        set_text(&mut self.imap_authentication, &body.imap_authentication, "plain");
        set_flag(&mut self.smtp_enabled, body.smtp_enabled, false);
        set_text(&mut self.smtp_login, &body.smtp_login, "");
        set_text(&mut self.smtp_password, &body.smtp_password, "");
        set_text(&mut self.smtp_address, &body.smtp_address, "");
        set_text(&mut self.smtp_domain, &body.smtp_domain, "");
        set_flag(&mut self.smtp_enable_starttls_auto, body.smtp_enable_starttls_auto, true);
        set_flag(&mut self.smtp_enable_ssl_tls, body.smtp_enable_ssl_tls, false);
        set_text(&mut self.smtp_openssl_verify_mode, &body.smtp_openssl_verify_mode, "none");
        set_text(&mut self.smtp_authentication, &body.smtp_authentication, "login");
        set_optional_text(&mut self.provider, &body.provider);
        set_flag(&mut self.verified_for_sending, body.verified_for_sending, false);
        let ports =
            [("imap_port", &mut self.imap_port, body.imap_port), ("smtp_port", &mut self.smtp_port, body.smtp_port)];
        for (field, port, given) in ports {
            match given.map(edge::field::Int::get) {
                Maybe::Absent => {}
                Maybe::Null => *port = 0,
                Maybe::Value(number) if (0..=65_535).contains(&number) => *port = number,
                Maybe::Value(_) => problems.push(Problem::new(field, "must be between 0 and 65535")),
            }
        }
    }

    pub(super) fn check(&self, problems: &mut Vec<Problem>) {
        if self.provider.as_deref().is_some_and(|provider| !["", "google", "microsoft"].contains(&provider)) {
            problems.push(Problem::new("provider", "is not included in the list"));
        }
    }
}
