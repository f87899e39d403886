//! From a checked tree to conditions of a statement.

use sea_query::{Condition as Sql, Expr};
use types::{AccountId, Timestamp, ToValue};

use super::attribute::{Attribute, Bag, Column, Kind, Place, Subject};
use super::values::{beginning, is_whole};
use super::{Comparison, Condition, Relation, Test, Tree};
use crate::query::{composed, expression, fragment_with, joined, placeholders};
use crate::text::contains_pattern;

/// Where a tree is asked.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    /// The account.
    pub account: AccountId,
    /// What is filtered.
    pub subject: Subject,
    /// Users are being deleted; their conversations have no assignee any more.
    pub counts_deleting: bool,
}

/// Finds what `tree` finds, in the table that the subject's lists read: `contacts k` or `conversations c`.
pub fn condition(scope: Scope, tree: &Tree) -> Sql {
    if tree.0.is_empty() {
        return Sql::all();
    }
    tree.0.iter().fold(Sql::any(), |any, branch| {
        any.add(branch.iter().fold(Sql::all(), |all, condition| all.add(scope.one(condition))))
    })
}

/// How contacts are found best.
#[derive(Debug, Clone)]
pub enum Found {
    /// By a statement that gives their ids: only those that are shown need be read.
    Ids(Expr),
    /// By a condition of each row, as `k`.
    Rows(Sql),
}

/// Finds the contacts that `tree` finds. What it says of values and labels are sets of ids, which the databases put
/// together in the order of their indexes; a branch that asks for a column reads its rows.
pub fn contacts(account: AccountId, tree: &Tree) -> Found {
    let scope = Scope { account, subject: Subject::Contact, counts_deleting: false };
    let sets: Vec<Option<Expr>> = tree.0.iter().map(|branch| scope.intersection(branch)).collect();
    if sets.iter().all(Option::is_none) {
        return Found::Rows(condition(scope, tree));
    }
    let mut branches: Vec<Expr> =
        tree.0.iter().zip(sets).map(|(branch, set)| set.unwrap_or_else(|| scope.matching(branch))).collect();
    if branches.len() > 1 {
        branches = branches.into_iter().map(|branch| composed("SELECT b.id FROM ($1) b", [branch])).collect();
    }
    Found::Ids(joined(branches, " UNION "))
}

/// Those that have something, or do not.
struct Set {
    is_without: bool,
    /// A statement that gives ids.
    ids: Expr,
}

impl Subject {
    fn id(self) -> &'static str {
        match self {
            Self::Contact => "k.id",
            Self::Conversation => "c.id",
        }
    }

    fn values_table(self) -> (&'static str, &'static str) {
        match self {
            Self::Contact => ("contact_values", "contact_id"),
            Self::Conversation => ("conversation_values", "conversation_id"),
        }
    }

    fn tags_table(self) -> (&'static str, &'static str) {
        match self {
            Self::Contact => ("contact_tags", "contact_id"),
            Self::Conversation => ("conversation_tags", "conversation_id"),
        }
    }
}

impl Scope {
    fn one(self, condition: &Condition) -> Sql {
        let Condition { attribute, test } = condition;
        match (&attribute.place, self.set(condition)) {
            (_, Some(Set { is_without, ids })) => {
                let not = if is_without { "NOT " } else { "" };
                Sql::all().add(composed(format!("{} {not}IN ($1)", self.subject.id()), [ids]))
            }
            (Place::Column(column), None) => self.column(*column, test),
            _ => fragment_with(if *test == Test::IsMissing { "1 = 1" } else { "1 = 0" }, &[]),
        }
    }

    /// The ids of a branch, if they can be told without the rows.
    fn intersection(self, branch: &[Condition]) -> Option<Expr> {
        let sets: Vec<Set> = branch.iter().map(|condition| self.set(condition)).collect::<Option<_>>()?;
        let (without, with): (Vec<Set>, Vec<Set>) = sets.into_iter().partition(|set| set.is_without);
        if with.is_empty() {
            return None;
        }
        let with = joined(with.into_iter().map(|set| set.ids), " INTERSECT ");
        Some(joined([with].into_iter().chain(without.into_iter().map(|set| set.ids)), " EXCEPT "))
    }

    /// The ids of contacts of which a branch is true.
    fn matching(self, branch: &[Condition]) -> Expr {
        let all = branch.iter().fold(Sql::all(), |all, condition| all.add(self.one(condition)));
        let account = expression("$1", &[&self.account]);
        composed("SELECT k.id FROM contacts k WHERE k.account_id = $1 AND ($2)", [account, all.into()])
    }

    /// What is told by another table than that of the rows.
    fn set(self, Condition { attribute, test }: &Condition) -> Option<Set> {
        match &attribute.place {
            Place::Labels => Some(self.labels(test)),
            Place::Value { bag, key } => Some(self.value(attribute, *bag, key, test)),
            Place::Column(_) | Place::Nowhere => None,
        }
    }

