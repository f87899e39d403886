//! The server under test: the product's release build, in a process of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use store::{Database, Options};

use crate::{client, data};

/// Connections for writing, and as many for reading, on PostgreSQL.
const POSTGRES_CONNECTIONS: usize = 16;

/// A running server.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
}

/// Resident memory of a process.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Memory {
    /// All of it in KiB: also the program itself and the pages of files that it has mapped.
    pub all_kib: u64,
    /// In KiB, without pages of files, which the system takes back when it needs room.
    pub own_kib: u64,
}

/// Which database a server has.
#[derive(Debug, Clone)]
pub enum Data {
    /// A data folder.
    Folder(PathBuf),
    /// A data folder with the address of a PostgreSQL database beside it.
    Postgres(PathBuf, String),
}

impl Data {
    /// How it is opened, as the product does: every commit waits for the disk.
    pub fn options(&self) -> Options {
        Options::new(match self {
            Self::Folder(folder) => Database::Sqlite { path: data::database(folder), durable: true },
            Self::Postgres(_, url) => Database::Postgres { url: url.clone(), connections: POSTGRES_CONNECTIONS },
        })
    }

    /// `sqlite` or `postgres`.
    pub fn engine(&self) -> &'static str {
        match self {
            Self::Folder(_) => "sqlite",
            Self::Postgres(..) => "postgres",
        }
    }
}

/// The product's release build, beside this program, or the one that `OOCTOPUS_BENCH_PROGRAM` names.
pub fn program() -> Result<PathBuf> {
    let other = std::env::var_os("OOCTOPUS_BENCH_PROGRAM").map(PathBuf::from);
    let path = other.map_or_else(|| Ok(std::env::current_exe()?.with_file_name("ooctopus")), anyhow::Ok)?;
    if path.is_file() { Ok(path) } else { bail!("{} is missing: cargo build --release -p ooctopus", path.display()) }
}

impl Server {
    /// Starts it over `data` and waits until it is ready.
    pub async fn start(data: &Data) -> Result<Self> {
        Ok(Self::start_timed(data).await?.0)
    }

    /// Starts it; gives also how long it took until it said that it is ready.
    pub async fn start_timed(data: &Data) -> Result<(Self, Duration)> {
        let mut command = Command::new(program()?);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]);
        // Receivers of webhooks are here too.
        command.env("OOCTOPUS_OUTBOUND_ALLOW", "127.0.0.0/8");
        match data {
            Data::Folder(folder) => command.arg(folder),
            Data::Postgres(folder, url) => {
                let connections = POSTGRES_CONNECTIONS.to_string();
                command.arg(folder).args(["--database-url", url, "--database-connections", &connections])
            }
        };
        let begun = Instant::now();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = Self { address: ([127, 0, 0, 1], 0).into(), child: command.spawn()? };
        let stdout = server.child.stdout.take().context("the server has no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let (_, address) = line.trim().rsplit_once("http://").with_context(|| format!("no server, but {line:?}"))?;
        server.address = address.parse()?;
        let (status, body) = client::once(server.address, &client::get("/readyz", "")).await?;
        if status != 200 {
            bail!("not ready: {}", String::from_utf8_lossy(&body));
        }
        Ok((server, begun.elapsed()))
    }

    /// Its number, for profilers.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Processor time that it has taken so far.
    pub fn cpu(&self) -> Duration {
        cpu_of(self.child.id())
    }

    /// Memory that it has resident.
    pub fn memory(&self) -> Memory {
        memory(self.child.id()).unwrap_or_default()
    }

    /// Ends it by SIGTERM, as an operator does, and waits for it.
    pub async fn stop(mut self) -> Result<()> {
        Command::new("kill").arg(self.child.id().to_string()).status()?;
        for _ in 0..6_000 {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        bail!("the server did not end within a minute");
    }
}

impl Drop for Server {
    /// A run that fails leaves no server behind.
    fn drop(&mut self) {
        // Both fail when it has ended, as it should have.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Processor time of a process, in its own and the kernel's code.
pub fn cpu_of(process: u32) -> Duration {
    // Ticks are hundredths of a second on every Linux of today.
    let ticks: u64 =
        stat(process).map_or(0, |fields| fields[11..13].iter().filter_map(|text| text.parse::<u64>().ok()).sum());
    Duration::from_millis(ticks * 10)
}

/// The fields after the program's name.
fn stat(process: u32) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}

fn memory(process: u32) -> Option<Memory> {
    let text = std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("status")).ok()?;
    let find =
        |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok());
    Some(Memory { all_kib: find("VmRSS:")?, own_kib: find("RssAnon:")? })
}
