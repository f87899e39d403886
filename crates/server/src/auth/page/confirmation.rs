//! Confirmations of addresses on pages: what a mail's link leads to, and asking for another mail.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use edge::{Error, Query, Result};
use maud::html;

use super::ask::{Ask, must_be_address};
use super::signed_in;
use crate::access::ClientAddress;
use crate::auth::routes::limit;
use crate::auth::wire::{ConfirmationBody, EmailBody};
use crate::auth::{limits, service};
use crate::page::{OwnForm, Page, PageResult};
use crate::{App, mail};

const ASK: Ask = Ask {
    action: "/app/auth/confirmation/new",
    heading: "Confirm your address",
    lead: "We send you another mail with a link that confirms your address.",
    sent: "If this address is still to be confirmed, a mail with a link is on its way. The link works for 30 days.",
};

/// Where the mails' links lead to.
const CONFIRM: &str = "/app/auth/confirmation";

/// The pages. Links of other servers of the kind lead to the second address.
pub fn routes() -> Router<App> {
    Router::new()
        .route(CONFIRM, get(show).post(confirm))
        .route("/auth/confirmation", get(show))
        .route(ASK.action, get(async || ASK.form()).post(ask))
}

async fn ask(State(app): State<App>, address: ClientAddress, OwnForm(form): OwnForm<EmailBody>) -> PageResult {
    let email = form.normal();
    match send(&app, address, email.clone()).await {
        Ok(()) => Ok(ASK.done().into_response()),
        Err(failure) => Ok(ASK.again(&email, failure)?.into_response()),
    }
}

async fn send(app: &App, address: ClientAddress, email: String) -> Result<()> {
    must_be_address(&email)?;
    limit(app, address, limits::CONFIRMATION_BY_ADDRESS, Some((limits::CONFIRMATION_BY_EMAIL, &email)))?;
    app.store.write(move |tx| mail::owe_confirmation(tx, &email)).await
}

/// A form that sends itself. Following a link confirms nothing yet: programs that look into mails follow links too.
async fn show(State(app): State<App>, Query(query): Query<ConfirmationBody>) -> PageResult<Page> {
    let secret = query.confirmation_token.map(String::from).unwrap_or_default();
    let Some(email) = service::find_confirmation_link(&app, &secret).await? else { return Ok(no_link()) };
    let content = html! {
        p.lead { "You are about to confirm that " bdi { strong { (email) } } " is your address." }
        form method="post" action=(CONFIRM) data-go {
            input type="hidden" name="confirmation_token" value=(secret);
            button.main type="submit" { "Confirm" }
        }
    };
    Ok(Page::new("Confirm your address", &content).with_script())
}

async fn confirm(
    State(app): State<App>,
    address: ClientAddress,
    OwnForm(body): OwnForm<ConfirmationBody>,
) -> PageResult {
    limit(&app, address, limits::LINK_BY_ADDRESS, None)?;
    let secret = body.confirmation_token.map(String::from).unwrap_or_default();
    match service::sign_in_by_confirmation(&app, secret).await {
        Ok(Some(person)) => signed_in(&app, &person.session),
        Ok(None) => Ok(confirmed_before().into_response()),
        Err(Error::BadLink) => Ok(no_link().into_response()),
        Err(failure) => Err(failure.into()),
    }
}

fn confirmed_before() -> Page {
    let content = html! {
        p.lead { "There is nothing left to do but to sign in." }
        a.main href="/app/login" { "Sign in" }
    };
    Page::new("Your address is confirmed", &content)
}

fn no_link() -> Page {
    let content = html! {
        p.lead { "It may be too old, or it was used, or another address was chosen meanwhile." }
        a.main href="/app/login" { "Sign in" }
        p.aside { a href=(ASK.action) { "Send another mail" } }
    };
    Page::new("This link does not work any more", &content).because(Error::BadLink)
}
