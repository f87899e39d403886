//! What an operator does with jobs: look at them, try dead ones again, drop them.

use store::{Conn, Result, Tx, sql};
use types::{JobId, Json, Timestamp};

store::row! {
    /// A job as an operator sees it.
    #[derive(Debug, Clone)]
    pub struct JobRow {
        /// Its number.
        pub id: JobId,
        /// What it does.
        pub kind: String,
        /// What it is about.
        pub unique_key: String,
        /// `waiting`, `running` or `dead`.
        pub state: String,
        /// Ids of what it is about.
        pub payload: Json,
        /// Runs that have begun.
        pub attempts: i64,
        /// Runs before it is given up.
        pub max_attempts: i64,
        /// When it is due.
        pub run_at: Timestamp,
        /// Until when its worker has it.
        pub locked_until: Option<Timestamp>,
        /// Why the last run failed.
        pub last_error: Option<String>,
        /// When it was pushed.
        pub created_at: Timestamp,
    }
}

/// What became of a wish about a dead job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Done.
    Done,
    /// There is no such job.
    NotFound,
    /// The job is not dead.
    NotDead,
    /// A newer job of the same kind and key waits, and does what this one would do.
    Superseded,
}

/// Up to `limit` jobs, of one state or all: the dead first, then those that run, then those that wait, the next first.
pub fn list(conn: &mut Conn<'_>, state: Option<&str>, limit: i64) -> Result<Vec<JobRow>> {
    conn.query(
        sql!(
            "SELECT id, kind, unique_key, state, payload, attempts, max_attempts, run_at, locked_until, last_error,
                    created_at
             FROM jobs WHERE CAST($1 AS TEXT) IS NULL OR state = $1
             ORDER BY CASE state WHEN 'dead' THEN 0 WHEN 'running' THEN 1 ELSE 2 END, run_at, id LIMIT $2"
        ),
        (state, limit),
    )
}

/// One job.
pub fn find(conn: &mut Conn<'_>, id: JobId) -> Result<Option<JobRow>> {
    conn.query_opt(
        sql!(
            "SELECT id, kind, unique_key, state, payload, attempts, max_attempts, run_at, locked_until, last_error,
                    created_at
             FROM jobs WHERE id = $1"
        ),
        (id,),
    )
}

/// Makes a dead job due at once, with all its tries.
pub fn retry(tx: &mut Tx<'_>, id: JobId) -> Result<Wish> {
    let Some(state) = lock_state(tx, id)? else { return Ok(Wish::NotFound) };
    if state != "dead" {
        return Ok(Wish::NotDead);
    }
    let now = tx.now();
    let changed = tx.execute(
        sql!(
            "UPDATE jobs SET state = 'waiting', attempts = 0, run_at = $2 WHERE id = $1 AND NOT EXISTS (
                 SELECT 1 FROM jobs newer
                 WHERE newer.kind = jobs.kind AND newer.unique_key = jobs.unique_key AND newer.state = 'waiting')"
        ),
        (id, now),
    )?;
    tx.wake();
    Ok(if changed > 0 { Wish::Done } else { Wish::Superseded })
}

/// Drops a dead job: what it owed is never done.
pub fn drop_dead(tx: &mut Tx<'_>, id: JobId) -> Result<Wish> {
    let Some(state) = lock_state(tx, id)? else { return Ok(Wish::NotFound) };
    if state != "dead" {
        return Ok(Wish::NotDead);
    }
    tx.execute(sql!("DELETE FROM jobs WHERE id = $1"), (id,))?;
    Ok(Wish::Done)
}

fn lock_state(tx: &mut Tx<'_>, id: JobId) -> Result<Option<String>> {
    let row: Option<(String,)> = tx.query_opt(sql!("SELECT state FROM jobs WHERE id = $1 FOR UPDATE"), (id,))?;
    Ok(row.map(|(state,)| state))
}
