//! `ooctopus admin`: what an operator does, also beside a running server.

mod account;
mod jobs;
mod platform_app;
mod setup_link;
mod store;
mod user;

use anyhow::Result;

use crate::cli::AdminCommand;
use crate::config::Config;
use crate::database;

pub use store::find_platform_token;

/// Does what the operator asks for.
pub async fn run(config: &Config, command: AdminCommand) -> Result<()> {
    let store = database::open_for_command(config).await?;
    match command {
        AdminCommand::Account(command) => account::run(&store, command).await,
        AdminCommand::User(command) => user::run(&store, command).await,
        AdminCommand::PlatformApp(command) => platform_app::run(&store, command).await,
        AdminCommand::Jobs(command) => jobs::run(&store, command).await,
        AdminCommand::SetupLink => setup_link::run(&store, config).await,
    }
}
