//! The folder with everything that an installation keeps: database, secret key, lock.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use server::{Blobs, SecretKey};

/// The permissions that others have.
const OTHERS: u32 = 0o077;
/// Length of the key in hex digits: 32 bytes.
const KEY_LENGTH: usize = 64;

/// The data folder.
#[derive(Debug, Clone)]
pub struct DataFolder(PathBuf);

/// Keeps a second server out of the folder; the operating system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// What the secret key's file looks like.
#[derive(Debug, PartialEq, Eq)]
pub enum KeyState {
    /// There is none yet.
    Missing,
    /// It holds a key that only its owner can read.
    Good,
    /// What is wrong, and how to mend it.
    Bad(String),
}

impl DataFolder {
    /// The folder, made for its owner alone when it is missing.
    pub fn open(path: &Path) -> Result<Self> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.with_context(|| format!("making the data folder {}", path.display()))?;
        Ok(Self(path.to_owned()))
    }

    /// The folder as it is, or as it is not.
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The file of the embedded database.
    pub fn database(&self) -> PathBuf {
        self.0.join("ooctopus.db")
    }

    /// The folder of files: attachments and pictures.
    pub fn files(&self) -> PathBuf {
        self.0.join("files")
    }

    /// The folder of mails that are written as files.
    pub fn outbox(&self) -> PathBuf {
        self.0.join("outbox")
    }

    /// The files, in a folder for their owner alone that is made when it is missing.
    pub fn blobs(&self) -> Result<Blobs> {
        let path = self.files();
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&path).and_then(|()| Blobs::in_folder(&path));
        made.with_context(|| format!("making the folder of files {}", path.display()))
    }

    /// The folder where uploads lie until their requests are done, with nothing in it.
    pub fn empty_uploads(&self) -> Result<PathBuf> {
        let path = self.0.join("uploads");
        let removed = match std::fs::remove_dir_all(&path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(cause),
            _ => DirBuilder::new().mode(0o700).create(&path),
        };
        removed.with_context(|| format!("emptying {}", path.display()))?;
        Ok(path)
    }

    /// Takes the lock; fails when another server has it.
    pub fn lock(&self) -> Result<Lock> {
        let path = self.0.join("ooctopus.lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let file = file.with_context(|| format!("opening {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => {
                bail!(
                    "another ooctopus serves {} already; stop it first, or choose another --data-dir",
                    self.0.display()
                )
            }
            Err(TryLockError::Error(cause)) => Err(cause).with_context(|| format!("locking {}", path.display())),
        }
    }

    /// The name by which others on the same database know the process that has the lock; the same after a restart.
    pub fn ensure_name(&self, _: &Lock) -> Result<String> {
        let path = self.0.join("node");
        match std::fs::read_to_string(&path) {
            Ok(name) if !name.trim().is_empty() => return Ok(name.trim().to_owned()),
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                return Err(cause).with_context(|| format!("reading {}", path.display()));
            }
            // Also one that a crash has left empty.
            Ok(_) | Err(_) => {}
        }
        let name = server::token::random();
        std::fs::write(&path, &name).with_context(|| format!("writing {}", path.display()))?;
        Ok(name)
    }

    /// The secret key, made when there is none; fails when there is one that others can read.
    pub fn ensure_key(&self) -> Result<SecretKey> {
        match self.key_state()? {
            KeyState::Good => {}
            KeyState::Bad(problem) => bail!(problem),
            KeyState::Missing => {
                let path = self.key_path();
                self.write_key(&path).with_context(|| format!("writing {}", path.display()))?;
            }
        }
        let path = self.key_path();
        let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let key = read_key(text.trim_end()).with_context(|| format!("{} changed while it was read", path.display()))?;
        Ok(SecretKey::new(key))
    }

    /// What the secret key's file looks like.
    pub fn key_state(&self) -> Result<KeyState> {
        let path = self.key_path();
        let shown = path.display();
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(KeyState::Missing),
            Err(cause) => return Err(cause).with_context(|| format!("reading {shown}")),
        };
        let mode = file.metadata().with_context(|| format!("reading {shown}"))?.permissions().mode();
        if mode & OTHERS != 0 {
            let mode = mode & 0o777;
            return Ok(KeyState::Bad(format!(
                "others can read or write {shown} (mode {mode:o}); run: chmod 600 {shown}"
            )));
        }
        let mut text = String::new();
        file.read_to_string(&mut text).with_context(|| format!("reading {shown}"))?;
        if read_key(text.trim_end()).is_some() {
            Ok(KeyState::Good)
        } else {
            Ok(KeyState::Bad(format!(
                "{shown} does not hold {KEY_LENGTH} hex digits; put the key back from your backup"
            )))
        }
    }

    /// Whether others can enter the folder.
    pub fn is_open_to_others(&self) -> io::Result<bool> {
        Ok(std::fs::metadata(&self.0)?.permissions().mode() & OTHERS != 0)
    }

    fn key_path(&self) -> PathBuf {
        self.0.join("secret.key")
    }

    /// Written aside and moved into place, so that a killed start leaves no half of a key.
    fn write_key(&self, path: &Path) -> io::Result<()> {
        let aside = path.with_extension("key.new");
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&aside)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        writeln!(file, "{}", server::token::random_hex(KEY_LENGTH))?;
        file.sync_all()?;
        std::fs::rename(&aside, path)?;
        File::open(&self.0)?.sync_all()
    }
}

/// The key that `text` writes as [`KEY_LENGTH`] hex digits.
fn read_key(text: &str) -> Option<[u8; KEY_LENGTH / 2]> {
    let mut key = [0; KEY_LENGTH / 2];
    if text.len() != KEY_LENGTH || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, at) in key.iter_mut().zip((0..KEY_LENGTH).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
    }
    Some(key)
}
