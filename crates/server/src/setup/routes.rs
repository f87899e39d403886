//! The set-up page over HTTP.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use edge::{Error, Query};

use super::page;
use super::service::{self, Filled};
use super::wire::{SetupForm, SetupQuery};
use crate::App;
use crate::access::ClientAddress;
use crate::auth::page::signed_in;
use crate::auth::{limits, routes::limit};
use crate::page::{OwnForm, PageResult, wait};

/// The page that sets up an installation.
pub fn page() -> MethodRouter<App> {
    get(show).post(send)
}

async fn show(State(app): State<App>, Query(query): Query<SetupQuery>) -> PageResult {
    let secret = query.token.map(String::from).filter(|secret| !secret.is_empty());
    let (asked, now) = (secret.clone(), app.clock.now());
    let (is_needed, is_good) = app
        .store
        .read(move |conn| {
            let is_good = asked.as_ref().map(|secret| service::is_good(conn, secret, now)).transpose()?;
            Ok::<_, Error>((service::is_needed(conn)?, is_good.unwrap_or_default()))
        })
        .await?;
    Ok(match secret {
        Some(secret) if is_good => page::form(&secret),
        _ if !is_needed => page::done(),
        secret => page::no_link(secret.is_some()),
    }
    .into_response())
}

async fn send(State(app): State<App>, address: ClientAddress, OwnForm(form): OwnForm<SetupForm>) -> PageResult {
    let form = Filled::from(form);
    if let Err(failure) = limit(&app, address, limits::SETUP_BY_ADDRESS, None) {
        return Ok(limited(&form, failure));
    }
    match service::set_up(&app, &form).await {
        Ok(person) => signed_in(&app, &person.session),
        Err(Error::Invalid(problems)) => Ok(page::form_again(&form, problems).into_response()),
        Err(Error::BadLink) => {
            let is_needed = app.store.read(service::is_needed).await?;
            let page = if is_needed { page::no_link(true) } else { page::done() };
            Ok(page.into_response())
        }
        Err(failure @ Error::Unavailable) => {
            Ok(page::form_later(&form, failure, "The server is busy. Please try again in a moment.").into_response())
        }
        Err(other) => Err(other.into()),
    }
}

fn limited(form: &Filled, failure: Error) -> Response {
    let text = match &failure {
        Error::RateLimited { retry_after } => format!("Too many tries. {}", wait(*retry_after)),
        other => other.to_string(),
    };
    page::form_later(form, failure, &text).into_response()
}
