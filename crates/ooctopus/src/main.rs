//! Ooctopus: a customer-support server in one binary. This crate is the command line, the settings and the wiring;
//! the product is in `server`.

mod admin;
mod cli;
mod config;
mod data_folder;
mod database;
mod demo;
mod doctor;
mod file_store;
mod listen;
mod listener;
mod logging;
mod mail;
mod metrics;
mod migrate;
mod output;
mod serve;
mod shutdown;
mod write_limit;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use cli::{Cli, Command};
use config::Config;

/// How long work that was cancelled may take to notice it.
const LAST_WORK: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    // Whatever is made, the database above all, is its owner's alone, also in a folder that was there before.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            output::complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode> {
    if let Command::Listen(args) = cli.command {
        // The settings are a server's; this one runs wherever a developer is.
        logging::start_quiet()?;
        return on_runtime(listen::run(args));
    }
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
        .collect();
    let config = Config::load(&cli.settings, cli.config.as_deref(), &environment);
    let config = match (config, &cli.command) {
        (Err(mistakes), Command::Doctor) => return doctor::report_mistakes(&mistakes),
        (config, _) => config?,
    };
    match &cli.command {
        Command::Serve(_) => logging::start(&config)?,
        _ => logging::start_quiet()?,
    }
    on_runtime(execute(cli.command, config))
}

fn on_runtime(work: impl Future<Output = Result<ExitCode>>) -> Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new().context("starting the runtime")?;
    let result = runtime.block_on(work);
    // Requests that outlived the grace period end here, and with them the last handles on the database.
    runtime.shutdown_timeout(LAST_WORK);
    result
}

async fn execute(command: Command, config: Config) -> Result<ExitCode> {
    match command {
        Command::Serve(args) => serve::run(&config, args).await?,
        Command::Demo => demo::run(&config).await?,
        Command::Migrate => migrate::run(&config).await?,
        Command::Doctor => return doctor::run(&config).await,
        Command::Admin(command) => admin::run(&config, command).await?,
        Command::Listen(args) => return listen::run(args).await,
    }
    Ok(ExitCode::SUCCESS)
}
