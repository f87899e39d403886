//! Migrations: one process at a time, each file in its own transaction.

use std::thread;

use postgres::Client;
use types::{Clock as _, SystemClock};

use super::connect;
use crate::migration::{self, Migration};
use crate::{Error, Result};

/// The oldest server that is tested with, as the server numbers its versions.
const OLDEST: i32 = 150_000;
/// Advisory lock held while migrating: "ooct".
const MIGRATION_LOCK: i64 = 0x6f6f_6374;

pub(crate) fn migrate(url: &str, migrations: &[Migration]) -> Result<Vec<String>> {
    let url = url.to_owned();
    let migrations = migrations.to_vec();
    let thread = thread::spawn(move || migrate_here(&url, &migrations));
    thread.join().unwrap_or_else(|_| Err(Error::Panicked("while migrating".into())))
}

fn migrate_here(url: &str, migrations: &[Migration]) -> Result<Vec<String>> {
    let mut client = connect(url)?;
    let version: i32 = client.query_one("SELECT current_setting('server_version_num')::int", &[])?.get(0);
    if version < OLDEST {
        return Err(Error::Unavailable(format!("PostgreSQL 15 or newer is needed; this is {}", version / 10_000)));
    }
    client.execute("SELECT pg_advisory_lock($1)", &[&MIGRATION_LOCK])?;
    client.batch_execute("SET client_min_messages = warning")?;
    client.batch_execute(migration::CREATE_TABLE)?;
    let mut done = Vec::new();
    for migration in migrations {
        let Some(text) = migration::for_postgres(migration) else { continue };
        let applied = apply(&mut client, migration.name, &text)
            .map_err(|cause| Error::Migration { name: migration.name.to_owned(), source: Box::new(cause.into()) })?;
        if applied {
            done.push(migration.name.to_owned());
        }
    }
    Ok(done)
}

/// Runs one migration in a transaction; `false` when it has been run before.
fn apply(client: &mut Client, name: &str, text: &str) -> std::result::Result<bool, postgres::Error> {
    let mut transaction = client.transaction()?;
    let known = transaction.query_one("SELECT COUNT(*) FROM schema_migrations WHERE name = $1", &[&name])?;
    if known.get::<_, i64>(0) > 0 {
        return Ok(false);
    }
    transaction.batch_execute(text)?;
    let now = SystemClock.now().as_micros();
    transaction.execute("INSERT INTO schema_migrations (name, applied_at) VALUES ($1, $2)", &[&name, &now])?;
    transaction.commit()?;
    Ok(true)
}
