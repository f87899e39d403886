//! `ooctopus doctor`: is this installation in order? Changes nothing, but for a probe in a bucket that it takes away
//! again.

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use store::{Database, Options, Store};

use crate::config::{Config, Mistakes};
use crate::data_folder::{DataFolder, KeyState};
use crate::{database, file_store, mail, output};

/// Below this the disk is called nearly full, in bytes.
const LITTLE_SPACE: u64 = 1 << 30;
/// Below this nothing works for long, in bytes.
const NO_SPACE: u64 = 100 << 20;
/// The oldest PostgreSQL that is tested with.
const OLDEST_POSTGRES: i64 = 15;

/// How a check ended.
enum Outcome {
    Ok,
    Warn,
    Fail,
}

/// One line of the report.
struct Check {
    outcome: Outcome,
    name: &'static str,
    text: String,
}

impl Check {
    fn ok(name: &'static str, text: impl Into<String>) -> Self {
        Self { outcome: Outcome::Ok, name, text: text.into() }
    }

    fn warn(name: &'static str, text: impl Into<String>) -> Self {
        Self { outcome: Outcome::Warn, name, text: text.into() }
    }

    fn fail(name: &'static str, text: impl Into<String>) -> Self {
        Self { outcome: Outcome::Fail, name, text: text.into() }
    }

    /// By the bytes that are free.
    fn of_space(name: &'static str, free: u64, text: String) -> Self {
        match free {
            free if free < NO_SPACE => Self::fail(name, text),
            free if free < LITTLE_SPACE => Self::warn(name, text),
            _ => Self::ok(name, text),
        }
    }

    /// The check, or the failure to make it.
    fn of(name: &'static str, result: Result<Self>) -> Self {
        result.unwrap_or_else(|error| Self::fail(name, format!("{error:#}")))
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = match self.outcome {
            Outcome::Ok => "ok  ",
            Outcome::Warn => "warn",
            Outcome::Fail => "fail",
        };
        write!(f, "{outcome} {}: {}", self.name, self.text.replace('\n', "; "))
    }
}

/// Reports a configuration that cannot be read; nothing else can be checked then.
pub fn report_mistakes(mistakes: &Mistakes) -> Result<ExitCode> {
    let checks = mistakes.0.iter().map(|mistake| Check::fail("configuration", mistake.to_string()));
    report(&checks.collect::<Vec<_>>())
}

/// Makes every check; the exit code is 1 when one failed.
pub async fn run(config: &Config) -> Result<ExitCode> {
    let folder = DataFolder::at(&config.data_dir);
    let mut checks = vec![Check::ok("configuration", "every setting can be read"), check_folder(&folder)];
    if folder.path().is_dir() {
        checks.push(Check::of("secret key", check_key(&folder)));
        checks.push(Check::of("disk space", check_space(folder.path())));
    }
    checks.push(Check::of("files", check_files(config, &folder).await));
    checks.extend(check_database(&database::small_options(config, &folder)).await);
    checks.push(Check::of("mail", check_mail(config, &folder).await));
    report(&checks)
}

fn report(checks: &[Check]) -> Result<ExitCode> {
    for check in checks {
        output::print_line(&check.to_string())?;
    }
    let failed = checks.iter().any(|check| matches!(check.outcome, Outcome::Fail));
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn check_folder(folder: &DataFolder) -> Check {
    const NAME: &str = "data folder";
    let shown = folder.path().display();
    match folder.is_open_to_others() {
        Ok(_) if !folder.path().is_dir() => Check::fail(NAME, format!("{shown} is not a folder")),
        Ok(false) => Check::ok(NAME, format!("{shown} is its owner's alone")),
        Ok(true) => Check::warn(NAME, format!("others can look into {shown}; run: chmod 700 {shown}")),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
            Check::warn(NAME, format!("{shown} is not there yet; the first start makes it"))
        }
        Err(cause) => Check::fail(NAME, format!("{shown} cannot be read: {cause}")),
    }
}

fn check_key(folder: &DataFolder) -> Result<Check> {
    const NAME: &str = "secret key";
    Ok(match folder.key_state()? {
        KeyState::Good => Check::ok(NAME, "only its owner can read it"),
        KeyState::Missing => Check::warn(NAME, "there is none yet; the first start makes it"),
        KeyState::Bad(problem) => Check::fail(NAME, problem),
    })
}

fn check_space(path: &Path) -> Result<Check> {
    const NAME: &str = "disk space";
    let free = free_space(path)?;
    Ok(Check::of_space(NAME, free, format!("{} MB free", free >> 20)))
}

