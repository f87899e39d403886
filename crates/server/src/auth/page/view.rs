//! What the pages of signing in say.

use edge::Error;
use maud::{Markup, html};
use types::Role;

use crate::auth::service::Person;
use crate::page::{Failed, Field, Page, initial, note, wait};
use crate::user::Membership;
use crate::{account, contact};

/// The form for address and password. `is_new`: there is nobody yet who could sign in.
pub fn sign_in(email: &str, is_new: bool) -> Page {
    let before = html! {
        @if is_new {
            p.note role="status" {
                "Nobody can sign in yet. " a href="/installation/onboarding" { "How to set up this server" }
            }
        }
    };
    form(email, &before)
}

/// Where another mail can be asked for.
fn unconfirmed() -> Markup {
    html! {
        (note("bad", "This e-mail address is not confirmed yet. The link in our mail does that."))
        p { a href="/app/auth/confirmation/new" { "Send the mail again" } }
    }
}

/// The same after a try that failed.
pub fn sign_in_again(email: &str, has_link: bool, failure: Error) -> Result<Page, Failed> {
    let text = match &failure {
        Error::Unconfirmed => return Ok(form(email, &unconfirmed()).because(failure)),
        Error::BadCredential if has_link => {
            "This sign-in link does not work any more: it works once, and for five minutes.".into()
        }
        Error::BadCredential => "The e-mail address or the password is not right.".into(),
        Error::RateLimited { retry_after } => format!("Too many tries. {}", wait(*retry_after)),
        Error::Unavailable => "The server is busy. Please try again in a moment.".into(),
        _ => return Err(failure.into()),
    };
    Ok(form(email, &note("bad", &text)).because(failure))
}

fn form(email: &str, before: &Markup) -> Page {
    let address = Field {
        name: "email",
        label: "E-mail address",
        value: email,
        autocomplete: "username",
        has_focus: email.is_empty(),
        ..Field::default()
    };
    let password = Field {
        name: "password",
        label: "Password",
        autocomplete: "current-password",
        has_focus: !email.is_empty(),
        ..Field::default()
    };
    let content = html! {
        (before)
        form method="post" action="/app/login" {
            (address.email()) (password.password())
            button.main type="submit" { "Sign in" }
        }
        p.aside { a href="/app/auth/reset/password" { "Forgotten your password?" } }
    };
    Page::new("Sign in", &content).with_script()
}

/// What a sign-in link leads to: a form that sends itself where scripts run.
pub fn follow(email: &str, secret: &str) -> Page {
    let content = html! {
        // What is no address does not get onto our page by a link that anybody can write.
        @if contact::is_email(email) { p.lead { "You are about to sign in as " bdi { strong { (email) } } "." } }
        form method="post" action="/app/login" data-go {
            input type="hidden" name="email" value=(email);
            input type="hidden" name="sso_auth_token" value=(secret);
            button.main type="submit" { "Continue" }
        }
    };
    Page::new("Signing in", &content).with_script()
}

/// Who is signed in.
pub fn start(person: &Person) -> Page {
    let name = person.user.available_name();
    let content = html! {
        div.person {
            div.face aria-hidden="true" { (initial(name)) }
            div {
                strong dir="auto" { (name) }
                p { bdi { (person.user.email) } }
            }
        }
        h2 { "Your accounts" }
        @if person.memberships.is_empty() {
            p { "You are in no account. An administrator can add you to one." }
        } @else {
            ul.list { @for membership in &person.memberships { (account(membership)) } }
        }
        p.aside {
            "There is no dashboard yet: programs use this server through its " a href="/openapi.json" { "API" } "."
        }
        form method="post" action="/app/sign_out" { button.main.quiet type="submit" { "Sign out" } }
    };
    Page::new("You are signed in", &content)
}

fn account(membership: &Membership) -> Markup {
    let role = match membership.role {
        Role::Administrator => "Administrator",
        Role::Agent => "Agent",
    };
    html! {
        li {
            bdi { (membership.account_name) }
            span { (role) @if membership.status == account::Status::Suspended { ", suspended" } }
        }
    }
}
