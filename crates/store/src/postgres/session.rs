//! A connection with its prepared statements.

use std::collections::HashMap;
use std::time::Duration;

use postgres::error::SqlState;
use postgres::types::ToSql;
use postgres::{Client, Row, Statement};
use tracing::warn;
use types::Value;

use super::value::Bound;
use super::{connect, is_conflict};
use crate::conn::Text;
use crate::sql::Sql;
use crate::{Database, Error, Result, Shared};

/// Statements of run-time texts kept prepared per connection.
const MAX_BUILT: usize = 256;

/// A connection with its prepared statements.
pub(crate) struct Session {
    client: Client,
    prepared: HashMap<&'static str, Statement>,
    built: HashMap<String, Statement>,
    /// The last statement failed because of another transaction: another run may succeed.
    run_again: bool,
    /// A transaction did not begin or end as it should: nothing is known of the connection's state.
    is_broken: bool,
}

impl Session {
    pub fn connect(shared: &Shared, deadline: Duration) -> Result<Self> {
        let Database::Postgres { url, .. } = &shared.options.database else {
            return Err(Error::Engine("not a PostgreSQL database".into()));
        };
        let mut client = connect(url)?;
        client.batch_execute(&format!("SET statement_timeout = {}", deadline.as_millis().max(1)))?;
        Ok(Self { client, prepared: HashMap::new(), built: HashMap::new(), run_again: false, is_broken: false })
    }

    pub fn is_usable(&self) -> bool {
        !self.is_broken && !self.client.is_closed()
    }

    /// Whether the transaction failed only because of another one, or of a plan made before a migration.
    pub fn run_again(&self) -> bool {
        self.run_again
    }

    pub fn begin(&mut self, statement: &str) -> bool {
        self.run_again = false;
        let begun = self.client.batch_execute(statement);
        if let Err(cause) = &begun {
            warn!(%cause, "a transaction did not begin");
            self.is_broken = true;
        }
        begun.is_ok()
    }

    pub fn end(&mut self, statement: &str) -> std::result::Result<(), postgres::Error> {
        let ended = self.client.batch_execute(statement);
        // A COMMIT that is refused by the server ends the transaction all the same.
        self.is_broken = ended.as_ref().is_err_and(|cause| cause.as_db_error().is_none() || statement != "COMMIT");
        ended
    }

    pub(crate) fn query(&mut self, text: &Text<'_>, values: &[Value]) -> Result<Vec<Row>> {
        let statement = self.statement(text)?;
        let bound: Vec<Bound<'_>> = values.iter().map(Bound).collect();
        let params: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|value| value as _).collect();
        let rows = self.client.query(&statement, &params);
        self.note(rows)
    }

    pub(crate) fn execute(&mut self, sql: &'static Sql, values: &[Value]) -> Result<u64> {
        let statement = self.statement(&Text::Static(sql))?;
        let bound: Vec<Bound<'_>> = values.iter().map(Bound).collect();
        let params: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|value| value as _).collect();
        let changed = self.client.execute(&statement, &params);
        self.note(changed)
    }

    fn statement(&mut self, text: &Text<'_>) -> Result<Statement> {
        match text {
            Text::Static(sql) => {
                if let Some(statement) = self.prepared.get(sql.text()) {
                    return Ok(statement.clone());
                }
                let prepared = self.client.prepare(sql.text());
                let statement = self.note(prepared)?;
                self.prepared.insert(sql.text(), statement.clone());
                Ok(statement)
            }
            Text::Dynamic(text) => {
                if let Some(statement) = self.built.get(*text) {
                    return Ok(statement.clone());
                }
                let prepared = self.client.prepare(text);
                let statement = self.note(prepared)?;
                if self.built.len() >= MAX_BUILT {
                    self.built.clear();
                }
                self.built.insert((*text).to_owned(), statement.clone());
                Ok(statement)
            }
        }
    }

    /// Remembers of a failure whether another run is worth while.
    fn note<T>(&mut self, result: std::result::Result<T, postgres::Error>) -> Result<T> {
        result.map_err(|cause| {
            // "cached plan must not change result type": a migration ran beside us.
            let stale = cause.code() == Some(&SqlState::FEATURE_NOT_SUPPORTED);
            if stale {
                self.prepared.clear();
                self.built.clear();
            }
            self.run_again = stale || is_conflict(&cause);
            cause.into()
        })
    }
}
