//! What becomes of an event: a line on the standard output, or a webhook and a line about it.

use std::time::{Duration, Instant};

use anyhow::Result;
use outbound::{Excess, Limits, Outbound};
use server::delivery::signed_headers;
use types::{Clock, SystemClock};

use super::block::Block;
use crate::output;

/// How long the receiver may take to answer: somebody may be looking at it with a debugger.
const LIMITS: Limits = Limits { time: Duration::from_secs(30), bytes: 64 * 1024, excess: Excess::Cut };

/// Where events go.
pub enum Receiver {
    /// The standard output, each as one line of JSON.
    Output,
    /// An address, as the server would post them.
    Address {
        /// The address.
        url: String,
        /// Signs them.
        secret: String,
    },
}

impl Receiver {
    /// Passes on what is told; false when nobody reads the output any more.
    pub async fn take(&self, client: &Outbound, block: &Block, body: &str) -> Result<bool> {
        let line = match self {
            Self::Output => format!("{body}\n"),
            Self::Address { url, secret } => forward(client, url, secret, block, body).await,
        };
        Ok(output::print_while_read(&line)?)
    }
}

/// Posts it once; what came of it in one line.
async fn forward(client: &Outbound, url: &str, secret: &str, block: &Block, body: &str) -> String {
    let name = block.webhook_id.as_ref().or(block.id.as_ref()).map_or("", String::as_str);
    let headers = signed_headers(name, name, SystemClock.now(), body, &[secret]);
    let begun = Instant::now();
    let answer = client.post(url, headers, body.to_owned(), LIMITS).await;
    let (event, wait_ms) = (output::one_line(&block.event), begun.elapsed().as_millis());
    match answer {
        Ok(answer) => format!("{event} {} {wait_ms} ms\n", answer.status.as_u16()),
        Err(cause) => format!("{event} failed {wait_ms} ms: {cause}\n"),
    }
}
