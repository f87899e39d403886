//! `ooctopus admin setup-link`.

use anyhow::Result;
use server::setup;
use store::Store;

use crate::config::Config;
use crate::{output, serve};

pub async fn run(store: &Store, config: &Config) -> Result<()> {
    let base_url = config.base_url.as_ref().map_or_else(|| serve::local_url(config.listen), |base| base.0.clone());
    let link = store.write(move |tx| setup::service::issue_link(tx, &base_url)).await?;
    Ok(output::print_line(&link)?)
}
