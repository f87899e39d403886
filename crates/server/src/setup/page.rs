//! The page that sets up an installation.

use edge::{Error, Problem};
use maud::html;

use super::service::Filled;
use crate::page::{Field, PASSWORD_HINT, Page, note, problem_of};

/// The empty form.
pub fn form(secret: &str) -> Page {
    filled(secret, ["", "", ""], &[], "")
}

/// The form again, with what was wrong.
pub fn form_again(form: &Filled, problems: Vec<Problem>) -> Page {
    let values = [form.account_name.as_str(), &form.name, &form.email];
    filled(&form.secret, values, &problems, "Please correct what is marked below.").because(Error::Invalid(problems))
}

/// The form as it was sent, which could not be looked at now.
pub fn form_later(form: &Filled, failure: Error, text: &str) -> Page {
    filled(&form.secret, [form.account_name.as_str(), &form.name, &form.email], &[], text).because(failure)
}

/// There is no user yet, and the address has no good secret.
pub fn no_link(was_given: bool) -> Page {
    let content = html! {
        @if was_given {
            (note("bad", "This link does not work any more. It may be older than a day, or a newer one was made."))
        }
        p.lead { "Nobody can sign in yet. Whoever runs the server sets it up with a link that works once." }
        p { "The link is in the server’s log, from when it started. This command prints a new one:" }
        p { code { "ooctopus admin setup-link" } }
    };
    let page = Page::new("This server is not set up yet", &content);
    if was_given { page.because(Error::BadLink) } else { page }
}

/// There is a user.
pub fn done() -> Page {
    let content = html! {
        p.lead { "This server has been set up. Its administrators add people to their teams." }
        a.main href="/app/login" { "Sign in" }
    };
    Page::new("Nothing left to set up", &content).because(Error::NotFound("page"))
}

fn filled(secret: &str, [account_name, name, email]: [&str; 3], problems: &[Problem], text: &str) -> Page {
    let problem = |field| problem_of(problems, field);
    let first = problems.first().map_or("account_name", |problem| problem.field.as_str());
    let account = Field {
        name: "account_name",
        label: "Name of your company or team",
        value: account_name,
        autocomplete: "organization",
        problem: problem("account_name"),
        has_focus: first == "account_name",
        ..Field::default()
    };
    let person = Field {
        name: "name",
        label: "Your name",
        value: name,
        autocomplete: "name",
        problem: problem("name"),
        has_focus: first == "name",
        ..Field::default()
    };
    let address = Field {
        name: "email",
        label: "Your e-mail address",
        value: email,
        autocomplete: "email",
        problem: problem("email"),
        has_focus: first == "email",
        ..Field::default()
    };
    let password = Field {
        name: "password",
        label: "Password",
        autocomplete: "new-password",
        hint: Some(PASSWORD_HINT),
        problem: problem("password"),
        has_focus: first == "password",
        ..Field::default()
    };
    let content = html! {
        p.lead { "The first account, and you as its administrator. Everything can be changed later." }
        @if !text.is_empty() { (note("bad", text)) }
        form method="post" action="/installation/onboarding" {
            input type="hidden" name="token" value=(secret);
            (account.text()) (person.text()) (address.email())
            (password.new_password(problem("password_confirmation")))
            button.main type="submit" { "Create the account" }
        }
    };
    Page::new("Set up your desk", &content).with_script()
}
