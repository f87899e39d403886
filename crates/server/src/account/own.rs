//! From an administrator's request to what changes of the account (superset §2).

use std::ops::RangeInclusive;

use edge::field::{Flag, Int, Maybe, Text};
use edge::{Error, Problem, Result};
use serde_json::{Map, Value};

use super::AccountChange;
use super::draft::{self, MAX_NAME, is_longer, too_long};
use super::wire::{AccountUpdateBody, OwnAccountBody};
use crate::message::content::MAX_CONTENT;

/// Minutes after which conversations can be resolved: up to 999 days and a bit.
const AUTO_RESOLVE_MINUTES: RangeInclusive<i64> = 10..=1_439_856;
/// Days after which conversations can be resolved, as 2.10 has it.
const AUTO_RESOLVE_DAYS: RangeInclusive<i64> = 1..=999;

/// What `body` changes; names every field that cannot be so.
pub fn read_change(body: OwnAccountBody) -> Result<AccountChange> {
    let mut settings = Given::default();
    settings.number("auto_resolve_after", body.auto_resolve_after, AUTO_RESOLVE_MINUTES);
    settings.text("auto_resolve_message", body.auto_resolve_message, MAX_CONTENT);
    settings.flag("auto_resolve_ignore_waiting", body.auto_resolve_ignore_waiting.map_or(Maybe::Absent, Maybe::Value));
    settings.text("auto_resolve_label", body.auto_resolve_label, MAX_NAME);
    settings.flag("audio_transcriptions", body.audio_transcriptions);

    let mut attributes = Given::default();
    attributes.text("industry", body.industry, MAX_NAME);
    attributes.text("company_size", body.company_size, MAX_NAME);
    attributes.text("timezone", body.timezone, MAX_NAME);
    attributes.text("referral_source", body.referral_source, MAX_NAME);
    attributes.text("user_role", body.user_role, MAX_NAME);
    attributes.text("website", body.website, MAX_NAME);

    let days = body.auto_resolve_duration.map(|days| days.0);
    let columns = draft::read_change(AccountUpdateBody {
        name: body.name,
        locale: body.locale,
        domain: body.domain,
        support_email: body.support_email,
        ..AccountUpdateBody::default()
    });
    let (columns, mut problems) = match columns {
        Ok(columns) => (columns, Vec::new()),
        Err(Error::Invalid(problems)) => (AccountChange::default(), problems),
        Err(other) => return Err(other),
    };
    problems.extend(out_of_range("auto_resolve_duration", days, AUTO_RESOLVE_DAYS));
    problems.extend(settings.problems);
    problems.extend(attributes.problems);
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    Ok(AccountChange {
        settings: settings.values,
        attributes: attributes.values,
        auto_resolve_duration: days,
        ..columns
    })
}

/// What was sent, null included, and what is wrong with it.
#[derive(Default)]
struct Given {
    values: Map<String, Value>,
    problems: Vec<Problem>,
}

impl Given {
    fn text(&mut self, name: &str, text: Maybe<Text>, most: usize) {
        let sent = text.as_ref().value().map_or("", |text| text.as_str());
        self.problems.extend(is_longer(sent, most).then(|| too_long(name, most)));
        self.put(name, text.map(|text| text.0.into()));
    }

    fn number(&mut self, name: &str, number: Maybe<Int>, range: RangeInclusive<i64>) {
        let number = number.map(|number| number.0);
        self.problems.extend(out_of_range(name, number, range));
        self.put(name, number.map(Value::from));
    }

    fn flag(&mut self, name: &str, flag: Maybe<Flag>) {
        self.put(name, flag.map(|flag| flag.0.into()));
    }

    fn put(&mut self, name: &str, value: Maybe<Value>) {
        if let Some(value) = value.or_null(Value::Null) {
            self.values.insert(name.to_owned(), value);
        }
    }
}

fn out_of_range(field: &str, number: Maybe<i64>, range: RangeInclusive<i64>) -> Option<Problem> {
    let number = number.value()?;
    let text = format!("must be between {} and {}", range.start(), range.end());
    (!range.contains(&number)).then(|| Problem::new(field, &text))
}
