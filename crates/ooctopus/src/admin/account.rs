//! `ooctopus admin account`.

use anyhow::Result;
use server::account::{self, NewAccount};
use server::events::Actor;
use store::Store;

use super::store::list_accounts;
use crate::cli::AccountCommand;
use crate::output;

pub async fn run(store: &Store, command: AccountCommand) -> Result<()> {
    match command {
        AccountCommand::Create { name, locale } => create(store, name, locale).await,
        AccountCommand::List => list(store).await,
    }
}

async fn create(store: &Store, name: String, locale: &'static str) -> Result<()> {
    let new = NewAccount { name, locale, ..NewAccount::default() };
    let account = store.write(move |tx| account::service::create(tx, &new, &Actor::Operator)).await?;
    Ok(output::print_line(&account.id.to_string())?)
}

async fn list(store: &Store) -> Result<()> {
    for (id, name, status) in store.read(list_accounts).await? {
        output::print_line(&format!("{id}\t{}\t{status}", output::one_line(&name)))?;
    }
    Ok(())
}
