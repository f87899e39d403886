//! The binary: its size, how fast it starts, what it holds when idle.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::data;
use crate::process::{self, Data, Memory, Server};
use crate::targets;
use crate::{client, output};
use store::Store;

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Product {
    /// Bytes of the release build.
    pub binary_bytes: u64,
    /// Milliseconds from the start of the process to its first 200 of `/readyz`, on an empty folder, fastest first.
    pub start_empty_ms: Vec<f64>,
    /// The same on the data set S.
    pub start_s_ms: Vec<f64>,
    /// A second after the start on an empty folder.
    pub idle_empty: Memory,
    /// The same on S.
    pub idle_s: Memory,
    /// Five seconds after two seconds of lists and messages at 8 connections on S.
    pub after_load: Memory,
}

const STARTS: usize = 7;

/// Starts the product a few times.
pub async fn measure(s: &std::path::Path) -> Result<Product> {
    let binary_bytes = std::fs::metadata(process::program()?)?.len();
    let (mut start_empty_ms, mut start_s_ms) = (Vec::new(), Vec::new());
    let (mut idle_empty, mut idle_s) = (Memory::default(), Memory::default());
    let copied = data::copy(s, "start-s")?;
    for number in 0..STARTS {
        let empty = data::empty("start-empty")?;
        let (server, took) = Server::start_timed(&Data::Folder(empty)).await?;
        start_empty_ms.push(millis(took));
        if number == 0 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            idle_empty = server.memory();
        }
        server.stop().await?;
        let (server, took) = Server::start_timed(&Data::Folder(copied.clone())).await?;
        start_s_ms.push(millis(took));
        if number == 0 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            idle_s = server.memory();
        }
        server.stop().await?;
    }
    start_empty_ms.sort_unstable_by(f64::total_cmp);
    start_s_ms.sort_unstable_by(f64::total_cmp);
    let after_load = after_load(&Data::Folder(copied)).await?;
    let product = Product { binary_bytes, start_empty_ms, start_s_ms, idle_empty, idle_s, after_load };
    output::line(&format!("  {product:?}"));
    Ok(product)
}

async fn after_load(data: &Data) -> Result<Memory> {
    let store = Store::open(data.options())?;
    let endpoints = targets::endpoints(&targets::sample(&store).await?, &targets::names(&store).await?);
    drop(store);
    let server = Server::start(data).await?;
    for endpoint in endpoints {
        if [targets::LIST, targets::MESSAGES].contains(&endpoint.name) {
            client::load(server.address, endpoint.requests, 8, Duration::from_secs(1)).await?;
        }
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    let memory = server.memory();
    server.stop().await?;
    Ok(memory)
}

fn millis(duration: Duration) -> f64 {
    crate::measure::round(duration.as_secs_f64() * 1_000.0)
}
