//! From a request to a user that can be made, or to what changes of one (rest.md §5.4).

use edge::field::Text;
use edge::{Error, Problem, Result};
use types::Json;

use super::wire::{NewUserBody, UserUpdateBody};
use super::{NewUser, UserChange, normal_email, password};
use crate::contact;

/// Longest name and address, in characters.
const MAX_TEXT: usize = 255;

/// A user that can be made, with the password still readable.
pub struct Draft {
    name: String,
    display_name: Option<String>,
    email: String,
    password: String,
    custom_attributes: Json,
}

/// The user that `body` asks for; names every field that it cannot have.
pub fn read(body: NewUserBody) -> Result<Draft> {
    let name = body.name.map(String::from).unwrap_or_default();
    let display_name = body.display_name.map(String::from);
    let email = normal_email(body.email.as_ref().map_or("", |email| email.as_str()));
    let password = body.password.map(String::from).unwrap_or_default();

    let problems = [
        name_problem(&name),
        display_name.as_deref().and_then(|name| length_problem("display_name", name)),
        email_problem(&email),
        password::problem(&password),
    ];
    let problems: Vec<Problem> = problems.into_iter().flatten().collect();
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let custom_attributes = body.custom_attributes.unwrap_or_default().into_json();
    Ok(Draft { name, display_name, email, password, custom_attributes })
}

impl Draft {
    /// Hashes the password. The address counts as confirmed: the operator vouches for it.
    pub async fn into_confirmed(self) -> Result<NewUser> {
        Ok(NewUser {
            password_hash: password::hash(self.password).await?,
            name: self.name,
            email: self.email,
            display_name: self.display_name,
            custom_attributes: self.custom_attributes,
            confirmed: true,
        })
    }
}

/// What `body` changes, with its password hashed; names every field that cannot be so.
pub async fn read_change(body: UserUpdateBody) -> Result<UserChange> {
    let name = body.name.or_null(Text::default()).map(String::from);
    let email = body.email.or_null(Text::default()).map(|email| normal_email(email.as_str()));
    let display_name = body.display_name.map(String::from);
    let password = body.password.map(String::from);

    let shown = display_name.as_ref().value();
    let problems = [
        name.as_deref().and_then(name_problem),
        shown.and_then(|name| length_problem("display_name", name)),
        email.as_deref().and_then(email_problem),
        password.as_deref().and_then(password::problem),
    ];
    let problems: Vec<Problem> = problems.into_iter().flatten().collect();
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let password_hash = match password {
        Some(password) => Some(password::hash(password).await?),
        None => None,
    };
    let custom_attributes = body.custom_attributes.map(|attributes| attributes.0).unwrap_or_default();
    Ok(UserChange { name, display_name, email, password_hash, custom_attributes, ..UserChange::default() })
}

/// What is wrong with an address.
pub fn email_problem(email: &str) -> Option<Problem> {
    presence_problem("email", email)
        .or_else(|| length_problem("email", email))
        .or_else(|| (!contact::is_email(email)).then(|| Problem::new("email", "is invalid")))
}

/// What is wrong with a name.
pub fn name_problem(name: &str) -> Option<Problem> {
    presence_problem("name", name).or_else(|| length_problem("name", name))
}

fn presence_problem(field: &str, text: &str) -> Option<Problem> {
    text.trim().is_empty().then(|| Problem::new(field, "can't be blank"))
}

/// What is wrong with a text that is as long as a name at most.
pub fn length_problem(field: &str, text: &str) -> Option<Problem> {
    text.chars().nth(MAX_TEXT).map(|_| too_long(field, MAX_TEXT))
}

/// Says that a text has more than `most` characters.
pub fn too_long(field: &str, most: usize) -> Problem {
    Problem::new(field, &format!("is too long (maximum is {most} characters)"))
}

#[cfg(test)]
mod tests {
    use edge::Error;
    use serde_json::{Value, json};

    use super::read;

    fn problems(body: Value) -> Vec<String> {
        match read(serde_json::from_value(body).unwrap()) {
            Ok(_) => Vec::new(),
            Err(Error::Invalid(problems)) => problems.into_iter().map(|problem| problem.field).collect(),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn every_field_that_is_wrong_is_named_once() {
        let password = "Sample-Pass-2022!";
        assert!(problems(json!({ "name": "Olu", "email": " Olu@Lark.example ", "password": password })).is_empty());
        assert_eq!(problems(json!({})), ["name", "email", "password"]);
        assert_eq!(problems(json!({ "name": "Olu", "email": "not-an-address", "password": password })), ["email"]);
        assert_eq!(problems(json!({ "name": " ", "email": "olu@lark.example", "password": password })), ["name"]);
        assert_eq!(problems(json!({ "name": "Olu", "email": "olu@lark.example", "password": "weak" })), ["password"]);
        let long = "h".repeat(256);
        let body = json!({ "name": long, "display_name": long, "email": "olu@lark.example", "password": password });
        assert_eq!(problems(body), ["name", "display_name"]);
    }
}
