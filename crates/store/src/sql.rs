//! Statements: one text for both engines.

use std::sync::OnceLock;

/// A statement made by [`sql!`](crate::sql).
pub struct Sql {
    text: &'static str,
    sqlite: OnceLock<String>,
}

impl Sql {
    /// A statement with `$1` placeholders and lists written as `= ANY($1)` or `<> ALL($1)`.
    pub const fn new(text: &'static str) -> Self {
        Self { text, sqlite: OnceLock::new() }
    }

    /// The text as PostgreSQL takes it.
    pub const fn text(&self) -> &'static str {
        self.text
    }

    /// The text as SQLite takes it.
    pub(crate) fn sqlite(&self) -> &str {
        self.sqlite.get_or_init(|| for_sqlite(self.text))
    }

    /// Every statement of the program, as the linker collected them.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        inventory::iter::<Registered>.into_iter().map(|registered| registered.0)
    }
}

/// A statement in the program's list.
pub struct Registered(pub &'static Sql);

inventory::collect!(Registered);

/// A statement: text pieces, joined. Registers it, so that a test prepares it on both engines.
///
/// Use `$1`, `$2` … as placeholders and `column = ANY($1)` or `column <> ALL($1)` for lists.
#[macro_export]
macro_rules! sql {
    ($($piece:expr),+ $(,)?) => {{
        static STATEMENT: $crate::Sql = $crate::Sql::new(concat!($($piece),+));
        $crate::private::inventory::submit! { $crate::private::Registered(&STATEMENT) }
        &STATEMENT
    }};
}

/// Rewrites `$1` to `?1`, `= ANY($1)` and `<> ALL($1)` to sub-selects over a JSON array; drops row locks.
///
/// SQLite numbers `$1` by first appearance, as it does names; `?1` is a number. It has one writer, so that
/// no row needs a lock. What stands between quotes stays as it is.
pub(crate) fn for_sqlite(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    for (number, piece) in text.split('\'').enumerate() {
        if number > 0 {
            out.push('\'');
        }
        // Every second piece is a literal.
        if number % 2 == 0 {
            push_code(&mut out, piece);
        } else {
            out.push_str(piece);
        }
    }
    out
}

const LOCKS: [&str; 8] = [
    " FOR UPDATE OF c FOR KEY SHARE OF k, i",
    " FOR KEY SHARE OF au, u",
    " FOR UPDATE SKIP LOCKED",
    " FOR NO KEY UPDATE SKIP LOCKED",
    " FOR NO KEY UPDATE",
    " FOR UPDATE",
    " FOR KEY SHARE",
    " FOR SHARE",
];

const LISTS: [(&str, &str); 2] =
    [("= ANY(", "IN (SELECT value FROM json_each(?"), ("<> ALL(", "NOT IN (SELECT value FROM json_each(?")];

fn push_code(out: &mut String, code: &str) {
    let unlocked = LOCKS.iter().fold(code.to_owned(), |code, lock| code.replace(lock, ""));
    let mut rest = unlocked.as_str();
    while let Some(at) = rest.find('$') {
        let digits = rest[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
        let number = &rest[at + 1..at + 1 + digits];
        let before = &rest[..at];
        rest = &rest[at + 1 + digits..];
        let list = LISTS.iter().find_map(|(list, select)| before.strip_suffix(list).map(|operand| (operand, select)));
        if let Some((operand, select)) = list {
            out.push_str(operand);
            out.push_str(select);
            out.push_str(number);
            out.push(')');
        } else {
            out.push_str(before);
            out.push_str(if digits == 0 { "$" } else { "?" });
            out.push_str(number);
        }
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::for_sqlite;

    #[test]
    fn placeholders_become_numbers_and_lists_become_sub_selects() {
        assert_eq!(
            for_sqlite("SELECT 1 WHERE a = $2 AND b = ANY($1) AND c = $10"),
            "SELECT 1 WHERE a = ?2 AND b IN (SELECT value FROM json_each(?1)) AND c = ?10"
        );
        assert_eq!(for_sqlite("SELECT id FROM jobs WHERE id = $1 FOR UPDATE"), "SELECT id FROM jobs WHERE id = ?1");
    }

    #[test]
    fn lists_to_leave_out_become_sub_selects() {
        assert_eq!(for_sqlite("a <> ALL($3)"), "a NOT IN (SELECT value FROM json_each(?3))");
    }

    #[test]
    fn literals_stay_as_they_are() {
        assert_eq!(for_sqlite("SELECT '$1 FOR UPDATE' || $1, 'it''s $2'"), "SELECT '$1 FOR UPDATE' || ?1, 'it''s $2'");
    }
}
