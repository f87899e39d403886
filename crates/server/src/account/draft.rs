//! From a request to an account that can be made, or to what changes of one (rest.md §5.1).

use edge::field::{Maybe, Object, Text};
use edge::{Error, Problem, Result};

use super::wire::{AccountUpdateBody, NewAccountBody};
use super::{AccountChange, Features, NewAccount, Status, locale};
use crate::contact;

/// Longest name, in characters.
pub(super) const MAX_NAME: usize = 255;
/// Longest domain and address, in characters.
const MAX_ADDRESS: usize = 100;

/// The account that `body` asks for; names every field that it cannot have.
pub fn read(body: NewAccountBody) -> Result<NewAccount> {
    let name = body.name.map(String::from).unwrap_or_default();
    let locale = find_locale(body.locale);
    let domain = not_blank(body.domain);
    let support_email = not_blank(body.support_email);
    let problems = problems(Some(&name), locale, domain.as_deref(), support_email.as_deref());
    match locale {
        Some(locale) if problems.is_empty() => Ok(NewAccount {
            name,
            locale,
            domain,
            support_email,
            features: body.features.map_or(Features::default(), |switches| Features::default().with(&switches.0)),
            limits: body.limits.unwrap_or_default().into_json(),
            custom_attributes: body.custom_attributes.unwrap_or_default().into_json(),
            status: body.status.map_or(Status::Active, |word| word.0),
        }),
        _ => Err(Error::Invalid(problems)),
    }
}

/// What `body` changes; names every field that cannot be so.
pub fn read_change(body: AccountUpdateBody) -> Result<AccountChange> {
    let object = |given: Maybe<Object>| given.or_null(Object::default()).map(Object::into_json);
    let name = body.name.or_null(Text::default()).map(String::from);
    let is_locale_given = !body.locale.is_absent();
    let locale = find_locale(body.locale.value());
    let (domain, support_email) = (blank_is_null(body.domain), blank_is_null(body.support_email));
    let problems = problems(name.as_deref(), locale, text_of(&domain), text_of(&support_email));
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    Ok(AccountChange {
        name,
        locale: locale.filter(|_| is_locale_given),
        domain,
        support_email,
        features: body.features.map(|switches| switches.0).unwrap_or_default(),
        limits: object(body.limits),
        custom_attributes: object(body.custom_attributes),
        status: body.status.map(|word| word.0),
        ..AccountChange::default()
    })
}

fn blank_is_null(text: Maybe<Text>) -> Maybe<String> {
    match text.map(String::from) {
        Maybe::Value(text) if text.trim().is_empty() => Maybe::Null,
        text => text,
    }
}

fn text_of(text: &Maybe<String>) -> Option<&str> {
    text.as_ref().value().map(String::as_str)
}

/// No code is the default one.
fn find_locale(code: Option<Text>) -> Option<&'static str> {
    let code = code.map(String::from).filter(|code| !code.is_empty());
    code.map_or(Some(locale::DEFAULT), |code| locale::find(&code))
}

fn not_blank(text: Option<Text>) -> Option<String> {
    text.map(String::from).filter(|text| !text.trim().is_empty())
}

fn problems(
    name: Option<&str>,
    locale: Option<&str>,
    domain: Option<&str>,
    support_email: Option<&str>,
) -> Vec<Problem> {
    let problems = [
        name.and_then(name_problem).map(|problem| Problem::new("name", problem)),
        locale.is_none().then(|| Problem::new("locale", "is not included in the list")),
        domain.filter(|domain| is_longer(domain, MAX_ADDRESS)).map(|_| too_long("domain", MAX_ADDRESS)),
        support_email.and_then(support_email_problem),
    ];
    problems.into_iter().flatten().collect()
}

/// What is wrong with an account's name.
pub fn name_problem(name: &str) -> Option<&'static str> {
    if name.trim().is_empty() {
        Some("can't be blank")
    } else if is_longer(name, MAX_NAME) {
        Some("is too long (maximum is 255 characters)")
    } else {
        None
    }
}

fn support_email_problem(email: &str) -> Option<Problem> {
    if is_longer(email, MAX_ADDRESS) {
        Some(too_long("support_email", MAX_ADDRESS))
    } else if contact::is_email(email) {
        None
    } else {
        Some(Problem::new("support_email", "is invalid"))
    }
}

pub(super) fn too_long(field: &str, most: usize) -> Problem {
    Problem::new(field, &format!("is too long (maximum is {most} characters)"))
}

pub(super) fn is_longer(text: &str, most: usize) -> bool {
    text.chars().nth(most).is_some()
}

#[cfg(test)]
mod tests {
    use edge::Error;
    use serde_json::{Value, json};

    use super::read;
    use crate::account::NewAccount;

    fn read_json(body: Value) -> Result<NewAccount, Vec<String>> {
        read(serde_json::from_value(body).unwrap()).map_err(|error| match error {
            Error::Invalid(problems) => problems.into_iter().map(|problem| problem.field).collect(),
            other => panic!("{other}"),
        })
    }

    #[test]
    fn a_name_is_enough() {
        let new = read_json(json!({ "name": "Lark Bikes", "locale": "", "domain": " ", "limits": null })).unwrap();
        assert_eq!((new.name.as_str(), new.locale, new.domain), ("Lark Bikes", "en", None));
        assert!(new.limits.is_empty_object());
    }

    #[test]
    fn every_field_that_is_wrong_is_named() {
        assert_eq!(read_json(json!({})).unwrap_err(), ["name"]);
        assert_eq!(read_json(json!({ "name": " " })).unwrap_err(), ["name"]);
        let body = json!({
            "name": "h".repeat(256), "locale": "tlh", "domain": "d".repeat(101), "support_email": "nobody"
        });
        assert_eq!(read_json(body).unwrap_err(), ["name", "locale", "domain", "support_email"]);
    }
}
