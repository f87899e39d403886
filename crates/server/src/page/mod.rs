//! Pages for people: their frame, their fields, and failures that a person can read. No page needs a script.

mod field;
mod gate;
mod policy;

use std::sync::Arc;
use std::time::Duration;

use axum::response::{Html, IntoResponse, Response};
use edge::{Error, OwnBody, Problem};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, REFERRER_POLICY};
use http::{HeaderValue, StatusCode};
use maud::{DOCTYPE, Markup, PreEscaped, html};

pub use field::{Field, PASSWORD_HINT};
pub use gate::{OwnForm, only_for_people};
use policy::{SCRIPT, STYLE};

/// What a page's handler answers.
pub type PageResult<T = Response> = Result<T, Failed>;

/// A page.
#[derive(Debug)]
pub struct Page {
    title: String,
    main: Markup,
    is_branded: bool,
    has_script: bool,
    failure: Option<Error>,
}

impl Page {
    /// A page of our own with this heading, which is its title too.
    pub fn new(heading: &str, content: &Markup) -> Self {
        Self {
            title: format!("{heading} · Ooctopus"),
            main: html! { main { h1 { (heading) } (content) } },
            is_branded: true,
            has_script: false,
            failure: None,
        }
    }

    /// A page in the name of somebody else: wider, and without our mark.
    pub fn of(owner: &str, what: &str, content: &Markup) -> Self {
        Self {
            title: format!("{owner} · {what}"),
            main: html! { main.wide { (content) } },
            is_branded: false,
            has_script: false,
            failure: None,
        }
    }

    /// Lets the page show passwords and send a form by itself, where scripts run.
    #[must_use]
    pub fn with_script(mut self) -> Self {
        self.has_script = true;
        self
    }

    /// The page tells of this failure, and has its status.
    #[must_use]
    pub fn because(mut self, failure: Error) -> Self {
        self.failure = Some(failure);
        self
    }

    fn text(&self) -> String {
        // Read first by screen readers, which may miss an alert that was there from the start.
        let mark = if self.failure.is_some() { "Error: " } else { "" };
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="robots" content="noindex";
                    meta name="color-scheme" content="light dark";
                    title { (mark) (self.title) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    @if self.is_branded { (brand()) }
                    (self.main)
                    @if self.has_script { script { (PreEscaped(SCRIPT)) } }
                }
            }
        };
        page.into_string()
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let headers = [
            (CONTENT_SECURITY_POLICY, policy::of(self.has_script)),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
            // Addresses of pages carry secrets.
            (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        ];
        let mut response = (headers, Html(self.text())).into_response();
        if let Some(failure) = self.failure {
            response.extensions_mut().insert(Arc::new(failure));
            response.extensions_mut().insert(OwnBody);
        }
        response
    }
}

/// A failure that no page has words of its own for.
#[derive(Debug)]
pub struct Failed(Error);

impl<E: Into<Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let (heading, text) = match &self.0 {
            Error::NotFound(_) => ("There is no such page", "Please check the address.".into()),
            Error::RateLimited { retry_after } => ("Too many tries", wait(*retry_after)),
            Error::Unavailable | Error::TooSlow => ("The server is busy", "Please try again in a moment.".into()),
            Error::Forbidden => ("This form came from another site", "Please open our page and try again.".into()),
            Error::Internal(_) => ("Something went wrong", "Please try again; the server's log says more.".into()),
            other => ("This cannot be done", sentence(&other.to_string())),
        };
        let content = html! {
            p.lead { (text) }
            p.aside { a href="/app" { "Go to the start" } }
        };
        Page::new(heading, &content).because(self.0).into_response()
    }
}

/// What happened, above a form: good, bad, or just so.
pub fn note(class: &str, text: &str) -> Markup {
    let role = if class == "bad" { "alert" } else { "status" };
    html! { p class={ "note " (class) } role=(role) { (text) } }
}

/// Leads on, so that loading the page again sends nothing.
pub fn see(address: HeaderValue) -> Response {
    let headers = [(LOCATION, address), (REFERRER_POLICY, HeaderValue::from_static("no-referrer"))];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// When to try again.
pub fn wait(left: Duration) -> String {
    let seconds = left.as_millis().div_ceil(1_000).max(1);
    let (number, unit) = if seconds < 90 { (seconds, "second") } else { (seconds.div_ceil(60), "minute") };
    let plural = if number == 1 { "" } else { "s" };
    format!("Please try again in {number} {unit}{plural}.")
}

/// The first letter of a name, in the place of a picture.
pub fn initial(name: &str) -> String {
    let first = name.chars().find(|letter| letter.is_alphanumeric());
    first.map(|letter| letter.to_uppercase().to_string()).unwrap_or_default()
}

/// What is wrong with a field, as a sentence.
pub fn problem_of(problems: &[Problem], field: &str) -> Option<String> {
    problems.iter().find(|problem| problem.field == field).map(|problem| sentence(&problem.message))
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    let end = if text.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// Our mark and name.
fn brand() -> Markup {
    html! {
        div.brand {
            svg viewBox="0 0 32 32" aria-hidden="true" {
                path fill="currentColor" d="M16 3c-6.1 0-10.5 4.6-10.5 10.3 0 3.4 1.3 5.3 1.3 7.7 0 1.9-1.3 2.6-2.6 2.9-.9.2-1.3.9-1 1.7.3.9 1.2 1.3 2.3 1.2 2.7-.2 4.6-1.7 5.3-4 .3 2.4-.1 4.1-1 5.1-.6.7-.5 1.6.2 2.1.8.6 1.9.4 2.6-.4 1.2-1.3 1.8-3.2 1.9-5.6h3c.1 2.4.7 4.3 1.9 5.6.7.8 1.8 1 2.6.4.7-.5.8-1.4.2-2.1-.9-1-1.3-2.7-1-5.1.7 2.3 2.6 3.8 5.3 4 1.1.1 2-.3 2.3-1.2.3-.8-.1-1.5-1-1.7-1.3-.3-2.6-1-2.6-2.9 0-2.4 1.3-4.3 1.3-7.7C26.5 7.6 22.1 3 16 3Z" {}
                circle cx="12" cy="14" r="2.1" fill="var(--ground)" {}
                circle cx="20" cy="14" r="2.1" fill="var(--ground)" {}
            }
            "Ooctopus"
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{sentence, wait};

    #[test]
    fn a_wait_is_told_in_the_unit_that_people_would_use() {
        for (left, told) in
            [(0, "1 second"), (1, "1 second"), (89, "89 seconds"), (90, "2 minutes"), (1800, "30 minutes")]
        {
            assert_eq!(wait(Duration::from_secs(left)), format!("Please try again in {told}."));
        }
    }

    #[test]
    fn a_failure_is_told_as_a_sentence() {
        assert_eq!(sentence("über all"), "Über all.");
        assert_eq!(sentence("Done."), "Done.");
        assert_eq!(sentence(""), ".");
    }
}
