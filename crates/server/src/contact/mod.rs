//! Contacts: the people who write to the team, and their identities in inboxes.

pub mod change;
pub mod filter;
pub mod identify;
pub mod jobs;
pub mod labels;
pub mod list;
pub mod merge;
pub mod name;
pub mod reach;
pub mod routes;
pub mod search;
pub mod service;
pub mod session;
pub mod store;
#[cfg(test)]
mod tests;
pub mod wire;

use types::{AccountId, ContactId, ContactInboxId, InboxId, Json, Timestamp};

use crate::file::Picture;

::store::row! {
    /// A person who writes to the team.
    #[derive(Debug, Clone)]
    pub struct Contact {
        /// Contact id.
        pub id: ContactId,
        /// The account.
        pub account_id: AccountId,
        /// Name.
        pub name: Option<String>,
        /// E-mail address, lower case.
        pub email: Option<String>,
        /// E.164 with `+`, or empty.
        pub phone_number: Option<String>,
        /// The customer's own id.
        pub identifier: Option<String>,
        /// Free attributes set by channels.
        pub additional_attributes: Json,
        /// Free attributes set by the team.
        pub custom_attributes: Json,
        /// Its messages reach nobody.
        pub blocked: bool,
        /// Time of its last message.
        pub last_activity_at: Option<Timestamp>,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it last changed.
        pub updated_at: Timestamp,
        /// When it was last seen on a socket.
        pub seen_at: Option<Timestamp>,
        /// Its picture.
        pub avatar: Option<Picture>,
    }
}

::store::row! {
    /// A contact's identity in one inbox: a session.
    #[derive(Debug, Clone)]
    pub struct ContactInbox {
        /// Database id; clients see `source_id`.
        pub id: ContactInboxId,
        /// The account.
        pub account_id: AccountId,
        /// The contact.
        pub contact_id: ContactId,
        /// The inbox.
        pub inbox_id: InboxId,
        /// Its id in the inbox.
        pub source_id: String,
        /// The session has proved its identity.
        pub hmac_verified: bool,
        /// Key of the contact's socket.
        pub pubsub_token: String,
    }
}

/// Whether `text` has the form `local@domain`, without blanks or a second `@` (semantics §8.1).
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    !local.is_empty()
        && !domain.is_empty()
        && !domain.contains('@')
        && text.chars().count() <= 255
        && !text.chars().any(|letter| letter.is_whitespace() || letter.is_control() || letter == ',')
}

/// Whether `text` ends in `+`, a digit from 1 to 9 and 1 to 14 digits (rest.md §5.9).
pub fn is_phone_number(text: &str) -> bool {
    let Some((_, digits)) = text.rsplit_once('+') else { return false };
    (2..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit()) && !digits.starts_with('0')
}

#[cfg(test)]
mod form_tests {
    use super::{is_email, is_phone_number};

    #[test]
    fn an_email_has_one_at_sign_and_no_blanks() {
        assert!(is_email("aino@reed.example"));
        assert!(is_email("ünï@dömäin"));
        for bad in ["", "aino", "@reed", "aino@", "a@b@c", "a b@c", "a@b\n"] {
            assert!(!is_email(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_phone_number_is_e164() {
        assert!(is_phone_number("+358401112223"));
        assert!(is_phone_number("tel:+12"));
        for bad in ["", "+", "+0123", "+1", "358401112223", "+1234567890123456", "+12 34"] {
            assert!(!is_phone_number(bad), "{bad:?}");
        }
    }
}
