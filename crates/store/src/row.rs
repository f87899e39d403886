//! Rows: read by position, checked by name.

use types::FromValue;

use crate::{Error, Result};

/// A row as an engine gives it.
pub enum Row<'a> {
    /// Of SQLite.
    Sqlite(&'a rusqlite::Row<'a>),
    /// Of PostgreSQL.
    Postgres(&'a postgres::Row),
}

impl Row<'_> {
    /// Reads the column at `column`, from 0.
    pub fn get<T: FromValue>(&self, column: usize) -> Result<T> {
        let bad = |source| Error::BadColumn { column, source };
        match self {
            Self::Sqlite(row) => T::from_value(crate::sqlite::column(row, column)?).map_err(bad),
            Self::Postgres(row) => T::from_value(crate::postgres::column(row, column)?).map_err(bad),
        }
    }

    /// The name of the column at `column`.
    fn name(&self, column: usize) -> Option<String> {
        match self {
            Self::Sqlite(row) => row.as_ref().column_name(column).ok().map(str::to_owned),
            Self::Postgres(row) => row.columns().get(column).map(|column| column.name().to_owned()),
        }
    }

    /// Panics in debug builds when the statement's columns are not those of the type.
    pub fn check_names(&self, names: &[&str]) {
        if cfg!(debug_assertions) {
            for (column, name) in names.iter().enumerate() {
                let found = self.name(column);
                assert_eq!(found.as_deref(), Some(*name), "column {column} of the statement");
            }
        }
    }
}

/// A type that a row can be read as.
pub trait FromRow: Sized {
    /// Reads the row.
    fn from_row(row: &Row<'_>) -> Result<Self>;
}

macro_rules! tuple_rows {
    ($(($($name:ident $at:tt),+);)+) => {
        $(impl<$($name: FromValue),+> FromRow for ($($name,)+) {
            fn from_row(row: &Row<'_>) -> Result<Self> {
                Ok(($(row.get::<$name>($at)?,)+))
            }
        })+
    };
}

tuple_rows! {
    (A 0);
    (A 0, B 1);
    (A 0, B 1, C 2);
    (A 0, B 1, C 2, D 3);
    (A 0, B 1, C 2, D 3, E 4);
    (A 0, B 1, C 2, D 3, E 4, F 5);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
}

/// A struct that is read from a row: its fields are the statement's columns, in order and by name.
#[macro_export]
macro_rules! row {
    ($(#[$doc:meta])* $vis:vis struct $name:ident { $($(#[$field_doc:meta])* $field_vis:vis $field:ident: $type:ty,)+ }) => {
        $(#[$doc])*
        $vis struct $name { $($(#[$field_doc])* $field_vis $field: $type,)+ }

        impl $crate::FromRow for $name {
            fn from_row(row: &$crate::Row<'_>) -> $crate::Result<Self> {
                row.check_names(&[$(stringify!($field)),+]);
                let mut column = 0..;
                let mut next = || column.next().expect("a range without end");
                Ok(Self { $($field: row.get(next())?,)+ })
            }
        }
    };
}
