//! Who a browser is signed in as.

use axum::extract::FromRequestParts;
use edge::{Credential, Error, Result, Who};
use http::request::Parts;
use types::{UserId, UserSessionId};

use super::store;
use crate::App;
use crate::auth::page::cookie;

/// Who is signed in by the cookie of our pages. Only pages ask for it: no API takes a cookie.
#[derive(Debug, Clone, Copy)]
pub struct PageUser {
    /// The user.
    pub id: UserId,
    /// The session.
    pub session: UserSessionId,
}

impl FromRequestParts<App> for PageUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let session = cookie::session_of(&parts.headers).ok_or(Error::SignedOut)?;
        let (asked, now) = (Credential::Session(session), app.clock.now());
        let owner = app.store.read(move |conn| store::find_owner(conn, &asked, now)).await?;
        let found = owner.and_then(|owner| owner.user_id.zip(owner.session_id));
        let (id, session) = found.ok_or(Error::SignedOut)?;
        Who(format!("user {id}")).note(&parts.extensions);
        Ok(Self { id, session })
    }
}
