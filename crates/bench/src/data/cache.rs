//! Data sets kept between runs, outside of the tree.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use server::MIGRATIONS;
use sha2::{Digest, Sha256};
use store::{Database, Options, Store};

use super::{Shape, fill};

/// What decides the content of a data set, beside the schema.
const MAKERS: [&str; 5] = [
    include_str!("bulk.rs"),
    include_str!("fixed.rs"),
    include_str!("plan.rs"),
    include_str!("words.rs"),
    include_str!("../random.rs"),
];

/// A data set on the disk.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The database file. Measurements that write copy it first.
    pub path: PathBuf,
    /// How long it took to make, when this run made it.
    pub made_in: Option<Duration>,
}

/// The folder of data sets: `$XDG_CACHE_HOME/ooctopus/bench`.
pub fn folder() -> Result<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
    let cache = cache.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    let folder = cache.context("neither XDG_CACHE_HOME nor HOME is set")?.join("ooctopus/bench");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The data set, made when the cache does not have it for this schema.
pub async fn prepare(shape: Shape) -> Result<Prepared> {
    let folder = folder()?;
    let path = folder.join(format!("{}-{}.db", shape.name, key()));
    if path.is_file() {
        return Ok(Prepared { path, made_in: None });
    }
    remove_older(&folder, shape)?;
    let begun = Instant::now();
    let unfinished = folder.join(format!("{}-unfinished.db", shape.name));
    remove(&unfinished)?;
    let options = Options::new(Database::Sqlite { path: unfinished.clone(), durable: false });
    Store::migrate(&options, MIGRATIONS)?;
    fill(&Store::open(options)?, shape).await?;
    wait_until_closed(&unfinished).await?;
    std::fs::rename(&unfinished, &path)?;
    Ok(Prepared { path, made_in: Some(begun.elapsed()) })
}

/// A copy that a measurement may write to, in a new folder below the cache's.
pub fn copy(from: &Path, name: &str) -> Result<PathBuf> {
    let folder = folder()?.join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("ooctopus.db");
    std::fs::copy(from, &path)?;
    Ok(path)
}

/// Waits until the last connection has put everything into the one file.
pub async fn wait_until_closed(path: &Path) -> Result<()> {
    let log = beside(path, "-wal");
    for _ in 0..6_000 {
        if !log.exists() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    bail!("{} is still open after a minute", path.display())
}

fn key() -> String {
    let mut hash = Sha256::new();
    for migration in MIGRATIONS {
        hash.update(migration.sql);
    }
    for maker in MAKERS {
        hash.update(maker);
    }
    hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

fn remove_older(folder: &Path, shape: Shape) -> Result<()> {
    let start = format!("{}-", shape.name);
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&start) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn remove(path: &Path) -> Result<()> {
    for file in [path.to_owned(), beside(path, "-wal"), beside(path, "-shm")] {
        if file.exists() {
            std::fs::remove_file(file)?;
        }
    }
    Ok(())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
