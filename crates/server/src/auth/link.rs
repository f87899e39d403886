//! The secrets in links: each is made at random, handed out once, and kept as a digest.

use std::time::Duration;

use edge::{Error, Result};
use store::{Conn, Tx};
use types::{Timestamp, UserId};

use super::store as logins;
use crate::token;

/// What a link is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Signs in once (rest.md §5.4).
    SignIn,
    /// Sets another password.
    Password,
    /// Sets the first password of somebody who was invited.
    Invitation,
    /// Confirms an address.
    Confirmation,
}

::store::row! {
    /// A link that is good.
    #[derive(Debug, Clone)]
    pub struct Link {
        /// Whose it is.
        pub user_id: UserId,
        /// The address that it confirms.
        pub email: Option<String>,
        /// When it was used; only confirmations are remembered.
        pub used_at: Option<Timestamp>,
    }
}

impl Purpose {
    /// As it is stored: an invitation sets a password like any other.
    const fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Password | Self::Invitation => "password",
            Self::Confirmation => "confirmation",
        }
    }

    const fn lasts(self) -> Duration {
        match self {
            Self::SignIn => Duration::from_mins(5),
            Self::Password => Duration::from_hours(6),
            Self::Invitation | Self::Confirmation => Duration::from_hours(30 * 24),
        }
    }
}

/// Makes a secret for a link of the user; others stay good. `email` is the address that a confirmation is about.
pub fn issue(tx: &mut Tx<'_>, user: UserId, purpose: Purpose, email: Option<&str>) -> Result<String> {
    let secret = match purpose {
        Purpose::SignIn => token::random_hex(64),
        _ => token::random(),
    };
    let expires_at = tx.now().plus(purpose.lasts());
    logins::delete_expired_links(tx, user)?;
    logins::insert_link(tx, user, purpose.name(), &token::digest(&secret), email, expires_at)?;
    Ok(secret)
}

/// The link with this secret, used ones included; unknown and old ones are not found.
pub fn find(conn: &mut Conn<'_>, purpose: Purpose, secret: &str, now: Timestamp) -> Result<Option<Link>> {
    logins::find_link(conn, purpose.name(), &token::digest(secret), now)
}

/// Uses the link up; fails when it is none or was used before.
pub fn spend(tx: &mut Tx<'_>, purpose: Purpose, secret: &str) -> Result<Link> {
    let now = tx.now();
    let digest = token::digest(secret);
    let link = logins::spend_link(tx, purpose.name(), &digest, now)?.ok_or(Error::BadLink)?;
    if purpose != Purpose::Confirmation {
        logins::delete_link(tx, &digest)?;
    }
    Ok(link)
}

/// Makes every link of the user for `purpose` worthless.
pub fn revoke_all(tx: &mut Tx<'_>, user: UserId, purpose: Purpose) -> Result<()> {
    logins::delete_links(tx, user, purpose.name())
}
