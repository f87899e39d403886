//! Where files lie: in the data folder, or in a bucket that the settings name.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::fs::{Access, access};
use server::{Blobs, Bucket};

use crate::config::Config;
use crate::data_folder::DataFolder;

/// How long the probe of a bucket may take.
const PROBING: Duration = Duration::from_secs(30);
/// What the probe writes.
const PROBE: &[u8] = b"ooctopus doctor";

/// The place of the files; a folder is made when it is missing, a bucket is not called yet.
pub fn open(config: &Config, folder: &DataFolder) -> Result<Blobs> {
    match bucket(config)? {
        Some(bucket) => Blobs::in_bucket(&bucket).context("reading the settings of the bucket"),
        None => folder.blobs(),
    }
}

/// The bucket of the settings, if they name one.
pub fn bucket(config: &Config) -> Result<Option<Bucket>> {
    let Some(name) = &config.s3_bucket else { return Ok(None) };
    let (Some(access_key), Some(secret_key)) = (&config.s3_access_key, &config.s3_secret_key) else {
        bail!("s3_bucket needs s3_access_key and s3_secret_key");
    };
    Ok(Some(Bucket {
        endpoint: config.s3_endpoint.as_ref().map(|address| address.0.clone()),
        name: name.0.clone(),
        region: config.s3_region.0.clone(),
        access_key: access_key.0.clone(),
        secret_key: secret_key.reveal().to_owned(),
        is_in_path: config.s3_path_style,
    }))
}

/// Writes, reads and deletes a small blob. What a probe that was cut off leaves is swept.
pub async fn probe(bucket: &Bucket) -> Result<()> {
    let blobs = Blobs::in_bucket(bucket).context("reading its settings")?;
    let name = format!("{}.probe", server::token::random_hex(32));
    let probed = async {
        blobs.put(&name, PROBE.into()).await.context("writing a probe")?;
        let read = blobs.read(&name).await.context("reading the probe")?;
        blobs.delete(&name).await.context("deleting the probe")?;
        if read.as_deref() == Some(PROBE) { Ok(()) } else { bail!("it gave back something else than was written") }
    };
    tokio::time::timeout(PROBING, probed).await.context("it takes too long")?
}

/// Whether this process may write into the folder.
pub fn is_writable(folder: &std::path::Path) -> bool {
    access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}
