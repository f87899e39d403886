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
    /// A data folder of the product. Measurements that write copy it first.
    pub folder: PathBuf,
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
    let parent = folder()?;
    let folder = parent.join(format!("{}-{}", shape.name, key()));
    if folder.is_dir() {
        return Ok(Prepared { folder, made_in: None });
    }
    remove_older(&parent, shape)?;
    let begun = Instant::now();
    let unfinished = empty(&format!("{}-unfinished", shape.name))?;
    let path = database(&unfinished);
    let mut options = Options::new(Database::Sqlite { path: path.clone(), durable: false });
    // The figures of reports are filled in by one statement over all messages.
    options.write_deadline = Duration::from_hours(1);
    Store::migrate(&options, MIGRATIONS)?;
    fill(&Store::open(options)?, shape).await?;
    wait_until_closed(&path).await?;
    std::fs::rename(&unfinished, &folder)?;
    Ok(Prepared { folder, made_in: Some(begun.elapsed()) })
}

/// A copy that a measurement may write to; the copy of this name that an earlier one left is gone.
pub fn copy(from: &Path, name: &str) -> Result<PathBuf> {
    let folder = empty(name)?;
    std::fs::copy(database(from), database(&folder))?;
    Ok(folder)
}

/// An empty folder beside the data sets.
pub fn empty(name: &str) -> Result<PathBuf> {
    let folder = folder()?.join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The database file in a data folder.
pub fn database(folder: &Path) -> PathBuf {
    folder.join("ooctopus.db")
}

/// Waits until the last connection has put everything into the one file.
async fn wait_until_closed(path: &Path) -> Result<()> {
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
    let first = hash.finalize().iter().take(6).fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{first:012x}")
}

fn remove_older(folder: &Path, shape: Shape) -> Result<()> {
    let start = format!("{}-", shape.name);
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&start) {
            std::fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
