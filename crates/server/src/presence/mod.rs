//! Who is there: users and contacts with a socket that gave a sign of life a short while ago (realtime.md §1.5).
//!
//! It is kept in the database, so that lists, assignment and every process know the same, and know it after a restart.

pub mod store;
#[cfg(test)]
mod tests;
pub mod wire;

use std::time::Duration;

use types::Timestamp;

/// How long a user is there after a sign of life.
const USER_WINDOW: Duration = Duration::from_secs(20);
/// How long a contact is.
const CONTACT_WINDOW: Duration = Duration::from_secs(90);

/// Users who were seen since then are there.
pub fn users_since(now: Timestamp) -> Timestamp {
    start(now, USER_WINDOW)
}

/// Contacts who were seen since then are there.
pub fn contacts_since(now: Timestamp) -> Timestamp {
    start(now, CONTACT_WINDOW)
}

/// Clients give a sign of life as often as the window is long; whole seconds are counted, so that a client that is on
/// time does not go and come.
fn start(now: Timestamp, window: Duration) -> Timestamp {
    Timestamp::from_epoch_seconds(now.minus(window).epoch_seconds())
}

/// Whether the user of the table alias or number given second is there, in the account given first, since the third.
macro_rules! is_user_present {
    ($account:literal, $user:literal, $since:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM user_presences p WHERE p.account_id = ",
            $account,
            " AND p.user_id = ",
            $user,
            " AND p.seen_at >= ",
            $since,
            ")"
        )
    };
}
pub(crate) use is_user_present;
