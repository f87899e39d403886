//! One connection inside one transaction: the calls that run statements.

use std::time::Instant;

use types::{Timestamp, ToValue, Value};

use crate::row::{FromRow, Row};
use crate::sql::Sql;
use crate::stats::QueryStats;
use crate::{Error, Result, postgres, sqlite};

/// A connection inside a transaction, as a closure gets it.
///
/// After a failed statement the transaction is lost, as on PostgreSQL: every later statement fails, and a closure that
/// goes on as if nothing had happened is rolled back.
pub struct Conn<'a> {
    engine: Engine<'a>,
    stats: QueryStats,
    deadline: Instant,
    now: Timestamp,
    /// What the first failed statement said.
    failed: Option<String>,
}

pub(crate) enum Engine<'a> {
    Sqlite(&'a rusqlite::Connection),
    Postgres(&'a mut postgres::Session),
}

/// The text of a statement: known at compile time, or built from a checked tree.
pub(crate) enum Text<'a> {
    Static(&'static Sql),
    Dynamic(&'a str),
}

impl<'a> Conn<'a> {
    pub(crate) fn new(engine: Engine<'a>, stats: QueryStats, deadline: Instant, now: Timestamp) -> Self {
        Self { engine, stats, deadline, now, failed: None }
    }

    /// The time of this transaction: one moment, never earlier than that of a transaction before it.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The rows of `sql`.
    pub fn query<R: FromRow>(&mut self, sql: &'static Sql, params: impl Params) -> Result<Vec<R>> {
        self.run(&Text::Static(sql), &params.values())
    }

    /// The row of `sql`, if there is one.
    pub fn query_opt<R: FromRow>(&mut self, sql: &'static Sql, params: impl Params) -> Result<Option<R>> {
        Ok(self.query(sql, params)?.into_iter().next())
    }

    /// The row of `sql`, which must be there.
    pub fn query_one<R: FromRow>(&mut self, sql: &'static Sql, params: impl Params) -> Result<R> {
        self.query_opt(sql, params)?.ok_or(Error::NoRow(sql.text()))
    }

    /// Runs `sql`; gives the number of rows it changed.
    pub fn execute(&mut self, sql: &'static Sql, params: impl Params) -> Result<u64> {
        let values = params.values();
        self.attempt(|engine| match engine {
            Engine::Sqlite(connection) => sqlite::execute(connection, sql.sqlite(), &values),
            Engine::Postgres(session) => session.execute(sql, &values),
        })
    }

    /// The rows of a statement that was built at run time (filters, sorted lists).
    ///
    /// The text must come from code: values only through `values`.
    pub fn query_built<R: FromRow>(&mut self, text: &str, values: &[Value]) -> Result<Vec<R>> {
        self.run(&Text::Dynamic(text), values)
    }

    /// `sqlite` or `postgres`, for the few functions that truly differ.
    pub fn is_postgres(&self) -> bool {
        matches!(self.engine, Engine::Postgres(_))
    }

    fn run<R: FromRow>(&mut self, text: &Text<'_>, values: &[Value]) -> Result<Vec<R>> {
        self.attempt(|engine| match engine {
            Engine::Sqlite(connection) => sqlite::query(connection, text, values, |row| R::from_row(&Row::Sqlite(row))),
            Engine::Postgres(session) => {
                session.query(text, values)?.iter().map(|row| R::from_row(&Row::Postgres(row))).collect()
            }
        })
    }

    /// Runs one statement, unless the transaction is lost or has taken too long.
    fn attempt<T>(&mut self, run: impl FnOnce(&mut Engine<'a>) -> Result<T>) -> Result<T> {
        self.check()?;
        let begun = Instant::now();
        if begun > self.deadline {
            return Err(Error::TooSlow);
        }
        let result = run(&mut self.engine);
        self.stats.count(begun.elapsed());
        // A column of another type than expected is no failure of the statement.
        if let Err(error) = &result
            && !matches!(error, Error::BadColumn { .. })
        {
            self.failed = Some(error.to_string());
        }
        result
    }

    /// Fails when an earlier statement of the transaction did.
    pub(crate) fn check(&self) -> Result<()> {
        self.failed.as_ref().map_or(Ok(()), |cause| {
            Err(Error::Engine(format!("an earlier statement of the transaction failed: {cause}")))
        })
    }
}

/// Parameters of a statement: a tuple, or a list of values.
pub trait Params {
    /// The values for `$1`, `$2` …
    fn values(self) -> Vec<Value>;
}

impl Params for () {
    fn values(self) -> Vec<Value> {
        Vec::new()
    }
}

impl Params for Vec<Value> {
    fn values(self) -> Vec<Value> {
        self
    }
}

macro_rules! tuple_params {
    ($(($($name:ident $at:tt),+);)+) => {
        $(impl<$($name: ToValue),+> Params for ($($name,)+) {
            fn values(self) -> Vec<Value> {
                vec![$(self.$at.to_value()),+]
            }
        })+
    };
}

tuple_params! {
    (A 0);
    (A 0, B 1);
    (A 0, B 1, C 2);
    (A 0, B 1, C 2, D 3);
    (A 0, B 1, C 2, D 3, E 4);
    (A 0, B 1, C 2, D 3, E 4, F 5);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11);
}

/// Parameters for statements with more columns than a tuple holds: `params![a, b, c]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::private::ToValue::to_value(&$value)),*] };
}
