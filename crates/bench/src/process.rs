//! The server under test, in a process of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use server::{App, Settings};
use store::{Database, Options, Store};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

/// Connections for writing, and as many for reading, on PostgreSQL.
pub const POSTGRES_CONNECTIONS: usize = 16;

/// A running server.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
}

/// Which database a server has.
#[derive(Debug, Clone)]
pub enum Data {
    /// A file.
    Sqlite(PathBuf),
    /// An address.
    Postgres(String),
}

impl Data {
    /// How it is opened: every commit waits for the disk.
    pub fn options(&self) -> Options {
        Options::new(match self {
            Self::Sqlite(path) => Database::Sqlite { path: path.clone(), durable: true },
            Self::Postgres(url) => Database::Postgres { url: url.clone(), connections: POSTGRES_CONNECTIONS },
        })
    }

    /// `sqlite` or `postgres`.
    pub fn engine(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }
}

impl Server {
    /// Starts this program anew as a server over `data`.
    pub async fn start(data: &Data) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        match data {
            Data::Sqlite(path) => command.arg("serve").arg("sqlite").arg(path),
            Data::Postgres(url) => command.arg("serve").arg("postgres").arg(url),
        };
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let stdout = child.stdout.take().context("the server has no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).await?;
        let address = line.trim().parse().context("the server did not start")?;
        Ok(Self { address, child })
    }

    /// Processor time that it has taken so far.
    pub fn cpu(&self) -> Duration {
        self.child.id().map(cpu_of).unwrap_or_default()
    }

    /// Ends it and waits until it has closed its database.
    pub async fn stop(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        self.child.wait().await?;
        Ok(())
    }
}

/// Serves until the standard input ends.
pub async fn serve(data: &Data) -> Result<()> {
    let store = Store::open(data.options())?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    crate::output::line(&listener.local_addr()?.to_string());
    let app = App::new(store, std::sync::Arc::new(types::SystemClock), Settings::default());
    let service = server::router(app).into_make_service();
    let ended = async {
        tokio::io::stdin().read_to_end(&mut Vec::new()).await.ok();
    };
    axum::serve(listener, service).with_graceful_shutdown(ended).await?;
    if let Data::Sqlite(path) = data {
        crate::data::wait_until_closed(path).await?;
    }
    Ok(())
}

/// Processor time of a process, in its own and the kernel's code.
pub fn cpu_of(process: u32) -> Duration {
    // Ticks are hundredths of a second on every Linux of today.
    let ticks: u64 = stat(process).map_or(0, |fields| fields[11..13].iter().filter_map(|text| text.parse::<u64>().ok()).sum());
    Duration::from_millis(ticks * 10)
}

/// The fields after the program's name.
fn stat(process: u32) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}

/// Resident memory of a process in KiB.
pub fn resident_kib(process: u32) -> Option<u64> {
    let text = std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}
