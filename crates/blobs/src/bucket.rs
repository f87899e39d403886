//! A bucket that is spoken to as Amazon's S3.

use std::fmt;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::{BackoffConfig, RetryConfig};

use crate::Result;
use crate::client::Connector;

/// Pieces in which bytes are written: the protocol's smallest part of a larger object.
pub(crate) const PIECE: usize = 5 * 1024 * 1024;
/// How long a call is tried again when the server is busy or gone.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where a bucket is, and the keys to it.
#[derive(Clone)]
pub struct Bucket {
    /// The server's address; `None` is Amazon's in the region.
    pub endpoint: Option<String>,
    /// Its name.
    pub name: String,
    /// Where it is; servers other than Amazon's often do not care.
    pub region: String,
    /// Who we are.
    pub access_key: String,
    /// The proof of it.
    pub secret_key: String,
    /// Whether the name stands in the path (`https://server/bucket`) and not before the server's.
    pub is_in_path: bool,
}

impl Bucket {
    pub(crate) fn open(&self) -> Result<AmazonS3> {
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&self.name)
            .with_region(&self.region)
            .with_access_key_id(&self.access_key)
            .with_secret_access_key(&self.secret_key)
            .with_virtual_hosted_style_request(!self.is_in_path)
            .with_allow_http(true)
            // One at a time is understood everywhere.
            .with_disable_bulk_delete(true)
            .with_http_connector(Connector)
            .with_retry(RetryConfig { backoff: BackoffConfig::default(), max_retries: 3, retry_timeout: PATIENCE });
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(self.endpoint_of(endpoint));
        }
        Ok(builder.build()?)
    }

    /// With the bucket's name before the server's where it belongs there.
    fn endpoint_of(&self, endpoint: &str) -> String {
        match endpoint.split_once("://") {
            Some((scheme, server)) if !self.is_in_path => format!("{scheme}://{}.{server}", self.name),
            _ => endpoint.to_owned(),
        }
    }
}

/// Without the keys.
impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket").field("endpoint", &self.endpoint).field("name", &self.name).finish_non_exhaustive()
    }
}
