//! How a use case can end badly. Knows no HTTP: [`crate::render`] turns a kind into a status, once.

use std::time::Duration;

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The ways in which a request can fail.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The row does not exist, or belongs to another account.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// It was there once, and is no more; the text says what, and what to do: 410 with `error`.
    #[error("{0}")]
    Gone(&'static str),
    /// No credential was sent, or a session that is none or is over.
    #[error("a credential is needed")]
    SignedOut,
    /// The password is right, but the address has not been confirmed.
    #[error("the e-mail address is not confirmed yet; the link in our mail does that")]
    Unconfirmed,
    /// The secret of a link from a mail is unknown, used or too old: 422 with `message` and `redirect_url`.
    #[error("this link does not work any more")]
    BadLink,
    /// Somebody who may not sign up: 403 with `message`.
    #[error("{0}")]
    Unwelcome(String),
    /// The credential is malformed, unknown, expired or of the wrong family.
    #[error("the credential is not valid")]
    BadCredential,
    /// A known caller who may not do this. The status follows the matched operation (decisions §1).
    #[error("not allowed")]
    Forbidden,
    /// Fields that a record cannot have: 422 with `message` and `attributes`.
    #[error("{}", messages(.0))]
    Invalid(Vec<Problem>),
    /// The same, told field by field, as automation rules and macros fail: 422 with `error: {field: [text]}` (rest.md
    /// §1.8).
    #[error("{}", messages(.0))]
    InvalidByField(Vec<Problem>),
    /// The account has as many as it may have: 402 with `error`.
    #[error("the account has reached its limit of {0}")]
    LimitReached(&'static str),
    /// A business rule refuses the request: 422 with `error`.
    #[error("{0}")]
    Refused(String),
    /// It is in use at this moment: 422 with `message`.
    #[error("{0}")]
    InUse(&'static str),
    /// The body cannot be parsed.
    #[error("the body cannot be read: {0}")]
    Malformed(String),
    /// The request body or one of its parts is larger than allowed.
    #[error("the request is too large: at most {limit_bytes} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit_bytes: u64,
    },
    /// The body's content type is not understood.
    #[error("the content type is not supported")]
    UnsupportedMedia,
    /// The same thing is being done, or has been done otherwise.
    #[error("{0}")]
    Conflict(String),
    /// The request has taken longer than it may.
    #[error("the request took too long")]
    TooSlow,
    /// Too many requests.
    #[error("too many requests")]
    RateLimited {
        /// When to come back.
        retry_after: Duration,
    },
    /// A queue is full or the database cannot be reached.
    #[error("the server is busy")]
    Unavailable,
    /// A defect or a broken disk; the client reads only "internal error" and the request's id.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// One field and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The model's field, as the contract names it.
    pub field: String,
    /// A sentence for a person.
    pub message: String,
}

impl Error {
    /// One field is wrong; `problem` completes the sentence that begins with the field's name.
    pub fn invalid(field: &str, problem: &str) -> Self {
        Self::Invalid(vec![Problem::new(field, problem)])
    }

    /// An unexpected failure.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }
}

impl Problem {
    /// `field` has `problem`; the message is the field's name in words followed by it.
    pub fn new(field: &str, problem: &str) -> Self {
        let mut words = field.rsplit('.').next().unwrap_or(field).replace('_', " ");
        if let Some(first) = words.get_mut(0..1) {
            first.make_ascii_uppercase();
        }
        Self { field: field.to_owned(), message: format!("{words} {problem}") }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Busy | store::Error::TooSlow => Self::Unavailable,
            store::Error::LogClosed => Self::NotFound("account"),
            store::Error::Unavailable(ref cause) => {
                tracing::error!(%cause, "the database is unavailable");
                Self::Unavailable
            }
            other => Self::Internal(Box::new(other)),
        }
    }
}

fn messages(problems: &[Problem]) -> String {
    problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join(", ")
}
