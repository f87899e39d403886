//! Passwords on pages: asking for the mail, and setting one by its link.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use edge::field::Text;
use edge::{Error, Problem, Query, Result};
use maud::html;

use super::ask::{Ask, must_be_address};
use super::signed_in;
use crate::access::ClientAddress;
use crate::auth::routes::limit;
use crate::auth::wire::{EmailBody, ResetBody};
use crate::auth::{limits, service};
use crate::page::{Failed, Field, OwnForm, PASSWORD_HINT, Page, PageResult, note, problem_of, wait};
use crate::{App, mail};

const ASK: Ask = Ask {
    action: "/app/auth/reset/password",
    heading: "Forgotten your password?",
    lead: "We send you a mail with a link that sets another one.",
    sent: "If we know this address, a mail with a link is on its way. The link works for 6 hours.",
};

/// The pages.
pub fn routes() -> Router<App> {
    Router::new().route(ASK.action, get(async || ASK.form()).post(ask)).route(SET, get(show).post(set))
}

/// Where the mails' links lead to.
const SET: &str = "/app/auth/password/edit";

async fn ask(State(app): State<App>, address: ClientAddress, OwnForm(form): OwnForm<EmailBody>) -> PageResult {
    let email = form.normal();
    match send(&app, address, email.clone()).await {
        Ok(()) => Ok(ASK.done().into_response()),
        Err(failure) => Ok(ASK.again(&email, failure)?.into_response()),
    }
}

async fn send(app: &App, address: ClientAddress, email: String) -> Result<()> {
    must_be_address(&email)?;
    limit(app, address, limits::PASSWORD_BY_ADDRESS, Some((limits::PASSWORD_BY_EMAIL, &email)))?;
    app.store.write(move |tx| mail::owe_password(tx, &email)).await
}

/// The form, for a link that is good. Following it uses nothing up.
async fn show(State(app): State<App>, Query(query): Query<ResetBody>) -> PageResult<Page> {
    let secret = query.reset_password_token.map(String::from).unwrap_or_default();
    Ok(match service::find_password_link(&app, &secret).await? {
        Some(email) => form(&secret, &email, &[], ""),
        None => no_link(),
    })
}

async fn set(State(app): State<App>, address: ClientAddress, OwnForm(body): OwnForm<ResetBody>) -> PageResult {
    let secret = body.reset_password_token.as_ref().map(Text::as_str).unwrap_or_default().to_owned();
    let set = match limit(&app, address, limits::LINK_BY_ADDRESS, None) {
        Ok(()) => service::reset_password(&app, body).await,
        Err(failure) => Err(failure),
    };
    match set {
        Ok(person) => signed_in(&app, &person.session),
        Err(failure) => Ok(again(&app, &secret, failure).await?.into_response()),
    }
}

/// The form again, with what was wrong.
async fn again(app: &App, secret: &str, failure: Error) -> Result<Page, Failed> {
    let text = match &failure {
        Error::BadLink => return Ok(no_link()),
        Error::Invalid(_) => String::new(),
        Error::RateLimited { retry_after } => format!("Too many tries. {}", wait(*retry_after)),
        Error::Unavailable => "The server is busy. Please try again in a moment.".into(),
        _ => return Err(failure.into()),
    };
    // Who is told to come back gets no look at the link.
    let email = match &failure {
        Error::Invalid(_) => service::find_password_link(app, secret).await?,
        _ => Some(String::new()),
    };
    let Some(email) = email else { return Ok(no_link()) };
    let problems = if let Error::Invalid(problems) = &failure { problems.clone() } else { Vec::new() };
    Ok(form(secret, &email, &problems, &text).because(failure))
}

fn form(secret: &str, email: &str, problems: &[Problem], text: &str) -> Page {
    let password = Field {
        name: "password",
        label: "New password",
        autocomplete: "new-password",
        hint: Some(PASSWORD_HINT),
        problem: problem_of(problems, "password"),
        has_focus: true,
        ..Field::default()
    };
    let content = html! {
        @if !email.is_empty() { p.lead { "You sign in with " bdi { strong { (email) } } "." } }
        @if !text.is_empty() { (note("bad", text)) }
        form method="post" action=(SET) {
            input type="hidden" name="reset_password_token" value=(secret);
            // Tells password managers whose it is.
            input type="text" name="email" value=(email) autocomplete="username" hidden;
            (password.new_password(problem_of(problems, "password_confirmation")))
            button.main type="submit" { "Set the password" }
        }
        p.aside { "All other sessions of yours end." }
    };
    Page::new("Choose a password", &content).with_script()
}

fn no_link() -> Page {
    let content = html! {
        p.lead { "A link sets a password once, and only for some time. A newer password makes it worthless too." }
        a.main href=(ASK.action) { "Send another mail" }
        p.aside { a href="/app/login" { "Back to signing in" } }
    };
    Page::new("This link does not work any more", &content).because(Error::BadLink)
}
