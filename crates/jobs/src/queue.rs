//! The table of jobs.

use std::time::Duration;

use store::{Conn, Result, Tx, sql};
use types::{JobId, Json, Timestamp};

use crate::{Job, JobError};

/// First wait before another try; doubled each time.
const FIRST_DELAY: Duration = Duration::from_secs(5);
/// Longest wait before another try.
const LONGEST_DELAY: Duration = Duration::from_hours(1);
/// Longest error text that is kept, in characters.
const MAX_ERROR: usize = 2_000;

store::row! {
    /// A job that this process has leased.
    #[derive(Debug, Clone)]
    pub struct Claimed {
        pub id: JobId,
        pub kind: String,
        pub unique_key: String,
        pub payload: Json,
        pub attempts: i64,
        pub max_attempts: i64,
    }
}

/// Jobs by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Not yet due, or due and not yet taken.
    pub waiting: i64,
    /// Taken by a worker.
    pub running: i64,
    /// Given up.
    pub dead: i64,
    /// Since when the oldest due job waits.
    pub oldest_due: Option<Timestamp>,
}

/// Pushes a job that is due at once.
pub fn push<J: Job>(tx: &mut Tx<'_>, job: &J) -> Result<()> {
    let now = tx.now();
    push_at(tx, job, now)
}

/// Pushes a job that is due at `run_at`; one that waits already gets the new payload and time.
pub fn push_at<J: Job>(tx: &mut Tx<'_>, job: &J, run_at: Timestamp) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!(
            "INSERT INTO jobs (kind, unique_key, payload, run_at, attempts, max_attempts, state, created_at)
             VALUES ($1, $2, $3, $4, 0, $5, 'waiting', $6)
             ON CONFLICT (kind, unique_key) WHERE state = 'waiting'
             DO UPDATE SET payload = excluded.payload, run_at = excluded.run_at"
        ),
        (J::NAME, job.key(), Json::of(job), run_at, J::MAX_ATTEMPTS, now),
    )?;
    tx.wake();
    Ok(())
}

/// Pushes a job that is due at `run_at`, unless one of its kind and key waits already.
pub fn push_unless_waiting<J: Job>(tx: &mut Tx<'_>, job: &J, run_at: Timestamp) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!(
            "INSERT INTO jobs (kind, unique_key, payload, run_at, attempts, max_attempts, state, created_at)
             VALUES ($1, $2, $3, $4, 0, $5, 'waiting', $6)
             ON CONFLICT (kind, unique_key) WHERE state = 'waiting' DO NOTHING"
        ),
        (J::NAME, job.key(), Json::of(job), run_at, J::MAX_ATTEMPTS, now),
    )?;
    tx.wake();
    Ok(())
}

/// Takes back a job that waits; one that runs goes on.
pub fn cancel<J: Job>(tx: &mut Tx<'_>, key: &str) -> Result<()> {
    tx.execute(sql!("DELETE FROM jobs WHERE kind = $1 AND unique_key = $2 AND state = 'waiting'"), (J::NAME, key))?;
    Ok(())
}

/// How many jobs there are.
pub fn counts(conn: &mut Conn<'_>, now: Timestamp) -> Result<Counts> {
    let (waiting, running, dead): (i64, i64, i64) = conn.query_one(
        sql!(
            "SELECT COUNT(*) FILTER (WHERE state = 'waiting'), COUNT(*) FILTER (WHERE state = 'running'),
                    COUNT(*) FILTER (WHERE state = 'dead') FROM jobs"
        ),
        (),
    )?;
    let (oldest_due,): (Option<Timestamp>,) =
        conn.query_one(sql!("SELECT MIN(run_at) FROM jobs WHERE state = 'waiting' AND run_at <= $1"), (now,))?;
    Ok(Counts { waiting, running, dead, oldest_due })
}

