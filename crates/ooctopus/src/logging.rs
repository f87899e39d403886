//! The log: to the standard error, so that the standard output belongs to what commands print.

use std::io::{self, IsTerminal};

use anyhow::{Result, anyhow};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::config::{Config, LogFormat};

/// Starts the log of a server.
pub fn start(config: &Config) -> Result<()> {
    begin(&config.log_filter.0, config.log_format)
}

/// Starts the log of a command that tells its failures itself.
pub fn start_quiet() -> Result<()> {
    begin("off", LogFormat::Pretty)
}

fn begin(filter: &str, format: LogFormat) -> Result<()> {
    let filter = EnvFilter::try_new(filter)?;
    let log = fmt().with_env_filter(filter).with_writer(io::stderr);
    let begun = match format {
        LogFormat::Pretty => log.with_ansi(io::stderr().is_terminal()).try_init(),
        LogFormat::Json => log.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init(),
    };
    begun.map_err(|cause| anyhow!("starting the log: {cause}"))
}