/// Bytes that are free where `path` is.
fn free_space(path: &Path) -> Result<u64> {
    let disk = rustix::fs::statvfs(path).with_context(|| format!("asking for the space at {}", path.display()))?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// The files may lie on another disk than the rest of the data folder, or elsewhere.
async fn check_files(config: &Config, folder: &DataFolder) -> Result<Check> {
    const NAME: &str = "files";
    if let Some(bucket) = file_store::bucket(config)? {
        let name = &bucket.name;
        file_store::probe(&bucket).await.with_context(|| format!("the bucket {name}"))?;
        return Ok(Check::ok(NAME, format!("a probe was written to the bucket {name}, read and deleted")));
    }
    let path = folder.files();
    let shown = path.display();
    match std::fs::metadata(&path) {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
            Ok(Check::warn(NAME, format!("{shown} is not there yet; the first start makes it")))
        }
        Err(cause) => Ok(Check::fail(NAME, format!("{shown} cannot be read: {cause}"))),
        Ok(found) if !found.is_dir() => Ok(Check::fail(NAME, format!("{shown} is not a folder"))),
        Ok(_) if !file_store::is_writable(&path) => {
            Ok(Check::fail(NAME, format!("{shown} cannot be written to by this user")))
        }
        Ok(_) => {
            let free = free_space(&path)?;
            Ok(Check::of_space(NAME, free, format!("{shown} can be written to, {} MB free", free >> 20)))
        }
    }
}

async fn check_database(options: &Options) -> Vec<Check> {
    const NAME: &str = "database";
    if let Database::Sqlite { path, .. } = &options.database
        && !path.exists()
    {
        return vec![Check::warn(NAME, format!("{} is not there yet; the first start makes it", path.display()))];
    }
    match database::open(options).await {
        Ok(store) => vec![
            Check::of("database version", check_version(&store).await),
            Check::of("migrations", check_migrations(&store, options).await),
        ],
        Err(error) => vec![Check::fail(NAME, format!("{error:#}"))],
    }
}

async fn check_version(store: &Store) -> Result<Check> {
    const NAME: &str = "database version";
    let (version,): (String,) = store
        .read(|conn| {
            let text =
                if conn.is_postgres() { "SELECT current_setting('server_version')" } else { "SELECT sqlite_version()" };
            let row = conn.query_built(text, &[])?.pop();
            row.ok_or(store::Error::NoRow("the version"))
        })
        .await?;
    if store.engine() == "sqlite" {
        return Ok(Check::ok(NAME, format!("SQLite {version}")));
    }
    let major = version.split(|letter: char| !letter.is_ascii_digit()).next().and_then(|text| text.parse().ok());
    Ok(if major.is_some_and(|major: i64| major >= OLDEST_POSTGRES) {
        Check::ok(NAME, format!("PostgreSQL {version}"))
    } else {
        Check::fail(NAME, format!("PostgreSQL {version}; {OLDEST_POSTGRES} or newer is needed"))
    })
}

async fn check_migrations(store: &Store, options: &Options) -> Result<Check> {
    const NAME: &str = "migrations";
    let Ok(applied) = store.applied_migrations().await else {
        return Ok(Check::warn(NAME, "the database is empty; the first start fills it"));
    };
    let known: Vec<&str> = database::known_migrations(options).collect();
    let pending = known.iter().filter(|name| !applied.iter().any(|applied| applied == *name)).count();
    let newer = applied.iter().filter(|name| !known.contains(&name.as_str())).count();
    Ok(if newer > 0 {
        Check::fail(NAME, format!("{newer} come from a newer ooctopus than this one"))
    } else if pending > 0 {
        Check::warn(NAME, format!("{pending} are still to be run; run: ooctopus migrate"))
    } else {
        Check::ok(NAME, format!("all {} were run", known.len()))
    })
}

async fn check_mail(config: &Config, folder: &DataFolder) -> Result<Check> {
    const NAME: &str = "mail";
    let mailer = mail::open(config, folder)?;
    let (Some(server), Some(sender)) = (mail::server(config)?, &config.mail_sender) else {
        let shown = folder.outbox();
        let text = format!("smtp_address is not set: each mail is written as a file into {}", shown.display());
        return Ok(Check::warn(NAME, text));
    };
    let place = format!("{}:{}", server.host, server.port);
    mailer.check().await.with_context(|| format!("the mail server at {place}"))?;
    Ok(Check::ok(NAME, format!("{place} takes mails from {}", sender.0)))
}
