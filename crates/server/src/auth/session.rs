//! Sessions: what a sign-in gives to a client (rest.md §2.1, superset §1).

use edge::{Echo, Result};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::{Span, tz::TimeZone};
use serde_json::{Value, json};
use store::Tx;
use types::{Timestamp, UserId, UserSessionId};

use super::store as logins;
use crate::token;

/// Sessions that a user can have; the oldest gives way.
const MOST: i64 = 25;
/// How many months a session lasts.
const MONTHS: i32 = 2;

// Holds a secret: not to be printed.
/// A session that has just begun.
pub struct Opened {
    token: String,
    client: String,
    uid: String,
    expires_at: Timestamp,
}

/// Begins a session of the user, whose address is `email`.
pub fn open(tx: &mut Tx<'_>, user: UserId, email: &str) -> Result<Opened> {
    let now = tx.now();
    let opened = Opened {
        token: token::random(),
        client: token::random(),
        uid: email.to_owned(),
        expires_at: months_after(now),
    };
    logins::insert_session(tx, user, &opened.client, email, &token::digest(&opened.token), opened.expires_at)?;
    logins::delete_old_sessions(tx, user, MOST)?;
    Ok(opened)
}

/// Ends every session of the user but `spared`.
pub fn end_all(tx: &mut Tx<'_>, user: UserId, spared: Option<UserSessionId>) -> Result<()> {
    logins::delete_sessions(tx, user, spared)
}

impl Opened {
    /// When it is over.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// What the headers say, as one object.
    pub fn to_json(&self) -> Value {
        json!({
            "access-token": self.token, "token-type": "Bearer", "client": self.client,
            "expiry": self.expires_at.epoch_seconds().to_string(), "uid": self.uid
        })
    }

    /// The headers that tell the client.
    pub fn headers(&self) -> HeaderMap {
        headers(&self.token, &self.client, &self.uid, self.expires_at).0
    }
}

/// The five headers of a session (rest.md §1.10).
pub fn headers(token: &str, client: &str, uid: &str, expires_at: Timestamp) -> Echo {
    // What was sent as a header, and an address in UTF-8, can be a header again.
    let value = |text: &str| HeaderValue::from_bytes(text.as_bytes()).unwrap_or(HeaderValue::from_static(""));
    let expiry = expires_at.epoch_seconds().to_string();
    let pairs = [
        ("access-token", value(token)),
        ("token-type", HeaderValue::from_static("Bearer")),
        ("client", value(client)),
        ("expiry", value(&expiry)),
        ("uid", value(uid)),
    ];
    Echo(pairs.into_iter().map(|(name, value)| (HeaderName::from_static(name), value)).collect())
}

fn months_after(now: Timestamp) -> Timestamp {
    let moment = jiff::Timestamp::from_microsecond(now.as_micros()).unwrap_or_default();
    let end = moment.to_zoned(TimeZone::UTC).saturating_add(Span::new().months(MONTHS));
    Timestamp::from_micros(end.timestamp().as_microsecond())
}

#[cfg(test)]
mod tests {
    use types::Timestamp;

    use super::months_after;

    #[test]
    fn a_session_lasts_two_months() {
        let after = |text| months_after(Timestamp::parse_iso(text).unwrap()).iso();
        assert_eq!(after("2026-01-05T10:00:00Z"), "2026-03-05T10:00:00.000Z");
        assert_eq!(after("2026-12-31T10:00:00Z"), "2027-02-28T10:00:00.000Z");
    }
}
