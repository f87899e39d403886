//! Mails as files, for an installation without a mail server.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use types::Timestamp;
use uuid::Uuid;

use crate::Failure;

/// Writes a mail as a file of its own. It is there as a whole or not at all, and its owner's alone: it holds links that
/// let somebody in.
pub async fn write(folder: PathBuf, mail: Vec<u8>, now: Timestamp) -> Result<(), Failure> {
    let written = tokio::task::spawn_blocking(move || write_now(&folder, &mail, now)).await;
    let written = written.unwrap_or_else(|cause| Err(io::Error::other(cause)));
    written.map_err(|cause| Failure::passing(format!("writing the mail as a file failed: {cause}")))
}

fn write_now(folder: &Path, mail: &[u8], now: Timestamp) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let name = format!("{}-{}", now.iso().replace(':', "-"), Uuid::new_v4().simple());
    let aside = folder.join(format!(".{name}.part"));
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&aside)?;
    let moved = file
        .write_all(mail)
        .and_then(|()| file.sync_all())
        .and_then(|()| std::fs::rename(&aside, folder.join(format!("{name}.eml"))));
    if let Err(cause) = moved {
        // What cannot be taken away either is only in the way.
        drop(std::fs::remove_file(&aside));
        return Err(cause);
    }
    File::open(folder)?.sync_all()
}
