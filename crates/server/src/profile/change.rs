//! From a request to what changes of a user (superset §3).

use edge::field::{Maybe, Text};
use edge::{Error, Problem, Result};

use super::wire::ProfileBody;
use crate::auth;
use crate::user::draft::{email_problem, length_problem, name_problem, too_long};
use crate::user::{UserChange, normal_email};

/// Longest signature, in characters.
const MAX_SIGNATURE: usize = 20_000;
/// Largest preferences, in bytes of JSON.
const MAX_UI_SETTINGS: usize = 64 * 1024;

/// What a user wants to change of itself.
pub struct Change {
    /// What counts at once.
    pub user: UserChange,
    /// The address that the user wants, normal.
    pub email: Option<String>,
    /// The password that the user wants.
    pub password: Option<NewPassword>,
}

// Holds passwords: not to be printed.
/// Another password, and the one before.
pub struct NewPassword {
    /// The one before.
    pub current: String,
    /// The one that is wanted.
    pub new: String,
}

/// What `body` changes; names every field that cannot be so.
pub fn read(body: ProfileBody) -> Result<Change> {
    let name = body.name.or_null(Text::default()).map(String::from);
    let display_name = body.display_name.map(String::from);
    let email = body.email.or_null(Text::default()).map(|email| normal_email(email.as_str()));
    let message_signature = body.message_signature.map(String::from);
    let ui_settings = body.ui_settings.map(edge::field::Object::into_json);
    let phone_number = body.phone_number.map(|number| number.0.trim().to_owned());

    let signature = shown(&message_signature);
    let problems = [
        name.as_deref().and_then(name_problem),
        length_problem("display_name", shown(&display_name)),
        email.as_deref().and_then(email_problem),
        signature.chars().nth(MAX_SIGNATURE).map(|_| too_long("message_signature", MAX_SIGNATURE)),
        ui_settings
            .as_ref()
            .filter(|settings| settings.as_str().len() > MAX_UI_SETTINGS)
            .map(|_| Problem::new("ui_settings", "are too large (maximum is 64 KiB)")),
        length_problem("phone_number", shown(&phone_number)),
    ];
    let mut problems: Vec<Problem> = problems.into_iter().flatten().collect();
    let password =
        read_password(body.current_password, body.password, body.password_confirmation.as_ref(), &mut problems)?;
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let user = UserChange {
        name,
        display_name,
        message_signature,
        ui_settings,
        phone_number: match phone_number {
            Maybe::Value(number) if number.is_empty() => Maybe::Null,
            number => number,
        },
        ..UserChange::default()
    };
    Ok(Change { user, email, password })
}

/// An empty password is none: forms send the field all the same.
fn read_password(
    current: Option<Text>,
    new: Option<Text>,
    again: Option<&Text>,
    problems: &mut Vec<Problem>,
) -> Result<Option<NewPassword>> {
    let Some(new) = new.map(String::from).filter(|new| !new.is_empty()) else { return Ok(None) };
    match auth::service::must_be_confirmed_twice(&new, again.map(Text::as_str)) {
        Err(Error::Invalid(more)) => problems.extend(more),
        other => other?,
    }
    Ok(Some(NewPassword { current: current.map(String::from).unwrap_or_default(), new }))
}

fn shown(text: &Maybe<String>) -> &str {
    text.as_ref().value().map_or("", String::as_str)
}
