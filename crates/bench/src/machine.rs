//! On what the figures were taken.

use std::process::Command;

use serde::Serialize;
use types::{Clock, SystemClock};

/// The machine and how busy it was.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// When, ISO 8601 in UTC.
    pub at: String,
    /// The commit that was measured, with `-dirty` when the tree had changes; empty outside of a repository.
    pub commit: String,
    /// The processor's name.
    pub processor: String,
    /// Cores that this process may use.
    pub cores: usize,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// The kernel's version.
    pub kernel: String,
    /// Average number of processes that wanted a core in the minute before.
    pub load_before: String,
}

fn commit() -> Option<String> {
    let asked = Command::new("git")
        .args(["describe", "--always", "--dirty", "--exclude", "*"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .ok()
        .filter(|asked| asked.status.success())?;
    Some(String::from_utf8_lossy(&asked.stdout).trim().to_owned())
}

/// This machine, now.
pub fn look() -> Machine {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let processor = read("/proc/cpuinfo")
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or_else(String::new, |rest| rest.trim_start_matches([' ', '\t', ':']).to_owned());
    let memory_kib: u64 = read("/proc/meminfo")
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or_default();
    Machine {
        at: SystemClock.now().iso(),
        commit: commit().unwrap_or_default(),
        processor,
        cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        memory_mib: memory_kib / 1024,
        kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
        load_before: read("/proc/loadavg").split_whitespace().next().unwrap_or_default().to_owned(),
    }
}