    /// Those whose row in the table of values passes; for the missing ones those that have none.
    fn value(self, attribute: &Attribute, bag: Bag, key: &str, test: &Test) -> Set {
        let (table, owner) = self.subject.values_table();
        let fits = match attribute.kind {
            Kind::Number => "v.number IS NOT NULL",
            Kind::Day => "v.day IS NOT NULL",
            Kind::Flag => FLAG,
            _ => "",
        };
        let passes = match test {
            Test::IsPresent | Test::IsMissing => Part::plain(fits),
            Test::Text { relation: Relation::Is, negated: false, texts } => Part::value_is(texts),
            Test::Text { relation, negated, texts } => Part::text("v.folded", *relation, *negated, texts),
            Test::Flag { negated, flags } => Part::flag(FLAG_IS_ON, *negated, flags).and(FLAG),
            Test::Number { comparison, numbers } => Part::compared("v.number", *comparison, numbers),
            Test::Day { comparison, days } => Part::compared("v.day", *comparison, days),
            // No attribute of this kind is kept here.
            Test::Id { .. } => Part::plain("1 = 0"),
        };
        let passes = if passes.text.is_empty() { passes } else { passes.wrapped(" AND (", ")") };
        let (account, bag, count) = (self.account, bag.as_str(), passes.values.len());
        let mut values: Vec<&dyn ToValue> = passes.values.iter().map(AsRef::as_ref).collect();
        values.extend([&account as &dyn ToValue, &bag, &key]);
        let ids = format!(
            "SELECT v.{owner} AS id FROM {table} v WHERE v.account_id = ${} AND v.bag = ${} AND v.key = ${}{}",
            count + 1,
            count + 2,
            count + 3,
            passes.text,
        );
        Set { is_without: *test == Test::IsMissing, ids: expression(&ids, &values) }
    }

    /// A set: without labels, it has none of any names.
    fn labels(self, test: &Test) -> Set {
        let (table, owner) = self.subject.tags_table();
        let (is_without, passes) = match test {
            Test::IsMissing => (true, Part::plain("")),
            Test::Text { relation, negated, texts } => {
                let part = Part::text("t.folded_name", *relation, false, texts);
                (*negated, part.wrapped(" AND (", ")"))
            }
            _ => (false, Part::plain("")),
        };
        let account = self.account;
        let mut values: Vec<&dyn ToValue> = passes.values.iter().map(AsRef::as_ref).collect();
        values.push(&account);
        let ids = format!(
            "SELECT l.{owner} AS id FROM {table} l JOIN tags t ON t.id = l.tag_id WHERE l.account_id = ${}{}",
            passes.values.len() + 1,
            passes.text,
        );
        Set { is_without, ids: expression(&ids, &values) }
    }

    fn column(self, column: Column, test: &Test) -> Sql {
        let name = self.expression(column);
        let part = match (column, test) {
            (_, Test::IsPresent) => Part::plain(&format!("{name} IS NOT NULL")),
            (_, Test::IsMissing) => Part::plain(&format!("{name} IS NULL")),
            (Column::Status, Test::Text { negated, texts, .. }) => Part::status(*negated, texts),
            (Column::PhoneNumber, Test::Text { relation: Relation::Is, negated: false, texts })
                if texts.iter().all(|text| !text.is_empty()) =>
            {
                // The index has no empty numbers.
                Part::listed(&name, false, texts).and(&format!("{name} <> ''"))
            }
            (_, Test::Text { relation, negated, texts }) => Part::text(&name, *relation, *negated, texts),
            (_, Test::Id { negated, ids }) => Part::listed(&name, *negated, ids),
            (_, Test::Flag { negated, flags }) => Part::flag(&name, *negated, flags),
            (_, Test::Number { comparison, numbers }) => Part::compared(&name, *comparison, numbers),
            (_, Test::Day { comparison, days }) => Part::moment(&name, *comparison, days),
        };
        part.into_sql()
    }

    /// The column; texts folded, so that they compare with what is folded.
    fn expression(self, column: Column) -> String {
        match column {
            Column::Name => "k.sort_name".into(),
            Column::Email => "k.email".into(),
            Column::PhoneNumber => "k.phone_number".into(),
            Column::Identifier => "k.folded_identifier".into(),
            Column::Blocked => "k.blocked".into(),
            Column::CreatedAt | Column::LastActivityAt => {
                let alias = &self.subject.id()[..1];
                format!("{alias}.{}", if column == Column::CreatedAt { "created_at" } else { "last_activity_at" })
            }
            Column::Status => "c.status".into(),
            Column::Priority => "c.priority".into(),
            Column::AssigneeId if self.counts_deleting => {
                "CASE WHEN c.assignee_id NOT IN (SELECT gone.id FROM users gone WHERE gone.deleting_at IS NOT NULL)
                 THEN c.assignee_id END"
                    .into()
            }
            Column::AssigneeId => "c.assignee_id".into(),
            Column::InboxId => "c.inbox_id".into(),
            Column::TeamId => "c.team_id".into(),
            Column::ContactId => "c.contact_id".into(),
            Column::DisplayId => "c.display_id".into(),
        }
    }
}

