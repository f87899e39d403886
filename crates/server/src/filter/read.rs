//! From the JSON of a filter to a checked tree. What is wrong is told of the condition that has it (decisions §3).

use edge::{Error, Result};
use jiff::civil::Date;
use serde_json::{Map, Value};
use types::{Priority, Status};

use super::attribute::{Catalogue, Kind};
use super::{Comparison, Condition, Relation, Test, Tree};
use crate::conversation;
use crate::text::fold;

/// Most conditions of a filter.
const MOST_CONDITIONS: usize = 100;
/// Most values of a condition.
const MOST_VALUES: usize = 1_000;

/// Reads `conditions`; `today` is the day in UTC.
pub fn read(catalogue: &Catalogue, conditions: Option<&Value>, today: Date) -> Result<Tree> {
    let conditions = match conditions {
        Some(Value::Array(conditions)) => conditions,
        Some(_) => return Err(Error::Refused("payload must be a list of conditions".into())),
        None => return Err(Error::Refused("payload is missing: a list of conditions".into())),
    };
    if conditions.len() > MOST_CONDITIONS {
        return Err(Error::Refused(format!("payload has more than {MOST_CONDITIONS} conditions")));
    }
    let mut tree = Tree::default();
    let mut branch = Vec::new();
    for (index, given) in conditions.iter().enumerate() {
        let place = Reader { catalogue, today, number: index + 1 };
        let fields = given.as_object().ok_or_else(|| place.refuse("must be an object"))?;
        branch.push(place.condition(fields)?);
        match place.joiner(fields, index + 1 == conditions.len())? {
            Joiner::And => {}
            Joiner::Or | Joiner::End => tree.0.push(std::mem::take(&mut branch)),
        }
    }
    Ok(tree)
}

/// Between a condition and the next one.
enum Joiner {
    And,
    Or,
    End,
}

/// Reads the condition of this number, from 1.
struct Reader<'a> {
    catalogue: &'a Catalogue,
    today: Date,
    number: usize,
}

impl Reader<'_> {
    fn refuse(&self, problem: &str) -> Error {
        Error::Refused(format!("Condition {} of payload: {problem}", self.number))
    }

    fn joiner(&self, fields: &Map<String, Value>, is_last: bool) -> Result<Joiner> {
        let word = match fields.get("query_operator") {
            None | Some(Value::Null) => "",
            Some(Value::String(word)) => word.as_str(),
            Some(_) => return Err(self.refuse("query_operator must be AND or OR")),
        };
        match (word.to_ascii_uppercase().as_str(), is_last) {
            ("", true) => Ok(Joiner::End),
            ("AND", false) => Ok(Joiner::And),
            ("OR", false) => Ok(Joiner::Or),
            ("AND" | "OR", true) => Err(self.refuse("query_operator must be empty on the last condition")),
            ("", false) => Err(self.refuse("query_operator must be AND or OR before another condition")),
            _ => Err(self.refuse("query_operator must be AND or OR")),
        }
    }

    fn condition(&self, fields: &Map<String, Value>) -> Result<Condition> {
        let word = |name: &str| fields.get(name).and_then(Value::as_str);
        let key = word("attribute_key").ok_or_else(|| self.refuse("attribute_key must be a text"))?;
        let operator = word("filter_operator").ok_or_else(|| self.refuse("filter_operator must be a text"))?;
        let attribute = self.catalogue.find(key);
        let attribute = attribute.ok_or_else(|| self.refuse(&format!("there is no attribute {key}")))?;
        let operator = Operator::named(operator).filter(|operator| operator.is_of(attribute.kind));
        let operator = operator.ok_or_else(|| {
            let known: Vec<&str> =
                OPERATORS.iter().filter(|(_, known)| known.is_of(attribute.kind)).map(|(name, _)| *name).collect();
            self.refuse(&format!("filter_operator of {key} must be one of {}", known.join(", ")))
        })?;
        let test = match operator {
            Operator::IsPresent => Test::IsPresent,
            Operator::IsMissing => Test::IsMissing,
            _ => {
                let values = self.values(key, fields.get("values"))?;
                let test = self.test(attribute.kind, operator, &values);
                test.map_err(|expected| self.refuse(&format!("values of {key} must be {expected}")))?
            }
        };
        Ok(Condition { attribute, test })
    }

    /// The values as texts: a bare one is a list of one, nulls are left out.
    fn values(&self, key: &str, given: Option<&Value>) -> Result<Vec<String>> {
        let items = match given {
            None | Some(Value::Null) => &[],
            Some(Value::Array(items)) => items.as_slice(),
            Some(single) => std::slice::from_ref(single),
        };
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Value::Null => {}
                Value::String(text) => texts.push(text.clone()),
                Value::Number(number) => texts.push(number.to_string()),
                Value::Bool(flag) => texts.push(flag.to_string()),
                Value::Array(_) | Value::Object(_) => {
                    return Err(self.refuse(&format!("values of {key} must be texts, numbers or booleans")));
                }
            }
        }
        if texts.is_empty() {
            return Err(self.refuse(&format!("values of {key} must not be empty")));
        }
        if texts.len() > MOST_VALUES {
            return Err(self.refuse(&format!("values of {key} must not be more than {MOST_VALUES}")));
        }
        Ok(texts)
    }

    /// The test; fails with what the values must be.
    fn test(&self, kind: Kind, operator: Operator, values: &[String]) -> Result<Test, &'static str> {
        let negated = matches!(operator, Operator::IsNot | Operator::ContainsNot);
        Ok(match kind {
            Kind::Text | Kind::Labels => {
                let texts = values.iter().map(|value| fold(value)).collect();
                Test::Text { relation: operator.relation(), negated, texts }
            }
            Kind::Phone => {
                let relation = operator.relation();
                Test::Text {
                    relation,
                    negated,
                    texts: values.iter().flat_map(|value| phones(relation, value)).collect(),
                }
            }
            Kind::Status => Test::Text { relation: Relation::Is, negated, texts: statuses(values)? },
            Kind::Priority => Test::Text { relation: Relation::Is, negated, texts: priorities(values)? },
            Kind::Id => {
                Test::Id { negated, ids: all(values, "numbers", number)?.into_iter().filter_map(whole).collect() }
            }
            Kind::Flag => Test::Flag { negated, flags: all(values, "true or false", flag)? },
            Kind::Number => {
                Test::Number { comparison: operator.comparison(), numbers: all(values, "numbers", number)? }
            }
            Kind::Day | Kind::Moment => {
                let days = if operator == Operator::DaysBefore {
                    let today = epoch_day(self.today);
                    let before = |text: &str| text.trim().parse::<i64>().ok().map(|count| today.saturating_sub(count));
                    all(values, "numbers of days", before)?
                } else {
                    all(values, "dates like 2024-02-29", |text| parse_day(text).map(epoch_day))?
                };
                Test::Day { comparison: operator.comparison(), days }
            }
        })
    }
}

