//! Reading recordings and what belongs to them from a folder.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::deviation::{Entries, NoGround};
use super::need::Need;
use super::policy::Policy;
use super::step::Step;

/// The steps of one file.
#[derive(Debug, Clone)]
pub struct Recording {
    /// The file's name.
    pub name: String,
    /// Its steps, in order.
    pub steps: Vec<Step>,
}

/// What a run needs, as it lies in a folder.
#[derive(Debug, Clone)]
pub struct Golden {
    /// The recordings, in the order in which they run.
    pub files: Vec<Recording>,
    /// `deviations.json`, `unstable.json` and `further.json`.
    pub entries: Entries,
    /// `needs.json`.
    pub needs: Vec<Need>,
    /// `served.json`, with the statuses of `statuses.json`.
    pub policy: Policy,
}

/// A file that is not as it should be.
#[derive(Debug, thiserror::Error)]
pub enum GoldenError {
    /// It cannot be read.
    #[error("{path}: {source}", path = .path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        source: std::io::Error,
    },
    /// It is no JSON, or not the right one.
    #[error("{path}, line {line}: {source}", path = .path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// Line of the file, from 1.
        line: usize,
        /// What went wrong.
        source: serde_json::Error,
    },
    /// An entry names neither clause nor reason.
    #[error(transparent)]
    NoGround(#[from] NoGround),
}

impl Golden {
    /// Reads every numbered recording (`01-….jsonl`) of a folder, and what belongs to them.
    pub fn read(folder: &Path) -> Result<Self, GoldenError> {
        let unreadable = |source| GoldenError::Unreadable { path: folder.to_owned(), source };
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if is_numbered(&path) {
                paths.push(path);
            }
        }
        paths.sort();
        let files = paths.iter().map(|path| Recording::read(path)).collect::<Result<_, _>>()?;
        let entries = Entries::read(folder)?;
        let policy = Policy::read(folder)?;
        let needs = read_json(&folder.join("needs.json"))?;
        Ok(Self { files, entries, needs, policy })
    }
}

impl Golden {
    /// Reads a recording of a folder that stands alone and has the answers that we mean to give: nothing deviates, and
    /// calls without an operation are sent too.
    pub fn read_alone(folder: &Path, name: &str) -> Result<Self, GoldenError> {
        let files = vec![Recording::read(&folder.join(name))?];
        let policy = Policy { beyond: true, ..Policy::read(folder)? };
        Ok(Self { files, entries: Entries::default(), needs: Vec::new(), policy })
    }

    /// Reads the recording of who hears what, which stands alone too, with where we mean to differ.
    pub fn read_events(folder: &Path) -> Result<Self, GoldenError> {
        Ok(Self { entries: Entries::read(folder)?, ..Self::read_alone(folder, "events.jsonl")? })
    }
}

impl Entries {
    fn read(folder: &Path) -> Result<Self, GoldenError> {
        let mut entries = Self::default();
        for name in ["deviations.json", "unstable.json", "further.json"] {
            entries.add(read_json(&folder.join(name))?)?;
        }
        Ok(entries)
    }
}

impl Policy {
    fn read(folder: &Path) -> Result<Self, GoldenError> {
        let mut policy: Self = read_json(&folder.join("served.json"))?;
        policy.statuses = read_json(&folder.join("statuses.json"))?;
        Ok(policy)
    }
}

impl Recording {
    /// Reads one file of steps, one in each line.
    pub fn read(path: &Path) -> Result<Self, GoldenError> {
        let text = read_text(path)?;
        let parse = |(index, line)| {
            let path = path.to_owned();
            serde_json::from_str(line).map_err(|source| GoldenError::Malformed { path, line: index + 1, source })
        };
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let steps = lines.map(parse).collect::<Result<_, _>>()?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, steps })
    }
}

fn is_numbered(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with(|first: char| first.is_ascii_digit()) && name.ends_with(".jsonl")
}

fn read_text(path: &Path) -> Result<String, GoldenError> {
    std::fs::read_to_string(path).map_err(|source| GoldenError::Unreadable { path: path.to_owned(), source })
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, GoldenError> {
    serde_json::from_str(&read_text(path)?).map_err(|source| {
        let line = source.line();
        GoldenError::Malformed { path: path.to_owned(), line, source }
    })
}
