//! `ooctopus admin platform-app`.

use anyhow::Result;
use server::platform;
use store::Store;

use super::store::list_platform_apps;
use crate::cli::PlatformAppCommand;
use crate::output;

pub async fn run(store: &Store, command: PlatformAppCommand) -> Result<()> {
    match command {
        PlatformAppCommand::Create { name } => {
            let (_, token) = store.write(move |tx| platform::service::create_app(tx, &name)).await?;
            output::print_line(&token)?;
        }
        PlatformAppCommand::List => {
            for (id, name) in store.read(list_platform_apps).await? {
                output::print_line(&format!("{id}\t{}", output::one_line(&name)))?;
            }
        }
    }
    Ok(())
}