/// The operators of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Is,
    IsNot,
    Contains,
    ContainsNot,
    StartsWith,
    IsPresent,
    IsMissing,
    Greater,
    Less,
    DaysBefore,
}

const OPERATORS: [(&str, Operator); 10] = [
    ("equal_to", Operator::Is),
    ("not_equal_to", Operator::IsNot),
    ("contains", Operator::Contains),
    ("does_not_contain", Operator::ContainsNot),
    ("starts_with", Operator::StartsWith),
    ("is_present", Operator::IsPresent),
    ("is_not_present", Operator::IsMissing),
    ("is_greater_than", Operator::Greater),
    ("is_less_than", Operator::Less),
    ("days_before", Operator::DaysBefore),
];

impl Operator {
    fn named(name: &str) -> Option<Self> {
        OPERATORS.iter().find(|(known, _)| *known == name).map(|(_, operator)| *operator)
    }

    /// Whether attributes of this kind have it.
    fn is_of(self, kind: Kind) -> bool {
        match self {
            Self::Is | Self::IsNot | Self::IsPresent | Self::IsMissing => kind != Kind::Moment,
            Self::Contains | Self::ContainsNot => matches!(kind, Kind::Text | Kind::Phone | Kind::Labels),
            Self::StartsWith => kind == Kind::Phone,
            Self::Greater | Self::Less => matches!(kind, Kind::Number | Kind::Day | Kind::Moment),
            Self::DaysBefore => matches!(kind, Kind::Day | Kind::Moment),
        }
    }

    fn relation(self) -> Relation {
        match self {
            Self::Contains | Self::ContainsNot => Relation::Contains,
            Self::StartsWith => Relation::StartsWith,
            _ => Relation::Is,
        }
    }

    fn comparison(self) -> Comparison {
        match self {
            Self::IsNot => Comparison::NotEqual,
            Self::Greater => Comparison::Greater,
            Self::Less | Self::DaysBefore => Comparison::Less,
            _ => Comparison::Equal,
        }
    }
}

fn all<T>(values: &[String], expected: &'static str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, &'static str> {
    values.iter().map(|value| read(value).ok_or(expected)).collect()
}

/// A number, as stored values are read too.
pub fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// What names something is whole; another number names nothing.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked, and larger ids do not exist")]
fn whole(number: f64) -> Option<i64> {
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() <= LARGEST).then_some(number as i64)
}

/// A flag, as stored values are read too.
pub fn flag(text: &str) -> Option<bool> {
    match fold(text.trim()).as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// `YYYY-MM-DD` and nothing else.
pub fn parse_day(text: &str) -> Option<Date> {
    let is_plain = text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    if is_plain { text.parse().ok() } else { None }
}

/// Days since 1970-01-01.
pub fn epoch_day(day: Date) -> i64 {
    const EPOCH: Date = Date::constant(1970, 1, 1);
    i64::from(EPOCH.until(day).map_or(0, |span| span.get_days()))
}

/// Phone numbers are stored with `+`: equal with and without it, and so are beginnings.
fn phones(relation: Relation, value: &str) -> Vec<String> {
    let value = value.trim();
    match relation {
        Relation::Contains => vec![fold(value)],
        Relation::Is | Relation::StartsWith => {
            let bare = value.strip_prefix('+').unwrap_or(value);
            vec![bare.to_owned(), format!("+{bare}")]
        }
    }
}

/// The names of statuses; `all` means every one.
fn statuses(values: &[String]) -> Result<Vec<String>, &'static str> {
    let mut names = Vec::new();
    for value in values {
        let word = value.trim().to_ascii_lowercase();
        if word == "all" {
            names.extend(Status::ALL.iter().map(|status| status.as_str().to_owned()));
        } else {
            let status = conversation::service::read_status(&word);
            names.push(status.map_err(|_| "open, resolved, pending, snoozed or all")?.as_str().to_owned());
        }
    }
    Ok(names)
}

/// The names of priorities; clients send `nil` for none, which is found by `is_not_present` only.
fn priorities(values: &[String]) -> Result<Vec<String>, &'static str> {
    let named = |value: &String| {
        let word = value.trim().to_ascii_lowercase();
        let is_known = word == "nil" || word.parse::<Priority>().is_ok();
        is_known.then_some(word).ok_or("low, medium, high or urgent")
    };
    values.iter().map(named).collect()
}
