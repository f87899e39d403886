//! Pages that ask for a mail.

use edge::{Error, Problem};
use maud::html;

use crate::contact;
use crate::page::{Failed, Field, Page, note, problem_of, wait};

/// A page that asks for a mail to an address, and the one that follows.
#[derive(Debug, Clone, Copy)]
pub struct Ask {
    /// Where the form goes.
    pub action: &'static str,
    /// What the page is about.
    pub heading: &'static str,
    /// What the mail is for.
    pub lead: &'static str,
    /// What happens when somebody has the address.
    pub sent: &'static str,
}

impl Ask {
    /// The empty form.
    pub fn form(&self) -> Page {
        self.filled("", &[], "")
    }

    /// The form again, with why nothing was sent.
    pub fn again(&self, email: &str, failure: Error) -> Result<Page, Failed> {
        let page = match &failure {
            Error::Invalid(problems) => self.filled(email, problems, ""),
            Error::RateLimited { retry_after } => {
                self.filled(email, &[], &format!("Too many tries. {}", wait(*retry_after)))
            }
            Error::Unavailable => self.filled(email, &[], "The server is busy. Please try again in a moment."),
            _ => return Err(failure.into()),
        };
        Ok(page.because(failure))
    }

    /// What is said whoever has the address, if anybody.
    pub fn done(&self) -> Page {
        let content = html! {
            (note("good", self.sent))
            p { "It may take a few minutes. Please look into the folder for spam too." }
            p.aside { a href="/app/login" { "Back to signing in" } }
        };
        Page::new("Please look into your mails", &content)
    }

    fn filled(&self, email: &str, problems: &[Problem], text: &str) -> Page {
        let address = Field {
            name: "email",
            label: "E-mail address",
            value: email,
            autocomplete: "username",
            problem: problem_of(problems, "email"),
            has_focus: true,
            ..Field::default()
        };
        let content = html! {
            p.lead { (self.lead) }
            @if !text.is_empty() { (note("bad", text)) }
            form method="post" action=(self.action) {
                (address.email())
                button.main type="submit" { "Send the mail" }
            }
            p.aside { a href="/app/login" { "Back to signing in" } }
        };
        Page::new(self.heading, &content)
    }
}

/// Fails unless a mail could go to the address.
pub fn must_be_address(email: &str) -> Result<(), Error> {
    if contact::is_email(email) { Ok(()) } else { Err(Error::Invalid(vec![no_address()])) }
}

fn no_address() -> Problem {
    Problem { field: "email".into(), message: "Please enter an address such as ada@example.com".into() }
}
