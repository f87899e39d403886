//! Statements whose conditions are known only at run time: lists, searches and filters.
//!
//! One text serves both databases. Fragments are ours, values are always bound.

use sea_query::{Condition, Expr, PostgresQueryBuilder, Query};
use types::{ToValue, Value};

/// Conditions on the rows of one table, joined by AND.
#[derive(Debug, Clone)]
pub struct Conditions {
    table: &'static str,
    alias: &'static str,
    all: Vec<Condition>,
}

impl Conditions {
    /// None yet, on `table`, which fragments call `alias`.
    pub fn on(table: &'static str, alias: &'static str) -> Self {
        Self { table, alias, all: Vec::new() }
    }

    /// And this fragment, with `values` for its own `$1`, `$2` …
    pub fn and(&mut self, fragment: &str, values: &[&dyn ToValue]) {
        self.and_tree(fragment_with(fragment, values));
    }

    /// And this tree.
    pub fn and_tree(&mut self, tree: impl Into<Condition>) {
        self.all.push(tree.into());
    }

    /// The statement that gives `columns` of the rows, and its values. `values` are those of the columns' own `$1` ….
    pub fn select(&self, columns: &str, values: &[&dyn ToValue]) -> (String, Vec<Value>) {
        let (text, values) = Query::select()
            .expr(expression(columns, values))
            .from_as(self.table, self.alias)
            .cond_where(self.all.iter().cloned().fold(Condition::all(), Condition::add))
            .build(PostgresQueryBuilder);
        (text, values.0.into_iter().map(bound).collect())
    }

    /// The same for one page, in `order`.
    pub fn page(&self, columns: &str, order: &str, limit: i64, offset: i64) -> (String, Vec<Value>) {
        let (text, mut values) = self.select(columns, &[]);
        values.extend([limit.to_value(), offset.to_value()]);
        let count = values.len();
        (format!("{text} ORDER BY {order} LIMIT ${} OFFSET ${count}", count - 1), values)
    }
}

/// A fragment as a part of a tree, with `values` for its own `$1`, `$2` …
pub fn fragment_with(fragment: &str, values: &[&dyn ToValue]) -> Condition {
    Condition::all().add(expression(fragment, values))
}

/// A fragment with other ones in the places of its `$1`, `$2` …
pub fn composed(fragment: impl Into<String>, parts: impl IntoIterator<Item = Expr>) -> Expr {
    Expr::cust_with_exprs(fragment.into(), parts)
}

/// `parts` with `word` between them.
pub fn joined(parts: impl IntoIterator<Item = Expr>, word: &str) -> Expr {
    let parts: Vec<Expr> = parts.into_iter().collect();
    let places: Vec<String> = (1..=parts.len()).map(|number| format!("${number}")).collect();
    composed(places.join(word), parts)
}

/// The statement that gives one value, and the values in it.
pub fn select_one(value: Expr) -> (String, Vec<Value>) {
    let (text, values) = Query::select().expr(value).build(PostgresQueryBuilder);
    (text, values.0.into_iter().map(bound).collect())
}

/// `$from`, `$from + 1` … for `count` values, in brackets: what stands behind `IN`. Nothing is in an empty list.
pub fn placeholders(from: usize, count: usize) -> String {
    if count == 0 {
        return "(NULL)".into();
    }
    let all: Vec<String> = (from..from + count).map(|number| format!("${number}")).collect();
    format!("({})", all.join(", "))
}

/// A fragment, with `values` for its own `$1`, `$2` …
pub fn expression(fragment: &str, values: &[&dyn ToValue]) -> Expr {
    if values.is_empty() {
        return Expr::cust(fragment.to_owned());
    }
    Expr::cust_with_values(fragment.to_owned(), values.iter().map(|value| to_bind(value.to_value())))
}

/// Lists have no place here: the text has a `$n` for each of their items.
fn to_bind(value: Value) -> sea_query::Value {
    match value {
        Value::Null => sea_query::Value::String(None),
        Value::Int(number) => number.into(),
        Value::Real(number) => number.into(),
        Value::Bool(flag) => flag.into(),
        Value::Text(text) => text.into(),
        Value::Ints(_) | Value::Texts(_) => unreachable!("a list is bound item by item"),
    }
}

fn bound(value: sea_query::Value) -> Value {
    match value {
        sea_query::Value::BigInt(Some(number)) => Value::Int(number),
        sea_query::Value::Int(Some(number)) => Value::Int(number.into()),
        sea_query::Value::Double(Some(number)) => Value::Real(number),
        sea_query::Value::Bool(Some(flag)) => Value::Bool(flag),
        sea_query::Value::String(Some(text)) => Value::Text(text),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_number_their_values_from_one() {
        let mut conditions = Conditions::on("contacts", "k");
        conditions.and("k.account_id = $1", &[&7]);
        conditions.and_tree(
            Condition::any()
                .add(fragment_with("k.name LIKE $2 ESCAPE '\\' AND k.id > $1", &[&1, &"a%"]))
                .add(fragment_with(&format!("k.city IN {}", placeholders(1, 2)), &[&"Köln", &"$1"])),
        );
        let (text, values) = conditions.page("k.id", "k.name ASC, k.id DESC", 15, 30);
        assert_eq!(
            text,
            "SELECT k.id FROM \"contacts\" AS \"k\" WHERE (k.account_id = $1) AND ((k.name LIKE $2 ESCAPE '\\' AND k.id > $3) \
             OR (k.city IN ($4, $5))) ORDER BY k.name ASC, k.id DESC LIMIT $6 OFFSET $7"
        );
        let texts = ["a%", "Köln", "$1"].map(|text| Value::Text(text.into()));
        let [pattern, city, other] = texts;
        assert_eq!(values, [Value::Int(7), pattern, Value::Int(1), city, other, Value::Int(15), Value::Int(30)]);
    }

    #[test]
    fn nothing_is_in_an_empty_list() {
        assert_eq!(placeholders(1, 0), "(NULL)");
    }
}
