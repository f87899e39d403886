//! Statements: one text for both engines.

use std::sync::OnceLock;

/// A statement made by [`sql!`](crate::sql).
pub struct Sql {
    text: &'static str,
    sqlite: OnceLock<String>,
}

impl Sql {
    /// A statement with `$1` placeholders and lists written as `= ANY($1)`.
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
/// Use `$1`, `$2` … as placeholders and `column = ANY($1)` for lists.
#[macro_export]
macro_rules! sql {
    ($($piece:expr),+ $(,)?) => {{
        static STATEMENT: $crate::Sql = $crate::Sql::new(concat!($($piece),+));
        $crate::private::inventory::submit! { $crate::private::Registered(&STATEMENT) }
        &STATEMENT
    }};
}

/// Rewrites `$1` to `?1` and `= ANY($1)` to a sub-select over a JSON array; drops `FOR UPDATE`.
///
/// SQLite numbers `$1` by first appearance, as it does names; `?1` is a number. It has one writer, so that
/// no row needs a lock.
pub(crate) fn for_sqlite(text: &str) -> String {
    let unlocked = text.replace(" FOR UPDATE SKIP LOCKED", "").replace(" FOR UPDATE", "");
    let text = unlocked.as_str();
    let mut out = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let digits = rest[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
        let number = &rest[at + 1..at + 1 + digits];
        let before = &rest[..at];
        rest = &rest[at + 1 + digits..];
        if let Some(operand) = before.strip_suffix("= ANY(") {
            out.push_str(operand);
            out.push_str("IN (SELECT value FROM json_each(?");
            out.push_str(number);
            out.push(')');
        } else {
            out.push_str(before);
            out.push_str(if digits == 0 { "$" } else { "?" });
            out.push_str(number);
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::for_sqlite;

    #[test]
    fn placeholders_become_numbers_and_lists_become_sub_selects() {
        assert_eq!(for_sqlite("SELECT 1 WHERE a = $2 AND b = ANY($1) AND c = $10"),
            "SELECT 1 WHERE a = ?2 AND b IN (SELECT value FROM json_each(?1)) AND c = ?10");
        assert_eq!(for_sqlite("SELECT id FROM jobs WHERE id = $1 FOR UPDATE"), "SELECT id FROM jobs WHERE id = ?1");
        assert_eq!(for_sqlite("SELECT '$' || $1"), "SELECT '$' || ?1");
    }
}
