//! What only one process may do at a time.

use std::time::Duration;

use edge::Result;
use store::{Conn, Tx, sql};

/// How long after its last sign of life a process is taken for dead.
pub const TIME: Duration = Duration::from_secs(5);

/// A lease as it was held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    epoch: i64,
}

/// How a process asks for a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It has just started: what its name still holds is of a process that is dead.
    AtStart,
    /// It had this one, or none.
    Again(Option<Lease>),
}

/// Takes a lease that is free or over, or renews one's own; `None`: another one has it.
///
/// Of two processes with one name, which somebody made by copying a folder, the one that started last has it.
pub fn hold(tx: &mut Tx<'_>, name: &str, holder: &str, claim: Claim) -> Result<Option<Lease>> {
    let now = tx.now();
    let (is_start, own) = match claim {
        Claim::AtStart => (true, None),
        Claim::Again(held) => (false, held),
    };
    let held: Option<(i64,)> = tx.query_opt(
        sql!(
            "INSERT INTO leases (name, holder, epoch, expires_at) VALUES ($1, $2, 1, $4)
             ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at,
                 epoch = CASE WHEN leases.holder = excluded.holder AND leases.epoch = $5
                              THEN leases.epoch ELSE leases.epoch + 1 END
             WHERE leases.expires_at <= $3
                 OR (leases.holder = excluded.holder AND (leases.epoch = $5 OR $6))
             RETURNING epoch"
        ),
        (name, holder, now, now.plus(TIME), own.map_or(0, |own| own.epoch), is_start),
    )?;
    Ok(held.map(|(epoch,)| Lease { epoch }))
}

/// Gives it back, if it is still held.
pub fn release(tx: &mut Tx<'_>, name: &str, held: Lease) -> Result<()> {
    tx.execute(sql!("UPDATE leases SET expires_at = 0 WHERE name = $1 AND epoch = $2"), (name, held.epoch))?;
    Ok(())
}

/// Whether nobody has taken it over.
pub fn is_held(conn: &mut Conn<'_>, name: &str, held: Lease) -> Result<bool> {
    let row: Option<(i64,)> =
        conn.query_opt(sql!("SELECT epoch FROM leases WHERE name = $1 AND epoch = $2"), (name, held.epoch))?;
    Ok(row.is_some())
}
