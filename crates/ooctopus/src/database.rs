//! The database that the settings name.

use anyhow::{Context, Result};
use server::MIGRATIONS;
use store::{Database, Options, Store};

use crate::config::Config;
use crate::data_folder::DataFolder;

/// How a server opens the database.
pub fn options(config: &Config, folder: &DataFolder) -> Options {
    Options::new(match &config.database_url {
        Some(url) => {
            Database::Postgres { url: url.reveal().to_owned(), connections: config.database_connections.get().into() }
        }
        None => Database::Sqlite { path: folder.database(), durable: true },
    })
}

/// How a command opens the database: it does one thing at a time.
pub fn small_options(config: &Config, folder: &DataFolder) -> Options {
    let mut options = Options { readers: 1, tells_others: false, ..options(config, folder) };
    if let Database::Postgres { connections, .. } = &mut options.database {
        *connections = 1;
    }
    options
}

/// Brings the database up to date; gives the names of the migrations that ran.
pub async fn migrate(options: &Options) -> Result<Vec<String>> {
    let options = options.clone();
    blocking(move || Store::migrate(&options, MIGRATIONS)).await?.context("bringing the database up to date")
}

/// Opens the database as it is.
pub async fn open(options: &Options) -> Result<Store> {
    let options = options.clone();
    blocking(move || Store::open(options)).await?.context("opening the database")
}

/// The database for a command, up to date, in a folder that is made when it is missing.
pub async fn open_for_command(config: &Config) -> Result<Store> {
    let folder = DataFolder::open(&config.data_dir)?;
    let options = small_options(config, &folder);
    migrate(&options).await?;
    open(&options).await
}

/// The names of the migrations that this version has for the engine.
pub fn known_migrations(options: &Options) -> impl Iterator<Item = &'static str> {
    let other = match options.database {
        Database::Sqlite { .. } => ".pg.sql",
        Database::Postgres { .. } => ".sqlite.sql",
    };
    MIGRATIONS.iter().map(|migration| migration.name).filter(move |name| !name.ends_with(other))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.context("talking to the database")
}
