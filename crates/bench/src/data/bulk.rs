//! Rows on their way into the database, many a statement.

use std::sync::Arc;

use anyhow::Result;
use store::{Conn, Store};
use tokio::task::JoinHandle;
use types::Value;

/// Rows of one statement.
const ROWS: usize = 400;
/// Rows of one transaction.
const BATCH: usize = 8_000;

/// A table and the form of its rows: `?` stands for a value, everything else is the same in all rows.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns.
    pub columns: &'static str,
    /// A row.
    pub row: &'static str,
}

/// Collects rows and writes them behind the caller's back.
pub struct Bulk {
    store: Store,
    /// In the order in which tables were first written to, which is that of their references.
    waiting: Vec<(Table, Vec<Value>, usize)>,
    rows: usize,
    running: Option<JoinHandle<Result<(), store::Error>>>,
}

impl Bulk {
    /// Nothing yet.
    pub fn new(store: Store) -> Self {
        Self { store, waiting: Vec::new(), rows: 0, running: None }
    }

    /// Makes the order of the tables known.
    pub fn order(&mut self, tables: &[Table]) {
        for table in tables {
            if !self.waiting.iter().any(|(known, ..)| known.name == table.name) {
                self.waiting.push((*table, Vec::new(), 0));
            }
        }
    }

    /// Adds a row.
    pub async fn push<const N: usize>(&mut self, table: &Table, values: [Value; N]) -> Result<()> {
        self.order(&[*table]);
        let place = self.waiting.iter_mut().find(|(known, ..)| known.name == table.name);
        if let Some((_, waiting, rows)) = place {
            waiting.extend(values);
            *rows += 1;
        }
        self.rows += 1;
        if self.rows >= BATCH { self.flush().await } else { Ok(()) }
    }

    /// Writes what waits; returns while it is being written.
    async fn flush(&mut self) -> Result<()> {
        let mut statements = Vec::new();
        for (table, values, rows) in &mut self.waiting {
            let width = table.row.matches('?').count();
            let mut values = std::mem::take(values).into_iter();
            let mut left = std::mem::take(rows);
            while left > 0 {
                let now = left.min(ROWS);
                statements.push((text(table, now), values.by_ref().take(now * width).collect::<Vec<_>>()));
                left -= now;
            }
        }
        self.rows = 0;
        self.wait().await?;
        let store = self.store.clone();
        let statements = Arc::new(statements);
        self.running = Some(tokio::task::spawn(async move {
            store
                .write(move |tx| {
                    for (text, values) in statements.iter() {
                        tx.query_built::<(i64,)>(text, values)?;
                    }
                    Ok::<_, store::Error>(())
                })
                .await
        }));
        Ok(())
    }

    async fn wait(&mut self) -> Result<()> {
        if let Some(running) = self.running.take() {
            running.await??;
        }
        Ok(())
    }

    /// Writes the rest and lets the database look at what it got.
    pub async fn finish(mut self) -> Result<()> {
        self.flush().await?;
        self.wait().await?;
        let tables: Vec<&'static str> = self.waiting.iter().map(|(table, ..)| table.name).collect();
        self.store
            .write(move |tx| {
                if tx.is_postgres() {
                    move_sequences(tx, &tables)?;
                }
                tx.query_built::<(i64,)>("ANALYZE", &[])?;
                Ok::<_, store::Error>(())
            })
            .await?;
        Ok(())
    }
}

/// Rows came with their ids, of which PostgreSQL's sequences know nothing.
fn move_sequences(conn: &mut Conn<'_>, tables: &[&str]) -> store::Result<()> {
    for table in tables {
        let has_id: Vec<(i64,)> = conn.query_built(
            &format!(
                "SELECT COUNT(*) FROM information_schema.columns
                 WHERE table_name = '{table}' AND column_name = 'id' AND is_identity = 'YES'"
            ),
            &[],
        )?;
        if has_id == [(1,)] {
            conn.query_built::<(i64,)>(
                &format!("SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT MAX(id) FROM {table}))"),
                &[],
            )?;
        }
    }
    Ok(())
}

fn text(table: &Table, rows: usize) -> String {
    let mut text = format!("INSERT INTO {} ({}) VALUES ", table.name, table.columns);
    let mut number = 0;
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for letter in table.row.chars() {
            if letter == '?' {
                number += 1;
                text.push('$');
                text.push_str(&number.to_string());
            } else {
                text.push(letter);
            }
        }
        text.push(')');
    }
    text
}