/// Stored texts that mean yes or no, as [`super::read::flag`] reads them; short ones, which the index has whole.
const FLAG: &str = "v.beginning IN ('true', 't', 'yes', 'y', 'on', '1', 'false', 'f', 'no', 'n', 'off', '0')";
const FLAG_IS_ON: &str = "v.beginning IN ('true', 't', 'yes', 'y', 'on', '1')";

/// A piece of a condition with the values of its `$1`, `$2` ….
#[derive(Default)]
struct Part {
    text: String,
    values: Vec<Box<dyn ToValue>>,
}

impl Part {
    fn plain(text: &str) -> Self {
        Self { text: text.to_owned(), values: Vec::new() }
    }

    fn bind(&mut self, value: impl ToValue + 'static) -> String {
        self.values.push(Box::new(value));
        format!("${}", self.values.len())
    }

    fn wrapped(mut self, before: &str, after: &str) -> Self {
        self.text = format!("{before}{}{after}", self.text);
        self
    }

    fn and(mut self, other: &str) -> Self {
        self.text = format!("({}) AND {other}", self.text);
        self
    }

    fn into_sql(self) -> Sql {
        let values: Vec<&dyn ToValue> = self.values.iter().map(AsRef::as_ref).collect();
        fragment_with(&self.text, &values)
    }

    /// `name` is any of `items`, or none of them.
    fn listed<T: ToValue + Clone + 'static>(name: &str, negated: bool, items: &[T]) -> Self {
        let mut part = Self::default();
        for item in items {
            part.bind(item.clone());
        }
        part.text = match (items.is_empty(), negated) {
            // None of the given values can be one of the column's.
            (true, false) => "1 = 0".into(),
            (true, true) => format!("{name} IS NOT NULL"),
            (false, _) => {
                format!("{name} {}IN {}", if negated { "NOT " } else { "" }, placeholders(1, items.len()))
            }
        };
        part
    }

    /// Statuses by what they are, so that an index of the status serves.
    fn status(negated: bool, texts: &[String]) -> Self {
        let is_named = |status: &&types::Status| texts.iter().any(|text| text == status.as_str());
        let found: Vec<_> = types::Status::ALL.iter().filter(|status| is_named(status) != negated).copied().collect();
        Self::listed("c.status", false, &found)
    }

    fn text(name: &str, relation: Relation, negated: bool, texts: &[String]) -> Self {
        if relation == Relation::Is {
            return Self::listed(name, negated, texts);
        }
        let mut part = Self::default();
        let mut any = Vec::new();
        for text in texts {
            let pattern = contains_pattern(text);
            let pattern = if relation == Relation::Contains { pattern } else { pattern[1..].to_owned() };
            let number = part.bind(pattern);
            any.push(format!("{name} LIKE {number} ESCAPE '\\'"));
        }
        part.text = if negated { format!("NOT ({})", any.join(" OR ")) } else { any.join(" OR ") };
        part
    }

    /// A stored text is one of `texts`; its beginning is in the index, and says all of a short one.
    fn value_is(texts: &[String]) -> Self {
        let mut part = Self::default();
        let beginnings: Vec<String> = texts.iter().map(|text| part.bind(beginning(text))).collect();
        part.text = format!("v.beginning IN ({})", beginnings.join(", "));
        if !texts.iter().all(|text| is_whole(text)) {
            let whole: Vec<String> = texts.iter().map(|text| part.bind(text.clone())).collect();
            part.text = format!("{} AND v.folded IN ({})", part.text, whole.join(", "));
        }
        part
    }

    fn flag(name: &str, negated: bool, flags: &[bool]) -> Self {
        let wants = |flag: bool| flags.contains(&flag) != negated;
        Self::plain(&match (wants(true), wants(false)) {
            (true, true) => format!("{name} IS NOT NULL"),
            (true, false) => name.to_owned(),
            (false, true) => format!("NOT ({name})"),
            (false, false) => "1 = 0".to_owned(),
        })
    }

    fn compared<T: ToValue + Clone + 'static>(name: &str, comparison: Comparison, items: &[T]) -> Self {
        let sign = match comparison {
            Comparison::Equal => return Self::listed(name, false, items),
            Comparison::NotEqual => return Self::listed(name, true, items),
            Comparison::Greater => ">",
            Comparison::Less => "<",
        };
        let mut part = Self::default();
        let any: Vec<String> = items.iter().map(|item| format!("{name} {sign} {}", part.bind(item.clone()))).collect();
        part.text = any.join(" OR ");
        part
    }

    /// A time is later than a day when the day is over, and earlier when it has not begun.
    fn moment(name: &str, comparison: Comparison, days: &[i64]) -> Self {
        const DAY: i64 = 86_400_000_000;
        let start = |day: i64| Timestamp::from_micros(day.saturating_mul(DAY));
        let mut part = Self::default();
        let any: Vec<String> = days
            .iter()
            .map(|day| match comparison {
                Comparison::Less => format!("{name} < {}", part.bind(start(*day))),
                Comparison::Greater | Comparison::Equal | Comparison::NotEqual => {
                    format!("{name} >= {}", part.bind(start(day.saturating_add(1))))
                }
            })
            .collect();
        part.text = any.join(" OR ");
        part
    }
}