/// Leases up to `limit` jobs that are due, or whose lease has run out, until `lease` from now.
pub fn claim(tx: &mut Tx<'_>, limit: i64, lease: Duration) -> Result<Vec<Claimed>> {
    let now = tx.now();
    // A job that kills its worker each time would otherwise run for ever.
    tx.execute(
        sql!(
            "UPDATE jobs SET state = 'dead', locked_until = NULL, last_error = 'its worker did not come back'
             WHERE state = 'running' AND locked_until <= $1 AND attempts >= max_attempts"
        ),
        (now,),
    )?;
    tx.query(
        sql!(
            "UPDATE jobs SET state = 'running', locked_until = $2, attempts = attempts + 1
             WHERE id IN (SELECT id FROM jobs
                          WHERE (state = 'waiting' AND run_at <= $1) OR (state = 'running' AND locked_until <= $1)
                          ORDER BY run_at, id LIMIT $3 FOR UPDATE SKIP LOCKED)
             RETURNING id, kind, unique_key, payload, attempts, max_attempts"
        ),
        (now, now.plus(lease), limit),
    )
}

/// Puts off the end of a lease; false when another worker has taken the job over.
pub fn renew(tx: &mut Tx<'_>, job: &Claimed, lease: Duration) -> Result<bool> {
    let until = tx.now().plus(lease);
    let renewed = tx.execute(
        sql!("UPDATE jobs SET locked_until = $3 WHERE id = $1 AND attempts = $2 AND state = 'running'"),
        (job.id, job.attempts, until),
    )?;
    Ok(renewed > 0)
}

/// When the next job is due or the next lease runs out.
pub fn find_next_due(conn: &mut Conn<'_>) -> Result<Option<Timestamp>> {
    let (waiting,): (Option<Timestamp>,) =
        conn.query_one(sql!("SELECT MIN(run_at) FROM jobs WHERE state = 'waiting'"), ())?;
    let (leased,): (Option<Timestamp>,) =
        conn.query_one(sql!("SELECT MIN(locked_until) FROM jobs WHERE state = 'running'"), ())?;
    Ok([waiting, leased].into_iter().flatten().min())
}

/// Ends a run: done jobs go, failed ones wait for another try or stay as dead.
///
/// Whoever lost the lease meanwhile changes nothing: the number of attempts names the lease.
pub fn finish(tx: &mut Tx<'_>, job: &Claimed, result: &Result<(), JobError>, jitter: f64) -> Result<()> {
    let error = match result {
        Ok(()) => {
            tx.execute(sql!("DELETE FROM jobs WHERE id = $1 AND attempts = $2"), (job.id, job.attempts))?;
            return Ok(());
        }
        Err(error) => error,
    };
    let text: String = error.to_string().chars().take(MAX_ERROR).collect();
    if matches!(error, JobError::Fatal(_)) || job.attempts >= job.max_attempts {
        tx.execute(
            sql!(
                "UPDATE jobs SET state = 'dead', locked_until = NULL, last_error = $3
                 WHERE id = $1 AND attempts = $2"
            ),
            (job.id, job.attempts, text),
        )?;
        return Ok(());
    }
    let run_at = tx.now().plus(retry_delay(job.attempts, jitter));
    // A newer job of the same key does what this one would do.
    tx.execute(
        sql!(
            "UPDATE jobs SET state = 'waiting', locked_until = NULL, last_error = $3, run_at = $4
             WHERE id = $1 AND attempts = $2 AND NOT EXISTS (
                 SELECT 1 FROM jobs newer
                 WHERE newer.kind = $5 AND newer.unique_key = $6 AND newer.state = 'waiting')"
        ),
        (job.id, job.attempts, text, run_at, job.kind.as_str(), job.unique_key.as_str()),
    )?;
    tx.execute(sql!("DELETE FROM jobs WHERE id = $1 AND attempts = $2 AND state = 'running'"), (job.id, job.attempts))?;
    Ok(())
}

/// Wait after the run number `attempt` (1-based): 5 s, doubled each time, at most 1 h.
///
/// `jitter` from 0 to 1 varies it by ±20 %, so that jobs that failed together are not tried together.
fn retry_delay(attempt: i64, jitter: f64) -> Duration {
    let doublings = u32::try_from((attempt - 1).clamp(0, 16)).expect("clamped");
    let plain = FIRST_DELAY.saturating_mul(2u32.saturating_pow(doublings)).min(LONGEST_DELAY);
    plain.mul_f64(0.8 + 0.4 * jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_an_hour() {
        assert_eq!(retry_delay(1, 0.5), Duration::from_secs(5));
        assert_eq!(retry_delay(3, 0.5), Duration::from_secs(20));
        assert_eq!(retry_delay(40, 0.5), Duration::from_hours(1));
        assert_eq!(retry_delay(1, 0.0), Duration::from_secs(4));
    }
}
