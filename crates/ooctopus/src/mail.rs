//! Where mails go: to the mail server that the settings name, or into a folder of the data folder.

use anyhow::{Context, Result, bail};
use mailer::{Mailer, Sender, Smtp};

use crate::config::Config;
use crate::data_folder::DataFolder;

/// The sender of mails that only ever become files.
const NOBODY: &str = "Ooctopus <ooctopus@localhost>";

/// The way of mails; nothing is called or made yet.
pub fn open(config: &Config, folder: &DataFolder) -> Result<Mailer> {
    let Some(server) = server(config)? else { return Ok(Mailer::into_folder(sender(config)?, folder.outbox())) };
    Mailer::by_smtp(sender(config)?, &server).context("reading the settings of the mail server")
}

/// The mail server of the settings, if they name one.
pub fn server(config: &Config) -> Result<Option<Smtp>> {
    let Some(host) = &config.smtp_address else { return Ok(None) };
    if config.mail_sender.is_none() {
        bail!("smtp_address needs mail_sender");
    }
    let security = config.smtp_security.0;
    let credentials = match (&config.smtp_username, &config.smtp_password) {
        (Some(user), Some(password)) => Some((user.0.clone(), password.reveal().to_owned())),
        (None, None) => None,
        _ => bail!("smtp_username and smtp_password need each other"),
    };
    Ok(Some(Smtp {
        host: host.0.clone(),
        port: config.smtp_port.map_or(security.port(), Into::into),
        security,
        credentials,
        timeout: config.smtp_timeout,
        roots: Vec::new(),
    }))
}

/// The sender of the settings.
fn sender(config: &Config) -> Result<Sender> {
    let text = config.mail_sender.as_ref().map_or(NOBODY, |sender| &sender.0);
    text.parse::<Sender>().map_err(|problem| anyhow::anyhow!("mail_sender {problem}"))
}
