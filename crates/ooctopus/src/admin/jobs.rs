//! `ooctopus admin jobs`. A running server finds out by looking at its queue every few seconds.

use ::jobs::{JobRow, Wish};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use server::platform::audit;
use store::{Store, Tx};
use types::JobId;

use crate::cli::JobsCommand;
use crate::output;

/// Longest error in a table, in characters; `show` has all of it.
const SHORT: usize = 80;

pub async fn run(store: &Store, command: JobsCommand) -> Result<()> {
    match command {
        JobsCommand::List { state, limit, json } => list(store, state, limit.into(), json).await,
        JobsCommand::Show { id, json } => show(store, id, json).await,
        JobsCommand::Retry { id } => wish(store, id, "job.retried", ::jobs::retry).await,
        JobsCommand::Drop { id } => wish(store, id, "job.dropped", ::jobs::drop_dead).await,
    }
}

async fn list(store: &Store, state: Option<String>, limit: i64, as_json: bool) -> Result<()> {
    let jobs = store.read(move |conn| ::jobs::list(conn, state.as_deref(), limit)).await?;
    if as_json {
        return print_json(&jobs.iter().map(to_json).collect());
    }
    if jobs.is_empty() {
        return Ok(output::print_line("no jobs")?);
    }
    let header = ["ID", "STATE", "KIND", "KEY", "TRIES", "RUN AT", "LAST ERROR"].map(str::to_owned);
    let rows: Vec<[String; 7]> = std::iter::once(header).chain(jobs.iter().map(to_row)).collect();
    Ok(output::print(&table(&rows))?)
}

async fn show(store: &Store, id: JobId, as_json: bool) -> Result<()> {
    let job = store.read(move |conn| ::jobs::find(conn, id)).await?.with_context(|| format!("there is no job {id}"))?;
    if as_json {
        return print_json(&to_json(&job));
    }
    let lines = [
        ("id", job.id.to_string()),
        ("state", job.state),
        ("kind", job.kind),
        ("key", job.unique_key),
        ("payload", job.payload.as_str().to_owned()),
        ("tries", format!("{} of {}", job.attempts, job.max_attempts)),
        ("run at", job.run_at.iso()),
        ("leased until", job.locked_until.map_or_else(|| "-".into(), types::Timestamp::iso)),
        ("pushed at", job.created_at.iso()),
        ("last error", job.last_error.unwrap_or_else(|| "-".into())),
    ];
    for (name, value) in lines {
        output::print_line(&format!("{name}: {}", output::one_line(&value)))?;
    }
    Ok(())
}

/// Does something with a dead job, which the audit log keeps.
async fn wish(
    store: &Store,
    id: JobId,
    action: &'static str,
    act: fn(&mut Tx<'_>, JobId) -> store::Result<Wish>,
) -> Result<()> {
    let wish = store
        .write(move |tx| {
            let wish = act(tx, id)?;
            if wish == Wish::Done {
                audit::record(tx, action, &json!({ "job_id": id }))?;
            }
            Ok::<_, server::Error>(wish)
        })
        .await?;
    match wish {
        Wish::Done => Ok(()),
        Wish::NotFound => bail!("there is no job {id}"),
        Wish::NotDead => bail!("job {id} is not dead: it runs by itself"),
        Wish::Superseded => bail!("a newer job of the same kind and key waits; drop job {id} instead"),
    }
}

fn to_row(job: &JobRow) -> [String; 7] {
    let error = job.last_error.as_deref().unwrap_or("-");
    [
        job.id.to_string(),
        job.state.clone(),
        job.kind.clone(),
        job.unique_key.clone(),
        format!("{}/{}", job.attempts, job.max_attempts),
        job.run_at.iso(),
        error.chars().take(SHORT).collect(),
    ]
    .map(|cell| output::one_line(&cell))
}

/// Columns as wide as their widest cell, the last one as it is.
fn table<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..COLUMNS).map(width).collect();
    let lines = rows.iter().map(|row| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    });
    lines.collect()
}

fn to_json(job: &JobRow) -> Value {
    json!({
        "id": job.id, "state": job.state, "kind": job.kind, "key": job.unique_key, "payload": job.payload,
        "attempts": job.attempts, "max_attempts": job.max_attempts, "run_at": job.run_at.iso(),
        "locked_until": job.locked_until.map(types::Timestamp::iso), "last_error": job.last_error,
        "created_at": job.created_at.iso()
    })
}

fn print_json(value: &Value) -> Result<()> {
    Ok(output::print_line(&serde_json::to_string_pretty(value)?)?)
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["ID", "STATE"], ["1200", "dead"], ["7", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(table(&rows), "ID    STATE\n1200  dead\n7\n");
    }
}
