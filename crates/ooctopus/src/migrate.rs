//! `ooctopus migrate`.

use anyhow::Result;

use crate::config::Config;
use crate::data_folder::DataFolder;
use crate::{database, output};

/// Brings the database up to date and says what was done.
pub async fn run(config: &Config) -> Result<()> {
    let folder = DataFolder::open(&config.data_dir)?;
    let done = database::migrate(&database::small_options(config, &folder)).await?;
    for name in &done {
        output::print_line(&format!("ran {name}"))?;
    }
    if done.is_empty() {
        output::print_line("the database is up to date")?;
    }
    Ok(())
}
